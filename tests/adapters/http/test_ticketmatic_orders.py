"""Orders through the published client, unmodified: what each step does to availability."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ticketmatic.client import Client
from ticketmatic.endpoints import contacts, events, orders
from ticketmatic.endpoints.settings.ticket_sales import delivery_scenarios, payment_scenarios
from ticketmatic.exceptions import ClientException
from ticketmatic.models.order import Order, OrderQuery

from domain.registry import Role
from tests.adapters.http.test_ticketmatic_events import raw
from tests.adapters.http.vendors import Served

NORMAL, REDUCTION, FREE = 1, 2, 3
WEB = 2
START, END = "2026-12-04T20:00:00+01:00", "2026-12-04T23:00:00+01:00"
COUNTERS = ("free", "reserved", "sold_unpaid", "sold_paid", "complimentary")


class Sale:
    """An Event on sale with tickets at 25.00, at 15.00 reduced, or for nothing."""

    def __init__(self, tm: Client, amount: int = 10) -> None:
        self.tm = tm
        amounts = {NORMAL: 25.0, REDUCTION: 15.0, FREE: 0.0}
        prices = [{"pricetypeid": n, "prices": [amount]} for n, amount in amounts.items()]
        floor = {"name": "Floor", "amount": amount, "eventspecificprices": {"prices": prices}}
        body = {"name": "Night", "startts": START, "endts": END, "contingents": [floor]}
        event = events.create(tm, body)
        events.batch(tm, {"ids": [event.id], "operation": "publish"})
        self.event, self.lot = event.id, event.contingents[0].id

    def price(self, price_type: int = NORMAL) -> int:
        """As the Event's own document has it."""
        (found,) = (
            priced.tickettypepriceid
            for priced in events.get(self.tm, self.event).prices.contingents[0].pricetypes
            if priced.pricetypeid == price_type
        )
        return int(found)

    def ticket(self, place: int) -> int:
        return int(self.lot) * 100_000_000 + place

    def counted(self) -> dict[str, int]:
        """As the client reads it, straight after."""
        (found,) = events.get(self.tm, self.event).availability
        return {name: n for name in COUNTERS if (n := getattr(found, name))}

    def order(self, amount: int = 1, price_type: int = NORMAL) -> Order:
        made = orders.create(self.tm, {"saleschannelid": WEB})
        return self.add(made, *[{"tickettypepriceid": self.price(price_type)}] * amount).order

    def add(self, order: Order, *tickets: dict[str, Any]) -> Any:
        added = orders.add_tickets(self.tm, order.orderid, {"tickets": list(tickets)})
        added.order = Order.from_dict(added.order)
        return added


@pytest.fixture
def sale(tm: Client) -> Sale:
    return Sale(tm)


def ids(order: Order) -> list[int]:
    return [ticket.id for ticket in order.tickets]


def refused(call: Any, says: str, code: int = 400) -> None:
    with pytest.raises(ClientException) as failure:
        call()
    assert failure.value.code == code
    assert says in str(failure.value)


# -- a whole life


def test_availability_follows_an_order_through_its_life(tm: Client, sale: Sale) -> None:
    order = orders.create(tm, {"saleschannelid": WEB})
    assert (order.status, order.tickets, sale.counted()) == (21001, [], {"free": 10})

    added = sale.add(order, *[{"tickettypepriceid": sale.price()}] * 2)
    assert added.ids == ids(added.order)
    assert sale.counted() == {"free": 8, "reserved": 2}

    confirmed = orders.confirm(tm, order.orderid)
    assert (confirmed.status, confirmed.paymentstatus) == (21002, 0)
    assert sale.counted() == {"free": 8, "sold_unpaid": 2}

    paid = orders.add_payments(tm, order.orderid, {"amount": 50.0, "paymentmethodid": 3})
    assert (paid.paymentstatus, paid.amountpaid, paid.payments[0].paymentmethodid) == (1, 50.0, 3)
    assert sale.counted() == {"free": 8, "sold_paid": 2}

    back = {"amount": 10.0, "paymentid": paid.payments[0].id}
    refunded = orders.add_refunds(tm, order.orderid, back)
    assert (refunded.paymentstatus, refunded.payments[1].refundpaymentid) == (0, 1)
    assert sale.counted() == {"free": 8, "sold_unpaid": 2}

    left = orders.delete_tickets(tm, order.orderid, {"tickets": added.ids[:1]})
    assert (ids(left), left.paymentstatus) == (added.ids[1:], 2)
    assert sale.counted() == {"free": 9, "sold_paid": 1}

    assert orders.delete(tm, order.orderid) is None
    assert sale.counted() == {"free": 10}
    assert orders.get(tm, order.orderid).status == 21003


def test_an_order_has_the_fields_that_the_client_knows(tm: Client, sale: Sale) -> None:
    order = orders.get(tm, orders.confirm(tm, sale.order().orderid).orderid)

    (ticket,) = order.tickets
    assert (order.saleschannelid, order.totalamount, order.nbroftickets) == (WEB, 25.0, 1)
    assert (order.deliverystatus, order.products, order.ordercosts) == (2601, [], [])
    assert (order.code is None, order.createdts is None, order.expiryts) == (False, False, None)
    assert (ticket.orderid, ticket.eventid, ticket.price) == (order.orderid, sale.event, 25.0)
    assert (ticket.tickettypeid, ticket.tickettypename) == (sale.lot, "Floor")
    assert (ticket.tickettypepriceid, ticket.pricetypeid) == (sale.price(), NORMAL)
    listed = {t["id"]: t["barcode"] for t in events.get_tickets(tm, sale.event)}
    assert ticket.barcode == listed[ticket.id]


def test_tickets_are_added_as_they_are_asked_for(tm: Client, sale: Sale) -> None:
    normal, reduced = sale.price(), sale.price(REDUCTION)
    order = orders.create(tm, {"saleschannelid": WEB})

    added = sale.add(
        order,
        {"tickettypepriceid": reduced},
        {"tickettypepriceid": normal, "ticketid": sale.ticket(1)},
        {"tickettypepriceid": reduced},
        {"tickettypepriceid": reduced},
    )

    assert added.ids == [sale.ticket(place) for place in (2, 1, 3, 4)]
    assert added.order.totalamount == 25.0 + 3 * 15.0
    confirmed = orders.confirm(tm, order.orderid)
    sale.add(confirmed, {"tickettypepriceid": sale.price(FREE)})
    assert sale.counted() == {"free": 5, "sold_unpaid": 4, "complimentary": 1}


def test_what_cannot_be_added_is_refused_by_the_name_of_its_field(tm: Client, sale: Sale) -> None:
    order = orders.create(tm, {"saleschannelid": WEB})
    price = sale.price()

    def adding(*tickets: dict[str, Any]) -> Any:
        return lambda: orders.add_tickets(tm, order.orderid, {"tickets": list(tickets)})

    many = [{"tickettypepriceid": price}] * 51
    refused(adding(*many), "tickets: expected 1 to 50 tickets")
    refused(adding(*many[:11]), "11 tickets asked for, 10 left (contingent)")
    refused(adding(), "tickets: expected 1 to 50 tickets")
    refused(adding({"ticketid": sale.ticket(1)}), "tickets.0.tickettypepriceid")
    refused(adding(*many[:2], {"tickettypepriceid": 999_000_001}), "tickets.2.tickettypepriceid")
    refused(adding({"tickettypepriceid": price, "ticketid": sale.ticket(11)}), "ticket")
    refused(adding({"optionbundleid": 1}), "tickets.0.optionbundleid")
    assert sale.counted() == {"free": 10}


# -- its tickets


def test_tickets_get_other_price_types(tm: Client, sale: Sale) -> None:
    order = sale.order(3)
    orders.confirm(tm, order.orderid)
    orders.add_payments(tm, order.orderid, {"amount": 40.0})

    changed = orders.update_tickets(
        tm,
        order.orderid,
        {
            "operation": "updatepricetype",
            "tickets": ids(order)[:2],
            "params": {"tickettypepriceids": [sale.price(REDUCTION), sale.price(FREE)]},
        },
    )

    assert (changed.totalamount, changed.paymentstatus) == (40.0, 1)
    assert sale.counted() == {"free": 7, "sold_paid": 2, "complimentary": 1}


def test_tickets_have_holders(tm: Client, sale: Sale) -> None:
    order = sale.order(2)
    ann = contacts.create(tm, {"firstname": "Ann"})

    def naming(*holders: int) -> Order:
        said = {"operation": "setticketholders", "tickets": ids(order)}
        return orders.update_tickets(
            tm, order.orderid, {**said, "params": {"ticketholderids": list(holders)}}
        )

    assert [t.ticketholderid for t in naming(ann.id, 0).tickets] == [ann.id, None]
    (listed,) = orders.get_list(tm).data
    assert [t.ticketholderid for t in listed.tickets] == [ann.id, None]
    refused(lambda: naming(ann.id), "params.ticketholderids")
    refused(lambda: naming(ann.id, 999), "there is no contact 999")


def test_operations_that_are_not_here_are_refused(tm: Client, sale: Sale) -> None:
    order = sale.order()

    for operation in ("addtobundles", "removefrombundles", "burn", None):
        said = {"operation": operation, "tickets": ids(order), "params": {}}
        refused(lambda said=said: orders.update_tickets(tm, order.orderid, said), "operation")

    refused(lambda: orders.add_products(tm, order.orderid, {"products": []}), "POST", 404)
    refused(lambda: orders.split(tm, order.orderid, {"tickets": [1], "products": [1]}), "products")


def test_an_order_is_split(tm: Client, sale: Sale) -> None:
    order = sale.order(3)
    ann = contacts.create(tm, {"lastname": "Peeters"})
    orders.confirm(tm, order.orderid)
    orders.add_payments(tm, order.orderid, {"amount": 50.0})

    made = orders.split(tm, order.orderid, {"tickets": ids(order)[2:], "customerid": ann.id})

    left = orders.get(tm, order.orderid)
    assert (made.status, made.customerid, ids(made)) == (21002, ann.id, ids(order)[2:])
    assert (left.paymentstatus, made.paymentstatus, left.customerid) == (1, 0, None)
    assert sale.counted() == {"free": 7, "sold_unpaid": 1, "sold_paid": 2}


# -- its fields


def test_an_order_is_updated(tm: Client, sale: Sale) -> None:
    order = sale.order()
    ann = contacts.create(tm, {"firstname": "Ann", "lastname": "Peeters"})
    ticket = delivery_scenarios.create(tm, {"name": "E-ticket"})
    orders.confirm(tm, order.orderid)

    orders.update(
        tm,
        order.orderid,
        {
            "customerid": ann.id,
            "deliveryscenarioid": ticket.id,
            "expiryts": "2026-12-24 20:00:00",
            "rappelts": "2026-12-20T20:00:00",
            "customfields": {"note": "gift"},
        },
    )

    shown = orders.get(tm, order.orderid)
    assert (shown.customerid, shown.firstname, shown.lastname) == (ann.id, "Ann", "Peeters")
    assert (shown.deliveryscenarioid, shown.custom_fields) == (ticket.id, {"note": "gift"})
    assert shown.expiryts
    assert shown.expiryts.isoformat() == "2026-12-24T20:00:00+01:00"
    back = raw(tm, "GET", f"/orders/{order.orderid}").json()
    again = raw(tm, "PUT", f"/orders/{order.orderid}", json=back)
    assert again.json() == back
    assert orders.update(tm, order.orderid, {"customerid": 0}).customerid is None


def test_what_an_order_cannot_be_is_refused(tm: Client, sale: Sale) -> None:
    order = sale.order().orderid

    refused(lambda: orders.update(tm, order, {"customerid": 999}), "customerid")
    refused(lambda: orders.update(tm, order, {"expiryts": "2030-01-01"}), "expiryts")
    refused(lambda: orders.update(tm, order, {"customfields": {"a b": 1}}), "customfields.c_a b")
    refused(lambda: orders.update(tm, order, {"ordercosts": [{"amount": 1.0}]}), "ordercosts")
    refused(lambda: orders.add_payments(tm, order, {"amount": 5.0}), "not confirmed")
    refused(lambda: orders.add_payments(tm, order, {"amount": 5.0, "vouchercode": "A"}), "voucher")
    refused(lambda: orders.create(tm, {"saleschannelid": 99}), "saleschannelid")
    refused(lambda: orders.create(tm, {"saleschannelid": WEB, "products": [1]}), "products")
    refused(lambda: orders.get(tm, 999), "Order 999 does not exist", 404)


# -- many


def test_orders_are_listed_as_they_are_asked_for(tm: Client, sale: Sale) -> None:
    ann = contacts.create(tm, {"firstname": "Ann"})
    first, second, third = (sale.order().orderid for _ in range(3))
    orders.confirm(tm, second)
    orders.update(tm, second, {"customerid": ann.id})
    orders.delete(tm, third)

    def found(**query: Any) -> list[int]:
        return [o.orderid for o in orders.get_list(tm, OrderQuery.from_dict(query)).data]

    assert found() == [second, first]
    assert found(orderby="createdts", orderby_asc=True) == [first, second]
    assert found(orderby="lastupdatets") == [second, first]
    assert found(includearchived=True) == [third, second, first]
    assert found(simplefilter={"status": 21003}) == [third]
    assert found(simplefilter={"status": 21002, "saleschannelid": WEB}) == [second]
    assert found(simplefilter={"customerid": ann.id}) == [second]
    assert found(searchterm="ann") == [second]
    assert found(searchterm=str(first)) == [first]
    assert found(limit=1) == [second]
    assert found(limit=1, offset=1) == [first]
    assert found(offset=2) == []
    confirmed = raw(tm, "GET", f"/orders/{second}").json()
    assert found(lastupdatesince=confirmed["lastupdatets"], includearchived=True) == [third, second]
    assert found(simplefilter={"createdsince": confirmed["createdts"]}) == [second]
    assert orders.get_list(tm, {"limit": 1}).nbrofresults == 2
    refused(lambda: found(orderby="name"), "orderby")


def test_a_list_says_as_much_as_is_asked_for(tm: Client, sale: Sale) -> None:
    ann = contacts.create(tm, {"firstname": "Ann"})
    order = sale.order()
    orders.update(tm, order.orderid, {"customerid": ann.id})

    def only(output: str) -> Any:
        found = orders.get_list(tm, {"output": output})
        assert found.nbrofresults == 1
        return found.data[0]

    assert only("ids") == Order(orderid=order.orderid)
    minimal = only("minimal")
    assert (minimal.firstname, minimal.totalamount, minimal.tickets) == ("Ann", 25.0, None)
    assert only("default").tickets[0].price == 25.0
    lookup = only("withlookup").lookup
    assert lookup["events"][str(sale.event)]["name"] == "Night"
    assert lookup["pricetypes"]["1"]["name"] == "Normal"
    assert lookup["contacts"][str(ann.id)]["firstname"] == "Ann"
    assert lookup["tickettypes"][str(sale.lot)]["name"] == "Floor"
    assert lookup["seatzones"] == {}


def test_many_orders_are_deleted_each_by_itself(tm: Client, sale: Sale) -> None:
    one, other = sale.order().orderid, sale.order().orderid

    done = orders.delete_batch(tm, [one, 999, other])

    assert done.nbrsucceeded == 2
    assert [(r.id, r.succeeded) for r in done.results] == [(one, True), (999, False), (other, True)]
    assert sale.counted() == {"free": 10}
    refused(lambda: orders.delete_batch(tm, []), "body")


def test_many_orders_are_updated_each_by_itself(tm: Client, sale: Sale) -> None:
    one, gone = sale.order().orderid, sale.order().orderid
    scenario = payment_scenarios.create(tm, {"name": "Later", "typeid": 2705})
    orders.update(tm, one, {"customfields": {"tags": [1]}})
    orders.delete(tm, gone)

    orders.batch(
        tm,
        {
            "operation": "update",
            "ids": [one, gone],
            "parameters": {
                "updatefields": [
                    {"key": "paymentscenarioid", "value": scenario.id},
                    {"key": "c_tags", "value": [2], "updatetype": "add"},
                ]
            },
        },
    )

    shown = orders.get(tm, one)
    assert (shown.paymentscenarioid, shown.custom_fields) == (scenario.id, {"tags": [1, 2]})
    assert orders.get(tm, gone).paymentscenarioid is None
    for operation in ("pdf", "emaildelivery"):
        said = {"operation": operation, "ids": [one]}
        refused(lambda said=said: orders.batch(tm, said), "operation")
    refused(lambda: orders.batch(tm, {"operation": "update", "parameters": {}}), "updatefields")


# -- what happened


def test_the_log_of_an_order_is_made_of_its_facts(tm: Client, sale: Sale) -> None:
    order = sale.order(2)
    number, (one, other) = order.orderid, ids(order)
    ann = contacts.create(tm, {"firstname": "Ann"})
    prices = {"tickettypepriceids": [sale.price(REDUCTION)]}
    holders = {"ticketholderids": [ann.id]}
    change = {"operation": "updatepricetype", "tickets": [one], "params": prices}
    orders.update_tickets(tm, number, change)
    change = {"operation": "setticketholders", "tickets": [one], "params": holders}
    orders.update_tickets(tm, number, change)
    ticket = delivery_scenarios.create(tm, {"name": "E-ticket"})
    said = {"customerid": ann.id, "deliveryscenarioid": ticket.id, "customfields": {"a": 1}}
    orders.update(tm, number, said)
    orders.update(tm, number, {"customerid": 0})
    orders.confirm(tm, number)
    orders.update(tm, number, {"paymentscenarioid": 1, "rappelts": START, "expiryts": END})
    orders.add_payments(tm, number, {"amount": 40.0})
    orders.add_refunds(tm, number, {"amount": 10.0})
    made = orders.split(tm, number, {"tickets": [other]})
    orders.delete_tickets(tm, number, {"tickets": [one]})
    orders.delete(tm, number)

    log = orders.get_logs(tm, number)

    types = [item.typeid - 18_000 for item in log]
    assert types == [1, 3, 10, 5, 7, 13, 16, 8, 6, 12, 17, 18, 11, 25, 27, 4, 2]
    assert {item.orderid for item in log} == {number}
    assert len({item.id for item in log}) == len(log)
    assert log[1].info == {"tickets": [one, other]}
    assert log[13].info == {"paymentid": 2, "amount": -10.0, "refundpaymentid": None}
    assert log[14].info == {"orderid": made.orderid, "tickets": [other]}
    assert {item.username for item in log} == {log[0].username}
    assert log[0].ts <= log[-1].ts
    assert orders.get_logs(tm, made.orderid)[0].info["splitfrom"] == number
    refused(lambda: orders.get_logs(tm, 999), "Order 999 does not exist", 404)


# -- who may


def test_who_may_not_sell_is_not_told_who_buys(served: Served, tm: Client, sale: Sale) -> None:
    ann = contacts.create(tm, {"firstname": "Ann"})
    order = sale.order().orderid
    orders.update(tm, order, {"customerid": ann.id})

    orders.confirm(tm, order)
    code = orders.get(tm, order).tickets[0].barcode
    assert [o.orderid for o in orders.get_list(tm, {"searchterm": code}).data] == [order]

    with served.client(tm.account_code, Role.VIEWER) as viewer:
        shown = orders.get(viewer, order)
        (listed,) = orders.get_list(viewer, {"output": "withlookup"}).data

        assert (shown.customerid, shown.firstname) == (ann.id, None)
        assert (listed.firstname, listed.lookup["contacts"]) == (None, {})
        assert orders.get_list(viewer, {"searchterm": "Ann"}).data == []
        assert orders.get_list(viewer, {"searchterm": code}).data == []
        refused(lambda: orders.get_logs(viewer, order), "does not include logs of orders", 403)
        refused(lambda: orders.confirm(viewer, order), "does not include sell", 403)
    with served.client(tm.account_code, Role.AUDITOR) as auditor:
        assert orders.get_logs(auditor, order)


# -- whatever comes in

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
BODIES: list[tuple[str, str, Any]] = [
    ("POST", "/orders", {"saleschannelid": 2, "products": []}),
    ("PUT", "/orders/{id}", {"customerid": 1, "customfields": {}, "expiryts": START, "c_x": 1}),
    ("POST", "/orders/{id}/tickets", {"tickets": [{"tickettypepriceid": 1_000_001}]}),
    (
        "PUT",
        "/orders/{id}/tickets",
        {"operation": "updatepricetype", "tickets": [1], "params": {"tickettypepriceids": [1]}},
    ),
    (
        "PUT",
        "/orders/{id}/tickets",
        {"operation": "setticketholders", "tickets": [1], "params": {"ticketholderids": [1]}},
    ),
    ("DELETE", "/orders/{id}/tickets", {"tickets": [1]}),
    ("POST", "/orders/{id}/payments", {"amount": 1.0, "paymentmethodid": 1}),
    ("POST", "/orders/{id}/refunds", {"amount": 1.0, "paymentid": 1}),
    ("POST", "/orders/{id}/split", {"tickets": [1], "customerid": 1}),
    (
        "POST",
        "/orders/batch",
        {
            "operation": "update",
            "ids": [1],
            "parameters": {"updatefields": [{"key": "c_x", "value": 1, "updatetype": "add"}]},
        },
    ),
    ("DELETE", "/orders", [99]),
]


class Fuzzed(NamedTuple):
    """An order that is changed in any way."""

    tm: Client
    number: int


@pytest.fixture(scope="module")
def fuzzed(served: Served) -> Iterator[Fuzzed]:
    with served.client() as tm:
        yield Fuzzed(tm, orders.confirm(tm, Sale(tm).order(2).orderid).orderid)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_body_is_answered(fuzzed: Fuzzed, data: st.DataObject) -> None:
    method, path, example = data.draw(st.sampled_from(BODIES))
    body = data.draw(broken(example))
    request = fuzzed.tm.new_request(method, "/{accountname}" + path.format(id=fuzzed.number))
    request.set_body(body)
    url, headers, _ = request._prepare()

    answer = fuzzed.tm._http.request(method, url, headers=headers, content=json.dumps(body))

    assert answer.status_code in (200, 400, 404), answer.text
    if answer.status_code != 200:
        assert answer.json()["message"]


@st.composite
def broken(draw: Any, value: Any) -> Any:
    """The value, or with something else somewhere in it."""
    if not draw(st.integers(0, 3)):
        return draw(ANYTHING)
    if isinstance(value, dict) and value:
        name = draw(st.sampled_from(sorted(value)))
        return value | {name: draw(broken(value[name]))}
    if isinstance(value, list) and value:
        return [draw(broken(value[0])), *draw(st.lists(ANYTHING, max_size=1))]
    return value
