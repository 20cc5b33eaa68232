"""Typical mistakes of clients, and answers that help: what is unknown, what may be meant, who may,
which way a path is asked."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.types import Message

from adapters.http.app import described, make_app
from adapters.http.openapi import every_route
from adapters.settings import Settings
from application.keyring import revoking_key
from domain.registry import Role
from tests.adapters.http.talk import (
    AS,
    Json,
    Scene,
    now,
    opened,
    paths,
    position,
    refused,
)
from tests.adapters.http.vendors import SECRET, Served

NATIVE = [
    (method, route.path)
    for route in every_route(described())
    if isinstance(route, APIRoute) and route.path.startswith("/v1/")
    for method in sorted(route.methods)
]


@pytest.fixture(scope="module")
def scene(web: TestClient) -> Scene:
    return Scene(web)


# -- names that are not known


@pytest.mark.parametrize(("method", "path"), NATIVE, ids=[f"{m} {p}" for m, p in NATIVE])
def test_no_route_ignores_a_parameter_that_it_does_not_know(
    web: TestClient, method: str, path: str
) -> None:
    before = position(web)
    url = re.sub(r"{\w+}", "1", path)
    headers = AS[Role.OPERATOR] if "/v1/projections" in path else None

    problem = refused(web.request(method, f"{url}?zzz=1", json={}, headers=headers), 422, "invalid")

    assert paths(problem) == ["zzz"]
    assert "unknown parameter" in problem["detail"]
    assert position(web) == before


@pytest.mark.parametrize(
    ("path", "name", "message"),
    [
        ("/v1/events?stauts=draft", "stauts", "did you mean status?"),
        ("/v1/events?zzz=1", "zzz", "known are after, "),
        ("/v1/events/1?verison=1", "verison", "did you mean version?"),
        ("/v1/changes?facts=x", "facts", "did you mean fact?"),
    ],
)
def test_a_parameter_that_is_unknown_says_which_are_known(
    web: TestClient, path: str, name: str, message: str
) -> None:
    problem = refused(web.get(path), 422, "invalid")

    assert paths(problem) == [name]
    assert message in problem["detail"]


@pytest.mark.parametrize(
    ("path", "body", "where", "meant"),
    [
        ("/v1/events", {"locationId": 1}, "locationId", "locationid"),
        ("/v1/events", {"discription": "x"}, "discription", "description"),
        ("/v1/events", {"contingents": [{"amuont": 1}]}, "contingents.0.amuont", "amount"),
        (
            "/v1/events",
            {"contingents": [{"eventspecificprices": {"prices": [{"pricetypid": 1}]}}]},
            "contingents.0.eventspecificprices.prices.0.pricetypid",
            "pricetypeid",
        ),
        (
            "/v1/orders",
            {"saleschannelid": 2, "take": [{"contingentID": 1}]},
            "take.0.contingentID",
            "contingentid",
        ),
        ("/v1/locations", {"Name": "x"}, "Name", "name"),
        ("/v1/catalog/contacts", {"e-mail": "x"}, "e-mail", "email"),
        ("/v1/events", {"status": "active"}, "status", "currentstatus"),
    ],
)
def test_an_unknown_field_says_which_may_be_meant(
    web: TestClient, path: str, body: Json, where: str, meant: str
) -> None:
    problem = refused(web.post(path, json=body), 422, "invalid")

    assert {"path": where, "message": f"unknown field: did you mean {meant}?"} in problem["errors"]


def test_an_unknown_field_that_is_like_none_says_so(web: TestClient) -> None:
    problem = refused(web.post("/v1/locations", json={"name": "x", "qqqq": 1}), 422, "invalid")

    assert problem["errors"][0]["message"].startswith("unknown field; a custom field is c_")


@pytest.mark.parametrize(
    ("body", "where", "message"),
    [
        ("[1]", "body", "expected a JSON object, sent as application/json"),
        ("{}", "body", "expected one of contingentid and tickets"),
        ('{"contingentid": "1"}', "contingentid", "valid integer, without quotes"),
        ('{"contingentid": 1, "amount": "two"}', "amount", "valid integer"),
    ],
)
def test_a_bad_body_says_where_it_is_bad(scene: Scene, body: str, where: str, message: str) -> None:
    path = f"/v1/events/{scene.event['id']}/tickets/unlock"
    answer = scene.client.post(path, content=body, headers={"Content-Type": "application/json"})

    (error,) = refused(answer, 422, "invalid")["errors"]
    assert error["path"] == where
    assert message in error["message"]


# -- who asks


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "there is no Authorization header: send Authorization: Bearer TOKEN"),
        ("Bearer", "the Authorization header has no token"),
        ("Basic YWs6c2s=", "the Authorization header has no token"),
        ("Bearer sb_nobody", "this token is not known here"),
    ],
)
def test_a_caller_that_is_not_known_learns_why(
    web: TestClient, header: str | None, message: str
) -> None:
    asked = web.build_request("GET", "/v1/events")
    del asked.headers["Authorization"]
    if header:
        asked.headers["Authorization"] = header
    answer = web.send(asked)

    assert message in refused(answer, 401, "unauthorized")["detail"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_is_told_from_one_that_never_was(served: Served) -> None:
    sent = served.token("revoking", name="gone")
    (number,) = (key["id"] for key in served.book.keyring.every_key() if key["name"] == "gone")
    served.beside.execute(revoking_key(number), account=0, actor="tests")
    served.book.keyring.refresh()

    native = served.http.get("/v1/events", headers=sent)
    assert (native.status_code, native.json()["detail"]) == (401, "this key was revoked")
    other = served.http.get("/event", headers=sent)
    assert (other.status_code, other.json()["error_description"]) == (401, "this key was revoked")


def test_a_signing_key_that_was_revoked_says_so(served: Served) -> None:
    with served.client("revoking", name="signing") as client:
        accesskey = client.access_key
    keys = served.book.keyring.every_key()
    (number,) = (key["id"] for key in keys if key.get("accesskey") == accesskey)
    served.beside.execute(revoking_key(number), account=0, actor="tests")
    served.book.keyring.refresh()

    answer = served.http.get("/api/1/revoking/events", auth=(accesskey, SECRET))

    assert (answer.status_code, answer.json()["message"]) == (401, "this key was revoked")


def test_a_role_that_may_not_learns_which_may(web: TestClient) -> None:
    answer = web.post("/v1/orders", json={"saleschannelid": 2}, headers=AS[Role.VIEWER])
    problem = refused(answer, 403, "forbidden")
    assert problem["detail"] == "the role viewer does not include sell: seller, editor and admin do"

    answer = web.post("/v1/projections/events/rebuild", headers=AS[Role.EDITOR])
    problem = refused(answer, 403, "forbidden")
    assert problem["detail"] == "the role editor does not include operate: operator does"


WRITING = [(method, re.sub(r"{\w+}", "1", path)) for method, path in NATIVE if method != "GET"]
DIALECTS = [
    ("POST", "/api/1/demo/events"),
    ("PUT", "/api/1/demo/events/1"),
    ("POST", "/api/1/demo/events/1/image"),
    ("PUT", "/api/1/demo/events/1/tickets/batch"),
    ("DELETE", "/api/1/demo/orders"),
    ("POST", "/api/1/demo/settings/pricing/pricetypes"),
    ("POST", "/api/1/demo/tools/queries"),
    ("POST", "/location"),
    ("PUT", "/event/2a97516c-354b-8003-8000-000000000001"),
    ("POST", "/trackers"),
    ("POST", "/webhook"),
]


@pytest.mark.parametrize(("method", "path"), [*WRITING, *DIALECTS], ids=" ".join)
def test_without_a_key_no_body_is_read(web: TestClient, method: str, path: str) -> None:
    """The server would read a body only when the application asks for it."""
    sent: list[Message] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"idempotency-key", b"k")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
        "app": web.app,
    }

    async def receive() -> Message:
        raise AssertionError("the body was asked for")

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(web.app(scope, receive, send))  # type: ignore[arg-type]

    assert sent[0]["status"] == 401, sent


# -- ways to ask


def test_a_path_that_is_none_says_so(web: TestClient) -> None:
    problem = refused(web.get("/v1/evnts"), 404, "no-such-path")

    assert problem["detail"] == "there is no GET /v1/evnts"
    assert problem["title"] != refused(web.get("/v1/events/999999"), 404, "not-found")["title"]


def test_a_method_that_is_none_says_which_are(web: TestClient) -> None:
    answer = web.put("/v1/events/1")

    problem = refused(answer, 405, "method-not-allowed")
    assert problem["allowed"] == ["GET", "HEAD", "PATCH", "DELETE"]
    assert "send GET, HEAD, PATCH, DELETE" in problem["detail"]
    assert answer.headers["Allow"] == "GET, HEAD, PATCH, DELETE"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/events",
        "/v1/events/{event}",
        "/v1/locations/{location}",
        "/v1/health/live",
        "/v1/changes",
    ],
)
def test_head_is_get_without_the_body(scene: Scene, path: str) -> None:
    url = path.format(event=scene.event["id"], location=scene.location["id"])
    after = {"Stagebook-After": str(position(scene.client))}
    whole = scene.client.get(url, headers=after)

    head = scene.client.head(url, headers=after)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == whole.headers.get(name)


def test_head_ends_where_a_stream_would_go_on(web: TestClient) -> None:
    answer = web.head("/v1/changes", headers={"Accept": "text/event-stream"})

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_head_of_what_is_not_read_is_refused(web: TestClient) -> None:
    assert web.head("/v1/events/1/publish").status_code == 405
    assert web.head("/v1/events/999999").status_code == 404


def test_a_slash_at_the_end_changes_nothing(scene: Scene) -> None:
    client, event = scene.client, scene.event["id"]

    assert now(client, f"/v1/events/{event}/").json()["id"] == event
    assert client.get("/v1/events/").json() == client.get("/v1/events").json()
    assert client.post("/v1/locations/", json={"name": "Hall"}).status_code == 201
    assert client.get("/v1/health/live/").status_code == 200


# -- from browsers

SHOP = "https://shop.example"
GUID = "2a97516c-354b-800a-8000-000000000002"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An application that pages of one origin may ask."""
    place = str(tmp_path_factory.mktemp("shared"))
    settings = Settings(store=place, cors_origins=f"{SHOP}, https://other.example")
    with opened(make_app(settings), "sb_none") as client:
        yield client


def preflight(client: TestClient, path: str, origin: str) -> Any:
    asking = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    asking["Access-Control-Request-Headers"] = "authorization,idempotency-key"
    return client.options(path, headers=asking)


def test_pages_of_named_origins_may_ask(shared: TestClient) -> None:
    answer = preflight(shared, "/v1/orders", SHOP)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert preflight(shared, "/v1/orders", "https://evil.example").status_code == 400

    read = shared.get("/v1/events", headers={"Origin": SHOP})
    assert read.headers["access-control-allow-origin"] == SHOP
    exposed = read.headers["access-control-expose-headers"]
    assert {"ETag", "Location", "Stagebook-Position"} <= {*exposed.split(", ")}
    assert "access-control-allow-credentials" not in read.headers


def test_no_page_may_ask_unless_it_is_named(web: TestClient) -> None:
    answer = web.get("/v1/events", headers={"Origin": SHOP})

    assert "access-control-allow-origin" not in answer.headers
    assert preflight(web, "/v1/orders", SHOP).status_code == 405


@pytest.mark.parametrize("version", ["", "/3.0.0"])
def test_any_page_may_ask_the_storefront(web: TestClient, version: str) -> None:
    path = f"{version}/storefront/{GUID}/data"

    assert web.get(path, headers={"Origin": SHOP}).headers["access-control-allow-origin"] == "*"
    assert preflight(web, path, SHOP).headers["access-control-allow-origin"] == "*"


def test_what_is_no_origin_is_refused_as_a_setting(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected origins such as"):
        Settings(store=str(tmp_path), cors_origins="shop.example")
