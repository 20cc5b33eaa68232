"""An order is found by the barcode of a ticket that it holds, on both stores."""

import unicodedata

from fastapi.testclient import TestClient

from domain.registry import Role
from tests.adapters.http.selling import OTHER, Bought, Sale, ok, on_sale
from tests.adapters.http.talk import now, refused
from tests.conftest import TOKENS


def found(client: TestClient, code: str, **query: str) -> list[int]:
    url = client.build_request("GET", "/v1/orders", params={"barcode": code, **query}).url
    page = ok(now(client, str(url)))
    assert page["total"] == len(page["data"])
    return [order["id"] for order in page["data"]]


def codes(order: Bought) -> list[str]:
    return [ticket["barcode"] for ticket in order.shown("/tickets")["data"]]


def imported(sale: Sale, ticket: int, code: str | None) -> None:
    body = {"tickets": [{"id": ticket, "barcode": code}]}
    ok(sale.client.patch(sale.url("/tickets"), json=body))


def test_a_confirmed_order_is_found_by_each_of_its_generated_barcodes(client: TestClient) -> None:
    sale = on_sale(client)
    other, order = sale.order(1, "confirm"), sale.order(2, "confirm", "payments")

    for code in codes(order):
        assert found(client, code) == found(client, f" {code} ") == [order.number]
    assert found(client, codes(other)[0]) == [other.number]
    assert found(client, codes(order)[0], status="21003") == []
    assert found(client, codes(order)[0], eventid=str(sale.event)) == [order.number]
    assert found(client, codes(order)[0].lower()) == []
    assert found(client, codes(order)[0][:-1]) == []
    assert found(client, "") == []


def test_an_unconfirmed_order_is_not_found_by_generated_barcodes(client: TestClient) -> None:
    order = on_sale(client).order(1)
    (code,) = codes(order)

    assert found(client, code) == []
    order.did("confirm")
    assert found(client, code) == [order.number]


def test_an_order_is_found_by_imported_barcodes_in_place_of_the_generated_ones(
    client: TestClient,
) -> None:
    sale = on_sale(client)
    imported(sale, sale.ticket(1), "FÉ-1 ")
    order = sale.order(2, "confirm")
    generated = codes(order)[1]

    assert found(client, unicodedata.normalize("NFD", "FÉ-1")) == [order.number]
    imported(sale, sale.ticket(2), "F-2")
    assert found(client, "F-2") == [order.number]
    assert found(client, generated) == []
    imported(sale, sale.ticket(2), None)
    assert found(client, "F-2") == []
    assert found(client, generated) == [order.number]


def test_a_ticket_that_is_split_off_is_found_in_the_order_that_holds_it(client: TestClient) -> None:
    sale = on_sale(client)
    imported(sale, sale.ticket(3), "F-3")
    order = sale.order(3, "confirm")
    kept, handed, _ = codes(order)
    tickets = [sale.ticket(2), sale.ticket(3)]
    number = order.did("split", {"tickets": tickets})["id"]

    assert found(client, kept) == [order.number]
    assert found(client, handed) == found(client, "F-3") == [number]


def test_a_ticket_that_was_given_back_is_found_by_the_barcode_of_its_next_buyer_only(
    client: TestClient,
) -> None:
    sale = on_sale(client, 2)
    order = sale.order(2, "confirm")
    first, second = codes(order)
    order.did("tickets/release", {"tickets": [sale.ticket(1)]})

    assert found(client, first) == []
    assert found(client, second) == [order.number]
    following = sale.order(1, "confirm")
    assert found(client, codes(following)[0]) == [following.number]
    assert found(client, first) == []
    order.did("cancel")
    assert found(client, second) == []


def test_barcodes_are_found_by_who_may_sell_in_the_same_account(web: TestClient) -> None:
    order = on_sale(web).order(1, "confirm")
    (code,) = codes(order)
    viewer = {"Authorization": f"Bearer {TOKENS[Role.VIEWER]}"}

    refused(web.get(f"/v1/orders?barcode={code}", headers=viewer), 403, "forbidden")
    assert found(web, code) == [order.number]
    assert ok(web.get(f"/v1/orders?barcode={code}", headers=OTHER))["data"] == []
    refused(web.get("/v1/orders?barcode=%00"), 422, "invalid")


def test_a_search_finds_an_order_by_a_barcode(client: TestClient) -> None:
    sale = on_sale(client)
    order, _ = sale.order(1, "confirm"), sale.order(1, "confirm")

    assert [o["id"] for o in ok(now(client, f"/v1/orders?q={codes(order)[0]}"))["data"]] == [
        order.number
    ]
