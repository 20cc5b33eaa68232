"""`make bench`: the program against a bare route, in the same run, on both stores.

Ratios count: floor and case take turns, and only one of the two servers runs at a time. A missed
target is information, not a failure; an answer that is not 2xx fails the bench.
"""

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from statistics import median

import psycopg

from adapters.bootstrap import PROJECTIONS, Stagebook, bootstrap
from adapters.settings import Settings
from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SqliteStore
from tests.bench import cases, dialects, fairness, freshness, rebuilding, selling, sizes
from tests.bench.filling import CATALOGUE, TOKENS, Filled, Sizes, fill
from tests.bench.measuring import Bench, Effort
from tests.bench.season import sell_a_season
from tests.bench.servers import Stage, empty_store
from tests.bench.stops import LONGEST, own
from tests.bench.stops import table as told
from tests.bench.table import Result, table

STORES = ("sqlite", "postgres")
QUICK = Sizes(events=60, facts=1_200, season=1_500, versions=250, young=5, locations=5)
QUICK_EFFORT = Effort(
    rounds=1,
    seconds=0.2,
    connections=4,
    answers=20,
    pairs=10,
    crowd=8,
    probes=3,
    tickets=2_000,
    spread=20,
    sold=(10, 200),
    fresh=60,
    sale=(100, 120),
    dear=20,
    fair=(0.5, 1.0),
)
QUICK_WHOLE = sizes.Whole(orders=1_000, facts=400, repeats=3)
SIZES = "sizes"
"""The case with a store of its own."""
CASES = (
    cases.CASES
    | dialects.CASES
    | selling.CASES
    | freshness.CASES
    | fairness.CASES
    | rebuilding.CASES
)


def main(arguments: Sequence[str] | None = None) -> int:
    names = [*CASES, *rebuilding.STORED, SIZES]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--store", choices=[*STORES, "both"], default="both")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="tiny: shows that it works")
    whole = sizes.Whole()
    parser.add_argument("--orders", type=int, default=whole.orders, help="of the case sizes")
    parser.add_argument("--facts", type=int, default=whole.facts, help="of its long Event")
    asked = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}")
    missed: list[str] = []
    errors: list[str] = []
    for kind in STORES if asked.store == "both" else (asked.store,):
        results = measure(kind, asked)
        print(f"\n{table(kind, results)}\n", flush=True)
        missed += [f"{kind} {r.case} ({r.measured}, {r.ratio})" for r in results if r.met is False]
        errors += [f"{kind} {r.case}: {r.errors}, e.g. {r.example}" for r in results if r.errors]
    print("missed:", "; ".join(missed) or "nothing")
    print("errors:", "; ".join(errors) or "none")
    return 1 if errors else 0


def measure(kind: str, asked: argparse.Namespace) -> list[Result]:
    grown = []
    if SIZES in asked.only:
        whole = sizes.Whole(asked.orders, asked.facts)
        grown = sizes.measure(kind, QUICK_WHOLE if asked.quick else whole)
        if asked.only == [SIZES]:
            return grown
    return [*of_a_book(kind, asked), *grown]


def of_a_book(kind: str, asked: argparse.Namespace) -> list[Result]:
    """The cases that share one store."""
    effort = QUICK_EFFORT if asked.quick else Effort()
    with empty_store(kind) as store:
        filled = filling(store, QUICK if asked.quick else Sizes())
        rebuilt = list(stored(store, [n for n in rebuilding.STORED if n in asked.only]))
        chosen = [name for name in CASES if name in asked.only]
        served = serving(kind, store, filled, effort, chosen) if chosen else []
    if kind != "sqlite":  # most of what is expected is said of the default store
        served = [
            r if r.everywhere or r.errors else replace(r, target="", met=None) for r in served
        ]
    return [*served, *rebuilt]


def stored(store: str, chosen: Sequence[str]) -> Iterator[Result]:
    for name in chosen:
        for result in rebuilding.STORED[name](store):
            print(f"  {result.case}: {result.measured} {result.ratio}", flush=True)
            yield result
    with closing(bootstrap(Settings(store=store))) as book:
        for projection in PROJECTIONS:  # a generation before would be kept up beside what is served
            book.views.prune(projection)


def filling(store: str, sizes: Sizes) -> Filled:
    """Fills the store, without a live worker: the views follow in one rebuild."""
    begun = time.monotonic()
    book = bootstrap(Settings(store=store))
    try:
        print(durability(book), flush=True)
        book.start_writer()
        filled = fill(book, sizes)
        sell_a_season(book, filled)
        filled.mix = mix(book)
    finally:
        book.close()
    seconds = time.monotonic() - begun
    print(f"{filled.facts:,} facts by commands in {seconds:.0f} s", flush=True)
    print(f"  {filled.mix}; {filled.refused:,} commands were refused: sold out", flush=True)
    return filled


def mix(book: Stagebook) -> str:
    """The facts by type, in per cent."""
    assert isinstance(book.store, SqliteStore | PostgresStore)
    rows = book.store._rows("SELECT topic, count(*) FROM stored_events GROUP BY topic")
    counts = sorted(((int(count), topic) for topic, count in rows), reverse=True)
    total = sum(count for count, _ in counts)
    return ", ".join(f"{topic} {100 * count / total:.1f}" for count, topic in counts)


def durability(book: Stagebook) -> str:
    """What a commit is worth here, read from the connections that are used."""
    if isinstance(book.store, SqliteStore):
        with book.store._recorder.writing() as c:
            level = c.execute("PRAGMA synchronous").fetchone()[0]
        says = f"SQLite {sqlite3.sqlite_version}, synchronous {level} (2 is FULL)"
        return f"{says}, an fsync takes {fsync(book.settings.folder):.2f} ms"
    with psycopg.connect(book.settings.store) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes")
        }
    return "PostgreSQL " + ", ".join(f"{n} {v}" for n, v in shown.items())


def fsync(folder: Path) -> float:
    """The median of what this disk takes to write a page for good, in milliseconds."""
    taken = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(50):
            file.write(b"\0" * 4_096)
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - begun)
    return median(taken) * 1_000


def serving(
    kind: str, store: str, filled: Filled, effort: Effort, chosen: Sequence[str]
) -> list[Result]:
    middle = filled.events[len(filled.events) // 2]
    results = []
    with closing(Stage(store, f"/v1/events/{middle}", TOKENS[CATALOGUE])) as stage:
        print(f"the views stood after {stage.caught_up:.1f} s", flush=True)
        bench = Bench(kind, store, stage, filled, effort)
        for name in chosen:
            stage.serve()
            for result in CASES[name](bench):
                results.append(result)
                print(f"  {result.case}: {result.measured} {result.ratio}", flush=True)
        print(f"the views were at most {stage.lag:.1f} s behind after a round", flush=True)
        stage.stop()
        results.append(standing(stage.stops))
    return results


def standing(stops: Counter[tuple[str, str]]) -> Result:
    """The stops that the program caused itself are errors; of the others it is told."""
    case = f"stops over {LONGEST} s"
    return Result(case, f"{own(stops)}", target="0", errors=own(stops), example=told(stops))


if __name__ == "__main__":
    sys.exit(main())
