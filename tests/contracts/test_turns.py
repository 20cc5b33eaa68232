"""Turns: of the processes that write the same things one decides at a time."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from application.group_commit import CONTENDED_BATCHES, Committer
from application.locations import change_location, create_location
from application.ports import CommandResult, StoreUnavailable, VersionTaken
from application.unit_of_work import PendingCommand
from domain.base import CommandMetadata
from domain.location import LocationFields
from tests.contracts.conftest import Place
from tests.contracts.facts import history

PATIENCE = 30


def run(committer: Committer, *texts: str) -> None:
    """Changes the one Location, a batch each."""
    for text in texts:
        decide = partial(change_location, number=1, fields=LocationFields(city=text))
        cause = CommandMetadata("anna", "2026-11-21T20:00:00.000000Z", text, text)
        job = PendingCommand(7, cause, decide, lambda _: CommandResult(200, {}, b""))
        committer.commit([job])
        assert isinstance(job.outcome, CommandResult), job.outcome


def opened(place: Place) -> Committer:
    """A writer that has made the Location."""
    committer = Committer(place.store())
    decide = partial(create_location, fields=LocationFields(name="Hall"))
    cause = CommandMetadata("anna", "2026-11-21T20:00:00.000000Z", "c", "c")
    committer.commit([PendingCommand(7, cause, decide, lambda _: CommandResult(200, {}, b""))])
    return committer


def test_a_turn_is_waited_for_until_it_is_over(place: Place) -> None:
    one, other = place.store(), place.store()
    mine = threading.Event()

    def wait_for_turn() -> None:
        with other.append_lock():
            mine.set()

    with one.append_lock():
        waiting = threading.Thread(target=wait_for_turn)
        waiting.start()
        assert not mine.wait(0.2)

    assert mine.wait(PATIENCE)
    waiting.join(PATIENCE)


def test_numbers_are_taken_and_facts_recorded_within_a_turn(place: Place) -> None:
    store, other = place.store(), place.store()

    with store.append_lock():
        assert store.take_numbers(7, 3, 2) == 1
        store.append(history(1, 3))

        assert other.position() == 3

    assert other.append(history(2, 1)) == [4]


def test_others_wait_with_what_they_append_until_the_turn_is_over(place: Place) -> None:
    one, other = place.store(), place.store()
    done = threading.Event()

    def append() -> None:
        with suppress(VersionTaken):
            other.append(history(1, 1))
        done.set()

    with one.append_lock():
        appending = threading.Thread(target=append)
        appending.start()
        assert not done.wait(0.2)
        one.append(history(1, 3))

    assert done.wait(PATIENCE)
    appending.join(PATIENCE)
    assert one.position() == 3


def test_a_turn_in_which_nothing_is_recorded_leaves_nothing(place: Place) -> None:
    one, other = place.store(), place.store()

    with pytest.raises(RuntimeError), one.append_lock():
        raise RuntimeError

    assert other.append(history(1, 1)) == [1]
    assert one.append(history(2, 1)) == [2]


def test_what_was_overtaken_within_a_turn_is_told_and_the_turn_goes_on_to_the_next(
    place: Place,
) -> None:
    one, other = place.store(), place.store()
    other.append(history(1, 1))

    with pytest.raises(VersionTaken), one.append_lock():
        one.append(history(1, 1))

    assert len(other.append(history(2, 1))) == 1


def test_who_sees_others_write_what_it_holds_waits_for_its_turn(place: Place) -> None:
    one = opened(place)
    other = Committer(place.store())
    run(one, "alone")
    assert not one._contended

    run(other, "theirs")
    run(one, "mine")

    assert one._contended > 0
    assert not other._contended


def test_who_is_alone_again_waits_no_longer(place: Place) -> None:
    one = opened(place)
    run(Committer(place.store()), "theirs")

    run(one, *(f"C{n}" for n in range(CONTENDED_BATCHES + 2)))

    assert not one._contended


def test_another_writer_on_the_same_store_waits_for_the_turn_to_be_over(place: Place) -> None:
    store = place.store()
    outcome: list[object] = []

    def append() -> None:
        try:
            outcome.append(store.append(history(1, 1)))
        except VersionTaken as taken:
            outcome.append(taken)

    with store.append_lock():
        beside = threading.Thread(target=append)
        beside.start()
        with suppress(VersionTaken):
            store.append(history(1, 3))
    beside.join(PATIENCE)

    recorded = len(store.stream(history(1, 1)[0].originator_id))
    assert recorded == (3 if isinstance(outcome[0], VersionTaken) else 1)


def test_a_database_that_cannot_write_within_a_turn_says_so_and_the_next_turn_can(
    database: str,
) -> None:
    with closing(PostgresStore(database, connections=2)) as store:
        with full(database), pytest.raises(StoreUnavailable), store.append_lock():
            store.append(history(1, 3))

        assert store.position() == 0
        with store.append_lock():
            assert len(store.append(history(1, 3))) == 3
        assert len(store.append(history(2, 1))) == 1


@contextmanager
def full(database: str) -> Iterator[None]:
    """No fact can be written while inside, as if the disk were full."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$"
        )
        connection.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON stored_events"
            " FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
        yield
        connection.execute("DROP TRIGGER full_disk ON stored_events")
