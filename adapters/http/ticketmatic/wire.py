"""How this vendor's clients talk: routes, errors, bodies, parameters.

Every success is 200, and one that has nothing to say is `null`. An error is JSON in text/plain,
`{code, message, applicationcode?, applicationdata?}`, its code the status: 400 for whatever the
rules refuse. Bodies are merged into what is there; what they say beyond the schema is ignored.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json
from starlette.responses import Response
from structlog import get_logger

from adapters.bootstrap import PROJECTIONS
from adapters.http import errors, questions, reads, validation
from adapters.http.auth import ROLE_PERMISSIONS, Permission, stagebook
from adapters.http.body import StrictRequest, parse
from adapters.http.commands import execute
from adapters.http.errors import Forbidden
from adapters.http.personal import knows
from adapters.http.readers import by_size
from adapters.http.surface import DialectRoute
from adapters.http.ticketmatic import times
from adapters.http.ticketmatic.forms import Form, Reader, places_of
from adapters.views.select import Condition, Select
from application.keyring import Principal
from application.ports import CommandResult, StoreUnavailable
from application.unit_of_work import UnitOfWork
from domain.base import CustomizableFields
from domain.errors import Invalid, NotFound, Refusal
from domain.translations import languages
from domain.values import CUSTOM_KEY
from projections.base import Projection

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

PREFIX = "/api/1"
BAD_REQUEST, UNAUTHORIZED, UNAVAILABLE = 400, 401, 503
KEPT = frozenset({UNAUTHORIZED, 403, 404, 429, UNAVAILABLE})
"""The statuses that a client knows; every other refusal is a bad request."""
AT_ONCE = 200
"""Things that one command of several touches, each perhaps with a load of its own."""

log = get_logger()


# -- errors


def told(request: Request, error: Exception) -> Response:
    """Any error as this vendor's clients read it."""
    if isinstance(error, Refusal):
        error = errors.truthful(request, error)
    match error:
        case Refusal():
            status, said = errors.STATUS[type(error)], {"type": errors.slug(type(error))}
            data = {**said, **error.details}
            return failure(status, error.detail, data)
        case ValidationError():
            first = error.errors(include_url=False)[: validation.MOST]
            bad = [{"path": path(e), "message": validation.message(dict(e))} for e in first]
            message = "; ".join(f"{e['path']}: {e['message']}" for e in bad)
            return failure(422, message[:2_000], {"type": "invalid", "errors": bad})
        case StoreUnavailable():
            return failure(UNAVAILABLE, errors.away(request, error)[1])
    log.error("unexpected", method=request.method, path=request.url.path, exc_info=error)
    return failure(500, "This is a fault of Stagebook")


class TicketmaticRoute(DialectRoute):
    """Tells errors as above."""

    def told(self, request: Request, error: Exception) -> Response:
        return told(request, error)


def failure(status: int, message: str, data: dict[str, Any] | None = None) -> Response:
    """`applicationcode` is the status that the native surface answers with."""
    code = status if status in KEPT or status >= 500 else BAD_REQUEST
    body = {"code": code, "message": message, "applicationcode": status, "applicationdata": data}
    headers = {"Retry-After": errors.retry_after(data)} if code in errors.RETRIED else {}
    return Response(to_json(body), code, headers, "text/plain; charset=utf-8")


def path(error: Any) -> str:
    return validation.printable(".".join(map(str, error["loc"]))) or "body"


async def unknown(request: Request, **_: str) -> Response:
    """What no other route is for."""
    raise NotFound(f"there is no {request.method} {validation.printable(request.url.path)}")


# -- what requests say


async def sent(request: Request, principal: Principal, model: type[BaseModel] | None = None) -> Any:
    """The body as JSON, whatever it calls itself, with the times read that its model has; `{}` when
    there is none."""
    raw = await StrictRequest.of(request).body()

    def read() -> Any:
        body = parse(raw) if raw.strip() else {}
        return times.understood(body, places_of(model), principal.timezone) if model else body

    return await by_size(len(raw), read)


async def sent_object(
    request: Request, principal: Principal, model: type[BaseModel] | None = None
) -> dict[str, Any]:
    body = await sent(request, principal, model)
    if not isinstance(body, dict):
        raise Invalid("body", "expected a JSON object")
    return body


def lenient(model: type[M], body: dict[str, Any]) -> M:
    """The body as a model, without what the model does not know."""
    names = {f.alias or n for n, f in model.model_fields.items()}
    custom = issubclass(model, CustomizableFields)
    known = {n: v for n, v in body.items() if n in names or (custom and CUSTOM_KEY.fullmatch(n))}
    while True:
        try:
            return model.model_validate(known)
        except ValidationError as error:
            bad = error.errors(include_url=False)
            extra = [e["loc"] for e in bad if e["type"] == "extra_forbidden"]
            if not extra:
                raise
            known = json.loads(to_json(known))
            if not all([_dropped(known, loc) for loc in extra]):  # noqa: C419 - every one of them
                raise


def _dropped(body: Any, loc: tuple[int | str, ...]) -> bool:
    """Takes what is at that place out of the body; names of union members are no places."""
    *places, last = loc
    for place in places:
        if isinstance(body, list | dict) and (isinstance(body, list) or place in body):
            body = body[place]  # type: ignore[index] # an index of a list, a key of a map
    return isinstance(body, dict) and body.pop(last, body) is not body


def parameter(request: Request, name: str) -> str | None:
    """A query parameter; an empty one was not given."""
    return request.query_params.get(name) or None


def flag(request: Request, name: str) -> bool:
    """A yes or no: 1 and true are yes, 0, false and nothing are no."""
    said = (parameter(request, name) or "0").lower()
    if said not in ("0", "1", "false", "true"):
        raise Invalid(name, "expected true or false")
    return said in ("1", "true")


def number(request: Request, name: str, default: int, low: int, high: int) -> int:
    """An integer; one above its bounds counts as the highest."""
    said = parameter(request, name)
    if said is None:
        return default
    try:
        value = int(said)
    except ValueError:
        value = low - 1
    if value < low:
        raise Invalid(name, f"expected an integer from {low} to {high}")
    return min(value, high)


def json_parameter(request: Request, name: str, *known: str) -> dict[str, Any]:
    """A parameter that is a JSON object of known members; those that are null were not given."""
    said = parameter(request, name)
    if said is None:
        return {}
    value = parse(said.encode(errors="surrogatepass"))
    if not isinstance(value, dict):
        raise Invalid(name, "expected a JSON object")
    for key in value:
        if key not in known:
            path = f"{name}.{validation.printable(key)[:60]}"
            raise Invalid(path, f"expected one of {', '.join(known)}")
    return {key: one for key, one in value.items() if one is not None}


def since(request: Request, principal: Principal, name: str = "lastupdatesince") -> str | None:
    said = parameter(request, name)
    return None if said is None else times.read(name, said, principal.timezone)


# -- answers


async def filtered(request: Request, principal: Principal) -> Condition | None:
    """The numbers that a `filter`, a query in SQL, finds."""
    query = parameter(request, "filter")
    if query is None:
        return None
    may_ask(principal)
    await reads.fresh(request, *PROJECTIONS)
    ask = partial(stagebook(request).queries.ids, sells=sells(principal))
    return ("number", "in", tuple(await questions.answered(ask, principal.account, query)))


def may_ask(principal: Principal, what: str = "questions in SQL") -> None:
    """Some answers are for sellers and auditors."""
    if not ROLE_PERMISSIONS[principal.role] & (Permission.SELL | Permission.AUDIT):
        raise Forbidden(f"the role {principal.role} does not include {what}", role=principal.role)


def sells(principal: Principal) -> bool:
    """Whether the caller may know who buys."""
    return knows(principal)


async def page(
    request: Request, principal: Principal, projection: Projection, select: Select, form: Form
) -> tuple[list[bytes], int]:
    """The documents that a list shows, and how many there are in all."""
    await reads.fresh(request, projection)
    view = stagebook(request).view(projection)

    reader = reader_of(request, principal)

    def read() -> tuple[list[bytes], int]:
        found = view.page(replace(select, bytes=reads.MAX_LIST))
        if found.is_cut:
            raise Invalid(
                "limit", f"the page has more than {reads.MAX_LIST // 2**20} MiB: ask for fewer"
            )
        return [form.shown(body, reader) for body in found.bodies], found.total

    return await reads.blocking(read)


def listed(bodies: list[bytes], total: int, lookup: bytes | None = None) -> Response:
    """`{"data", "nbrofresults", "lookup"?}`"""
    tail = b',"lookup":' + lookup if lookup else b""
    body = b'{"data":[%b],"nbrofresults":%d%b}' % (b",".join(bodies), total, tail)
    return json_response(body)


def reader_of(request: Request, principal: Principal) -> Reader:
    """For whom the answer is: in the languages that were asked for, and in the account's zone."""
    wanted = languages(request.headers.get("accept-language", ""))
    address = str(request.base_url).rstrip("/")
    return Reader(
        principal.timezone, principal.language, (*wanted,), address, personal=knows(principal)
    )


def json_response(body: bytes) -> Response:
    return Response(body, 200, {"Vary": "Accept-Language"}, "application/json")


async def command(
    request: Request,
    principal: Principal,
    decide: Callable[[UnitOfWork], T],
    answer: Callable[[T], bytes] | None = None,
) -> Response:
    """Runs a command; the answer is what `answer` makes of its outcome, or nothing: `null`."""

    def answered(decided: T) -> CommandResult:
        return CommandResult(200, {}, b"null" if answer is None else answer(decided))

    return await execute(request, decide, answered, principal=principal)


async def in_turns(
    request: Request,
    principal: Principal,
    decide: Callable[..., list[int]],
    answer: Callable[[list[int]], bytes],
) -> Response:
    """Runs a command on some things, and again until there are no more: others have their turn
    between. `decide` takes at `most` so many and answers their numbers; the answer is made of all
    numbers together."""

    def answered(numbers: list[int]) -> CommandResult:
        return CommandResult(200, {}, to_json(numbers))

    done: list[int] = []
    while True:
        part = f"{len(done)} more" if done else ""
        some = partial(decide, most=AT_ONCE)
        response = await execute(request, some, answered, principal=principal, part=part)
        numbers = from_json(bytes(response.body))
        done += numbers
        if len(numbers) < AT_ONCE:
            headers = {n: v for n, v in response.headers.items() if n == "idempotent-replayed"}
            return Response(answer(done), 200, headers, "application/json")
