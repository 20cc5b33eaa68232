"""Tickets one by one as the vendor has them: their 25 fields, barcodes, prices by channel."""

from typing import Any

from ticketmatic.client import Client
from ticketmatic.endpoints import events, orders

from domain.registry import Role
from tests.adapters.http.test_ticketmatic_events import floor, made, published, raw
from tests.adapters.http.test_ticketmatic_fields import ok
from tests.adapters.http.vendors import Served

FIELDS = {
    *("id", "orderid", "tickettypeid", "tickettypepriceid", "price", "orderfee", "barcode"),
    *("locktypeid", "bundleid", "vouchercodeid", "ticketholderid", "ticketname", "properties"),
    *("seatid", "seatdescription", "seatrownumber", "seatseatnumber"),
    *("seatzoneid", "seatzonename", "seatpriority"),
    *("accesscontrolstatus", "accesscontrollastenteredts", "accesscontrollastexitts"),
    *("accesscontrollastenteredscandeviceid", "accesscontrollastexitscandeviceid"),
}


def basket(tm: Client, event: Any) -> Any:
    """An order of one ticket that is not confirmed."""
    order = orders.create(tm, {"saleschannelid": 1})
    (lot,) = events.get(tm, event.id).contingents
    wanted = {"tickets": [{"tickettypepriceid": lot.id * 1_000_000 + 1}]}
    orders.add_tickets(tm, order.orderid, wanted)
    return orders.get(tm, order.orderid)


def tickets(tm: Client, event: Any) -> list[dict[str, Any]]:
    return list(events.get_tickets(tm, event.id))


def test_a_ticket_has_all_25_fields(tm: Client) -> None:
    (ticket,) = tickets(tm, published(tm, contingents=[floor(1)]))

    assert len(FIELDS) == 25
    assert ticket.keys() >= FIELDS


def test_a_ticket_has_its_barcode_from_the_confirmation_of_its_order_on(tm: Client) -> None:
    event = published(tm, contingents=[floor(2)])
    order = basket(tm, event)
    (before,) = (t["barcode"] for t in tickets(tm, event) if t["orderid"])

    confirmed = orders.confirm(tm, order.orderid)

    (ticket,) = (t for t in tickets(tm, event) if t["orderid"])
    (free,) = (t for t in tickets(tm, event) if not t["orderid"])
    assert (before, order.tickets[0].barcode, free["barcode"]) == (None, None, None)
    assert ticket["barcode"] == confirmed.tickets[0].barcode
    assert ticket["barcode"]


def test_a_ticket_says_who_comes_with_it(tm: Client, served: Served) -> None:
    event = published(tm, contingents=[floor(1)])
    order = orders.confirm(tm, basket(tm, event).orderid)
    (ticket,) = order.tickets
    person = ok(raw(tm, "POST", "/contacts", json={"lastname": "Peeters"}))["id"]
    body = {
        "operation": "setticketholders",
        "tickets": [ticket.id],
        "params": {"ticketholderids": [person]},
    }
    orders.update_tickets(tm, order.orderid, body)

    (shown,) = tickets(tm, event)
    with served.client(tm.account_code, Role.VIEWER) as viewer:
        (seen,) = tickets(viewer, event)

    assert (shown["ticketholderid"], shown["price"], shown["orderfee"]) == (person, 25.0, 0.0)
    assert shown["tickettypename"] == "Floor"
    assert (seen["barcode"], seen["price"]) == ("(withheld)", 25.0)


def test_events_are_found_by_the_price_types_that_they_sell_at(tm: Client) -> None:
    def own(*types: int) -> dict[str, Any]:
        listed = [{"pricetypeid": n, "prices": [5.0], "saleschannels": [1]} for n in types]
        return {"contingents": [floor(eventspecificprices={"prices": listed})]}

    published(tm, "Normal", **own(1))
    published(tm, "Both", **own(1, 2))
    published(tm, "Reduced", **own(2))

    def found(*types: int) -> list[str]:
        query = f'/events?orderby=name&simplefilter={{"pricetypeids":{[*types]}}}'
        return [event["name"] for event in ok(raw(tm, "GET", query))["data"]]

    assert found(2) == ["Both", "Reduced"]
    assert found(1, 2) == ["Both", "Normal", "Reduced"]
    assert found(3) == []
    refused = raw(tm, "GET", '/events?simplefilter={"pricetypeids":["x"]}')
    assert (refused.status_code, "pricetypeids" in refused.text) == (400, True)


def test_a_price_of_no_channels_is_for_sale_on_none(tm: Client) -> None:
    nowhere = {"pricetypeid": 1, "prices": [5.0], "saleschannels": []}
    here = {"pricetypeid": 2, "prices": [4.0], "saleschannels": [1]}
    event = made(tm, contingents=[floor(eventspecificprices={"prices": [nowhere, here]})])

    shown = ok(raw(tm, "GET", f"/events/{event.id}"))

    (lot,) = shown["prices"]["contingents"]
    own = shown["contingents"][0]["eventspecificprices"]["prices"]
    assert [of["pricetypeid"] for of in lot["pricetypes"]] == [2]
    assert own[0]["saleschannels"] == []


def test_own_prices_stand_at_their_positions_among_those_of_the_list(tm: Client) -> None:
    def price(number: int, **more: Any) -> dict[str, Any]:
        return {"pricetypeid": number, "prices": [5.0], "saleschannels": [1], **more}

    types = [
        ok(raw(tm, "POST", "/settings/pricing/pricetypes", json={"name": f"T{n}"}))["id"]
        for n in range(4)
    ]
    body = {"name": "List", "prices": {"prices": [price(types[0]), price(types[1])]}}
    listed = ok(raw(tm, "POST", "/settings/pricing/pricelists", json=body))["id"]
    own = {"prices": [price(types[2], position=1), price(types[3], position=9)]}
    event = made(tm, contingents=[floor(pricelistid=listed, eventspecificprices=own)])

    single = ok(raw(tm, "GET", f"/events/{event.id}"))["prices"]
    (listing,) = ok(raw(tm, "GET", '/events?simplefilter={"status":[19001]}'))["data"]

    found = [of["pricetypeid"] for of in single["contingents"][0]["pricetypes"]]
    assert found == [types[0], types[2], types[1], types[3]]
    assert listing["prices"] == single
