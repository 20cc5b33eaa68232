"""The cases of rebuilding: the whole book, by the command line, on every store.

What they are measured against (`limit.py`) reads and parses the same rows in the same run.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

from adapters.bootstrap import EVENTS, bootstrap
from adapters.settings import Settings
from projections.rebuilding import roll_back
from tests.bench.filling import HOT, TOKENS
from tests.bench.load import Outcome, Run, request
from tests.bench.measuring import Bench, faults
from tests.bench.onsale import put_on_sale
from tests.bench.table import Result, milliseconds, per_second, percentile
from tests.bench.watching import started, watched

WORKERS = 2
MEGABYTES = 300
GOAL = 0.25
"""Of what the limit does."""


def rebuild(store: str) -> Iterator[Result]:
    """The Event documents, then all views."""
    limit = read_only(store)
    with closing(bootstrap(Settings(store=store))) as book:
        facts = book.store.position()
    for name, wanted in (("events", 60_000), ("--all", 30_000)):
        run = watched(store, "rebuild", name, "--workers", str(WORKERS), "--rate", "0")
        rate = facts / run.seconds
        yield Result(
            f"rebuild {name} of {facts:,} facts, --workers {WORKERS} (floor: reading)",
            per_second(rate),
            per_second(limit),
            f"{rate / limit:.2f}",
            target=f">= {per_second(wanted)}, {GOAL} of the floor",
            met=rate >= wanted and rate / limit >= GOAL,
            everywhere=True,
        )
        yield Result(
            f"rebuild {name}, MB of each process",
            run.memory,
            target=f"<= {MEGABYTES}",
            met=max(run.megabytes) <= MEGABYTES,
            everywhere=True,
        )


def read_only(store: str) -> float:
    """Facts a second that are read and parsed and nothing else."""
    command = [sys.executable, "-m", "tests.bench.limit", store]
    said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return float(said["facts"] / said["seconds"])


def rollback(store: str) -> Iterator[Result]:
    """To the generation before, and back again: Event documents, the view that was rebuilt twice.
    The others' generations before were empty, for no worker kept them up."""
    taken = []
    with closing(bootstrap(Settings(store=store))) as book:
        for _ in range(4):
            begun = time.perf_counter()
            roll_back(EVENTS, book.store, book.views)
            taken.append(time.perf_counter() - begun)
    yield timed("rollback of the Event documents", max(taken), 1.0)


def check(store: str) -> Iterator[Result]:
    yield timed("check --views", watched(store, "check", "--views").seconds, 60.0)


def timed(case: str, seconds: float, most: float) -> Result:
    target = f"<= {most:.0f} s"
    return Result(case, f"{seconds:.2f} s", target=target, met=seconds <= most, everywhere=True)


def beside(bench: Bench) -> Iterator[Result]:
    """Commands while all views are rebuilt at the usual rate, in turns with commands alone."""
    effort, stage = bench.effort, bench.stage
    requests = commands(bench)
    alone: list[Outcome] = []
    during: list[Outcome] = []
    connections = max(2, effort.connections // 4)

    def measured() -> Outcome:
        run = Run(stage.program.port, requests, connections, effort.seconds)
        return stage.together(run)[0]

    measured()
    for _ in range(effort.rounds):
        alone.append(measured())
        with rebuilding(bench.store):
            during.append(measured())
    quiet, busy = percentile(latencies(alone), 0.99), percentile(latencies(during), 0.99)
    errors, example = faults([*alone, *during])
    yield Result(
        f"commands beside a rebuild, {connections} at once (floor: alone)",
        f"p99 {milliseconds(busy)} ms",
        f"{milliseconds(quiet)} ms",
        f"{busy / quiet:.2f}",
        milliseconds(percentile(latencies(during), 0.50)),
        milliseconds(busy),
        "<= 2",
        busy <= 2 * quiet,
        errors,
        example,
        everywhere=True,
    )


def latencies(outcomes: Sequence[Outcome]) -> list[float]:
    return [ms for outcome in outcomes for ms in outcome.latencies]


def commands(bench: Bench) -> list[str]:
    """Tickets are taken, and an Event is edited now and then."""
    lots = put_on_sale(bench, 5_000, 20)
    path = f"/v1/events/{bench.filled.hot}"
    edits = (request("PATCH", path, TOKENS[HOT], {"subtitle": f"Part {n}"}) for n in range(200))
    return [text for edit in edits for text in (*(lot.take for lot in lots[:9]), edit)]


@contextmanager
def rebuilding(store: str) -> Iterator[None]:
    """All views are rebuilt, again and again; what is not done at the end goes on the next time."""
    over = threading.Event()
    failed: list[int] = []

    def again() -> None:
        while not over.is_set():
            process = started(store, "rebuild", "--all", output=subprocess.DEVNULL)
            while process.poll() is None:
                if over.wait(0.02):
                    process.terminate()
                    process.wait()
                    return
            if process.returncode:
                failed.append(process.returncode)
                return

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if failed:
        message = f"stagebook rebuild --all: exit code {failed[0]}"
        raise RuntimeError(message)


STORED: dict[str, Callable[[str], Iterator[Result]]] = {
    "rebuild": rebuild,
    "rollback": rollback,
    "check": check,
}
"""Cases of the store alone, while no program serves it."""
CASES = {"rebuild-beside": beside}
