"""What a sale costs and what one order may have: the same rules for a buyer and for what a shop
shows of it.

They take states, so that they judge an Inventory that is being sold from, and a document of it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from domain.base import State
from domain.errors import BasketLimit, PriceNotOffered, Refusal, SoldOut
from domain.event import require_on_sale, starts
from domain.limits import check_room
from domain.money import minor
from domain.offers import Buying, Offer, check_conditions, offers, price_key
from domain.stock import sold_out
from domain.ticket_types import check_most, require_available, require_not_overruled
from domain.values import UTC_ZONE
from domain.wording import counted

DESK, FREE = 3001, 2304


class Bought(NamedTuple):
    """At which price."""

    pricetypeid: int
    price: int
    complimentary: bool


class Seller(NamedTuple):
    """Where is sold, in which currency, and what is known of price types: None of one that does
    not exist or is archived."""

    channel: State
    currency: str
    price_type: Callable[[int], State | None]
    zone: str = UTC_ZONE
    """The account's time zone."""

    @property
    def number(self) -> int:
        return int(self.channel["number"])

    @property
    def is_desk(self) -> bool:
        return bool(self.channel.get("typeid") == DESK)


Check = Callable[[Offer], None]


def bought_at(
    contingent: State, lists: Mapping[int, State], seller: Seller, check: Check, wanted: int | None
) -> Bought:
    """The price to buy at: the one that is wanted, or the first that passes the check of its
    conditions. What is given away has to be asked for."""
    refusal: Refusal | None = None
    for offer in offers(contingent, lists, seller.number):
        price_type = seller.price_type(offer.pricetypeid)
        price = minor(offer.price, seller.currency)
        if wanted not in (None, offer.pricetypeid) or price is None or price_type is None:
            continue
        free = price_type.get("typeid") == FREE
        if free and wanted is None:
            continue
        try:
            _check_coupon(contingent, offer, seller)
            check(offer)
        except (BasketLimit, PriceNotOffered, SoldOut) as not_met:
            refusal = refusal or not_met
        else:
            return Bought(offer.pricetypeid, 0 if free else price, free)
    if refusal:
        raise refusal
    what = "price" if wanted is None else f"price of type {wanted}"
    message = f"contingent {contingent['id']} has no {what} on sales channel {seller.number}"
    said = {"saleschannelid": seller.number, "pricetypeid": wanted}
    raise PriceNotOffered(message, contingentid=contingent["id"], **said)


def _check_coupon(contingent: State, offer: Offer, seller: Seller) -> None:
    """What is hidden without a coupon is sold at prices that need one, but at the desk."""
    if not contingent.get("hide_without_coupon") or seller.is_desk:
        return
    if not any(condition["type"] == "promocode" for condition in offer.conditions):
        message = f"contingent {contingent['id']} is sold with a coupon only"
        raise PriceNotOffered(message, condition="coupon", contingentid=contingent["id"])


def require_sale(event: State, contingent: State, channel: State, now: str) -> None:
    """Refuses unless tickets of the contingent may be sold there now, or get another price: the
    one rule of everything that sells."""
    number = event["number"]
    require_on_sale(number, event, channel["number"], now)
    require_available(contingent, number, now)
    if channel.get("typeid") != DESK:
        require_not_overruled(contingent, number)


def zone_of(location: State, account: str) -> str:
    """The time zone of an Event: its Location's, or the account's where that says none."""
    named = location.get("timezone")
    return account if named in (None, UTC_ZONE) else str(named)


def check_per_order(
    event: State,
    contingents: Mapping[int, State],
    more: Mapping[int, int],
    had: Mapping[int, int],
) -> None:
    """Refuses more tickets of an Event, or of one of its contingents, than one order may have;
    `more` is what is asked for and `had` what the order has, by contingent."""
    number = event["number"]
    allowed = event.get("maxnbrofticketsperbasket") or 0
    message = f"an order has at most {counted(allowed, 'ticket')} of Event {number}"
    check_count("maxnbrofticketsperbasket", allowed, more, had, message, eventid=number)
    for contingent_id, asked in more.items():
        check_most(contingents[contingent_id], asked, had.get(contingent_id, 0), number)


def check_channel(channel: State, more: Mapping[int, int], had: Mapping[int, int]) -> None:
    """Refuses more tickets than one order of a sales channel may have; 0 or null is no limit."""
    allowed, number = channel.get("max_tickets_per_order") or 0, channel["number"]
    message = f"an order on sales channel {number} has at most {counted(allowed, 'ticket')}"
    check_count("max_tickets_per_order", allowed, more, had, message, saleschannelid=number)


def check_count(
    limit: str,
    allowed: int,
    more: Mapping[int, int],
    had: Mapping[int, int],
    message: str,
    **details: int,
) -> None:
    asked, before = sum(more.values()), sum(had.values())
    if 0 < allowed < asked + before:
        left = max(0, allowed - before)
        raise BasketLimit(message, limit=limit, allowed=allowed, left=left, **details)


class Shelf(NamedTuple):
    """What a shop has of an Event: the states of what it is judged by."""

    event: State
    location: State
    contingents: Mapping[int, State]
    lists: Mapping[int, State]
    priced: Mapping[str, int]


class Quote(NamedTuple):
    """What one ticket in a new order would cost, in minor units, and why it cannot be had now.
    Without a price there is none that a buyer could have."""

    price: int | None
    refusal: Refusal | None


def quote(
    shelf: Shelf, contingent_id: int, seller: Seller, codes: Sequence[str], now: str
) -> Quote:
    """What a new order of one ticket would get, by the rules that it is sold by."""
    event, contingent = shelf.event, shelf.contingents[contingent_id]

    def check(offer: Offer) -> None:
        before = shelf.priced.get(price_key(contingent_id, offer.pricetypeid), 0)
        zone = zone_of(shelf.location, seller.zone)
        check_conditions(offer, Buying(now, codes, starts(event), 1, before + 1, 1, zone))

    try:
        price = bought_at(contingent, shelf.lists, seller, check, None).price
    except Refusal as refusal:
        return Quote(None, refusal)
    return Quote(price, refusal_of_one(shelf, contingent, seller, now))


def refusal_of_one(shelf: Shelf, contingent: State, seller: Seller, now: str) -> Refusal | None:
    """Why one ticket cannot be had there now, whatever it costs; None: it can."""
    try:
        _require_for_sale(shelf, contingent, seller, now)
    except Refusal as refusal:
        return refusal
    return None


def _require_for_sale(shelf: Shelf, contingent: State, seller: Seller, now: str) -> None:
    """Refuses when one ticket cannot be had, whatever it costs."""
    event, one = shelf.event, {contingent["id"]: 1}
    require_sale(event, contingent, seller.channel, now)
    if contingent["amount"] is not None and not contingent["counters"]["free"]:
        raise sold_out("contingent", 1, 0, contingentid=contingent["id"])
    check_per_order(event, shelf.contingents, one, {})
    check_channel(seller.channel, one, {})
    check_room(event, shelf.location, shelf.contingents.values(), one)
