"""What only views on PostgreSQL can suffer."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest

from adapters.stores.memory import MemoryStore
from adapters.stores.postgres import PostgresStore
from adapters.views.postgres import PostgresViews
from application.ports import StoreUnavailable
from projections.base import ViewUnread
from projections.rebuilding import rebuild
from tests.contracts.facts import changed, history
from tests.contracts.notes import NOTES, OTHERS, follow, said


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(database, connections=2)) as made:
        yield made


@pytest.fixture
def views(store: PostgresStore) -> Iterator[PostgresViews]:
    with closing(PostgresViews(store.datastore, [NOTES, OTHERS])) as made:
        yield made


def cut_connections(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_leading_takes_no_connection_from_those_who_read_and_write(
    store: PostgresStore, views: PostgresViews
) -> None:
    store.datastore.pool.timeout = 0.5
    log = MemoryStore()
    log.append(history(1, 3))

    with ExitStack() as held:
        for projection in (NOTES, OTHERS):
            assert held.enter_context(views.leading(projection))
            held.enter_context(views.rebuilding(projection))
        for _ in range(2):
            held.enter_context(store.datastore.get_connection())

        follow(views.live(NOTES), log)

    assert said(views.live(NOTES))[1]["said"] == 3


def test_a_view_that_need_not_wait_for_the_disk_leaves_the_facts_waiting(
    store: PostgresStore, views: PostgresViews
) -> None:
    with views.live(NOTES).writing() as c:
        assert c.execute("SHOW synchronous_commit").fetchall() == [("off",)]

    with ExitStack() as held:
        for _ in range(4):
            connection = held.enter_context(store.datastore.get_connection())
            assert connection.execute("SHOW synchronous_commit").fetchone() == {
                "synchronous_commit": "on"
            }


def test_a_lock_whose_connection_was_cut_is_free_and_can_be_taken_again(
    database: str, views: PostgresViews
) -> None:
    with views.leading(NOTES) as led:
        assert led
        cut_connections(database)

    for _ in range(3):
        try:
            with views.leading(NOTES) as again, views.leading(OTHERS) as others:
                assert (again, others) == (True, True)
        except StoreUnavailable:
            continue
        break
    else:
        pytest.fail("the lock did not come back")


def test_a_runner_whose_connections_were_cut_goes_on_where_it_was(
    database: str, views: PostgresViews
) -> None:
    log = MemoryStore()
    log.append(history(1, 3))
    runner = follow(views.live(NOTES), log)
    log.append([changed(1, 4)])
    cut_connections(database)

    for _ in range(6):
        try:
            runner.step()
        except (StoreUnavailable, ViewUnread):
            continue

    assert runner.position == log.position()
    assert said(views.live(NOTES))[1]["said"] == 4


def test_the_planner_knows_a_view_as_soon_as_it_is_rebuilt(
    database: str, views: PostgresViews
) -> None:
    log = MemoryStore()
    for number in range(1, 21):
        log.append(history(number, 2))
    rebuild(NOTES, log, views, lambda _position, _head: None)

    documents = views.live(NOTES).documents
    with psycopg.connect(database) as connection:
        known = connection.execute(
            "SELECT reltuples FROM pg_class WHERE relname = %s", [documents]
        ).fetchall()

    assert known == [(1 + 20.0,)]
