"""What a contingent costs on a channel, and who may buy at that price."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from domain.base import State
from domain.catalog import PriceList, PriceListFields
from domain.contingents import ContingentFields
from domain.errors import BasketLimit, PriceNotOffered, SoldOut
from domain.offers import (
    PRICE_TYPES,
    Buying,
    Offer,
    check_conditions,
    has_price,
    of_price_id,
    offers,
    price_id,
    prices_document,
)
from domain.prices import PricelistPrice
from tests.spec import given, metadata

NORMAL, REDUCED, FREE = 1, 2, 3
DESK, WEB = 1, 2
Lists = Mapping[int, State]


def price(price_type: int, *amounts: float | None, **more: Any) -> State:
    return {"pricetypeid": price_type, "prices": list(amounts), **more}


def a_lot(*own: State, pricelist: int | None = 6) -> State:
    fields = ContingentFields.model_validate({"eventspecificprices": {"prices": list(own)}})
    return {"id": 98, "pricelistid": pricelist, **fields.patch()}


def a_list(*prices: State, archived: bool = False) -> Lists:
    said = {"name": "Concerts", "prices": {"prices": list(prices)}}
    fields = PriceListFields.model_validate(said)
    made = given(PriceList, lambda one, metadata: one.create(fields, metadata))
    if archived:
        made.archive(metadata())
    return {6: made.state}


def sold(lot: State, lists: Lists, channel: int = WEB) -> list[tuple[int, float]]:
    return [(offer.pricetypeid, offer.price) for offer in offers(lot, lists, channel)]


# -- which prices


def test_a_price_id_says_contingent_and_price_type() -> None:
    assert of_price_id(price_id(98, 3)) == (98, 3)
    assert price_id(98, 3) != price_id(99, 3) != price_id(99, 2)


def test_prices_are_the_own_ones_and_those_of_the_list_each_own_one_at_its_position() -> None:
    lot = a_lot(price(8, 1), price(7, 2, position=2), price(9, 3, position=1))

    found = sold(lot, a_list(price(NORMAL, 25), price(REDUCED, 15)))

    assert found == [(8, 1), (9, 3), (7, 2), (NORMAL, 25), (REDUCED, 15)]


def test_price_types_are_in_the_order_of_the_price_that_is_for_sale_first() -> None:
    on_no_channel, elsewhere = price(NORMAL, 1, saleschannels=[]), price(FREE, 2, saleschannels=[7])
    lists = a_list(on_no_channel, elsewhere, price(REDUCED, 3), price(NORMAL, 4), price(FREE, 5))

    assert sold(a_lot(), lists) == [(REDUCED, 3), (NORMAL, 4), (FREE, 5)]
    shown = prices_document(a_lot(), lists)["pricetypes"]
    assert [of_type["pricetypeid"] for of_type in shown] == [FREE, REDUCED, NORMAL]

    moved = a_lot(price(8, 6, position=0))
    assert sold(moved, lists) == [(8, 6), (REDUCED, 3), (NORMAL, 4), (FREE, 5)]
    shown = prices_document(moved, lists)["pricetypes"]
    assert [of_type["pricetypeid"] for of_type in shown] == [8, FREE, REDUCED, NORMAL]


def test_an_own_price_hides_that_of_the_list_wherever_it_stands() -> None:
    lot = a_lot(price(NORMAL, 30, position=9))

    found = sold(lot, a_list(price(NORMAL, 25), price(REDUCED, 15)))

    assert found == [(REDUCED, 15), (NORMAL, 30)]


def test_a_price_of_no_channels_is_for_sale_on_none() -> None:
    lot = a_lot(price(NORMAL, 30, saleschannels=[]), price(REDUCED, 15))

    assert sold(lot, {}, WEB) == sold(lot, {}, DESK) == [(REDUCED, 15)]


def test_an_own_price_hides_that_of_the_list() -> None:
    found = sold(a_lot(price(NORMAL, 30)), a_list(price(NORMAL, 25), price(REDUCED, 15)))

    assert found == [(NORMAL, 30), (REDUCED, 15)]


def test_an_own_price_hides_that_of_the_list_on_its_channels_only() -> None:
    lot, lists = a_lot(price(NORMAL, 30, saleschannels=[DESK])), a_list(price(NORMAL, 25))

    assert sold(lot, lists, DESK) == [(NORMAL, 30)]
    assert sold(lot, lists, WEB) == [(NORMAL, 25)]


def test_an_own_price_of_null_takes_that_of_the_list_out_of_sale() -> None:
    assert sold(a_lot(price(NORMAL, None)), a_list(price(NORMAL, 25))) == []


def test_a_price_that_names_channels_is_sold_on_those() -> None:
    lot = a_lot(price(NORMAL, 25, saleschannels=[DESK, 5]), price(REDUCED, 15))

    assert sold(lot, {}, 5) == [(NORMAL, 25), (REDUCED, 15)]
    assert sold(lot, {}, WEB) == [(REDUCED, 15)]


def test_a_list_that_is_archived_or_not_there_sells_nothing() -> None:
    prices = price(NORMAL, 25)

    for lot, lists in (
        (a_lot(), a_list(prices, archived=True)),
        (a_lot(), {}),
        (a_lot(pricelist=None), a_list(prices)),
        (a_lot(pricelist=7), a_list(prices)),
    ):
        assert sold(lot, lists) == []
        assert not has_price(lot, lists)
        assert prices_document(lot, lists)["pricetypes"] == []


@pytest.mark.parametrize(
    "not_for_sale",
    [
        price(NORMAL),
        price(NORMAL, None, 25),
        price(NORMAL, 25, availabilities=[False]),
        price(NORMAL, 25, 30, availabilities=[False, True]),
        price(PRICE_TYPES, 25),
    ],
    ids=["none", "null", "not available", "not in the first rank", "no room in its id"],
)
def test_what_has_no_amount_is_not_for_sale(not_for_sale: State) -> None:
    lot = a_lot(not_for_sale)

    assert sold(lot, {}) == []
    assert not has_price(lot, {})
    assert prices_document(lot, {})["pricetypes"] == []


def test_of_a_price_per_seat_rank_the_first_one_counts() -> None:
    lot = a_lot(price(NORMAL, 25, None, 15, availabilities=[True, False, False]))

    assert sold(lot, {}) == [(NORMAL, 25)]


def test_no_price_is_not_a_price_of_0() -> None:
    assert has_price(a_lot(price(FREE, 0)), {})
    assert not has_price(a_lot(), {})
    assert not has_price(a_lot() | {"eventspecificprices": None}, {})


def test_the_document_shows_each_price_type_by_channel() -> None:
    lot = a_lot(
        price(NORMAL, 30, saleschannels=[DESK]),
        price(NORMAL, None, saleschannels=[WEB]),
        price(REDUCED, 15, conditions=[{"type": "ticketlimit", "value": 5}]),
    )

    shown = prices_document(lot, a_list(price(NORMAL, 25), price(REDUCED, 20)))

    normal, reduced = price_id(98, NORMAL), price_id(98, REDUCED)
    assert shown == {
        "contingentid": 98,
        "pricetypes": [
            {
                "pricetypeid": NORMAL,
                "tickettypepriceid": normal,
                "saleschannels": [shown_on(DESK, normal, 30.0), shown_on(None, normal, 25.0)],
            },
            {
                "pricetypeid": REDUCED,
                "tickettypepriceid": reduced,
                "saleschannels": [shown_on(None, reduced, 15.0, ("ticketlimit", 5))],
            },
        ],
    }


def shown_on(channel: int | None, identity: int, amount: float, *limits: Any) -> State:
    return {
        "saleschannelid": channel,
        "tickettypepriceid": identity,
        "price": amount,
        "servicecharge": 0.0,
        "costs": [],
        "conditions": [{"type": kind, "value": value} for kind, value in limits],
    }


# -- conditions


NOW, STARTS = "2026-11-20T12:00:00.000000Z", "2026-11-21T20:00:00Z"
A_BUYER = Buying(now=NOW, promocodes=(), starts=STARTS, in_order=1, in_all=1, asked=1)


def buying(*conditions: tuple[str, Any], **buyer: Any) -> Callable[[], None]:
    """`buyer` says what is other than of `A_BUYER`."""
    said = [{"type": kind, "value": value} for kind, value in conditions]
    entered = PricelistPrice.model_validate(price(NORMAL, 25, conditions=said)).model_dump()
    offer = Offer(NORMAL, 25.0, entered["conditions"])
    return lambda: check_conditions(offer, A_BUYER._replace(**buyer))


def test_a_price_without_conditions_is_everyones() -> None:
    buying()()


@pytest.mark.parametrize(
    ("kind", "counted", "refusal", "details"),
    [
        ("orderticketlimit", "in_order", BasketLimit, {"limit": "orderticketlimit", "allowed": 5}),
        ("ticketlimit", "in_all", SoldOut, {"limit": "price", "asked": 3}),
    ],
)
def test_a_limit_says_what_is_left(
    kind: str, counted: str, refusal: type[Any], details: dict[str, Any]
) -> None:
    buying((kind, 5), asked=3, **{counted: 5})()

    with pytest.raises(refusal) as refused:
        buying((kind, 5), asked=3, **{counted: 6})()
    assert refused.value.details == details | {"left": 2}


def test_a_limit_that_was_lowered_leaves_nothing() -> None:
    with pytest.raises(SoldOut) as refused:
        buying(("ticketlimit", 5), asked=1, in_all=9)()

    assert refused.value.details["left"] == 0


@pytest.mark.parametrize("codes", ["ABC", ["XYZ", "ABC"]], ids=["one", "some"])
def test_a_promo_code_opens_a_price(codes: Sequence[str]) -> None:
    buying(("promocode", codes), promocodes=["other", "ABC"])()

    for given_codes in ([], ["abc"], ["AB"]):
        refused(buying(("promocode", codes), promocodes=given_codes), condition="promocode")


def test_a_price_with_no_codes_is_nobodys() -> None:
    refused(buying(("promocode", []), promocodes=["ABC"]), condition="promocode")


def test_a_price_for_vouchers_needs_one() -> None:
    refused(buying(("voucherids", [1, 2])), condition="voucherids")


def absolute(first: str | None, last: str | None) -> tuple[str, State]:
    return "date", {"datetype": "absolute", "absoluteStart": first, "absoluteEnd": last}


def relative(first: int | None, last: int | None) -> tuple[str, State]:
    return "date", {"datetype": "relative_eventdate", "relativeStart": first, "relativeEnd": last}


@pytest.mark.parametrize(
    "period",
    [
        absolute(None, None),
        absolute("2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z"),
        absolute("2026-11-20T14:00:00+02:00", None),
        absolute(None, "2026-11-20T07:00:00-05:00"),
        relative(None, None),
        relative(-2, -1),
        relative(-2, None),
        relative(None, 0),
        relative(-36_500, 36_500),
    ],
)
def test_a_price_may_be_bought_in_its_period(period: tuple[str, State]) -> None:
    buying(period)()


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (absolute("2026-11-20T12:00:00.000001Z", None), "2026-11-20T12:00:00.000001Z", None),
        (absolute(None, "2026-11-20T11:59:59Z"), None, "2026-11-20T11:59:59Z"),
        (relative(-1, 0), "2026-11-20T20:00:00.000000Z", "2026-11-21T20:00:00.000000Z"),
        (relative(None, -2), None, "2026-11-19T20:00:00.000000Z"),
    ],
)
def test_a_price_may_not_be_bought_before_or_after_its_period(
    period: tuple[str, State], first: str | None, last: str | None
) -> None:
    refused(buying(period), **{"condition": "date", "from": first, "until": last})


def test_days_before_an_event_without_a_start_are_no_limit() -> None:
    buying(relative(5, 6), starts=None)()


def test_days_beyond_the_calendar_are_no_limit() -> None:
    buying(relative(None, 36_500), starts="9999-01-01T00:00:00Z")()


def test_every_condition_has_to_be_met() -> None:
    limit, code = ("ticketlimit", 5), ("promocode", "ABC")

    buying(limit, code, promocodes=["ABC"])()
    refused(buying(limit, code), condition="promocode")
    with pytest.raises(SoldOut):
        buying(code, limit, promocodes=["ABC"], in_all=6)()


def refused(command: Callable[[], None], **details: Any) -> None:
    with pytest.raises(PriceNotOffered) as refusal:
        command()
    assert refusal.value.details == details
