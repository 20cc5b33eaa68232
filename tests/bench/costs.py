"""What a command and a fact cost, in processor time and bytes: the tables of the page on scaling.

python -m tests.bench.costs [--store sqlite|postgres|both] [--quick]
"""

import argparse
import os
import platform
import resource
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from adapters.bootstrap import PROJECTIONS
from tests.bench import __main__ as bench
from tests.bench.filling import CATALOGUE, HOT, TOKENS, Sizes, event_body, lots
from tests.bench.load import Run, request
from tests.bench.measuring import Bench, Effort
from tests.bench.onsale import PRICE, TOKEN, put_on_sale
from tests.bench.servers import Stage, empty_store
from tests.bench.watching import family, watched

CONNECTIONS = 32
COMMANDS = 5_000
IDLE_SECONDS = 2.0
TICK = os.sysconf("SC_CLK_TCK")
STORE_TABLES = ("stored_events", "stored_snapshots", "kept_answers", "numbers")


class Reading(NamedTuple):
    """What was used up to a moment: processor seconds, bytes, facts."""

    moment: float
    server: float
    worker: float
    database: float
    store: int
    views: int
    facts: int


class Meter:
    """Reads what the program and its database have used."""

    def __init__(self, store: str, stage: Stage) -> None:
        self.store, self.stage = store, stage
        self.idle = 0.0
        """Processor seconds a second that the worker takes while there is nothing to do."""
        first = self.read()
        time.sleep(IDLE_SECONDS)
        last = self.read()
        self.idle = (last.worker - first.worker) / (last.moment - first.moment)

    def read(self) -> Reading:
        leader = self.stage.program.process.pid
        others = [pid for pid in family(leader) if pid != leader]
        database, store, views, facts = used(self.store)
        worker = sum(map(processor, others))
        return Reading(time.monotonic(), processor(leader), worker, database, store, views, facts)

    def cost(self, kind: str, requests: Sequence[str]) -> list[str]:
        """The row of a kind of command: each request is sent once."""
        before = self.read()
        run = Run(self.stage.program.port, requests, CONNECTIONS, 600.0, len(requests))
        (outcome,) = self.stage.together(run)
        if outcome.errors:
            raise RuntimeError(outcome.example)
        after = self.read()
        many = len(requests)
        worker = after.worker - before.worker - self.idle * (after.moment - before.moment)
        return [
            kind,
            f"{(after.facts - before.facts) / many:.1f}",
            micro(after.server - before.server, many),
            micro(worker, many),
            micro(after.database - before.database, many) if is_postgres(self.store) else "",
            f"{(after.store - before.store) / many:,.0f}",
        ]


def is_postgres(store: str) -> bool:
    return store.startswith("postgres")


def micro(seconds: float, many: int) -> str:
    return f"{seconds / many * 1e6:,.0f}"


def processor(pid: int) -> float:
    """The processor seconds that a process has used."""
    said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / TICK


def used(store: str) -> tuple[float, int, int, int]:
    """Processor seconds of a database, bytes of facts, bytes of views, facts."""
    return of_postgres(store) if is_postgres(store) else of_sqlite(store)


def of_sqlite(store: str) -> tuple[float, int, int, int]:
    folder = Path(store)
    size, facts = pages(folder / "facts.sqlite", "SELECT max(rowid) FROM stored_events")
    return 0.0, size, sum(live_sizes(folder / "views").values()), facts


def live_sizes(views: Path) -> dict[str, int]:
    """The bytes of every view that is served."""
    places = {p.name: views / p.name for p in PROJECTIONS}
    return {n: pages(at / (at / "LIVE").read_text())[0] for n, at in places.items()}


def pages(file: Path, query: str = "SELECT 0") -> tuple[int, int]:
    with closing(sqlite3.connect(file)) as c:
        count, size = (c.execute(f"PRAGMA page_{n}").fetchone()[0] for n in ("count", "size"))
        return count * size, c.execute(query).fetchone()[0] or 0


def of_postgres(url: str) -> tuple[float, int, int, int]:
    with psycopg.connect(url) as c:
        own = Path(f"/proc/{c.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
        facts = one(c, "SELECT coalesce(max(notification_id), 0) FROM stored_events")
        store = sum(one(c, f"SELECT pg_total_relation_size('{t}')") for t in STORE_TABLES)
        views = sum(postgres_views(c).values())
    return whole(int(own[1])), store, views, facts


def one(c: psycopg.Connection[Any], query: str) -> int:
    row = c.execute(query).fetchone()  # type: ignore[call-overload]
    return int(row[0])


def postgres_views(c: psycopg.Connection[Any]) -> dict[str, int]:
    """The bytes of every view that is served."""
    live = c.execute("SELECT name, generation FROM views").fetchall()
    sizes = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class WHERE relkind = 'r'"
    return {n: one(c, f"{sizes} AND relname LIKE 'view\\_{n}\\_{of}\\_%'") for n, of in live}


def whole(server: int) -> float:
    """The processor seconds of a database: its own, those of its processes, of ended ones, too."""
    said = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()
    used = sum(map(int, said[11:15])) / TICK
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            of = place.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(of[1]) == server:
            used += (int(of[11]) + int(of[12])) / TICK
    return used


# -- commands


def commands(measured: Bench, meter: Meter, many: int) -> Iterator[list[str]]:
    """Each kind once for itself."""
    places, rng = measured.filled.hot_locations, measured.rng
    bodies = (event_body(rng, places[n % len(places)], n) | lots(rng) for n in range(many))
    yield meter.cost(
        "create an Event", [request("POST", "/v1/events", TOKENS[HOT], b) for b in bodies]
    )
    chosen = measured.filled.events[:500]
    edits = [
        (f"/v1/events/{n}", {"subtitle": f"Cost {i}"})
        for i, n in enumerate(islice(cycle(chosen), many))
    ]
    yield meter.cost(
        "edit an Event", [request("PATCH", path, TOKENS[CATALOGUE], b) for path, b in edits]
    )
    sold = put_on_sale(measured, many, 20)
    yield meter.cost("take a ticket", [lot.take for lot in islice(cycle(sold), many)])
    orders = list(newest_orders(measured, many))
    confirms = [request("POST", f"/v1/orders/{n}/confirm", TOKEN) for n in orders]
    yield meter.cost("confirm an order", confirms)
    paid = {"amount": PRICE}
    payments = [request("POST", f"/v1/orders/{n}/payments", TOKEN, paid) for n in orders]
    yield meter.cost("pay an order", payments)


def newest_orders(measured: Bench, many: int) -> Iterator[int]:
    path = first = "/v1/orders?status=21001&limit=1000"
    while path:
        page = measured.stage.program.get(path, TOKEN)
        yield from (order["id"] for order in page["data"])
        path = f"{first}&after={page['next']}" if page["next"] else ""


COMMAND_HEADS = (
    "command",
    "facts",
    "server us",
    "worker us",
    "database us",
    "bytes stored",
)


# -- facts


def facts(store: str, filled: tuple[int, float, float]) -> Iterator[list[str]]:
    """What is written of a fact, and what each view takes of it when it is rebuilt."""
    many, own, database = filled
    size = used(store)[1]
    yield [
        "recorded, by commands",
        micro(own, many),
        shown(store, database, many),
        f"{size / many:.0f}",
    ]
    start = rebuilt(store, EMPTY)
    for name in (p.name for p in PROJECTIONS):
        own, database = (
            spent - at_start for spent, at_start in zip(rebuilt(store, name), start, strict=True)
        )
        size = view_sizes(store)[name]
        yield [
            f"in the view {name}",
            micro(own, many),
            shown(store, database, many),
            f"{size / many:.0f}",
        ]


def rebuilt(store: str, name: str) -> tuple[float, float]:
    """The processor seconds of rebuilding a view, and those of the database meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN), used(store)[0]
    watched(store, "rebuild", name, "--workers", "1", "--rate", "0")
    after = resource.getrusage(resource.RUSAGE_CHILDREN), used(store)[0]
    own = sum(getattr(after[0], n) - getattr(before[0], n) for n in ("ru_utime", "ru_stime"))
    return own, after[1] - before[1]


EMPTY = "webhooks"
"""A view without facts: what it takes to rebuild is what it takes to start, and is left out."""
FACT_HEADS = ("a fact", "processor us", "database us", "bytes")


def shown(store: str, seconds: float, many: int) -> str:
    return micro(seconds, many) if is_postgres(store) else ""


def view_sizes(store: str) -> dict[str, int]:
    if is_postgres(store):
        with psycopg.connect(store) as c:
            return postgres_views(c)
    return live_sizes(Path(store) / "views")


# -- the tables


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.costs", description=__doc__)
    parser.add_argument("--store", choices=[*bench.STORES, "both"], default="both")
    parser.add_argument("--quick", action="store_true", help="tiny: shows that it works")
    asked = parser.parse_args()
    sizes = bench.QUICK if asked.quick else Sizes()
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}")
    for kind in bench.STORES if asked.store == "both" else (asked.store,):
        with empty_store(kind) as store:
            begun = time.process_time()
            filled = bench.filling(store, sizes)
            own = time.process_time() - begun
            # what a fresh server has used so far, it has used for this
            of_facts = facts(store, (filled.facts, own, used(store)[0]))
            print(markdown(kind, FACT_HEADS, list(of_facts)), flush=True)
            path = f"/v1/events/{filled.events[0]}"
            with closing(Stage(store, path, TOKENS[CATALOGUE])) as stage:
                measured = Bench(kind, store, stage, filled, Effort())
                many = 100 if asked.quick else COMMANDS
                rows = list(commands(measured, Meter(store, stage), many))
            print(markdown(kind, COMMAND_HEADS, rows), flush=True)


def markdown(kind: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [[f"{heads[0]}, {kind}", *heads[1:]], ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    main()
