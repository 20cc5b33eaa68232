"""An Event's creation, its edits by group, its deletion."""

from typing import Any

import pytest

from domain.errors import EventActive, EventClosed, Invalid, NotFound, NotPublishable
from domain.event import Event, code
from domain.event_facts import (
    GROUPS,
    EventCreated,
    EventDeleted,
    EventDetailsChanged,
    EventLimitsChanged,
    EventLinksChanged,
    EventRelocated,
    EventRescheduled,
    EventRestored,
    EventSalePeriodChanged,
    EventSeatingChanged,
    StatusChanged,
)
from domain.event_fields import ACTIVE, CLOSED, DRAFT
from tests.domain.examples import (
    COMPLETE,
    EIGHT,
    MIDNIGHT,
    TEN,
    an_event,
    created,
    deleted,
    edited,
    moved_to,
)
from tests.spec import given, metadata, says, then, then_refused, when


def test_an_event_is_created_as_a_draft() -> None:
    event = given(Event)

    outcome = when(event, created(), cause := metadata())

    then(outcome, says(EventCreated, number=5, code="320284853535", fields=COMPLETE))
    assert event.status == DRAFT
    assert event.state["createdts"] == event.state["lastupdatets"] == cause.time
    assert event.state.get("publishedts") is None


def test_codes_are_twelve_digits_and_all_different() -> None:
    codes = {code(number) for number in range(1, 20_001)}

    assert len(codes) == 20_000
    assert {len(c) for c in codes} == {12}
    assert all(c.isdigit() for c in codes)


@pytest.mark.parametrize(
    ("fact", "patch"),
    [
        (EventDetailsChanged, {"name": "Other", "tags": ["jazz"], "c_a": 1}),
        (EventRescheduled, {"startts": TEN, "endts": MIDNIGHT}),
        (EventSalePeriodChanged, {"salestartts": EIGHT, "saleendts": TEN}),
        (EventRelocated, {"locationid": 126}),
        (EventLimitsChanged, {"totalmaxtickets": 1000}),
        (EventSeatingChanged, {"seatselection": True}),
        (EventLinksChanged, {"productionid": 3, "externalcode": "x"}),
    ],
)
def test_each_group_of_fields_has_one_fact(fact: Any, patch: Any) -> None:
    then(when(an_event(), edited(**patch)), says(fact, changed=patch))


def test_one_edit_over_three_groups_is_three_facts() -> None:
    event = an_event()

    outcome = when(event, edited(name="Other", productionid=3, subtitle="With band", endts=EIGHT))

    then(
        outcome,
        says(EventDetailsChanged, changed={"name": "Other", "subtitle": "With band"}),
        says(EventLinksChanged, changed={"productionid": 3}),
        says(EventRescheduled, changed={"endts": EIGHT}),
    )


def test_every_field_is_in_exactly_one_group() -> None:
    names = [name for group in GROUPS.values() for name in group.model_fields]

    assert len(names) == len(set(names)) == 48


def test_an_edit_that_changes_nothing_records_nothing() -> None:
    for status in (DRAFT, ACTIVE, CLOSED):
        then(when(an_event(status), edited(**COMPLETE)))


def test_a_closed_event_refuses_changes() -> None:
    outcome = when(an_event(CLOSED), edited(name="Other"))

    then_refused(outcome, EventClosed)
    assert not outcome.facts


def test_an_event_keeps_exactly_one_location() -> None:
    outcome = when(an_event(), edited(locationid=None))

    then_refused(outcome, Invalid)


@pytest.mark.parametrize("side", ["", "sale"])
def test_an_event_cannot_end_before_it_starts(side: str) -> None:
    start, end = f"{side}startts", f"{side}endts"

    then_refused(when(given(Event), created(**{start: TEN, end: EIGHT})), Invalid)
    then_refused(when(an_event(), edited(**{start: TEN, end: EIGHT})), Invalid)
    then_refused(when(an_event(DRAFT, edited(**{end: TEN})), edited(**{start: MIDNIGHT})), Invalid)


def test_an_event_may_be_one_moment() -> None:
    outcome = when(an_event(), edited(startts=TEN, endts=TEN))

    then(outcome, says(EventRescheduled, changed={"startts": TEN}))


@pytest.mark.parametrize("field", ["name", "startts", "endts"])
def test_an_active_event_keeps_what_buyers_need(field: str) -> None:
    outcome = when(an_event(ACTIVE), edited(**{field: None}))

    then_refused(outcome, NotPublishable, missing=[field])
    assert not outcome.facts


def test_an_edit_and_a_status_come_at_once() -> None:
    event = given(Event, lambda e, metadata: e.create({"locationid": 1}, metadata))

    outcome = when(
        event,
        lambda e, metadata: e.edit({"name": "L", "startts": EIGHT, "endts": TEN}, metadata, ACTIVE),
    )

    assert [type(f) for f in outcome.facts] == [
        EventDetailsChanged,
        EventRescheduled,
        StatusChanged,
    ]


def test_an_edit_that_reopens_may_change_a_closed_event() -> None:
    outcome = when(
        an_event(CLOSED), lambda e, metadata: e.edit({"name": "Other"}, metadata, ACTIVE)
    )

    then(
        outcome,
        says(StatusChanged, currentstatus=ACTIVE),
        says(EventDetailsChanged, changed={"name": "Other"}),
    )


def test_an_edit_that_redrafts_may_take_what_only_buyers_need() -> None:
    outcome = when(an_event(ACTIVE), lambda e, metadata: e.edit({"name": None}, metadata, DRAFT))

    then(
        outcome,
        says(StatusChanged, currentstatus=DRAFT),
        says(EventDetailsChanged, changed={"name": None}),
    )


def test_an_edit_that_closes_may_still_change() -> None:
    outcome = when(
        an_event(ACTIVE), lambda e, metadata: e.edit({"name": "Other"}, metadata, CLOSED)
    )

    then(
        outcome,
        says(EventDetailsChanged, changed={"name": "Other"}),
        says(StatusChanged, currentstatus=CLOSED),
    )


@pytest.mark.parametrize("status", [DRAFT, CLOSED])
def test_an_event_that_is_not_active_can_be_deleted(status: int) -> None:
    event = an_event(status)

    then(when(event, deleted), says(EventDeleted))
    then_refused(when(event, lambda e, _: e.require()), NotFound, id=5)


def test_an_active_event_cannot_be_deleted() -> None:
    outcome = when(an_event(ACTIVE), deleted)

    then_refused(outcome, EventActive)
    assert not outcome.facts


def test_a_deleted_event_can_come_back() -> None:
    event = given(Event, created(), deleted)

    then(when(event, lambda e, metadata: e.restore(metadata)), says(EventRestored))
    assert event.exists


def test_publishing_again_sets_the_publish_time_again() -> None:
    event = an_event()

    when(event, moved_to(ACTIVE), first := metadata())
    assert event.state["publishedts"] == first.time

    when(event, moved_to(CLOSED))
    when(event, moved_to(ACTIVE))
    assert event.state["publishedts"] == first.time

    when(event, moved_to(DRAFT))
    when(event, moved_to(ACTIVE), again := metadata())
    assert event.state["publishedts"] == again.time
