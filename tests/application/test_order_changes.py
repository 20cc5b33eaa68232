"""Orders beside selling: their fields, who comes with their tickets, other price types."""

from functools import partial
from typing import Any

import pytest

from application import sales
from domain.catalog import PriceType, SalesChannel
from domain.catalog_item import CatalogItem
from domain.contact import Contact, ContactFields
from domain.errors import (
    BasketLimit,
    Invalid,
    NotOnSale,
    OrderEnded,
    PriceNotOffered,
    SoldOut,
)
from domain.order import Order
from domain.payment_scenario import PaymentScenario
from domain.settings_items import DeliveryScenario
from domain.taking import OrderBody
from tests.application.box_office import (
    EXTERNAL,
    FREE,
    NORMAL,
    REDUCED,
    WEB,
    BoxOffice,
    price,
    ticket,
)
from tests.application.desk import HOLD, taking
from tests.spec import at

DUE = "2026-12-05T20:00:00Z"


def a_sale(office: BoxOffice, amount: int = 10, **conditions: Any) -> tuple[int, int]:
    """Tickets at 10, reduced at 5 on the web, or for nothing."""
    event = office.event(startts="2026-12-01T20:00:00Z", endts="2026-12-01T23:00:00Z")
    reduced = price(REDUCED, 5.0, saleschannels=[WEB], conditions=conditions)
    lot = office.lot(event, price(NORMAL, 10.0), reduced, price(FREE, 0.0), amount=amount)
    office.publish(event)
    return event, lot


def prices_of(office: BoxOffice, order: int) -> list[tuple[int, float]]:
    shown = office.order_document(order)["tickets"]
    return sorted((one["id"] % 100, one["price"]) for one in shown)


# -- another price type


def test_a_ticket_with_another_price_type_costs_what_that_one_costs(office: BoxOffice) -> None:
    sale = a_sale(office)
    order = office.order(taking(*sale, 3))
    position = office.store.position()

    office.reprice(order, REDUCED, ticket(sale[1], 2))

    assert office.facts(position) == ["OrderRepriced", "TicketsRepriced"]
    assert prices_of(office, order) == [(1, 10.0), (2, 5.0), (3, 10.0)]
    assert office.counters(*sale) == {"free": 7, "reserved": 3, "total": 10}


def test_what_has_the_price_type_already_keeps_its_price(office: BoxOffice) -> None:
    sale = a_sale(office)
    order = office.order(taking(*sale, 2))
    dearer = {"prices": [price(NORMAL, 12.0), price(REDUCED, 6.0)]}
    office.change_contingent(*sale, eventspecificprices=dearer)
    position = office.store.position()

    office.reprice(order, NORMAL, ticket(sale[1], 1))

    assert office.facts(position) == []
    office.reprice(order, REDUCED, ticket(sale[1], 1), ticket(sale[1], 2))
    office.reprice(order, NORMAL, ticket(sale[1], 2))
    assert prices_of(office, order) == [(1, 6.0), (2, 12.0)]


def test_what_is_given_away_is_counted_apart_and_an_order_may_be_paid_by_it(
    office: BoxOffice,
) -> None:
    sale = a_sale(office)
    order = office.sold(*sale, 2)
    office.pay(order, 10.0)

    office.reprice(order, FREE, ticket(sale[1], 1))

    assert office.counters(*sale) == {
        "free": 8,
        "complimentary": 1,
        "sold_paid": 1,
        "total": 10,
    }
    office.reprice(order, NORMAL, ticket(sale[1], 1))
    assert office.counters(*sale) == {"free": 8, "sold_unpaid": 2, "total": 10}


def test_the_conditions_of_a_price_hold_for_tickets_that_come_to_it(office: BoxOffice) -> None:
    sale = a_sale(office, ticketlimit=3, orderticketlimit=2)
    mine, other = office.order(taking(*sale, 3)), office.order(taking(*sale, 2))
    first, second, third, fourth, fifth = (ticket(sale[1], place) for place in range(1, 6))

    with office.refuses(BasketLimit, limit="orderticketlimit", left=2):
        office.reprice(mine, REDUCED, first, second, third)

    office.reprice(mine, REDUCED, first, second)
    with office.refuses(SoldOut, limit="price", left=1):
        office.reprice(other, REDUCED, fourth, fifth)


def test_a_price_type_is_to_be_for_sale_on_the_channel_of_the_order(office: BoxOffice) -> None:
    sale = a_sale(office)
    order = office.order(taking(*sale), channel=EXTERNAL)

    with office.refuses(PriceNotOffered, pricetypeid=REDUCED, saleschannelid=EXTERNAL):
        office.reprice(order, REDUCED, ticket(sale[1], 1))

    office.archive_at_once(PriceType, FREE)
    with office.refuses(PriceNotOffered, pricetypeid=FREE):
        office.reprice(order, FREE, ticket(sale[1], 1))
    office.archive_at_once(SalesChannel, EXTERNAL)
    with office.refuses(NotOnSale, saleschannelid=EXTERNAL):
        office.reprice(order, FREE, ticket(sale[1], 1))


def test_nothing_is_repriced_that_the_order_does_not_hold_or_when_it_is_over(
    office: BoxOffice,
) -> None:
    sale = a_sale(office)
    order = office.order(taking(*sale))

    with office.refuses(Invalid):
        office.reprice(order, REDUCED, ticket(sale[1], 1), ticket(sale[1], 2))

    office.cancel(order)
    with office.refuses(OrderEnded):
        office.reprice(order, REDUCED, ticket(sale[1], 1))


def test_an_overdue_order_that_is_in_the_way_is_ended_first(office: BoxOffice) -> None:
    sale = a_sale(office, ticketlimit=1)
    late = office.order(taking(*sale, pricetypeid=REDUCED))
    mine = office.sold(*sale)
    office.now += 1_201

    office.reprice(mine, REDUCED, ticket(sale[1], 2))

    assert office.order_document(late)["ended"] == "lapsed"
    assert prices_of(office, mine) == [(2, 5.0)]


def test_an_unconfirmed_order_is_held_on_when_it_is_repriced(office: BoxOffice) -> None:
    sale = a_sale(office)
    order = office.order(taking(*sale))
    office.now += 600

    office.reprice(order, REDUCED, ticket(sale[1], 1))

    assert office.order_document(order)["expiryts"] == at(1_800)
    assert office.inventory(sale[0]).state["baskets"] == {str(order): at(1_800)}


# -- who comes with a ticket


def named(office: BoxOffice, order: int) -> dict[str, Any]:
    state = office.in_memory(Order, order)[order]
    found: dict[str, Any] = state.get("holders", {})
    return found


def test_a_ticket_has_the_name_of_its_holder_until_it_is_given_back(office: BoxOffice) -> None:
    sale = a_sale(office)
    order = office.order(taking(*sale, 2))
    one, two = ticket(sale[1], 1), ticket(sale[1], 2)

    office.name_holders(order, {one: "Ann", two: "Bo"})
    office.name_holders(order, {two: None})

    assert named(office, order) == {str(one): {"ticketname": "Ann"}}
    office.remove(order, one)
    assert named(office, order) == {}


def test_who_is_named_already_is_not_recorded_again(office: BoxOffice) -> None:
    sale = a_sale(office)
    order = office.order(taking(*sale))
    office.name_holders(order, {ticket(sale[1], 1): "Ann"})
    position = office.store.position()

    office.name_holders(order, {ticket(sale[1], 1): "Ann"})

    assert office.facts(position) == []
    with office.refuses(Invalid):
        office.name_holders(order, {ticket(sale[1], 2): "Bo"})


def test_holders_and_fields_go_along_when_an_order_is_split(office: BoxOffice) -> None:
    sale = a_sale(office)
    order = office.sold(*sale, 2)
    one, two = ticket(sale[1], 1), ticket(sale[1], 2)
    office.name_holders(order, {one: "Ann", two: "Bo"})
    office.change_order(order, expiryts=DUE, c_note="gift")

    made = office.split(order, two)

    assert named(office, order) == {str(one): {"ticketname": "Ann"}}
    assert named(office, made) == {str(two): {"ticketname": "Bo"}}
    shown = office.order_document(made)
    assert (shown["expiryts"], shown["c_note"]) == (DUE, "gift")


# -- fields


def test_the_fields_of_an_order_are_set_and_cleared(office: BoxOffice) -> None:
    ann = office.made_item(Contact, ContactFields(firstname="Ann"))
    order = office.sold(*a_sale(office))

    office.change_order(order, customerid=ann, rappelts=DUE, expiryts=DUE, c_note=[1])

    shown = office.order_document(order)
    assert (shown["customerid"], shown["rappelts"], shown["expiryts"]) == (ann, DUE, DUE)
    assert shown["c_note"] == [1]
    office.change_order(order, customerid=None, rappelts=None, expiryts=None, c_note=None)
    cleared = office.order_document(order)
    assert (cleared["customerid"], cleared["rappelts"], cleared["expiryts"]) == (None, None, None)
    assert "c_note" not in cleared


def test_what_is_so_already_is_not_recorded(office: BoxOffice) -> None:
    order = office.sold(*a_sale(office))
    office.change_order(order, expiryts=DUE, c_note=1)
    position = office.store.position()

    office.change_order(order, expiryts="2026-12-05T21:00:00+01:00", c_note=1, customerid=None)

    assert office.facts(position) == []


def test_the_customer_is_a_contact_that_is_there(office: BoxOffice) -> None:
    order = office.order(taking(*a_sale(office)))
    gone = office.made_item(Contact, ContactFields(firstname="Ann"))
    office.archive(Contact, gone)

    for number in (gone, 999):
        with office.refuses(Invalid):
            office.change_order(order, customerid=number)


def test_nobody_but_the_clock_says_how_long_an_unconfirmed_order_is_held(
    office: BoxOffice,
) -> None:
    order = office.order(taking(*a_sale(office)))
    held = office.order_document(order)["expiryts"]

    for wanted in (DUE, None):
        with office.refuses(Invalid):
            office.change_order(order, expiryts=wanted)

    office.change_order(order, expiryts=held[:19] + "Z", c_note=1)
    assert office.order_document(order)["expiryts"] == held


def test_a_confirmed_order_does_not_lapse_by_when_it_is_to_be_paid(office: BoxOffice) -> None:
    order = office.sold(*a_sale(office))
    office.change_order(order, expiryts=at(10))
    office.now = 11

    office.lapse(order)

    assert office.order_document(order)["status"] == 21002


def test_an_order_that_has_ended_takes_a_customer_and_custom_fields_alone(
    office: BoxOffice,
) -> None:
    ann = office.made_item(Contact, ContactFields(email="ann@example.org"))
    order = office.sold(*a_sale(office))
    office.cancel(order)

    with office.refuses(OrderEnded):
        office.change_order(order, customerid=ann, paymentscenarioid=1)

    office.change_order(order, customerid=ann, c_note="fetched")
    shown = office.order_document(order)
    assert (shown["customerid"], shown["c_note"]) == (ann, "fetched")


@pytest.mark.parametrize("name", ["deliveryscenarioid", "paymentscenarioid"])
def test_an_order_names_no_scenario_that_is_not_there(office: BoxOffice, name: str) -> None:
    event, lot = office.on_sale(5)
    order = office.sold(event, lot)
    cls = {"deliveryscenarioid": DeliveryScenario, "paymentscenarioid": PaymentScenario}[name]
    fields = {"name": "By post", "typeid": 2701 if cls is PaymentScenario else None}
    kept = office.made_item(cls, cls.FIELDS.model_validate({n: v for n, v in fields.items() if v}))
    office.change_order(order, **{name: kept})
    office.archive(cls, kept)
    office.change_order(order, **{name: kept, "c_note": "it has that one already"})

    for number in (999, kept):
        body = OrderBody.model_validate({"saleschannelid": 2, name: number})
        with office.refuses(Invalid, errors=[at_fault(name, cls, number)]):
            office.do(partial(sales.create_order, body=body, hold=HOLD))
    with office.refuses(Invalid, errors=[at_fault(name, cls, 999)]):
        office.change_order(order, **{name: 999})


def at_fault(path: str, cls: type[CatalogItem], number: int) -> dict[str, str]:
    return {"path": path, "message": f"there is no {cls.KIND.title.lower()} {number}"}
