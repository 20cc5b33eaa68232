"""The cases of reads that come right after a write, without any header: is what was written there,
and what does waiting for it cost? Each such read is followed by one that has nothing to wait for.

Several connections do so at once, with one key: each has things of its own to write, so that it
knows what it must see.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from tests.bench.filling import CATALOGUE, TOKENS
from tests.bench.load import HOST, Outcome, Run, request
from tests.bench.measuring import Bench, faults
from tests.bench.onsale import TOKEN, Lot, put_on_sale
from tests.bench.table import Result, milliseconds, percentile

WRITERS = 32
CONNECTIONS = 16
LOAD_SECONDS = 1.0
"""How long the writers write at a time."""


@dataclass
class Pairs:
    """One connection that writes and reads, and what it has seen."""

    port: int
    lot: Lot
    hall: int
    serials: Iterator[int]
    """Numbers that no other connection has."""
    fresh: list[float] = field(default_factory=list)
    """Milliseconds of reads right after a write."""
    plain: list[float] = field(default_factory=list)
    """Milliseconds of the same reads once more."""
    stale: int = 0
    late: int = 0
    """Answers that say themselves that the view did not come so far in time."""
    example: str = ""
    taken: int = 0

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(HOST, self.port, timeout=60)

    def close(self) -> None:
        self._connection.close()

    def forget(self) -> None:
        """What it has seen of another kind."""
        self.fresh, self.plain, self.stale, self.late, self.example = [], [], 0, 0, ""

    def ask(self, method: str, path: str, body: Any = None) -> tuple[Any, int]:
        """The document of an answer, and its position."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        self._connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self._connection.getresponse()
        position = int(answer.headers["Stagebook-Position"])
        document = json.loads(answer.read()) | {"status": answer.status}
        if (
            "Stagebook-Lag" in answer.headers
            or answer.status == http.HTTPStatus.SERVICE_UNAVAILABLE
        ):
            document["late"] = True
        return document, position

    def read(self, path: str, is_there: Callable[[Any], bool]) -> None:
        for took in (self.fresh, self.plain):
            begun = time.perf_counter()
            document, _ = self.ask("GET", path)
            took.append((time.perf_counter() - begun) * 1_000)
            if document.get("late"):
                self.late += 1
            elif document["status"] != http.HTTPStatus.OK or not is_there(document):
                self.stale += 1
                self.example = self.example or f"{path}: {json.dumps(document)[:300]}"

    # -- what is written, and read

    def documents(self) -> None:
        place, _ = self.ask("POST", "/v1/locations", {"name": f"Hall {self._next()}"})
        self.read(f"/v1/locations/{place['id']}", lambda found: bool(found["id"] == place["id"]))

    def changed(self) -> None:
        path = f"/v1/events/{self.lot.event}"
        event, _ = self.ask("PATCH", path, {"subtitle": str(self._next())})
        self.read(path, lambda found: bool(found["version"] == event["version"]))

    def lists(self) -> None:
        name = f"fresh{self._next()}x"
        self.ask("PATCH", f"/v1/locations/{self.hall}", {"name": name})
        self.read(f"/v1/locations?q={name}", lambda found: len(found["data"]) == 1)

    def availability(self) -> None:
        self.ask("POST", "/v1/orders", self.lot.taken)
        self.taken += 1
        path = f"/v1/events/{self.lot.event}/availability"
        self.read(path, lambda found: bool(found["total"]["reserved"] == self.taken))

    def orders(self) -> None:
        order, _ = self.ask("POST", "/v1/orders", self.lot.taken)
        self.taken += 1
        self.read(f"/v1/orders/{order['id']}", lambda found: bool(found["id"] == order["id"]))

    def feed(self) -> None:
        name = f"Hall {self._next()}"
        _, at = self.ask("PATCH", f"/v1/locations/{self.hall}", {"name": name})
        path = f"/v1/changes?after={at - 1}&limit=1"
        self.read(path, lambda found: [one["position"] for one in found["data"]] == [at])

    def _next(self) -> int:
        return next(self.serials)


KINDS = (
    Pairs.documents,
    Pairs.changed,
    Pairs.lists,
    Pairs.availability,
    Pairs.orders,
    Pairs.feed,
)


Kind = Callable[[Pairs], None]


def fresh(bench: Bench) -> Iterator[Result]:
    each = bench.effort.fresh // (len(KINDS) * CONNECTIONS) + 1
    port, serials = bench.stage.program.port, count(bench.next_serial() * 1_000_000)
    lots = put_on_sale(bench, bench.effort.fresh, CONNECTIONS)
    halls = [
        bench.stage.program.post("/v1/locations", TOKEN, {"name": "Fresh"})["id"] for _ in lots
    ]
    with ExitStack() as opened:
        several = [Pairs(port, *own, serials) for own in zip(lots, halls, strict=True)]
        for pairs in several:
            opened.callback(pairs.close)
        for writers in (0, WRITERS):
            for kind in KINDS:
                yield measured(bench, kind, several, each, writers)


def measured(bench: Bench, kind: Kind, several: list[Pairs], each: int, writers: int) -> Result:
    """So many pairs of one kind on each of the connections at once."""
    outcomes: list[Outcome] = []
    for pairs in several:
        pairs.forget()

    def work(pairs: Pairs) -> None:
        for _ in range(each):
            kind(pairs)

    with writing(bench, writers, outcomes), ThreadPoolExecutor(len(several)) as threads:
        list(threads.map(work, several))
    errors, example = faults(outcomes)
    stale, late = sum(pairs.stale for pairs in several), sum(pairs.late for pairs in several)
    fresh = [*chain.from_iterable(pairs.fresh for pairs in several)]
    plain = [*chain.from_iterable(pairs.plain for pairs in several)]
    return Result(
        f"write, then read {kind.__name__}, {writers} writers (floor: plain read)",
        f"{stale} stale, {late} late of {len(fresh):,}",
        f"{milliseconds(percentile(plain, 0.5))} ms",
        p50=milliseconds(percentile(fresh, 0.50)),
        p99=f"{milliseconds(percentile(fresh, 0.99))} ({milliseconds(percentile(plain, 0.99))})",
        target="0 stale",
        met=not stale,
        errors=errors + stale,
        example=next((pairs.example for pairs in several if pairs.example), example),
        everywhere=True,
    )


@contextmanager
def writing(bench: Bench, writers: int, outcomes: list[Outcome]) -> Iterator[None]:
    """So many others write all the while, with a key of their own."""
    if not writers:
        yield
        return
    over, port = threading.Event(), bench.stage.program.port
    requests = [
        request("PATCH", f"/v1/events/{n}", TOKENS[CATALOGUE], {"subtitle": f"{n}-{serial}"})
        for serial in range(3)
        for n in bench.filled.events[:500]
    ]

    def write() -> None:
        while not over.is_set():
            outcomes.extend(bench.stage.generator.send(Run(port, requests, writers, LOAD_SECONDS)))

    with ThreadPoolExecutor(1) as beside:
        load = beside.submit(write)
        try:
            yield
        finally:
            over.set()
            load.result()
    bench.stage.settle()


CASES: dict[str, Callable[[Bench], Iterator[Result]]] = {"fresh": fresh}
