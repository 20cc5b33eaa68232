"""A surface: the routes of one dialect, tried only for the paths that are its own."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

FOUND = "stagebook.route"


class Surface(BaseRoute):
    """Routes under a prefix: whoever asks elsewhere does not pay for them."""

    def __init__(self, prefix: str, routes: Sequence[BaseRoute]) -> None:
        self.prefix, self.routes = prefix, routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        best: tuple[Match, Scope] = (Match.NONE, {})
        if scope["type"] != "http" or not scope["path"].startswith(self.prefix):
            return best
        for route in self.routes:
            match, found = route.matches(scope)
            if match is not Match.NONE and (match is Match.FULL or best[0] is Match.NONE):
                best = match, {**found, FOUND: route}
            if match is Match.FULL:
                break
        return best

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[FOUND].handle(scope, receive, send)
