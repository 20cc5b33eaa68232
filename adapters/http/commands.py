"""From a request to a command and back: one way for every route that changes something."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from fastapi import Request
from starlette.responses import Response
from starlette.types import Scope

from adapters.http import read_only, reads, requests
from adapters.http.auth import WHO, Permission, authorize, stagebook
from adapters.http.body import BODY, StrictRequest
from adapters.http.errors import Forbidden, TooLarge, Unauthorized
from adapters.http.freshness import LAG, POSITION, Freshness
from application.keyring import Principal
from application.ports import CommandResult
from application.unit_of_work import UNKNOWN, IdempotencyKey, Origin, PendingCommand, UnitOfWork
from domain.base import CommandMetadata
from domain.errors import Refusal
from domain.values import stamp

T = TypeVar("T")
REQUEST, SAID = "stagebook.request", "stagebook.correlation"
"""Where a request's scope has its id and its correlation, for the lines of the log."""


async def execute(
    request: Request,
    decide: Callable[[UnitOfWork], T],
    answer: Callable[[T], CommandResult],
    *,
    principal: Principal | None = None,
    reason: str | None = None,
    part: str = "",
    present: read_only.Present | None = None,
) -> Response:
    """Hands the command to the writer and gives its answer, which is there after the commit.
    `part` tells several commands of one request apart: each keeps its answer with the key.
    `present` gives the document that read-only values in the body have to be those of."""
    principal = principal or authorize(request, Permission.COMMAND)
    cause, origin = _cause(request, principal, reason)
    key = await _key(request, principal, part)
    if sent := request.scope.get(read_only.SCOPE):
        decide = read_only.keeping(decide, sent, present)
    return await _done(request, principal, cause, decide, answer, key, origin)


async def kept_answer(request: Request, refusal: Refusal) -> Response | None:
    """The answer that was kept for a request that is refused now, before the writer looks for it:
    what the request names may be gone, even by its own first effect."""
    principal: Principal | None = request.scope.get(WHO)
    if principal is None or isinstance(refusal, Unauthorized | Forbidden | TooLarge):
        return None
    try:
        key = await _key(request, principal)
    except Refusal:
        return None
    if key is None:
        return None
    kept = await reads.blocking(stagebook(request).store.kept_answer, principal.account, key.key)
    if not kept or kept[0] != key.request:
        return None
    return _response(request, principal, replace(kept[1], replayed=True))


async def _key(request: Request, principal: Principal, part: str = "") -> IdempotencyKey | None:
    if "idempotency-key" not in request.headers:
        return None
    body = await StrictRequest.of(request).body()
    key = requests.idempotency_key(request, body)
    if key and not principal.key:  # somebody without a key of the account cannot use up its keys
        key = replace(key, key=f"visitor {key.key}")
    if key and part:  # no key that is sent has a space
        key = replace(key, key=f"{part} of {key.key}")
    return key


async def ask(
    request: Request,
    decide: Callable[[UnitOfWork], T],
    answer: Callable[[T], CommandResult],
    *,
    principal: Principal,
) -> Response:
    """What the writer knows, which holds in memory what is long to load; it records nothing."""
    if "stagebook-after" in request.headers:
        await reads.seen(request, None)
    now, origin = stamp(datetime.now(UTC)), Origin(_name(request.scope))
    return await _done(
        request, principal, CommandMetadata(principal.actor, now, ""), decide, answer, origin=origin
    )


def _cause(
    request: Request, principal: Principal, reason: str | None = None
) -> tuple[CommandMetadata, Origin]:
    """Who, when, why, and as part of what. A request's first command has the request's id."""
    scope, command, parent = request.scope, requests.fresh_id(), requests.trace_parent(request)
    if REQUEST not in scope:
        scope[REQUEST] = command
    correlation = scope[SAID] = requests.correlation(request, parent, command)
    origin = Origin(_name(scope), scope[REQUEST], parent)
    reason = reason or requests.reason(request)
    return CommandMetadata(
        principal.actor, stamp(datetime.now(UTC)), correlation, command, reason
    ), origin


def _name(scope: Scope) -> str:
    return str(scope["route"].name)


async def _done(
    request: Request,
    principal: Principal,
    cause: CommandMetadata,
    decide: Callable[[UnitOfWork], T],
    answer: Callable[[T], CommandResult],
    key: IdempotencyKey | None = None,
    origin: Origin = UNKNOWN,
) -> Response:
    waiting: asyncio.Future[CommandResult] = asyncio.get_running_loop().create_future()
    writer = stagebook(request).writer
    assert writer  # noqa: S101 - started with the app

    job = PendingCommand(
        principal.account,
        cause,
        decide,
        answer,
        key,
        waiting,
        principal.currency,
        origin,
        principal.timezone,
    )
    job.size = len(request.scope.get(BODY, b""))
    writer.submit(job)
    return _response(request, principal, await waiting)


def _response(request: Request, principal: Principal, answer: CommandResult) -> Response:
    freshness: Freshness = request.app.state.freshness
    freshness.answered.note(principal, answer.position)
    request.scope[POSITION] = answer.position
    request.scope.pop(LAG, None)  # what it was decided on is no view
    headers = answer.headers
    if answer.replayed:
        headers = {**headers, "Idempotent-Replayed": "true"}
    media_type = "application/json" if answer.body else None
    return Response(answer.body, answer.status, headers, media_type)


def document(
    body: bytes, etag: str, *, status: int = 200, place: str | None = None
) -> CommandResult:
    """The answer that shows the changed document."""
    headers = {"ETag": etag}
    if place:
        headers["Location"] = place
    return CommandResult(status, headers, body)


def gone(_: Any) -> CommandResult:
    return CommandResult(204, {}, b"")
