"""What a contingent costs: the prices of its list and its own, and the conditions on them.

An Event's own price hides the one of the list for the same price type and channel. A price that
names no sales channel holds on every one. Of a price per seat rank the first one counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.base import State
from domain.errors import BasketLimit, PriceNotOffered, SoldOut
from domain.values import stamp

PRICE_TYPES = 1_000_000
"""Ids of prices leave room for so many price types."""


class Offer(NamedTuple):
    """A price type at a price, as contingent, price list and channel have it."""

    pricetypeid: int
    price: float
    conditions: Sequence[State]


def price_id(contingent_id: int, price_type: int) -> int:
    """`tickettypepriceid`: one number for a contingent at a price type."""
    return contingent_id * PRICE_TYPES + price_type


def price_key(contingent_id: int, price_type: int) -> str:
    return str(price_id(contingent_id, price_type))


def of_price_id(number: int) -> tuple[int, int]:
    """The contingent and the price type of a `tickettypepriceid`."""
    return divmod(number, PRICE_TYPES)


def entries(contingent: State, lists: Mapping[int, State]) -> Iterator[State]:
    """The contingent's own prices, then those of its list, each as it was entered; a list that
    is archived sells nothing."""
    own = contingent["eventspecificprices"]
    yield from sorted(own["prices"] if own else (), key=_position)
    price_list = lists.get(contingent["pricelistid"] or 0)
    if price_list and not price_list["isarchived"] and price_list.get("prices"):
        yield from price_list["prices"]["prices"]


def _position(price: State) -> int:
    return price["position"] if price["position"] is not None else 10_001


def offers(contingent: State, lists: Mapping[int, State], channel: int) -> list[Offer]:
    """What is for sale on a channel, in order."""
    seen: set[int] = set()
    found = []
    for price in entries(contingent, lists):
        price_type, channels = price["pricetypeid"], price["saleschannels"]
        if price_type in seen or (channels and channel not in channels):
            continue
        seen.add(price_type)
        amount = amount_of(price)
        if amount is not None:
            found.append(Offer(price_type, amount, price["conditions"]))
    return found


def has_price(contingent: State, lists: Mapping[int, State]) -> bool:
    return any(amount_of(price) is not None for price in entries(contingent, lists))


def amount_of(price: State) -> float | None:
    """The amount, None where it is not for sale."""
    prices, available = price["prices"], price["availabilities"]
    if not prices or (available and not available[0]) or price["pricetypeid"] >= PRICE_TYPES:
        return None
    return None if prices[0] is None else float(prices[0])


def prices_document(contingent: State, lists: Mapping[int, State]) -> State:
    """What a contingent costs, by price type and channel; a channel of null is every other one."""
    of_type: dict[int, dict[int | None, State]] = {}
    for price in entries(contingent, lists):
        channels = of_type.setdefault(price["pricetypeid"], {})
        if None in channels:
            continue
        for channel in price["saleschannels"] or (None,):
            channels.setdefault(channel, price)
    number = contingent["id"]
    types = []
    for price_type, channels in of_type.items():
        identity = price_id(number, price_type)
        sold = [
            {
                "saleschannelid": channel,
                "tickettypepriceid": identity,
                "price": amount,
                "servicecharge": 0.0,
                "costs": [],
                "conditions": price["conditions"],
            }
            for channel, price in channels.items()
            if (amount := amount_of(price)) is not None
        ]
        if sold:
            types.append(
                {"pricetypeid": price_type, "tickettypepriceid": identity, "saleschannels": sold}
            )
    return {"contingentid": number, "pricetypes": types}


# -- conditions


class Buying(NamedTuple):
    """What conditions are judged by."""

    now: str
    promocodes: Sequence[str]
    starts: str | None
    in_order: int
    """Tickets of this order at this price, with those that are asked for."""
    in_all: int
    """Tickets that any order holds at this price, with those that are asked for."""
    asked: int


def check_conditions(offer: Offer, buying: Buying) -> None:
    """Refuses unless every condition of the price is met."""
    for condition in offer.conditions:
        value = condition["value"]
        match condition["type"]:
            case "orderticketlimit" if buying.in_order > value:
                left = max(0, value - (buying.in_order - buying.asked))
                message = f"at this price an order has at most {value} tickets"
                raise BasketLimit(message, limit="orderticketlimit", allowed=value, left=left)
            case "ticketlimit" if buying.in_all > value:
                left = max(0, value - (buying.in_all - buying.asked))
                message = f"at this price there are {left} tickets left"
                raise SoldOut(message, limit="price", asked=buying.asked, left=left)
            case "promocode" if not _knows_code(value, buying.promocodes):
                raise _unmet("promocode", "this price needs a promo code")
            case "voucherids":
                raise _unmet("voucherids", "this price needs a voucher")
            case "date":
                _check_date(value, buying)


def _knows_code(value: Any, given: Sequence[str]) -> bool:
    wanted = value if isinstance(value, list) else [value]
    return not set(wanted).isdisjoint(given)


def _check_date(value: State, buying: Buying) -> None:
    if value["datetype"] == "absolute":
        first, last = value["absoluteStart"], value["absoluteEnd"]
    else:
        first = _days_from(buying.starts, value["relativeStart"])
        last = _days_from(buying.starts, value["relativeEnd"])
    moment = datetime.fromisoformat(buying.now)
    too_early = first is not None and moment < datetime.fromisoformat(first)
    too_late = last is not None and moment > datetime.fromisoformat(last)
    if too_early or too_late:
        raise _unmet("date", "this price is not for sale now", **{"from": first, "until": last})


def _days_from(start: str | None, days: int | None) -> str | None:
    if start is None or days is None:
        return None
    try:
        return stamp(datetime.fromisoformat(start) + timedelta(days=days))
    except OverflowError:
        return None


def _unmet(condition: str, message: str, **details: Any) -> PriceNotOffered:
    return PriceNotOffered(message, condition=condition, **details)
