"""What a shop's page reads: the Events it sells, a reservation, an order."""

from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json

from adapters.http.addresses import one_text
from adapters.http.openticket.documents import time_in, zone_of
from adapters.http.openticket.order_documents import buyer_shown, order_shown
from adapters.views.select import Select
from adapters.views.sql import SqlView
from application.keyring import Principal
from application.shop_tickets import available_now
from application.storefront import Placed
from domain.event import not_on_sale
from domain.event_fields import ACTIVE
from domain.ids import Kind, guid
from domain.money import minor_of
from domain.order import Order
from domain.values import microseconds, stamp


def events_of_shop(view: SqlView, account: int, shop: int) -> list[dict[str, Any]]:
    """The Events to come that are sold there, now or at another time."""
    now = microseconds(stamp(datetime.now(UTC))) or 0
    where = (("status", "=", ACTIVE), ("ends", ">=", now))
    events = map(from_json, view.every(Select(account, where, order="starts")))
    return [event for event in events if _sold_at(event, shop)]


def _sold_at(event: dict[str, Any], shop: int) -> bool:
    channels = event["saleschannels"]
    return not channels or any(c["saleschannelid"] == shop and c["isactive"] for c in channels)


def shop_data(
    events: list[dict[str, Any]], locations: dict[int, dict[str, Any]], shop: int, who: Principal
) -> dict[str, Any]:
    """The Events of which the shop has a Ticket, and those Tickets."""
    now = stamp(datetime.now(UTC))
    shown = [(event, _tickets(event, shop, now, who)) for event in events]
    return {
        "events": [
            _event(event, locations.get(event["locationid"]), who)
            for event, tickets in shown
            if tickets
        ],
        "tickets": {ticket["guid"]: ticket for _, tickets in shown for ticket in tickets},
        "products": [],
        "shops": [
            {"guid": str(guid(who.account, Kind.SALES_CHANNEL, shop)), "currency": who.currency}
        ],
    }


def _event(
    event: dict[str, Any], location: dict[str, Any] | None, who: Principal
) -> dict[str, Any]:
    place = location or {}
    zone = zone_of(location, who)
    return {
        "guid": event["guid"],
        "name": event["name"],
        "description": event["description"],
        "start": time_in(event["startts"], zone),
        "end": time_in(event["endts"], zone),
        "status": "normal",
        "category": event["category"],
        "subcategories": event["subcategories"],
        "location": {n: place.get(n) for n in ("guid", "name")} | {"address": one_text(place)},
    }


def _tickets(event: dict[str, Any], shop: int, now: str, who: Principal) -> list[dict[str, Any]]:
    """The contingents that have a price there."""
    on_sale = not not_on_sale(event["id"], event, shop, now)
    counters = {one["tickettypeid"]: one for one in event["availability"]}
    prices = {one["contingentid"]: one["pricetypes"] for one in event["prices"]["contingents"]}
    shown = []
    for lot in (*event["contingents"], *event["seated_contingents"]):
        price = _price(prices.get(lot["id"], ()), shop)
        if price is None:
            continue
        free = lot["amount"] is None or counters[lot["id"]]["free"] > 0
        for_sale = on_sale and available_now(lot, event["id"], now)
        status = "available" if for_sale else "not_sold_right_now"
        status = status if free or not for_sale else "sold_out"
        shown.append(
            {
                "guid": str(guid(who.account, Kind.CONTINGENT, lot["id"])),
                "name": lot["name"],
                "event_id": event["guid"],
                "status": lot["status_overrule"] or status,
                "min_price": minor_of("price", price, who.currency),
                "event_dates": [str(guid(who.account, Kind.DATE, d)) for d in lot["dateids"]],
            }
        )
    return shown


def _price(price_types: Any, shop: int) -> float | None:
    """The first price there: the one that a reservation is at."""
    for price_type in price_types:
        for offer in price_type["saleschannels"]:
            if offer["saleschannelid"] in (shop, None):
                return float(offer["price"])
    return None


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
