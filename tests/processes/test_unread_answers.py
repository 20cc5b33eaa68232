"""Answers that nobody reads are bounded, of all clients together: who leaves most of them unread is
closed, and nobody else."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.processes.program import Place, Server

PAGE = b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
"""Public, and large."""
MANY = 12
"""More answers than the system keeps for a client."""
DEAF, SLOW = "127.0.0.2", "127.0.0.3"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("unread")
    with closing(Place(str(folder / "data"), folder)) as place:
        yield place.serve(unread_bytes=4 * 2**20)


def asking(server: Server, address: str, requests: int = 1) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.settimeout(30)
    client.bind((address, 0))
    client.connect(("127.0.0.1", server.port))
    client.sendall(PAGE * requests)
    return client


def read(client: socket.socket, answers: int) -> int:
    """How many whole answers come."""
    stream = client.makefile("rb")
    whole = 0
    try:
        while whole < answers and stream.readline().startswith(b"HTTP/1.1 200"):
            length = 0
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b": ")
                length = int(value) if name.lower() == b"content-length" else length
            whole += len(stream.read(length)) == length > 0
    except ConnectionError:
        pass
    return whole


def closed(server: Server) -> float:
    text = server.client()("GET", "/metrics").body.decode()
    name = 'stagebook_connections_closed_total{reason="unread answers"} '
    return sum(float(line[len(name) :]) for line in text.splitlines() if line.startswith(name))


def test_who_leaves_most_unread_is_closed_and_nobody_else(server: Server) -> None:
    with ExitStack() as opened:
        slow = opened.enter_context(closing(asking(server, SLOW, MANY)))
        deaf = [opened.enter_context(closing(asking(server, DEAF, MANY))) for _ in range(8)]

        deadline = time.monotonic() + 30
        while not closed(server):
            assert time.monotonic() < deadline
            time.sleep(0.01)

        assert read(slow, MANY) == MANY
        assert min(read(client, MANY) for client in deaf) < MANY
        assert "unread answers" in server.log.read_text()


def test_requests_behind_an_unread_answer_are_answered_when_it_was_read(server: Server) -> None:
    with closing(asking(server, SLOW, requests=5)) as client:
        assert read(client, 5) == 5
