"""An order: what it holds, what it costs, what it was paid, how it ends."""

from collections.abc import Sequence
from typing import Any

import pytest

from domain.base import CommandMetadata, State
from domain.errors import (
    Invalid,
    OrderEmpty,
    OrderEnded,
    OrderNotConfirmed,
    RefundTooLarge,
)
from domain.order import (
    ARCHIVED,
    CONFIRMED,
    INCOMPLETE,
    OVERPAID,
    PAID,
    UNCONFIRMED,
    Hold,
    Order,
    payment_status,
    total_amount,
)
from domain.order_facts import (
    HoldersNamed,
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    OrderCreated,
    OrderLapsed,
    OrderRepriced,
    OrderSplit,
    PaymentAdded,
    RefundAdded,
    TicketsAdded,
    TicketsRemoved,
)
from tests.domain.lots import LOT, OTHER, Place, ticket, tickets
from tests.spec import Command, at, given, metadata, says, then, then_refused, when

HOLD = Hold(1_200, 7_200)
NORMAL, FREE = 1, 3
GUID, OTHER_GUID = (f"6f1d3c52-8f0e-4a55-9a53-0d6f3f2a9b1{n}" for n in (0, 1))
START = at(100)
ONE_EVENT, ANOTHER = 5, 6


def line(*places: Place, price: int = 2_500, lot: int = LOT, **said: Any) -> State:
    """Of the Event 5 and price type 1, unless said otherwise."""
    usual = {"eventid": ONE_EVENT, "pricetypeid": NORMAL, "complimentary": False}
    return {
        **usual,
        "contingentid": lot,
        "price": price,
        "tickets": tickets(*places, lot=lot),
        **said,
    }


def given_away(*places: Place) -> State:
    return line(*places, price=0, pricetypeid=FREE, complimentary=True)


def created(*lines: State, time: str = START) -> Command:
    """Held for 20 minutes from then on."""

    def command(order: Order, cause: CommandMetadata) -> None:
        now = metadata(time=time)
        order.create(GUID, 2, "EUR", HOLD.expiry(time, time), list(lines), now)

    return command


def adding(*lines: State, hold: Hold = HOLD) -> Command:
    return lambda order, metadata: order.add(list(lines), hold, metadata)


def removing(*places: Place, hold: Hold = HOLD) -> Command:
    return lambda order, metadata: order.remove(tickets(*places), hold, metadata)


def confirmed(order: Order, metadata: CommandMetadata) -> None:
    order.confirm(metadata)


def cancelled(order: Order, metadata: CommandMetadata) -> None:
    order.cancel(metadata)


def lapsed(order: Order, metadata: CommandMetadata) -> None:
    order.lapse(metadata)


def paying(amount: int, method: int | None = None) -> Command:
    return lambda order, metadata: order.pay(amount, method, metadata)


def refunding(amount: int, of: int | None = None) -> Command:
    return lambda order, metadata: order.refund(amount, of, metadata)


def an_order(*earlier: Command) -> Order:
    return given(Order, *earlier, number=1)


def sold(*lines: State) -> Order:
    return an_order(created(*lines), confirmed)


def money(order: Order) -> tuple[int, int, int]:
    """What it costs, what was paid, whether that is enough."""
    return total_amount(order.state), order.state["amountpaid"], payment_status(order.state)


# -- what it holds


def test_an_order_is_created_with_what_it_takes() -> None:
    outcome = when(given(Order, number=1), created(line((1, 2))))

    said = {
        "number": 1,
        "guid": GUID,
        "saleschannelid": 2,
        "currency": "EUR",
        "expiryts": at(1_300),
        "heldsince": START,
        "root": 1,
        "splitfrom": None,
        "lines": [line((1, 2))],
    }
    then(outcome, says(OrderCreated, **said))


def test_an_order_counts_its_tickets_by_event_and_price() -> None:
    order = an_order(
        created(line((1, 2)), line(3, pricetypeid=2), line(1, lot=OTHER, eventid=ANOTHER))
    )

    assert order.events == [ONE_EVENT, ANOTHER]
    assert [order.held(), order.held(ONE_EVENT), order.held(ANOTHER), order.held(7)] == [4, 3, 1, 0]
    assert [order.held(price=(LOT, 1)), order.held(price=(LOT, 2))] == [2, 1]
    assert order.held(ANOTHER, (LOT, 1)) == 0
    assert [order.holds(ticket(2)), order.holds(ticket(1, OTHER)), order.holds(ticket(4))] == [
        True,
        True,
        False,
    ]


def test_tickets_come_and_go() -> None:
    order = an_order(created(line((1, 3))))

    outcome = when(order, adding(line(7)), metadata(time=at(200)))
    then(outcome, says(TicketsAdded, lines=[line(7)], expiryts=at(1_400)))

    order.pending = []
    outcome = when(order, removing(2, 7), metadata(time=at(300)))
    then(outcome, says(TicketsRemoved, tickets=tickets(2, 7), expiryts=at(1_500)))
    assert order.state["lines"] == [line(1, 3)]


def test_what_it_does_not_hold_cannot_be_removed() -> None:
    order = an_order(created(line((1, 3))))

    then_refused(when(order, removing(3, 4)), Invalid)
    assert order.held() == 3


# -- until when


@pytest.mark.parametrize(
    ("now", "expiry"),
    [(100, 1_300), (200, 1_400), (6_100, 7_300), (6_101, 7_300), (7_299, 7_300)],
)
def test_every_action_gives_time_and_all_together_are_capped(now: int, expiry: int) -> None:
    assert HOLD.expiry(at(now), at(100)) == at(expiry)


def test_a_hold_that_is_longer_than_the_cap_is_the_cap() -> None:
    assert Hold(7_200, 60).expiry(at(100), at(100)) == at(160)


def test_an_order_is_due_at_the_moment_and_not_before() -> None:
    order = an_order(created(line(1)))

    assert not order.due(at(1_299.999999))
    order.require_open(at(1_299.999999))
    assert order.due(at(1_300))


def test_only_an_unconfirmed_order_is_ever_due() -> None:
    for ending in (confirmed, cancelled, lapsed):
        assert not an_order(created(line(1)), ending).due(at(10**6))


def test_a_confirmed_order_is_not_held_any_longer() -> None:
    order = sold(line((1, 3)))

    for command in (adding(line(4)), removing(1)):
        when(order, command, metadata(time=at(2_000)))
        assert order.state["expiryts"] == at(1_300)


@pytest.mark.parametrize(
    ("ending", "now", "ended"),
    [(cancelled, 200, "cancelled"), (lapsed, 200, "lapsed"), (None, 1_300, "lapsed")],
    ids=["cancelled", "lapsed", "should have lapsed"],
)
def test_what_has_ended_refuses(ending: Command | None, now: int, ended: str) -> None:
    order = an_order(created(line(1)), *([ending] if ending else []))

    outcome = when(order, lambda order, _: order.require_open(at(now)))

    then_refused(outcome, OrderEnded, ended=ended, expiryts=at(1_300))


def test_an_order_lapses_with_the_moment_it_was_due() -> None:
    order = an_order(created(line(1)))

    outcome = when(order, lapsed, metadata(time=at(5_000)))

    then(outcome, says(OrderLapsed, duets=at(1_300)))
    assert outcome.facts[0].time == at(5_000)
    assert (order.state["status"], order.state["ended"], order.held()) == (ARCHIVED, "lapsed", 0)


def test_a_cancelled_order_holds_nothing_and_keeps_its_money() -> None:
    order = an_order(created(line((1, 2))), confirmed, paying(5_000))

    then(when(order, cancelled), says(OrderCancelled))

    assert (order.state["status"], order.state["ended"]) == (ARCHIVED, "cancelled")
    assert money(order) == (0, 5_000, OVERPAID)


# -- confirmed, paid, refunded


def test_a_confirmed_order_says_when() -> None:
    order = an_order(created(line(1)))
    assert order.state["status"] == UNCONFIRMED

    then(when(order, confirmed, metadata(time=at(200))), says(OrderConfirmed))

    assert (order.state["status"], order.state["confirmedts"]) == (CONFIRMED, at(200))


def test_there_is_nothing_to_confirm_in_an_empty_order() -> None:
    for order in (an_order(created()), an_order(created(line(1)), removing(1))):
        then_refused(when(order, confirmed), OrderEmpty)


def test_money_is_for_confirmed_orders() -> None:
    then_refused(when(an_order(created(line(1))), paying(2_500)), OrderNotConfirmed)


def test_payments_add_up() -> None:
    order = sold(line((1, 2)))

    then(
        when(order, paying(1_999, 7)),
        says(PaymentAdded, paymentid=1, amount=1_999, paymentmethodid=7),
    )
    assert money(order) == (5_000, 1_999, INCOMPLETE)
    when(order, paying(3_001))
    assert money(order) == (5_000, 5_000, PAID)
    when(order, paying(1))
    assert money(order) == (5_000, 5_001, OVERPAID)
    assert list(order.state["payments"]) == ["1", "2", "3"]


def test_what_costs_nothing_is_paid() -> None:
    assert money(sold(line(1, price=0))) == (0, 0, PAID)


def test_money_is_given_back_up_to_what_was_paid() -> None:
    order = an_order(created(line((1, 2))), confirmed, paying(5_000))

    then(when(order, refunding(2_000)), says(RefundAdded, paymentid=2, amount=2_000, of=None))
    assert money(order) == (5_000, 3_000, INCOMPLETE)
    then_refused(when(order, refunding(3_001)), RefundTooLarge, left=30.0, currency="EUR")
    when(order, refunding(3_000))
    then_refused(when(order, refunding(1)), RefundTooLarge, left=0.0, currency="EUR")


def test_a_payment_is_given_back_up_to_what_it_was() -> None:
    order = an_order(created(line((1, 2))), confirmed, paying(2_000), paying(3_000))

    when(order, refunding(1_500, 1))
    then_refused(when(order, refunding(501, 1)), RefundTooLarge, left=5.0, currency="EUR")
    when(order, refunding(3_000))
    then_refused(when(order, refunding(501, 2)), RefundTooLarge, left=5.0, currency="EUR")
    when(order, refunding(500, 2))
    assert money(order)[1] == 0


@pytest.mark.parametrize("of", [2, 3, 0])
def test_only_a_payment_is_given_back(of: int) -> None:
    """The second one is a refund."""
    order = an_order(created(line((1, 2))), confirmed, paying(5_000), refunding(1_000))

    then_refused(when(order, refunding(1, of)), Invalid)


def test_nothing_is_given_back_of_an_order_without_money() -> None:
    for order in (an_order(created(line(1))), sold(line(1)), an_order(created(), cancelled)):
        then_refused(when(order, refunding(1)), RefundTooLarge, left=0.0, currency="EUR")


def test_money_is_given_back_after_the_order_was_cancelled() -> None:
    order = an_order(created(line(1)), confirmed, paying(2_500), cancelled)

    when(order, refunding(2_500))

    assert money(order) == (0, 0, PAID)


# -- which counter its tickets are in


@pytest.mark.parametrize(
    ("commands", "counter"),
    [
        ((), "reserved"),
        ((confirmed,), "sold_unpaid"),
        ((confirmed, paying(7_499)), "sold_unpaid"),
        ((confirmed, paying(7_500)), "sold_paid"),
        ((confirmed, paying(7_501)), "sold_paid"),
        ((confirmed, paying(7_500), refunding(1)), "sold_unpaid"),
        ((confirmed, paying(7_500), adding(line(8))), "sold_unpaid"),
        ((confirmed, paying(5_000), removing(1)), "sold_paid"),
    ],
)
def test_tickets_are_paid_when_the_whole_order_is(
    commands: Sequence[Command], counter: str
) -> None:
    order = an_order(created(line((1, 3)), given_away(4)), *commands)

    assert order.counter_of(NORMAL) == counter
    assert order.counter_of(FREE) == ("complimentary" if commands else "reserved")


# -- split


def splitting(to: Order, *places: Place) -> Command:
    return lambda order, metadata: order.split(to, OTHER_GUID, tickets(*places), metadata)


def test_an_order_that_is_split_off_stands_where_the_first_one_does() -> None:
    order = an_order(created(line((1, 3)), line((4, 5), price=1_000)))
    made = given(Order, number=2)

    outcome = when(order, splitting(made, (3, 4)), metadata(time=at(200)))

    then(outcome, says(OrderSplit, toorderid=2, tickets=tickets((3, 4))))
    assert order.state["lines"] == [line((1, 2)), line(5, price=1_000)]
    assert made.state["lines"] == [line(3), line(4, price=1_000)]
    for name in ("saleschannelid", "currency", "expiryts", "heldsince", "root", "status"):
        assert made.state[name] == order.state[name]
    assert (made.state["splitfrom"], made.state["createdts"]) == (1, at(200))


def test_an_order_that_is_split_off_a_confirmed_one_is_confirmed_and_not_paid() -> None:
    order = an_order(created(line((1, 2))), confirmed, paying(5_000))
    made = given(Order, number=2)

    when(order, splitting(made, 2))

    assert [type(fact) for fact in made.pending] == [OrderCreated, OrderConfirmed]
    assert money(order) == (2_500, 5_000, OVERPAID)
    assert money(made) == (2_500, 0, INCOMPLETE)


def test_the_root_of_a_split_of_a_split_is_the_first_order() -> None:
    order, second, third = (given(Order, number=number) for number in (1, 2, 3))
    when(order, created(line((1, 3))))
    when(order, splitting(second, (2, 3)))

    when(second, splitting(third, 3))

    assert [one.state["root"] for one in (order, second, third)] == [1, 1, 1]
    assert [one.state["splitfrom"] for one in (order, second, third)] == [None, 1, 2]


@pytest.mark.parametrize("places", [(1, 2, 3), (3, 4)], ids=["all", "another's"])
def test_some_of_its_own_tickets_are_split_off(places: Sequence[int]) -> None:
    order, made = an_order(created(line((1, 3)))), given(Order, number=2)

    outcome = when(order, splitting(made, *places))

    then_refused(outcome, Invalid)
    assert not outcome.facts
    assert not made.pending


# -- other price types, holders, fields

DUE = "2026-12-05T20:00:00Z"


def repricing(*lines: State) -> Command:
    return lambda order, metadata: order.reprice(list(lines), HOLD, metadata)


def naming(*holders: State) -> Command:
    return lambda order, metadata: order.name_holders(holders, metadata)


def changing(**fields: Any) -> Command:
    return lambda order, metadata: order.change(order.differing_fields(fields), metadata)


def test_repriced_tickets_leave_their_lines() -> None:
    order = an_order(created(line((1, 3))))

    outcome = when(order, repricing(line(2, price=1_500, pricetypeid=2)), metadata(time=at(200)))

    new = line(2, price=1_500, pricetypeid=2)
    then(outcome, says(OrderRepriced, lines=[new], expiryts=at(1_400)))
    assert order.state["lines"] == [line(1, 3), new]
    assert total_amount(order.state) == 6_500


def test_a_holder_is_recorded_as_far_as_it_is_news() -> None:
    order = an_order(
        created(line((1, 2))), naming({"id": ticket(1), "ticketholderid": 7, "ticketname": "Ann"})
    )

    outcome = when(
        order,
        naming(
            {"id": ticket(1), "ticketholderid": 7, "ticketname": None},
            {"id": ticket(2), "ticketname": None},
        ),
    )

    then(outcome, says(HoldersNamed, tickets=[{"id": ticket(1), "ticketname": None}]))
    assert order.holders(tickets((1, 2))) == [{"id": ticket(1), "ticketholderid": 7}]


def test_nobody_is_named_for_a_ticket_that_is_not_held() -> None:
    outcome = when(an_order(created(line(1))), naming({"id": ticket(2), "ticketname": "Ann"}))

    then_refused(outcome, Invalid)


@pytest.mark.parametrize("over", [removing(1), cancelled], ids=["given back", "cancelled"])
def test_who_gives_a_ticket_back_is_forgotten(over: Command) -> None:
    order = an_order(created(line((1, 2))), naming({"id": ticket(1), "ticketname": "Ann"}))

    when(order, over)

    assert order.holders(tickets((1, 2))) == []


def test_only_what_differs_is_changed() -> None:
    order = an_order(created(line(1)), confirmed, changing(customerid=7, expiryts=DUE))

    outcome = when(order, changing(customerid=7, expiryts=DUE, rappelts=None, c_note=True))

    then(outcome, says(OrderChanged, changed={"c_note": True}))
    assert (order.state["expiryts"], order.state["duets"]) == (at(1_300), DUE)


def test_an_unconfirmed_order_is_due_when_it_is() -> None:
    order = an_order(created(line(1)))

    then_refused(when(order, changing(expiryts=at(1_301))), Invalid)
    then_refused(when(order, changing(expiryts=None)), Invalid)
    then(when(order, changing(expiryts=at(1_300)[:19] + "Z")))


def test_an_order_that_has_ended_is_changed_for_its_customer_alone() -> None:
    order = an_order(created(line(1)), cancelled)

    then_refused(when(order, changing(customerid=7, deliveryscenarioid=1)), OrderEnded)
    then(when(order, changing(customerid=7)), says(OrderChanged, changed={"customerid": 7}))
