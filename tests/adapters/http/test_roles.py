"""Who may do what: tokens, roles, accounts."""

import time
from collections.abc import Callable

import pytest
from fastapi import APIRouter, Request
from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from adapters.http.auth import ROLE_PERMISSIONS, Permission
from adapters.http.routes import SellRoute
from adapters.settings import Settings
from application.keyring import NewKey, adding_key, revoking_key
from domain.ids import Kind, account_number, guid
from domain.location import LocationFields
from domain.registry import Role
from tests.adapters.http.talk import (
    AS,
    COMMANDS,
    PROJECTIONS,
    ROUTES,
    Route,
    Scene,
    a_location,
    an_event,
    book_of,
    key_of,
    now,
    position,
    refused,
)

OTHER = {"Authorization": "Bearer sb_admin-token-other"}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_each_role_may_do_what_it_was_granted(web: TestClient, route: Route) -> None:
    for role in Role:
        scene = Scene(web, *route.steps)
        before = position(web)

        answer = scene.ask(route, AS[role])

        if route.need in ROLE_PERMISSIONS[role]:
            assert answer.status_code in (200, 201, 204), (role, answer.text)
        else:
            assert refused(answer, 403, "forbidden")["role"] == role
            assert position(web) == before


def test_the_roles_differ_as_they_are_meant_to() -> None:
    may = {
        role: {
            route.need.name
            for route in (*ROUTES, *PROJECTIONS)
            if route.need in ROLE_PERMISSIONS[role]
        }
        for role in Role
    }

    assert may == {
        Role.VIEWER: {"READ"},
        Role.SELLER: {"READ"},
        Role.EDITOR: {"READ", "COMMAND", "REVIEW"},
        Role.AUDITOR: {"READ", "REVIEW", "AUDIT", "MONITOR"},
        Role.ADMIN: {"READ", "COMMAND", "REVIEW", "AUDIT", "MONITOR"},
        Role.OPERATOR: {"MONITOR", "OPERATE"},
    }


def test_orders_and_locks_are_for_whoever_sells() -> None:
    may_sell = {role for role in Role if Permission.SELL in ROLE_PERMISSIONS[role]}

    assert may_sell == {Role.SELLER, Role.EDITOR, Role.ADMIN}


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/sell", b"{"), ("/v1/sell", b'{"name": 1}'), ("/v1/sell?x=1&x=2", b"{}")],
)
def test_who_may_not_sell_is_not_told_what_was_wrong_with_an_order(
    client: TestClient, path: str, body: bytes
) -> None:
    selling = APIRouter(route_class=SellRoute)

    @selling.post("/v1/sell")
    async def sell(request: Request, body: LocationFields) -> None: ...

    client.app.include_router(selling)  # type: ignore[attr-defined]
    json = {"Content-Type": "application/json"}

    for role in Role:
        answer = client.post(path, content=body, headers=AS[role] | json)

        if Permission.SELL in ROLE_PERMISSIONS[role]:
            assert answer.status_code in (400, 422)
        else:
            refused(answer, 403, "forbidden")


BAD_TOKENS = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer wrong",
    "Basic c2I6c2I=",
    "sb_admin-token",
    "Bearer é",
]


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_without_a_valid_token_no_route_answers(web: TestClient, route: Route) -> None:
    scene = Scene(web, *route.steps)
    before = position(web)

    for token in BAD_TOKENS:
        answer = scene.ask(route, {"Authorization": token.encode()})

        refused(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert position(web) == before


def test_who_has_no_token_at_all_is_told_how_to_send_one(web: TestClient) -> None:
    header = web.headers.pop("Authorization")
    try:
        problem = refused(web.get("/v1/events"), 401, "unauthorized")
    finally:
        web.headers["Authorization"] = header

    assert "Authorization: Bearer" in problem["detail"]


@pytest.mark.parametrize("body", [b"{", b'{"nmae": 1}', b"", b"[]", b"\xff"])
@pytest.mark.parametrize(
    ("principal", "status", "kind"),
    [
        ({"Authorization": "Bearer wrong"}, 401, "unauthorized"),
        (AS[Role.VIEWER], 403, "forbidden"),
    ],
    ids=str,
)
def test_who_may_not_ask_is_not_told_what_was_wrong(
    web: TestClient, principal: dict[str, str], status: int, kind: str, body: bytes
) -> None:
    headers = {**principal, "Content-Type": "application/json"}

    answer = web.post("/v1/events", content=body, headers=headers)

    refused(answer, status, kind)


@pytest.mark.parametrize(
    "asked", ["/v1/events?limit=x", "/v1/changes?limit=x", "/v1/events?x=1&x=2"]
)
def test_who_has_no_token_is_not_told_what_was_wrong_in_a_query(
    web: TestClient, asked: str
) -> None:
    refused(web.get(asked, headers={"Authorization": "Bearer wrong"}), 401, "unauthorized")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_is_read_whatever_its_case(web: TestClient, scheme: str) -> None:
    token = AS[Role.VIEWER]["Authorization"].removeprefix("Bearer ")

    assert web.get("/v1/events", headers={"Authorization": f"{scheme} {token}"}).status_code == 200


@pytest.mark.parametrize("by", ["id", "guid"])
@pytest.mark.parametrize("route", [r for r in ROUTES if "{" in r.path], ids=str)
def test_another_account_s_things_are_not_there(web: TestClient, route: Route, by: str) -> None:
    scene = Scene(web, *route.steps)
    before = position(web)

    answer = scene.ask(route, OTHER, by=by)

    refused(answer, 404, "not-found")
    assert position(web) == before


@pytest.mark.parametrize("route", [r for r in ROUTES if "{" in r.path], ids=str)
def test_every_path_takes_the_guid_for_the_number(web: TestClient, route: Route) -> None:
    one, two = Scene(web, *route.steps), Scene(web, *route.steps)

    by_number, by_guid = one.ask(route), two.ask(route, by="guid")

    assert by_number.status_code == by_guid.status_code
    assert by_number.status_code in (200, 201, 204)
    if route.method == "GET":
        assert one.ask(route, by="guid").content == by_number.content


def test_a_guid_of_another_kind_names_nothing_here(web: TestClient) -> None:
    event = an_event(web)
    location = now(web, f"/v1/locations/{event['locationid']}").json()

    for path in (f"/v1/events/{location['guid']}", f"/v1/locations/{event['guid']}"):
        refused(web.get(path), 404, "not-found")
        refused(web.patch(path, json={"name": "x"}), 404, "not-found")


def test_a_guid_is_computed_from_account_kind_and_number(web: TestClient) -> None:
    event = an_event(web)

    assert event["guid"] == str(guid(account_number("demo"), Kind.EVENT, event["id"]))


BAD_IDS = [
    "0",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "0x1",
    "1_0",
    "9007199254740992",
    "9" * 30,
    "0" * 17 + "1",
    "abc",
    "null",
    "٣",
    "\N{FULLWIDTH DIGIT ONE}",
    "%00",
    "1%00",
    "%20",
    "%201",
    "1%20",
    "%FF",
    "%ED%A0%80",
    "{guid}",
    "00000000-0000-0000-0000-000000000000",
    "2a97516c-354b-8003-0000-000000000001",
    "2a97516c-354b-80\N{FULLWIDTH DIGIT ZERO}3-8000-000000000001",
    "2a97516c354b80038000000000000001",
    "{2a97516c-354b-8003-8000-000000000001}",
    "urn:uuid:2a97516c-354b-8003-8000-000000000001",
]


@pytest.mark.parametrize("number", BAD_IDS)
@pytest.mark.parametrize(
    "path", ["/v1/events/{}", "/v1/events/{}/history", "/v1/events/1/dates/{}"]
)
def test_what_is_no_id_is_refused_as_one(web: TestClient, path: str, number: str) -> None:
    before = position(web)

    problem = refused(web.get(path.format(number)), 422, "invalid")

    assert problem["errors"][0]["path"] == "id"
    assert "guid" in problem["errors"][0]["message"]
    assert position(web) == before


def test_the_largest_id_is_only_not_found(web: TestClient) -> None:
    refused(web.get("/v1/events/9007199254740991"), 404, "not-found")
    refused(web.delete("/v1/events/9007199254740991"), 404, "not-found")


def test_a_guid_that_was_drawn_names_no_event(web: TestClient) -> None:
    """Those of orders are drawn at random, so one may be asked for here."""
    refused(web.get("/v1/events/2a97516c-354b-4003-8000-000000000001"), 404, "not-found")


@pytest.mark.parametrize("route", COMMANDS, ids=str)
def test_the_actor_in_the_facts_is_the_key_s_name(web: TestClient, route: Route) -> None:
    scene = Scene(web, *route.steps)
    since = position(web)

    scene.ask(route, AS[Role.EDITOR])

    changes = now(web, f"/v1/changes?after={since}").json()["data"]
    recorded = book_of(web).store.read(since, 100)
    assert {c["actor"] for c in changes} <= {key_of(Role.EDITOR)}
    assert {r.fact.actor for r in recorded} == {key_of(Role.EDITOR)}


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"


def test_a_key_that_another_process_revokes_ends_within_seconds(
    client: TestClient, settings: Settings
) -> None:
    elsewhere = bootstrap(settings)
    elsewhere.start_writer()
    token = {"Authorization": "Bearer sb_short-lived"}
    try:
        add = adding_key(NewKey("demo", Role.EDITOR, "short-lived"), "sb_short-lived")
        elsewhere.execute(add, account=0, actor="tests")
        until(lambda: client.get("/v1/locations", headers=token).status_code == 200)
        a_location(client)

        elsewhere.keyring.refresh()
        keys = {key["name"]: key["id"] for key in elsewhere.keyring.every_key()}
        elsewhere.execute(revoking_key(keys["short-lived"]), account=0, actor="tests")

        until(lambda: client.get("/v1/locations", headers=token).status_code == 401)
        refused(
            client.post("/v1/locations", json={"name": "x"}, headers=token), 401, "unauthorized"
        )
        assert client.get("/v1/locations").status_code == 200
    finally:
        elsewhere.close()
