"""An order as this vendor's clients read it, on every way: storefront, `/order`, lists, webhooks.

Amounts are in the currency's smallest unit, times in UTC. One entry a ticket, with a guid of its
own: the same wherever the ticket goes with its order, another one when it is sold again.
"""

from typing import Any
from uuid import uuid5

from adapters.http.openticket.documents import time_in
from domain import ranges
from domain.base import State
from domain.ids import Kind, guid
from domain.order import CONFIRMED, INCOMPLETE, payment_status, total_amount

BUYER = {"email": "email", "firstName": "firstname", "lastName": "lastname"}


def buyer_shown(buyer: State | None) -> dict[str, Any]:
    """Whose order it is: for that buyer, and for keys that may sell."""
    said = buyer or {}
    names = {name: said.get(field) for name, field in BUYER.items()}
    return names | {"locale": said.get("languagecode")}


def order_shown(state: State, account: int) -> dict[str, Any]:
    """Without its buyer. What has ended shows the tickets that it had, as invalidated."""
    lines = state["lines"] or state.get("endedlines", [])
    ended = time_in(state["lastupdatets"], "UTC") if state["ended"] else None
    total = total_amount({"lines": lines})
    paid = payment_status(state, total) != INCOMPLETE
    confirmed = state["status"] == CONFIRMED
    return {
        "guid": state["guid"],
        "shop_id": str(guid(account, Kind.SALES_CHANNEL, state["saleschannelid"])),
        "status": _status(state, paid=paid),
        "currency": state["currency"],
        "price": total,
        "amount": total,
        "amount_paid": state["amountpaid"],
        "payment": {"status": "completed" if confirmed and paid else "pending"},
        "is_complete": confirmed and paid,
        "invalidated_since": ended,
        "invalidated_reason": state["ended"],
        "created_at": time_in(state["createdts"], "UTC"),
        "updated_at": time_in(state["lastupdatets"], "UTC"),
        "tickets": [
            _ticket(state, line, ticket, account, ended)
            for line in lines
            for ticket in ranges.numbers(line["tickets"])
        ],
        "products": [],
    }


def _ticket(
    state: State, line: State, ticket: int, account: int, ended: str | None
) -> dict[str, Any]:
    """One ticket: `original_id` is its type, `ticket_number` what the native surface calls `id`."""
    first_order = guid(account, Kind.ORDER, state["root"])
    return {
        "guid": str(uuid5(first_order, str(ticket))),
        "original_id": str(guid(account, Kind.CONTINGENT, line["contingentid"])),
        "ticket_number": str(ticket),
        "event_id": str(guid(account, Kind.EVENT, line["eventid"])),
        "price": line["price"],
        "invalidated_since": ended,
    }


def _status(state: State, *, paid: bool) -> str:
    if state["ended"]:
        return "invalidated"
    if state["status"] != CONFIRMED:
        return "reserved"
    return "paid" if paid else "placed"
