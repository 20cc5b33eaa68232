"""The load generator: keep-alive HTTP/1.1 on 127.0.0.1, as cheap as it gets, in its own process.

Reads runs that are sent at the same time, a list of `Run` per line as JSON, from standard input
and writes a list of `Outcome` per line. Every request is there as bytes before the run starts; an
answer is read no further than its status and its length. Whatever is not 2xx is an error, unless
it is the refusal that is waited for, and so is a lost connection.
"""

import asyncio
import gc
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self

import uvloop

HOST = "127.0.0.1"
PATIENCE = 30.0
"""Seconds that answers may take after a run's time is over."""


@dataclass(frozen=True, slots=True)
class Run:
    """Requests, sent round and round until `seconds` or `count` are over."""

    port: int
    requests: Sequence[str]
    connections: int
    seconds: float
    count: int = 1_000_000
    then: Sequence[str] = ()
    """What each connection sends behind each of them, if it was granted. `{place}` and `{position}`
    are what the last answers on this connection said of themselves."""
    refusals: Sequence[str] = ()
    """Texts of refusals that are no errors."""


@dataclass(slots=True)
class Outcome:
    """`latencies` are milliseconds in the order of answers; with one connection, of requests."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    errors: int = 0
    example: str = ""

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0


def request(
    method: str, path: str, token: str = "", body: object = None, headers: Sequence[str] = ()
) -> str:
    """One request as it goes over the wire."""
    text = "" if body is None else json.dumps(body, separators=(",", ":"))
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", *headers]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(text)}"]
    return "\r\n".join([*lines, "", text])


class Connection(asyncio.Protocol):
    """Sends a request, reads its answer, sends the next."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.rest: Iterator[bytes] = iter(())
        self.place = self.position = b""
        self.head = b""
        self.missing = 0
        self.good = True
        self.refusal = b""
        self.sent = 0.0
        self.waiting = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        following = next(self.rest, None)
        if following is None:
            following = self.load.next()
            self.rest = iter(self.load.then)
        else:
            following = following.replace(b"{place}", self.place)
            following = following.replace(b"{position}", self.position)
        if following is None:
            self.transport.close()
            return
        self.waiting = True
        self.sent = time.perf_counter()
        self.transport.write(following)

    def data_received(self, data: bytes) -> None:
        if self.missing:
            self.missing -= len(data)
            if not self.good:
                self.refusal += data
        else:
            self.begin(self.head + data)
        if not self.missing and not self.head:
            self.waiting = False
            seconds = time.perf_counter() - self.sent
            if self.good:
                self.load.answered(seconds)
            else:
                self.rest = iter(())
                self.load.refused(seconds, self.refusal)
            self.send()

    def begin(self, data: bytes) -> None:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self.head = data
            return
        self.head = b""
        self.good = data[9:10] == b"2"
        length = int(header(b"content-length", data, end) or 0)
        self.missing = end + 4 + length - len(data)
        if not self.good:
            self.refusal = data
        elif self.load.then:
            self.place = header(b"location", data, end) or self.place
            self.position = header(b"stagebook-position", data, end)

    def connection_lost(self, _: Exception | None) -> None:
        if self.waiting:
            self.load.refused(time.perf_counter() - self.sent, b"connection lost")
        self.load.closed()


def header(name: bytes, data: bytes, end: int) -> bytes:
    start = data.find(b"\r\n" + name + b": ", 0, end)
    if start < 0:
        return b""
    start += len(name) + 4
    return data[start : data.find(b"\r\n", start)]


class Load:
    """One run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.requests = [r.encode() for r in run.requests]
        self.then = [r.encode() for r in run.then]
        self.refusals = [text.encode() for text in run.refusals]
        self.outcome = Outcome()
        self.started = 0
        self.open = run.connections
        self.over = asyncio.get_running_loop().create_future()

    def next(self) -> bytes | None:
        if self.started >= self.run.count or time.perf_counter() >= self.deadline:
            return None
        self.started += 1
        return self.requests[(self.started - 1) % len(self.requests)]

    def answered(self, seconds: float) -> None:
        self.outcome.latencies.append(round(seconds * 1_000, 3))

    def refused(self, seconds: float, said: bytes) -> None:
        self.answered(seconds)
        if any(refusal in said for refusal in self.refusals):
            self.outcome.refused += 1
            return
        self.outcome.errors += 1
        self.outcome.example = self.outcome.example or said[:600].decode(errors="replace")

    def closed(self) -> None:
        self.open -= 1
        if not self.open and not self.over.done():
            self.over.set_result(None)

    async def send(self) -> Outcome:
        loop = asyncio.get_running_loop()
        begun = time.perf_counter()
        self.deadline = begun + self.run.seconds
        for _ in range(self.run.connections):
            await loop.create_connection(lambda: Connection(self), HOST, self.run.port)
        await asyncio.wait_for(self.over, self.run.seconds + PATIENCE)
        self.outcome.seconds = time.perf_counter() - begun
        return self.outcome


class Generator:
    """The process, from the side of the one who measures."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind:
            self._process.kill()
        self._process.communicate()

    def send(self, *runs: Run) -> list[Outcome]:
        """Runs at the same time."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([asdict(run) for run in runs]) + "\n")
        self._process.stdin.flush()
        return [Outcome(**outcome) for outcome in json.loads(self._process.stdout.readline())]


async def together(runs: Sequence[Run]) -> list[Outcome]:
    return await asyncio.gather(*(Load(run).send() for run in runs))


def main() -> None:
    gc.disable()
    out = open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115 - always buffered
    for line in sys.stdin:
        runs = [Run(**run) for run in json.loads(line)]
        outcomes = uvloop.run(together(runs))
        out.write(json.dumps([asdict(outcome) for outcome in outcomes]).encode() + b"\n")
        out.flush()
        gc.collect()


if __name__ == "__main__":
    main()
