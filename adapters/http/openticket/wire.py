"""How this vendor's clients talk: routes, errors, bodies, tokens.

Every success with a body is 200. An error is `{error_code, error_description, status_code}` and,
where fields are to blame, `fields`: 406 for bad input, 409 for what is in the way. Bodies come as
forms or JSON, with whatever method a create path is asked by; what is not known is ignored.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import Response
from structlog import get_logger

from adapters.http import errors, validation
from adapters.http.auth import Permission, granted, identified, stagebook, unknown
from adapters.http.body import StrictRequest, check_text, parse
from adapters.http.commands import execute
from adapters.http.errors import Forbidden
from adapters.http.openticket.documents import company_id
from adapters.http.readers import by_size
from adapters.http.surface import DialectRoute
from application.keyring import Principal
from application.ports import CommandResult, StoreUnavailable
from application.unit_of_work import UnitOfWork
from domain.errors import Invalid, Refusal

T = TypeVar("T")

MULTIPART, URLENCODED = "multipart/form-data", "application/x-www-form-urlencoded"
FORM = (MULTIPART, URLENCODED)
NOT_ACCEPTABLE, UNAVAILABLE = 406, 503
BAD_INPUT = frozenset({400, 413, 422})
MAX_FIELDS = 200
INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)

log = get_logger()


# -- errors


def told(request: Request, error: Exception) -> Response:
    """Any error as this vendor's clients read it."""
    if isinstance(error, Refusal):
        error = errors.truthful(request, error)
    match error:
        case Refusal():
            kind, details = type(error), dict(error.details)
            bad = {e["path"]: [e["message"]] for e in details.pop("errors", [])}
            return failure(errors.STATUS[kind], errors.slug(kind), error.detail, bad, details)
        case ValidationError():
            bad = {}
            for e in error.errors(include_url=False)[: validation.MOST]:
                said = validation.message(dict(e))
                bad.setdefault(validation.printable(".".join(map(str, e["loc"]))), []).append(said)
            message = "; ".join(f"{name}: {said}" for name, (said, *_) in bad.items())
            return failure(422, "invalid", message[:2_000], bad)
        case StoreUnavailable():
            away, said = errors.away(request, error)
            return failure(UNAVAILABLE, errors.slug(away), said)
    log.error("unexpected", method=request.method, path=request.url.path, exc_info=error)
    return failure(500, "unexpected", "This is a fault of Stagebook")


class OpenTicketRoute(DialectRoute):
    """Tells errors as above."""

    def told(self, request: Request, error: Exception) -> Response:
        return told(request, error)


def failure(
    status: int,
    code: str,
    description: str,
    fields: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
) -> Response:
    shown = NOT_ACCEPTABLE if status in BAD_INPUT else status
    said = {"error_code": code, "error_description": description, "status_code": shown}
    named = {"fields": fields} if fields else {}
    headers = {"Retry-After": errors.retry_after(details)} if status in errors.RETRIED else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = to_json({**said, **named, **(details or {})})
    return Response(body, shown, headers, "application/json")


def unanswered(method: str, path: str, others: list[str]) -> Response:
    """What no route is for: `others` is what the path can be asked by."""
    asked = f"{method} {validation.printable(path)}"
    if not others:
        return failure(404, "not-found", f"there is no {asked}")
    allowed = ", ".join(others)
    answer = failure(405, "method-not-allowed", f"there is no {asked}: send {allowed}")
    answer.headers["Allow"] = allowed
    return answer


# -- who is calling


def caller(request: Request, need: Permission) -> Principal:
    """The caller, in the account that the `Company` header names, else in the key's own."""
    token = token_of(request)
    held = stagebook(request).keyring.everywhere(token) if token else []
    if not held:
        raise unknown(request, request.headers.get("authorization", ""), token)
    return granted(identified(request, _in_company(request, held)), need)


def token_of(request: Request) -> str:
    """The token of the request, with the word Bearer or without; empty if there is none."""
    first, _, rest = request.headers.get("authorization", "").strip().partition(" ")
    if first.lower() == "bearer":
        return rest.strip()
    return "" if rest else first


def _in_company(request: Request, held: list[Principal]) -> Principal:
    named = [
        guid.strip().lower()
        for header in request.headers.getlist("company")
        for guid in header.split(",")
        if guid.strip()
    ]
    if not named:
        return held[0]
    open_to = {company_id(principal.account): principal for principal in held}
    for guid in named:
        if guid in open_to:
            return open_to[guid]
    raise Forbidden("the token is not of that company")


# -- what requests say


async def sent(request: Request) -> dict[str, Any]:
    """The body: a form's fields are texts, JSON's are what they are. `""` and nothing are `{}`.
    JSON that curl calls a form, for want of another word, is JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    strict = StrictRequest.of(request)
    raw = await strict.body()
    if not raw.strip():
        return {}
    if kind in FORM and not raw.lstrip().startswith(b"{"):
        return await _form(strict, kind)
    body = await by_size(len(raw), parse, raw)
    if body in ("", None, []):
        return {}
    if not isinstance(body, dict):
        raise Invalid("body", "expected a JSON object or a form")
    return body


async def _form(request: Request, kind: str) -> dict[str, Any]:
    """Texts by name; `name[]` is a list."""
    made: dict[str, Any] = {}
    for name, text in await _pairs(request, kind):
        check_text(name, name)
        check_text(name, text)
        if name.endswith("[]"):
            made.setdefault(name[:-2], []).append(text)
        else:
            made[name] = text
    return made


async def _pairs(request: Request, kind: str) -> list[tuple[str, Any]]:
    """Names and texts, of which the framework would take what is not UTF-8 for something else."""
    try:
        if kind == URLENCODED:
            said = (await request.body()).decode()
            return parse_qsl(
                said, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
            )
        async with request.form(max_files=0, max_fields=MAX_FIELDS) as form:
            return form.multi_items()
    except (MultiPartException, HTTPException, ValueError) as error:
        why = error.detail if isinstance(error, HTTPException) else str(error)
        raise Invalid("body", f"expected a form in UTF-8: {validation.printable(why)}") from None


def integer(path: str, value: Any) -> int:
    """An integer, also as text."""
    if isinstance(value, str):
        value = int(value) if INTEGER.fullmatch(value.strip()) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Invalid(path, "expected an integer")
    return value


def decimal(path: str, value: Any) -> float:
    """A number, also as text."""
    if isinstance(value, str):
        try:
            value = parse(value.strip().encode())
        except Refusal:
            value = None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Invalid(path, "expected a number")
    return value


def boolean(path: str, value: Any) -> bool:
    """A yes or no, also as text or digit."""
    said = str(value).strip().lower()
    if isinstance(value, bool | int | str) and said in ("true", "1", "false", "0"):
        return said in ("true", "1")
    raise Invalid(path, "expected true or false")


def text(path: str, value: Any) -> str:
    """A text; a number is written out."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Invalid(path, "expected a text")
    return value


def texts(path: str, value: Any) -> list[str]:
    """Texts: a list, or one with commas."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list):
        raise Invalid(path, "expected a list of texts")
    return [text(f"{path}.{n}", one) for n, one in enumerate(value)]


Typed = Callable[[str, Any], Any]


def typed(body: Mapping[str, Any], fields: Mapping[str, Typed]) -> dict[str, Any]:
    """The known fields of a body, each of its type. null clears; an empty text does, too, where no
    text is expected."""
    said = {}
    for name, read in fields.items():
        if name in body:
            value = body[name]
            empty = value is None or (value == "" and read is not text)
            said[name] = None if empty else read(name, value)
    return said


# -- answers


def base_of(request: Request) -> str:
    """The address that this service is asked at, without a slash at its end."""
    return str(request.base_url).rstrip("/")


async def command(
    request: Request,
    principal: Principal,
    decide: Callable[[UnitOfWork], T],
    answer: Callable[[T], dict[str, Any]] | None = None,
) -> Response:
    """Runs a command; the answer is 200 with a document, or 204 with nothing."""

    def answered(decided: T) -> CommandResult:
        if answer is None:
            return CommandResult(204, {}, b"")
        return CommandResult(200, {}, to_json(answer(decided)))

    return await execute(request, decide, answered, principal=principal)


def json_response(document: Any) -> Response:
    return Response(to_json(document), 200, media_type="application/json")
