"""Reading a JSON body strictly: what Python's reader lets pass and a book of record must not.

Refused: duplicate keys, NaN and infinities, numbers beyond any column, texts that are not
Unicode or hold a NUL, nesting too deep to read.
"""

import json
import math
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from adapters.http.errors import Malformed
from domain.errors import Invalid

MAX_INTEGER = 2**63 - 1


class StrictRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route whose JSON body is read by `parse`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(StrictRequest(request.scope, request.receive))

        return strict


def parse(body: bytes) -> Any:
    """The body as JSON values; `Malformed` when it is no JSON, `Invalid` when it is ambiguous."""
    try:
        text = body.decode()
        value = json.loads(
            text,
            object_pairs_hook=unique,
            parse_constant=no_constant,
            parse_int=bounded,
            parse_float=finite,
        )
    except UnicodeDecodeError as error:
        message = f"expected JSON in UTF-8: {error.reason} at byte {error.start}"
        raise Malformed(message) from None
    except json.JSONDecodeError as error:
        message = f"expected JSON: {error.msg} at line {error.lineno} column {error.colno}"
        raise Malformed(message) from None
    except RecursionError:
        raise Malformed("expected JSON: nested too deeply") from None
    if "\\u" in text:
        for path, part in texts(value, ""):
            check_text(path, part)
    return value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Invalid(twice, "given twice in one object")
    return made


def no_constant(name: str) -> Any:
    raise Malformed(f"expected JSON: {name} is not a JSON number")


def bounded(digits: str) -> int:
    if len(digits) > 19 or abs(number := int(digits)) > MAX_INTEGER:  # noqa: PLR2004 - digits of 2^63
        raise Malformed("expected JSON with integers of at most 64 bits")
    return number


def finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise Malformed("expected JSON with finite numbers")
    return number


def texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text in a value, keys included, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield path, key
            yield from texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}.{index}")


def check_text(path: str, text: str) -> None:
    if "\0" in text:
        raise Invalid(path or "body", "a text cannot hold a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        message = "a text cannot hold half of a surrogate pair"
        raise Invalid(path.encode(errors="replace").decode() or "body", message) from None
