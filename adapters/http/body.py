"""Reading a request strictly: what Python's reader lets pass and a book of record must not.

Refused: a body over 1 MiB, duplicate keys, NaN and infinities, numbers beyond any column, texts
that are not Unicode or hold a NUL, nesting too deep to read.
"""

import json
import math
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, ClassVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from adapters.http.bodies import HELD, Held
from adapters.http.errors import Malformed, TooLarge
from adapters.http.headers import header
from adapters.http.validation import printable
from domain.errors import Invalid
from domain.money import Written

MAX_BODY = 2**20
MAX_DEPTH = 64
MAX_INTEGER = 2**63 - 1
EXACT_LENGTH = 17
"""A float keeps every amount of money of so few characters, but for those that it takes for 0."""
JSON_KIND = re.compile(r"application/[\w.+-]+\+json", re.ASCII)
BODY = "stagebook.body"
"""Where a request's scope has its body."""


class StrictRequest(Request):
    """A request whose body is bounded, and is read once: the scope holds it, which every wrapper of
    one request shares. The server gives a body once, and a second wrapper would wait for ever."""

    most: ClassVar = MAX_BODY

    async def body(self) -> bytes:
        if BODY not in self.scope:
            self.scope[BODY] = await self._read()
        body: bytes = self.scope[BODY]
        return body

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """What forms are parsed from: the body itself, once it was read."""
        if BODY not in self.scope:
            async for chunk in super().stream():
                yield chunk
            return
        yield self.scope[BODY]
        yield b""

    async def _read(self) -> bytes:
        chunks, size, more = [], 0, True
        held: Held | None = self.scope.get(HELD)
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > self.most:
                limit = f"a body has at most {self.most // 2**20} MiB"
                raise TooLarge(limit, limit=self.most)
            if held:
                held.add(len(chunks[-1]))
        return b"".join(chunks)

    @classmethod
    def of(cls, request: Request) -> "StrictRequest":
        return request if isinstance(request, cls) else cls(request.scope, request.receive)

    async def json_body(self) -> bytes:
        """The body, sent as JSON; what is not sent as JSON is no body."""
        kind = (header(self, b"content-type") or "").partition(";")[0].strip().lower()
        body = await self.body()
        if not body or not (kind == "application/json" or JSON_KIND.fullmatch(kind)):
            raise Invalid("body", "expected a JSON object, sent as application/json")
        return body


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
    if len(digits) > 20 or abs(number := int(digits)) > MAX_INTEGER:
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
