"""The routes of this surface, and the spellings of their paths that clients use: with a slash at
the end, and with the version before or behind `/storefront`."""

import re
from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from adapters.http.errors import METHODS
from adapters.http.openticket import (
    dates,
    events,
    locations,
    orders,
    shops,
    storefront,
    tickets,
    users,
    webhooks,
)
from adapters.http.openticket.wire import unanswered
from adapters.http.surface import FOUND, Surface

VERSION = "/3.0.0"
SPELLING = re.compile(rf"/(?:storefront(?P<behind>{VERSION})|3\.0\.0)(?=/|$)")

ROUTERS: tuple[APIRouter, ...] = (
    storefront.router,
    events.router,
    tickets.router,
    dates.router,
    locations.router,
    orders.router,
    shops.router,
    users.router,
    webhooks.router,
)


def plain(path: str) -> tuple[str, bool]:
    """The path as the routes have it, and whether it names the version: then it is of this surface,
    whatever follows."""
    named = SPELLING.match(path)
    if named:
        path = ("/storefront" if named["behind"] else "") + path[named.end() :]
    return path.rstrip("/") or "/", named is not None


def first_word(path: str) -> str:
    """That of a path; of `*`, which is none, itself."""
    return path.removeprefix("/").partition("/")[0]


class OpenTicketSurface(Surface):
    """Its routes, and an answer in the vendor's words to everything else under their first words:
    404 where there is no such path, 405 where there is no such method."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        super().__init__("/", routes)
        paths = (route.path for route in routes if isinstance(route, APIRoute))
        self.first_words = frozenset(map(first_word, paths))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        path, versioned = plain(scope["path"])
        if not versioned and first_word(path) not in self.first_words:
            return Match.NONE, {}
        said = {"path": path, "raw_path": path.encode()}
        match, child = super().matches({**scope, **said})
        if match is Match.FULL:
            return match, {**child, **said}
        return Match.FULL, {FOUND: None}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope[FOUND]:
            await super().handle(scope, receive, send)
            return
        path, _ = plain(scope["path"])
        answer = unanswered(scope["method"], scope["path"], [*self._methods(scope, path)])
        await answer(scope, receive, send)

    def _methods(self, scope: Scope, path: str) -> Iterator[str]:
        """What the path can be asked by."""
        for method in METHODS:
            asked = {**scope, "path": path, "method": method}
            if any(route.matches(asked)[0] is Match.FULL for route in self.routes):
                yield method


def surface() -> OpenTicketSurface:
    return OpenTicketSurface([route for router in ROUTERS for route in router.routes])
