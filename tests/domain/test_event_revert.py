"""Reverting records new facts that bring an Event back, under the rules of today."""

import pytest

from domain.base import State
from domain.errors import EventClosed, Invalid, NotPublishable, WrongStatus
from domain.event import DateFields, Event
from domain.event_facts import (
    DateAdded,
    DateChanged,
    DateRemoved,
    EventDetailsChanged,
    EventRescheduled,
    StatusChanged,
)
from domain.event_fields import ACTIVE, CLOSED, DRAFT
from tests.domain.examples import (
    EIGHT,
    MIDNIGHT,
    TEN,
    an_event,
    created,
    dated,
    deleted,
    edited,
    moved_to,
    redated,
    undated,
)
from tests.spec import Command, given, says, then, then_refused, when

DATE = DateFields.defaults() | {"start": EIGHT, "end": TEN}


def back_to(past: State) -> Command:
    return lambda event, metadata: event.revert(past, metadata)


def remembered(event: Event) -> State:
    return event.capture().state


def shown(state: State) -> State:
    """What a reader sees of it."""
    kept = ("version", "lastupdatets", "publishedts")
    return {n: v for n, v in state.items() if n not in kept and v is not None}


def test_fields_come_back_and_what_came_later_is_cleared() -> None:
    event = given(Event, created(subtitle="With band", c_a=1))
    past = remembered(event)
    when(event, edited(name="Other", subtitle=None, c_a=[], c_b=2, tags=["new"]))
    event.pending = []

    outcome = when(event, back_to(past))

    changed = {"name": "Live", "subtitle": "With band", "tags": [], "c_a": 1, "c_b": None}
    then(outcome, says(EventDetailsChanged, changed=changed))


def test_reverting_to_today_records_nothing() -> None:
    for status in (DRAFT, ACTIVE, CLOSED):
        event = an_event(status, dated(1))

        then(when(event, back_to(remembered(event))))


def test_dates_come_back_with_the_ids_that_they_had() -> None:
    event = given(Event, created(), dated(1), dated(2, name="Sunday"))
    past = remembered(event)
    for command in (undated(1), redated(2, name=None, end=MIDNIGHT), dated(3)):
        when(event, command)
    event.pending = []

    outcome = when(event, back_to(past))

    then(
        outcome,
        says(DateAdded, dateid=1, fields=DATE),
        says(DateChanged, dateid=2, changed={"end": TEN, "name": "Sunday"}),
        says(DateRemoved, dateid=3),
    )


@pytest.mark.parametrize(
    ("then_", "now"),
    [
        (DRAFT, ACTIVE),
        (ACTIVE, DRAFT),
        (ACTIVE, CLOSED),
        (CLOSED, ACTIVE),
        (DRAFT, DRAFT),
        (ACTIVE, ACTIVE),
    ],
)
def test_everything_comes_back_with_the_status(then_: int, now: int) -> None:
    event = an_event(then_, dated(1), dated(2), startts=None, endts=None, c_a=1)
    past = remembered(event)
    for command in (
        moved_to(ACTIVE),
        dated(3, TEN, MIDNIGHT),
        undated(1),
        redated(2, end=MIDNIGHT),
        edited(name="Other", startts=EIGHT, endts=MIDNIGHT, c_a=None),
        undated(2),
        undated(3),
        moved_to(now),
    ):
        assert when(event, command).refusal is None
    assert event.status == now
    event.pending = []

    outcome = when(event, back_to(past))

    assert outcome.refusal is None
    assert shown(event.state) == shown(past)


def test_an_active_event_goes_back_to_closed_without_the_dates_that_came_later() -> None:
    event = an_event(CLOSED, dated(1))
    past = remembered(event)
    for command in (moved_to(ACTIVE), dated(2), edited(startts=TEN, endts=MIDNIGHT)):
        when(event, command)
    event.pending = []

    outcome = when(event, back_to(past))

    then(
        outcome,
        says(EventRescheduled, changed={"startts": EIGHT, "endts": TEN}),
        says(DateRemoved, dateid=2),
        says(StatusChanged, currentstatus=CLOSED),
    )


def test_a_closed_event_refuses_to_go_back_to_other_fields_or_dates() -> None:
    for command in (edited(name="Other"), dated(2), undated(1), redated(1, name="x")):
        event = an_event(CLOSED, dated(1))
        past = remembered(event)
        for each in (moved_to(ACTIVE), command, moved_to(CLOSED)):
            when(event, each)

        then_refused(when(event, back_to(past)), EventClosed)


@pytest.mark.parametrize(("then_", "now"), [(CLOSED, DRAFT), (DRAFT, CLOSED)])
def test_a_status_that_cannot_follow_today_is_refused(then_: int, now: int) -> None:
    past = an_event(then_)
    event = an_event(now)

    outcome = when(event, back_to(remembered(past)))

    then_refused(outcome, WrongStatus)


def test_a_revert_is_refused_when_the_rules_of_today_would_not_publish_it() -> None:
    past = remembered(an_event(ACTIVE)) | {"name": None}

    outcome = when(an_event(DRAFT), back_to(past))

    then_refused(outcome, NotPublishable, missing=["name"])


@pytest.mark.parametrize(
    ("past", "path"),
    [
        ({"name": "n" * 256}, "name"),
        ({"layout": {"color": "red", "maxImage": None}}, "layout.color"),
        ({"dates": {"1": {"id": 1, **DATE, "capacity": -1}}}, "capacity"),
    ],
)
def test_what_the_limits_of_today_refuse_does_not_come_back(past: State, path: str) -> None:
    event = an_event()

    outcome = when(event, back_to(remembered(event) | past))

    then_refused(outcome, Invalid)
    assert outcome.refusal is not None
    assert outcome.refusal.details["errors"][0]["path"] == path


def test_an_event_cannot_go_back_to_when_it_was_deleted() -> None:
    event = given(Event, created(), deleted)
    past = remembered(event)

    outcome = when(event, back_to(past))

    then_refused(outcome, Invalid)


def test_a_deleted_event_comes_back_in_the_status_that_it_had() -> None:
    event = an_event(ACTIVE)
    active = remembered(event)
    when(event, moved_to(CLOSED))
    when(event, deleted)
    event.pending = []

    outcome = when(event, lambda e, metadata: (e.restore(metadata), e.revert(active, metadata)))

    assert outcome.refusal is None
    assert shown(event.state) == shown(active) | {"deleted": False}
