"""Clients that cost a server something without doing anything: connected and silent, slow, or deaf.

Each is a socket of its own. One that the server ends begins again a moment later, so there are
always as many as there may be. They come from an address of their own, for those of one address
are counted.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import cycle

from tests.bench.soak.asking import HOST

ADDRESS = "127.0.0.2"
AGAIN_SECONDS = 1.0
SMALL = 4_096
"""Bytes of what such a client's socket receives before it is read."""
DEAF_SECONDS = 36.0
"""A little longer than the server waits for such a client (`unread_seconds`), which sees no end
of its connection: all of them at once, so that what they leave unread is as much as it may be for
all of the time, and not for every other half minute."""
SLOW_SECONDS = 6.0
"""How long a slow receiver of webhooks takes."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each there are at a time."""

    idle: int = 300
    half: int = 40
    slow: int = 40
    deaf: int = 90
    """Who never read what they asked for."""
    followers: int = 20
    """Of these, half never read."""


class Nuisances:
    """All of them, until `close`."""

    def __init__(
        self, port: int, counts: Counts, answers: Sequence[bytes], feed: bytes, within: float
    ) -> None:
        """`answers`: requests of large answers; `feed`: the request of one that never ends. They
        begin one by one `within` so many seconds: the server ends each after about as long, and
        if it were all of them at once, what it holds would come and go in waves."""
        self._port = port
        kinds: tuple[tuple[int, Callable[[socket.socket], Awaitable[None]]], ...] = (
            (counts.idle, self._idle),
            (counts.half, self._half),
            (counts.slow, self._slow),
            (counts.deaf, self._deaf),
            (counts.followers // 2, self._deaf_follower),
            (counts.followers - counts.followers // 2, self._follow),
        )
        self._answers, self._feed = cycle(answers), feed
        self._tasks = [
            asyncio.create_task(self._again(kind, within * number / many))
            for many, kind in kinds
            for number in range(many)
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _again(self, kind: Callable[[socket.socket], Awaitable[None]], first: float) -> None:
        await asyncio.sleep(first)
        while True:
            with socket.socket() as one:
                one.setblocking(False)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
                one.bind((ADDRESS, 0))
                with suppress(OSError):
                    await asyncio.get_running_loop().sock_connect(one, (HOST, self._port))
                    await kind(one)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _idle(self, one: socket.socket) -> None:
        """Never says a word."""
        await _until_closed(one)

    async def _half(self, one: socket.socket) -> None:
        """Begins a head and leaves it there."""
        await _send(one, b"GET /v1/events HTTP/1.1\r\nHost: here\r\nX-Half: " + b"x" * 60_000)
        await _until_closed(one)

    async def _slow(self, one: socket.socket) -> None:
        """A body that comes as slowly as it may, of the largest size."""
        head = b"POST /v1/events HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % 2**20
        await _send(one, head + b"x" * 500_000)
        while True:
            await _send(one, b"x" * 600)
            await asyncio.sleep(1.0)

    async def _deaf(self, one: socket.socket) -> None:
        """Asks for as much as it may, and reads nothing."""
        await _send(one, next(self._answers) * 20)
        await asyncio.sleep(DEAF_SECONDS)

    async def _deaf_follower(self, one: socket.socket) -> None:
        await _send(one, self._feed)
        await asyncio.sleep(DEAF_SECONDS)

    async def _follow(self, one: socket.socket) -> None:
        await _send(one, self._feed)
        await _until_closed(one)


async def _send(one: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(one, data)


async def _until_closed(one: socket.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(one, 65_536):
        pass


@asynccontextmanager
async def receivers() -> AsyncIterator[list[str]]:
    """Where webhooks go: a receiver that answers, a slow one, and one that refuses all."""
    under_way, over = set[asyncio.Task[None] | None](), asyncio.Event()

    async def receive(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: bytes, seconds: float
    ) -> None:
        under_way.add(asyncio.current_task())
        with suppress(OSError, EOFError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), seconds)
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()
        under_way.discard(asyncio.current_task())

    kinds = ((b"200 OK", 0.0), (b"200 OK", SLOW_SECONDS), (b"500 No", 0.0))
    servers = [
        await asyncio.start_server(
            lambda r, w, status=status, seconds=seconds: receive(r, w, status, seconds), HOST, 0
        )
        for status, seconds in kinds
    ]
    try:
        yield [f"http://{HOST}:{one.sockets[0].getsockname()[1]}/hear" for one in servers]
    finally:
        for one in servers:
            one.close()
        over.set()
        await asyncio.gather(*filter(None, under_way))
