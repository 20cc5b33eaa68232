"""What a client has not read counts as what it takes in memory: the system does not take the most
of an answer, which is held as a whole until its end."""

import asyncio
import socket
from contextlib import closing
from functools import partial

import uvicorn
import uvloop
from starlette.responses import Response
from uvicorn.server import ServerState

from adapters.http.connections import UNSENT, BoundedProtocol, Connections
from adapters.settings import Settings

LARGE = 3 * 2**20


async def counted() -> int:
    """The bytes that one client is said to leave unread, of an answer that it reads nothing of."""
    bounds, loop = Connections(Settings()), asyncio.get_running_loop()
    config = uvicorn.Config(Response(b"x" * LARGE), http=BoundedProtocol, log_config=None)
    config.load()
    state = {"connections": bounds}
    protocol = partial(BoundedProtocol, config=config, server_state=ServerState(), app_state=state)
    server = await loop.create_server(protocol, "127.0.0.1", 0)
    with closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.setblocking(False)
        await loop.sock_connect(client, server.sockets[0].getsockname())
        await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        async with asyncio.timeout(10):
            while not bounds.unread:  # noqa: ASYNC110 - nobody signals it
                await asyncio.sleep(0.01)
        server.close()
        return sum(bounds.unread.values())


def test_an_answer_that_nobody_reads_counts_as_nearly_all_of_it() -> None:
    assert LARGE - 4 * UNSENT < uvloop.run(counted()) <= LARGE
