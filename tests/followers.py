"""Following server-sent events over a connection of its own, as browsers do."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

BOUND = 60.0


@dataclass(frozen=True)
class Told:
    """One server-sent event."""

    name: str
    id: int
    """The position in its id."""
    data: Any
    store: str = field(default="", compare=False)
    """The store and the epoch in it."""


@contextmanager
def following(
    port: int, path: str, token: str, last: int | str | None = None
) -> Iterator[Iterator[Told]]:
    """What is sent from there on; leaving cuts the connection, wherever it is."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    if last is not None:
        headers["Last-Event-ID"] = str(last)
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND)) as connection:
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as answer:
            assert answer.status == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield told(answer)


def told(answer: http.client.HTTPResponse) -> Iterator[Told]:
    """Ends when the server ends it; a block that was cut is none."""
    rest = b""
    while some := answer.read1(65_536):
        *blocks, rest = (rest + some).split(b"\n\n")
        for block in blocks:
            said = dict(line.split(": ", 1) for line in block.decode().split("\n"))
            store, _, position = said.get("id", "0").rpartition(".")
            yield Told(said["event"], int(position), json.loads(said["data"]), store)


def changes(stream: Iterator[Told]) -> Iterator[Told]:
    return (one for one in stream if one.name == "change")
