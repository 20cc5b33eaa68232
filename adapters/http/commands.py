"""From a request to a command and back: one way for every route that changes something."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from fastapi import Request
from starlette.responses import Response
from starlette.types import Scope

from adapters.http import reads, requests
from adapters.http.auth import May, allowed, stagebook
from adapters.http.body import StrictRequest
from application.group_commit import IdempotencyKey, Job, Work
from application.keyring import Principal
from application.ports import Answer
from application.watching import UNKNOWN, Origin
from domain.base import Cause
from domain.values import stamp

T = TypeVar("T")
REQUEST, SAID = "stagebook.request", "stagebook.correlation"
"""Where a request's scope has its id and its correlation, for the lines of the log."""


async def execute(
    request: Request,
    decide: Callable[[Work], T],
    answer: Callable[[T], Answer],
    *,
    who: Principal | None = None,
    reason: str | None = None,
) -> Response:
    """Hands the command to the writer and gives its answer, which is there after the commit."""
    who = who or allowed(request, May.COMMAND)
    cause, origin = _cause(request, who, reason)
    key = None
    if "idempotency-key" in request.headers:
        body = await StrictRequest.of(request).body()
        key = requests.idempotency_key(request, body)
        if key and not who.key:  # somebody without a key of the account cannot use up its keys
            key = replace(key, key=f"visitor {key.key}")
    return await _done(request, who, cause, decide, answer, key, origin)


async def outcome(request: Request, decide: Callable[[Work], T], *, who: Principal) -> T:
    """Runs a command for what it decided: one of several of a request."""
    decided: list[T] = []

    def answer(made: T) -> Answer:
        decided[:] = [made]
        return Answer(204, {}, b"")

    cause, origin = _cause(request, who)
    await _done(request, who, cause, decide, answer, origin=origin)
    return decided[0]


async def ask(
    request: Request, decide: Callable[[Work], T], answer: Callable[[T], Answer], *, who: Principal
) -> Response:
    """What the writer knows, which holds in memory what is long to load; it records nothing."""
    await reads.seen(request, None)
    now, origin = stamp(datetime.now(UTC)), Origin(_name(request.scope))
    return await _done(request, who, Cause(who.actor, now, ""), decide, answer, origin=origin)


def _cause(request: Request, who: Principal, reason: str | None = None) -> tuple[Cause, Origin]:
    """Who, when, why, and as part of what. A request's first command has the request's id."""
    scope, command, parent = request.scope, requests.fresh_id(), requests.trace_parent(request)
    if REQUEST not in scope:
        scope[REQUEST] = command
    correlation = scope[SAID] = requests.correlation(request, parent, command)
    origin = Origin(_name(scope), scope[REQUEST], parent)
    reason = reason or requests.reason(request)
    return Cause(who.actor, stamp(datetime.now(UTC)), correlation, command, reason), origin


def _name(scope: Scope) -> str:
    return str(scope["route"].name)


async def _done(
    request: Request,
    who: Principal,
    cause: Cause,
    decide: Callable[[Work], T],
    answer: Callable[[T], Answer],
    key: IdempotencyKey | None = None,
    origin: Origin = UNKNOWN,
) -> Response:
    waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    writer = stagebook(request).writer
    assert writer  # noqa: S101 - started with the app
    writer.submit(Job(who.account, cause, decide, answer, key, waiting, who.currency, origin))
    done = await waiting
    headers = {**done.headers, "Stagebook-Position": str(done.position)}
    media_type = "application/json" if done.body else None
    return Response(done.body, done.status, headers, media_type)


def document(body: bytes, etag: str, *, status: int = 200, place: str | None = None) -> Answer:
    """The answer that shows the changed document."""
    headers = {"ETag": etag}
    if place:
        headers["Location"] = place
    return Answer(status, headers, body)


def gone(_: Any) -> Answer:
    return Answer(204, {}, b"")
