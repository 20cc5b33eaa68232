"""Two servers on one store: what one has answered, every later answer of both knows, while views
are rebuilt, switched and gone back from, and while their workers die."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

import psutil
import pytest

from adapters.bootstrap import EVENTS
from adapters.check import faults
from domain.registry import Role
from projections.rebuilding import rebuild, roll_back
from tests.conftest import TOKENS
from tests.processes.program import BOUND, Place, Server

pytestmark = pytest.mark.slow

EDITORS = 12
PAIRS = 1_000
"""Writes that are read back, on each store."""


@dataclass
class Tally:
    pairs: int = 0
    waited: int = 0
    """Reads that were told to come later: not yet there is not stale."""
    disturbed: int = 0


class Connection:
    """Keep-alive HTTP of an admin, as cheap as it gets."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: stagebook", "Content-Type: application/json"]
        lines += [f"Authorization: Bearer {TOKENS[Role.ADMIN]}", f"Content-Length: {len(data)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        told = {n.lower(): v for n, _, v in (line.partition(": ") for line in rest if line)}
        answer = await reader.readexactly(int(told.get("content-length", 0)))
        return int(first.split()[1]), told, json.loads(answer) if answer else None

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()


async def edit(ports: list[int], event: Any, tally: Tally) -> None:
    """The only one who changes this Event: at one server, and looks at the other."""
    path, etag = f"/v1/events/{event['id']}", '"1"'
    servers = [Connection(port) for port in ports]
    for number in count(1):
        if tally.pairs >= PAIRS:
            break
        one, other = servers[number % 2], servers[number // 2 % 2]
        body = {"subtitle": f"{number}"}
        status, told, shown = await one.ask("PATCH", path, body, If_Match=etag)
        assert (status, shown["version"]) == (200, number + 1), shown
        etag = told["etag"]

        status, read = 503, None
        while status == 503:
            after = told["stagebook-position"]
            status, _, read = await other.ask("GET", path, Stagebook_After=after)
            tally.waited += status == 503
        assert (status, read) == (200, shown)

        if number % 8 == 0:
            _, _, asked = await other.ask("GET", f"{path}/history?limit=1")
            assert asked["data"][0]["version"] == number + 1
            _, _, listed = await other.ask(
                "GET", f"/v1/events?q={event['name']}", Stagebook_After=after
            )
            assert listed["data"][0]["version"] == number + 1
        tally.pairs += 1
    for server in servers:
        server.close()


async def crowd(ports: list[int], events: list[Any], tally: Tally) -> None:
    await asyncio.gather(*(edit(ports, event, tally) for event in events))


@contextmanager
def disturbing(place: Place, servers: list[Server], tally: Tally) -> Iterator[None]:
    """Rebuilds, goes back, rebuilds, and kills a worker, again and again."""
    finished = threading.Event()
    failures: list[BaseException] = []

    def disturb() -> None:
        with place.book() as book:
            for number, server in zip(count(), cycle(servers), strict=False):
                if number % 3 == 2:
                    for worker in psutil.Process(server.process.pid).children():
                        with suppress(psutil.NoSuchProcess):
                            worker.kill()
                elif number % 3 == 1:
                    roll_back(EVENTS, book.store, book.views)
                else:
                    rebuild(EVENTS, book.store, book.views, lambda _done, _total: None)
                tally.disturbed += 1
                if finished.wait(0.1):
                    return

    def run() -> None:
        try:
            disturb()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join(BOUND)
    if failures:
        raise failures[0]


def test_what_one_server_has_written_the_other_reads(place: Place) -> None:
    tally, servers = Tally(), [place.launch(), place.launch()]
    for server in servers:
        server.ready()
    with closing(servers[0].client()) as client:
        location = client.made("/v1/locations", name="Hall")["id"]
        live = [f"live{number}" for number in range(EDITORS)]
        made = [client.made("/v1/events", name=name, locationid=location) for name in live]

    with disturbing(place, servers, tally):
        asyncio.run(crowd([server.port for server in servers], made, tally))

    assert tally.pairs >= PAIRS
    assert tally.disturbed >= 4
    with place.book() as book:
        book.start_worker()
        assert book.catch_up(BOUND)
        assert list(faults(book)) == []
