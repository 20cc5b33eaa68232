"""A surface: the routes of one dialect, tried only for the paths that are its own."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.convertors import StringConvertor
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from adapters.http.commands import kept_answer
from adapters.http.rates import require_room
from adapters.http.routes import answering
from domain.errors import Refusal

FOUND = "stagebook.route"


class Surface(BaseRoute):
    """Routes under a prefix: whoever asks elsewhere does not pay for them."""

    def __init__(self, prefix: str, routes: Sequence[BaseRoute]) -> None:
        self.prefix, self.routes = prefix, routes
        self._by_shape = by_shape(routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or not scope["path"].startswith(self.prefix):
            return Match.NONE, {}
        path: str = scope["path"]
        for tail, route in self._by_shape.get((scope["method"], path.count("/")), ()):
            if path.endswith(tail):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    found[FOUND] = route
                    return match, found
        return self._looked_up(scope)

    def _looked_up(self, scope: Scope) -> tuple[Match, Scope]:
        """Whatever the path looks like; of a path that is asked by a wrong method, its route."""
        best: tuple[Match, Scope] = (Match.NONE, {})
        for route in self.routes:
            match, found = route.matches(scope)
            if match is not Match.NONE and (match is Match.FULL or best[0] is Match.NONE):
                best = match, {**found, FOUND: route}
            if match is Match.FULL:
                break
        return best

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[FOUND].handle(scope, receive, send)


Shape = tuple[str, int]
"""A method, and the number of slashes in a path."""


def by_shape(routes: Sequence[BaseRoute]) -> dict[Shape, list[tuple[str, APIRoute]]]:
    """The routes that a request of one shape can be for, in their order, each with what its path
    ends with: a parameter of theirs is a part of a path between two slashes. One that takes any
    path is not among them, but found when all are tried."""
    shapes: dict[Shape, list[tuple[str, APIRoute]]] = {}
    for route in routes:
        if isinstance(route, APIRoute) and not takes_any_path(route):
            tail = route.path.rpartition("}")[2]
            for method in route.methods or ():
                shapes.setdefault((method, route.path.count("/")), []).append((tail, route))
    return shapes


def takes_any_path(route: APIRoute) -> bool:
    return not all(type(c) is StringConvertor for c in route.param_convertors.values())


class DialectRoute(APIRoute):
    """A route that answers in a vendor's way, whatever happens: `told` tells any error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = answering(self._answer, tells=True)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self._answer

    async def _answer(self, request: Request) -> Response:
        try:
            require_room(request.scope)
            answer: Response = await self.endpoint(request, **request.path_params)
        except Refusal as refusal:
            return await kept_answer(request, refusal) or self.told(request, refusal)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - told in the words of the surface
            return self.told(request, error)
        return answer

    def told(self, request: Request, error: Exception) -> Response:
        raise NotImplementedError
