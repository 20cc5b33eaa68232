"""Reading a request strictly: what Python's reader lets pass and a book of record must not.

Refused: a body over 1 MiB, duplicate keys, NaN and infinities, numbers beyond any column, texts
that are not Unicode or hold a NUL, nesting too deep to read; a query parameter given twice.
"""

import json
import math
import re
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, ClassVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.http.auth import May, allowed
from adapters.http.errors import Malformed, TooLarge, printable
from domain.errors import Invalid, Refusal
from domain.money import Written

MAX_BODY = 2**20
MAX_DEPTH = 64
MAX_INTEGER = 2**63 - 1
EXACT_LENGTH = 17
"""A float keeps every amount of money of so few characters, but for those that it takes for 0."""
JSON_KIND = re.compile(r"application/[\w.+-]+\+json", re.ASCII)
REPEATABLE = frozenset({"status"})


class StrictRequest(Request):
    most: ClassVar = MAX_BODY

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            said = self.headers.get("content-length", "")
            if said.isdecimal() and int(said) <= self.most:  # the server holds it to that
                return await super().body()
            chunks, size = [], 0
            async for chunk in self.stream():
                chunks.append(chunk)
                size += len(chunk)
                if size > self.most:
                    message = f"a body has at most {self.most // 2**20} MiB"
                    raise TooLarge(message, limit=self.most)
            self._body = b"".join(chunks)
        return self._body

    @classmethod
    def of(cls, request: Request) -> "StrictRequest":
        return request if isinstance(request, cls) else cls(request.scope, request.receive)

    async def body_as_json(self) -> Any:
        """The parsed body; what is not sent as JSON is no body."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await self.body()
        if not body or not (kind == "application/json" or JSON_KIND.fullmatch(kind)):
            raise Invalid("body", "expected a JSON object, sent as application/json")
        return parse(body)


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
        answer = await handler(StrictRequest(scope, receive))
        await answer(scope, receive, send)

    return app


class AuditRoute(StrictRoute):
    """A route of the past."""

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


class Unfit(ValueError):  # noqa: N818 - a complaint that stays where it belongs, never raised far
    """A part of a body that is JSON, or nearly, but not to be recorded."""

    def __init__(self, expected: str, key: str = "") -> None:
        super().__init__(expected)
        self.expected, self.key = expected, key


def parse(body: bytes) -> Any:
    """The body as JSON values; `Malformed` when it is no JSON, `Invalid` when it is unfit."""
    try:
        return checked(body.decode())
    except UnicodeDecodeError as error:
        message = f"expected JSON in UTF-8: {error.reason} at byte {error.start}"
        raise Malformed(message) from None
    except json.JSONDecodeError as error:
        message = f"expected JSON: {error.msg} at line {error.lineno} column {error.colno}"
        raise Malformed(message) from None
    except RecursionError:
        raise Malformed(f"expected JSON of at most {MAX_DEPTH} levels") from None


def checked(text: str) -> Any:
    try:
        value = STRICT.decode(text)
    except Unfit:
        raise Invalid(*first_unfit(text)) from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        check_depth(value, MAX_DEPTH)
    if "\\u" in text:
        for path, part in parts(value, ""):
            check_text(path, part)
    return value


def first_unfit(text: str) -> tuple[str, str]:
    """The path of the first unfit part and what was expected, for which it is read again."""
    value = MARKING.decode(text)
    check_depth(value, MAX_DEPTH)
    path, found = next((p, part) for p, part in parts(value, "") if isinstance(part, Unfit))
    where = ".".join(filter(None, (path, found.key)))
    return printable(where) or "body", found.expected


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Unfit("given twice in one object", twice)
    return made


def no_constant(name: str) -> Any:
    raise Unfit(f"{name} is not a JSON number")


def bounded(digits: str) -> int:
    if len(digits) > 20 or abs(number := int(digits)) > MAX_INTEGER:  # noqa: PLR2004 - digits of -2^63
        raise Unfit("expected an integer of at most 64 bits")
    return number


def finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise Unfit("expected a finite number")
    if len(digits) > EXACT_LENGTH or not number:
        return Written.of(number, digits)
    return number


def marking(read: Callable[..., Any]) -> Callable[..., Any]:
    """Reads the same, but leaves the complaint where the unfit part stood."""

    def marked(source: Any) -> Any:
        try:
            return read(source)
        except Unfit as complaint:
            return complaint

    return marked


def decoder(reading: Callable[[Callable[..., Any]], Callable[..., Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=reading(unique),
        parse_constant=reading(no_constant),
        parse_int=reading(bounded),
        parse_float=reading(finite),
    )


STRICT = decoder(lambda read: read)
MARKING = decoder(marking)


def check_depth(value: Any, left: int) -> None:
    """Whoever walks the value later need not fear for its stack."""
    if isinstance(value, dict | list):
        if left == 0:
            raise RecursionError
        for item in value.values() if isinstance(value, dict) else value:
            check_depth(item, left - 1)


def parts(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Everything in a value that has no parts, keys included, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield path, key
            yield from parts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from parts(item, f"{path}.{index}" if path else str(index))
    else:
        yield path, value


def check_text(path: str, part: Any) -> None:
    if not isinstance(part, str):
        return
    if "\0" in part:
        raise Invalid(path or "body", "a text cannot hold a NUL character")
    try:
        part.encode()
    except UnicodeEncodeError:
        message = "a text cannot hold half of a surrogate pair"
        raise Invalid(printable(path) or "body", message) from None
