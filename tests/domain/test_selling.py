"""The price that a sale is at, and what a shop says of it: one rule for both."""

from typing import Any

import pytest

from domain.base import State
from domain.catalog import FREE as GIVEN_AWAY
from domain.errors import PriceNotOffered
from domain.event_fields import ACTIVE
from domain.selling import Bought, Seller, Shelf, bought_at, quote
from tests.spec import at

WEB, LOT = 2, 98
PRICE_TYPES: dict[int, State] = {1: {"typeid": 2301}, 3: {"typeid": GIVEN_AWAY}}
"""Price type 2 is archived."""
SELLER = Seller({"number": WEB, "typeid": 3002}, "EUR", PRICE_TYPES.get)


def contingent(*prices: tuple[int, float], **more: Any) -> State:
    own = [
        {
            "pricetypeid": price_type,
            "prices": [amount],
            "availabilities": [],
            "saleschannels": None,
            "conditions": [],
            "position": None,
        }
        for price_type, amount in prices
    ]
    said = {"id": LOT, "amount": 5, "pricelistid": None, "dateids": []}
    counters = {"free": 5, "reserved": 0, "sold_paid": 0, "sold_unpaid": 0, "complimentary": 0}
    times = {"available_from": None, "available_until": None, "counters": counters}
    return {**said, **times, "eventspecificprices": {"prices": own}, **more}


@pytest.mark.parametrize(
    ("prices", "bought"),
    [
        ([(1, 25.0)], Bought(1, 2500, complimentary=False)),
        ([(2, 10.0), (1, 25.0)], Bought(1, 2500, complimentary=False)),
        ([(3, 0.0), (1, 25.0)], Bought(1, 2500, complimentary=False)),
        ([(2, 10.0)], None),
        ([(3, 0.0)], None),
        ([], None),
    ],
    ids=["plain", "archived first", "given away first", "archived", "given away", "none"],
)
def test_the_price_that_is_shown_is_the_price_that_is_sold_at(
    prices: list[tuple[int, float]], bought: Bought | None
) -> None:
    lot = contingent(*prices)
    event = {"number": 5, "currentstatus": ACTIVE, "dates": {}}

    shown = quote(Shelf(event, {}, {LOT: lot}, {}, {}), LOT, SELLER, (), at(0))

    if bought is None:
        assert shown.price is None
        assert isinstance(shown.refusal, PriceNotOffered)
        with pytest.raises(PriceNotOffered):
            bought_at(lot, {}, SELLER, lambda _: None, None)
    else:
        assert shown == (bought.price, None)
        assert bought_at(lot, {}, SELLER, lambda _: None, None) == bought


def test_what_is_given_away_is_sold_to_whoever_asks_for_it() -> None:
    lot = contingent((3, 5.0), (1, 25.0))

    assert bought_at(lot, {}, SELLER, lambda _: None, 3) == Bought(3, 0, complimentary=True)
