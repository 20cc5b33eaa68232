"""What a contingent costs: the prices of its list and its own, and the conditions on them.

An Event's own price hides the one of the list for the same price type and channel. A price whose
channels are null holds on every one, a price of no channels on none. Of a price per seat rank the
first one counts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from domain.base import State
from domain.errors import BasketLimit, PriceNotOffered, SoldOut
from domain.values import UTC_ZONE, stamp
from domain.wording import counted

T = TypeVar("T")
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
    """The contingent's own prices, then those of its list, each as it was entered: what comes
    first hides what comes later. A list that is archived sells nothing."""
    own = contingent["eventspecificprices"]
    yield from sorted(own["prices"] if own else (), key=_position)
    price_list = lists.get(contingent["pricelistid"] or 0)
    if price_list and not price_list["isarchived"] and price_list.get("prices"):
        yield from price_list["prices"]["prices"]


def _position(price: State) -> int:
    return price["position"] if price["position"] is not None else 10_001


def in_order(prices: Sequence[State], own: int) -> list[State]:
    """Prices, of which the first ones are the contingent's own, as they are shown and offered: own
    ones with a position stand at that place."""
    placed = [price for price in prices[:own] if price["position"] is not None]
    found = [price for price in prices[:own] if price["position"] is None] + [*prices[own:]]
    for price in placed:
        found.insert(price["position"], price)
    return found


def _entered(contingent: State, lists: Mapping[int, State]) -> tuple[list[State], dict[int, int]]:
    """All prices, and the place of each by its identity where it is another than it was entered at:
    most are in their order, and nothing has to be sorted then."""
    prices, own = list(entries(contingent, lists)), contingent["eventspecificprices"]
    if not own or all(price["position"] is None for price in own["prices"]):
        return prices, {}
    placed = in_order(prices, len(own["prices"]))
    return prices, {id(price): place for place, price in enumerate(placed)}


def _placed(
    found: Iterable[T], place: Callable[[T], int], places: Mapping[int, int]
) -> Iterable[T]:
    """What was found in the order of entry, in the order of places."""
    return sorted(found, key=place) if places else found


def offers(contingent: State, lists: Mapping[int, State], channel: int) -> list[Offer]:
    """What is for sale on a channel, in order."""
    prices, places = _entered(contingent, lists)
    seen: dict[int, State] = {}
    for price in prices:
        channels = price["saleschannels"]
        if channels is None or channel in channels:
            seen.setdefault(price["pricetypeid"], price)
    return [
        Offer(price["pricetypeid"], amount, price["conditions"])
        for price in _placed(seen.values(), lambda price: places[id(price)], places)
        if (amount := amount_of(price)) is not None
    ]


def has_price(contingent: State, lists: Mapping[int, State]) -> bool:
    return any(sells(price) for price in entries(contingent, lists))


def sells(price: State) -> bool:
    """Whether it is for sale on any channel."""
    return amount_of(price) is not None and price["saleschannels"] != []


def amount_of(price: State) -> float | None:
    """The amount, None where it is not for sale."""
    prices, available = price["prices"], price["availabilities"]
    if not prices or (available and not available[0]) or price["pricetypeid"] >= PRICE_TYPES:
        return None
    return None if prices[0] is None else float(prices[0])


def prices_document(contingent: State, lists: Mapping[int, State]) -> State:
    """What a contingent costs, by price type and channel; a channel of null is every other one."""
    prices, places = _entered(contingent, lists)
    of_type: dict[int, dict[int | None, State]] = {}
    for price in prices:
        named = price["saleschannels"]
        if named == []:
            continue
        channels = of_type.setdefault(price["pricetypeid"], {})
        if None in channels:
            continue
        for channel in (None,) if named is None else named:
            channels.setdefault(channel, price)
    number = contingent["id"]
    types = []

    def place(of: tuple[int, Mapping[int | None, State]]) -> int:
        return min(places[id(price)] for price in of[1].values())

    for price_type, channels in _placed(of_type.items(), place, places):
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


def prices_by_type(contingent: State, lists: Mapping[int, State]) -> State:
    """What each price type costs, of the contingent's own prices and those of its list: an amount,
    or one by channel where they differ."""
    found: State = {}
    for of_type in prices_document(contingent, lists)["pricetypes"]:
        sold = {
            "other" if one["saleschannelid"] is None else str(one["saleschannelid"]): one["price"]
            for one in of_type["saleschannels"]
        }
        amounts = {*sold.values()}
        single = amounts.pop() if len(amounts) == 1 else None
        found[str(of_type["pricetypeid"])] = {"saleschannels": sold} if single is None else single
    return found


def price_terms(contingent: State) -> State:
    """What holds of the contingent's own prices beside their amounts, by price type, where anything
    does: channels, conditions, the prices of further seat ranks."""
    own = contingent["eventspecificprices"]
    found: dict[str, list[State]] = {}
    for price in own["prices"] if own else ():
        terms = {n: v for n, v in price.items() if v and n not in ("pricetypeid", "prices")}
        if len(price["prices"]) > 1:
            terms["prices"] = price["prices"]
        if terms:
            found.setdefault(str(price["pricetypeid"]), []).append(terms)
    return {key: terms[0] if len(terms) == 1 else terms for key, terms in found.items()}


def own_prices(contingent_id: int, prices: State | None) -> State:
    """What the contingent's own prices alone say, as `contingents.ID.prices.TYPE` in a history."""
    lot: State = {"id": contingent_id, "eventspecificprices": prices, "pricelistid": None}
    terms = price_terms(lot)
    said = {"prices": prices_by_type(lot, {}), **({"priceterms": terms} if terms else {})}
    return {"contingents": {str(contingent_id): said}}


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
    zone: str = UTC_ZONE
    """The Event's time zone, which its days are of."""


def check_conditions(offer: Offer, buying: Buying) -> None:
    """Refuses unless every condition of the price is met."""
    for condition in offer.conditions:
        value = condition["value"]
        match condition["type"]:
            case "orderticketlimit" if buying.in_order > value:
                left = max(0, value - (buying.in_order - buying.asked))
                message = f"at this price an order has at most {counted(value, 'ticket')}"
                raise BasketLimit(message, limit="orderticketlimit", allowed=value, left=left)
            case "ticketlimit" if buying.in_all > value:
                left = max(0, value - (buying.in_all - buying.asked))
                message = f"at this price {counted(left, 'ticket')} left"
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
        first = days_from(buying.starts, value["relativeStart"], buying.zone)
        last = days_from(buying.starts, value["relativeEnd"], buying.zone)
    moment = datetime.fromisoformat(buying.now)
    too_early = first is not None and moment < datetime.fromisoformat(first)
    too_late = last is not None and moment > datetime.fromisoformat(last)
    if too_early or too_late:
        raise _unmet("date", "this price is not for sale now", **{"from": first, "until": last})


def days_from(start: str | None, days: int | None, zone: str) -> str | None:
    """So many calendar days from a time: at the same local time, as RFC 5545 has days. What clocks
    leave out is read with the offset before, what they show twice is the first."""
    if start is None or days is None:
        return None
    try:
        return stamp(datetime.fromisoformat(start).astimezone(ZoneInfo(zone)) + timedelta(days))
    except OverflowError:
        return None


def _unmet(condition: str, message: str, **details: Any) -> PriceNotOffered:
    return PriceNotOffered(message, condition=condition, **details)
