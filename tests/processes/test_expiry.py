"""Orders that nobody confirms lapse: in time, once, by whichever process, also over a restart."""

from datetime import datetime, timedelta

import pytest

from domain.order import OrderLapsed
from domain.tickets import TicketsLapsed
from domain.values import stamp
from tests.processes.ledger import Ledger
from tests.processes.pair import TIMES, Pair, buying, moment, taking, wait_until
from tests.processes.program import Place, eventually

pytestmark = pytest.mark.slow

HELD, CAP = 2, 3
"""Seconds that orders are held here."""
LATE = 8
"""Seconds after which one has lapsed for certain: the sweeper looks every second."""


def after(time: str, seconds: float) -> str:
    """A moment so much later, as facts carry it."""
    return stamp(datetime.fromisoformat(time) + timedelta(seconds=seconds))


def lapsed(ledger: Ledger, order: int) -> OrderLapsed:
    """The fact, which is there once."""
    facts = [fact for fact in ledger.orders[order].facts if isinstance(fact, OrderLapsed)]
    assert len(facts) == 1, ledger.orders[order].names()
    return facts[0]


def test_an_order_that_is_not_confirmed_in_time_lapses_once_and_soon(pair: Pair) -> None:
    """Two processes sweep. Whoever did something again has time again; who confirmed is safe."""
    channel = pair.channel(HELD)
    event, (lot,) = pair.on_sale(50)
    body = buying(taking(event, lot, 2), channel=channel)
    safe = pair.confirmed(taking(event, lot), channel=channel)["id"]
    empty = pair.order(channel=channel)
    made = pair.rush(lambda c, _: c("POST", "/v1/orders", body), crowd=8)
    extended = pair.order(taking(event, lot), channel=channel)
    wait_until(moment(extended["createdts"]) + HELD / 4)
    more = {"take": [taking(event, lot)]}
    grown = pair.ask("POST", f"/v1/orders/{extended['id']}/tickets", more)

    orders = [answer.json() for answer in made] + [empty, grown.json()]
    eventually(lambda: all(pair.bought(order["id"]).ended for order in orders))

    for order in orders:
        assert order["expiryts"] == after(order["lastupdatets"], HELD)
        fact = lapsed(pair.ledger, order["id"])
        assert (fact.duets, fact.actor) == (order["expiryts"], "stagebook")
        assert order["expiryts"] <= fact.time < after(order["expiryts"], LATE)
    assert pair.bought(safe).names() == ["OrderCreated", "OrderConfirmed"]
    assert pair.sale(event).counters() == {"sold_unpaid": 1}
    given_back = [f for f in pair.sale(event).facts if isinstance(f, TicketsLapsed)]
    assert len(given_back) == len(orders) - 1  # the empty one had none
    shown = pair.read(f"/v1/orders/{extended['id']}")
    assert (shown["status"], shown["ended"], shown["tickets"]) == (21003, "lapsed", [])


def test_no_order_is_held_longer_than_the_cap_also_over_a_kill(place: Place) -> None:
    """It is due while no server runs, and lapses when the next one comes."""
    server = place.serve(basket_seconds=60, basket_cap_seconds=CAP)
    client = server.client()
    location = client.made("/v1/locations", name="Hall")["id"]
    event = client.made("/v1/events", name="Live", locationid=location, **TIMES)["id"]
    lot = {"name": "Standing", "amount": 10, "price": 25.00}
    contingent = client.made(f"/v1/events/{event}/contingents", **lot)["id"]
    assert client("POST", f"/v1/events/{event}/publish").status == 200
    take = taking(event, contingent)
    safe = client.made("/v1/orders", **buying(take))["id"]
    assert client("POST", f"/v1/orders/{safe}/confirm").status == 200
    order = client.made("/v1/orders", **buying(take))
    grown = client("POST", f"/v1/orders/{order['id']}/tickets", {"take": [take]}).json()
    server.kill()

    assert order["expiryts"] == grown["expiryts"] == after(order["createdts"], CAP)
    wait_until(moment(order["expiryts"]))
    with place.book() as book:
        ledger = Ledger(book.store).follow()
        assert ledger.orders[order["id"]].names() == ["OrderCreated", "TicketsAdded"]
        server = place.serve()
        eventually(lambda: ledger.follow().orders[order["id"]].ended)

        assert not ledger.faults
        assert lapsed(ledger, order["id"]).duets == order["expiryts"]
        assert ledger.orders[safe].names() == ["OrderCreated", "OrderConfirmed"]
        assert ledger.sales[event].counters() == {"sold_unpaid": 1}
