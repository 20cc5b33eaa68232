"""A commit is on the standby before anybody is told of it; nobody waits for a lost one for ever.

The servers of the tests wait for a standby that never comes, until it is let go of.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg
import pytest

from adapters.bootstrap import LOCATIONS, bootstrap
from adapters.settings import Settings
from adapters.stores.postgres import PostgresStore
from application.ports import (
    CommandResult,
    IdempotentResult,
    OutcomeUnknown,
    StoreUnavailable,
    VersionTaken,
)
from projections.rebuilding import rebuild
from tests.contracts.facts import changed
from tests.processes.program import BOUND, eventually

ANSWER = CommandResult(200, {}, b"told")
KEPT = IdempotentResult(7, "k-1", "request", "2026-11-21T20:00:00.000000Z", ANSWER, 1)


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(database, connections=2, patience=0.5)) as made:
        yield made


class Standby:
    """One that is waited for and does not answer."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.connection = psycopg.connect(database, autocommit=True)

    def wait_for(self, name: str) -> None:
        self.connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'".encode())
        self.connection.execute("SELECT pg_reload_conf()")
        shown = "SHOW synchronous_standby_names"
        eventually(lambda: self.connection.execute(shown).fetchone() == (name,))
        if name:
            eventually(self.stops_a_commit)

    def stops_a_commit(self) -> bool:
        """Sessions may have read a setting that the server does not go by yet."""
        with closing(psycopg.connect(self.database, autocommit=True)) as probe:
            pid = probe.info.backend_pid
            probe.pgconn.send_query(b"SELECT pg_logical_emit_message(true, 'tests', 'probe')")
            eventually(lambda: pid in self.waiting() or self.is_done(pid))
            stopped = pid in self.waiting()
            self.connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        return stopped

    def is_done(self, pid: int) -> bool:
        has_asked = "SELECT state = 'idle' AND query <> '' FROM pg_stat_activity WHERE pid = %s"
        return self.connection.execute(has_asked, (pid,)).fetchone() == (True,)

    def waiting(self) -> list[int]:
        """The backends that wait for it."""
        rows = self.connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            " AND backend_type = 'client backend' AND datname = current_database()"
        ).fetchall()
        return [pid for (pid,) in rows]


@contextmanager
def lost(database: str) -> Iterator[Standby]:
    standby = Standby(database)
    with closing(standby.connection):
        standby.wait_for("nobody")
        try:
            yield standby
        finally:
            standby.wait_for("")


def test_a_commit_is_given_up_unheard_and_comes_true_when_the_standby_is_back(
    store: PostgresStore, database: str
) -> None:
    with lost(database):
        with pytest.raises(OutcomeUnknown):
            store.append([changed(1, 1)])
        assert store.read(0, 10) == []

    eventually(lambda: [r.fact for r in store.read(0, 10)] == [changed(1, 1)])


def test_whoever_comes_after_it_is_refused_and_recorded_nothing(
    store: PostgresStore, database: str
) -> None:
    with lost(database):
        with pytest.raises(OutcomeUnknown):
            store.append([changed(1, 1)])

        with pytest.raises(StoreUnavailable) as told:
            store.append([changed(2, 1)])
        with pytest.raises(StoreUnavailable), store.append_lock():
            pytest.fail("it had a turn")

    assert not isinstance(told.value, OutcomeUnknown)
    eventually(lambda: store.position() > 0)
    assert [r.fact for r in store.read(0, 10)] == [changed(1, 1)]


@pytest.mark.parametrize("cut", ["pg_cancel_backend", "pg_terminate_backend"])
@pytest.mark.parametrize("in_turn", [False, True])
def test_a_wait_that_is_cut_short_is_waited_for_again(
    database: str, cut: str, *, in_turn: bool
) -> None:
    """PostgreSQL shows what it committed then, though the standby may not have it."""
    with (
        closing(PostgresStore(database, connections=2, patience=BOUND)) as store,
        ThreadPoolExecutor(1) as beside,
    ):
        with lost(database) as standby:
            appended = beside.submit(append, store, in_turn=in_turn)
            eventually(lambda: len(standby.waiting()) == 1)
            (first,) = standby.waiting()
            standby.connection.execute(f"SELECT {cut}({first})".encode())
            eventually(lambda: store.position() > 0)
            eventually(lambda: bool(standby.waiting()))

            assert not appended.done()

        assert appended.result(BOUND) == [store.position()]


def append(store: PostgresStore, *, in_turn: bool) -> list[int]:
    if not in_turn:
        return list(store.append([changed(1, 1)], answers=[KEPT]))
    with store.append_lock():
        return list(store.append([changed(1, 1)], answers=[KEPT]))


def test_a_kept_answer_is_not_told_before_the_standby_has_it(
    store: PostgresStore, database: str
) -> None:
    with lost(database) as standby:
        with pytest.raises(OutcomeUnknown):
            store.append([changed(1, 1)], answers=[KEPT])
        assert store.kept_answer(7, "k-1") is None
        (waiting,) = standby.waiting()
        standby.connection.execute(f"SELECT pg_terminate_backend({waiting}, 5000)".encode())
        assert store.position() > 0

        with pytest.raises(StoreUnavailable):
            store.kept_answer(7, "k-1")

    assert store.kept_answer(7, "k-1") == (
        "request",
        CommandResult(200, {}, b"told", store.position()),
    )


def test_all_else_goes_on_while_the_standby_is_lost(store: PostgresStore, database: str) -> None:
    store.append([changed(1, 1)])

    with lost(database) as standby, closing(bootstrap(Settings(store=database))) as book:
        book.start()
        assert book.catch_up(BOUND)
        rebuild(LOCATIONS, book.store, book.views, lambda _done, _total: None)

        assert book.view(LOCATIONS).position() == 1
        assert standby.waiting() == []


def test_what_was_decided_in_another_era_is_not_recorded(store: PostgresStore) -> None:
    timeline = store.timeline()

    with pytest.raises(VersionTaken):
        store.append([changed(1, 1)], timeline=timeline + 1)

    assert store.append([changed(1, 1)], timeline=timeline) == [store.position()]
