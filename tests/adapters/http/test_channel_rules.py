"""The rules that a sales channel shows are kept, on every surface that sells on it."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.buyers import BuyerRecorded, BuyersKeyed
from tests.adapters.http.openticket_shop import Sale, Visitor, done


class Shop:
    """A sales channel with rules, and what is sold there."""

    def __init__(self, web: TestClient, **rules: Any) -> None:
        self.web = web
        body = {"name": "Ours", "typeid": 3002, **rules}
        channel = done(web.post("/v1/catalog/saleschannels", json=body), 201)
        self.number, self.visitor = channel["id"], Visitor(web, channel["guid"])
        self.sale = Sale(web, {"amount": 20, "price": 5})

    def placed(self, amount: int = 1, **receiver: str) -> Any:
        held = [self.visitor.reserve(self.sale.tickets[0]) for _ in range(amount)]
        return self.visitor.order(*held, receiver=receiver)

    def order(self, amount: int = 1) -> Any:
        take = [{"eventid": self.sale.number, "contingentid": self.sale.lots[0], "amount": amount}]
        return self.web.post("/v1/orders", json={"saleschannelid": self.number, "take": take})

    def confirmed(self, **contact: Any) -> Any:
        """An order on the native surface, confirmed for that contact, if there is one."""
        path = f"/v1/orders/{done(self.order(), 201)['id']}"
        if contact:
            made = done(self.web.post("/v1/catalog/contacts", json=contact), 201)
            done(self.web.patch(path, json={"customerid": made["id"]}))
        return self.web.post(f"{path}/confirm")


@pytest.fixture
def rules(web: TestClient) -> Any:
    return lambda **said: Shop(web, **said)


def test_an_order_has_at_most_so_many_tickets(web: TestClient, rules: Any) -> None:
    shop = rules(max_tickets_per_order=2)

    too_many, three = shop.placed(3), shop.order(3)

    assert (too_many.status_code, three.status_code) == (409, 409)
    for refused in (too_many.json(), three.json()):
        assert (refused["limit"], refused["allowed"]) == ("max_tickets_per_order", 2)
    assert len(done(shop.placed(2))["tickets"]) == 2
    two = done(shop.order(2), 201)
    take = [{"eventid": shop.sale.number, "contingentid": shop.sale.lots[0]}]
    more = web.post(f"/v1/orders/{two['id']}/tickets", json={"take": take})
    assert (more.status_code, more.json()["left"]) == (409, 0)


@pytest.mark.parametrize("none", [0, None])
def test_no_limit_is_no_limit(rules: Any, none: int | None) -> None:
    assert len(done(rules(max_tickets_per_order=none).placed(4))["tickets"]) == 4


def test_only_addresses_that_fit_the_rule_order(rules: Any) -> None:
    shop = rules(email_validation_rule="@(example|test)\\.org$")

    refused = [
        shop.placed(email="ann@elsewhere.org"),
        shop.confirmed(email="ann@elsewhere.org"),
        shop.confirmed(lastname="Peeters"),
        shop.confirmed(),
    ]

    assert [answer.status_code for answer in refused] == [409] * 4
    assert refused[0].json()["error_code"] == "buyer-refused"
    assert refused[1].json()["type"] == "urn:stagebook:problem:buyer-refused"
    assert [r.json()["rule"] for r in refused] == ["email_validation_rule"] * 2 + ["email"] * 2
    assert done(shop.placed(email="Ann@Example.ORG"))["email"] == "Ann@Example.ORG"
    assert done(shop.confirmed(email="ann@test.org"))["status"] == 21002


def test_an_address_orders_once_while_its_order_stands(web: TestClient, rules: Any) -> None:
    shop = rules(email_must_be_unique=True)
    first = done(shop.placed(email="ann@example.org"))

    again = [shop.placed(email="ANN@example.org"), shop.confirmed(email="ann@example.org")]

    assert [answer.status_code for answer in again] == [409, 409]
    assert {answer.json()["rule"] for answer in again} == {"email_must_be_unique"}
    assert done(shop.placed(email="bob@example.org"))["status"] == "placed"
    done(web.post(f"/v1/orders/{first['guid']}/cancel"))
    assert done(shop.placed(email="ann@example.org"))["guid"] != first["guid"]


def test_addresses_are_digested_with_a_random_key_of_their_channel(
    web: TestClient, rules: Any
) -> None:
    for shop in (rules(email_must_be_unique=True), rules(email_must_be_unique=True)):
        for name in ("cleo", "dora"):
            done(shop.placed(email=f"{name}@example.org"))

    app: Any = web.app
    facts = [recorded.fact for recorded in app.state.stagebook.store.read(0, 100_000)][-60:]
    keys = [fact.key for fact in facts if isinstance(fact, BuyersKeyed)][-2:]
    recorded = [fact.buyer for fact in facts if isinstance(fact, BuyerRecorded)][-4:]
    assert (len({*keys}), {len(key) for key in keys}) == (2, {32})
    assert len({*recorded}) == 4  # the same address is told from itself elsewhere


def test_the_order_that_is_sent_again_is_not_a_second_one(rules: Any) -> None:
    shop = rules(email_must_be_unique=True)
    held = shop.visitor.reserve(shop.sale.tickets[0])

    first, again = shop.visitor.order(held), shop.visitor.order(held)

    assert done(first) == done(again)


def test_the_buyer_of_a_confirmed_order_changes_within_the_rules(
    web: TestClient, rules: Any
) -> None:
    shop = rules(email_validation_rule="@example.org$", email_must_be_unique=True)
    ann, bob = (done(shop.confirmed(email=f"{name}@example.org")) for name in ("ann", "bob"))
    path = f"/v1/orders/{bob['id']}"

    taken = web.patch(path, json={"customerid": ann["customerid"]})
    nobody = web.patch(path, json={"customerid": None})

    assert [taken.json()["rule"], nobody.json()["rule"]] == ["email_must_be_unique", "email"]
    assert done(web.get(path))["customerid"] == bob["customerid"]


def test_what_was_refused_leaves_the_reservations_as_they_were(rules: Any) -> None:
    shop = rules(email_validation_rule="@example.org$")
    held = [shop.visitor.reserve(shop.sale.tickets[0]) for _ in "12"]

    refused = shop.visitor.order(*held, receiver={"email": "ann@elsewhere.org"})

    assert refused.status_code == 409
    assert len(done(shop.visitor.order(*held))["tickets"]) == 2


@pytest.mark.parametrize("rule", ["(", "[", "(?=a)", "a{1000000000}", "\\1"])
def test_a_rule_that_cannot_be_kept_is_not_accepted(web: TestClient, rule: str) -> None:
    body = {"name": "Ours", "email_validation_rule": rule}

    native = web.post("/v1/catalog/saleschannels", json=body | {"typeid": 3002})
    vendor = web.post("/shop", json=body)

    assert (native.status_code, vendor.status_code) == (422, 406)
    assert list(vendor.json()["fields"]) == ["email_validation_rule"]


def test_a_rule_is_read_in_linear_time(rules: Any) -> None:
    shop = rules(email_validation_rule="^(a+)+@b$")

    assert shop.placed(email=f"{'a' * 200}@c").status_code == 409
