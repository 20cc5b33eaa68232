"""A limit that another process changes before the commit: what it bounds is decided again.

The races of `tests/processes` meet this by chance, here it is so every time.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

import pytest

from application import contingents, events, locations, sales
from application.ports import Store
from application.unit_of_work import UnitOfWork
from domain.contingents import ContingentBody
from domain.errors import BasketLimit, Invalid, SoldOut, TicketsInUse
from domain.event import DateFields
from domain.event_fields import EventBody
from domain.location import LocationFields
from domain.order import Order
from domain.taking import Take
from tests.application.desk import HOLD, Desk, taking

T = TypeVar("T")
LIMITS = ["contingent", "event", "date", "location", "basket"]
OF_EVENT = {"event": "totalmaxtickets", "basket": "maxnbrofticketsperbasket"}


class LastTicket:
    """Two processes, and an Event where an order has one ticket and a limit leaves one more."""

    def __init__(self, limit: str, buyer: Desk, editor: Desk) -> None:
        self.limit, self.buyer, self.editor = limit, buyer, editor
        self.location = buyer.location(capacity=2 if limit == "location" else 0)
        self.event, self.contingent = buyer.on_sale(
            2 if limit == "contingent" else 9,
            locationid=self.location,
            **({OF_EVENT[limit]: 2} if limit in OF_EVENT else {}),
        )
        times = ("2026-12-01T20:00:00Z", "2026-12-01T23:00:00Z")
        self.date = buyer.date(self.event, *times, capacity=2 if limit == "date" else 0)
        self.order = buyer.order(taking(self.event, self.contingent))

    def take(self, work: UnitOfWork) -> Order:
        takes = [Take.model_validate(taking(self.event, self.contingent))]
        return sales.add_tickets(work, self.order, takes, [], HOLD)

    def lower(self, work: UnitOfWork) -> Any:
        """To what the order has."""
        match self.limit:
            case "contingent":
                body = ContingentBody(amount=1)
                return contingents.change_contingent(work, self.event, self.contingent, body)
            case "date":
                return events.change_date(work, self.event, self.date, DateFields(capacity=1))
            case "location":
                return locations.change_location(work, self.location, LocationFields(capacity=1))
            case _:
                lowered = EventBody.model_validate({OF_EVENT[self.limit]: 1})
                return events.change_event(work, self.event, lowered)


def overtaken(
    slow: Desk, decide: Callable[[UnitOfWork], T], fast: Desk, first: Callable[[UnitOfWork], T]
) -> T:
    """What is decided in the end: `first` is recorded between the first decision and its commit."""
    tries: list[None] = []

    def slowly(work: UnitOfWork) -> T:
        tries.append(None)
        decided = decide(work)
        if len(tries) == 1:
            fast.do(first)
        return decided

    try:
        outcome: T = slow.decided(slowly)
    finally:
        assert len(tries) == 2
    return outcome


@pytest.fixture
def desks(store: Store) -> Iterator[tuple[Desk, Desk]]:
    with closing(Desk(store)) as one, closing(Desk(store)) as other:
        yield one, other


@pytest.mark.parametrize("limit", LIMITS)
def test_nothing_is_taken_where_a_limit_was_lowered_before_the_commit(
    desks: tuple[Desk, Desk], limit: str
) -> None:
    last = LastTicket(limit, *desks)

    with pytest.raises(BasketLimit if limit == "basket" else SoldOut) as refusal:
        overtaken(last.buyer, last.take, last.editor, last.lower)

    assert refusal.value.details["left"] == 0
    assert len(last.buyer.tickets(last.order)) == 1


@pytest.mark.parametrize("limit", [limit for limit in LIMITS if limit != "basket"])
def test_no_limit_is_lowered_below_what_was_taken_before_the_commit(
    desks: tuple[Desk, Desk], limit: str
) -> None:
    last = LastTicket(limit, *desks)

    with pytest.raises(TicketsInUse) as refusal:
        overtaken(last.editor, last.lower, last.buyer, last.take)

    assert refusal.value.details["inuse"] == 2
    assert len(last.buyer.tickets(last.order)) == 2


# -- beside a command that is refused after it had changed something, which is taken back


def test_a_refused_edit_does_not_hide_that_a_limit_was_lowered(desks: tuple[Desk, Desk]) -> None:
    buyer, editor = desks
    last = LastTicket("event", buyer, editor)

    def refused(work: UnitOfWork) -> object:
        if not tries:
            editor.do(last.lower)
        tries.append(None)
        return events.change_date(work, last.event, last.date, DateFields(capacity=1, name="S"))

    def confirm(work: UnitOfWork) -> object:
        return sales.confirm_order(work, last.order)

    tries: list[None] = []
    taken, _, confirmed = buyer.together(*map(buyer.job, (last.take, refused, confirm)))

    assert isinstance(taken.exception(), SoldOut)
    assert confirmed.exception() is None
    assert len(buyer.tickets(last.order)) == 1


def test_a_refused_edit_harms_no_other_when_tickets_were_taken_meanwhile(
    desks: tuple[Desk, Desk],
) -> None:
    buyer, editor = desks
    last = LastTicket("contingent", buyer, editor)
    other = taking(last.event, last.contingent)

    def refused(work: UnitOfWork) -> object:
        if not tries:
            editor.order(other)
        tries.append(None)
        body = ContingentBody(name="Seats", dateids=[last.date, 999])
        return contingents.change_contingent(work, last.event, last.contingent, body)

    tries: list[None] = []
    taken, edited = buyer.together(*map(buyer.job, (last.take, refused)))

    assert isinstance(taken.exception(), SoldOut)
    assert isinstance(edited.exception(), Invalid)
    assert len(buyer.tickets(last.order)) == 1
