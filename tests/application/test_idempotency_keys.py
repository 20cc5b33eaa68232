"""The same key and request is answered the same, once and for all; another request is refused."""

from functools import partial
from typing import Any

import pytest

from application import locations
from application.ports import Store, StoreUnavailable
from domain.errors import Invalid, KeyReused
from domain.location import LocationFields
from tests.application.desk import Desk
from tests.application.faults import TroubledStore, nothing

CREATE = partial(locations.create_location, fields=LocationFields(name="Hall"))


def test_the_same_key_and_request_replays_the_first_answer(store: Store) -> None:
    desk = Desk(store)

    first = desk.do(CREATE, key="k1", request="POST hall")
    position = store.position()
    again = desk.do(CREATE, key="k1", request="POST hall")
    desk.close()

    assert again == first
    assert again.position == position
    assert store.position() == position


def test_the_same_key_with_another_request_is_refused(store: Store) -> None:
    desk = Desk(store)
    desk.do(CREATE, key="k1", request="POST hall")
    position = store.position()

    with pytest.raises(KeyReused) as refused:
        desk.do(CREATE, key="k1", request="POST another hall")
    desk.close()

    assert refused.value.details == {"key": "k1"}
    assert store.position() == position


def test_within_one_batch_the_key_counts_as_well(store: Store) -> None:
    desk = Desk(store)
    start = store.position()

    first, again, reused = desk.together(
        desk.job(CREATE, key="k1", request="POST hall"),
        desk.job(CREATE, key="k1", request="POST hall"),
        desk.job(CREATE, key="k1", request="POST another"),
    )
    desk.close()

    assert again.result() == first.result()
    assert isinstance(reused.exception(), KeyReused)
    assert len(store.read(start, 10)) == 2
    assert first.result().position == store.position()


def test_a_new_writer_replays_the_answers_of_the_last_one(store: Store) -> None:
    before = Desk(store)
    first = before.do(CREATE, key="k1", request="POST hall")
    before.close()

    after = Desk(store)
    again = after.do(CREATE, key="k1", request="POST hall")
    after.close()

    assert again == first


def test_two_writers_with_one_key_record_once(store: Store) -> None:
    desks = [Desk(store), Desk(store)]

    futures = [d.writer.submit(d.job(CREATE, key="k1", request="POST")) for d in desks]
    answers = [future.result(30) for future in futures]
    for desk in desks:
        desk.close()

    assert answers[0] == answers[1]
    assert len(store.read(0, 10)) == 2


def test_a_key_is_of_its_account() -> None:
    ours = Desk()
    theirs = Desk(ours.store, account=8)

    first = ours.do(CREATE, key="k1", request="POST hall")
    other = theirs.do(CREATE, key="k1", request="something else")
    ours.close()
    theirs.close()

    assert other.position > first.position


def test_an_answer_that_recorded_nothing_is_kept_too(desk: Desk) -> None:
    location = desk.location()
    same: Any = partial(
        locations.change_location, number=location, fields=LocationFields(name="Concert hall")
    )

    first = desk.do(same, key="k1", request="PATCH")
    desk.change_location(location, name="Other")
    again = desk.do(same, key="k1", request="PATCH")

    assert again == first
    assert b'"name":"Concert hall"' in again.body


def test_a_refused_request_may_be_tried_again_with_its_key(desk: Desk) -> None:
    nameless = partial(locations.create_location, fields=LocationFields())
    with pytest.raises(Invalid):
        desk.do(nameless, key="k1", request="POST")

    assert desk.do(CREATE, key="k1", request="POST").status == 200


def test_an_answer_is_kept_only_with_its_facts() -> None:
    store = TroubledStore()
    desk = Desk(store)

    def fail() -> None:
        message = "the disk is full"
        raise StoreUnavailable(message)

    store.before_append = fail
    with pytest.raises(StoreUnavailable):
        desk.do(CREATE, key="k1", request="POST")
    store.before_append = nothing

    assert store.kept_answer(desk.account, "k1") is None
    answer = desk.do(CREATE, key="k1", request="POST")
    assert store.kept_answer(desk.account, "k1") == ("POST", answer)
    desk.close()
