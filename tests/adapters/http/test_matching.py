"""Which route a request is for: trying a few routes comes to the same as trying all of them."""

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from adapters.http.app import described
from adapters.http.errors import METHODS
from adapters.http.openapi import every_route
from adapters.http.surface import FOUND, Surface, takes_any_path

VALUES = ("7", "publish", "ü\n")
"""What parameters of a path may be: some are the words of other paths."""


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return described()


def asked(method: str, path: str) -> Scope:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


def test_a_parameter_is_a_part_of_a_path_between_two_slashes(app: FastAPI) -> None:
    routes = [route for route in every_route(app) if isinstance(route, APIRoute)]
    assert len(routes) > 200
    others = [route.path for route in routes if takes_any_path(route)]
    assert others == ["/api/1/{rest:path}"], "what no other route of Ticketmatic's is for"


def test_the_few_routes_that_are_tried_are_those_that_all_would_lead_to(app: FastAPI) -> None:
    surfaces = [route for route in app.router.routes if isinstance(route, Surface)]
    paths = {route.path for s in surfaces for route in s.routes if isinstance(route, APIRoute)}
    compared = 0
    for path in sorted(paths):
        for value in VALUES:
            filled = "/".join(value if part.startswith("{") else part for part in path.split("/"))
            for end in ("", "/more"):
                for method in METHODS:
                    for surface in surfaces:
                        scope = asked(method, filled + end)
                        if filled.startswith(surface.prefix):
                            few, found = Surface.matches(surface, scope)
                            whole, expected = surface._looked_up(scope)
                            assert (few, found) == (whole, expected), (method, filled + end)
                            compared += few is Match.FULL
    assert compared > len(paths)


def test_a_path_that_is_asked_by_a_wrong_method_leads_to_its_route(app: FastAPI) -> None:
    surfaces = [route for route in app.router.routes if isinstance(route, Surface)]
    (events,) = (surface for surface in surfaces if surface.prefix == "/v1/events")
    match, found = events.matches(asked("PUT", "/v1/events/7"))
    assert match is Match.PARTIAL
    assert found[FOUND].path == "/v1/events/{id}"
