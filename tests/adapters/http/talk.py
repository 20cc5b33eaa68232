"""Talking HTTP in tests: a scene to act on, every route there is, answers and refusals."""

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from adapters.bootstrap import Stagebook
from adapters.http.auth import May
from domain.registry import Role
from tests.conftest import TOKENS, running

Json = dict[str, Any]

START, END = "2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z"
LATER = "2026-11-22T23:00:00Z"
AS = {role: {"Authorization": f"Bearer {token}"} for role, token in TOKENS.items()}
DRAFT, ACTIVE, CLOSED = 19001, 19002, 19003

opened = contextmanager(running)
"""An application from start to stop."""


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
    """A Draft that could be published."""
    if "locationid" not in fields:
        fields["locationid"] = a_location(client)["id"]
    return made(client, "/v1/events", **{"name": "Live", "startts": START, "endts": END, **fields})


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
    need: May = May.READ
    body: Json | None = None
    steps: tuple[str, ...] = ()
    """What its Event, or its thing of the catalog, has to go through before."""
    other: Json | None = field(default=None)
    """Another valid body."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


COMMANDS = [
    Route("POST", "/v1/locations", May.COMMAND, {"name": "Hall"}, other={"name": "Barn"}),
    Route("PATCH", "/v1/locations/{location}", May.COMMAND, {"city": "Gent"}, other={"zip": "1"}),
    Route("DELETE", "/v1/locations/{empty}", May.COMMAND),
    Route(
        "POST", "/v1/locations/{location}/revert", May.COMMAND, {"version": 1}, other={"version": 2}
    ),
    Route(
        "POST",
        "/v1/events",
        May.COMMAND,
        {"locationid": 1, "name": "Live"},
        other={"locationid": 1},
    ),
    Route("PATCH", "/v1/events/{event}", May.COMMAND, {"subtitle": "2"}, other={"subtitle": "3"}),
    Route("DELETE", "/v1/events/{event}", May.COMMAND),
    Route("POST", "/v1/events/{event}/publish", May.COMMAND),
    Route("POST", "/v1/events/{event}/redraft", May.COMMAND, steps=("publish",)),
    Route("POST", "/v1/events/{event}/close", May.COMMAND, steps=("publish",)),
    Route("POST", "/v1/events/{event}/reopen", May.COMMAND, steps=("publish", "close")),
    Route("POST", "/v1/events/{event}/revert", May.COMMAND, {"version": 1}, other={"version": 2}),
    Route(
        "POST",
        "/v1/events/{event}/dates",
        May.COMMAND,
        {"start": START, "end": END},
        other={"start": START, "end": LATER},
    ),
    Route(
        "PATCH",
        "/v1/events/{event}/dates/{date}",
        May.COMMAND,
        {"name": "Saturday"},
        other={"name": "Sunday"},
    ),
    Route("DELETE", "/v1/events/{event}/dates/{date}", May.COMMAND),
]
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
    Route("GET", "/v1/locations/{location}?version=1", May.AUDIT),
    Route("GET", "/v1/locations/{location}/history", May.AUDIT),
    Route("GET", "/v1/locations/{location}/diff?from=1&to=2", May.AUDIT),
    Route("GET", "/v1/events/{event}?version=1", May.AUDIT),
    Route("GET", "/v1/events/{event}/history", May.AUDIT),
    Route("GET", "/v1/events/{event}/diff?from=1&to=2", May.AUDIT),
    Route("GET", "/v1/changes", May.AUDIT),
]
CATALOG: dict[str, tuple[Json, Json]] = {
    "pricetypes": ({"name": "Students"}, {"remark": "With a card"}),
    "pricelists": ({"name": "Concerts"}, {"hasranks": True}),
    "saleschannels": ({"name": "Shop"}, {"basketseconds": 900}),
    "locktypes": ({"name": "House"}, {"hideseats": True}),
    "customfields": ({"typeid": 13003, "key": "genre"}, {"caption": "Genre"}),
    "seatranks": ({"name": "Balcony"}, {"sortorder": 2}),
}
"""By its path: what makes a thing of that kind, and what changes it."""


def catalog_routes(kind: str) -> tuple[list[Route], list[Route], list[Route]]:
    """The commands, reads and audits of one kind of thing in the catalog."""
    new, change = CATALOG[kind]
    path = f"/v1/catalog/{kind}"
    one = path + "/{" + kind + "}"
    return (
        [
            Route("POST", path, May.COMMAND, new, other={**new, **change}),
            Route("PATCH", one, May.COMMAND, change, other={**change, "c_a": 1}),
            Route("POST", one + "/archive", May.COMMAND),
            Route("POST", one + "/restore", May.COMMAND, steps=("archive",)),
        ],
        [Route("GET", path), Route("GET", one)],
        [Route("GET", one + "?version=1", May.AUDIT), Route("GET", one + "/history", May.AUDIT)],
    )


CATALOG_COMMANDS, CATALOG_READS, CATALOG_AUDITS = catalog_routes("saleschannels")
COMMANDS += CATALOG_COMMANDS
READS += CATALOG_READS
AUDITS += CATALOG_AUDITS
ROUTES = [*COMMANDS, *READS, *AUDITS]
ALIKE = [
    route
    for kind in CATALOG
    if kind != "saleschannels"
    for routes in catalog_routes(kind)
    for route in routes
]
"""Routes made by the same hand as some of the others."""


class Scene:
    """An Event with a date at a Location, each at version 2 at least, an empty Location, and a
    sales channel."""

    def __init__(self, client: TestClient, *steps: str) -> None:
        self.client = client
        self.location = a_location(client)
        self.empty = a_location(client, name="Empty")
        self.event = an_event(client, locationid=self.location["id"])
        self.date = made(client, f"/v1/events/{self.event['id']}/dates", start=START, end=LATER)
        self.saleschannels = self.thing("saleschannels")
        changed(client, f"/v1/locations/{self.location['id']}", capacity=840)
        if "archive" in steps:
            client.post(f"/v1/catalog/saleschannels/{self.saleschannels['id']}/archive")
        else:
            moved(client, self.event, *steps)

    def url(self, route: Route, by: str = "id") -> str:
        """The route's address, with numbers or with guids in it."""
        names = re.findall(r"{(\w+)}", route.path)
        return route.path.format(**{name: self.thing(name)[by] for name in names})

    def thing(self, name: str) -> Json:
        """What the path names; a thing of the catalog is made when it is first asked for."""
        if name in CATALOG and not hasattr(self, name):
            setattr(self, name, made(self.client, f"/v1/catalog/{name}", **CATALOG[name][0]))
        found: Json = getattr(self, name)
        return found

    def ask(
        self, route: Route, headers: Any = None, *, body: Json | None = None, by: str = "id"
    ) -> Response:
        url = self.url(route, by)
        newest = {"Stagebook-After": str(position(self.client))} if route.method == "GET" else {}
        return self.client.request(
            route.method,
            url,
            json=body or route.body,
            headers={**newest, **(headers or {})},
        )


def key_of(role: Role) -> str:
    """The name of the fixtures' key of that role: the actor in its facts."""
    return f"{role}-{list(Role).index(role) + 1}"
