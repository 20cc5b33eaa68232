"""Refusals to answers: one table, RFC 9457 problem documents, one `type` per refusal."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from structlog import get_logger

from adapters.http import freshness
from adapters.http.validation import MOST, message, printable
from application.ports import (
    OutcomeUnknown,
    StoreDamaged,
    StoreReplaced,
    StoreUnavailable,
    ViewNotYet,
)
from domain import errors

READING = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

log = get_logger()


class Unauthorized(errors.Refusal):
    title = "No valid token"


class Forbidden(errors.Refusal):
    title = "The key's role does not allow this"


class Malformed(errors.Refusal):
    title = "The request cannot be read"


class NoSuchPath(errors.Refusal):
    title = "There is no such path"


class MethodNotAllowed(errors.Refusal):
    title = "The path is not asked by that method"


class TooLarge(errors.Refusal):
    title = "The body is too large"


class Blocked(errors.Refusal):
    title = "Other things still need it"


class NotYet(errors.Refusal):
    title = "The view has not come that far"


class AheadOfStore(errors.Refusal):
    title = "The store has not come that far, and never had"


class OtherEpoch(errors.Refusal):
    title = "The position is of another store or another epoch"


class BeingRebuilt(errors.Refusal):
    title = "A rebuild is under way or asked for"


class Parked(errors.Refusal):
    title = "The document waits at a fact that could not be folded into it"


class TooManyRequests(errors.Refusal):
    title = "Too many requests"


STATUS: dict[type[Exception], int] = {
    Malformed: 400,
    Unauthorized: 401,
    Forbidden: 403,
    errors.Quota: 403,
    errors.NotFound: 404,
    NoSuchPath: 404,
    MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.LocationInUse: 409,
    errors.CatalogItemInUse: 409,
    errors.EventClosed: 409,
    errors.WrongStatus: 409,
    errors.NotPublishable: 409,
    errors.EventActive: 409,
    errors.TooManyDates: 409,
    errors.TicketsInUse: 409,
    errors.DateInUse: 409,
    errors.EventHasTickets: 409,
    errors.UnpaidOrders: 409,
    errors.SoldOut: 409,
    errors.TicketNotFree: 409,
    errors.NotOnSale: 409,
    errors.PriceNotOffered: 409,
    errors.BasketLimit: 409,
    errors.OrderEnded: 409,
    errors.OrderNotConfirmed: 409,
    errors.BuyerRefused: 409,
    errors.OrderEmpty: 409,
    errors.RefundTooLarge: 409,
    errors.NotAdmitted: 409,
    errors.NameTaken: 409,
    errors.AccountNotEmpty: 409,
    Blocked: 409,
    BeingRebuilt: 409,
    AheadOfStore: 409,
    OtherEpoch: 409,
    errors.VersionMismatch: 412,
    TooLarge: 413,
    errors.Invalid: 422,
    errors.UnknownLocation: 422,
    errors.KeyReused: 422,
    TooManyRequests: 429,
    NotYet: 503,
    Parked: 503,
    errors.FactUnknown: 503,
    errors.TooBusy: 503,
    StoreUnavailable: 503,
    OutcomeUnknown: 503,
    StoreReplaced: 503,
    StoreDamaged: 503,
}


RETRIED = frozenset({429, 503})
"""The statuses that say when to ask again."""


def title(refusal: type[Exception]) -> str:
    return str(getattr(refusal, "title", "The store is unavailable"))


def slug(refusal: type[Exception]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", refusal.__name__).lower()


def problem(
    kind: str, title: str, status: int, detail: str, details: dict[str, Any] | None = None
) -> Response:
    """An RFC 9457 answer; `details` are its extension members."""
    body = {
        "type": f"urn:stagebook:problem:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        **(details or {}),
    }
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in RETRIED:
        headers["Retry-After"] = retry_after(details)
    return Response(to_json(body), status, headers, "application/problem+json")


def retry_after(details: Mapping[str, Any] | None) -> str:
    """The whole seconds after which it is worth while to ask again."""
    return str((details or {}).get("retryafter", 1))


def refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, errors.Refusal)  # noqa: S101 - registered for it
    refusal = truthful(request, refusal)
    kind = type(refusal)
    return problem(slug(kind), kind.title, STATUS[kind], refusal.detail, refusal.details)


def truthful(request: Request, refusal: errors.Refusal) -> errors.Refusal:
    """What is not there, or only not yet: of a view that is behind it cannot be told. What is
    refused because of a bound is counted here, where every surface comes by."""
    if isinstance(refusal, TooLarge):
        request.app.state.refused("body")
    elif isinstance(refusal, errors.TooBusy):
        request.app.state.refused(refusal.details.get("limit", "busy"))
    if isinstance(refusal, errors.NotFound) and freshness.LAG in request.scope:
        position = request.scope[freshness.POSITION]
        return NotYet(f"{refusal.detail}, as of position {position}", position=position)
    return refusal


def unavailable(request: Request, error: Exception) -> Response:
    kind, detail = away(request, error)
    return problem(slug(kind), title(kind), 503, detail)


def away(request: Request, error: Exception) -> tuple[type[Exception], str]:
    """Which refusal it is, and what whoever asked is told."""
    if isinstance(error, ViewNotYet):
        return NotYet, f"{error}: try again"
    log.warning("store unavailable", exc_info=error)
    if isinstance(error, StoreDamaged):
        request.app.state.stagebook.damage.met(error)
        return StoreDamaged, "Part of the store is damaged, and this needs it: it is to be repaired"
    if isinstance(error, OutcomeUnknown):
        return OutcomeUnknown, "Ask again with the same Idempotency-Key, or look first"
    if isinstance(error, StoreReplaced):
        return StoreReplaced, f"{error}: nothing was recorded; this server starts anew, try again"
    if request.method in READING:
        return StoreUnavailable, "The store cannot be read now; try again"
    return StoreUnavailable, "Nothing was recorded; try again"


def bad_request(_: Request, error: Exception) -> Response:
    """Every bad parameter of a query, by its name also where it is one of several, with what was
    expected. Bodies are read elsewhere."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    bad = [
        {"path": printable(parameter(e["loc"][1:])), "message": message(e)}
        for e in error.errors()[:MOST]
    ]
    return refused(_, errors.Invalid.several(bad))


def parameter(loc: tuple[int | str, ...]) -> str:
    return ".".join(part for part in loc if isinstance(part, str))


def http_error(request: Request, error: Exception) -> Response:
    """What the framework refuses: a path without a route, a method that its routes have not."""
    assert isinstance(error, HTTPException | StarletteHTTPException)  # noqa: S101 - registered
    path = printable(request.url.path)
    asked = f"{request.method} {path}"
    match error.status_code:
        case 404:
            return refused(request, NoSuchPath(f"there is no {asked}", path=path))
        case 405:
            allowed = methods(request)
            send = f"there is no {asked}: send {', '.join(allowed)}"
            answer = refused(request, MethodNotAllowed(send, allowed=allowed))
            answer.headers["Allow"] = ", ".join(allowed)
            return answer
        case _:
            kind = str(error.detail).lower().replace(" ", "-")
            answer = problem(kind, str(error.detail), error.status_code, str(error.detail))
            answer.headers.update(error.headers or {})
            return answer


def methods(request: Request) -> list[str]:
    """What this path can be asked by."""
    routes = request.app.router.routes
    asked = [(name, {**request.scope, "method": name}) for name in METHODS]
    named = [n for n, scope in asked if any(r.matches(scope)[0] is Match.FULL for r in routes)]
    return ["GET", "HEAD", *named[1:]] if "GET" in named else named


def left(_: Request, error: Exception) -> Response:
    """Nobody reads it: the status is for metrics and the log, where it is no fault of ours."""
    assert isinstance(error, ClientDisconnect)  # noqa: S101 - registered for it
    return Response(status_code=499)


def crashed(request: Request, error: Exception) -> Response:
    log.error("unexpected", method=request.method, path=request.url.path, exc_info=error)
    answer = problem("unexpected", "Unexpected error", 500, "This is a fault of Stagebook")
    # It is answered outside of everything that tells the position of other answers.
    answer.raw_headers = freshness.with_position(answer.raw_headers, request.scope)
    return answer


def replaced(reason: str) -> Response:
    """For everybody, once the store is not the one that this process began with."""
    detail = f"{reason}; this server starts anew on what is there: try again, and look first"
    return problem(slug(StoreReplaced), title(StoreReplaced), 503, detail)


def of_another(store: str) -> Response:
    """For what is about another store or epoch than the one that answers."""
    detail = f"expected the one that answers, {store}: begin again, from position 0"
    return problem(slug(OtherEpoch), title(OtherEpoch), 409, detail, {"store": store})


def stopped() -> Response:
    """For those whose request was not over when the server had to go."""
    detail = "The request took too long; sent again with its Idempotency-Key it has one effect"
    return problem("stopping", "The server stops", 503, detail)


def install(app: FastAPI) -> None:
    app.add_exception_handler(errors.Refusal, refused)
    app.add_exception_handler(StoreUnavailable, unavailable)
    app.add_exception_handler(RequestValidationError, bad_request)
    app.add_exception_handler(StarletteHTTPException, http_error)
    app.add_exception_handler(ClientDisconnect, left)
    app.add_exception_handler(Exception, crashed)
