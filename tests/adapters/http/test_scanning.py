"""Scanning at a door over `/v1`: by ids, by barcodes; what is unknown is said, and all or nothing
goes through."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.selling import Sale, nothing_recorded, ok, on_sale
from tests.adapters.http.talk import Json, paths, refused


def scan(sale: Sale, way: str = "in", **body: Any) -> Any:
    return sale.client.post(sale.url("/tickets/scan"), json={"direction": way, **body})


def sold(web: TestClient) -> tuple[Sale, list[Json]]:
    sale = on_sale(web)
    sale.order(3, "confirm")
    return sale, sale.tickets("?state=sold_unpaid")


@pytest.mark.parametrize("by", ["tickets", "barcodes"])
def test_tickets_go_in_and_out_by_their_ids_and_by_their_barcodes(web: TestClient, by: str) -> None:
    sale, held = sold(web)
    field = {"tickets": "id", "barcodes": "barcode"}[by]
    named = {by: [ticket[field] for ticket in held[:2]]}

    entered = ok(scan(sale, **named, scandeviceid=7))["tickets"]
    left = ok(scan(sale, "out", **named))["tickets"]

    assert [one["id"] for one in entered] == [ticket["id"] for ticket in held[:2]]
    assert {one["accesscontrolstatus"] for one in entered} == {1}
    assert {one["accesscontrolstatus"] for one in left} == {2}
    assert [one["accesscontrolstatus"] for one in sale.tickets("?state=sold_unpaid")] == [2, 2, 0]


def test_one_that_is_unknown_lets_nobody_in(web: TestClient) -> None:
    sale, held = sold(web)
    elsewhere, others = sold(web)
    known = [ticket["id"] for ticket in held[:2]]
    codes = [ticket["barcode"] for ticket in held[:2]]

    with nothing_recorded(web):
        for stranger in (sale.ticket(11), others[0]["id"], 5):
            problem = refused(scan(sale, tickets=[*known, stranger]), 422, "invalid")
            assert paths(problem) == ["tickets.2"]
            assert f"no ticket {stranger}" in problem["detail"]
        for code in ("NOBODY-HAS-THIS", others[0]["barcode"]):
            problem = refused(scan(sale, barcodes=[*codes, code]), 409, "not-admitted")
            assert (problem["barcode"], problem["why"]) == (code, "unknown")
        unsold = refused(scan(sale, tickets=[*known, sale.ticket(4)]), 409, "not-admitted")
        assert (unsold["ticketid"], unsold["why"]) == (sale.ticket(4), "notsold")

    assert {one["accesscontrolstatus"] for one in sale.tickets()} == {0}
    assert {one["accesscontrolstatus"] for one in elsewhere.tickets()} == {0}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ""),
        ({"tickets": [1], "barcodes": ["A"]}, ""),
        ({"tickets": []}, "tickets"),
        ({"barcodes": []}, "barcodes"),
        ({"tickets": [1, 1]}, "tickets"),
        ({"barcodes": ["A", "A"]}, ""),
        ({"tickets": ["A"]}, "tickets.0"),
        ({"barcodes": [5]}, "barcodes.0"),
        ({"tickets": [1], "device": 7}, "device"),
    ],
)
def test_what_is_no_scan_is_refused(web: TestClient, body: Json, path: str) -> None:
    sale = on_sale(web)

    with nothing_recorded(web):
        problem = refused(scan(sale, **body), 422, "invalid")

    assert path in paths(problem)[0]
