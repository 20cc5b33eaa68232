"""What an Event, its dates and its Location have room for."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.base import State
from domain.contingents import COUNTERS
from domain.errors import SoldOut, TicketsInUse
from domain.limits import check_edit, check_room

FRIDAY, SATURDAY = 1, 2
NO_DATES: Mapping[int, int] = {}


def an_event(totalmaxtickets: int | None = None, dates: Mapping[int, int] = NO_DATES) -> State:
    """With the capacity of each date."""
    numbered = {str(date): {"id": date, "capacity": n} for date, n in dates.items()}
    return {"totalmaxtickets": totalmaxtickets, "dates": numbered}


def a_lot(number: int, *dates: int, **counters: int) -> State:
    counted = dict.fromkeys(COUNTERS, 0) | counters
    return {"id": number, "dateids": list(dates), "counters": counted}


def left(
    event: State, capacity: int | None, lots: list[State], more: Mapping[int, int]
) -> dict[str, Any] | None:
    """What a taker of so many more of these lots is told, None when there is room."""
    try:
        check_room(event, {} if capacity is None else {"capacity": capacity}, lots, more)
    except SoldOut as refusal:
        return refusal.details
    return None


@pytest.mark.parametrize("none", [None, 0])
def test_nothing_and_zero_are_no_limit(none: int | None) -> None:
    lots = [a_lot(98, reserved=10**6)]

    assert left(an_event(none), none, lots, {98: 10**6}) is None
    assert left(an_event(none, {1: 0}), none, lots, {98: 10**6}) is None


@pytest.mark.parametrize("state", ["reserved", "sold_unpaid", "sold_paid", "complimentary"])
def test_every_ticket_that_an_order_holds_counts(state: str) -> None:
    lots = [a_lot(98, **{state: 8})]

    for event, capacity, limit in (
        (an_event(10), 0, "event"),
        (an_event(None, {1: 10}), 0, "date"),
        (an_event(), 10, "location"),
        (an_event(None, {1: 0}), 10, "location"),
    ):
        assert left(event, capacity, lots, {98: 2}) is None
        refused = left(event, capacity, lots, {98: 3})
        assert refused
        assert (refused["limit"], refused["asked"], refused["left"]) == (limit, 3, 2)


def test_locked_and_free_tickets_do_not_count() -> None:
    lots = [a_lot(98, free=50, locked_hard=50, locked_soft=50, reserved=8)]

    assert left(an_event(10, {1: 10}), 10, lots, {98: 2}) is None


def test_the_whole_event_counts_every_lot() -> None:
    lots = [a_lot(98, reserved=4), a_lot(99, SATURDAY, sold_paid=4)]

    assert left(an_event(10, {1: 0, 2: 0}), 0, lots, {98: 1, 99: 1}) is None
    assert left(an_event(10, {1: 0, 2: 0}), 0, lots, {98: 1, 99: 2}) == {
        "limit": "event",
        "asked": 3,
        "left": 2,
    }


def test_a_date_counts_the_lots_that_are_valid_on_it() -> None:
    event = an_event(None, {1: 10, 2: 20})
    lots = [a_lot(97, reserved=2), a_lot(98, FRIDAY, reserved=7), a_lot(99, SATURDAY, reserved=7)]

    assert left(event, 0, lots, {98: 1, 99: 11}) is None
    assert left(event, 0, lots, {98: 2}) == {
        "limit": "date",
        "asked": 2,
        "left": 1,
        "dateid": FRIDAY,
    }
    assert left(event, 0, lots, {97: 2}) == {
        "limit": "date",
        "asked": 2,
        "left": 1,
        "dateid": FRIDAY,
    }


def test_a_lot_of_two_dates_counts_on_both() -> None:
    event = an_event(None, {1: 10, 2: 3})

    refused = left(event, 0, [a_lot(98, FRIDAY, SATURDAY)], {98: 4})

    assert refused == {"limit": "date", "asked": 4, "left": 3, "dateid": SATURDAY}


def test_what_is_left_of_a_date_does_not_count_what_is_asked_for_another() -> None:
    event = an_event(None, {1: 10, 2: 0})
    lots = [a_lot(98, FRIDAY, reserved=9), a_lot(99, SATURDAY)]

    refused = left(event, 0, lots, {98: 2, 99: 3})

    assert refused == {"limit": "date", "asked": 2, "left": 1, "dateid": FRIDAY}


def test_a_location_is_filled_anew_on_every_date() -> None:
    event = an_event(None, {1: 0, 2: 0})
    lots = [a_lot(98, FRIDAY, reserved=9), a_lot(99, SATURDAY, reserved=5)]

    assert left(event, 10, lots, {98: 1, 99: 5}) is None
    assert left(event, 10, lots, {99: 6}) == {
        "limit": "location",
        "asked": 6,
        "left": 5,
        "dateid": SATURDAY,
    }


def test_a_location_is_filled_once_by_an_event_without_dates() -> None:
    lots = [a_lot(98, reserved=4), a_lot(99, reserved=4)]

    assert left(an_event(), 10, lots, {98: 1, 99: 2}) == {
        "limit": "location",
        "asked": 3,
        "left": 2,
    }


@pytest.mark.parametrize(
    ("event", "capacity", "details"),
    [
        (an_event(7), 0, {"limit": "event", "inuse": 8}),
        (an_event(None, {1: 7}), 0, {"limit": "date", "inuse": 8, "dateid": FRIDAY}),
        (an_event(None, {1: 0}), 7, {"limit": "location", "inuse": 8, "dateid": FRIDAY}),
        (an_event(), 7, {"limit": "location", "inuse": 8}),
    ],
    ids=["event", "date", "location on a date", "location"],
)
def test_no_edit_leaves_less_room_than_is_in_use(
    event: State, capacity: int, details: dict[str, Any]
) -> None:
    with pytest.raises(TicketsInUse) as refused:
        check_edit(event, {"capacity": capacity}, [a_lot(98, sold_paid=8)])
    check_edit(event, {"capacity": capacity}, [a_lot(98, sold_paid=7)])

    assert refused.value.details == details
