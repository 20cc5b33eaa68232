"""The barcodes of a large Event are made in several turns of the writer, and the door waits."""

from unittest.mock import patch

import pytest
from fastapi.testclient import TestClient

from adapters.http.v1 import tickets
from application import admission
from tests.adapters.http.selling import on_sale


def test_a_ticket_is_let_in_when_the_barcodes_of_others_were_made(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "BARCODES_AT_ONCE", 2)
    sale = on_sale(web)
    sale.order(5, "confirm")
    code = sale.tickets("?state=sold_unpaid")[4]["barcode"]

    with patch.object(admission, "scan_tickets", wraps=admission.scan_tickets) as turns:
        scanned = web.post(sale.url("/tickets/scan"), json={"direction": "in", "barcodes": [code]})
        again = web.post(sale.url("/tickets/scan"), json={"direction": "in", "barcodes": [code]})

    assert scanned.status_code == 200, scanned.text
    assert again.json()["why"] == "inside"
    assert turns.call_count == 4
