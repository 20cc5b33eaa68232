"""Editors who look at every change of theirs: each is the only one who changes its Event, at one
server, and looks at the other, or at the same one."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from domain.registry import Role
from tests.conftest import TOKENS
from tests.processes.hand import give_up, spoil
from tests.processes.pair import problem
from tests.processes.program import BOUND, Answer, Place, Server

CUT_OFF = (OSError, EOFError)
LOOK, PARK, CHANGES = 8, 64, 3
"""After how many pairs an editor looks around, and after how many its Event parks, and how many
changes it makes in the meantime."""


@dataclass
class Tally:
    """What all of them were told."""

    pairs: int = 0
    parked: int = 0
    """How often an Event was parked and taken up again."""
    looks: int = 0
    waited: Counter[str] = field(default_factory=Counter)
    """Answers that asked to come later, by their problem: not yet there is not stale."""
    cut_off: int = 0
    """Requests that were sent and not answered, and sent again to the other server."""
    head: int = field(default=0, repr=False)
    versions: dict[int, int] = field(default_factory=dict, repr=False)
    """Of every Event that is not parked, as answered at that position or before."""


class Connection:
    """Keep-alive HTTP of an admin, as cheap as it gets."""

    def __init__(self) -> None:
        self._port = 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, port: int, method: str, path: str, body: Any, **headers: str) -> Answer:
        """Asks, or raises one of `CUT_OFF`."""
        if self._streams is None or self._port != port:
            self.close()
            self._streams, self._port = await asyncio.open_connection("127.0.0.1", port), port
        reader, writer = self._streams
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: stagebook", "Content-Type: application/json"]
        lines += [f"Authorization: Bearer {TOKENS[Role.ADMIN]}", f"Content-Length: {len(data)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        told = {n.lower(): v for n, _, v in (line.partition(": ") for line in rest if line)}
        answer = await reader.readexactly(int(told.get("content-length", 0)))
        if told.get("connection") == "close":
            self.close()
        return Answer(int(first.split()[1]), told, answer)

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            self._streams = None


class Editor:
    """What is asked of `at` goes to that server, or to the other while that one is away."""

    def __init__(self, event: Any, place: Place, servers: Sequence[Server], tally: Tally) -> None:
        self.path, self.name, self.id = f"/v1/events/{event['id']}", event["name"], event["id"]
        self._shown, self._version, self._position = event, event["version"], 0
        self._stopped = 0
        """Where its document is parked."""
        self._place, self._servers, self._tally = place, servers, tally
        self._connections = [Connection() for _ in servers]

    async def edit(self, first: int, is_enough: Callable[[], bool]) -> None:
        """Writes and reads, from a turn on."""
        for turn in count(first):
            if is_enough():
                break
            one, other = turn % 2, turn // 2 % 2
            await self._write(one, resent=turn % LOOK == 1)
            await self._read_back(other)
            await self._read_plainly(one + turn // 4)
            if turn % LOOK == 0:
                await self._look_around(other)
            if turn % PARK == 0:
                await self._park(one, other)
            self._tally.pairs += 1
        for connection in self._connections:
            connection.close()

    async def _write(self, at: int, *, resent: bool = False) -> None:
        version = self._version + 1
        key = f"{self.name}-{version}"
        told = {"If_Match": f'"{self._version}"', "Idempotency_Key": key}
        body = {"subtitle": key}
        answer = await self._asked(at, "PATCH", self.path, body, **told)
        assert answer.status == 200, f"{key}: {answer}"
        self._shown, self._position = answer.json(), answer.position
        shown = (self._shown["version"], self._shown["subtitle"])
        assert shown == (version, key), f"{key} was answered with {shown}"
        self._version = version
        self._tally.head = max(self._tally.head, self._position)
        if not self._stopped:
            self._tally.versions[self.id] = version
        if resent:
            again = await self._asked(at + 1, "PATCH", self.path, body, **told)
            same = (again.status, again.position, again.body)
            assert same == (200, answer.position, answer.body), f"{key}, again: {again}"

    async def _read_back(self, at: int) -> None:
        await self._see(at, self._shown, self._position)

    async def _read_plainly(self, at: int) -> None:
        """Without a header: it is new, or says that it is not."""
        deadline = time.monotonic() + BOUND
        while time.monotonic() < deadline:
            answer = await self._asked(at, "GET", self.path)
            assert answer.status == 200, f"{self.name}: {answer}"
            if "stagebook-lag" not in answer.headers:
                break
            self._tally.waited["lag"] += 1
        read = (answer.json()["version"], answer.position >= self._position)
        assert read == (self._version, True), f"{self.name} is stale: {read}, {answer.headers}"

    async def _see(self, at: int, shown: Any, position: int) -> None:
        answer = await self._asked(at, "GET", self.path, Stagebook_After=str(position))
        assert answer.status == 200, f"{self.name} after {position}: {answer}"
        read = answer.json()
        differing = {n: (read.get(n), shown[n]) for n in shown if read.get(n) != shown[n]}
        assert read == shown, f"{self.name} after {position} is stale: {differing}"

    async def _look_around(self, at: int) -> None:
        """Nothing that anyone was answered is missing where it is shown with other things."""
        self._tally.looks += 1
        versions, after = dict(self._tally.versions), self._tally.head
        newest = await self._listed(at, f"{self.path}/history?limit=1", after)
        assert newest[0]["version"] == self._version, f"the history of {self.name}: {newest}"
        found = await self._listed(at, f"/v1/events?q={self.name}", after)
        shown = [event["version"] for event in found]
        assert shown == [self._version], f"{self.name} after {after} is found stale: {shown}"
        everything = await self._listed(at, "/v1/events?limit=100", after)
        listed = {event["id"]: event["version"] for event in everything}
        behind = {n: (listed.get(n), v) for n, v in versions.items() if listed.get(n, 0) < v}
        assert not behind, f"listed after {after}, and stale: {behind}"

    async def _listed(self, at: int, path: str, after: int) -> list[Any]:
        answer = await self._asked(at, "GET", path, Stagebook_After=str(after))
        assert answer.status == 200, f"{path} after {after}: {answer}"
        data: list[Any] = answer.json()["data"]
        return data

    async def _park(self, one: int, other: int) -> None:
        """Whoever asks for what is newer than what stopped it is told so, and nobody else."""
        del self._tally.versions[self.id]
        shown, position = self._shown, self._position
        spoilt = (self._place, shown["guid"], self._version + 1)
        self._stopped = await asyncio.to_thread(spoil, *spoilt)
        self._version += 1
        for _ in range(CHANGES):
            await self._write(one)
            await self._hear_of_it(other)
            await self._see(other, shown, position)
        await asyncio.to_thread(give_up, self._place, shown["guid"])
        self._stopped = 0
        self._tally.versions[self.id] = self._version
        self._tally.parked += 1
        await self._read_back(other)

    async def _hear_of_it(self, at: int) -> None:
        after = {"Stagebook_After": str(self._position)}
        answer = await self._asked(at, "GET", self.path, **after)
        is_told = answer.status == 503 and problem(answer) == "parked"
        assert is_told, f"{self.name}, parked at {self._stopped}: {answer}"
        assert answer.json()["position"] == self._stopped, answer
        self._tally.waited["parked"] += 1

    async def _asked(
        self, at: int, method: str, path: str, body: Any = None, **headers: str
    ) -> Answer:
        """Asks until it is answered and not told to come later."""
        deadline = time.monotonic() + BOUND
        said: object = None
        while time.monotonic() < deadline:
            connection = self._connections[at % len(self._servers)]
            port = self._servers[at % len(self._servers)].port
            try:
                said = await connection.ask(port, method, path, body, **headers)
            except CUT_OFF as error:
                said = error
                connection.close()
                self._tally.cut_off += not isinstance(error, ConnectionRefusedError)
                at += 1
                await asyncio.sleep(0.01)
                continue
            why = problem(said) if said.status == 503 else ""
            if why not in ("not-yet", "stopping"):
                return said
            self._tally.waited[why] += 1
        message = f"{method} {path} {headers}: {said}"
        raise AssertionError(message)
