"""What only the store on PostgreSQL can promise or suffer."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from adapters.bootstrap import bootstrap
from adapters.settings import Settings
from adapters.stores.postgres import PostgresStore
from application.ports import StoreUnavailable
from tests.contracts.facts import changed, history
from tests.processes.program import BOUND


@pytest.fixture
def opened(database: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(database, connections=2)) as store:
        yield store


def on(database: str, *statements: str) -> list[Any]:
    """Runs statements beside the store and returns the rows of the last one."""
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def cut_connections(database: str) -> None:
    on(
        database,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


# -- durability


def test_the_server_of_the_tests_writes_through(database: str) -> None:
    assert on(database, "SHOW fsync") == [("on",)]


WITNESS = """
CREATE TABLE seen (at_commit text);
CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO seen VALUES (current_setting('synchronous_commit'));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER witness AFTER INSERT ON stored_events
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION witness()
"""


@pytest.mark.parametrize(
    ("configured", "at_commit"), [("on", "on"), ("off", "on"), ("remote_apply", "remote_apply")]
)
def test_a_commit_of_facts_waits_for_the_disk_however_the_database_is_configured(
    database: str, configured: str, at_commit: str
) -> None:
    PostgresStore(database).close()
    on(database, WITNESS)
    on(database, f"ALTER DATABASE {name_of(database)} SET synchronous_commit = {configured}")

    with closing(PostgresStore(database)) as store:
        store.append([changed(1, 1)])

    assert on(database, "SELECT at_commit FROM seen") == [(at_commit,)]


def name_of(database: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(database)["dbname"])


def test_the_librarys_functions_which_take_no_lock_are_not_there(
    opened: PostgresStore, database: str
) -> None:
    query = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"

    assert on(database, query) == [("append_facts",)]


# -- a connection that is lost while a batch is committed


class Failing:
    """The recorder, losing its connection before or after it has recorded."""

    def __init__(self, store: PostgresStore, database: str, *, recorded: bool, cut: bool) -> None:
        self._insert = store._recorder.insert_events
        self._database, self._recorded, self._cut = database, recorded, cut

    def __call__(self, facts: Sequence[Any], **kwargs: Any) -> list[int]:
        if self._recorded:
            self._insert(facts, **kwargs)
        if self._cut:
            cut_connections(self._database)
        message = "the connection was lost"
        raise OperationalError(message)


@pytest.mark.parametrize("cut", [False, True])
def test_a_batch_that_was_recorded_before_its_connection_was_lost_is_found(
    opened: PostgresStore, database: str, monkeypatch: pytest.MonkeyPatch, *, cut: bool
) -> None:
    opened.append(history(1, 2))
    failing = Failing(opened, database, recorded=True, cut=cut)

    with monkeypatch.context() as lost:
        lost.setattr(opened._recorder, "insert_events", failing)
        positions = opened.append([changed(2, 1), changed(1, 3)])

    read = opened.read(0, 10)
    assert [r.fact for r in read] == [*history(1, 2), changed(2, 1), changed(1, 3)]
    assert [r.position for r in read][2:] == positions


def test_a_batch_that_was_not_recorded_before_its_connection_was_lost_is_unavailable(
    opened: PostgresStore, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(opened, database, recorded=False, cut=True)

    with monkeypatch.context() as lost:
        lost.setattr(opened._recorder, "insert_events", failing)
        with pytest.raises(StoreUnavailable, match="the connection was lost"):
            opened.append([changed(1, 1)])

    assert opened.read(0, 10) == []
    opened.append([changed(1, 1)])


def test_a_batch_of_another_process_is_not_taken_for_the_lost_one(
    opened: PostgresStore, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.append([changed(1, 1, by="another")])
    failing = Failing(opened, database, recorded=False, cut=False)

    with monkeypatch.context() as lost:
        lost.setattr(opened._recorder, "insert_events", failing)
        with pytest.raises(StoreUnavailable):
            opened.append([changed(1, 1, by="this one")])

    assert [r.fact for r in opened.read(0, 10)] == [changed(1, 1, by="another")]


# -- nothing but the words of the port


def test_a_pool_that_has_no_connection_left_is_unavailable(opened: PostgresStore) -> None:
    opened.datastore.pool.timeout = 0.05

    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(opened.datastore.get_connection())
        with pytest.raises(StoreUnavailable):
            opened.append([changed(1, 1)])
        with pytest.raises(StoreUnavailable):
            opened.read(0, 1)

    opened.append([changed(1, 1)])


def test_connections_that_were_cut_come_back(opened: PostgresStore, database: str) -> None:
    opened.append([changed(1, 1)])
    cut_connections(database)

    for _ in range(5):
        try:
            read = opened.read(0, 10)
        except StoreUnavailable:
            continue
        break

    assert [r.fact for r in read] == [changed(1, 1)]


@pytest.mark.parametrize("url", ["postgresql://%zz", "postgresql://localhost?nonsense=1"])
def test_a_url_that_is_none_is_said_to_be_unavailable(url: str) -> None:
    with pytest.raises(StoreUnavailable):
        PostgresStore(url)


def test_a_start_waits_for_nobody_who_writes(database: str) -> None:
    def opened() -> None:
        with closing(bootstrap(Settings(store=database, connections=2))) as book:
            book.ledger()

    opened()
    tables = "stored_events, kept_answers, webhook_queues, webhook_deliveries, webhook_invocations"
    with ThreadPoolExecutor(1) as starting, psycopg.connect(database) as writer:
        writer.execute("LOCK TABLE stored_events IN EXCLUSIVE MODE")
        writer.execute(f"LOCK TABLE {tables} IN ROW EXCLUSIVE MODE".encode())

        starting.submit(opened).result(BOUND)
