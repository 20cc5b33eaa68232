"""`/v1/orders/{id}`: fields, price types and holders; and the doors of an Event."""

from fastapi.testclient import TestClient

from tests.adapters.http.selling import (
    NORMAL,
    REDUCTION,
    Bought,
    Sale,
    nothing_recorded,
    ok,
    on_sale,
    price,
    prices,
)
from tests.adapters.http.talk import made, now, paths, refused


def reduced(web: TestClient) -> Sale:
    return on_sale(web, **prices(price(NORMAL, 30), price(REDUCTION, 20)))


def held(bought: Bought, name: str) -> list[object]:
    listed = now(bought.client, bought.url("/tickets")).json()["data"]
    return [ticket[name] for ticket in listed]


def test_an_order_gets_a_customer_and_custom_fields(web: TestClient) -> None:
    bought = on_sale(web).order()
    ann = made(web, "/v1/catalog/contacts", firstname="Ann")["id"]

    changed = web.patch(bought.url(), json={"customerid": ann, "c_note": "gift"})

    assert (ok(changed)["customerid"], bought.shown()["c_note"]) == (ann, "gift")
    assert "c_note" not in ok(web.patch(bought.url(), json={"c_note": None}))


def test_a_change_of_an_order_names_what_was_wrong(web: TestClient) -> None:
    bought = on_sale(web).order()

    with nothing_recorded(web):
        for body, path in (
            ({"customerid": 999_999}, "customerid"),
            ({"expiryts": "2030-01-01T00:00:00Z"}, "expiryts"),
            ({"rappelts": "tomorrow"}, "rappelts"),
            ({"ordercosts": []}, "ordercosts"),
        ):
            answer = web.patch(bought.url(), json=body)
            assert paths(refused(answer, 422, "invalid")) == [path]


def test_a_document_of_an_order_can_be_sent_back(web: TestClient) -> None:
    bought = on_sale(web).order(1, "confirm")
    ok(web.patch(bought.url(), json={"expiryts": "2030-01-01T00:00:00Z", "c_note": 1}))
    before = bought.shown()

    with nothing_recorded(web):
        assert ok(web.patch(bought.url(), json=before)) == before


def test_a_ticket_gets_another_price_type(web: TestClient) -> None:
    sale = reduced(web)
    bought = sale.order(2)

    shown = bought.did("tickets/pricetype", {"tickets": [sale.ticket(2)], "pricetypeid": REDUCTION})

    assert shown["totalamount"] == 50.0
    assert sale.counted() == {"free": 8, "reserved": 2}
    with nothing_recorded(web):
        answer = bought.do("tickets/pricetype", {"tickets": [sale.ticket(1)], "pricetypeid": 9})
        refused(answer, 409, "price-not-offered")


def test_the_holders_of_tickets_are_shown_with_them(web: TestClient) -> None:
    sale = on_sale(web)
    bought = sale.order(2)
    ann = made(web, "/v1/catalog/contacts", firstname="Ann")["id"]
    known = {"id": sale.ticket(1), "ticketholderid": ann, "ticketname": "Ann P."}

    bought.did("tickets/holders", {"tickets": [known]})

    assert held(bought, "ticketholderid") == [ann, None]
    assert held(bought, "ticketname") == ["Ann P.", None]
    unknown = {"tickets": [{"id": sale.ticket(1), "ticketholderid": 999_999}]}
    problem = refused(bought.do("tickets/holders", unknown), 422, "invalid")
    assert paths(problem) == ["tickets.0.ticketholderid"]


def test_the_doors_let_a_barcode_in_once(web: TestClient) -> None:
    sale = on_sale(web)
    bought = sale.order(1, "confirm")
    (code,) = held(bought, "barcode")
    at_the_door = {"barcodes": [code], "direction": "in", "scandeviceid": 7}

    (passed,) = ok(web.post(sale.url("/tickets/scan"), json=at_the_door))["tickets"]

    assert (passed["id"], passed["accesscontrolstatus"]) == (sale.ticket(1), 1)
    assert passed["accesscontrollastenteredscandeviceid"] == 7
    assert [t["accesscontrolstatus"] for t in sale.tickets()[:2]] == [1, 0]
    with nothing_recorded(web):
        again = refused(web.post(sale.url("/tickets/scan"), json=at_the_door), 409, "not-admitted")
    assert (again["ticketid"], again["why"]) == (sale.ticket(1), "inside")
