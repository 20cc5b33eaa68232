"""What only the store on SQLite can promise or suffer."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.stores import sqlite
from adapters.stores.sqlite import SqliteStore
from application.ports import CommandResult, IdempotentResult, StoreUnavailable
from domain.ids import Kind
from tests.contracts.facts import changed, history, snapshot
from tests.spec import ACCOUNT


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path / "facts.sqlite")) as store:
        yield store


def test_a_commit_is_on_the_disk_before_it_is_answered(opened: SqliteStore) -> None:
    with opened._recorder.writing() as c:
        journal = c.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = c.execute("PRAGMA synchronous").fetchone()[0]

    assert (journal, synchronous) == ("wal", 2)


def test_a_connection_that_was_made_less_durable_is_not_left_so(opened: SqliteStore) -> None:
    with opened._recorder.datastore.get_connection(commit=True) as held, held.cursor() as c:
        c.execute("PRAGMA synchronous = OFF")

    with opened._recorder.writing() as c:
        assert c.execute("PRAGMA synchronous").fetchone()[0] == 2


def limit_pages(store: SqliteStore, more: int) -> None:
    """A disk with that many pages left, as far as the writer can tell."""
    with store._recorder.datastore.get_connection(commit=True) as held, held.cursor() as c:
        pages = c.execute("PRAGMA page_count").fetchone()[0]
        c.execute(f"PRAGMA max_page_count = {pages + more}")


def test_a_full_disk_records_nothing_and_passes(opened: SqliteStore) -> None:
    opened.append([changed(1, 1)])
    limit_pages(opened, 2)
    large = [changed(1, v, info="x" * 10_000) for v in range(2, 5)]
    answer = IdempotentResult(ACCOUNT, "key", "asked", "2026", CommandResult(200, {}, b""), 3)

    with pytest.raises(StoreUnavailable, match="full"):
        opened.append(large, [snapshot(1, 2)], [answer])

    assert [r.fact for r in opened.read(0, 10)] == [changed(1, 1)]
    assert opened.snapshot(changed(1, 1).originator_id) is None
    assert opened.kept_answer(ACCOUNT, "key") is None
    limit_pages(opened, 1_000)
    opened.append(large, [snapshot(1, 2)], [answer])
    assert [r.fact for r in opened.read(0, 10)] == [changed(1, 1), *large]


def test_numbers_are_not_given_out_by_a_full_disk(opened: SqliteStore) -> None:
    opened.take_numbers(ACCOUNT, Kind.EVENT, 10)
    limit_pages(opened, 0)
    taken = 0

    with pytest.raises(StoreUnavailable, match="full"):  # noqa: PT012 - the page at hand fills up
        while taken < 10_000:
            taken += 1
            opened.take_numbers(ACCOUNT + taken, Kind.EVENT, 10)

    limit_pages(opened, 1_000)
    assert opened.take_numbers(ACCOUNT + taken, Kind.EVENT, 10) == 1
    assert opened.take_numbers(ACCOUNT, Kind.EVENT, 10) == 11


def test_positions_are_not_given_out_again_after_a_batch_that_failed(opened: SqliteStore) -> None:
    first = opened.append(history(1, 3))
    limit_pages(opened, 1)
    with pytest.raises(StoreUnavailable):
        opened.append([changed(2, 1, info="x" * 100_000)])
    limit_pages(opened, 1_000)

    second = opened.append([changed(1, 4)])

    assert [r.position for r in opened.read(0, 10)] == [*first, *second]
    assert second[0] > first[-1]


def test_a_file_that_is_no_database_is_said_to_be_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "facts.sqlite"
    path.write_bytes(b"not a database, but long enough to be read as the head of one" * 20)

    with pytest.raises(StoreUnavailable, match="not a database"):
        SqliteStore(path)


def test_a_folder_that_is_not_there_is_said_to_be_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        SqliteStore(tmp_path / "nowhere" / "facts.sqlite")


def test_old_answers_are_forgotten_in_transactions_of_a_few(
    opened: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer waits for one of them, not for all."""
    monkeypatch.setattr(sqlite, "FORGOTTEN_AT_ONCE", 2)
    answer = CommandResult(200, {}, b"")
    times = ["2026-01-01"] * 5 + ["2026-01-03"]
    kept = [
        IdempotentResult(ACCOUNT, f"{n}", "asked", time, answer, 0) for n, time in enumerate(times)
    ]
    opened.append([], answers=kept)
    writing, left = opened._recorder.writing, []

    @contextmanager
    def counting() -> Iterator[sqlite3.Cursor]:
        with writing() as c:
            yield c
        left.append(sum(opened.kept_answer(ACCOUNT, f"{n}") is not None for n in range(6)))

    monkeypatch.setattr(opened._recorder, "writing", counting)
    opened.forget_answers("2026-01-02")

    assert left == [4, 2, 1]
