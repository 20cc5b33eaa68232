"""An Event has any number of dates; each is of exactly one Event."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.errors import EventClosed, Invalid, NotFound, NotPublishable, TooManyDates
from domain.event import MAX_DATES, MAX_NEW_DATES, DateFields, Event, NewEvent
from domain.event_facts import DateAdded, DateChanged, DateRemoved
from domain.event_fields import ACTIVE, CLOSED, DRAFT
from tests.domain.examples import (
    EIGHT,
    MIDNIGHT,
    TEN,
    an_event,
    created,
    dated,
    redated,
    undated,
)
from tests.spec import given, metadata, says, then, then_refused, when

PLAIN = DateFields.defaults() | {"start": EIGHT, "end": TEN}


def active_by_its_dates(*date_ids: int) -> Event:
    return an_event(ACTIVE, *[dated(n) for n in date_ids], startts=None, endts=None)


def test_a_date_is_added_with_all_its_fields() -> None:
    then(when(an_event(), dated(9)), says(DateAdded, dateid=9, fields=PLAIN))
    then(
        when(an_event(), dated(9, name="Saturday", capacity=840)),
        says(DateAdded, dateid=9, fields=PLAIN | {"name": "Saturday", "capacity": 840}),
    )


def test_a_date_can_be_added_to_an_active_event() -> None:
    then(when(an_event(ACTIVE), dated(9)), says(DateAdded, dateid=9, fields=PLAIN))


@pytest.mark.parametrize(("start", "end"), [(TEN, EIGHT), (EIGHT, EIGHT)])
def test_a_date_ends_later_than_it_starts(start: str, end: str) -> None:
    then_refused(when(an_event(), dated(9, start, end)), Invalid)
    then_refused(when(an_event(DRAFT, dated(9)), redated(9, start=start, end=end)), Invalid)


def test_the_same_moment_in_two_offsets_is_no_length() -> None:
    outcome = when(an_event(), dated(9, EIGHT, "2026-11-21T21:00:00+01:00"))

    then_refused(outcome, Invalid)


@pytest.mark.parametrize("side", ["start", "end"])
def test_a_date_needs_both_times(side: str) -> None:
    missing = {"start": EIGHT, "end": TEN, side: None}
    errors = [{"path": side, "message": "required: an RFC 3339 time"}]

    added = when(an_event(), lambda e, cause: e.add_date(9, DateFields(**missing), cause))
    changed = when(an_event(DRAFT, dated(9)), redated(9, **{side: None}))

    then_refused(added, Invalid, errors=errors)
    then_refused(changed, Invalid, errors=errors)


def test_only_what_differs_of_a_date_is_recorded() -> None:
    event = an_event(DRAFT, dated(9, name="Saturday"))

    outcome = when(event, redated(9, start=EIGHT, end=MIDNIGHT, name=None))

    then(outcome, says(DateChanged, dateid=9, changed={"end": MIDNIGHT, "name": None}))
    then(when(an_event(CLOSED, dated(9)), redated(9, start=EIGHT, capacity=None)))


def test_a_date_is_removed_with_its_id() -> None:
    event = an_event(DRAFT, dated(1), dated(2))

    then(when(event, undated(1)), says(DateRemoved, dateid=1))
    assert list(event.state["dates"]) == ["2"]


@pytest.mark.parametrize("command", [redated(8, name="x"), undated(8)])
def test_a_date_that_is_not_there_is_not_found(command: Any) -> None:
    then_refused(when(an_event(DRAFT, dated(9)), command), NotFound, id=8)


@pytest.mark.parametrize("command", [dated(8), redated(9, name="x"), undated(9)])
def test_a_closed_event_keeps_its_dates(command: Any) -> None:
    outcome = when(an_event(CLOSED, dated(9)), command)

    then_refused(outcome, EventClosed)
    assert not outcome.facts


def test_an_active_event_cannot_lose_its_last_date() -> None:
    event = active_by_its_dates(1, 2)

    then(when(event, undated(1)), says(DateRemoved, dateid=1))
    then_refused(when(event, undated(2)), NotPublishable, missing=["startts", "endts"])


def test_an_active_event_with_own_times_can_lose_its_last_date() -> None:
    then(when(an_event(ACTIVE, dated(1)), undated(1)), says(DateRemoved, dateid=1))


def test_a_draft_can_lose_its_last_date() -> None:
    event = an_event(DRAFT, dated(1), startts=None, endts=None)

    then(when(event, undated(1)), says(DateRemoved, dateid=1))


def test_an_event_has_at_most_ten_thousand_dates() -> None:
    cause = metadata()
    event = given(Event, created())
    for number in range(1, MAX_DATES):
        event.trigger(DateAdded, cause, dateid=number, fields=PLAIN)

    when(event, dated(MAX_DATES))
    outcome = when(event, dated(MAX_DATES + 1))

    then_refused(outcome, TooManyDates, limit=10_000)
    assert len(event.state["dates"]) == 10_000


@pytest.mark.parametrize(
    "body",
    [
        {"start": "2026-11-21T20:00:00"},
        {"start": 5},
        {"capacity": -1},
        {"capacity": 1.5},
        {"capacity": True},
        {"capacity": 10_000_000_000},
        {"name": "n" * 256},
        {"where": "here"},
    ],
)
def test_a_date_with_wrong_values_is_refused(body: Any) -> None:
    with pytest.raises(ValueError, match="validation error"):
        DateFields.model_validate(body)


def test_what_only_stagebook_sets_of_a_date_is_ignored() -> None:
    body = DateFields.model_validate({"id": 8, "guid": "x", "eventid": 3, "name": "Saturday"})

    assert body.patch() == {"name": "Saturday"}


def test_so_many_dates_come_with_a_new_event_and_no_more() -> None:
    date = {"start": EIGHT, "end": TEN}
    most = {"dates": [date] * MAX_NEW_DATES}

    assert len(NewEvent.model_validate(most).dates or ()) == 2_500
    with pytest.raises(ValidationError, match="at most 2500 items"):
        NewEvent.model_validate({"dates": [*most["dates"], date]})
