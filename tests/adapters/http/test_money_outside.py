"""Money that leaves is a number of the account's currency, on every way."""

from typing import Any

from fastapi.testclient import TestClient
from pydantic_core import to_json

from adapters.webhooks.message import saying
from domain.ids import Kind, account_number
from domain.order_facts import OrderCreated, PaymentAdded
from domain.outside import WITHHELD, Outside, said_of, shown
from domain.taking import Holder
from tests.adapters.http.selling import Sale, on_sale
from tests.adapters.http.talk import book_of, now, position, refused
from tests.conftest import ACCOUNT
from tests.golden.examples import EXAMPLES


def sold(web: TestClient) -> tuple[Sale, int]:
    """An order of two tickets at 25.50, paid, 11.25 of it given back; from which position on."""
    sale = on_sale(web, 5).contingent_of(5, price=25.5)
    since = position(web)
    bought = sale.order(2, "confirm", "payments")
    bought.did("refunds", {"amount": 11.25})
    return sale, since


SAID: list[tuple[str, Any]] = [
    ("OrderCreated", 25.5),
    ("PaymentAdded", 51.0),
    ("RefundAdded", 11.25),
]


def amounts(entries: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for entry in entries:
        data = entry["data"]
        found += [(entry["fact"], line["price"]) for line in data.get("lines", ())]
        found += [(entry["fact"], data["amount"])] if "amount" in data else []
    return found


def test_the_feed_says_amounts_in_the_currency(web: TestClient) -> None:
    _, since = sold(web)

    entries = now(web, f"/v1/changes?after={since}&kind=order").json()["data"]

    assert amounts(entries) == SAID


def test_a_webhook_says_amounts_in_the_currency(web: TestClient) -> None:
    _, since = sold(web)
    store = book_of(web).store
    said = saying(store)

    entries = [
        {"fact": r.fact.name, "data": said(account_number(ACCOUNT), Kind.ORDER, 1, r.fact)}
        for r in store.read(since, 100)
        if r.fact.name in dict(SAID)
    ]

    assert amounts(entries) == SAID


def test_a_refund_that_is_too_large_is_refused_in_the_currency(web: TestClient) -> None:
    sale = on_sale(web, 5).contingent_of(5, price=135)
    bought = sale.order(1, "confirm", "payments")

    problem = refused(bought.do("refunds", {"amount": 1000}), 409, "refund-too-large")

    assert problem["detail"] == "135.00 EUR can be given back, 1000.00 were asked for"
    assert (problem["left"], problem["currency"]) == (135.0, "EUR")


def test_a_currency_without_cents_has_none() -> None:
    paid = next(fact for fact in EXAMPLES if isinstance(fact, PaymentAdded))

    in_each = {code: said_of(paid, Outside(code))["amount"] for code in ("EUR", "JPY", "KWD")}

    assert in_each == {
        "EUR": paid.amount / 100,
        "JPY": paid.amount,
        "KWD": paid.amount / 1000,
    }


def test_a_fact_stays_as_it_is_when_it_is_shown() -> None:
    for fact in EXAMPLES:
        before = to_json(fact)
        said_of(fact, Outside("EUR"))
        assert to_json(fact) == before
    created = next(fact for fact in EXAMPLES if isinstance(fact, OrderCreated))
    prices = [line["price"] for line in said_of(created, Outside("EUR"))["lines"]]
    assert prices == [line["price"] / 100 for line in created.lines]


def test_what_is_personal_is_withheld_where_there_is_something() -> None:
    ann, nobody = {"id": 1, "ticketname": "Ann"}, {"id": 2, "ticketname": None}

    for holder, seen in ((ann, WITHHELD), (nobody, None)):
        assert shown(Holder, holder, Outside("EUR"))["ticketname"] == seen
        assert shown(Holder, holder, Outside("EUR", personal=True)) == holder
