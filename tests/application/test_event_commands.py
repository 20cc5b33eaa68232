"""Commands over several aggregates: an Event, its contingents, the Location that hosts it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pydantic_core import from_json

from application import events, locations
from domain.errors import (
    DateInUse,
    EventClosed,
    Invalid,
    LocationInUse,
    NotFound,
    UnknownLocation,
    VersionMismatch,
    WrongStatus,
)
from domain.event import DateFields
from domain.event_fields import ACTIVE, CLOSED, DRAFT, EventBody
from tests.application.desk import Desk
from tests.spec import PRICED

EIGHT, TEN = "2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z"
FLOOR = {"name": "Floor", "amount": 100, **PRICED}


def changing(event: int, version: int | None = None, **fields: Any) -> Any:
    body = EventBody.model_validate(fields)
    return partial(events.change_event, number=event, body=body, version=version)


def removing(location: int) -> Any:
    return partial(locations.delete_location, number=location)


@pytest.fixture
def active(desk: Desk) -> int:
    return desk.event(startts=EIGHT, endts=TEN, currentstatus=ACTIVE, contingents=[FLOOR])


def test_an_event_is_created_with_its_contingents_and_its_status_at_once(desk: Desk) -> None:
    location = desk.location()
    start = desk.store.position()

    desk.event(
        locationid=location, startts=EIGHT, endts=TEN, currentstatus=ACTIVE, contingents=[FLOOR]
    )

    assert sorted(desk.facts(start)) == [
        "BarcodesSeeded",
        "ContingentAdded",
        "EventCreated",
        "EventHosted",
        "StatusChanged",
        "UsageRecorded",
    ]
    assert len({r.fact.causation for r in desk.store.read(start, 10)}) == 1


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({}, Invalid),
        ({"locationid": None}, Invalid),
        ({"locationid": 99}, UnknownLocation),
        ({"locationid": 1, "currentstatus": CLOSED}, WrongStatus),
        ({"locationid": 1, "startts": TEN, "endts": EIGHT}, Invalid),
    ],
)
def test_an_event_that_cannot_be_created_leaves_nothing(
    desk: Desk, fields: Any, refusal: type[Exception]
) -> None:
    location = desk.location()
    start = desk.store.position()
    body = EventBody.model_validate({"contingents": [FLOOR], **fields})

    with pytest.raises(refusal):
        desk.do(partial(events.create_event, body=body))

    assert desk.facts(start) == []
    desk.do(removing(location))


def test_the_ids_of_another_events_contingents_are_not_taken_over(desk: Desk) -> None:
    copied = [{"id": 500, "eventid": 9, **FLOOR}]

    event = desk.event(contingents=copied, seated_contingents=copied)

    shown = from_json(desk.change(event).body)
    ids = [c["id"] for c in shown["contingents"] + shown["seated_contingents"]]
    assert len(set(ids)) == 2
    assert 500 not in ids


def test_one_change_saves_event_and_contingents_at_once(desk: Desk) -> None:
    event = desk.event(contingents=[FLOOR])
    start = desk.store.position()

    answer = desk.change(event, subtitle="S", contingents=[{"name": "Balcony"}])

    assert sorted(desk.facts(start)) == [
        "ContingentAdded",
        "ContingentRemoved",
        "EventDetailsChanged",
    ]
    assert [c["name"] for c in from_json(answer.body)["contingents"]] == ["Balcony"]


def test_contingents_that_are_not_named_stay_and_null_removes_them(desk: Desk) -> None:
    event = desk.event(contingents=[FLOOR], seated_contingents=[FLOOR])

    kept = from_json(desk.change(event, subtitle="S").body)
    cleared = from_json(desk.change(event, contingents=None).body)
    named = from_json(desk.change(event, seated_contingents=[FLOOR, FLOOR]).body)

    for shown, expected in ((kept, [1, 1]), (cleared, [0, 1]), (named, [0, 2])):
        assert [len(shown[n]) for n in ("contingents", "seated_contingents")] == expected


def test_a_bad_contingent_takes_the_whole_change_back(desk: Desk) -> None:
    event = desk.event(contingents=[FLOOR])
    start = desk.store.position()

    with pytest.raises(Invalid):
        desk.change(event, subtitle="Never", contingents=[{"name": "New"}, {"id": 10**6}])
    answer = desk.change(event)

    assert desk.facts(start) == []
    assert b"Never" not in answer.body
    assert [c["name"] for c in from_json(answer.body)["contingents"]] == ["Floor"]


def test_a_contingent_is_valid_on_dates_of_its_own_event(desk: Desk) -> None:
    event, other = desk.event(), desk.event()
    date = desk.date(other, EIGHT, TEN)
    body = EventBody.model_validate({"contingents": [FLOOR, {"dateids": [date]}], "locationid": 1})

    for command in (
        partial(events.create_event, body=body),
        partial(events.change_event, number=event, body=body),
    ):
        with pytest.raises(Invalid) as refused:
            desk.do(command)
        assert [e["path"] for e in refused.value.details["errors"]] == ["contingents.1.dateids"]
    shown = from_json(desk.change(other, contingents=[{"dateids": [date]}]).body)

    assert shown["contingents"][0]["dateids"] == [date]


def test_a_date_that_a_contingent_is_valid_on_stays(desk: Desk) -> None:
    event = desk.event()
    date = desk.date(event, EIGHT, TEN)
    lot = desk.contingent(event, dateids=[date])

    with pytest.raises(DateInUse) as refused:
        desk.do(partial(events.remove_date, number=event, date_id=date))
    desk.change_contingent(event, lot, dateids=None)
    desk.do(partial(events.remove_date, number=event, date_id=date))

    assert refused.value.details == {"contingentid": lot, "dateid": date}


def test_a_closed_event_refuses_other_contingents_and_takes_the_same_ones(
    desk: Desk, active: int
) -> None:
    desk.change(active, currentstatus=CLOSED)
    (held,) = from_json(desk.change(active).body)["contingents"]

    with pytest.raises(EventClosed):
        desk.change(active, contingents=[])
    answer = desk.change(active, contingents=[{"id": held["id"], "amount": 100}])

    assert from_json(answer.body)["contingents"] == [held]


def test_closing_and_reopening_may_bring_other_contingents(desk: Desk, active: int) -> None:
    closed = desk.change(active, currentstatus=CLOSED, contingents=[])
    reopened = desk.change(active, currentstatus=ACTIVE, contingents=[FLOOR])

    assert from_json(closed.body)["contingents"] == []
    assert len(from_json(reopened.body)["contingents"]) == 1


def test_who_knew_other_contingents_may_change_everything_but_them(desk: Desk) -> None:
    event = desk.event(contingents=[FLOOR])
    desk.change(event, contingents=[FLOOR])
    stale = partial(events.change_event, number=event, version=1, contingents_version=1)

    with pytest.raises(VersionMismatch) as refused:
        desk.do(partial(stale, body=EventBody(contingents=[])))
    assert refused.value.details == {"version": 1, "contingents": 4}
    answer = desk.do(partial(stale, body=EventBody(subtitle="S")))

    assert from_json(answer.body)["subtitle"] == "S"


def test_null_takes_the_status_back_to_draft(desk: Desk, active: int) -> None:
    answer = desk.change(active, currentstatus=None)

    assert from_json(answer.body)["currentstatus"] == DRAFT


def test_an_event_that_moves_frees_the_one_location_and_holds_the_other(desk: Desk) -> None:
    here, there = desk.location(), desk.location()
    event = desk.event(locationid=here)

    desk.change(event, locationid=there)

    desk.do(removing(here))
    with pytest.raises(LocationInUse):
        desk.do(removing(there))


def test_an_event_cannot_move_to_a_location_that_is_not_there(desk: Desk) -> None:
    here, gone = desk.location(), desk.location()
    event = desk.event(locationid=here)
    desk.do(removing(gone))

    with pytest.raises(UnknownLocation):
        desk.change(event, locationid=gone)
    with pytest.raises(LocationInUse):
        desk.do(removing(here))


def test_a_deleted_event_frees_its_location(desk: Desk) -> None:
    location = desk.location()
    event = desk.event(locationid=location)

    desk.delete(event)

    desk.do(removing(location))


DATE = DateFields(start=EIGHT, end=TEN)
ON_AN_EVENT: list[Callable[..., Any]] = [
    partial(events.change_event, body=EventBody(subtitle="S")),
    partial(events.change_status, transition="publish"),
    partial(events.add_date, fields=DATE),
    partial(events.change_date, date_id=1, fields=DateFields(name="N")),
    partial(events.remove_date, date_id=1),
    partial(events.delete_event),
    partial(events.revert_event, to=1),
]


@pytest.mark.parametrize("command", ON_AN_EVENT, ids=lambda c: c.func.__name__)
def test_who_saw_another_version_is_refused(desk: Desk, command: Callable[..., Any]) -> None:
    event = desk.event(startts=EIGHT, endts=TEN, contingents=[FLOOR])
    desk.date(event, EIGHT, TEN)
    start = desk.store.position()

    with pytest.raises(VersionMismatch) as refused:
        desk.do(partial(command, number=event, version=1))
    unchanged = desk.facts(start)
    desk.do(partial(command, number=event, version=2))

    assert refused.value.details == {"version": 2}
    assert unchanged == []
    assert desk.store.position() > start


@pytest.mark.parametrize("command", ON_AN_EVENT[:-1], ids=lambda c: c.func.__name__)
def test_what_is_deleted_or_never_was_is_not_found(desk: Desk, command: Callable[..., Any]) -> None:
    event = desk.event()
    desk.delete(event)

    for number in (event, 10**6):
        with pytest.raises(NotFound):
            desk.do(partial(command, number=number))


def test_locations_refuse_who_saw_another_version(desk: Desk) -> None:
    location = desk.location()
    desk.change_location(location, city="Gent")
    change = partial(locations.change_location, fields=locations.LocationFields(city="Brugge"))

    for command in (change, locations.delete_location, partial(locations.revert_location, to=1)):
        with pytest.raises(VersionMismatch):
            desk.do(partial(command, number=location, version=1))
    desk.do(partial(locations.delete_location, number=location, version=2))

    with pytest.raises(NotFound):
        desk.do(partial(change, number=location))
