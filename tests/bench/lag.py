"""What the way from a commit to a reader of the view is made of, stage by stage, in microseconds.

python -m tests.bench.lag [CHANGES]    on both stores, on a machine that has nothing else to do

A worker process keeps the views, as beside a server; this one commits, tells, and then waits for
the view as a read does. Both note when what happens, by the clock that all processes share.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from statistics import median
from typing import IO, Any

from adapters.bootstrap import EVENTS, Stagebook, bootstrap
from adapters.http.freshness import LOOK_SECONDS
from adapters.settings import Settings
from application.events import change_event
from domain.event_fields import EventBody
from domain.ids import account_number
from projections.runner import Runner
from projections.worker import LiveWorker
from tests.bench.__main__ import QUICK, STORES, filling
from tests.bench.filling import HOT
from tests.bench.servers import empty_store

STAGES = ("decided", "committed", "told", "heard", "woken", "folded", "stored", "seen")
CHANGES = 200
PAUSE = 0.3
"""Seconds between two changes: the worker has nothing to do by then."""


def note(what: str) -> None:
    """One write: there are several threads."""
    os.write(1, f"at {what} {time.perf_counter()}\n".encode())


def noted(of: Any, name: str, *, before: str = "", after: str = "", only: Any = None) -> None:
    """Tells on standard output when a method is called, or has returned."""
    call: Callable[..., Any] = getattr(of, name)

    def noting(self: Any, *arguments: Any, **named: Any) -> Any:
        tells = only is None or only(self)
        if tells and before:  # at once: it may wake another thread
            note(before)
        result = call(self, *arguments, **named)
        if tells and after:
            note(after)
        return result

    setattr(of, name, noting)


def work(store: str) -> None:
    """The worker's process: it tells what it does with the view of the Events."""
    with closing(bootstrap(Settings(store=store))) as book:
        view = type(book.views.live(EVENTS))
        for signal in ("wake", "hurry"):  # of the commit, and of the reader right behind it
            noted(LiveWorker, signal, before="heard")
        noted(Runner, "step", before="woken", only=lambda runner: runner.projection is EVENTS)
        noted(
            view, "commit", before="folded", after="stored", only=lambda v: v.projection is EVENTS
        )
        book.start_worker()
        print("ready 0", flush=True)
        sys.stdin.read()


@contextmanager
def worker(store: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.bench.lag", "work", store]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.communicate()


def measure(store: str, changes: int) -> dict[str, float]:
    filled = filling(store, QUICK)
    with closing(bootstrap(Settings(store=store))) as book, worker(store) as process:
        assert process.stdout
        while not process.stdout.readline().startswith("ready"):
            pass
        book.start_writer()
        assert book.catch_up(60)
        ways = [way(book, filled.hot, serial, process.stdout) for serial in range(changes)]
    ways = ways[len(ways) // 10 :]  # the first ones open connections
    ways = [way for way in ways if way.keys() == {*STAGES}]  # else it was just looked anyway
    pairs = pairwise(STAGES)
    return {to: median((way[to] - way[since]) * 1e6 for way in ways) for since, to in pairs} | {
        "in all": median((way["seen"] - way["committed"]) * 1e6 for way in ways)
    }


def way(book: Stagebook, event: int, serial: int, told: IO[str]) -> dict[str, float]:
    """When what happened with one change."""
    time.sleep(PAUSE)
    at: dict[str, float] = {}
    append, committed = book.store.append, book.signals.committed

    def appending(*arguments: Any, **named: Any) -> Any:
        at["decided"] = time.perf_counter()
        positions = append(*arguments, **named)
        at["committed"] = time.perf_counter()
        return positions

    def telling() -> None:
        committed()
        at["told"] = time.perf_counter()

    book.store.append, book.signals.committed = appending, telling  # type: ignore[method-assign]
    change = EventBody(subtitle=f"Change {serial}")
    book.execute(
        lambda work: change_event(work, event, change), account=account_number(HOT), actor="bench"
    )
    book.store.append, book.signals.committed = append, committed  # type: ignore[method-assign]
    head = book.store.position()
    while book.view(EVENTS).position() < head:
        book.hurry(EVENTS.name)
        time.sleep(LOOK_SECONDS)
    at["seen"] = time.perf_counter()
    while "stored" not in at:
        mark, *noted = told.readline().split()
        if mark == "at" and float(noted[1]) >= at["committed"]:
            at.setdefault(noted[0], float(noted[1]))
    return at


def main() -> None:
    changes = int(sys.argv[1]) if len(sys.argv) > 1 else CHANGES
    for kind in STORES:
        with empty_store(kind) as store:
            for stage, microseconds in measure(store, changes).items():
                print(f"{kind:9} {stage:10} {microseconds:8.0f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        work(os.fspath(sys.argv[2]))
    else:
        main()
