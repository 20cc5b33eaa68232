"""A surface: the routes of one dialect, tried only for the paths that are its own."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from adapters.http.commands import kept_answer
from adapters.http.routes import answering
from domain.errors import Refusal

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


class DialectRoute(APIRoute):
    """A route that answers in a vendor's way, whatever happens: `told` tells any error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = answering(self._answer)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self._answer

    async def _answer(self, request: Request) -> Response:
        try:
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
