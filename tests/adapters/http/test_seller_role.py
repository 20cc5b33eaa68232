"""Who may sell, edit and look back, where tickets are sold; and what is another account's."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.http.auth import ROLE_PERMISSIONS, Permission
from adapters.settings import Settings
from domain.registry import Role
from tests.adapters.http.conftest import PATIENCE
from tests.adapters.http.selling import (
    HARD,
    JSON,
    NORMAL,
    OTHER,
    REDUCTION,
    WEB,
    Bought,
    nothing_recorded,
    ok,
    on_sale,
    price,
    prices,
)
from tests.adapters.http.talk import AS, Json, key_of, now, opened, paths, position, refused
from tests.conftest import add_keys

SERIES = "from=2026-03-01T09:00:00Z&to=2026-03-01T10:00:00Z&step=60"


@dataclass(frozen=True)
class Route:
    """A route where tickets are sold, with a body that succeeds on a fresh scene."""

    method: str
    path: str
    need: Permission
    body: Json | None = None
    steps: tuple[str, ...] = ()
    """What the order of the scene goes through before."""

    def __str__(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]}"


ORDER, EVENT = "/v1/orders/{order}", "/v1/events/{event}"
LOT = EVENT + "/contingents/{contingent}"
TAKING: Json = {"take": [{"eventid": "{event}", "contingentid": "{contingent}"}]}
ROUTES = [
    Route("POST", "/v1/orders", Permission.SELL, {"saleschannelid": WEB, **TAKING}),
    Route("POST", ORDER + "/tickets", Permission.SELL, TAKING),
    Route("DELETE", ORDER + "/tickets", Permission.SELL, {"tickets": ["{ticket}"]}),
    Route("PATCH", ORDER, Permission.SELL, {"c_note": 1}),
    Route(
        "POST",
        ORDER + "/tickets/pricetype",
        Permission.SELL,
        {"tickets": ["{ticket}"], "pricetypeid": REDUCTION},
    ),
    Route(
        "POST",
        ORDER + "/tickets/holders",
        Permission.SELL,
        {"tickets": [{"id": "{ticket}", "ticketname": "Ann"}]},
    ),
    Route("POST", ORDER + "/confirm", Permission.SELL),
    Route("POST", ORDER + "/payments", Permission.SELL, {"amount": 1}, ("confirm",)),
    Route("POST", ORDER + "/refunds", Permission.SELL, {"amount": 1}, ("confirm", "payments")),
    Route("POST", ORDER + "/split", Permission.SELL, {"tickets": ["{ticket}"]}),
    Route("POST", ORDER + "/cancel", Permission.SELL),
    Route(
        "POST",
        EVENT + "/tickets/lock",
        Permission.SELL,
        {"contingentid": "{contingent}", "locktypeid": HARD},
    ),
    Route("POST", EVENT + "/tickets/unlock", Permission.SELL, {"tickets": ["{locked}"]}),
    Route(
        "POST",
        EVENT + "/tickets/scan",
        Permission.SELL,
        {"tickets": ["{ticket}"], "direction": "in"},
        ("confirm",),
    ),
    Route("POST", EVENT + "/contingents", Permission.COMMAND, {"amount": 5}),
    Route("PATCH", LOT, Permission.COMMAND, {"amount": 20}),
    Route("DELETE", EVENT + "/contingents/{empty}", Permission.COMMAND),
    Route(
        "PATCH", EVENT + "/tickets", Permission.COMMAND, {"tickets": [{"id": "{ticket}", "c_x": 1}]}
    ),
    Route("GET", "/v1/orders", Permission.READ),
    Route("GET", ORDER, Permission.READ),
    Route("GET", ORDER + "/tickets", Permission.READ),
    Route("GET", EVENT + "/tickets", Permission.READ),
    Route("GET", EVENT + "/contingents", Permission.READ),
    Route("GET", LOT, Permission.READ),
    Route("GET", EVENT + "/availability", Permission.READ),
    Route("GET", ORDER + "?version=1", Permission.AUDIT),
    Route("GET", ORDER + "/history", Permission.AUDIT),
    Route("GET", ORDER + "/diff?from=1&to=1", Permission.AUDIT),
    Route("GET", EVENT + "/availability?version=1", Permission.REVIEW),
    Route("GET", EVENT + f"/availability/series?{SERIES}", Permission.REVIEW),
]
EACH_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=str)
WITH_BODY = pytest.mark.parametrize("route", [r for r in ROUTES if r.body], ids=str)


class Scene:
    """An order of two tickets of an Event on sale, a locked ticket, an empty contingent."""

    def __init__(self, client: TestClient, *steps: str) -> None:
        self.client = client
        sale = on_sale(client, **prices(price(NORMAL, 25), price(REDUCTION, 20)))
        bought = sale.order(2, *steps)
        locked = {"contingentid": sale.contingent, "locktypeid": HARD}
        ok(client.post(sale.url("/tickets/lock"), json=locked))
        self.sale, self.bought = sale, bought
        self.ids = {
            "event": sale.event,
            "contingent": sale.contingent,
            "empty": sale.contingent_of(0).contingent,
            "order": bought.number,
            "ticket": sale.ticket(1),
            "locked": sale.ticket(10),
        }

    def url(self, route: Route, **other: Any) -> str:
        return route.path.format(**{**self.ids, **other})

    def body(self, said: Any) -> Any:
        """The example with this scene's ids."""
        if isinstance(said, dict):
            return {name: self.body(value) for name, value in said.items()}
        if isinstance(said, list):
            return [self.body(value) for value in said]
        named = re.fullmatch(r"{(\w+)}", said) if isinstance(said, str) else None
        return self.ids[named[1]] if named else said

    def ask(self, route: Route, headers: Any = None, **other: Any) -> Response:
        newest = {"Stagebook-After": str(position(self.client))} if route.method == "GET" else {}
        return self.client.request(
            route.method,
            self.url(route, **other),
            json=self.body(route.body),
            headers={**newest, **(headers or {})},
        )


@pytest.fixture(scope="module")
def shared(web: TestClient) -> Scene:
    """For whoever changes nothing."""
    return Scene(web)


@EACH_ROUTE
def test_each_role_may_do_what_it_was_granted(web: TestClient, shared: Scene, route: Route) -> None:
    for role in Role:
        if route.need not in ROLE_PERMISSIONS[role]:
            with nothing_recorded(web):
                answer = shared.ask(route, AS[role])

            assert refused(answer, 403, "forbidden")["role"] == role
        elif route.method == "GET":
            assert shared.ask(route, AS[role]).status_code == 200
        else:
            scene = Scene(web, *route.steps)
            before = position(web)

            assert scene.ask(route, AS[role]).status_code in (200, 201, 204), role
            assert position(web) > before


def test_a_seller_sells_and_looks_and_does_nothing_else() -> None:
    may = {
        role: {
            str(r)
            for r in ROUTES
            if r.need in ROLE_PERMISSIONS[role] and r.need is not Permission.READ
        }
        for role in Role
    }
    selling = {str(r) for r in ROUTES if "orders" in r.path and r.need is Permission.SELL}
    moving = {f"POST {EVENT}/tickets/{what}" for what in ("lock", "unlock", "scan")}

    assert may[Role.SELLER] == selling | moving
    assert may[Role.VIEWER] == set()
    assert may[Role.EDITOR] > may[Role.SELLER]
    assert may[Role.AUDITOR] & may[Role.EDITOR] == {
        str(r) for r in ROUTES if r.need is Permission.REVIEW
    }
    assert may[Role.ADMIN] == may[Role.EDITOR] | may[Role.AUDITOR]


@pytest.mark.parametrize(
    ("content", "query"),
    [(b"{", ""), (b"", ""), (b'{"x": 1}', ""), (b'{"a": 1, "a": 2}', ""), (b"[]", "?x=1&x=2")],
)
@WITH_BODY
def test_who_may_not_ask_is_not_told_what_was_wrong(
    web: TestClient, route: Route, content: bytes, query: str
) -> None:
    path = route.path.format(event=1, contingent=1, order=1) + query

    def asked(**principal: str) -> Response:
        return web.request(route.method, path, content=content, headers={**principal, **JSON})

    with nothing_recorded(web):
        for role in (Role.VIEWER, Role.SELLER, Role.ADMIN):
            answer = asked(**AS[role])

            if route.need in ROLE_PERMISSIONS[role]:
                assert answer.status_code in (400, 422)
            else:
                refused(answer, 403, "forbidden")
        refused(asked(Authorization="Bearer wrong"), 401, "unauthorized")


@pytest.mark.parametrize("query", ["limit=x", "step=0", "x=1&x=2"])
@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.method == "GET" and "?version" not in r.path], ids=str
)
def test_who_has_no_right_to_read_is_not_told_what_was_wrong_in_a_query(
    web: TestClient, route: Route, query: str
) -> None:
    path = route.path.partition("?")[0].format(event=1, contingent=1, order=1) + f"?{query}"

    refused(web.get(path, headers={"Authorization": "Bearer wrong"}), 401, "unauthorized")
    if route.need in (Permission.REVIEW, Permission.AUDIT):
        refused(web.get(path, headers=AS[Role.SELLER]), 403, "forbidden")


def test_the_seller_is_the_actor_in_the_facts(web: TestClient) -> None:
    sale = on_sale(web)
    since = position(web)

    ok(sale.ask(headers=AS[Role.SELLER]))

    changes = now(web, f"/v1/changes?after={since}").json()["data"]
    assert {(c["kind"], c["actor"]) for c in changes} == {
        ("order", key_of(Role.SELLER)),
        ("event", key_of(Role.SELLER)),
    }


# -- another account's


@pytest.mark.parametrize("route", [r for r in ROUTES if "{" in r.path], ids=str)
def test_another_account_s_things_are_not_there(
    web: TestClient, shared: Scene, route: Route
) -> None:
    guids = {
        "order": shared.bought.shown()["guid"],
        "event": now(web, shared.sale.url()).json()["guid"],
    }

    with nothing_recorded(web):
        for ids in ({}, guids):
            refused(shared.ask(route, OTHER, **ids), 404, "not-found")


@pytest.mark.parametrize("route", [r for r in ROUTES if "{" in r.path], ids=str)
def test_things_are_found_by_their_guids_and_by_none_of_another_kind(
    web: TestClient, route: Route
) -> None:
    scene = Scene(web, *route.steps)
    order = scene.bought.shown()["guid"]
    event = now(web, scene.sale.url()).json()["guid"]

    with nothing_recorded(web):
        refused(scene.ask(route, order=event, event=order), 404, "not-found")
    assert scene.ask(route, order=order, event=event).is_success


def test_nothing_of_another_account_is_taken(web: TestClient) -> None:
    """Neither by its Event nor without; and a list of theirs does not show it."""
    sale = on_sale(web)
    price = sale.contingent * 1_000_000 + 1
    ways: list[Json] = [
        {"contingentid": sale.contingent},
        {"tickettypepriceid": price},
        {"tickets": [sale.ticket(1)]},
    ]
    own = Bought(web, ok(web.post("/v1/orders", json={"saleschannelid": WEB}, headers=OTHER))["id"])

    with nothing_recorded(web):
        for way in ways:
            for take in (way, {"eventid": sale.event, **way}):
                answers = [
                    sale.ask(take, headers=OTHER),
                    own.do("tickets", {"take": [take]}, OTHER),
                ]

                for answer in answers:
                    (path,) = paths(refused(answer, 422, "invalid"))
                    assert path.startswith("take.0.")
    assert sale.counted() == {"free": 10}


def test_the_same_numbers_in_two_accounts_are_two_different_things(tmp_path: Path) -> None:
    settings = Settings(store=str(tmp_path), view_wait=PATIENCE)
    book = bootstrap(settings)
    book.start_writer()
    add_keys(book)
    add_keys(book, "other", "-other")
    book.close()
    with opened(make_app(settings)) as web:
        own = on_sale(web, 10)
        web.headers.update(OTHER)
        theirs = on_sale(web, 20)
        web.headers.update(AS[Role.ADMIN])

        bought = Bought(web, ok(own.ask({"contingentid": own.contingent}))["id"])
        guid, counted = bought.shown()["guid"], own.counted()
        web.headers.update(OTHER)
        sold = Bought(web, ok(theirs.ask({"contingentid": theirs.contingent}))["id"])
        sold.did("confirm")

        assert (own.contingent, bought.number) == (theirs.contingent, sold.number)
        assert sold.shown()["guid"] != guid
        assert counted == {"free": 9, "reserved": 1}
        assert theirs.counted() == {"free": 19, "sold_unpaid": 1}
        web.headers.update(AS[Role.ADMIN])
        assert bought.shown()["status"] == 21001
        assert own.counted() == counted
