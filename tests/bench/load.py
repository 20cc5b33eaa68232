"""The load generator: keep-alive HTTP/1.1 on 127.0.0.1, as cheap as it gets, in its own process.

Reads one run per line from standard input (`Run` as JSON) and writes one `Outcome` per line.
Every request is there as bytes before the run starts; an answer is read no further than its
status and its length. Whatever is not 2xx is an error, and so is a lost connection.
"""

import asyncio
import gc
import json
import subprocess
import sys
import time
from collections.abc import Sequence
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


@dataclass(slots=True)
class Outcome:
    """`latencies` are milliseconds in the order of answers; with one connection, of requests."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    example: str = ""

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0


def request(method: str, path: str, token: str = "", body: object = None) -> str:
    """One request as it goes over the wire."""
    text = "" if body is None else json.dumps(body, separators=(",", ":"))
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(text)}"]
    return "\r\n".join([*lines, "", text])


class Connection(asyncio.Protocol):
    """Sends a request, reads its answer, sends the next."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.head = b""
        self.missing = 0
        self.good = True
        self.sent = 0.0
        self.waiting = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        following = self.load.next()
        if following is None:
            self.transport.close()
            return
        self.waiting = True
        self.sent = time.perf_counter()
        self.transport.write(following)

    def data_received(self, data: bytes) -> None:
        if self.missing:
            self.missing -= len(data)
        else:
            self.begin(self.head + data)
        if not self.missing and not self.head:
            self.waiting = False
            self.load.answered(time.perf_counter() - self.sent, good=self.good)
            self.send()

    def begin(self, data: bytes) -> None:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self.head = data
            return
        self.head = b""
        self.good = data[9:10] == b"2"
        at = data.find(b"content-length: ", 0, end)
        length = 0 if at < 0 else int(data[at + 16 : data.find(b"\r\n", at)])
        self.missing = end + 4 + length - len(data)
        if not self.good and not self.load.outcome.example:
            self.load.outcome.example = data[:400].decode(errors="replace")

    def connection_lost(self, _: Exception | None) -> None:
        if self.waiting:
            self.load.answered(time.perf_counter() - self.sent, good=False)
            self.load.outcome.example = self.load.outcome.example or "connection lost"
        self.load.closed()


class Load:
    """One run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.requests = [r.encode() for r in run.requests]
        self.outcome = Outcome()
        self.started = 0
        self.open = run.connections
        self.over = asyncio.get_running_loop().create_future()

    def next(self) -> bytes | None:
        if self.started >= self.run.count or time.perf_counter() >= self.deadline:
            return None
        self.started += 1
        return self.requests[(self.started - 1) % len(self.requests)]

    def answered(self, seconds: float, *, good: bool) -> None:
        self.outcome.latencies.append(round(seconds * 1_000, 3))
        self.outcome.errors += not good

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

    def send(self, run: Run) -> Outcome:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asdict(run)) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))


def main() -> None:
    gc.disable()
    out = open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115 - always buffered
    for line in sys.stdin:
        run = Run(**json.loads(line))

        async def send(run: Run = run) -> Outcome:
            return await Load(run).send()

        out.write(json.dumps(asdict(uvloop.run(send()))).encode() + b"\n")
        out.flush()
        gc.collect()


if __name__ == "__main__":
    main()
