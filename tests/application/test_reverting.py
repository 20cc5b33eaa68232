"""Reverting an Event or a Location with everything that its document shows."""

from functools import partial
from typing import Any

import pytest
from pydantic_core import from_json

from application import events, locations
from application.as_of import past_event, past_location
from application.ports import Store
from domain.errors import (
    EventClosed,
    Invalid,
    NotFound,
    TicketsInUse,
    UnknownLocation,
    VersionMismatch,
    WrongStatus,
)
from domain.event_fields import ACTIVE, CLOSED, DRAFT
from tests.application.desk import Desk, rendered
from tests.spec import ACCOUNT, PRICED

EIGHT, TEN, MIDNIGHT = "2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z", "2026-11-22T00:00:00Z"
FLOOR, BALCONY = {"name": "Floor", "amount": 100, **PRICED}, {"name": "Balcony", "amount": 50}
MOVES_ON = ("version", "lastupdatets", "publishedts")


def shown(body: bytes) -> dict[str, Any]:
    """A document without what says when it was changed."""
    document: dict[str, Any] = from_json(body)
    for counters in document.get("availability", ()):
        counters.pop("lastupdatets")
    return {n: v for n, v in document.items() if n not in MOVES_ON}


def then_shown(desk: Desk, event: int, version: int) -> dict[str, Any]:
    return shown(rendered(past_event(desk.store, ACCOUNT, event, version=version)))


def publish(desk: Desk, event: int, status: int) -> None:
    desk.change(event, currentstatus=status)


def version(desk: Desk, event: int) -> int:
    found: int = desk.decided(lambda work: work.load(events.Event, event).version)
    return found


@pytest.fixture
def rich(desk: Desk) -> int:
    """An Event with everything, at version 3."""
    event = desk.event(
        subtitle="With band",
        startts=EIGHT,
        endts=TEN,
        tags=["jazz"],
        c_a={"b": 1},
        contingents=[FLOOR, BALCONY],
        seated_contingents=[{"name": "Seats", "amount": 5}],
    )
    desk.date(event, EIGHT, TEN, name="First")
    desk.date(event, TEN, MIDNIGHT, name="Second")
    return event


def upset(desk: Desk, event: int) -> None:
    """Changes everything."""
    dates = [d["id"] for d in from_json(desk.change(event).body)["dates"]]
    other = desk.location(name="Elsewhere")
    desk.do(partial(events.remove_date, number=event, date_id=dates[0]))
    desk.date(event, EIGHT, MIDNIGHT, name="Third")
    desk.change(
        event,
        name="Other",
        subtitle=None,
        startts=TEN,
        endts=MIDNIGHT,
        tags=[],
        c_a=None,
        c_b=2,
        locationid=other,
        contingents=[{"name": "New", **PRICED}],
        seated_contingents=[],
    )


@pytest.mark.parametrize("now", [DRAFT, ACTIVE])
@pytest.mark.parametrize("before", [DRAFT, ACTIVE])
def test_everything_that_the_document_shows_comes_back(
    desk: Desk, rich: int, before: int, now: int
) -> None:
    publish(desk, rich, before)
    to = version(desk, rich)
    upset(desk, rich)
    publish(desk, rich, now)

    answer = desk.revert(rich, to)

    assert shown(answer.body) == then_shown(desk, rich, to)


def test_a_deleted_event_comes_back_with_everything(desk: Desk, rich: int) -> None:
    upset(desk, rich)
    desk.delete(rich)

    answer = desk.revert(rich, 3)

    assert shown(answer.body) == then_shown(desk, rich, 3)
    location = shown(answer.body)["locationid"]
    with pytest.raises(Exception, match=r"hosts 1 Event$"):
        desk.do(partial(locations.delete_location, number=location))


def test_an_event_comes_back_closed_and_without_later_dates(desk: Desk, rich: int) -> None:
    publish(desk, rich, ACTIVE)
    publish(desk, rich, CLOSED)
    to = version(desk, rich)
    publish(desk, rich, ACTIVE)
    upset(desk, rich)

    answer = desk.revert(rich, to)

    assert shown(answer.body) == then_shown(desk, rich, to)


def test_a_closed_event_comes_back_active(desk: Desk, rich: int) -> None:
    publish(desk, rich, ACTIVE)
    to = version(desk, rich)
    upset(desk, rich)
    publish(desk, rich, CLOSED)

    answer = desk.revert(rich, to)

    assert shown(answer.body) == then_shown(desk, rich, to)


def test_a_closed_event_does_not_become_a_draft_in_one_step(desk: Desk, rich: int) -> None:
    publish(desk, rich, ACTIVE)
    publish(desk, rich, CLOSED)

    with pytest.raises(WrongStatus):
        desk.revert(rich, 3)


def test_a_closed_event_keeps_its_contingents(desk: Desk, rich: int) -> None:
    publish(desk, rich, ACTIVE)
    publish(desk, rich, CLOSED)
    to = version(desk, rich)
    publish(desk, rich, ACTIVE)
    desk.change(rich, contingents=[])
    publish(desk, rich, CLOSED)
    position = desk.store.position()

    with pytest.raises(EventClosed):
        desk.revert(rich, to)
    assert desk.store.position() == position


def test_tickets_stay_with_whoever_holds_them(desk: Desk) -> None:
    event, contingent = desk.on_sale(name="Before")
    desk.lock(event, contingentid=contingent, amount=3)
    desk.change(event, name="After")
    desk.change_contingent(event, contingent, name="Renamed")
    desk.sold(event, contingent, 2)
    desk.unlock(event, contingentid=contingent, amount=1)
    counters = desk.counters(event, contingent)

    answer = desk.revert(event, 2)

    assert counters == {"free": 96, "locked_hard": 2, "sold_unpaid": 2, "total": 100}
    assert desk.counters(event, contingent) == counters
    (shown_contingent,) = shown(answer.body)["contingents"]
    assert (shown(answer.body)["name"], shown_contingent["name"]) == ("Before", "Standing")


def test_what_is_sold_cannot_be_reverted_away(desk: Desk) -> None:
    event = desk.event(startts=EIGHT, endts=TEN)
    contingent = desk.contingent(event, amount=1)
    desk.change(event, name="With one ticket")
    desk.change_contingent(event, contingent, amount=100)
    desk.publish(event)
    desk.sold(event, contingent, 2)
    position = desk.store.position()

    for version_without_room in (1, 2):
        with pytest.raises(TicketsInUse):
            desk.revert(event, version_without_room)

    assert desk.store.position() == position


def test_reverting_to_today_records_nothing(desk: Desk, rich: int) -> None:
    position = desk.store.position()

    answer = desk.revert(rich, 3)

    assert desk.store.position() == position
    assert from_json(answer.body)["version"] == 3


def test_an_event_cannot_come_back_to_a_location_that_has_gone(desk: Desk) -> None:
    old, new = desk.location(name="Old"), desk.location(name="New")
    event = desk.event(locationid=old)
    desk.change(event, locationid=new)
    desk.do(partial(locations.delete_location, number=old))

    with pytest.raises(UnknownLocation):
        desk.revert(event, 1)


def test_a_revert_moves_the_event_in_the_books_of_both_locations(desk: Desk) -> None:
    old, new = desk.location(name="Old"), desk.location(name="New")
    event = desk.event(locationid=old)
    desk.change(event, locationid=new)

    desk.revert(event, 1)

    desk.do(partial(locations.delete_location, number=new))
    with pytest.raises(Exception, match=r"hosts 1 Event$"):
        desk.do(partial(locations.delete_location, number=old))


@pytest.mark.parametrize("to", [0, -1, 4, 10**15])
def test_a_version_that_never_was_is_refused(desk: Desk, rich: int, to: int) -> None:
    with pytest.raises(Invalid):
        desk.revert(rich, to)


def test_a_version_at_which_it_was_deleted_is_refused(desk: Desk) -> None:
    location = desk.location()
    event = desk.event(locationid=location)
    desk.delete(event)
    desk.do(partial(locations.delete_location, number=location))

    with pytest.raises(Invalid, match="deleted then"):
        desk.revert(event, 2)
    with pytest.raises(Invalid, match="deleted then"):
        desk.do(partial(locations.revert_location, number=location, to=2))


def test_what_never_was_cannot_be_reverted(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.revert(99, 1)
    with pytest.raises(NotFound):
        desk.do(partial(locations.revert_location, number=99, to=1))


def test_who_saw_another_version_reverts_nothing(desk: Desk, rich: int) -> None:
    upset(desk, rich)

    with pytest.raises(VersionMismatch):
        desk.do(partial(events.revert_event, number=rich, to=1, version=3))


def test_who_knew_other_contingents_reverts_nothing(desk: Desk) -> None:
    event = desk.event(contingents=[FLOOR])
    desk.change(event, contingents=[])
    revert = partial(events.revert_event, number=event, to=1, version=1)

    with pytest.raises(VersionMismatch):
        desk.do(partial(revert, contingents_version=1))
    answer = desk.do(partial(revert, contingents_version=3))

    assert [c["name"] for c in shown(answer.body)["contingents"]] == ["Floor"]


def test_a_version_of_the_same_batch_cannot_be_reverted_to(desk: Desk) -> None:
    location = desk.location(city="Gent")
    event = desk.event(locationid=location)
    change = partial(
        locations.change_location,
        number=location,
        fields=locations.LocationFields(city="Brugge"),
    )
    edit = partial(
        events.change_event, number=event, body=events.EventBody.model_validate({"name": "Other"})
    )

    _, guessed, _, guessed_too = desk.together(
        desk.job(change),
        desk.job(partial(locations.revert_location, number=location, to=2)),
        desk.job(edit),
        desk.job(partial(events.revert_event, number=event, to=2)),
    )

    assert isinstance(guessed.exception(), NotFound)
    assert isinstance(guessed_too.exception(), NotFound)


def test_a_location_comes_back_with_every_field(store: Store) -> None:
    desk = Desk(store)
    location = desk.location(city="Gent", lat=51.05, c_a=[1], translations={"namefr": "Salle"})
    before = rendered(past_location(store, ACCOUNT, location, version=1))
    desk.change_location(
        location, name="Other", city=None, lat=0, c_a=None, c_b=1, translations={}, public=True
    )
    desk.do(partial(locations.delete_location, number=location))

    answer = desk.do(partial(locations.revert_location, number=location, to=1))
    event = desk.event(locationid=location)
    desk.close()

    assert shown(answer.body) == shown(before)
    assert event
