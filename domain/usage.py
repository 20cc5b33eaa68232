"""What the Active Events of an account sell by: it keeps a thing of the catalog from being archived
while one of them needs it.

A stream of its own for each account. A change of what an Active Event uses is recorded here in the
same save, and archiving reads it in the same save: of two at the same moment, one decides again.
Taking tickets neither reads nor writes it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from domain.base import Aggregate, CommandMetadata, DomainEvent, State
from domain.ids import Kind
from domain.offers import sells

ONE = 1
"""The number of the only one that an account has."""
Uses = dict[str, list[int]]
"""Numbers, by what they are of."""
PRICE_TYPES, PRICE_LISTS, CHANNELS, LOCK_TYPES = (
    "pricetypes",
    "pricelists",
    "saleschannels",
    "locktypes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecorded(DomainEvent, topic="usage.recorded"):
    eventid: int
    uses: Uses


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageEnded(DomainEvent, topic="usage.ended"):
    eventid: int


class Usage(Aggregate):
    KIND = Kind.USAGE

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        events = state.setdefault("events", {})
        match fact:
            case UsageRecorded():
                events[str(fact.eventid)] = fact.uses
            case UsageEnded():
                events.pop(str(fact.eventid), None)

    def of(self, event_number: int) -> Uses:
        """What an Active Event uses, by what it is: numbers. Nothing of any other Event."""
        uses: Uses = self.state.get("events", {}).get(str(event_number), {})
        return uses

    def record(self, event_number: int, uses: Uses | None, metadata: CommandMetadata) -> None:
        """What the Event uses now; None when it is not Active."""
        known = self.state.get("events", {}).get(str(event_number))
        if uses is not None and uses != known:
            self.trigger(UsageRecorded, metadata, eventid=event_number, uses=uses)
        elif uses is None and known is not None:
            self.trigger(UsageEnded, metadata, eventid=event_number)

    def users(self, what: str, number: int) -> set[int]:
        """The Active Events that use it."""
        events: State = self.state.get("events", {})
        return {int(event) for event, uses in events.items() if number in uses.get(what, ())}

    def price_lists(self) -> set[int]:
        """The price lists that Active Events use."""
        events: State = self.state.get("events", {})
        return {number for uses in events.values() for number in uses.get(PRICE_LISTS, ())}


def uses_of(event: State, contingents: Iterable[State]) -> Uses:
    """What an Event names of the catalog by itself, by what it is. What the prices of its lists
    name is not repeated here."""
    lots = list(contingents)
    plan = event.get("seatingplaneventspecificprices")
    entries = [price for lot in lots for price in _entries(lot["eventspecificprices"])]
    entries += _entries(plan)
    lists = {lot["pricelistid"] for lot in lots} | {event.get("seatingplanpricelistid")}
    channels = {c["saleschannelid"] for c in event.get("saleschannels") or () if c["isactive"]}
    found: dict[str, set[Any]] = {
        PRICE_TYPES: {price["pricetypeid"] for price in entries},
        PRICE_LISTS: lists,
        CHANNELS: channels | named_channels(entries),
        LOCK_TYPES: {int(number) for lot in lots for number in lot["locked"]},
    }
    return {what: sorted(numbers - {None, 0}) for what, numbers in found.items()}


def named_in(prices: State | None, what: str) -> set[int]:
    """The price types or the sales channels that a price list sells by."""
    entries = list(_entries(prices))
    if what == PRICE_TYPES:
        return {price["pricetypeid"] for price in entries}
    return named_channels(entries)


def named_channels(entries: Iterable[State]) -> set[int]:
    return {channel for price in entries for channel in price["saleschannels"] or ()}


def _entries(prices: State | None) -> Iterator[State]:
    """The prices that sell."""
    for price in prices["prices"] if prices else ():
        if sells(price):
            yield price
