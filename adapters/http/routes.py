"""Routes that read their query and their JSON body strictly, for those who may ask: an unknown
parameter is refused, and so is one that is given twice. The key comes first, then the body."""

from collections.abc import Callable, Collection, Coroutine, Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.http import read_only, requests
from adapters.http.auth import Permission, authorize
from adapters.http.body import StrictRequest, parse
from adapters.http.commands import kept_answer
from adapters.http.rates import require_room
from adapters.http.readers import by_size
from adapters.http.validation import MOST, bad_values, closest, printable
from domain.base import Fields
from domain.errors import Invalid, Refusal, VersionMismatch

M = TypeVar("M", bound=BaseModel)
REPEATABLE = frozenset({"status"})


class StrictRoute(APIRoute):
    """A route whose query and JSON body are read strictly, for those who may ask.

    It takes its path, and a query as a model or a body: it is called straight, for it has nothing
    that the framework's solver of dependencies would be needed for, at a third of the time of a
    request.
    """

    reads: ClassVar = Permission.READ
    commands: ClassVar = Permission.COMMAND

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = answering(self.get_route_handler())

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        takes = self.dependant
        if takes.query_params:
            return self._with_query(takes.query_params[0].field_info.annotation)  # type: ignore[arg-type]
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
        required: tuple[str, ...] = ()
        if issubclass(model, Fields) and "POST" in (self.methods or ()):
            required = model.REQUIRED

        async def with_body(request: Request) -> Response:
            authorize(request, self.commands)  # the key first: nobody's body is read
            self._check_query(request)
            raw = await StrictRequest.of(request).json_body()
            body, sent = await by_size(len(raw), read, model, raw, required)
            request.scope[read_only.SCOPE] = sent
            answer: Response = await self.endpoint(request, **request.path_params, body=body)
            return answer

        return with_body

    def _with_query(
        self, model: type[BaseModel]
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def with_query(request: Request) -> Response:
            self._check_query(request)
            try:
                query = model.model_validate(_values(request))
            except ValidationError as error:
                authorize(request, self.reads)  # who may not ask learns that, not what was wrong
                raise RequestValidationError(_of_query(error)) from None
            answer: Response = await self.endpoint(request, **request.path_params, query=query)
            return answer

        return with_query

    def _check_query(self, request: Request) -> None:
        if request.scope["query_string"]:
            if need := self.reads if request.method == "GET" else self.commands:
                authorize(request, need)
            check_query(request, self.known)

    @cached_property
    def known(self) -> frozenset[str]:
        """The parameters that a query of this route may have."""
        described = (self.openapi_extra or {}).get("parameters", ())
        names = {one["name"] for one in described if one["in"] == "query"}
        for parameter in self.dependant.query_params:
            fields = getattr(parameter.field_info.annotation, "model_fields", {})
            names |= {field.alias or name for name, field in fields.items()}
        return frozenset(names)


def _values(request: Request) -> dict[str, Any]:
    """The parameters of a checked query."""
    if not request.scope["query_string"]:
        return {}
    values: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in REPEATABLE:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return values


def _of_query(error: ValidationError) -> list[Any]:
    """Its errors, as the framework tells those of a query."""
    return [{**each, "loc": ("query", *each["loc"])} for each in error.errors(include_url=False)]


def read(
    model: type[M], raw: bytes, required: Sequence[str] = ()
) -> tuple[M, list[read_only.Sent]]:
    """The body as its model, and the values in it that only Stagebook sets. What is wrong is told
    all at once, with what a new thing lacks; one thing that it lacks is told where it is made."""
    value = parse(raw)
    lacks = [n for n in required if isinstance(value, dict) and value.get(n) is None]
    missing = [{"path": name, "message": "required"} for name in lacks]
    try:
        body = model.model_validate(value)
    except ValidationError as error:
        bad = bad_values(error, model, value)
        told = {one["path"] for one in bad}
        bad += [one for one in missing if one["path"] not in told]
        raise Invalid.several(bad[:MOST]) from None
    if len(missing) > 1:
        raise Invalid.several(missing)
    return body, read_only.sent(model, value)


def answering(
    handler: Callable[[Request], Coroutine[Any, Any, Response]], *, tells: bool = False
) -> ASGIApp:
    """The handler as an ASGI application, without the stacks that dependencies would need. One that
    `tells` answers refusals itself."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = StrictRequest(scope, receive)
        if not tells:
            require_room(scope)
        try:
            answer = await _matching(handler, request)
        except Refusal as refusal:
            kept = await kept_answer(request, refusal)
            if kept is None:
                raise
            answer = kept
        await answer(scope, receive, send)

    return app


async def _matching(
    handler: Callable[[Request], Coroutine[Any, Any, Response]], request: Request
) -> Response:
    """The answer for the first entity tag of an `If-Match` that is the thing's."""
    while True:
        try:
            return await handler(request)
        except VersionMismatch:
            if not requests.next_turn(request):
                raise


class PublicRoute(StrictRoute):
    """A route that needs no key."""

    reads: ClassVar = Permission(0)


class ReviewRoute(StrictRoute):
    """A route of the past of what may be edited."""

    reads: ClassVar = Permission.REVIEW


class AuditRoute(StrictRoute):
    """A route of any other past."""

    reads: ClassVar = Permission.AUDIT


class SellRoute(StrictRoute):
    """A route of orders and locks."""

    commands: ClassVar = Permission.SELL


class StoreRoute(StrictRoute):
    """A route of the whole store, not of an account's things."""

    reads: ClassVar = Permission.MONITOR
    commands: ClassVar = Permission.OPERATE


def check_query(request: Request, known: Collection[str]) -> None:
    """Refuses a query parameter that is unknown, or given twice: which one was meant?"""
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            raise Invalid(printable(name), _unknown(name, known))
        if name in seen and name not in REPEATABLE:
            raise Invalid(printable(name), "given twice")
        seen.add(name)


def _unknown(name: str, known: Collection[str]) -> str:
    if not known:
        return "unknown parameter; there are none here"
    meant = closest(name, [*known])
    names = ", ".join(sorted(known))
    return f"unknown parameter{f': did you mean {meant}?' if meant else ''}; known are {names}"
