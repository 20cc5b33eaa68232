"""What a shop's page reads: the Events it sells, a reservation, an order.

What a Ticket costs and whether it can be had is said by the rules that it is sold by.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from adapters.http.addresses import one_text
from adapters.http.openticket.documents import Held, time_in, zone_of
from adapters.http.openticket.order_documents import buyer_shown, order_shown
from application.keyring import Principal
from application.shop_tickets import shown_status, sold_by
from application.storefront import Placed
from domain import ranges
from domain.base import State
from domain.errors import SoldOut
from domain.event import ends, starts
from domain.event_fields import EventFields
from domain.ids import Kind, guid
from domain.order import Order
from domain.selling import Quote, Seller, quote
from domain.values import microseconds, stamp


class Visit(NamedTuple):
    """Who looks at a shop: the shop, and the coupons that the visitor has."""

    principal: Principal
    seller: Seller
    coupons: Sequence[str]


def shop_data(found: Sequence[Held], visit: Visit) -> dict[str, Any]:
    """The Events of which the shop has a Ticket, the soonest first, and those Tickets."""
    now, principal = stamp(datetime.now(UTC)), visit.principal
    soonest = sorted(found, key=lambda held: microseconds(starts(held.event)) or 0)
    shown = [(held, _tickets(held, visit, now)) for held in soonest]
    return {
        "events": [_event(held, principal) for held, tickets in shown if tickets],
        "tickets": {ticket["guid"]: ticket for _, tickets in shown for ticket in tickets},
        "products": [],
        "shops": [{"guid": visit.seller.channel["guid"], "currency": principal.currency}],
    }


def _event(held: Held, principal: Principal) -> dict[str, Any]:
    event, place = EventFields.defaults() | held.event, held.location
    zone = zone_of(place, principal)
    return {
        "guid": str(guid(principal.account, Kind.EVENT, event["number"])),
        "name": event["name"],
        "description": event["description"],
        "start": time_in(starts(held.event), zone),
        "end": time_in(ends(held.event), zone),
        "status": "normal",
        "category": event["category"],
        "subcategories": event["subcategories"],
        "location": {n: place.get(n) for n in ("guid", "name")} | {"address": one_text(place)},
    }


def _tickets(held: Held, visit: Visit, now: str) -> list[dict[str, Any]]:
    """The contingents that the shop has, but those that are hidden from this visitor."""
    account = visit.principal.account
    shelf = held.shelf()
    event = str(guid(account, Kind.EVENT, held.event["number"]))
    shown = []
    for number, lot in shelf.contingents.items():
        offer = quote(shelf, number, visit.seller, visit.coupons, now)
        hidden = lot.get("hide_without_coupon") and offer.price is None
        if hidden or not sold_by(held.event, lot, held.lists, visit.seller.number):
            continue
        shown.append(
            {
                "guid": str(guid(account, Kind.CONTINGENT, number)),
                "name": lot["name"],
                "event_id": event,
                "status": _status(offer, lot),
                "min_price": offer.price,
                "event_dates": [str(guid(account, Kind.DATE, d)) for d in lot["dateids"]],
            }
        )
    return shown


def _status(offer: Quote, lot: State) -> str:
    sold_out = isinstance(offer.refusal, SoldOut)
    return shown_status(lot, for_sale=offer.refusal is None, sold_out=sold_out)


def reservation(reserved: tuple[Order, list[int]]) -> dict[str, Any]:
    """The reservation, and what was reserved: the ticket on each date that it is valid on."""
    order, dates = reserved
    (line,) = order.state["lines"]
    account = order.account
    ticket = str(guid(account, Kind.CONTINGENT, line["contingentid"]))
    return {
        "guid": order.state["guid"],
        "reservation": order.state["guid"],
        "expires_at": time_in(order.state["expiryts"], "UTC"),
        "ticket": ticket,
        "amount": ranges.count(line["tickets"]),
        "price": line["price"],
        "currency": order.state["currency"],
        "products": [
            {"ticket": ticket, "event_date": str(guid(account, Kind.DATE, date))} for date in dates
        ],
    }


def order_of_buyer(placed: Placed) -> dict[str, Any]:
    """An order, and whose it is."""
    buyer = buyer_shown(placed.buyer.state if placed.buyer else None)
    return order_of(placed) | buyer


def order_of(placed: Placed) -> dict[str, Any]:
    return order_shown(placed.order.state, placed.order.account)
