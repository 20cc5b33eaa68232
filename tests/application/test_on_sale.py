"""What is for sale when, on which channel and at which price; publishing; currencies."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from pydantic_core import from_json

from domain.catalog import LockType, PriceList, PriceListFields, PriceType, PriceTypeFields
from domain.errors import (
    BasketLimit,
    Invalid,
    NotOnSale,
    NotPublishable,
    PriceNotOffered,
    SoldOut,
)
from tests.application.box_office import (
    EXTERNAL,
    FREE,
    NORMAL,
    REDUCED,
    SOFT,
    WEB,
    BoxOffice,
    price,
    prices,
    ticket,
)
from tests.application.desk import taking
from tests.spec import at

DRAFT, ACTIVE, CLOSED = 19001, 19002, 19003


def priced(office: BoxOffice, *own: dict[str, Any], **fields: Any) -> tuple[int, int]:
    """An Active Event with one contingent at these prices."""
    event, first = office.on_sale(1)
    lot = office.lot(event, *own, **fields)
    office.remove_contingent(event, first)
    return event, lot


def paid(office: BoxOffice, order: int) -> list[tuple[int, float]]:
    """Price type and price of each ticket."""
    shown = office.order_document(order)["tickets"]
    return [(one["pricetypeid"], one["price"]) for one in shown]


# -- when and where


def test_only_an_active_event_is_on_sale(office: BoxOffice) -> None:
    event, lot = office.on_sale()

    for transition, status in (("redraft", DRAFT), ("publish", ACTIVE), ("close", CLOSED)):
        office.status(event, transition)
        if status == ACTIVE:
            office.order(taking(event, lot))
            continue
        with office.refuses(NotOnSale, eventid=event, currentstatus=status):
            office.order(taking(event, lot))


def test_an_event_that_names_channels_is_on_sale_on_the_active_ones(office: BoxOffice) -> None:
    channels = [{"saleschannelid": WEB}, {"saleschannelid": EXTERNAL, "isactive": False}]
    event, lot = office.on_sale(saleschannels=channels)

    office.order(taking(event, lot), channel=WEB)
    for channel in (1, EXTERNAL):
        with office.refuses(NotOnSale, eventid=event, saleschannelid=channel):
            office.order(taking(event, lot), channel=channel)


def test_an_event_is_on_sale_in_its_period(office: BoxOffice) -> None:
    event, lot = office.on_sale(salestartts=at(10), saleendts=at(20))
    first, last = "2026-01-01T00:00:10Z", "2026-01-01T00:00:20Z"

    for now in (9.999999, 20.000001):
        office.now = now
        with office.refuses(NotOnSale, **{"eventid": event, "from": first, "until": last}):
            office.order(taking(event, lot))
    for now in (10, 20):
        office.now = now
        office.order(taking(event, lot))


@pytest.mark.parametrize(
    ("own", "from_", "until"),
    [
        ({"salestartts": at(15)}, 15, 20),
        ({"saleendts": at(25)}, 10, 25),
        ({"salestartts": at(30), "saleendts": at(40)}, 30, 40),
    ],
    ids=["start", "end", "both"],
)
def test_the_period_of_the_channel_comes_before_that_of_the_event(
    office: BoxOffice, own: dict[str, str], from_: int, until: int
) -> None:
    channels = [{"saleschannelid": WEB, **own}, {"saleschannelid": EXTERNAL}]
    event, lot = office.on_sale(salestartts=at(10), saleendts=at(20), saleschannels=channels)

    for now in (from_, until):
        office.now = now
        office.order(taking(event, lot), channel=WEB)
    for now in (from_ - 1, until + 1):
        office.now = now
        with office.refuses(NotOnSale):
            office.order(taking(event, lot), channel=WEB)
    office.now = 10
    office.order(taking(event, lot), channel=EXTERNAL)


def test_what_is_held_is_confirmed_also_after_the_sale_has_ended(office: BoxOffice) -> None:
    event, lot = office.on_sale(saleendts=at(20))
    order = office.order(taking(event, lot))
    office.now = 30

    office.confirm(order)

    assert office.counted((event, lot)) == [{"free": 99, "sold_unpaid": 1}]


# -- at which price


def test_without_a_word_the_first_price_that_is_sold_to_the_buyer_is_taken(
    office: BoxOffice,
) -> None:
    known = office.made_item(PriceType, PriceTypeFields(name="Students"))
    lot = priced(
        office,
        price(FREE, 0),
        price(REDUCED, 10, conditions={"promocode": "CLUB"}),
        price(NORMAL, 30, saleschannels=[EXTERNAL]),
        price(known, 20),
    )

    assert paid(office, office.order(taking(*lot))) == [(known, 20.0)]
    assert paid(office, office.order(taking(*lot), channel=EXTERNAL)) == [(NORMAL, 30.0)]
    assert paid(office, office.order(taking(*lot), promocodes=["CLUB"])) == [(REDUCED, 10.0)]
    assert paid(office, office.order(taking(*lot, pricetypeid=FREE))) == [(FREE, 0.0)]
    assert paid(office, office.order(taking(*lot, pricetypeid=known))) == [(known, 20.0)]


@pytest.mark.parametrize("wanted", [NORMAL, REDUCED, 7], ids=["elsewhere", "null", "no price"])
def test_a_price_that_is_not_offered_is_not_sold(office: BoxOffice, wanted: int) -> None:
    event, lot = priced(office, price(NORMAL, 30, saleschannels=[EXTERNAL]), price(REDUCED, None))

    details = {"contingentid": lot, "saleschannelid": WEB, "pricetypeid": wanted}
    with office.refuses(PriceNotOffered, **details):
        office.order(taking(event, lot, pricetypeid=wanted))
    with office.refuses(PriceNotOffered, **details | {"pricetypeid": None}):
        office.order(taking(event, lot))


def test_an_archived_price_type_is_not_sold_and_what_was_stays(office: BoxOffice) -> None:
    lot = priced(office, price(REDUCED, 10), price(NORMAL, 30))
    order = office.order(taking(*lot))

    office.archive_at_once(PriceType, REDUCED)
    with office.refuses(PriceNotOffered, pricetypeid=REDUCED):
        office.order(taking(*lot, pricetypeid=REDUCED))
    assert paid(office, office.order(taking(*lot))) == [(NORMAL, 30.0)]
    office.archive(PriceType, REDUCED, archived=False)
    office.order(taking(*lot, pricetypeid=REDUCED))

    office.confirm(order)
    assert paid(office, order) == [(REDUCED, 10.0)]


def listed(office: BoxOffice, *those: dict[str, Any]) -> int:
    return office.made_item(PriceList, PriceListFields(name="Concerts", prices=prices(*those)))


def test_a_price_of_a_type_that_does_not_exist_is_not_sold_through_a_list_either(
    office: BoxOffice,
) -> None:
    event, first = office.on_sale(1)
    lot = office.lot(event, pricelistid=listed(office, price(NORMAL, 20), price(77, 1)))
    office.remove_contingent(event, first)

    with office.refuses(PriceNotOffered, contingentid=lot, saleschannelid=WEB, pricetypeid=77):
        office.order(taking(event, lot, pricetypeid=77))

    assert paid(office, office.order(taking(event, lot))) == [(NORMAL, 20.0)]


def test_the_prices_of_a_list_are_sold_until_it_is_archived(office: BoxOffice) -> None:
    price_list = listed(office, price(NORMAL, 25))
    event, first = office.on_sale(1)
    lot = (event, office.lot(event, pricelistid=price_list))

    assert paid(office, office.order(taking(*lot))) == [(NORMAL, 25.0)]
    office.archive_at_once(PriceList, price_list)
    with office.refuses(PriceNotOffered):
        office.order(taking(*lot))
    office.order(taking(event, first))


def test_what_was_sold_keeps_its_price(office: BoxOffice) -> None:
    event, lot = office.on_sale()
    order = office.sold(event, lot)
    office.change_contingent(event, lot, price=30.0)

    office.add(order, taking(event, lot))

    assert paid(office, order) == [(NORMAL, 25.0), (NORMAL, 30.0)]
    assert office.order_document(order)["totalamount"] == 55.0


def test_what_is_given_away_is_complimentary_once_it_is_confirmed(office: BoxOffice) -> None:
    lot = priced(office, price(NORMAL, 25), price(FREE, 0), amount=10)
    order = office.order(taking(*lot, 2), taking(*lot, 3, pricetypeid=FREE))
    assert office.counted(lot) == [{"free": 5, "reserved": 5}]

    office.confirm(order)
    assert office.counted(lot) == [{"free": 5, "sold_unpaid": 2, "complimentary": 3}]
    office.pay(order, 50.0)
    assert office.counted(lot) == [{"free": 5, "sold_paid": 2, "complimentary": 3}]

    made = office.split(order, ticket(lot[1], 3))
    assert office.order_document(made)["paymentstatus"] == 1
    assert office.counted(lot) == [{"free": 5, "sold_paid": 2, "complimentary": 3}]


# -- conditions


def test_a_price_has_so_many_tickets_in_all(office: BoxOffice) -> None:
    lot = priced(office, price(REDUCED, 10, conditions={"ticketlimit": 3}))
    order = office.order(taking(*lot, 2))

    with office.refuses(SoldOut, limit="price"):
        office.order(taking(*lot), taking(*lot))
    with office.refuses(SoldOut, limit="price", asked=2, left=1):
        office.add(order, taking(*lot, 2))
    office.order(taking(*lot))
    office.remove(order, ticket(lot[1], 1))

    office.order(taking(*lot))


def test_a_price_has_so_many_tickets_in_one_order(office: BoxOffice) -> None:
    lot = priced(office, price(REDUCED, 10, conditions={"orderticketlimit": 3}))
    order = office.order(taking(*lot, 2))

    limit = {"limit": "orderticketlimit", "allowed": 3}
    with office.refuses(BasketLimit, left=1, **limit):
        office.add(order, taking(*lot, 2))
    with office.refuses(BasketLimit, left=1, **limit):
        office.order(taking(*lot, 2), taking(*lot, 2))
    office.add(order, taking(*lot))
    office.order(taking(*lot, 3))


def test_when_one_price_is_used_up_the_next_one_is_taken(office: BoxOffice) -> None:
    early = price(REDUCED, 10, conditions={"ticketlimit": 2})
    lot = priced(office, early, price(NORMAL, 30))

    orders = [office.order(taking(*lot)) for _ in range(3)]

    assert [paid(office, order)[0][1] for order in orders] == [10.0, 10.0, 30.0]
    with office.refuses(SoldOut, limit="price", left=0):
        office.order(taking(*lot, pricetypeid=REDUCED))


def test_the_first_reason_is_told_when_no_price_is_sold(office: BoxOffice) -> None:
    lot = priced(
        office,
        price(REDUCED, 10, conditions={"promocode": ["CLUB"]}),
        price(NORMAL, 30, conditions={"ticketlimit": 0}),
    )

    with office.refuses(PriceNotOffered, condition="promocode"):
        office.order(taking(*lot))


def test_a_price_is_sold_so_many_days_before_the_event(office: BoxOffice) -> None:
    """The Event starts on 1 December, 334 days and 20 hours after the start of the tests."""
    period = {"datetype": "relative_eventdate", "relativeStart": None, "relativeEnd": -334}
    lot = priced(office, price(NORMAL, 10, conditions={"date": period}))

    office.now = 20 * 3_600
    office.order(taking(*lot))
    office.now += 0.000001
    with office.refuses(PriceNotOffered, condition="date"):
        office.order(taking(*lot))


# -- publishing


@pytest.mark.parametrize(
    "own",
    [[], [price(NORMAL, None)], [price(NORMAL, 25, availabilities=[False])]],
    ids=["none", "null", "not available"],
)
def test_an_event_is_published_with_at_least_one_price(office: BoxOffice, own: Any) -> None:
    event = office.event(startts=at(10**6), endts=at(10**6))
    with office.refuses(NotPublishable, missing=["price"]):
        office.publish(event)

    lot = office.lot(event, *own)
    with office.refuses(NotPublishable, missing=["price"]):
        office.publish(event)

    office.change_contingent(event, lot, price=0)
    office.publish(event)


def test_the_price_of_a_list_is_one_to_publish_with_unless_it_is_archived(
    office: BoxOffice,
) -> None:
    price_list = listed(office, price(NORMAL, 25))
    event = office.event(startts=at(10**6), endts=at(10**6))
    office.lot(event, pricelistid=price_list)

    office.archive_at_once(PriceList, price_list)
    with office.refuses(NotPublishable, missing=["price"]):
        office.publish(event)
    office.archive(PriceList, price_list, archived=False)
    office.publish(event)


# -- what was archived


def test_locks_of_a_type_that_is_archived_stay_when_they_are_sent_back(office: BoxOffice) -> None:
    event, lot = office.on_sale(10)
    office.lock(event, SOFT, contingentid=lot, amount=3)
    office.archive_at_once(LockType, SOFT)
    document = from_json(office.change(event).body)

    office.change(event, contingents=document["contingents"])
    office.change_contingent(event, lot, name="Floor", locks=[{"locktypeid": SOFT, "amount": 2}])

    assert office.counted((event, lot)) == [{"free": 8, "locked_soft": 2}]
    with office.refuses(Invalid):
        office.change_contingent(event, lot, locks=[{"locktypeid": SOFT, "amount": 3}])
    with office.refuses(Invalid):
        office.lot(event, locks=[{"locktypeid": SOFT, "amount": 1}])


# -- currencies


@pytest.fixture(params=[("JPY", 0), ("EUR", 2), ("BHD", 3)], ids=lambda param: param[0])
def account(request: pytest.FixtureRequest) -> Iterator[tuple[BoxOffice, float]]:
    """A box office, and the smallest amount of its currency."""
    currency, digits = request.param
    with closing(BoxOffice(currency=currency)) as made:
        yield made, 10**-digits


def test_money_has_the_digits_of_the_currency_and_no_more(
    account: tuple[BoxOffice, float],
) -> None:
    office, smallest = account
    event, lot = office.on_sale()
    office.change_contingent(event, lot, price=7 * smallest)

    with office.refuses(Invalid):
        office.change_contingent(event, lot, price=1.5 * smallest)
    order = office.sold(event, lot, 3)
    for command in (office.pay, office.refund):
        with office.refuses(Invalid):
            command(order, 1.5 * smallest)
    office.pay(order, 22 * smallest)
    office.refund(order, smallest)

    shown = office.order_document(order)
    assert (shown["totalamount"], shown["amountpaid"]) == (21 * smallest, 21 * smallest)
    assert (shown["paymentstatus"], shown["currency"]) == (1, office.currency)


def test_a_thousand_tickets_of_ten_cents_cost_a_hundred(office: BoxOffice) -> None:
    lot = priced(office, price(NORMAL, 0.1), amount=1_000)
    order = office.sold(*lot, 1_000)

    for _ in range(10):
        office.pay(order, 9.99)
    office.pay(order, 0.1)

    shown = office.order_document(order)
    assert (shown["totalamount"], shown["amountpaid"], shown["paymentstatus"]) == (100.0, 100.0, 1)
