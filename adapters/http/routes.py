"""Routes that read their query and their JSON body strictly, for those who may ask: an unknown
parameter is refused, and so is one that is given twice. The key comes first, then the body."""

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.http.auth import May, allowed
from adapters.http.body import StrictRequest
from adapters.http.commands import kept_answer
from adapters.http.errors import printable
from domain.errors import Invalid, Refusal

REPEATABLE = frozenset({"status"})


class StrictRoute(APIRoute):
    """A route whose query and JSON body are read strictly, for those who may ask.

    One that takes only its path, or that and a body, is called straight: it has nothing that the
    framework's solver of dependencies would be needed for, at a third of the time of a request.
    """

    reads: ClassVar = May.READ
    commands: ClassVar = May.COMMAND

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.dependant.query_params:
            self.app = answering(self.get_route_handler())

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        takes = self.dependant
        if takes.query_params:
            return self._solved(super().get_route_handler())
        if takes.body_params:
            model: type[BaseModel] = takes.body_params[0].field_info.annotation  # type: ignore[assignment]
            return self._with_body(model)
        return self._straight

    async def _straight(self, request: Request) -> Response:
        self._check_query(request)
        answer: Response = await self.endpoint(request, **request.path_params)
        return answer

    def _with_body(
        self, model: type[BaseModel]
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def with_body(request: Request) -> Response:
            self._check_query(request)
            value = None
            try:
                value = await StrictRequest.of(request).body_as_json()
                body = model.model_validate(value)
            except ValidationError as error:
                allowed(request, self.commands)  # who may not ask learns that, not what was wrong
                bad = [{**e, "loc": ("body", *e["loc"])} for e in error.errors()]
                raise RequestValidationError(bad, body=value) from None
            except Refusal:
                allowed(request, self.commands)
                raise
            answer: Response = await self.endpoint(request, **request.path_params, body=body)
            return answer

        return with_body

    def _check_query(self, request: Request) -> None:
        if request.scope["query_string"]:
            self._allowed(request)
            check_once(request)

    def _allowed(self, request: Request) -> None:
        allowed(request, self.reads if request.method == "GET" else self.commands)

    def _solved(
        self, handler: Callable[[Request], Coroutine[Any, Any, Response]]
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def solved(request: Request) -> Response:
            self._check_query(request)
            try:
                return await handler(request)
            except RequestValidationError:
                self._allowed(request)
                raise

        return solved


def answering(handler: Callable[[Request], Coroutine[Any, Any, Response]]) -> ASGIApp:
    """The handler as an ASGI application, without the stacks that dependencies would need."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = StrictRequest(scope, receive)
        try:
            answer = await handler(request)
        except Refusal as refusal:
            kept = await kept_answer(request, refusal)
            if kept is None:
                raise
            answer = kept
        await answer(scope, receive, send)

    return app


class ReviewRoute(StrictRoute):
    """A route of the past of what may be edited."""

    reads: ClassVar = May.REVIEW


class AuditRoute(StrictRoute):
    """A route of any other past."""

    reads: ClassVar = May.AUDIT


class SellRoute(StrictRoute):
    """A route of orders and locks."""

    commands: ClassVar = May.SELL


class AdminRoute(StrictRoute):
    """A route of the program itself, not of an account's things."""

    commands: ClassVar = May.ADMINISTER


def check_once(request: Request) -> None:
    """Refuses a query parameter that is given twice: which one was meant?"""
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name in seen and name not in REPEATABLE:
            raise Invalid(printable(name), "given twice")
        seen.add(name)
