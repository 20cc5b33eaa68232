"""Every request is seen: counted by its route, named in the log's lines, told of when it failed."""

import asyncio
import time
from types import FrameType
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog import get_logger

from adapters.http import errors, freshness
from adapters.http.auth import WHO
from adapters.http.bodies import HELD, Bodies, Held
from adapters.http.commands import REQUEST, SAID
from adapters.http.rates import network
from adapters.http.requests import CORRELATION, TRACE, fresh_id
from adapters.logs import about
from adapters.settings import Settings
from adapters.watching.watcher import Watcher
from application.keyring import Principal

ELSEWHERE = "(none)"
"""The route of what no route is for."""
UNAUTHORIZED, UNAVAILABLE = 401, 503
HEALTH = ("/health/", "/metrics")
"""What is answered though the store was replaced."""
CLOSE = (b"connection", b"close")

log = get_logger()


class Watched:
    """An application whose requests are seen."""

    def __init__(
        self, app: ASGIApp, watcher: Watcher, settings: Settings, stopping: asyncio.Event
    ) -> None:
        self.app, self._watcher, self._metrics = app, watcher, watcher.metrics
        self._refused = watcher.guesses.refused
        self._slow, self._every = settings.slow_seconds, settings.access_log
        self._stopping = stopping
        self._bodies = Bodies(settings.max_bodies, watcher.metrics.body_refused)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        about.set((said_of, scope))
        began, status, ended = time.perf_counter(), 0, None
        held = scope[HELD] = Held(self._bodies)

        def sending(message: Message) -> Any:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                if is_stream(message):  # it lasts as long as its client wants
                    ended = time.perf_counter()
                headers = freshness.with_position(message["headers"], scope)
                message["headers"] = [*headers, (freshness.STORE_HEADER, self._watcher.store)]
                if self._stopping.is_set():
                    message["headers"] = [*message["headers"], CLOSE]
            return send(message)

        try:
            if self._watcher.broken and not scope["path"].startswith(HEALTH):
                await errors.replaced(self._watcher.broken)(scope, receive, sending)
            else:
                await self.app(scope, receive, sending)
        except asyncio.CancelledError:
            if status or not self._stopping.is_set():
                raise
            await errors.stopped()(scope, receive, sending)
        except Exception:
            status = status or 500
            raise
        finally:
            held.release()
            self._answered(scope, status, (ended or time.perf_counter()) - began)

    def _answered(self, scope: Scope, status: int, seconds: float) -> None:
        if status == UNAUTHORIZED and has_credentials(scope):
            self._refused(network((scope.get("client") or ("",))[0]))
        self._metrics.answered(template(scope), scope["method"], status, seconds)
        if status >= 500 or seconds >= self._slow or self._every:
            self._tell(scope, status, seconds)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        said = {"status": status, "seconds": round(seconds, 6), "route": template(scope)}
        said |= {"method": scope["method"], "path": scope["path"]}
        if status >= 500 and status != UNAVAILABLE:
            log.error("request failed", **said)
        elif status >= 500:
            if self._every:  # what is away is told of once, not by request
                log.info("request failed", **said)
        else:
            log.info("request" if seconds < self._slow else "slow request", **said)


def request_in(frame: FrameType | None) -> dict[str, Any]:
    """The request that a frame is at work for, as lines of the log name it."""
    while frame and frame.f_code is not Watched.__call__.__code__:
        frame = frame.f_back
    scope = frame.f_locals["scope"] if frame else {"type": None}
    if scope["type"] != "http":
        return {}
    return {"route": template(scope), "method": scope["method"], **said_of(scope)}


def is_stream(start: Message) -> bool:
    """Whether the answer is a stream of events."""
    for name, value in start.get("headers", ()):
        if name == b"content-type":  # lower case, as ASGI wants it
            return bool(value.startswith(b"text/event-stream"))
    return False


def has_credentials(scope: Scope) -> bool:
    return any(name == b"authorization" for name, _ in scope["headers"])


def template(scope: Scope) -> str:
    """The route's path as it was declared: of these there are few."""
    route = scope.get("route")
    if route is None:
        return ELSEWHERE
    included = scope.get("fastapi")
    context = included and included.get("effective_route_context")
    path: str = (context or route).path
    return path


def request_id(scope: Scope) -> str:
    """Ours, made when it is first asked for."""
    made: str = scope.get(REQUEST) or scope.setdefault(REQUEST, fresh_id())
    return made


def said_of(scope: Scope) -> dict[str, Any]:
    """Which request it is, what it belongs to, and whose it is."""
    principal: Principal | None = scope.get(WHO)
    named = {"account": principal.account_name, "actor": principal.actor} if principal else {}
    request = request_id(scope)
    return {"request": request, "correlation": _correlation(scope) or request, **named}


def _correlation(scope: Scope) -> Any:
    if SAID in scope:
        return str(scope[SAID])
    headers = dict(scope["headers"])
    given = headers.get(b"x-correlation-id", b"").decode("latin-1")
    if CORRELATION.fullmatch(given):
        return given
    parent = TRACE.fullmatch(headers.get(b"traceparent", b"").decode("latin-1"))
    return parent[1] if parent else None
