"""Orders that are not confirmed in time: until when they are held, who ends them, how often."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from application import planning, sales
from domain.errors import NotFound, OrderEnded, SoldOut, TicketNotFree
from domain.order import Hold
from domain.taking import PaymentBody
from tests.application.box_office import EXTERNAL, WEB, BoxOffice, ticket
from tests.application.desk import HOLD, taking
from tests.spec import at

DUE = 1_200
"""When an order of now lapses."""
AFTER_DUE = DUE + 60


# -- taken by nobody else: orders whose time is over


def overdue(office: BoxOffice, *take: dict[str, Any]) -> int:
    """An order that should have lapsed by now; nobody has swept."""
    order = office.order(*take)
    office.now += AFTER_DUE
    return order


def test_who_needs_the_tickets_ends_an_order_that_is_overdue(office: BoxOffice) -> None:
    event, lot = office.on_sale(2)
    late = overdue(office, taking(event, lot, 2))
    position = office.store.position()

    order = office.order(taking(event, lot))

    assert sorted(office.facts(position)) == [
        "OrderCreated",
        "OrderLapsed",
        "TicketsLapsed",
        "TicketsTaken",
    ]
    lapsed = [r.fact for r in office.recorded(position) if hasattr(r.fact, "duets")]
    assert [fact.duets for fact in lapsed] == [at(DUE), at(DUE)]
    assert len({r.fact.causation for r in office.recorded(position)}) == 1
    assert office.order_document(late)["ended"] == "lapsed"
    assert office.tickets(order) == [ticket(lot, 1)]
    assert office.counted((event, lot)) == [{"free": 1, "reserved": 1}]


def test_who_needs_that_very_ticket_ends_an_order_that_is_overdue(office: BoxOffice) -> None:
    event, lot = office.on_sale(10)
    late = overdue(office, taking(event, lot, 2))
    recent = office.order(taking(event, lot))

    order = office.order({"eventid": event, "tickets": [ticket(lot, 2)]})

    assert office.tickets(order) == [ticket(lot, 2)]
    assert office.order_document(late)["ended"] == "lapsed"
    with office.refuses(TicketNotFree, ticketid=ticket(lot, 3)):
        office.order({"eventid": event, "tickets": [ticket(lot, 3)]})
    assert office.tickets(recent) == [ticket(lot, 3)]


@pytest.mark.parametrize("limit", ["event", "date", "location"])
def test_an_overdue_order_is_in_the_way_of_every_limit(office: BoxOffice, limit: str) -> None:
    location = office.location(capacity=2 if limit == "location" else 0)
    event, lot = office.on_sale(
        10, locationid=location, totalmaxtickets=2 if limit == "event" else None
    )
    office.date(event, "2026-12-01T20:00:00Z", "2026-12-01T21:00:00Z", capacity=2)
    overdue(office, taking(event, lot, 2))

    order = office.order(taking(event, lot, 2))

    assert office.tickets(order) == [ticket(lot, 1), ticket(lot, 2)]
    assert office.counted((event, lot)) == [{"free": 8, "reserved": 2}]


def test_an_order_is_not_ended_when_nobody_needs_its_tickets(office: BoxOffice) -> None:
    event, lot = office.on_sale(3)
    late = overdue(office, taking(event, lot, 2))

    office.order(taking(event, lot))

    assert office.order_document(late)["status"] == 21001


def test_an_order_is_not_ended_when_that_would_not_be_enough(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    late = overdue(office, taking(event, lot, 2))
    office.order(taking(event, lot, 2))

    with office.refuses(SoldOut, asked=4, left=1):
        office.order(taking(event, lot, 4))

    assert len(office.tickets(late)) == 2
    office.order(taking(event, lot, 3))
    assert office.order_document(late)["ended"] == "lapsed"


def test_an_order_that_holds_other_tickets_is_not_ended_in_vain(office: BoxOffice) -> None:
    event, lot = office.on_sale(1)
    office.sold(event, lot)
    late = overdue(office, taking(event, office.contingent(event)))

    with office.refuses(SoldOut, contingentid=lot):
        office.order(taking(event, lot))

    assert len(office.tickets(late)) == 1


def test_an_overdue_order_over_two_events_is_ended_in_both(office: BoxOffice) -> None:
    one, other = office.on_sale(1), office.on_sale(2)
    overdue(office, taking(*one), taking(*other))

    office.order(taking(*one))

    assert office.counted(one, other) == [{"reserved": 1}, {"free": 2}]


def test_an_overdue_order_counts_for_what_it_holds_of_each_event(office: BoxOffice) -> None:
    one, other = office.on_sale(2), office.on_sale(2)
    overdue(office, taking(*one), taking(*other, 2))

    order = office.order(taking(*one), taking(*other, 2))

    assert office.counted(one, other) == [{"free": 1, "reserved": 1}, {"reserved": 2}]
    assert len(office.tickets(order)) == 3


@pytest.mark.parametrize("where", ["the same Event", "another Event"])
def test_an_order_that_was_extended_by_a_later_action_is_not_ended(
    office: BoxOffice, where: str
) -> None:
    one = office.on_sale(1)
    more = (one[0], office.contingent(one[0])) if where == "the same Event" else office.on_sale()
    order = office.order(taking(*one))
    office.now = 600
    office.add(order, taking(*more))
    office.now = 600 + DUE - 1

    with office.refuses(SoldOut, left=0):
        office.order(taking(*one))

    assert len(office.tickets(order)) == 2
    office.now = 600 + DUE
    office.order(taking(*one))
    assert office.order_document(order)["ended"] == "lapsed"


def test_orders_with_more_time_do_not_hide_one_that_is_overdue(
    office: BoxOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MAX_LAPSED", 1)
    one, other = office.on_sale(2), office.on_sale(9)
    extended = office.order(taking(*one))
    office.now = 60
    late = office.order(taking(*one))
    office.add(extended, taking(*other))
    office.now = 60 + DUE - 1
    office.add(extended, taking(*other))
    office.now = 60 + DUE

    office.order(taking(*one))

    assert office.order_document(late)["ended"] == "lapsed"
    assert office.order_document(extended)["ended"] is None


# -- until when


def test_an_order_is_confirmed_until_the_moment_it_is_due(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    in_time, late = office.order(taking(event, lot)), office.order(taking(event, lot))

    office.now = DUE - 0.000001
    office.confirm(in_time)
    office.now = DUE
    with office.refuses(OrderEnded, ended="lapsed", expiryts=at(DUE)):
        office.confirm(late)
    office.lapse(in_time)
    office.lapse(late)

    assert office.counted((event, lot)) == [{"free": 99, "sold_unpaid": 1}]
    with office.refuses(OrderEnded, ended="lapsed"):
        office.confirm(late)


@pytest.mark.parametrize("command", [BoxOffice.confirm, BoxOffice.cancel])
def test_nothing_happens_to_an_order_after_it_was_due(
    office: BoxOffice, command: Callable[[BoxOffice, int], object]
) -> None:
    event, lot = office.on_sale()
    order = office.order(taking(event, lot, 2))
    office.now = AFTER_DUE

    for late in (
        partial(command, office, order),
        partial(office.pay, order, 25.0),
        partial(office.add, order, taking(event, lot)),
        partial(office.remove, order, ticket(lot, 1)),
        partial(office.split, order, ticket(lot, 1)),
    ):
        with office.refuses(OrderEnded, ended="lapsed"):
            late()


def test_money_that_comes_at_the_moment_of_lapse(office: BoxOffice) -> None:
    """Confirmed in time it is paid; else the money is refused, and whoever comes next is served."""
    event, lot = office.on_sale(2)
    confirmed, late = office.order(taking(event, lot)), office.order(taking(event, lot))
    office.now = DUE - 1
    office.confirm(confirmed)
    office.now = DUE

    def job(command: Callable[..., Any], number: int, **more: Any) -> Any:
        return office.job(partial(command, number=number, **more))

    money = PaymentBody(amount=25.0)
    outcomes = office.together(
        job(sales.lapse_order, confirmed),
        job(sales.add_payment, confirmed, body=money),
        job(sales.add_payment, late, body=money),
        job(sales.lapse_order, late),
        job(sales.add_payment, late, body=money),
        job(sales.confirm_order, late),
    )

    assert [type(outcome.exception()) for outcome in outcomes] == [
        type(None),
        type(None),
        OrderEnded,
        type(None),
        OrderEnded,
        OrderEnded,
    ]
    assert office.counted((event, lot)) == [{"free": 1, "sold_paid": 1}]
    assert office.order_document(late)["amountpaid"] == 0


def test_an_order_lapses_once(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = overdue(office, taking(event, lot))
    position = office.store.position()

    for _ in range(3):
        office.lapse(order)

    assert office.facts(position) == ["OrderLapsed", "TicketsLapsed"]
    with pytest.raises(NotFound):
        office.lapse(99)


def test_an_order_is_not_ended_before_it_is_due(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.order(taking(event, lot))
    position = office.store.position()

    office.now = DUE - 1
    office.lapse(order)

    assert office.facts(position) == []


def test_every_action_gives_an_order_time_up_to_the_cap(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.order(taking(event, lot, 9))

    for now in range(1_000, 7_001, 1_000):
        office.now = now
        office.remove(order, ticket(lot, now // 1_000))
        assert office.order_document(order)["expiryts"] == at(min(now + DUE, 7_200))

    office.now = 7_200
    with office.refuses(OrderEnded):
        office.confirm(order)


def test_a_sales_channel_has_a_time_of_its_own(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    office.hold_for(EXTERNAL, 60)

    expiries = [
        office.order_document(office.order(taking(event, lot), channel=channel, hold=hold))
        for channel, hold in ((EXTERNAL, HOLD), (WEB, HOLD), (EXTERNAL, Hold(1_200, 30)))
    ]

    assert [one["expiryts"] for one in expiries] == [at(60), at(DUE), at(30)]


def test_no_action_takes_time_away_that_was_told(office: BoxOffice) -> None:
    """A sales channel may hold its orders shorter than it did before."""
    event, lot = office.on_sale(9)
    order = office.order(taking(event, lot, 3), channel=EXTERNAL)
    office.hold_for(EXTERNAL, 60)
    office.now = 100

    office.remove(order, ticket(lot, 3))
    office.add(order, taking(event, lot))

    assert office.order_document(order)["expiryts"] == at(DUE)
    office.now = DUE - 30
    office.add(order, taking(event, lot))
    assert office.order_document(order)["expiryts"] == at(DUE + 30)


def test_orders_that_were_split_lapse_together(office: BoxOffice) -> None:
    event, lot = office.on_sale(3)
    order = office.order(taking(event, lot, 3))
    office.now = 100
    made = office.split(order, ticket(lot, 3))

    assert office.order_document(made)["expiryts"] == at(DUE)
    office.now = DUE
    office.order(taking(event, lot, 3))

    assert [office.order_document(one)["ended"] for one in (order, made)] == ["lapsed", "lapsed"]
