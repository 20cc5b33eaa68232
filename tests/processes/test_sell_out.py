"""An on-sale with more buyers than tickets, before two processes."""

import pytest

from adapters.bootstrap import AVAILABILITY, ORDERS
from adapters.check import view_faults
from domain import ranges
from domain.tickets import first_ticket
from tests.processes.pair import Pair, buying, problem, taking
from tests.processes.program import Answer, Client

pytestmark = pytest.mark.slow

TICKETS, BUYERS = 300, 400


def test_every_ticket_is_sold_once_and_the_others_are_told(pair: Pair) -> None:
    event, (lot,) = pair.on_sale(TICKETS)

    def buy(client: Client, _: int) -> Answer:
        """As far as it goes: take, confirm, pay."""
        answer = client("POST", "/v1/orders", buying(taking(event, lot)))
        if answer.status == 409:
            return answer
        path = f"/v1/orders/{answer.json()['id']}"
        assert client("POST", f"{path}/confirm").status == 200
        return client("POST", f"{path}/payments", {"amount": 25.00})

    answers = pair.rush(buy, crowd=BUYERS // 8, each=4)

    assert len(answers) == BUYERS
    refused = [answer for answer in answers if answer.status != 200]
    assert len(refused) == BUYERS - TICKETS
    assert {(problem(a), a.json()["limit"], a.json()["left"]) for a in refused} == {
        ("sold-out", "contingent", 0)
    }
    sale = pair.sale(event)
    first = first_ticket(lot)
    assert ranges.of(sale.tickets) == [[first, first + TICKETS - 1]]
    assert sale.counters() == {"sold_paid": TICKETS}
    shown = pair.read(f"/v1/events/{event}/availability")["total"]
    assert (shown["sold_paid"], shown["free"], shown["percentsold"]) == (TICKETS, 0, 100.0)
    listed = pair.read(f"/v1/orders?eventid={event}&limit=1000")
    assert listed["total"] == TICKETS
    assert {order["paymentstatus"] for order in listed["data"]} == {1}
    for projection in (AVAILABILITY, ORDERS):
        assert list(view_faults(pair.book, projection)) == []
