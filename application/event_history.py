"""The history of an Event: its own facts, the edits of its contingents, its sales where they are
asked for, and what it shows of other things: its Location's name, the prices of its lists."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from application.as_of import replay, version_where
from application.history import (
    EVERYTHING,
    Filter,
    HistoryEntries,
    HistoryEntry,
    backwards,
    page,
    sells,
)
from application.history_words import comparable, contingents_words, of_single_tickets
from application.ports import Recorded, Store
from domain.base import DomainEvent, State
from domain.catalog import PriceList
from domain.contingents import COUNTED, ContingentAdded, ContingentChanged, ContingentRemoved
from domain.differences import Difference, differences
from domain.event import Event
from domain.event_facts import PLACED
from domain.ids import Kind, unpack
from domain.inventory import CountedInventory, Inventory
from domain.location import Location, LocationChanged, LocationCreated
from domain.tickets import TicketsChanged

T = TypeVar("T")
NAMED = (LocationCreated.TOPIC, LocationChanged.TOPIC)
CONTINGENTS = (ContingentAdded.TOPIC, ContingentChanged.TOPIC, ContingentRemoved.TOPIC)


def event_history(
    store: Store,
    account: int,
    number: int,
    limit: int,
    start: int | None = None,
    asked: Filter = EVERYTHING,
) -> HistoryEntries:
    """The facts of an Event and of what it shows."""
    if start is None and not store.stream(Event.id_of(account, number), limit=1):
        Event(Event.id_of(account, number)).require()
    return page(EventTold(store, account, number, start, asked), limit, asked)


class EventTold:
    """The history of one Event, before a position."""

    def __init__(
        self, store: Store, account: int, number: int, start: int | None, asked: Filter
    ) -> None:
        self._store, self._account = store, account
        self._event = Event.id_of(account, number)
        self._inventory = Inventory.id_of(account, number)
        self._start, self._asked = start, asked
        self._sales = sells(asked)
        self._shown = Beside(store, account, self._event, self._inventory)

    def streams(self) -> Sequence[Iterator[Recorded]]:
        store, start, asked = self._store, self._start, self._asked
        linked = (r for r in self._shown.changes() if start is None or r.position < start)
        return [
            backwards(store, self._event, start, asked),
            backwards(store, self._inventory, start, asked, edits=not self._sales),
            (r for r in linked if asked.since is None or r.fact.time >= asked.since),
        ]

    def entries(self, segment: Sequence[Recorded], asked: Filter) -> list[HistoryEntry]:
        event = self._event_before(segment)
        inventory = self._inventory_before(segment)
        found = []
        for recorded in segment:
            takes, of = asked.takes(recorded), recorded.fact.originator_id
            changes: list[Difference] = []
            if of == self._event:
                old = comparable(event) if takes else {}
                event.apply(recorded.fact)
                changes = [*differences(old, comparable(event))] if takes else []
            elif of == self._inventory:
                old = self._words(inventory, recorded) if takes else {}
                inventory.apply(recorded.fact)
                new = self._words(inventory, recorded) if takes else {}
                of_tickets = of_single_tickets(recorded.fact) if takes else ()
                changes = [*differences(old, new), *of_tickets]
            elif takes:
                changes = self._shown.difference(recorded, inventory.state)
            linked = of not in (self._event, self._inventory)
            if takes and (changes or not linked):
                found.append(HistoryEntry(recorded, event.version, changes, linked))
        return found

    def _words(self, inventory: Inventory, recorded: Recorded) -> State:
        """The contingents, where the fact is one that changes what is shown of them."""
        if not isinstance(recorded.fact, COUNTED):
            return {}
        lists = self._shown.lists_at(recorded.position)
        return {"contingents": contingents_words(inventory.state, lists, counted=self._sales)}

    def _event_before(self, segment: Sequence[Recorded]) -> Event:
        own = next((r for r in segment if r.fact.originator_id == self._event), None)
        if own is not None:
            version = own.fact.originator_version - 1
        else:
            at = segment[0].position
            version = version_where(self._store, self._event, lambda r: r.position < at)
        return replay(self._store, Event, self._event, version)

    def _inventory_before(self, segment: Sequence[Recorded]) -> CountedInventory:
        """With its counters where every sale is folded, else by its edits alone: those are few."""
        at = segment[0].position
        own = next((r for r in segment if r.fact.originator_id == self._inventory), None)
        if self._sales and own is not None:
            before = own.fact.originator_version - 1
            return replay(self._store, CountedInventory, self._inventory, before)
        inventory = CountedInventory(self._inventory)
        for recorded in self._shown.edits:
            if recorded.position < at:
                inventory.apply(recorded.fact)
        return inventory


class Beside:
    """What an Event shows of other things, and when it showed it."""

    def __init__(self, store: Store, account: int, event: UUID, inventory: UUID) -> None:
        self._store, self._account = store, account
        self._placed = [*_places(store.stream(event, topics=PLACED))]
        edits = store.stream(inventory, edits=True)
        self.edits = [r for r in edits if not isinstance(r.fact, TicketsChanged)]
        self._names: dict[int, tuple[str | None, str]] = {}
        """By position: a Location's name before and after."""
        self._prices: dict[int, list[tuple[int, State]]] = {}
        """By price list: its states, each from a position on."""
        self._uses = [*self._used()]

    def _used(self) -> Iterator[tuple[int, dict[int, int]]]:
        """The price lists of the contingents, each from a position on."""
        of: dict[int, int] = {}
        for recorded in self.edits:
            fact = recorded.fact
            match fact:
                case ContingentAdded():
                    of = of | {fact.contingentid: fact.fields.get("pricelistid") or 0}
                case ContingentChanged() if "pricelistid" in fact.changed:
                    of = of | {fact.contingentid: fact.changed["pricelistid"] or 0}
                case ContingentRemoved():
                    of = {n: used for n, used in of.items() if n != fact.contingentid}
                case _:
                    continue
            yield recorded.position, of

    def changes(self) -> Iterator[Recorded]:
        """The facts of the others that changed what was shown, newest first."""
        found = [*self._renamed(), *self._repriced()]
        return iter(sorted(found, key=lambda r: -r.position))

    def _renamed(self) -> Iterator[Recorded]:
        for location in {number for _, number in self._placed}:
            name: str | None = None
            stream = Location.id_of(self._account, location)
            for recorded in self._store.stream(stream, topics=NAMED):
                said = _named(recorded.fact)
                if "name" not in said:
                    continue
                self._names[recorded.position] = (name, said["name"])
                name = said["name"]
                if _at(self._placed, recorded.position) == location:
                    yield recorded

    def _repriced(self) -> Iterator[Recorded]:
        for number in {n for _, of in self._uses for n in of.values() if n}:
            state: State = {}
            states = self._prices[number] = []
            for recorded in self._store.stream(PriceList.id_of(self._account, number)):
                PriceList.evolve(state, recorded.fact)
                states.append((recorded.position, dict(state)))
                if number in (_at(self._uses, recorded.position) or {}).values():
                    yield recorded

    def lists_at(self, position: int) -> dict[int, State]:
        """The price lists as they were then."""
        then = ((number, _at(states, position)) for number, states in self._prices.items())
        return {number: state for number, state in then if state}

    def difference(self, recorded: Recorded, inventory: State) -> list[Difference]:
        """What a fact of another thing changed of the Event."""
        position = recorded.position
        if unpack(recorded.fact.originator_id).kind == Kind.LOCATION:
            return [Difference("locationname", *self._names[position])]
        before, after = (
            {"contingents": contingents_words(inventory, self.lists_at(at), counted=False)}
            for at in (position - 1, position)
        )
        return [*differences(before, after)]


def _places(facts: Sequence[Recorded]) -> Iterator[tuple[int, int]]:
    """Where an Event took place, each from a position on."""
    event: State = {}
    for recorded in facts:
        Event.evolve(event, recorded.fact)
        yield recorded.position, event["locationid"]


def _named(fact: DomainEvent) -> State:
    """What a fact of a Location says of its fields."""
    match fact:
        case LocationCreated():
            return fact.fields
        case LocationChanged():
            return fact.changed
    return {}


def _at(steps: Sequence[tuple[int, T]], position: int) -> T | None:
    """What holds at a position, of what holds from a position on each."""
    index = bisect_right(steps, position, key=lambda step: step[0])
    return steps[index - 1][1] if index else None
