"""kill -9 and cut connections while tickets are sold: what was answered is so, nothing is half."""

import random
import time
from contextlib import ExitStack, closing
from typing import Any

import pytest

from adapters.check import faults
from tests.processes.buyers import Buyer
from tests.processes.pair import Pair, taking
from tests.processes.program import Place, eventually
from tests.processes.test_crashes import cut_connections

pytestmark = pytest.mark.slow

STEPS = {
    None: ["OrderCreated", "OrderConfirmed", "PaymentAdded"],
    "cancelled": ["OrderCreated", "OrderCancelled"],
}
"""What is recorded of an order, by how it ended."""


def test_a_server_that_is_killed_while_it_sells_leaves_every_order_whole(place: Place) -> None:
    """Its buyers go to the other one, and ask again with the keys that they had."""
    with closing(Pair(place)) as pair:
        one, (first,) = pair.on_sale(10_000)
        other, (second,) = pair.on_sale(10_000)
        take = [taking(one, first, 2), taking(other, second)]
        ports = [server.port for server in pair.servers]
        buyers = [
            Buyer(f"b{number}", take, lambda number=number: ports[number % len(ports)])  # type: ignore[misc]
            for number in range(8)
        ]

        with ExitStack() as stopping:
            for buyer in buyers:
                stopping.callback(buyer.stop)
                buyer.start()
            if place.settings.is_postgres:
                sell_some(buyers)
                cut_connections(place.store)
            sell_some(buyers)
            ports.pop(0)
            pair.servers.pop(0).kill()
            sell_some(buyers)

        assert sum(buyer.unanswered for buyer in buyers) > 0
        check_bought(pair, buyers)
        assert sum(pair.sale(one).counters().values()) == 2 * pair.sale(other).held.total()
        assert list(faults(pair.book)) == []


def sell_some(buyers: list[Buyer]) -> None:
    """Waits for more orders, and a little: the moment must not matter."""
    enough = len(told(buyers)) + 24
    eventually(lambda: len(told(buyers)) >= enough)
    time.sleep(random.uniform(0, 0.02))  # noqa: S311 - no secret


def told(buyers: list[Buyer]) -> list[list[Any]]:
    return [answers for buyer in buyers for answers in buyer.bought]


def check_bought(pair: Pair, buyers: list[Buyer]) -> None:
    """Every order is as its buyer was told last, each step was made once, there is no other."""
    bought = {answers[0]["id"]: answers for answers in told(buyers)}
    assert pair.check().orders.keys() == bought.keys()
    for number, answers in bought.items():
        order = pair.ledger.orders[number]
        assert order.names() == STEPS[answers[-1]["ended"]][: len(answers)]
        assert order.tickets.keys() == {ticket["id"] for ticket in answers[-1]["tickets"]}
    shown = pair.read("/v1/orders?limit=1000")["data"]
    assert {order["id"]: order for order in shown} == {n: bought[n][-1] for n in bought}
