"""What strangers without a key can do to a server through its connections: nothing to others.

One server with small bounds; every refusal is on the wire, counted, and told in the log.
"""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress

import psutil
import pytest

from domain.registry import Role
from tests.conftest import TOKENS
from tests.processes.program import Place, Server

DESCRIPTION = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
BOUNDS = {
    "head_seconds": 1,
    "idle_seconds": 2,
    "unread_seconds": 1,
    "max_unread": 2**15,
    "max_connections": 70,
    "connections_per_address": 40,
    "proxies": "192.0.2.1",
}

pytestmark = pytest.mark.slow

CHUNKED = (
    b"POST /v1/locations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Authorization: Bearer %s\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
) % TOKENS[Role.ADMIN].encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bounded")
    with closing(Place(str(folder / "data"), folder)) as place:
        place.add_keys()
        yield place.serve(**BOUNDS)


def connect(server: Server, address: str = "127.0.0.1") -> socket.socket:
    place = ("127.0.0.1", server.port)
    return socket.create_connection(place, timeout=30, source_address=(address, 0))


def told(server: Server, *parts: bytes) -> bytes:
    """What comes back until the server closes, or has answered."""
    with closing(connect(server)) as client:
        try:
            for part in parts:
                client.sendall(part)
        except OSError:
            pass  # it was closed before all was sent
        return read_all(client)


def read_all(client: socket.socket) -> bytes:
    got = b""
    try:
        while piece := client.recv(65_536):
            got += piece
    except ConnectionError:
        pass
    return got


def metric(server: Server, reason: str) -> float:
    while (answer := server.client()("GET", "/metrics")).status != 200:
        time.sleep(0.01)  # connections that were closed here are not closed there yet
    text = answer.body.decode()
    name = f'stagebook_connections_closed_total{{reason="{reason}"}} '
    return sum(float(line[len(name) :]) for line in text.splitlines() if line.startswith(name))


@pytest.mark.parametrize(
    ("reason", "status", "parts"),
    [
        ("head", 431, [GET, b"X: " + b"a" * 70_000]),
        ("target", 414, [b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"]),
        ("fields", 431, [GET, b"".join(b"X-%d: a\r\n" % n for n in range(150)), b"\r\n"]),
        ("slow head", 408, [GET]),
    ],
)
def test_a_head_has_bounds(server: Server, reason: str, status: int, parts: list[bytes]) -> None:
    before = metric(server, reason)

    answer = told(server, *parts)

    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert b"application/problem+json" in answer
    assert metric(server, reason) == before + 1
    assert reason in server.log.read_text()


def test_64_mb_of_head_take_neither_memory_nor_time(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss

    for piece in (b"X: " + b"a" * 2**26, b"".join(b"X-%07d: a\r\n" % n for n in range(500_000))):
        told(server, GET, piece)

    assert process.memory_info().rss - before < 2**25


@pytest.mark.parametrize(
    "behind",
    [
        b"0\r\n" + b"".join(b"X-%07d: a\r\n" % n for n in range(100_000)),
        b"0\r\nX: " + b"a" * 2**20,
        b"1;a=" + b"a" * 2**20,
    ],
    ids=["many trailers", "a long one", "an extension of a chunk"],
)
def test_what_is_sent_around_a_body_is_bounded_as_a_head_is(server: Server, behind: bytes) -> None:
    process, before = psutil.Process(server.process.pid), metric(server, "head")
    memory = process.memory_info().rss

    told(server, CHUNKED, b"1\r\n{\r\n", behind)

    assert metric(server, "head") == before + 1
    assert process.memory_info().rss - memory < 2**25


def test_a_body_in_very_small_chunks_with_trailers_is_read(server: Server) -> None:
    body = b'{"name": "%s"}' % (b"a" * 100)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)

    answer = told(server, CHUNKED, chunks, b"0\r\nX: a\r\nY: b\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 201 "), answer


def test_pipelined_requests_are_answered_in_order_and_bounded(server: Server) -> None:
    request = GET + b"\r\n"
    with closing(connect(server)) as client:
        client.sendall(request * 500)
        got = b""
        while got.count(b"HTTP/1.1 200") < 500:
            piece = client.recv(65_536)
            assert piece
            got += piece

    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    with closing(connect(server)) as deaf:
        deaf.settimeout(2)
        with suppress(ConnectionError):
            for _ in range(400):
                deaf.sendall(request * 2_000)
            pytest.fail("all of 32 MB were taken")
    assert process.memory_info().rss - before < 2**25
    assert metric(server, "pipeline") == 1


def test_who_is_slow_or_idle_is_cut(server: Server) -> None:
    body = b"POST /v1/locations HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    key = f"Authorization: Bearer {TOKENS[Role.ADMIN]}\r\n".encode()

    def idle() -> bytes:
        return told(server)

    def idle_after_an_answer() -> bytes:
        return told(server, GET + b"\r\n")

    def trickling_head() -> bytes:
        with closing(connect(server)) as client:
            try:
                for _ in range(100):
                    client.sendall(b"E")
                    time.sleep(0.1)
            except OSError:
                return b"cut"
            return b"not cut"

    def slow_body() -> bytes:
        return told(server, key.join([body[:-2], b"\r\n"]), b"{")

    def deaf() -> bytes:
        """Asks for more than the sockets hold, and looks at it when it is too late."""
        with closing(connect(server)) as client:
            client.sendall(DESCRIPTION * 20)
            while not metric(server, "unread answer"):
                time.sleep(0.1)
            return read_all(client)

    slow: list[Callable[[], bytes]] = [trickling_head, slow_body, deaf]
    asked: list[Callable[[], bytes]] = [idle, idle_after_an_answer, *slow]
    begun = time.monotonic()
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(threads.map(lambda ask: ask(), asked))

    assert time.monotonic() - begun < 15
    assert answers[0] == b""
    assert answers[1].startswith(b"HTTP/1.1 200 ")
    assert answers[2] == b"cut"
    assert answers[3].startswith(b"HTTP/1.1 408 "), answers[3][:200]
    assert b"STAGEBOOK_LEAST_BODY_RATE" in answers[3]
    assert answers[4].count(b"HTTP/1.1 200 ") < 20
    for reason in ("idle", "slow body", "unread answer"):
        assert metric(server, reason) == 1


def test_one_address_cannot_take_all_connections(server: Server) -> None:
    with ExitStack() as stack:
        many = [stack.enter_context(closing(connect(server))) for _ in range(60)]
        for client in many:
            client.sendall(GET + b"\r\n")
        statuses = [client.recv(12) for client in many]

    assert statuses.count(b"HTTP/1.1 503") >= 15
    assert statuses.count(b"HTTP/1.1 200") >= 30
    assert metric(server, "connections of an address") >= 15


def test_all_addresses_together_cannot_have_more_than_there_are(server: Server) -> None:
    with ExitStack() as stack:
        addresses = ["127.0.0.1", "127.0.0.2"] * 38
        many = [stack.enter_context(closing(connect(server, one))) for one in addresses]
        for client in many:
            with suppress(ConnectionError):  # it was refused at once
                client.sendall(GET + b"\r\n")
        answers = [client.recv(4_096) for client in many]
        refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]

    assert metric(server, "connections") >= len(refused) >= 6
    assert all(b"STAGEBOOK_MAX_CONNECTIONS" in answer for answer in refused)
    assert all(b"retry-after: 1" in answer for answer in refused)
