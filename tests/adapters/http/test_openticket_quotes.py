"""A shop shows exactly what a reservation would cost, or that it cannot be had: whatever the
prices, their conditions and the limits of a contingent are, both are judged alike."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.openticket_shop import WEB_SHOP, Sale, Visitor, done

NORMAL, REDUCED, FREE = 1, 2, 3
AVAILABLE, SOLD_OUT, NOT_NOW = "available", "sold_out", "not_sold_right_now"
PAST = {"datetype": "absolute", "absoluteEnd": "2020-01-01T00:00:00Z", "absoluteStart": None}
NOW = {"datetype": "absolute", "absoluteStart": "2020-01-01T00:00:00Z", "absoluteEnd": None}


def price(price_type: int, amount: float, **conditions: Any) -> dict[str, Any]:
    said = [{"type": name, "value": value} for name, value in conditions.items()]
    return {"pricetypeid": price_type, "prices": [amount], "conditions": said}


CODE, OVER, EARLY = (
    price(REDUCED, 10, promocode="ROSE"),
    price(REDUCED, 10, date=PAST),
    price(REDUCED, 10, date=NOW),
)
PRICES: dict[str, tuple[list[dict[str, Any]], int | None, str]] = {
    "plain": ([price(NORMAL, 25)], 2500, AVAILABLE),
    "the first of two": ([EARLY, price(NORMAL, 25)], 1000, AVAILABLE),
    "the first needs a promo code": ([CODE, price(NORMAL, 25)], 2500, AVAILABLE),
    "all need a promo code": ([CODE], None, NOT_NOW),
    "the first is over": ([OVER, price(NORMAL, 25)], 2500, AVAILABLE),
    "all are over": ([OVER], None, NOT_NOW),
    "the first is given away": ([price(FREE, 0), price(NORMAL, 25)], 2500, AVAILABLE),
    "it is given away only": ([price(FREE, 0)], None, NOT_NOW),
    "the first has no tickets left": (
        [price(REDUCED, 10, ticketlimit=0), price(NORMAL, 25)],
        2500,
        AVAILABLE,
    ),
    "no price has tickets left": ([price(NORMAL, 25, ticketlimit=0)], None, SOLD_OUT),
    "a voucher is needed": ([price(NORMAL, 25, voucherids=[1])], None, NOT_NOW),
}


def check_shown(visitor: Visitor, ticket: str, cents: int | None, status: str) -> None:
    """What the data says, and that a reservation says the same."""
    shown = visitor.data()["tickets"][ticket]
    assert (shown["min_price"], shown["status"]) == (cents, status)
    answer = visitor.ask("GET", f"/storefront/{WEB_SHOP}/reserve/ticket/{ticket}")
    if status == AVAILABLE:
        assert done(answer)["price"] == cents
    else:
        assert answer.status_code == 409, answer.text
        assert (answer.json()["error_code"] == "sold-out") is (status == SOLD_OUT)


@pytest.mark.parametrize("what", PRICES)
def test_a_shop_shows_the_price_of_a_reservation(web: TestClient, what: str) -> None:
    own, cents, status = PRICES[what]
    sale = Sale(web, {"amount": 5, "eventspecificprices": {"prices": own}})

    check_shown(Visitor(web), sale.tickets[0], cents, status)


LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "none are left": ({"amount": 0}, {}, SOLD_OUT),
    "the Event is full": ({"amount": 5}, {"totalmaxtickets": 1}, SOLD_OUT),
    "not yet": ({"amount": 5, "available_from": "2998-01-01T00:00:00Z"}, {}, NOT_NOW),
    "no longer": ({"amount": 5, "available_until": "2020-01-01T00:00:00Z"}, {}, NOT_NOW),
    "the Event not yet": ({"amount": 5}, {"salestartts": "2998-01-01T00:00:00Z"}, NOT_NOW),
    "shown as sold out": ({"amount": 5, "status_overrule": "sold_out"}, {}, SOLD_OUT),
    "shown as not sold": ({"amount": 5, "status_overrule": "not_sold_right_now"}, {}, NOT_NOW),
    "said to be available": ({"amount": 0, "status_overrule": "available"}, {}, SOLD_OUT),
}


@pytest.mark.parametrize("what", LIMITS)
def test_a_shop_shows_what_cannot_be_had(web: TestClient, what: str) -> None:
    lot, event, status = LIMITS[what]
    sale = Sale(web, {"price": 25, **lot}, {"price": 5, "amount": 1}, **event)
    visitor = Visitor(web)
    if "totalmaxtickets" in event:
        visitor.reserve(sale.tickets[1])

    check_shown(visitor, sale.tickets[0], 2500, status)
    assert done(web.get(f"/ticket/{sale.tickets[0]}"))["status"] == status


def test_a_coupon_shows_what_is_hidden_without_it_and_sells_it(web: TestClient) -> None:
    own = {"prices": [CODE, price(NORMAL, 25)]}
    sale = Sale(web, {"amount": 5, "hide_without_coupon": True, "eventspecificprices": own})
    visitor, (ticket,) = Visitor(web), sale.tickets
    data, reserve = (
        f"/storefront/{WEB_SHOP}/data",
        f"/storefront/{WEB_SHOP}/reserve/ticket/{ticket}",
    )

    assert ticket not in visitor.data()["tickets"]
    refused = visitor.ask("GET", reserve)
    assert (refused.status_code, refused.json()["error_code"]) == (409, "price-not-offered")
    assert visitor.ask("GET", f"{reserve}?coupon=TULIP").status_code == 409
    shown = done(visitor.ask("GET", f"{data}?coupon=ROSE"))["tickets"][ticket]
    assert (shown["min_price"], shown["status"]) == (1000, AVAILABLE)
    assert done(visitor.ask("GET", f"{reserve}?coupon=ROSE"))["price"] == 1000


def test_what_is_hidden_in_shops_is_sold_at_the_desk(web: TestClient) -> None:
    sale = Sale(web, {"amount": 5, "hide_without_coupon": True, "price": 25})
    take = {"eventid": sale.number, "contingentid": sale.lots[0]}

    desk, shop = (
        web.post("/v1/orders", json={"saleschannelid": channel, "take": [take]})
        for channel in (1, 2)
    )

    assert (desk.status_code, shop.status_code) == (201, 409)
    assert shop.json()["condition"] == "coupon"
