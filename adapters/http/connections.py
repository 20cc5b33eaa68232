"""What one connection may cost: its head, its pipeline, its unread answers and its time, and how
many there are, in all and from one address. Whatever exceeds a bound is closed and counted.

The server parses what it is given; this gives it no more than the bounds allow.
"""

import asyncio
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from socket import AF_INET, AF_INET6
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog import get_logger
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from adapters.http.proxies import Proxies
from adapters.http.rates import network
from adapters.settings import Settings

UNSENT = 2**17
"""Bytes of an answer that the system takes before a client reads. By itself it takes megabytes, and
what is left of an answer says little then of the memory that it is held in, until its end."""
SLICE, BODY_SLICE = 4_096, 65_536
"""Bytes of heads and of bodies that are parsed before the bounds are looked at again."""
BOUNDS = {
    "head": "max_head",
    "target": "max_target",
    "fields": "max_fields",
    "slow head": "head_seconds",
    "slow body": "least_body_rate",
    "pipeline": "max_unread",
    "unread answer": "unread_seconds",
    "unread answers": "unread_bytes",
    "idle": "idle_seconds",
    "connections": "max_connections",
    "connections of an address": "connections_per_address",
}
"""Why a connection is closed, and the setting that it is about."""
WATCH_SECONDS = 5.0
"""How often a body that comes, or an answer that leaves, must have moved."""
LOG_SECONDS = 10.0
RESERVED_FILES = 128
"""Files that a process needs beside its connections: databases, logs, sockets of its own."""

log = get_logger()


@dataclass(slots=True)
class Connections:
    """The connections of this process and their bounds; 0 is no bound."""

    settings: Settings
    refused: Callable[[str], None] = lambda _: None
    """Counts what was closed, by its reason."""
    by_address: Counter[str] = field(default_factory=Counter)
    trusted: Proxies = field(default_factory=lambda: Proxies(""))
    most: int = 0
    number: int = 0
    """Of all addresses together."""
    unread: "dict[BoundedProtocol, int]" = field(default_factory=dict)
    """Bytes of answers that wait for their clients, those first that have waited longest."""
    _logged: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trusted = Proxies(self.settings.proxies)
        files, most = open_files(), self.settings.max_connections
        room = max(files - RESERVED_FILES, files // 2)
        self.most = min(most, room) if most else room

    def opened(self, address: str) -> str | None:
        """Counts a connection; the reason why it is one too many, or None."""
        address = self.counted_as(address)
        self.by_address[address] += 1
        self.number += 1
        if self.number > self.most:
            return "connections"
        bound = self.settings.connections_per_address
        if bound and address not in self.trusted and self.by_address[address] > bound:
            return "connections of an address"
        return None

    def counted_as(self, address: str) -> str:
        """A household has a network of IPv6 addresses, of which it could take one each time; a
        proxy is itself."""
        return address if address in self.trusted else network(address)

    def closed(self, address: str) -> None:
        address = self.counted_as(address)
        self.by_address[address] -= 1
        self.number -= 1
        if not self.by_address[address]:
            del self.by_address[address]

    def waits(self, connection: "BoundedProtocol", size: int) -> None:
        """Notes how much its client has not read. Where all of it is too much, those are closed
        that have waited longest, of the address that leaves most unread; never the only one."""
        self.unread[connection] = size
        most_unread = self.settings.unread_bytes
        while len(self.unread) > 1 and sum(self.unread.values()) > most_unread > 0:
            by_address: Counter[str] = Counter()
            for one, waiting in self.unread.items():
                by_address[self.counted_as(one.address)] += waiting
            ((most, _),) = by_address.most_common(1)
            longest = next(c for c in self.unread if self.counted_as(c.address) == most)
            del self.unread[longest]
            longest.loop.call_soon(longest.give_up, "unread answers")  # it may be writing now

    def closing(self, reason: str, address: str) -> None:
        """Counts it, and says so in the log at most once in a while for each reason."""
        self.refused(reason)
        now = time.monotonic()
        if now - self._logged.get(reason, -LOG_SECONDS) >= LOG_SECONDS:
            self._logged[reason] = now
            log.warning("connection closed", reason=reason, address=address)


def open_files() -> int:
    """How many files this process may have open: as many as the machine lets it have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 2**20


def bound_unsent(transport: asyncio.Transport) -> None:
    """Where the system can: it still sends ahead as much as the way to the client holds."""
    connection = transport.get_extra_info("socket")
    if hasattr(socket, "TCP_NOTSENT_LOWAT") and connection.family in (AF_INET, AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)


class BoundedProtocol(HttpToolsProtocol):
    """A connection within its bounds. Its `Connections` are those of the application's state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        bound_unsent(transport)
        self.bounds: Connections = self.app_state["connections"]
        self.limits = self.bounds.settings
        self.app = partial(self._answer, self.app)
        self.address = self.client[0] if self.client else ""
        self.url, self.headers = b"", []  # of no request yet
        self._head = 0
        """Bytes of a request's head that has begun, 0 between requests and in bodies."""
        self._body = self._moved = 0
        self._between = 0
        """Bytes since the last of a body: what is written around its chunks, and behind them."""
        self._unread = bytearray()
        self._waiting = ""
        self._completed = False
        """Whether an answer is complete that its client has not read."""
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None
        if reason := self.bounds.opened(self.address):
            self._close(503, reason)
        else:
            self._wait("idle", self.limits.idle_seconds, self._idle)

    async def _answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Between the end of a connection and the moment when that is known here, the event loop
        refuses to send."""

        async def sending(message: Message) -> None:
            try:
                await send(message)
            except RuntimeError:
                if not self.transport.is_closing():
                    raise
                cycle: Any = getattr(send, "__self__", self.cycle)
                cycle.disconnected = True

        await app(scope, receive, sending)

    def connection_lost(self, exc: Exception | None) -> None:
        self.bounds.closed(self.address)
        self._wait("", 0, self._idle)
        self.bounds.unread.pop(self, None)
        if self._sending:
            self._sending.cancel()
        self._unread.clear()
        super().connection_lost(exc)

    # -- what comes in

    def data_received(self, data: bytes) -> None:
        if self._unread or self.pipeline:
            self._keep(data)
        else:
            self._feed(data)

    def _keep(self, data: bytes) -> None:
        """For later: requests wait for the answer to the one before them."""
        self._unread += data
        self.flow.pause_reading()
        if len(self._unread) > self.limits.max_unread:
            self._close(None, "pipeline")

    def _feed(self, data: bytes) -> None:
        """Parses a piece, and keeps the rest while requests wait for the one before."""
        start, end = 0, len(data)
        while start < end and not self.transport.is_closing():
            if self.pipeline:
                self._keep(data[start:])
                return
            piece = data[start : start + (BODY_SLICE if self._body else SLICE)]  # often all of it
            start += len(piece)
            if self._body:
                self._between += len(piece)
            else:
                self._head += len(piece)
            super().data_received(piece)
            if self._head:
                self._check_head()
            elif self._body and self._between > self.limits.max_head:
                self._close(431, "head")
        if self._body:
            self._wait("body", WATCH_SECONDS, self._slow)
        else:
            self._wait("head" if self._head else "", self.limits.head_seconds, self._late)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._body, self._between, self._head = 0, 0, max(self._head, 1)

    def _check_head(self) -> None:
        """What there is of a head by now: at the end of it, and of each piece before."""
        if len(self.url) > self.limits.max_target:
            self._close(414, "target")
        elif len(self.headers) > self.limits.max_fields:
            self._close(431, "fields")
        elif self._head > self.limits.max_head:
            self._close(431, "head")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._body:  # nobody asks for what comes behind a body
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head = 0
        self._check_head()
        if self.transport.is_closing():
            return
        self._head, self._body, self._moved = 0, 1, 1
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self.transport.is_closing():
            return
        self._body += len(body)
        self._between = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.transport.is_closing():
            return
        self._body = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """What waits behind an answer begins when that was read: a client leaves one unread."""
        self._completed = self.flow.write_paused and not self.transport.is_closing()
        if self._completed:
            return
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self.pipeline:
            self.flow.pause_reading()
        elif self._unread:
            data, self._unread = bytes(self._unread), bytearray()
            self._feed(data)

    # -- what takes too long

    def _wait(self, what: str, seconds: float, late: Callable[[], None]) -> None:
        """Until that is over: the time runs on while it is the same."""
        if self._timer and what != self._waiting:
            self._timer.cancel()
            self._timer = None
        self._waiting = what
        if what and seconds and not self._timer:
            self._timer = self.loop.call_later(seconds, late)

    def _idle(self) -> None:
        """Connected, and never asked anything."""
        self._close(None, "idle")

    def _late(self) -> None:
        self._close(408, "slow head")

    def _slow(self) -> None:
        """A body must come at the least rate, unless it is Stagebook that does not read."""
        least = self.limits.least_body_rate * WATCH_SECONDS
        if not self.flow.read_paused and self._body - self._moved < least:
            self._close(408, "slow body")
            return
        self._moved, self._timer = self._body, None
        self._wait("body", WATCH_SECONDS, self._slow)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.bounds.waits(self, self.transport.get_write_buffer_size())
        if self._sending is None and self.limits.unread_seconds:
            self._watch_answer(-1, 0.0)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.bounds.unread.pop(self, None)
        if self._sending:
            self._sending.cancel()
            self._sending = None
        if self._completed:
            self.on_response_complete()

    def _watch_answer(self, before: int, waited: float) -> None:
        """An answer that does not leave for a while has nobody who reads it."""
        left, longest = self.transport.get_write_buffer_size(), self.limits.unread_seconds
        pause = min(WATCH_SECONDS, longest)
        waited = 0.0 if left != before else waited + pause
        if waited >= longest:
            self.give_up("unread answer")
            return
        self._sending = self.loop.call_later(pause, self._watch_answer, left, waited)

    def give_up(self, reason: str) -> None:
        """Ends it with what was not read."""
        self.bounds.closing(reason, self.address)
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()

    def _close(self, status: int | None, reason: str) -> None:
        """Ends the connection, with an answer where none is under way."""
        if self.transport.is_closing():
            return
        self.bounds.closing(reason, self.address)
        answering = self.cycle is not None and not self.cycle.response_complete
        if status and not (answering and self.cycle.response_started):
            self.transport.write(refusal(status, reason))
        if answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()


def refusal(status: int, reason: str) -> bytes:
    """A problem document, as bytes on the wire."""
    title = {408: "The request came too slowly", 414: "The target is too long"}.get(
        status,
        "The head is too large" if status == 431 else "Too many connections",
    )
    kind = reason.replace(" ", "-")
    body = (
        f'{{"type":"urn:stagebook:problem:{kind}","title":"{title}","status":{status},'
        f'"detail":"the bound on {reason} was exceeded: STAGEBOOK_{BOUNDS[reason].upper()}"}}'
    ).encode()
    again = b"retry-after: 1\r\n" if status in (408, 503) else b""
    head = b"content-type: application/problem+json\r\nconnection: close\r\n" + again
    return b"%bcontent-length: %d\r\n%b\r\n%b" % (STATUS_LINE[status], len(body), head, body)


def state(settings: Settings, refused: Callable[[str], None]) -> dict[str, Any]:
    """What the application's lifespan hands to its connections."""
    return {"connections": Connections(settings, refused)}
