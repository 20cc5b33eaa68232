"""Talking HTTP in tests: a scene to act on, every route there is, answers and refusals."""

import re
import struct
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from adapters.bootstrap import Stagebook
from adapters.http.auth import Permission
from domain.event import TRANSITIONS
from domain.registry import Role
from tests.conftest import TOKENS, running
from tests.spec import PRICED

Json = dict[str, Any]

START, END = "2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z"
LATER = "2026-11-22T23:00:00Z"
AS = {role: {"Authorization": f"Bearer {token}"} for role, token in TOKENS.items()}
DRAFT, ACTIVE, CLOSED = 19001, 19002, 19003
FLOOR: Json = {"name": "Floor", "amount": 100, **PRICED}
"""A contingent that is for sale."""

opened = contextmanager(running)
"""An application from start to stop."""


def png(width: int = 2, height: int = 1) -> bytes:
    """The smallest picture there is: a signature and a header."""
    header = b"IHDR" + struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    end = b"\0\0\0\0IEND\xaeB`\x82"
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + header + struct.pack(">I", zlib.crc32(header)) + end


PNG = png()


def book_of(client: TestClient) -> Stagebook:
    book: Stagebook = client.app.state.stagebook  # type: ignore[attr-defined]
    return book


def position(client: TestClient) -> int:
    """How much is recorded."""
    return book_of(client).store.position()


def made(client: TestClient, path: str, **fields: Any) -> Json:
    response = client.post(path, json=fields)
    assert response.status_code == 201, response.text
    document: Json = response.json()
    return document


def a_location(client: TestClient, **fields: Any) -> Json:
    return made(client, "/v1/locations", **{"name": "Concert hall", **fields})


def an_event(client: TestClient, **fields: Any) -> Json:
    """A Draft, complete but for its tickets."""
    if "locationid" not in fields:
        fields["locationid"] = a_location(client)["id"]
    return made(client, "/v1/events", **{"name": "Live", "startts": START, "endts": END, **fields})


def for_sale(client: TestClient, **fields: Any) -> Json:
    """A Draft that could be published."""
    return an_event(client, **{"contingents": [FLOOR], **fields})


def changed(client: TestClient, path: str, /, headers: Any = None, **fields: Any) -> Response:
    response = client.patch(path, json=fields, headers=headers)
    assert response.status_code == 200, response.text
    return response


def moved(client: TestClient, event: Json, *steps: str) -> Json:
    """The Event after `publish`, `close`, …"""
    for step in steps:
        response = client.post(f"/v1/events/{event['id']}/{step}")
        assert response.status_code == 200, response.text
        event = response.json()
    return event


def after(response: Response) -> dict[str, str]:
    """The headers of a read that must see what this wrote."""
    return {"Stagebook-After": response.headers["Stagebook-Position"]}


def now(client: TestClient, path: str, **headers: str) -> Response:
    """The answer once the views have everything that is recorded."""
    return client.get(path, headers={"Stagebook-After": str(position(client)), **headers})


def refused(response: Response, status: int, kind: str) -> Json:
    """The problem document of a refusal."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: Json = response.json()
    assert problem["type"] == f"urn:stagebook:problem:{kind}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


def paths(problem: Json) -> list[str]:
    return [error["path"] for error in problem["errors"]]


@dataclass(frozen=True)
class Route:
    """One operation of the API, with an example that succeeds on a fresh scene."""

    method: str
    path: str
    need: Permission = Permission.READ
    body: Json | None = None
    steps: tuple[str, ...] = ()
    """What its Event, its order or its thing of the catalog has to go through before."""
    other: Json | None = field(default=None)
    """Another valid body."""
    content: bytes | None = None
    """A body that is no JSON."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


COMMANDS = [
    Route("POST", "/v1/locations", Permission.COMMAND, {"name": "Hall"}, other={"name": "Barn"}),
    Route(
        "PATCH",
        "/v1/locations/{location}",
        Permission.COMMAND,
        {"city": "Gent"},
        other={"zip": "1"},
    ),
    Route("DELETE", "/v1/locations/{empty}", Permission.COMMAND),
    Route(
        "POST",
        "/v1/locations/{location}/revert",
        Permission.COMMAND,
        {"version": 1},
        other={"version": 2},
    ),
    Route(
        "POST",
        "/v1/events",
        Permission.COMMAND,
        {"locationid": 1, "name": "Live"},
        other={"locationid": 1},
    ),
    Route(
        "PATCH",
        "/v1/events/{event}",
        Permission.COMMAND,
        {"subtitle": "2"},
        other={"subtitle": "3"},
    ),
    Route("DELETE", "/v1/events/{event}", Permission.COMMAND),
    Route("POST", "/v1/events/{event}/publish", Permission.COMMAND),
    Route("POST", "/v1/events/{event}/redraft", Permission.COMMAND, steps=("publish",)),
    Route("POST", "/v1/events/{event}/close", Permission.COMMAND, steps=("publish",)),
    Route("POST", "/v1/events/{event}/reopen", Permission.COMMAND, steps=("publish", "close")),
    Route(
        "POST",
        "/v1/events/{event}/revert",
        Permission.COMMAND,
        {"version": 1},
        other={"version": 2},
    ),
    Route(
        "POST",
        "/v1/events/{event}/dates",
        Permission.COMMAND,
        {"start": START, "end": END},
        other={"start": START, "end": LATER},
    ),
    Route(
        "PATCH",
        "/v1/events/{event}/dates/{date}",
        Permission.COMMAND,
        {"name": "Saturday"},
        other={"name": "Sunday"},
    ),
    Route("DELETE", "/v1/events/{event}/dates/{date}", Permission.COMMAND),
    Route("POST", "/v1/events/{event}/duplicate", Permission.COMMAND),
    Route("DELETE", "/v1/events/{event}/image", Permission.COMMAND, steps=("image",)),
]
IMAGES = [Route("PUT", "/v1/events/{event}/image", Permission.COMMAND, content=PNG)]
READS = [
    Route("GET", "/v1/locations"),
    Route("GET", "/v1/locations/{location}"),
    Route("GET", "/v1/events"),
    Route("GET", "/v1/events/{event}"),
    Route("GET", "/v1/events/{event}/availability"),
    Route("GET", "/v1/events/{event}/dates"),
    Route("GET", "/v1/events/{event}/dates/{date}"),
]
AUDITS = [
    Route("GET", "/v1/locations/{location}?version=1", Permission.REVIEW),
    Route("GET", "/v1/locations/{location}/history", Permission.REVIEW),
    Route("GET", "/v1/locations/{location}/diff?from=1&to=2", Permission.REVIEW),
    Route("GET", "/v1/events/{event}?version=1", Permission.REVIEW),
    Route("GET", "/v1/events/{event}/history", Permission.REVIEW),
    Route("GET", "/v1/events/{event}/diff?from=1&to=2", Permission.REVIEW),
    Route("GET", "/v1/changes", Permission.AUDIT),
]
CATALOG: dict[str, tuple[Json, Json]] = {
    "pricetypes": ({"name": "Students"}, {"remark": "With a card"}),
    "pricelists": ({"name": "Concerts"}, {"hasranks": True}),
    "saleschannels": ({"name": "Shop"}, {"basketseconds": 900}),
    "locktypes": ({"name": "House"}, {"hideseats": True}),
    "customfields": ({"typeid": 13003, "key": "{unused}"}, {"caption": "Genre"}),
    "seatranks": ({"name": "Balcony"}, {"sortorder": 2}),
    "seatingplans": ({"name": "Hall"}, {"logicalplan": {"id": 1, "rows": []}}),
    "customfieldvalues": (
        {"typeid": "{customfields}", "caption": "Jazz"},
        {"sortorder": 2},
    ),
    "paymentmethods": ({"name": "Voucher"}, {"config": {"a": 1}}),
    "deliveryscenarios": ({"name": "E-ticket"}, {"needsaddress": True}),
    "relationtypes": ({"name": "Member"}, {"parentid": None, "c_b": 2}),
    "contacttitles": ({"name": "Dr"}, {"sex": "F"}),
    "contactaddresstypes": ({"name": "Home"}, {"name": "House"}),
    "phonenumbertypes": ({"name": "Mobile"}, {"name": "Cell"}),
    "paymentscenarios": ({"typeid": 2703, "name": "Transfer"}, {"visibility": "API"}),
    "trackers": (
        {"name": "Spring", "type": "Email", "saleschannelid": 2},
        {"extra_url_parameters": "a=b"},
    ),
    "contacts": ({"email": "ann@example.org"}, {"lastname": "Peeters"}),
}
"""By its path: what makes a thing of that kind, and what changes it; `Scene.filled` makes what
they name, and a key that no custom field has."""
UNUSED = count(1)


def catalog_routes(kind: str) -> tuple[list[Route], list[Route], list[Route]]:
    """The commands, reads and audits of one kind of thing in the catalog."""
    new, change = CATALOG[kind]
    path = f"/v1/catalog/{kind}"
    one = path + "/{" + kind + "}"
    read, write = (
        (Permission.SELL, Permission.SELL)
        if kind == "contacts"
        else (Permission.READ, Permission.COMMAND)
    )
    return (
        [
            Route("POST", path, write, new, other={**new, **change}),
            Route("PATCH", one, write, change, other={**change, "c_a": 1}),
            Route("POST", one + "/archive", Permission.COMMAND),
            Route("POST", one + "/restore", Permission.COMMAND, steps=("archive",)),
        ],
        [Route("GET", path, read), Route("GET", one, read)],
        [
            Route("GET", one + "?version=1", Permission.REVIEW),
            Route("GET", one + "/history", Permission.REVIEW),
        ],
    )


CATALOG_COMMANDS, CATALOG_READS, CATALOG_AUDITS = catalog_routes("saleschannels")
COMMANDS += CATALOG_COMMANDS
READS += CATALOG_READS
AUDITS += CATALOG_AUDITS
ROUTES = [*COMMANDS, *READS, *AUDITS]


TAKE: Json = {"take": [{"contingentid": "{contingent}", "eventid": "{event}"}]}
MORE: Json = {"take": [{"contingentid": "{contingent}", "amount": 2}]}
SOLD = ("publish", "confirm", "payments")
ORDER, LOT = "/v1/orders/{order}", "/v1/events/{event}/contingents/{contingent}"
SALES = [
    Route(
        "POST",
        "/v1/orders",
        Permission.SELL,
        {"saleschannelid": 2, **TAKE},
        ("publish",),
        {"saleschannelid": 2},
    ),
    Route("POST", f"{ORDER}/tickets", Permission.SELL, TAKE, ("publish",), MORE),
    Route(
        "DELETE",
        f"{ORDER}/tickets",
        Permission.SELL,
        {"tickets": ["{ticket}"]},
        ("publish",),
        {"tickets": ["{second}"]},
    ),
    Route(
        "POST",
        f"{ORDER}/tickets/release",
        Permission.SELL,
        {"tickets": ["{ticket}"]},
        ("publish",),
        {"tickets": ["{second}"]},
    ),
    Route(
        "PATCH",
        ORDER,
        Permission.SELL,
        {"customerid": "{contacts}", "c_note": 1},
        ("publish",),
        {"paymentscenarioid": 2},
    ),
    Route(
        "POST",
        f"{ORDER}/tickets/pricetype",
        Permission.SELL,
        {"tickets": ["{ticket}"], "pricetypeid": 1},
        ("publish",),
        {"tickets": ["{second}"], "pricetypeid": 1},
    ),
    Route(
        "POST",
        f"{ORDER}/tickets/holders",
        Permission.SELL,
        {"tickets": [{"id": "{ticket}", "ticketholderid": "{contacts}"}]},
        ("publish",),
        {"tickets": [{"id": "{ticket}", "ticketname": "Ann"}]},
    ),
    Route("POST", f"{ORDER}/confirm", Permission.SELL, steps=("publish",)),
    Route("POST", f"{ORDER}/payments", Permission.SELL, {"amount": 5}, SOLD[:2], {"amount": 5.5}),
    Route(
        "POST",
        f"{ORDER}/refunds",
        Permission.SELL,
        {"amount": 5},
        SOLD,
        {"amount": 5, "paymentid": 1},
    ),
    Route("POST", f"{ORDER}/cancel", Permission.SELL, steps=SOLD),
    Route(
        "POST",
        f"{ORDER}/split",
        Permission.SELL,
        {"tickets": ["{ticket}"]},
        SOLD,
        {"tickets": ["{second}"]},
    ),
    Route(
        "POST",
        "/v1/events/{event}/contingents",
        Permission.COMMAND,
        {"name": "Balcony", "price": 25},
        other={"amount": 1},
    ),
    Route("PATCH", LOT, Permission.COMMAND, {"amount": 90}, other={"amount": None}),
    Route("DELETE", LOT, Permission.COMMAND),
]
"""Commands where tickets are sold, on what has a version."""
MOVES = [
    Route(
        "POST",
        "/v1/events/{event}/tickets/lock",
        Permission.SELL,
        {"contingentid": "{contingent}", "locktypeid": 1},
        other={"tickets": ["{ticket}"], "locktypeid": 2},
    ),
    Route(
        "POST",
        "/v1/events/{event}/tickets/unlock",
        Permission.SELL,
        {"contingentid": "{contingent}"},
        ("lock",),
        {"contingentid": "{contingent}", "locktypeid": 1},
    ),
    Route(
        "POST",
        "/v1/events/{event}/tickets/scan",
        Permission.SELL,
        {"tickets": ["{ticket}"], "direction": "in"},
        SOLD,
        {"tickets": ["{second}"], "direction": "in", "scandeviceid": 7},
    ),
    Route(
        "PATCH",
        "/v1/events/{event}/tickets",
        Permission.COMMAND,
        {"tickets": [{"id": "{ticket}", "barcode": "A-1", "properties": {"row": "A"}}]},
        other={"tickets": [{"id": "{ticket}", "barcode": None}]},
    ),
]
"""And on single tickets: they change with every sale, so nobody is asked for a version."""
PROJECTIONS = [
    Route("GET", "/v1/projections", Permission.MONITOR),
    Route("GET", "/v1/projections/{view}", Permission.MONITOR),
    Route("POST", "/v1/projections/{view}/rebuild", Permission.OPERATE),
]
"""Of the whole store, not of an account."""
SALES_READS = [
    Route("GET", "/v1/orders", steps=SOLD),
    Route("GET", ORDER, steps=("publish",)),
    Route("GET", f"{ORDER}/tickets", steps=SOLD),
    Route("GET", "/v1/events/{event}/contingents"),
    Route("GET", LOT),
    Route("GET", "/v1/events/{event}/tickets", steps=("lock",)),
]
SERIES = "from=2026-11-21T20:00:00Z&to=2026-11-21T22:00:00Z&step=3600"
SALES_AUDITS = [
    Route("GET", f"{ORDER}?version=1", Permission.AUDIT, steps=("publish",)),
    Route("GET", f"{ORDER}/history", Permission.AUDIT, steps=SOLD),
    Route("GET", f"{ORDER}/diff?from=1&to=2", Permission.AUDIT, steps=SOLD),
    Route("GET", "/v1/events/{event}/availability?version=1", Permission.REVIEW, steps=SOLD),
    Route("GET", f"/v1/events/{{event}}/availability/series?{SERIES}", Permission.REVIEW),
]
ALIKE = [
    route
    for kind in CATALOG
    if kind != "saleschannels"
    for routes in catalog_routes(kind)
    for route in routes
]
"""Routes made by the same hand as some of the others."""


class Scene:
    """An Event for sale with a date at a Location, each at version 2 at least, an empty Location,
    and a sales channel. What belongs to an order is made when it is first asked for."""

    def __init__(self, client: TestClient, *steps: str) -> None:
        self.client = client
        self.location = a_location(client)
        self.empty = a_location(client, name="Empty")
        self.event = for_sale(client, locationid=self.location["id"])
        self.contingent = self.event["contingents"][0]
        first = self.contingent["id"] * 100_000_000 + 1
        self.ticket, self.second = {"id": first}, {"id": first + 1}
        self.date = made(client, f"/v1/events/{self.event['id']}/dates", start=START, end=LATER)
        self.saleschannels = self.thing("saleschannels")
        self.view = {"id": "webhooks"}
        changed(client, f"/v1/locations/{self.location['id']}", capacity=840)
        for step in steps:
            self.take_step(step)

    def take_step(self, step: str) -> None:
        event = f"/v1/events/{self.event['id']}"
        body: Json | None = None
        if step in TRANSITIONS:
            path = f"{event}/{step}"
        elif step == "lock":
            path = f"{event}/tickets/lock"
            body = {"contingentid": self.contingent["id"], "locktypeid": 1}
        elif step == "archive":
            path = f"/v1/catalog/saleschannels/{self.saleschannels['id']}/archive"
        elif step == "image":
            assert self.client.put(f"{event}/image", content=PNG).status_code == 200
            return
        else:
            path = f"/v1/orders/{self.thing('order')['id']}/{step}"
            body = {"amount": 50} if step == "payments" else None
        response = self.client.post(path, json=body)
        assert response.status_code == 200, response.text

    def url(self, route: Route, by: str = "id") -> str:
        """The route's address, with numbers or with guids in it."""
        names = re.findall(r"{(\w+)}", route.path)
        return route.path.format(**{name: self.thing(name)[by] for name in names})

    def thing(self, name: str) -> Json:
        """What the path names; a thing of the catalog, or an order of two tickets, is made when
        it is first asked for."""
        if name in CATALOG and not hasattr(self, name):
            body = self.filled(CATALOG[name][0])
            setattr(self, name, made(self.client, f"/v1/catalog/{name}", **body))
        if name == "order" and not hasattr(self, name):
            self.order = made(self.client, "/v1/orders", saleschannelid=2, **self.filled(MORE))
        found: Json = getattr(self, name)
        return found

    def filled(self, said: Any) -> Any:
        """The example with the numbers of this scene."""
        if isinstance(said, dict):
            return {name: self.filled(value) for name, value in said.items()}
        if isinstance(said, list):
            return [self.filled(value) for value in said]
        if said == "{unused}":
            return f"k{next(UNUSED)}"
        named = re.fullmatch(r"{(\w+)}", said) if isinstance(said, str) else None
        return self.thing(named[1])["id"] if named else said

    def ask(
        self, route: Route, headers: Any = None, *, body: Json | None = None, by: str = "id"
    ) -> Response:
        url = self.url(route, by)
        said = self.filled(route.body if body is None else body)
        newest = {"Stagebook-After": str(position(self.client))} if route.method == "GET" else {}
        return self.client.request(
            route.method,
            url,
            json=said,
            content=route.content,
            headers={**newest, **(headers or {})},
        )


def key_of(role: Role) -> str:
    """The name of the fixtures' key of that role: the actor in its facts."""
    return f"{role}-{list(Role).index(role) + 1}"
