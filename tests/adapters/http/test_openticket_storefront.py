"""The storefront: what a shop's page reads, reserves and orders, without a token."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from domain.ids import Kind, account_number, guid
from tests.adapters.http.talk import after

ACCOUNT = account_number("demo")
SOON, LATER = "2999-12-04T20:00:00+01:00", "2999-12-04T23:00:00+01:00"


def of(kind: Kind, number: int) -> str:
    return str(guid(ACCOUNT, kind, number))


NOBODY = "0f8fad5b-d9cb-469f-a165-70867728950e"
SHOP = of(Kind.SALES_CHANNEL, 2)


class Sold:
    """A published Event with a date, and one contingent for each amount."""

    def __init__(self, web: TestClient, *amounts: int, **more: Any) -> None:
        self.web = web
        hall = web.post("/v1/locations", json={"name": "Hall", "address": "Kerkstraat 1"}).json()
        body = {"name": f"Night {uuid4().hex[:8]}", "locationid": hall["id"], **more}
        event = web.post("/v1/events", json=body).json()
        self.number, self.guid, self.path = event["id"], event["guid"], f"/v1/events/{event['id']}"
        date = web.post(f"{self.path}/dates", json={"start": SOON, "end": LATER}).json()
        self.dates = [date["guid"]]
        lots = [
            web.post(f"{self.path}/contingents", json={"amount": n, "price": 12.5}).json()
            for n in amounts
        ]
        self.tickets = [of(Kind.CONTINGENT, lot["id"]) for lot in lots]
        assert web.post(f"{self.path}/publish").status_code == 200

    def counters(self) -> dict[str, int]:
        at = self.web.get("/health/ready").json()["position"]
        answer = self.web.get(f"{self.path}/availability", headers={"Stagebook-After": str(at)})
        return {n: v for n, v in answer.json()["total"].items() if v and n != "percentsold"}


@pytest.fixture
def sold(web: TestClient) -> Sold:
    return Sold(web, 10, 1)


class Visitor:
    """Somebody without a token."""

    def __init__(self, web: TestClient) -> None:
        self.web = web

    def get(self, path: str, **more: Any) -> Any:
        return self._ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> Any:
        return self._ask("POST", path, **more)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": "", **more.pop("headers", {})}
        return self.web.request(method, path, headers=headers, **more)


@pytest.fixture
def shop(web: TestClient) -> Visitor:
    return Visitor(web)


def reserved(shop: Visitor, ticket: str, **more: Any) -> Any:
    answer = shop.get(f"/storefront/{SHOP}/reserve/ticket/{ticket}", **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def placed(shop: Visitor, *tickets: dict[str, str], **more: Any) -> Any:
    body = {
        "receiver": {"email": "ann@example.org", "firstname": "Ann"},
        "tickets": tickets,
        **more,
    }
    return shop.post(f"/storefront/{SHOP}/order", json=body)


def test_a_shop_shows_what_it_sells(shop: Visitor, sold: Sold) -> None:
    data = shop.get(f"/storefront/{SHOP}/data").json()
    same = shop.get(f"/3.0.0/storefront/{SHOP}/data").json()

    (event,) = [one for one in data["events"] if one["guid"] == sold.guid]
    assert event["location"]["address"] == "Kerkstraat 1"
    assert event["start"] == "2999-12-04T19:00:00+00:00"
    ticket = data["tickets"][sold.tickets[0]]
    assert (ticket["status"], ticket["min_price"]) == ("available", 1250)
    assert same["tickets"][sold.tickets[0]] == ticket


def test_what_is_reserved_is_held_and_then_ordered(shop: Visitor, sold: Sold) -> None:
    floor, balcony = sold.tickets

    first, second = reserved(shop, floor), reserved(shop, balcony)

    assert sold.counters() == {"free": 9, "reserved": 2, "total": 11}
    assert shop.get(f"/storefront/{SHOP}/data").json()["tickets"][balcony]["status"] == "sold_out"
    answer = placed(
        shop,
        {"guid": floor, "reservation": first["reservation"]},
        {"guid": balcony, "reservation": second["reservation"]},
        currency="EUR",
    )
    assert answer.status_code == 200, answer.text
    order = answer.json()
    assert (order["status"], order["amount"], order["email"]) == ("placed", 2500, "ann@example.org")
    assert sold.counters() == {"free": 9, "sold_unpaid": 2, "total": 11}
    again = shop.get(f"/storefront/{SHOP}/order/{order['guid']}").json()
    assert (again["guid"], again["amount"]) == (order["guid"], 2500)


@pytest.mark.parametrize("way", ["get", "post", "form"])
def test_several_tickets_are_reserved_at_once(shop: Visitor, sold: Sold, way: str) -> None:
    floor, balcony = sold.tickets
    path = f"/storefront/{SHOP}/reserve/ticket/"
    ways = {
        "get": partial(shop.get, path + floor, params={"amount": 3}),
        "post": partial(shop.post, path + floor, json={"amount": 3}),
        "form": partial(shop.post, path + floor, data={"amount": "3"}),
    }

    held = ways[way]().json()

    assert (held["amount"], held["price"]) == (3, 1250)
    assert sold.counters() == {"free": 8, "reserved": 3, "total": 11}
    order = placed(shop, {"guid": floor, "reservation": held["guid"]}).json()
    assert (len(order["tickets"]), order["amount"]) == (3, 3750)
    for amount in ("0", "101", "2.5", "many"):
        refused = shop.get(path + floor, params={"amount": amount})
        assert (refused.status_code, "amount" in refused.text) == (406, True)
    assert shop.get(path + balcony, params={"amount": 2}).json()["error_code"] == "sold-out"
    assert sold.counters() == {"free": 8, "sold_unpaid": 3, "total": 11}


def test_the_order_has_its_buyer_and_is_paid_by_the_native_surface(
    web: TestClient, shop: Visitor, sold: Sold
) -> None:
    held = reserved(shop, sold.tickets[0])
    made = placed(shop, {"guid": sold.tickets[0], "reservation": held["guid"]}).json()

    paid = web.post(f"/v1/orders/{made['guid']}/payments", json={"amount": 12.5})
    path = f"/v1/catalog/contacts/{paid.json()['customerid']}"
    customer = web.get(path, headers=after(paid)).json()

    assert (customer["email"], customer["firstname"]) == ("ann@example.org", "Ann")
    assert shop.get(f"/storefront/{SHOP}/order/{made['guid']}").json()["status"] == "paid"


def test_a_reservation_is_for_eight_minutes(shop: Visitor, web: TestClient, sold: Sold) -> None:
    held = reserved(shop, sold.tickets[0])

    at = web.get("/health/ready").json()["position"]
    order = web.get(f"/v1/orders/{held['guid']}", headers={"Stagebook-After": str(at)}).json()
    made, until = order["createdts"], order["expiryts"]
    assert held["expires_at"][:19] == until[:19]
    assert [one["ticket"] for one in held["products"]] == [sold.tickets[0]]
    assert sold.dates == [one["event_date"] for one in held["products"]]
    assert (int(until[14:16]) - int(made[14:16])) % 60 == 8


def test_a_reservation_that_is_made_again_with_its_key_is_the_same(
    shop: Visitor, sold: Sold
) -> None:
    path = f"/storefront/{SHOP}/reserve/ticket/{sold.tickets[0]}"
    key = {"Idempotency-Key": str(uuid4())}

    first, again = shop.post(path, headers=key), shop.post(path, headers=key)

    assert first.json() == again.json()
    assert sold.counters()["reserved"] == 1


def test_sixteen_buyers_of_one_ticket_are_one_buyer(shop: Visitor, sold: Sold) -> None:
    path = f"/storefront/{SHOP}/reserve/ticket/{sold.tickets[1]}"

    with ThreadPoolExecutor(16) as buyers:
        answers = list(buyers.map(lambda _: shop.get(path), range(16)))

    assert sorted(a.status_code for a in answers) == [200] + [409] * 15
    refused = next(a.json() for a in answers if a.status_code == 409)
    assert (refused["error_code"], refused["status_code"]) == ("sold-out", 409)


def test_nothing_is_ordered_when_one_reservation_is_wrong(
    web: TestClient, shop: Visitor, sold: Sold
) -> None:
    floor = sold.tickets[0]
    held = reserved(shop, floor)
    number = web.get(f"/v1/orders/{held['guid']}").json()["id"]
    forged = of(Kind.ORDER, number)

    for bad in (str(uuid4()), forged, sold.guid):
        answer = placed(
            shop,
            {"guid": floor, "reservation": held["guid"]},
            {"guid": floor, "reservation": bad},
        )

        assert answer.status_code == 406, answer.text
        assert list(answer.json()["fields"]) == ["tickets.1.reservation"]
    assert sold.counters() == {"free": 10, "reserved": 1, "total": 11}
    assert shop.get(f"/storefront/{SHOP}/order/{forged}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tickets": []},
        {"receiver": {"email": "a@b"}, "tickets": []},
        {"receiver": {}, "tickets": [{"guid": str(uuid4()), "reservation": str(uuid4())}]},
        {"receiver": {"email": "a@b.c"}, "tickets": [{"guid": "x", "reservation": "y"}]},
        {"receiver": "ann", "tickets": "all"},
    ],
)
def test_an_order_that_cannot_be_read_is_not_acceptable(
    shop: Visitor, body: dict[str, Any]
) -> None:
    answer = shop.post(f"/storefront/{SHOP}/order", json=body)

    assert answer.status_code == answer.json()["status_code"] == 406
    assert answer.json()["fields"]


def test_another_buyer_neither_gets_an_order_nor_learns_whose_it_is(
    shop: Visitor, sold: Sold
) -> None:
    ticket = {"guid": sold.tickets[0], "reservation": reserved(shop, sold.tickets[0])["guid"]}
    first = placed(shop, ticket).json()

    again = placed(shop, ticket, receiver={"email": "bob@example.org"})

    assert first["email"] == "ann@example.org"
    assert (again.status_code, "ann@example.org" in again.text) == (406, False)
    assert again.json()["fields"] == {"tickets.0.reservation": ["it is ordered already"]}


def test_a_shop_does_not_know_the_orders_of_another(web: TestClient, sold: Sold) -> None:
    shop = Visitor(web)
    other = web.post("/v1/catalog/saleschannels", json={"name": "Other", "typeid": 3002}).json()
    held = reserved(shop, sold.tickets[0])

    answer = shop.get(f"/storefront/{other['guid']}/order/{held['guid']}")

    assert answer.status_code == 404


def test_an_order_in_another_currency_is_not_acceptable(shop: Visitor, sold: Sold) -> None:
    held = reserved(shop, sold.tickets[0])

    ticket = {"guid": sold.tickets[0], "reservation": held["guid"]}
    answer = placed(shop, ticket, currency="USD")

    assert (answer.status_code, list(answer.json()["fields"])) == (406, ["currency"])


@pytest.mark.parametrize("shop_guid", ["x", NOBODY, of(Kind.EVENT, 2), of(Kind.SALES_CHANNEL, 99)])
def test_a_shop_that_is_not_there(shop: Visitor, shop_guid: str) -> None:
    assert shop.get(f"/storefront/{shop_guid}/data").status_code == 404


def test_a_ticket_of_another_account_is_not_sold(shop: Visitor) -> None:
    theirs = str(guid(account_number("other"), Kind.CONTINGENT, 1))

    answer = shop.get(f"/storefront/{SHOP}/reserve/ticket/{theirs}")

    assert answer.status_code == 404


def test_a_shop_that_does_not_sell_the_event_cannot_reserve(web: TestClient, shop: Visitor) -> None:
    elsewhere = Sold(web, 5, saleschannels=[{"saleschannelid": 1}])

    answer = shop.get(f"/storefront/{SHOP}/reserve/ticket/{elsewhere.tickets[0]}")

    assert (answer.status_code, answer.json()["error_code"]) == (409, "not-on-sale")
    assert elsewhere.guid not in shop.get(f"/storefront/{SHOP}/data").text


def test_what_is_ordered_already_is_in_no_other_order(
    web: TestClient, shop: Visitor, sold: Sold
) -> None:
    floor = sold.tickets[0]
    first, second = ({"guid": floor, "reservation": reserved(shop, floor)["guid"]} for _ in "12")
    assert placed(shop, first).status_code == 200

    for both in ((first, second), (second, first)):
        answer = placed(shop, *both)

        assert answer.status_code == 406, answer.text
        assert answer.json()["fields"] == {
            f"tickets.{both.index(first)}.reservation": ["it is ordered already"]
        }
    assert sold.counters() == {"free": 9, "reserved": 1, "sold_unpaid": 1, "total": 11}


@pytest.mark.parametrize("channel", [1, 3])
def test_what_is_sold_at_a_desk_is_not_sold_to_visitors(
    shop: Visitor, sold: Sold, channel: int
) -> None:
    path = f"/storefront/{of(Kind.SALES_CHANNEL, channel)}"

    answers = [shop.get(f"{path}/data"), shop.get(f"{path}/reserve/ticket/{sold.tickets[0]}")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert sold.counters() == {"free": 11, "total": 11}


def test_a_key_that_another_visitor_could_think_of_is_refused(shop: Visitor, sold: Sold) -> None:
    path = f"/storefront/{SHOP}/reserve/ticket/{sold.tickets[0]}"

    answer = shop.post(path, headers={"Idempotency-Key": "1"})

    assert (answer.status_code, list(answer.json()["fields"])) == (406, ["Idempotency-Key"])


def test_a_visitor_uses_up_no_key_of_the_account(
    web: TestClient, shop: Visitor, sold: Sold
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    shop.post(f"/storefront/{SHOP}/reserve/ticket/{sold.tickets[0]}", headers=key)

    answer = web.post("/v1/orders", json={"saleschannelid": 1}, headers=key)

    assert answer.status_code == 201, answer.text


def test_a_locale_that_says_no_language_is_none(shop: Visitor, sold: Sold) -> None:
    ticket = {"guid": sold.tickets[0], "reservation": reserved(shop, sold.tickets[0])["guid"]}

    answer = placed(shop, ticket, receiver={"email": "ann@example.org", "locale": "_"})

    assert answer.status_code == 200, answer.text
