"""Which shop sells which Ticket: the prices of a contingent name the channels that they are for.

A Ticket is made with one price of type Normal that is for sale nowhere, 0 unless it is said. The
first shop that it is attached to makes the price available there and nowhere else; further ones are
added. Detached from the last shop it keeps its price and is for sale nowhere again. A price that
was entered elsewhere without channels is for every shop: attached to all of them from the start.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from application import contingents, events
from application.contingents import price_lists
from application.unit_of_work import UnitOfWork
from domain.base import State
from domain.contingents import NORMAL, ContingentBody
from domain.errors import Invalid, SoldOut
from domain.event import Event, ends, starts
from domain.event_fields import DRAFT, EventBody
from domain.inventory import Inventory
from domain.money import minor, number
from domain.offers import amount_of, entries, has_price, offers
from domain.selling import Seller, Shelf, refusal_of_one

AVAILABLE, SOLD_OUT, NOT_NOW = "available", "sold_out", "not_sold_right_now"
Lists = Mapping[int, State]


# -- what is so


def least_price(lot: State, lists: Lists, currency: str) -> int | None:
    """In minor units: the price of type Normal, else the lowest one."""
    found = [(e["pricetypeid"] != NORMAL, e["prices"][0]) for e in priced(lot, lists)]
    return minor(min(found)[1], currency) if found else None


def priced(lot: State, lists: Lists) -> list[State]:
    return [e for e in entries(lot, lists) if e["prices"] and e["prices"][0] is not None]


def sold_by(event: State, lot: State, lists: Lists, channel: int) -> bool:
    """Whether that shop has the Ticket, also when it cannot be bought right now."""
    named = event.get("saleschannels") or ()
    fits = not named or any(c["saleschannelid"] == channel and c["isactive"] for c in named)
    return fits and bool(offers(lot, lists, channel))


def status(shelf: Shelf, lot: State, currency: str, now: str) -> str:
    """Whether one ticket can be had in any shop now, by the rules that it is sold by."""
    named = {c["saleschannelid"] for c in shelf.event.get("saleschannels") or ()}
    priced_for = {c for e in entries(lot, shelf.lists) for c in e["saleschannels"] or ()}
    refusals = []
    for channel in {0, *named, *priced_for}:
        if sold_by(shelf.event, lot, shelf.lists, channel):
            seller = Seller({"number": channel}, currency, lambda _: None)
            refusals.append(refusal_of_one(shelf, lot, seller, now))
    if not refusals or None in refusals:
        return shown_status(lot, for_sale=bool(refusals))
    sold_out = any(isinstance(refusal, SoldOut) for refusal in refusals)
    return shown_status(lot, for_sale=False, sold_out=sold_out)


def shown_status(lot: State, *, for_sale: bool, sold_out: bool = False) -> str:
    """What cannot be had is never shown as available, whatever was said to be shown instead."""
    if for_sale:
        return AVAILABLE
    computed = SOLD_OUT if sold_out else NOT_NOW
    overrule = lot.get("status_overrule")
    return computed if overrule in (None, AVAILABLE) else str(overrule)


# -- commands


def new_price(cents: int | None, currency: str) -> State:
    """The price of a Ticket that no shop has yet."""
    return entry(number(cents or 0, currency), None, available=False)


def entry(price: float, channels: Sequence[int] | None, *, available: bool) -> State:
    """A price on these channels; None: on every one."""
    said = {"pricetypeid": NORMAL, "prices": [price], "availabilities": [available]}
    return {**said, "saleschannels": None if channels is None else list(channels)}


def set_price(work: UnitOfWork, event_number: int, lot_id: int, cents: int | None) -> None:
    """Makes that the price of type Normal, on the channels where there is one."""
    lot, lists = _lot(work, event_number, lot_id)
    own = _own(lot)
    price = None if cents is None else number(cents, work.currency)
    if not any(e["pricetypeid"] == NORMAL for e in own):
        listed = [e for e in entries(lot, lists) if e["pricetypeid"] == NORMAL]
        channels = sorted({c for e in listed for c in e["saleschannels"] or ()})
        everywhere = not listed or any(e["saleschannels"] is None for e in listed)
        own.append(entry(0, None if everywhere else channels, available=bool(listed)))
    for one in own:
        if one["pricetypeid"] == NORMAL:
            one["prices"] = [price, *one["prices"][1:]]
    _save(work, event_number, lot_id, own)


def is_sold_by(work: UnitOfWork, event_number: int, lot_id: int, channel: int) -> bool:
    lot, lists = _lot(work, event_number, lot_id)
    return sold_by(work.load(Event, event_number).state, lot, lists, channel)


def attach(work: UnitOfWork, event_number: int, lot_id: int, channel: int) -> None:
    lot, lists = _lot(work, event_number, lot_id)
    if not offers(lot, lists, channel):
        own, known = _own(lot), priced(lot, lists)
        if not known:
            raise Invalid("min_price", "a ticket without a price cannot be sold")
        at = next((e for e in own if e["prices"] and e["prices"][0] is not None), None)
        if at is None:
            at = {**known[0]}
            own.append(at)
        if amount_of(at) is None:
            at.update(availabilities=[True] * len(at["prices"]), saleschannels=[channel])
        else:
            at["saleschannels"] = [*(at["saleschannels"] or ()), channel]
        _save(work, event_number, lot_id, own)
    named = work.load(Event, event_number).state.get("saleschannels") or []
    if named and not any(c["saleschannelid"] == channel and c["isactive"] for c in named):
        rest = [c for c in named if c["saleschannelid"] != channel]
        body = EventBody.model_validate({"saleschannels": [*rest, {"saleschannelid": channel}]})
        events.change_event(work, event_number, body)
    go_live(work, event_number)


def detach(
    work: UnitOfWork, event_number: int, lot_id: int, channel: int, others: set[int]
) -> None:
    """`others`: the other shops of the account."""
    lot, lists = _lot(work, event_number, lot_id)
    gone = [offer.pricetypeid for offer in offers(lot, lists, channel)]
    if not gone:
        return
    own = _own(lot)
    for one in own:
        named = one["saleschannels"]
        named = [*sorted(others), channel] if named is None else named
        if one["pricetypeid"] in gone and channel in named:
            rest = [c for c in named if c != channel]
            one["saleschannels"] = rest or [channel]
            if not rest:
                one["availabilities"] = [False] * len(one["prices"])
    after = offers({**lot, "eventspecificprices": {"prices": own}}, lists, channel)
    own += [
        entry(offer.price, [channel], available=False) | {"pricetypeid": offer.pricetypeid}
        for offer in after
    ]
    _save(work, event_number, lot_id, own)


def go_live(work: UnitOfWork, event_number: int) -> None:
    """An Event that these clients made publishes itself once it has a name, a time and a Ticket
    that a shop sells: they know no publishing."""
    event = work.load(Event, event_number)
    state = event.state
    if event.status != DRAFT or not state.get("type"):
        return
    lots = work.load(Inventory, event_number).contingents()
    lists = price_lists(work, lots)
    named = bool((state.get("name") or "").strip())
    if named and starts(state) and ends(state) and any(has_price(lot, lists) for lot in lots):
        events.change_status(work, event_number, "publish")


def _lot(work: UnitOfWork, event_number: int, lot_id: int) -> tuple[State, Lists]:
    work.load(Event, event_number).require()
    inventory = work.load(Inventory, event_number)
    inventory.require_contingent(lot_id)
    lot = inventory.contingent(lot_id)
    return lot, price_lists(work, [lot])


def _own(lot: State) -> list[dict[str, Any]]:
    """Its own prices, to be changed: what a state holds is replaced, never mutated."""
    own = lot["eventspecificprices"]
    return [{**one} for one in own["prices"]] if own else []


def _save(work: UnitOfWork, event_number: int, lot_id: int, own: list[dict[str, Any]]) -> None:
    held = work.load(Inventory, event_number).contingent(lot_id)["eventspecificprices"] or {}
    body = ContingentBody.model_validate({"eventspecificprices": {**held, "prices": own}})
    contingents.change_contingent(work, event_number, lot_id, body)
