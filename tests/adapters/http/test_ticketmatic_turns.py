"""What touches a whole Event is done in several turns of the writer: others are served between."""

from functools import partial
from unittest.mock import patch

import pytest
from ticketmatic.client import Client
from ticketmatic.endpoints import orders

from adapters.http.ticketmatic import wire
from application import admission, sales
from domain.ids import account_number
from domain.taking import Scan
from tests.adapters.http.test_ticketmatic_events import floor, published, raw
from tests.adapters.http.test_ticketmatic_tickets import basket, tickets
from tests.adapters.http.vendors import Served


@pytest.fixture(autouse=True)
def two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "AT_ONCE", 2)


def test_everyone_inside_is_scanned_out_two_at_a_time(tm: Client, served: Served) -> None:
    event = published(tm, contingents=[floor(5)])
    for _ in range(5):
        orders.confirm(tm, basket(tm, event).orderid)
    inside = [ticket["id"] for ticket in tickets(tm, event)]
    scan = partial(
        admission.scan_tickets, number=event.id, body=Scan(tickets=inside, direction="in")
    )
    served.beside.execute(scan, account=account_number(tm.account_code), actor="door")
    key = {"Idempotency-Key": f"out-{event.id}"}

    with patch.object(admission, "scan_out", wraps=admission.scan_out) as turns:
        answer, again, nobody = (
            raw(tm, "PUT", f"/events/{event.id}/tickets/scanout", json={}, headers=headers)
            for headers in (key, key, {})
        )

    assert (answer.json(), again.json(), nobody.json()) == (inside, inside, [])
    assert "Idempotent-Replayed" in again.headers
    assert turns.call_count == 4


def test_baskets_are_emptied_two_at_a_time(tm: Client) -> None:
    event = published(tm, contingents=[floor(5)])
    for _ in range(5):
        basket(tm, event)

    with patch.object(sales, "empty_baskets", wraps=sales.empty_baskets) as turns:
        answer = raw(tm, "PUT", f"/events/{event.id}/purge")

    assert (answer.status_code, answer.content) == (200, b"null")
    assert [ticket["orderid"] for ticket in tickets(tm, event)] == [None] * 5
    assert turns.call_count == 3
