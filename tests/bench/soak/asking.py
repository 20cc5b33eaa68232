"""A client of the soak: one connection, kept open, that reads whole answers and keeps only small
ones."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
ANSWER_SECONDS = 60.0
KEPT = 2**21
"""Bytes of an answer that are kept; of what is longer nothing is looked at."""
USUAL = frozenset({200, 201, 204, 304, 409, 412, 429, 503})
"""Refusals among them: sold out, another was first, too busy. None is a fault."""


@dataclass(slots=True)
class Tally:
    """What all clients were answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    """Connections that ended before the answer did."""
    faults: dict[tuple[str, int], str] = field(default_factory=dict)
    """Answers that nobody expected, the first of each step and status."""

    def note(self, step: str, status: int, wanted: frozenset[int], text: bytes) -> None:
        self.statuses[status] += 1
        self.steps[step] += 1
        if status not in wanted:
            shown = f"{step}: {status} {text[:300].decode(errors='replace')}"
            self.faults.setdefault((step, status), shown)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def good(self) -> bool:
        return self.status < 300

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    def __init__(self, port: int, tally: Tally) -> None:
        self._port, self.tally = port, tally
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self,
        step: str,
        method: str,
        path: str,
        authorization: str = "",
        sent: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        also: frozenset[int] = frozenset(),
    ) -> Answer:
        """The answer; `ConnectionError` when there is none. `also`: statuses that are expected."""
        data = sent if isinstance(sent, bytes) else b"" if sent is None else _json(sent)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(data)}"]
        if authorization:
            lines.append(f"Authorization: {authorization}")
        if sent is not None and not isinstance(sent, bytes):
            lines.append("Content-Type: application/json")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        try:
            answer = await asyncio.wait_for(self._answer(head + data), ANSWER_SECONDS)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            self.close()
            self.tally.lost += 1
            raise ConnectionError(f"{step}: {error!r}") from error
        self.tally.note(step, answer.status, USUAL | also, answer.body)
        return answer

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None

    async def _answer(self, data: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port)
        reader, writer = self._streams
        writer.write(data)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        if headers.get("transfer-encoding") == "chunked":
            body = await _chunks(reader)
        else:
            body = await _sized(reader, int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            self.close()
        return Answer(int(head[0].split(" ")[1]), headers, body)


async def _sized(reader: asyncio.StreamReader, length: int) -> bytes:
    if length <= KEPT:
        return await reader.readexactly(length)
    while length:
        length -= len(await reader.readexactly(min(length, 65_536)))
    return b""


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    while size := int(await reader.readline(), 16):
        await _sized(reader, size)
        await reader.readline()
    await reader.readline()
    return b""


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
