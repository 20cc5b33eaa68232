"""Which store it is, and what goes when an epoch begins: the same over all stores."""

import pytest

from application.ports import Store, VersionTaken
from domain.ids import Kind, guid
from domain.lineage import Identity
from tests.contracts.facts import changed, snapshot
from tests.contracts.test_store import kept
from tests.spec import ACCOUNT

THIS = guid(ACCOUNT, Kind.LOCATION, 1)


def later(identity: Identity) -> Identity:
    """Another store, whose epoch began a day later than that one's."""
    return Identity("0123456789abcdef", identity.epoch + 86_400_000)


def test_an_epoch_is_later_and_of_the_same_store(store: Store) -> None:
    before = store.identity()

    after = store.begin_epoch(before)

    assert after == store.identity()
    assert after.id == before.id
    assert after.epoch > before.epoch


def test_of_two_processes_that_find_the_same_one_begins_it(store: Store) -> None:
    before = store.identity()

    first, second = store.begin_epoch(before), store.begin_epoch(before)

    assert first == second


def test_with_facts_of_another_store_it_becomes_that_one_in_a_later_epoch(store: Store) -> None:
    before = store.identity()
    other = later(before)

    store.append([changed(1, 1)], identity=other)

    after = store.identity()
    assert after.id == other.id
    assert after.epoch > other.epoch
    older = Identity("fedcba9876543210", 1)
    store.append([changed(1, 2)], identity=older)
    assert store.identity().id == older.id
    assert store.identity().epoch > after.epoch


def test_facts_that_are_refused_leave_it_what_it_is(store: Store) -> None:
    store.append([changed(1, 1)])
    before = store.identity()

    with pytest.raises(VersionTaken):
        store.append([changed(2, 1), changed(1, 1)], identity=later(before))

    assert store.identity() == before
    assert store.position() == 1


def test_snapshots_go_and_answers_about_facts_that_are_there_stay(store: Store) -> None:
    store.append([changed(1, 1)], [snapshot(1, 1, name="as it was")], [kept("there", facts=1)])

    store.begin_epoch(store.identity())

    assert [*store.snapshots()] == []
    assert store.snapshot(THIS) is None
    assert store.kept_answer(ACCOUNT, "there") is not None
