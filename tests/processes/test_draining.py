"""SIGTERM: what was asked is answered, what was answered is there, and it takes seconds."""

import http.client
import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing
from socket import create_connection, socket

import pytest

from adapters.bootstrap import PROJECTIONS
from domain.location import LocationCreated
from tests.conftest import TOKENS
from tests.processes.program import UNANSWERED, Client, Place, Server, eventually

pytestmark = pytest.mark.slow
BUSY, ENOUGH = 8, 40
MOST_SECONDS = 10.0


class Caller(threading.Thread):
    """Makes Locations on a connection that stays open, until nobody can be connected to."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(daemon=True)
        self._name, self._port = name, port
        self.acknowledged: list[str] = []
        self.lost: list[str] = []
        """Sent on a connection that was taken, and never answered."""

    def run(self) -> None:
        with closing(Client(self._port)) as client:
            while True:
                name = f"{self._name} {len(self.acknowledged)}"
                is_new = client._connection.sock is None
                try:
                    client.made("/v1/locations", name=name)
                except UNANSWERED:
                    if not is_new:  # a new one was refused, be it after the handshake
                        self.lost.append(name)
                    return
                self.acknowledged.append(name)


def half_a_request(port: int) -> socket:
    """A client that has yet to send the rest of its body."""
    connection = create_connection(("127.0.0.1", port))
    head = f"POST /v1/locations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token()}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 15\r\n\r\n"
    connection.sendall(head.encode() + b'{"name":')
    return connection


def token() -> str:
    return next(value for role, value in TOKENS.items() if role.value == "admin")


def answer(connection: socket) -> http.client.HTTPResponse:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_that_is_told_to_stop_answers_what_it_was_asked(
    place: Place, workers: int
) -> None:
    server = place.serve(workers=workers)
    callers = [Caller(f"caller {n}", server.port) for n in range(BUSY)]
    idle = create_connection(("127.0.0.1", server.port))
    finishing, stalling = half_a_request(server.port), half_a_request(server.port)
    for caller in callers:
        caller.start()
    eventually(lambda: sum(len(c.acknowledged) for c in callers) >= ENOUGH)

    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    eventually(refused(server))
    finishing.sendall(b'"late"}')
    code = server.process.wait(2 * MOST_SECONDS)
    took = time.monotonic() - began

    assert code == 0
    assert took <= MOST_SECONDS
    for caller in callers:
        caller.join(MOST_SECONDS)
    assert [name for caller in callers for name in caller.lost] == []
    assert answer(finishing).status == 201
    assert answer(stalling).status == 503
    assert idle.recv(1) == b""
    for connection in (idle, finishing, stalling):
        connection.close()
    with place.book() as book:
        facts = [recorded.fact for recorded in book.store.read(0, 1_000_000)]
        names = [fact.fields["name"] for fact in facts if isinstance(fact, LocationCreated)]
        told = [name for caller in callers for name in caller.acknowledged]
        assert sorted(names) == sorted([*told, "late"])
        head = book.store.position()
        assert [book.view(p).position() for p in PROJECTIONS] == [head] * len(PROJECTIONS)
    assert "Traceback" not in server.log.read_text()


def refused(server: Server) -> Callable[[], bool]:
    def nobody_listens() -> bool:
        try:
            create_connection(("127.0.0.1", server.port)).close()
        except OSError:
            return True
        return False

    return nobody_listens
