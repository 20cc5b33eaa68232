"""Orders at the desk: taken, confirmed, paid, given back, lapsed. All of them, or nothing."""

from functools import partial
from typing import Any

import pytest
from pydantic_core import from_json

from application import sales
from domain.catalog import SalesChannel
from domain.errors import (
    BasketLimit,
    EventHasTickets,
    Invalid,
    NotOnSale,
    OrderEmpty,
    OrderEnded,
    OrderNotConfirmed,
    RefundTooLarge,
    SoldOut,
    TicketNotFree,
    UnpaidOrders,
    VersionMismatch,
)
from domain.order import MAX_TICKETS
from tests.application.box_office import EXTERNAL, WEB, BoxOffice, ticket
from tests.application.desk import HOLD, taking

# -- one order over two Events


def test_one_order_holds_tickets_of_two_events(office: BoxOffice) -> None:
    one, other = office.on_sale(5), office.on_sale(5)

    order = office.order(taking(*one, 2), taking(*other, 1))

    assert office.counted(one, other) == [{"free": 3, "reserved": 2}, {"free": 4, "reserved": 1}]
    office.confirm(order)
    office.pay(order, 75.0)
    assert office.counted(one, other) == [{"free": 3, "sold_paid": 2}, {"free": 4, "sold_paid": 1}]
    office.refund(order, 0.01)
    assert office.counted(one, other) == [
        {"free": 3, "sold_unpaid": 2},
        {"free": 4, "sold_unpaid": 1},
    ]
    office.cancel(order)
    assert office.counted(one, other) == [{"free": 5}, {"free": 5}]


def test_nothing_of_the_first_event_stays_taken_when_the_second_is_sold_out(
    office: BoxOffice,
) -> None:
    one, other = office.on_sale(5), office.on_sale(1)
    office.order(taking(*other))

    with office.refuses(SoldOut, limit="contingent", asked=1, left=0, contingentid=other[1]):
        office.order(taking(*one, 5), taking(*other))

    assert office.counted(one, other) == [{"free": 5}, {"reserved": 1}]
    assert len(office.tickets(office.order(taking(*one, 5)))) == 5


def test_an_order_that_cannot_take_more_keeps_what_it_has(office: BoxOffice) -> None:
    one, other = office.on_sale(5), office.on_sale(1)
    office.order(taking(*other))
    order = office.order(taking(*one))
    before = office.order_document(order)

    with office.refuses(SoldOut):
        office.add(order, taking(*one), taking(*other))

    assert office.order_document(order) == before


def test_a_refusal_harms_no_other_in_its_batch(office: BoxOffice) -> None:
    one, other = office.on_sale(2), office.on_sale(1)

    def ordering(*take: dict[str, Any]) -> Any:
        body = sales.OrderBody.model_validate({"saleschannelid": WEB, "take": list(take)})
        return office.job(partial(sales.create_order, body=body, hold=HOLD))

    answers = office.together(
        ordering(taking(*other)),
        ordering(taking(*one, 2), taking(*other)),
        ordering(taking(*one, 2)),
    )

    assert [type(answer.exception()) for answer in answers] == [type(None), SoldOut, type(None)]
    assert office.counted(one, other) == [{"reserved": 2}, {"reserved": 1}]


# -- what an order takes


def test_tickets_are_taken_by_count_by_price_or_by_id(office: BoxOffice) -> None:
    event, lot = office.on_sale(10)
    document = from_json(office.change(event).body)
    (priced,) = document["prices"]["contingents"][0]["pricetypes"]

    order = office.order(
        {"eventid": event, "tickets": [ticket(lot, 7), ticket(lot, 3)]},
        {"eventid": event, "tickettypepriceid": priced["tickettypepriceid"], "amount": 3},
        taking(event, lot),
    )

    assert [n - ticket(lot, 0) for n in office.tickets(order)] == [3, 7, 1, 2, 4, 5]


def test_one_order_takes_the_same_ticket_once(office: BoxOffice) -> None:
    event, lot = office.on_sale(10)
    this = {"eventid": event, "tickets": [ticket(lot, 1)]}

    with office.refuses(TicketNotFree, ticketid=ticket(lot, 1)):
        office.order(this, this)


def test_tickets_that_are_named_are_not_taken_by_count(office: BoxOffice) -> None:
    one, other = office.on_sale(4), office.on_sale(4)
    these = [{"eventid": e, "tickets": [ticket(lot, 1), ticket(lot, 3)]} for e, lot in (one, other)]

    order = office.order(taking(*one, 2), *these, taking(*other))

    assert [divmod(n, ticket(1, 0)) for n in office.tickets(order)] == [
        (one[1], 2),
        (one[1], 4),
        (one[1], 1),
        (one[1], 3),
        (other[1], 1),
        (other[1], 3),
        (other[1], 2),
    ]
    with office.refuses(SoldOut, asked=2, left=1):
        office.order(taking(*other, 2))


def test_a_contingent_that_is_taken_from_twice_in_one_order_is_counted_once(
    office: BoxOffice,
) -> None:
    event, lot = office.on_sale(None)

    order = office.order(taking(event, lot, 2), taking(event, lot, 3))

    assert office.tickets(order) == [ticket(lot, n) for n in range(1, 6)]
    assert office.counted((event, lot)) == [{"reserved": 5}]
    assert office.tickets(office.order(taking(event, lot))) == [ticket(lot, 6)]


@pytest.mark.parametrize(
    ("take", "path"),
    [
        ({"contingentid": 1}, "take.0.eventid"),
        ({"eventid": 99, "contingentid": 1}, "take.0.eventid"),
        ({"eventid": 1, "contingentid": 99}, "take.0.contingentid"),
        ({"eventid": 1, "contingentid": 2}, "take.0.contingentid"),
        ({"eventid": 1, "tickettypepriceid": 99_000_001}, "take.0.tickettypepriceid"),
        ({"eventid": 1, "tickets": [ticket(2, 1)]}, "take.0.tickets"),
    ],
    ids=[
        "no Event",
        "unknown",
        "no contingent",
        "another's",
        "another's price",
        "another's ticket",
    ],
)
def test_what_is_not_there_is_named(office: BoxOffice, take: Any, path: str) -> None:
    assert [office.on_sale(), office.on_sale()] == [(1, 1), (2, 2)]

    with pytest.raises(Invalid) as refused:
        office.order(take)

    assert refused.value.details["errors"][0]["path"] == path


def test_a_basket_has_so_many_tickets_of_an_event(office: BoxOffice) -> None:
    event, lot = office.on_sale(maxnbrofticketsperbasket=4)
    other = office.on_sale()
    order = office.order(taking(event, lot, 3), taking(*other, 9))

    limit = {"limit": "maxnbrofticketsperbasket", "allowed": 4, "eventid": event}
    with office.refuses(BasketLimit, left=1, **limit):
        office.add(order, taking(event, lot), taking(event, lot))
    with office.refuses(BasketLimit, left=4, **limit):
        office.order(taking(event, lot, 5))
    office.add(order, taking(event, lot))
    with office.refuses(BasketLimit, left=0, **limit):
        office.add(order, taking(event, lot))


def test_an_order_has_at_most_five_thousand_tickets(office: BoxOffice) -> None:
    event, lot = office.on_sale(10_000)
    order = office.order(taking(event, lot, MAX_TICKETS - 1))

    with office.refuses(BasketLimit, limit="order", left=1):
        office.add(order, taking(event, lot, 2))

    office.add(order, taking(event, lot))


# -- once, however often it is asked


def test_an_order_is_confirmed_once_by_sixteen_at_once(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.order(taking(event, lot))
    position = office.store.position()

    confirm = partial(sales.confirm_order, number=order)
    answers = office.together(*(office.job(confirm) for _ in range(16)))

    assert office.facts(position) == ["OrderConfirmed", "TicketsSettled"]
    assert {answer.result().body for answer in answers} == {answers[0].result().body}


def test_an_order_is_cancelled_once(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.order(taking(event, lot))
    position = office.store.position()

    for _ in range(2):
        office.cancel(order)

    assert office.facts(position) == ["OrderCancelled", "TicketsReleased"]
    with office.refuses(OrderEnded, ended="cancelled"):
        office.confirm(order)


def test_a_payment_that_is_sent_again_with_its_key_is_one_payment(office: BoxOffice) -> None:
    order = office.sold(*office.on_sale())

    for key in ("one", "one", "two"):
        office.pay(order, 25.0, key=key)

    shown = office.order_document(order)
    assert (shown["amountpaid"], shown["paymentstatus"]) == (50.0, 2)


def test_who_saw_another_version_of_the_order_is_refused(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.order(taking(event, lot, 2))
    office.remove(order, ticket(lot, 1))

    for command in (sales.confirm_order, sales.cancel_order):
        with office.refuses(VersionMismatch, version=2):
            office.do(partial(command, number=order, version=1))
    office.do(partial(sales.confirm_order, number=order, version=2))


# -- money


def test_double_payment_is_overpaid_until_it_is_given_back(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.sold(event, lot)

    office.pay(order, 25.0)
    office.pay(order, 25.0)
    assert office.order_document(order)["paymentstatus"] == 2
    office.refund(order, 25.0, 2)

    assert office.order_document(order)["paymentstatus"] == 1
    assert office.counted((event, lot)) == [{"free": 99, "sold_paid": 1}]
    with office.refuses(RefundTooLarge, left=0):
        office.refund(order, 0.01, 2)


def test_money_is_taken_for_confirmed_orders_only(office: BoxOffice) -> None:
    order = office.order(taking(*office.on_sale()))

    with office.refuses(OrderNotConfirmed):
        office.pay(order, 25.0)


def test_an_empty_order_is_not_confirmed(office: BoxOffice) -> None:
    order = office.order()

    with office.refuses(OrderEmpty):
        office.confirm(order)


def test_what_a_paid_order_takes_makes_it_unpaid_and_what_it_gives_back_paid(
    office: BoxOffice,
) -> None:
    one, other = office.on_sale(), office.on_sale()
    order = office.sold(*one)
    office.pay(order, 25.0)

    office.add(order, taking(*other))
    assert office.counted(one, other) == [
        {"free": 99, "sold_unpaid": 1},
        {"free": 99, "sold_unpaid": 1},
    ]
    office.remove(order, ticket(other[1], 1))
    assert office.counted(one, other) == [{"free": 99, "sold_paid": 1}, {"free": 100}]
    office.remove(order, ticket(one[1], 1))
    assert office.order_document(order)["paymentstatus"] == 2


def test_a_split_leaves_the_money_with_the_first_order(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.sold(event, lot, 3)
    office.pay(order, 50.0)
    barcode = office.inventory(event).barcode(ticket(lot, 3), order)

    made = office.split(order, ticket(lot, 3))

    assert office.counted((event, lot)) == [{"free": 97, "sold_paid": 2, "sold_unpaid": 1}]
    assert office.inventory(event).barcode(ticket(lot, 3), made) == barcode
    office.pay(made, 25.0)
    assert office.counted((event, lot)) == [{"free": 97, "sold_paid": 3}]


# -- what an Event may do while orders hold its tickets


def test_an_event_with_unpaid_orders_is_not_closed(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.sold(event, lot)
    basket = office.order(taking(event, lot))

    with office.refuses(UnpaidOrders, orders=[order], count=1):
        office.close_event(event)
    office.pay(order, 25.0)
    office.close_event(event)

    with office.refuses(NotOnSale):
        office.confirm(basket)
    office.cancel(basket)


def test_money_is_given_back_after_the_event_was_closed(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.sold(event, lot)
    office.pay(order, 25.0)
    office.close_event(event)

    office.refund(order, 25.0)
    assert office.counted((event, lot)) == [{"free": 99, "sold_unpaid": 1}]
    office.cancel(order)

    assert office.counted((event, lot)) == [{"free": 100}]


def test_an_event_whose_tickets_are_held_is_not_deleted(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.order(taking(event, lot, 2))
    office.status(event, "redraft")

    with office.refuses(EventHasTickets, count=2):
        office.delete(event)
    with office.refuses(NotOnSale):
        office.confirm(order)
    office.cancel(order)

    office.delete(event)


# -- sales channels


@pytest.mark.parametrize("channel", [0, 99, EXTERNAL])
def test_an_order_needs_a_sales_channel_that_is_there(office: BoxOffice, channel: int) -> None:
    event, lot = office.on_sale()
    order = office.order(taking(event, lot), channel=EXTERNAL)
    office.archive(SalesChannel, EXTERNAL)

    with office.refuses(Invalid):
        office.order(taking(event, lot), channel=channel)

    with office.refuses(NotOnSale):
        office.add(order, taking(event, lot))
    office.confirm(order)
