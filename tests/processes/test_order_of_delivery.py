"""Order of delivery is order of commit: nothing skipped, nothing twice, whoever writes and dies."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic_core import from_json

from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SqliteStore
from adapters.views.sql import SqlView
from domain.ids import Kind, key
from tests.processes.appending import ACCOUNT, changed, opened
from tests.processes.following import DELIVERED, TAPE, views_of
from tests.processes.program import BOUND, ROOT, eventually

pytestmark = pytest.mark.slow

WRITERS = 8
FACTS = 100_000
LIVES = 4
"""How often the follower is killed, and started again."""
VISIBLE = 1.0
"""Seconds within which another process's commit is followed, whoever fails to tell of it."""


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store."""
    if request.param == "postgres":
        return str(request.getfixturevalue("database"))
    (tmp_path / "data").mkdir()
    return str(tmp_path / "data")


@pytest.fixture
def store(where: str) -> Iterator[PostgresStore | SqliteStore]:
    with closing(opened(where)) as made:
        yield made


@pytest.fixture
def view(where: str, store: PostgresStore | SqliteStore) -> Iterator[SqlView]:
    with closing(views_of(store, where)) as views:
        yield views.served(DELIVERED)


def process(module: str, *arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"tests.processes.{module}", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


@contextmanager
def following(where: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A follower; whoever kills it puts the next one in its place."""
    lives = [process("following", where)]
    try:
        yield lives
    finally:
        for life in lives:
            with life:
                life.kill()


@contextmanager
def cutting(where: str) -> Iterator[list[int]]:
    """Somebody who ends a backend in the middle of what it does, again and again."""
    finished = threading.Event()
    cut: list[int] = []

    def cut_one() -> None:
        with psycopg.connect(where, autocommit=True) as connection:
            while not finished.wait(0.5):
                cut.extend(
                    pid
                    for (pid,) in connection.execute(
                        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                        " AND state = 'active' AND query LIKE 'SELECT append_facts%'"
                        " AND pg_terminate_backend(pid) LIMIT 1"
                    )
                )

    cutter = threading.Thread(target=cut_one)
    cutter.start()
    try:
        yield cut
    finally:
        finished.set()
        cutter.join()


def test_of_100000_facts_of_eight_processes_none_is_missing_or_double_or_late(
    where: str, store: PostgresStore | SqliteStore, view: SqlView
) -> None:
    cut = [0]
    with ExitStack() as working:
        if where.startswith("postgres"):
            cut = working.enter_context(cutting(where))
        lives = working.enter_context(following(where))
        outside = working.enter_context(ThreadPoolExecutor(WRITERS + 1))
        writers = [process("appending", where, n, FACTS // WRITERS) for n in range(WRITERS)]
        said = [outside.submit(writer.communicate) for writer in writers]

        for life in range(1, LIVES):
            at = life * FACTS // (LIVES + 1)
            eventually(lambda at=at: view.position() > at)  # type: ignore[misc]
            lives[-1].kill()
            dying = process("appending", where, WRITERS + life, 0)
            lives.append(process("following", where))
            assert dying.wait(BOUND) == -signal.SIGKILL
            dying.communicate()
        told = [json.loads(output.result()[0]) for output in said]
        eventually(lambda: view.position() == store.position())

    kept = everything(store)
    recorded = [fact for one in told for batch in one["batches"] for fact in batch["facts"]]
    assert len(recorded) == len(kept) == FACTS
    assert sorted((p, n, v) for n, v, p in recorded) == kept
    assert from_json(body(view, TAPE)) == {"count": FACTS, "last": kept[-1][0], "late": []}
    assert delivered(view, {number for _, number, _ in kept}) == by_number(kept)
    assert_in_order_of_commits([batch for one in told for batch in one["batches"]])
    assert all(one["taken_back"] for one in told)
    assert cut
    assert view.parked() == {}


def everything(store: PostgresStore | SqliteStore) -> list[tuple[int, int, int]]:
    """Position, number and version of every fact, as a single reader finds them at the end."""
    found: list[tuple[int, int, int]] = []
    while page := store.read(found[-1][0] if found else 0, 5_000):
        for recorded in page:
            number = int(recorded.fact.changed["name"].partition(".")[0])  # type: ignore[attr-defined]
            found.append((recorded.position, number, recorded.fact.originator_version))
    return found


def by_number(kept: list[tuple[int, int, int]]) -> dict[int, list[list[int]]]:
    found: dict[int, list[list[int]]] = {}
    for position, number, version in kept:
        found.setdefault(number, []).append([version, position])
    for of_one in found.values():
        assert [version for version, _ in of_one] == list(range(1, len(of_one) + 1))
    return found


def body(view: SqlView, at: bytes) -> bytes:
    document = view.document(at)
    assert document
    return document[0]


def delivered(view: SqlView, numbers: set[int]) -> dict[int, list[list[int]]]:
    """What the follower was given of each, in the order it came."""
    keys = {key(ACCOUNT, Kind.LOCATION, number): number for number in numbers}
    return {keys[at]: from_json(of)["came"] for at, of in view.bodies([*keys]).items()}


def assert_in_order_of_commits(batches: list[dict[str, Any]]) -> None:
    """What was answered before another began stands before it."""
    moments = [(batch["began"], 1, batch["facts"]) for batch in batches]
    moments += [(batch["ended"], 0, batch["facts"]) for batch in batches]
    answered = 0
    for _, begins, facts in sorted(moments, key=lambda moment: moment[:2]):
        positions = [position for *_, position in facts]
        assert positions == sorted(positions)
        if begins:
            assert positions[0] > answered
        else:
            answered = max(answered, positions[-1])


def seen_within(view: SqlView, position: int) -> float:
    began = time.monotonic()
    eventually(lambda: view.position() >= position)
    return time.monotonic() - began


def test_what_another_process_commits_is_followed_within_a_second_without_a_signal(
    where: str, store: PostgresStore | SqliteStore, view: SqlView
) -> None:
    with following(where):
        seen_within(view, store.append([changed(1, 1)])[-1])
        took = []
        for version in range(2, 12):
            time.sleep(0.4 * (version % 4))  # busy or silent, which must not matter
            took.append(seen_within(view, store.append([changed(1, version)])[-1]))

    assert max(took) < VISIBLE, took


def test_a_long_open_transaction_delays_nothing(database: str) -> None:
    """Of another table, of an old snapshot, and of somebody who once looked into the view."""
    with ExitStack() as opened_here:
        store = opened_here.enter_context(closing(opened(database)))
        views = opened_here.enter_context(closing(views_of(store, database)))
        view = views.served(DELIVERED)
        opened_here.enter_context(following(database))
        seen_within(view, store.append([changed(1, 1)])[-1])
        for isolation, statement in (
            ("READ COMMITTED", "CREATE TABLE others AS SELECT 1 AS one"),
            ("REPEATABLE READ", "SELECT count(*) FROM stored_events"),
            ("SERIALIZABLE", f"TABLE {views.live(DELIVERED).documents}"),
        ):
            idle = opened_here.enter_context(closing(psycopg.connect(database)))
            idle.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
            idle.execute(statement.encode())

        took = [seen_within(view, store.append([changed(1, v)])[-1]) for v in range(2, 30)]

    assert max(took) < VISIBLE, took
