"""What an order cannot be asked for: bad values and what is not there. Nothing is recorded."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.selling import (
    JSON,
    NORMAL,
    Bought,
    Sale,
    nothing_recorded,
    on_sale,
)
from tests.adapters.http.talk import Json, paths, refused


@pytest.fixture(scope="module")
def sale(web: TestClient) -> Sale:
    return on_sale(web, 100)


@pytest.fixture(scope="module")
def other(web: TestClient) -> Sale:
    return on_sale(web, 100)


@pytest.fixture(scope="module")
def confirmed(sale: Sale) -> Bought:
    """An order of two tickets, of which half is paid."""
    bought = sale.order(2, "confirm")
    bought.did("payments", {"amount": 25})
    return bought


# -- what cannot be read


@pytest.mark.parametrize(
    "amount",
    ["0", "-1", "1000000000000", "true", '"2"', "1.0", "1e2", "2.5", "5001", "[]", "9" * 30],
)
def test_a_count_is_a_whole_number_of_tickets(web: TestClient, sale: Sale, amount: str) -> None:
    body = f'{{"saleschannelid": 2, "take": [{{"contingentid": 1, "amount": {amount}}}]}}'
    bought = sale.order()

    with nothing_recorded(web):
        answers = [
            web.post("/v1/orders", content=body, headers=JSON),
            web.post(
                bought.url("/tickets"),
                content=body.replace('"saleschannelid": 2, ', ""),
                headers=JSON,
            ),
        ]

    for answer in answers:
        assert paths(refused(answer, 422, "invalid")) == ["take.0.amount"]


TAKES: list[tuple[str, Json, str]] = [
    ("nothing", {}, "take.0"),
    ("an Event alone", {"eventid": 1}, "take.0"),
    ("contingent and tickets", {"contingentid": 1, "tickets": [1]}, "take.0"),
    ("contingent and price", {"contingentid": 1, "tickettypepriceid": 1_000_001}, "take.0"),
    ("price and tickets", {"tickets": [1], "tickettypepriceid": 1_000_001}, "take.0"),
    (
        "another price type",
        {"tickettypepriceid": 1_000_001, "pricetypeid": 2},
        "take.0.pricetypeid",
    ),
    ("more than are named", {"tickets": [1, 2], "amount": 3}, "take.0.amount"),
    ("no tickets", {"tickets": []}, "take.0.tickets"),
    ("a ticket twice", {"tickets": [5, 6, 5]}, "take.0.tickets"),
    ("ticket 0", {"tickets": [0]}, "take.0.tickets.0"),
    ("ticket true", {"tickets": [1, True]}, "take.0.tickets.1"),
    ("ticket as a text", {"tickets": ["1"]}, "take.0.tickets.0"),
    ("a ticket beyond all ids", {"tickets": [2**53]}, "take.0.tickets.0"),
    ("too many tickets", {"tickets": list(range(1, 5_002))}, "take.0.tickets"),
    ("a text", {"contingentid": "1"}, "take.0.contingentid"),
    ("true", {"contingentid": True}, "take.0.contingentid"),
    ("a fraction", {"contingentid": 1.0}, "take.0.contingentid"),
    ("a negative", {"contingentid": -1}, "take.0.contingentid"),
    ("a contingent beyond all ids", {"contingentid": 2**53}, "take.0.contingentid"),
    ("an unknown field", {"contingentid": 1, "seatid": 1}, "take.0.seatid"),
]


@pytest.mark.parametrize(("take", "path"), [t[1:] for t in TAKES], ids=[t[0] for t in TAKES])
def test_a_take_is_told_by_its_field(web: TestClient, sale: Sale, take: Json, path: str) -> None:
    bought = sale.order()

    with nothing_recorded(web):
        answers = [sale.ask(take), bought.do("tickets", {"take": [take]})]

    for answer in answers:
        assert paths(refused(answer, 422, "invalid")) == [path]


BODIES: list[tuple[str, Any, str]] = [
    ("nothing", {}, "saleschannelid"),
    ("null", None, "body"),
    ("a list", [], "body"),
    ("a channel that is none", {"saleschannelid": 99}, "saleschannelid"),
    ("channel 0", {"saleschannelid": 0}, "saleschannelid"),
    ("channel null", {"saleschannelid": None}, "saleschannelid"),
    ("channel true", {"saleschannelid": True}, "saleschannelid"),
    ("a take that is no list", {"saleschannelid": 2, "take": {}}, "take"),
    ("take null", {"saleschannelid": 2, "take": None}, "take"),
    ("a take that is null", {"saleschannelid": 2, "take": [None]}, "take.0"),
    ("too many takes", {"saleschannelid": 2, "take": [{"contingentid": 1}] * 101}, "take"),
    (
        "too many tickets in all",
        {"saleschannelid": 2, "take": [{"tickets": [*range(1, 5_001)]}, {"tickets": [6_000]}]},
        "take",
    ),
    ("an empty promo code", {"saleschannelid": 2, "promocodes": [""]}, "promocodes.0"),
    ("too many promo codes", {"saleschannelid": 2, "promocodes": ["A"] * 21}, "promocodes"),
    ("an id of its own", {"saleschannelid": 2, "id": 7}, "id"),
]


@pytest.mark.parametrize(("body", "path"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
def test_a_new_order_is_told_by_its_field(web: TestClient, body: Any, path: str) -> None:
    with nothing_recorded(web):
        answer = web.post("/v1/orders", content=json.dumps(body), headers=JSON)

    assert paths(refused(answer, 422, "invalid")) == [path]


AMOUNTS = [
    "0",
    "-1",
    "-0.0",
    "0.001",
    "10.001",
    "1e300",
    "1e400",
    "1e-400",
    "1000000001",
    "50.0000000000000000000000001",
    "50.000000000000001",
    "1" * 30,
    "true",
    '"50"',
    "null",
    "{}",
    "[5]",
    "NaN",
    "Infinity",
]


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("step", ["payments", "refunds"])
def test_money_is_a_positive_number_of_the_currency_s_digits(
    web: TestClient, confirmed: Bought, step: str, amount: str
) -> None:
    with nothing_recorded(web):
        answer = web.post(
            confirmed.url(f"/{step}"), content=f'{{"amount": {amount}}}', headers=JSON
        )

    assert paths(refused(answer, 422, "invalid")) == ["amount"]


@pytest.mark.parametrize(
    ("method", "step", "body", "path"),
    [
        ("POST", "payments", {}, "amount"),
        ("POST", "payments", {"amount": 1, "paymentmethodid": -1}, "paymentmethodid"),
        ("POST", "payments", {"amount": 1, "paymentid": 1}, "paymentid"),
        ("POST", "refunds", {"amount": 1, "paymentid": 0}, "paymentid"),
        ("POST", "refunds", {"amount": 1, "paymentid": 99}, "paymentid"),
        ("POST", "refunds", {"amount": 1, "paymentid": "1"}, "paymentid"),
        ("POST", "refunds", {"amount": 1, "paymentmethodid": 1}, "paymentmethodid"),
        ("POST", "tickets", {}, "take"),
        ("POST", "tickets", {"take": []}, "take"),
        ("POST", "tickets", {"tickets": [1]}, "take"),
        ("DELETE", "tickets", None, "body"),
        ("DELETE", "tickets", {}, "tickets"),
        ("DELETE", "tickets", {"tickets": []}, "tickets"),
        ("DELETE", "tickets", {"tickets": [7]}, "tickets"),
        ("DELETE", "tickets", {"tickets": [7, 7]}, "tickets"),
        ("DELETE", "tickets", {"tickets": [7], "amount": 1}, "amount"),
        ("DELETE", "tickets", {"tickets": list(range(1, 5_002))}, "tickets"),
        ("POST", "split", None, "body"),
        ("POST", "split", {"tickets": []}, "tickets"),
        ("POST", "split", {"tickets": [7]}, "tickets"),
        ("POST", "split", {"tickets": [7, 7]}, "tickets"),
        ("POST", "split", {"tickets": [7], "customerid": 1}, "customerid"),
    ],
)
def test_a_step_is_told_by_its_field(
    web: TestClient, confirmed: Bought, method: str, step: str, body: Any, path: str
) -> None:
    with nothing_recorded(web):
        answer = confirmed.do(step, body, method=method)

    assert path in paths(refused(answer, 422, "invalid"))


@pytest.mark.parametrize("step", ["DELETE tickets", "POST split"])
def test_only_what_the_order_holds_is_given_away(
    web: TestClient, sale: Sale, confirmed: Bought, step: str
) -> None:
    method, path = step.split()
    own, foreign = confirmed.ticket_ids()[0], sale.order().ticket_ids()[0]

    with nothing_recorded(web):
        for tickets in ([own, foreign], [own, sale.ticket(100)], [own, own]):
            answer = confirmed.do(path, {"tickets": tickets}, method=method)

            assert paths(refused(answer, 422, "invalid")) == ["tickets"]


# -- what is not there


def test_what_a_take_names_must_be_there(web: TestClient, sale: Sale, other: Sale) -> None:
    unknown = 8_888_888
    takes: list[tuple[Json, str]] = [
        ({"eventid": unknown, "contingentid": sale.contingent}, "eventid"),
        ({"eventid": 0, "contingentid": sale.contingent}, "eventid"),
        ({"eventid": 2**53 - 1, "contingentid": sale.contingent}, "eventid"),
        ({"eventid": sale.event, "contingentid": unknown}, "contingentid"),
        ({"eventid": sale.event, "contingentid": other.contingent}, "contingentid"),
        ({"eventid": sale.event, "tickets": [other.ticket(1)]}, "tickets"),
        ({"tickets": [sale.ticket(90), other.ticket(90)]}, "tickets"),
        (
            {"eventid": sale.event, "tickettypepriceid": other.contingent * 1_000_000 + NORMAL},
            "tickettypepriceid",
        ),
    ]

    with nothing_recorded(web):
        for take, path in takes:
            problem = refused(sale.ask(sale.takes(), take), 422, "invalid")

            assert paths(problem) == [f"take.1.{path}"], take
        for take in (
            {"contingentid": unknown},
            {"contingentid": 0},
            {"tickets": [5]},
            {"tickettypepriceid": 0},
            {"tickettypepriceid": unknown * 1_000_000 + 1},
        ):
            (path,) = paths(refused(sale.ask(take), 422, "invalid"))

            assert path == f"take.0.{next(iter(take))}", take


def test_a_deleted_event_sells_nothing(web: TestClient) -> None:
    sale = on_sale(web)
    for method, path in (("POST", "/redraft"), ("DELETE", "")):
        assert web.request(method, sale.url(path)).is_success

    with nothing_recorded(web):
        problem = refused(sale.ask(), 422, "invalid")

    assert paths(problem) == ["take.0.eventid"]


@pytest.mark.parametrize("number", ["8888888", "9007199254740991"])
def test_an_order_that_never_was_is_not_found(web: TestClient, sale: Sale, number: str) -> None:
    ghost = Bought(web, int(number))
    asked: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("GET", "tickets", None),
        ("POST", "tickets", {"take": [sale.takes()]}),
        ("DELETE", "tickets", {"tickets": [1]}),
        ("POST", "confirm", None),
        ("POST", "payments", {"amount": 1}),
        ("POST", "refunds", {"amount": 1}),
        ("POST", "split", {"tickets": [1]}),
        ("POST", "cancel", None),
    ]

    with nothing_recorded(web):
        for method, step, body in asked:
            path = ghost.url(f"/{step}" if step else "")

            assert (
                refused(web.request(method, path, json=body), 404, "not-found")["id"]
                == ghost.number
            )
