"""What was reserved is what is ordered: merging and splitting never buy again."""

from functools import partial

import pytest

from application import sales
from domain.errors import BasketLimit, Invalid, OrderEnded
from domain.order import Order
from tests.application.box_office import (
    EXTERNAL,
    NORMAL,
    REDUCED,
    WEB,
    BoxOffice,
    price,
    prices,
    ticket,
)
from tests.application.desk import taking


def merged(office: BoxOffice, order: int, *others: int) -> None:
    office.do(partial(sales.merge_orders, number=order, others=others))


def ticket_prices(office: BoxOffice, order: int) -> list[float]:
    return [one["price"] for one in office.order_document(order)["tickets"]]


def test_merged_orders_cost_what_they_were_reserved_at(office: BoxOffice) -> None:
    event, lot = office.on_sale(2)
    office.change_contingent(event, lot, eventspecificprices=prices(price(NORMAL, 25)))
    first, second = (office.order(taking(event, lot)) for _ in "12")
    office.change_contingent(event, lot, eventspecificprices=prices(price(NORMAL, 40)))
    position = office.store.position()

    merged(office, first, second)

    assert ticket_prices(office, first) == [25, 25]
    assert office.facts(position) == ["TicketsMerged", "OrderMerged", "TicketsHandedOver"]
    ended = office.order_document(second)
    assert (ended["ended"], ended["mergedinto"], ended["tickets"]) == ("merged", first, [])
    assert office.counters(event, lot) == {"reserved": 2, "total": 2}
    office.confirm(first)
    assert office.counters(event, lot) == {"sold_unpaid": 2, "total": 2}
    office.cancel(first)
    assert office.counters(event, lot) == {"free": 2, "total": 2}


def test_merging_asks_no_price_and_no_room_of_an_event_that_is_sold_out_and_over(
    office: BoxOffice,
) -> None:
    event, lot = office.on_sale(2, salestartts="2026-01-01T00:00:00Z")
    first, second = (office.order(taking(event, lot)) for _ in "12")
    office.change(event, saleendts="2026-01-01T00:00:01Z")
    office.now = 2

    merged(office, first, second)

    assert len(office.tickets(first)) == 2


def test_merged_tickets_keep_who_comes_with_them(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    first, second = (office.order(taking(event, lot)) for _ in "12")
    office.name_holders(second, {ticket(lot, 2): "Zoë"})

    merged(office, first, second)

    (holder,) = office.order_document(first)["holders"]
    assert (holder["id"], holder["ticketname"]) == (ticket(lot, 2), "Zoë")


def test_a_split_order_costs_what_it_was_taken_at(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    office.change_contingent(event, lot, eventspecificprices=prices(price(NORMAL, 25)))
    order = office.order(taking(event, lot, 3))
    office.change_contingent(event, lot, eventspecificprices=prices(price(NORMAL, 40)))

    made = office.split(order, ticket(lot, 3))

    assert (ticket_prices(office, order), ticket_prices(office, made)) == ([25, 25], [25])
    merged(office, order, made)
    assert ticket_prices(office, order) == [25, 25, 25]


def test_what_one_order_may_have_holds_for_merged_ones(office: BoxOffice) -> None:
    limited = price(NORMAL, 10, conditions={"orderticketlimit": 1})
    event, lot = office.on_sale()
    for fields, limit in (
        ({"max_orderable_amount_per_order": 1}, "max_orderable_amount_per_order"),
        (
            {"max_orderable_amount_per_order": 20, "eventspecificprices": prices(limited)},
            "orderticketlimit",
        ),
    ):
        office.change_contingent(event, lot, **fields)
        first, second = (office.order(taking(event, lot)) for _ in "12")
        with office.refuses(BasketLimit, limit=limit, allowed=1):
            merged(office, first, second)
        assert len(office.tickets(second)) == 1


@pytest.mark.parametrize("what", ["confirmed", "elsewhere", "itself"])
def test_only_unconfirmed_orders_of_one_channel_are_merged(office: BoxOffice, what: str) -> None:
    event, lot = office.on_sale()
    first, second = (office.order(taking(event, lot), channel=WEB) for _ in "12")
    other = {"confirmed": second, "itself": first}.get(what)
    if other is None:
        other = office.order(taking(event, lot), channel=EXTERNAL)
    elif what == "confirmed":
        office.confirm(second)

    with office.refuses(Invalid):
        merged(office, first, other)


def test_an_order_that_is_over_is_not_merged(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    first, second, third = (office.order(taking(event, lot)) for _ in "123")
    office.cancel(second)
    merged(office, first, third)

    for over, ended in ((second, "cancelled"), (third, "merged")):
        with office.refuses(OrderEnded, ended=ended):
            merged(office, first, over)


def test_every_order_has_a_guid_of_its_own_that_stays(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.order(taking(event, lot, 2))
    guid = office.order_document(order)["guid"]

    made = office.split(order, ticket(lot, 2))
    office.confirm(order)

    assert office.order_document(order)["guid"] == guid != office.order_document(made)["guid"]
    assert guid != str(Order.id_of(office.account, order))


def test_other_price_types_stay_apart_when_orders_are_merged(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    office.change_contingent(
        event, lot, eventspecificprices=prices(price(NORMAL, 25), price(REDUCED, 10))
    )
    first = office.order(taking(event, lot))
    second = office.order(taking(event, lot, pricetypeid=REDUCED))

    merged(office, first, second)

    assert ticket_prices(office, first) == [25, 10]
