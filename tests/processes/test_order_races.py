"""Two processes and one order, one ticket, one moment: it happens once, whole or not at all."""

from collections import Counter
from contextlib import closing
from functools import partial
from time import time
from uuid import uuid4

import pytest

from tests.processes.pair import (
    Pair,
    at_once,
    buying,
    moment,
    problem,
    taking,
    wait_until,
)
from tests.processes.program import Answer, Client, eventually

pytestmark = pytest.mark.slow

EIGHT = 8
"""Clients of each server."""
PRICE = 25.00
NEAR = (-0.05, -0.01, -0.004, 0.001)
"""Seconds from a moment, nearly as near as one can ask."""
AFTER = NEAR[-1]


# -- one order


def test_an_order_that_sixteen_confirm_at_once_is_confirmed_once(pair: Pair) -> None:
    event, (lot,) = pair.on_sale(10)
    order = pair.order(taking(event, lot, 2))["id"]

    answers = pair.rush(lambda c, _: c("POST", f"/v1/orders/{order}/confirm"), crowd=EIGHT)

    assert [a.status for a in answers] == [200] * 16
    assert len({a.body for a in answers}) == 1
    assert pair.bought(order).names() == ["OrderCreated", "OrderConfirmed"]
    assert pair.sale(event).counters() == {"sold_unpaid": 2}


def test_sixteen_payments_with_one_key_are_one(pair: Pair) -> None:
    event, (lot,) = pair.on_sale(10)
    order = pair.confirmed(taking(event, lot, 2))["id"]
    pay = partial(paying, order=order, key=uuid4().hex)

    answers = pair.rush(pay, crowd=EIGHT)

    assert [a.status for a in answers] == [200] * 16
    assert len({(a.body, a.position) for a in answers}) == 1
    assert pair.bought(order).names().count("PaymentAdded") == 1
    assert pair.sale(event).counters() == {"sold_unpaid": 2}


def test_sixteen_payments_with_keys_of_their_own_are_sixteen(pair: Pair) -> None:
    event, (lot,) = pair.on_sale(10)
    order = pair.confirmed(taking(event, lot, 2))["id"]

    answers = pair.rush(partial(paying, order=order), crowd=EIGHT)

    paid = sorted(a.json()["amountpaid"] for a in answers)
    assert paid == [PRICE * count for count in range(1, 17)]
    assert pair.bought(order).paid == 16 * 25_00
    assert pair.sale(event).counters() == {"sold_paid": 2}


def test_no_more_is_refunded_at_once_than_was_paid(pair: Pair) -> None:
    event, (lot,) = pair.on_sale(10)
    order = pair.confirmed(taking(event, lot, 2))["id"]
    for _ in range(3):
        assert pair.ask("POST", f"/v1/orders/{order}/payments", {"amount": PRICE}).status == 200

    refund = f"/v1/orders/{order}/refunds"
    answers = pair.rush(lambda c, _: c("POST", refund, {"amount": PRICE}), crowd=EIGHT)

    refused = [a for a in answers if a.status != 200]
    assert len(refused) == 13
    assert {(problem(a), a.json()["left"]) for a in refused} == {("refund-too-large", 0)}
    assert pair.bought(order).paid == 0
    assert pair.sale(event).counters() == {"sold_unpaid": 2}


def test_an_order_asked_for_again_after_a_cut_connection_is_made_once(pair: Pair) -> None:
    """At the other server, and it does not matter how far the first one came."""
    event, (lot,) = pair.on_sale(100)
    keys = [uuid4().hex for _ in range(2 * EIGHT)]
    body = buying(taking(event, lot, 3))

    def insist(number: int) -> Answer:
        pair.cut("/v1/orders", body, server=number, key=keys[number])
        with closing(pair.client(number + 1)) as client:
            return client("POST", "/v1/orders", body, Idempotency_Key=keys[number])

    answers = at_once([partial(insist, number) for number in range(len(keys))])

    assert [a.status for a in answers] == [201] * 16
    assert len({a.json()["id"] for a in answers}) == 16
    sale = pair.sale(event)
    assert {order for order, _ in sale.tickets.values()} == {a.json()["id"] for a in answers}
    assert sale.counters() == {"reserved": 3 * 16}


def paying(client: Client, number: int, order: int, key: str | None = None) -> Answer:
    path, key = f"/v1/orders/{order}/payments", key or uuid4().hex
    return client("POST", path, {"amount": PRICE}, Idempotency_Key=key)


# -- one ticket


def test_of_two_buyers_one_gets_the_last_ticket(pair: Pair) -> None:
    event, (lot,) = pair.on_sale(1)
    body = buying(taking(event, lot))

    for _ in range(8):
        answers = pair.rush(lambda c, _: c("POST", "/v1/orders", body), crowd=1)

        won, lost = sorted(answers, key=lambda answer: answer.status)
        assert (won.status, lost.status, problem(lost)) == (201, 409, "sold-out")
        assert (lost.json()["asked"], lost.json()["left"]) == (1, 0)
        assert list(pair.sale(event).tickets.values()) == [(won.json()["id"], "reserved")]
        cancelled(pair, won.json()["id"])


def test_of_two_buyers_one_gets_that_very_ticket(pair: Pair) -> None:
    event, (lot,) = pair.on_sale(3)
    ticket = lot * 100_000_000 + 2
    body = {"saleschannelid": 2, "take": [{"eventid": event, "tickets": [ticket]}]}

    for _ in range(8):
        answers = pair.rush(lambda c, _: c("POST", "/v1/orders", body), crowd=1)

        won, lost = sorted(answers, key=lambda answer: answer.status)
        assert (won.status, lost.status, problem(lost)) == (201, 409, "ticket-not-free")
        assert pair.sale(event).tickets == {ticket: (won.json()["id"], "reserved")}
        cancelled(pair, won.json()["id"])


def test_a_ticket_that_is_given_back_is_taken_once_or_free(pair: Pair) -> None:
    event, (lot,) = pair.on_sale(1)
    body = buying(taking(event, lot))
    order = pair.order(taking(event, lot))["id"]

    for _ in range(8):
        back, *takers = at_once(
            [
                partial(pair.ask, "POST", f"/v1/orders/{order}/cancel"),
                *[partial(pair.ask, "POST", "/v1/orders", body, server=n) for n in range(4)],
            ]
        )

        assert back.status == 200
        won = [answer.json()["id"] for answer in takers if answer.status == 201]
        assert {problem(a) for a in takers if a.status != 201} == {"sold-out"}
        held = {owner for owner, _ in pair.sale(event).tickets.values()}
        assert held == set(won)
        order = won[0] if won else pair.order(taking(event, lot))["id"]


def test_an_order_that_is_cancelled_while_it_takes_holds_nothing(pair: Pair) -> None:
    event, (lot,) = pair.on_sale(10)
    take = {"take": [taking(event, lot)]}

    for _ in range(8):
        order = pair.order(taking(event, lot))["id"]
        path = f"/v1/orders/{order}"
        back, *more = at_once(
            [
                partial(pair.ask, "POST", f"{path}/cancel"),
                *[partial(pair.ask, "POST", f"{path}/tickets", take, server=n) for n in (0, 1)],
            ]
        )

        assert back.status == 200
        assert all(a.status == 200 or problem(a) == "order-ended" for a in more)
        added = pair.bought(order).names().count("TicketsAdded")
        assert added == [answer.status for answer in more].count(200)
        assert pair.sale(event).tickets == {}


def test_an_order_over_two_events_takes_of_both_or_of_none(pair: Pair) -> None:
    """The second one sells out meanwhile."""
    plenty, (first,) = pair.on_sale(1_000)
    scarce, (second,) = pair.on_sale(20)
    alone = [taking(scarce, second)]
    both = [taking(plenty, first, 3), *alone]

    def buy(client: Client, number: int) -> Answer:
        return client("POST", "/v1/orders", buying(*(both if number % 2 else alone)))

    answers = pair.rush(buy, crowd=16)

    won = [answer.json() for answer in answers if answer.status == 201]
    assert len(won) == 20
    lost = {(problem(a), a.json()["left"]) for a in answers if a.status != 201}
    assert lost == {("sold-out", 0)}
    of_both = [order["id"] for order in won if len(order["tickets"]) == 4]
    assert pair.sale(scarce).counters() == {"reserved": 20}
    assert pair.sale(plenty).counters() == Counter(reserved=3 * len(of_both))
    for order in of_both[:1]:
        pair.ask("POST", f"/v1/orders/{order}/confirm")
        pair.ask("POST", f"/v1/orders/{order}/payments", {"amount": 4 * PRICE})
        assert pair.sale(plenty).counters()["sold_paid"] == 3
        assert pair.sale(scarce).counters()["sold_paid"] == 1


def cancelled(pair: Pair, order: int) -> None:
    assert pair.ask("POST", f"/v1/orders/{order}/cancel").status == 200


# -- one moment


def test_an_order_that_is_confirmed_as_it_lapses_is_kept_or_lost(pair: Pair) -> None:
    """Who waits for its ticket gets it at once, or not at all."""
    channel = pair.channel(1)
    event, (lot,) = pair.on_sale(2 * EIGHT)
    bodies = buying(taking(event, lot), channel=channel), buying(taking(event, lot))
    made = pair.rush(lambda c, _: c("POST", "/v1/orders", bodies[0]), crowd=EIGHT)
    orders = [answer.json() for answer in made]

    def confirm(number: int) -> list[Answer]:
        due = moment(orders[number]["expiryts"])
        wait_until(due + NEAR[number % len(NEAR)])
        late = time() >= due
        path = f"/v1/orders/{orders[number]['id']}"
        with closing(pair.client(number)) as client:
            confirmed = client("POST", f"{path}/confirm")
            assert confirmed.status == 200 or problem(confirmed) == "order-ended", confirmed
            assert not (late and confirmed.status == 200)
            return [confirmed, client("POST", f"{path}/payments", {"amount": PRICE})]

    def take(number: int) -> list[Answer]:
        wait_until(moment(orders[number]["expiryts"]) + AFTER)
        return [pair.ask("POST", "/v1/orders", bodies[1], server=number + 1)]

    everyone = range(len(orders))
    answers = at_once([partial(do, number) for do in (confirm, take) for number in everyone])

    kept = [o["id"] for o, (sold, _) in zip(orders, answers, strict=False) if sold.status == 200]
    lost = [order["id"] for order in orders if order["id"] not in kept]
    assert [paid.status for _, paid in answers[: len(orders)]].count(200) == len(kept)
    assert [answer.status for (answer,) in answers[len(orders) :]].count(201) == len(lost)
    for order in kept:
        assert pair.bought(order).names() == ["OrderCreated", "OrderConfirmed", "PaymentAdded"]
    for order in lost:
        assert pair.bought(order).names() == ["OrderCreated", "OrderLapsed"]
    sold = Counter(sold_paid=len(kept), reserved=len(lost))
    assert pair.sale(event).counters() == +sold


def test_money_that_comes_as_an_order_lapses_is_taken_if_it_was_confirmed(
    pair: Pair,
) -> None:
    channel = pair.channel(2)
    event, (lot,) = pair.on_sale(8)
    take = taking(event, lot)
    confirmed = [pair.confirmed(take, channel=channel) for _ in range(4)]
    unconfirmed = [pair.order(take, channel=channel) for _ in range(4)]
    orders = confirmed + unconfirmed

    def pay(number: int) -> Answer:
        order = orders[number]
        due = moment(order["createdts"]) + 2
        wait_until(due + NEAR[number % len(NEAR)])
        path = f"/v1/orders/{order['id']}/payments"
        return pair.ask("POST", path, {"amount": PRICE}, server=number)

    answers = at_once([partial(pay, number) for number in range(8)])

    assert [answer.status for answer in answers] == [200] * 4 + [409] * 4
    assert {problem(a) for a in answers[4:]} <= {"order-not-confirmed", "order-ended"}
    eventually(lambda: all(pair.bought(order["id"]).ended for order in unconfirmed))
    for order in unconfirmed:
        assert pair.bought(order["id"]).names() == ["OrderCreated", "OrderLapsed"]
    assert pair.sale(event).counters() == {"sold_paid": 4}
