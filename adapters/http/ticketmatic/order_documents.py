"""An order as this vendor's clients have it, made of the native document.

Alone, it is made where its tickets are in memory, and has their barcodes; in a list it has not.
"""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from adapters.bootstrap import CATALOG, EVENTS, Stagebook
from adapters.http.personal import knows
from adapters.http.ticketmatic.events import EVENT_FORM
from adapters.http.ticketmatic.forms import Reader
from adapters.http.ticketmatic.resources import (
    CONTACTS,
    DELIVERY_SCENARIOS,
    PAYMENT_SCENARIOS,
    PRICE_TYPES,
    SALES_CHANNELS,
    Resource,
)
from adapters.http.v1.orders import held_tickets
from application.keyring import Principal
from application.unit_of_work import UnitOfWork
from domain.contact import Contact
from domain.ids import Kind, key
from domain.inventory import Inventory
from domain.order import LAPSED, Order
from projections.base import Projection
from projections.orders import order_document

Body = dict[str, Any]
NOT_DELIVERED = 2601
NO_SEAT = dict.fromkeys(
    (
        "bundleid",
        "bundlevariant",
        "deliveredts",
        "locktypeid",
        "seatcachedvisualx",
        "seatcachedvisualy",
        "seatdescription",
        "seated_ref",
        "seatid",
        "seatname",
        "seatpriority",
        "seatrownumber",
        "seatseatnumber",
        "seatzoneid",
        "seatzonename",
        "transferredto",
        "vouchercodeid",
    )
)
"""What a ticket has not, here."""
MINIMAL = (
    "orderid",
    "code",
    "status",
    "paymentstatus",
    "deliverystatus",
    "saleschannelid",
    "customerid",
    "firstname",
    "lastname",
    "totalamount",
    "amountpaid",
    "nbroftickets",
    "expiryts",
    "createdts",
    "lastupdatets",
)


def known(work: UnitOfWork, order: Order, principal: Principal) -> Body:
    """An order with all that is known of its tickets."""
    inventories = {event: work.load(Inventory, event) for event in order.events}
    document = order_document(order.state)
    names = {
        contingent["id"]: contingent["name"]
        for inventory in inventories.values()
        for contingent in inventory.contingents()
    }
    coded = {} if order.confirmed else {"barcode": None}
    document["tickets"] = [
        {**ticket, "tickettypename": names[ticket["contingentid"]], **coded}
        for ticket in held_tickets(order, inventories)
    ]
    customer: Mapping[str, Any] = {}
    if document["customerid"] and knows(principal):
        customer = work.load(Contact, document["customerid"]).state
    return vendors(document, customer)


def vendors(document: Body, customer: Mapping[str, Any]) -> Body:
    """The vendor's document of a native one."""
    number, tickets = document["id"], document["tickets"]
    named = {holder["id"]: holder for holder in document["holders"]}
    return {
        "orderid": number,
        "code": document["guid"],
        "status": document["status"],
        "saleschannelid": document["saleschannelid"],
        "customerid": document["customerid"],
        "firstname": customer.get("firstname"),
        "lastname": customer.get("lastname"),
        "deliveryscenarioid": document["deliveryscenarioid"],
        "deliverystatus": NOT_DELIVERED,
        "deliveryaddress": None,
        "paymentscenarioid": document["paymentscenarioid"],
        "paymentstatus": document["paymentstatus"],
        "totalamount": document["totalamount"],
        "amountpaid": document["amountpaid"],
        "currency": document["currency"],
        "nbroftickets": len(tickets),
        "tickets": [_ticket(number, ticket, named.get(ticket["id"], {})) for ticket in tickets],
        "payments": [_payment(number, payment) for payment in document["payments"]],
        "products": [],
        "ordercosts": [],
        "calculate_ordercosts": False,
        "promocodes": [],
        "queuetokens": [],
        "deferredpaymentproperties": None,
        "hasopenpaymentrequest": False,
        "isauthenticatedcustomer": False,
        "webskinid": None,
        "rappelts": document["rappelts"],
        "rappelhandled": False,
        "expiryts": document["expiryts"],
        "expiryhandled": document["ended"] == LAPSED,
        "createdts": document["createdts"],
        "lastupdatets": document["lastupdatets"],
        **{name: value for name, value in document.items() if name.startswith("c_")},
    }


def _ticket(order: int, ticket: Body, holder: Body) -> Body:
    """`orderid`, no seat, and what the native one says; a contingent is a ticket type here."""
    return {
        **NO_SEAT,
        "tickettypename": None,
        "barcode": None,
        "ticketholderid": holder.get("ticketholderid"),
        "ticketname": holder.get("ticketname"),
        **{name: value for name, value in ticket.items() if name != "contingentid"},
        "orderid": order,
        "tickettypeid": ticket["contingentid"],
        "cachedaccesscontrolstatus": ticket.get("accesscontrolstatus"),
        "servicecharge": 0.0,
        "orderfee": 0.0,
    }


def _payment(order: int, payment: Body) -> Body:
    return {
        "id": payment["id"],
        "orderid": order,
        "amount": payment["amount"],
        "paidts": payment["ts"],
        "paymentmethodid": payment["paymentmethodid"],
        "refundpaymentid": payment["refundof"],
        "properties": None,
        "vouchercodeid": None,
    }


# -- what orders name


def customers(book: Stagebook, principal: Principal, documents: list[Body]) -> dict[int, Body]:
    """The contacts of orders, by number, for those who may know them."""
    if not knows(principal):
        return {}
    numbers = {document["customerid"] for document in documents}
    return _found(book, principal, CATALOG, Kind.CONTACT, numbers)


def lookup(
    book: Stagebook, principal: Principal, documents: list[Body], reader: Reader
) -> dict[str, dict[str, Body]]:
    """All that native orders name, by what it is and by id, as it is shown by itself."""
    tickets = [ticket for document in documents for ticket in document["tickets"]]
    events = _found(book, principal, EVENTS, Kind.EVENT, {ticket["eventid"] for ticket in tickets})
    events = {number: EVENT_FORM.show(event, reader) for number, event in events.items()}
    types = {ticket["contingentid"] for ticket in tickets}
    lots = [lot for e in events.values() for lot in e["contingents"] + e["seated_contingents"]]

    def of_catalog(resource: Resource, numbers: set[Any]) -> dict[int, Body]:
        found = _found(book, principal, CATALOG, resource.kind, numbers)
        return {number: resource.form.show(one, reader) for number, one in found.items()}

    deliveries = {document["deliveryscenarioid"] for document in documents}
    channels = {document["saleschannelid"] for document in documents}
    price_types = {ticket["pricetypeid"] for ticket in tickets}
    scenarios = {document["paymentscenarioid"] for document in documents}
    named: dict[str, dict[int, Body]] = {
        "events": events,
        "tickettypes": {
            lot["id"]: {"id": lot["id"], "name": lot["name"], "fulltypename": lot["name"]}
            for lot in lots
            if lot["id"] in types
        },
        "pricetypes": of_catalog(PRICE_TYPES, price_types),
        "saleschannels": of_catalog(SALES_CHANNELS, channels),
        "paymentscenarios": of_catalog(PAYMENT_SCENARIOS, scenarios),
        "contacts": {
            number: CONTACTS.form.show(contact, reader)
            for number, contact in customers(book, principal, documents).items()
        },
        "deliveryscenarios": of_catalog(DELIVERY_SCENARIOS, deliveries),
        "seatzones": {},
    }
    return {name: {str(n): found for n, found in those.items()} for name, those in named.items()}


def own(named: dict[str, dict[str, Body]], document: Body) -> dict[str, dict[str, Body]]:
    """The part of a lookup that one native order names."""
    tickets = document["tickets"]
    wanted: dict[str, set[Any]] = {
        "events": {ticket["eventid"] for ticket in tickets},
        "tickettypes": {ticket["contingentid"] for ticket in tickets},
        "pricetypes": {ticket["pricetypeid"] for ticket in tickets},
        "saleschannels": {document["saleschannelid"]},
        "deliveryscenarios": {document["deliveryscenarioid"]},
        "paymentscenarios": {document["paymentscenarioid"]},
        "contacts": {document["customerid"]},
    }
    return {
        name: {n: found for n, found in those.items() if int(n) in wanted.get(name, ())}
        for name, those in named.items()
    }


def _found(
    book: Stagebook, principal: Principal, projection: Projection, kind: Kind, numbers: set[Any]
) -> dict[int, Body]:
    view = book.view(projection)
    found = {n: view.document(key(principal.account, kind, n)) for n in sorted(numbers - {None})}
    return {n: from_json(stored[0]) for n, stored in found.items() if stored}
