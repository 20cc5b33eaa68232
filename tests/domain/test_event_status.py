"""Draft → Active → Closed, and back: every transition, allowed and refused."""

from typing import Any

import pytest

from domain.errors import NotPublishable, WrongStatus
from domain.event import Event, ends, starts
from domain.event_facts import StatusChanged
from domain.event_fields import ACTIVE, CLOSED, DRAFT
from tests.domain.examples import EIGHT, MIDNIGHT, TEN, an_event, dated, moved_to
from tests.spec import given, says, then, then_refused, when


@pytest.mark.parametrize(
    ("before", "after"), [(DRAFT, ACTIVE), (ACTIVE, DRAFT), (ACTIVE, CLOSED), (CLOSED, ACTIVE)]
)
def test_a_status_that_can_follow_is_recorded(before: int, after: int) -> None:
    event = an_event(before)

    outcome = when(event, moved_to(after))

    then(outcome, says(StatusChanged, currentstatus=after))
    assert event.status == after


@pytest.mark.parametrize(("before", "after"), [(DRAFT, CLOSED), (CLOSED, DRAFT)])
def test_a_status_that_cannot_follow_is_refused(before: int, after: int) -> None:
    event = an_event(before)

    outcome = when(event, moved_to(after))

    then_refused(outcome, WrongStatus, currentstatus=before)
    assert not outcome.facts
    assert event.status == before


@pytest.mark.parametrize("status", [DRAFT, ACTIVE, CLOSED])
@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        ("publish", DRAFT, ACTIVE),
        ("redraft", ACTIVE, DRAFT),
        ("close", ACTIVE, CLOSED),
        ("reopen", CLOSED, ACTIVE),
    ],
)
def test_a_transition_leads_from_its_own_status_to_the_next(
    name: str, source: int, target: int, status: int
) -> None:
    outcome = when(an_event(status), lambda event, metadata: event.transit(name, metadata))

    if status == source:
        then(outcome, says(StatusChanged, currentstatus=target))
    elif status == target:
        then(outcome)
    else:
        then_refused(outcome, WrongStatus, currentstatus=status)


@pytest.mark.parametrize("status", [DRAFT, ACTIVE, CLOSED])
def test_the_status_that_it_has_is_not_recorded_again(status: int) -> None:
    then(when(an_event(status), moved_to(status)))


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"name": "Live", "startts": EIGHT}, ["endts"]),
        ({"name": "Live", "endts": TEN}, ["startts"]),
        ({"startts": EIGHT, "endts": TEN}, ["name"]),
        ({"name": " \t", "startts": EIGHT, "endts": TEN}, ["name"]),
        ({}, ["name", "startts", "endts"]),
    ],
)
def test_publishing_needs_a_name_a_start_and_an_end(fields: Any, missing: list[str]) -> None:
    event = given(Event, lambda e, metadata: e.create({"locationid": 1, **fields}, metadata))

    outcome = when(event, moved_to(ACTIVE))

    then_refused(outcome, NotPublishable, missing=missing)


def test_dates_give_the_start_and_the_end_that_publishing_needs() -> None:
    event = given(
        Event, lambda e, metadata: e.create({"name": "L", "locationid": 1}, metadata), dated(1)
    )

    then(when(event, moved_to(ACTIVE)), says(StatusChanged, currentstatus=ACTIVE))


def test_the_own_start_and_end_come_before_those_of_the_dates() -> None:
    own = an_event(DRAFT, dated(1, TEN, MIDNIGHT))
    half = an_event(DRAFT, dated(1, TEN, MIDNIGHT), startts=None)
    none = an_event(DRAFT, startts=None, endts=None)

    assert (starts(own.state), ends(own.state)) == (EIGHT, TEN)
    assert (starts(half.state), ends(half.state)) == (TEN, TEN)
    assert (starts(none.state), ends(none.state)) == (None, None)


def test_the_dates_give_their_first_start_and_their_last_end() -> None:
    fraction = "2026-11-21T20:00:00.500000Z"
    event = an_event(
        DRAFT,
        dated(1, fraction, MIDNIGHT),
        dated(2, EIGHT, TEN),
        dated(3, TEN, MIDNIGHT),
        startts=None,
        endts=None,
    )

    assert (starts(event.state), ends(event.state)) == (EIGHT, MIDNIGHT)
