"""Audit answers straight from the store: who, when, why, before and after, as of.

Versions of one aggregate have no gaps, and their positions and times only grow, so the state at
a position or a moment is found by bisection and replayed from the snapshot before it.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from application.ports import Recorded, Store
from domain.base import Aggregate, DomainEvent, Snapshot, State, UnknownFact
from domain.catalog import PriceList
from domain.catalog_item import CatalogItem
from domain.contingents import BOOKKEEPING as CONTINGENT_BOOKKEEPING
from domain.contingents import fold_contingents
from domain.differences import Difference, differences
from domain.errors import NotFound
from domain.event import Event
from domain.event_fields import EventFields
from domain.images import image_url
from domain.inventory import CountedInventory, Inventory
from domain.location import Location, LocationFields
from domain.money import number as money
from domain.order import Order
from domain.tickets import NEVER_SCANNED, TicketsChanged, TicketsScanned

A = TypeVar("A", bound=Aggregate)
Before = Callable[[Recorded], bool]

UNSHOWN = CONTINGENT_BOOKKEEPING - {"seated"}
BOOKKEEPING = frozenset({"version", "lastupdatets", "number", "namedversion"})


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """The aggregates whose states make an Event's document, and the price lists by number."""

    event: Event
    inventory: Inventory
    location: Location
    pricelists: Mapping[int, State]

    @property
    def states(self) -> tuple[State, State, State, Mapping[int, State]]:
        return self.event.state, self.inventory.state, self.location.state, self.pricelists


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact in a history: the version that was shown after it, and what it changed."""

    recorded: Recorded
    version: int
    changes: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class Entries:
    """A page of a history, newest first, and the versions that the next one starts from."""

    entries: Sequence[Entry]
    following: tuple[int, ...] | None


def load(store: Store, cls: type[A], aggregate_id: UUID, version: int | None = None) -> A:
    """Replays an aggregate from its newest snapshot, now or as of a version; refuses when there is
    a fact before that which cannot be read."""
    return replay(store, cls, aggregate_id, version).require_whole()


def replay(store: Store, cls: type[A], aggregate_id: UUID, version: int | None = None) -> A:
    """The same, with its state from before the first fact that cannot be read."""
    aggregate = cls(aggregate_id)
    if version == 0:
        return aggregate
    snapshot = store.snapshot(aggregate_id, version)
    if isinstance(snapshot, Snapshot) and snapshot.usable(cls.SHAPE):
        aggregate.apply(snapshot)
    for recorded in store.stream(aggregate_id, after=aggregate.version, upto=version):
        aggregate.apply(recorded.fact)
    return aggregate


# -- as of


def past_event(
    store: Store, account: int, number: int, *, version: int | None = None, time: str | None = None
) -> ShownEvent:
    """The Event as it was shown right after a version, or at a moment."""
    if version is not None:
        before = _upto_command(store, account, number, version)
    else:

        def before(r: Recorded) -> bool:
            return r.fact.time <= str(time)

        version = version_where(store, Event.id_of(account, number), before)
    event = load(store, Event, Event.id_of(account, number), version)
    _require_shown(event, version, time)
    inventory = _as_of(store, CountedInventory, Inventory.id_of(account, number), before)
    numbers = {c["pricelistid"] for c in inventory.contingents() if c["pricelistid"]}
    lists = (_as_of(store, PriceList, PriceList.id_of(account, n), before) for n in sorted(numbers))
    return ShownEvent(
        event,
        inventory,
        _as_of(store, Location, Location.id_of(account, event.locationid), before),
        {one.number: one.state for one in lists if one.version},
    )


def past_availability(
    store: Store, account: int, number: int, *, version: int | None = None, time: str | None = None
) -> tuple[Event, Inventory]:
    """The Event and its tickets right after a version of the tickets, or at a moment."""
    inventory_id = Inventory.id_of(account, number)
    if version is not None:
        end = _at_version(store, Inventory, account, number, version).position

        def before(r: Recorded) -> bool:
            return r.position <= end

        inventory = load(store, CountedInventory, inventory_id, version)
    else:

        def before(r: Recorded) -> bool:
            return r.fact.time <= str(time)

        inventory = _as_of(store, CountedInventory, inventory_id, before)
    event = _as_of(store, Event, Event.id_of(account, number), before)
    _require_shown(event, event.version, time)
    return event, inventory


def inventory_now(store: Store, account: int, number: int) -> Inventory:
    """The tickets of an Event as of one moment."""
    load(store, Event, Event.id_of(account, number)).require()
    return load(store, Inventory, Inventory.id_of(account, number))


def inventory_at_each(
    store: Store, account: int, number: int, times: Sequence[str]
) -> Iterator[State]:
    """What is counted of an Event's tickets at each of these moments, which are in order."""
    load(store, Event, Event.id_of(account, number)).require()
    inventory_id = Inventory.id_of(account, number)
    start = _as_of(store, CountedInventory, inventory_id, lambda r: r.fact.time <= times[0])
    state = {"contingents": dict(start.state.get("contingents", {}))}
    following = _facts_behind(store, inventory_id, start.version)
    fact = next(following, None)
    for time in times:
        while fact is not None and fact.time <= time:
            if isinstance(fact, UnknownFact):
                start.apply(fact)
                start.require_whole()
            fold_contingents(state, fact)
            fact = next(following, None)
        yield {"contingents": dict(state["contingents"])}


def _facts_behind(store: Store, aggregate_id: UUID, version: int) -> Iterator[DomainEvent]:
    while page := store.stream(aggregate_id, after=version, limit=1_000):
        for recorded in page:
            yield recorded.fact
        version = page[-1].fact.originator_version


def past_states(store: Store, account: int, number: int, version: int) -> tuple[State, State]:
    """What a revert goes back to: the Event's state and its contingents', deleted or not."""
    before = _upto_command(store, account, number, version)
    event = load(store, Event, Event.id_of(account, number), version)
    return event.state, _as_of(store, Inventory, Inventory.id_of(account, number), before).state


def past_location(
    store: Store, account: int, number: int, *, version: int | None = None, time: str | None = None
) -> Location:
    """The Location as it was right after a version, or at a moment."""
    return past_one(Location, store, account, number, version=version, time=time)


def past_one(
    cls: type[A],
    store: Store,
    account: int,
    number: int,
    *,
    version: int | None = None,
    time: str | None = None,
) -> A:
    """What is shown by its own facts alone, as it was right after a version, or at a moment."""
    if version is not None:
        past = _one_at(cls, store, account, number, version)
    else:
        aggregate_id = cls.id_of(account, number)
        past = _as_of(store, cls, aggregate_id, lambda r: r.fact.time <= str(time))
    _require_shown(past, past.version, time)
    return past


def location_at(store: Store, account: int, number: int, version: int) -> Location:
    """The Location at a version, deleted or not."""
    return _one_at(Location, store, account, number, version)


def _one_at(cls: type[A], store: Store, account: int, number: int, version: int) -> A:
    _at_version(store, cls, account, number, version)
    return load(store, cls, cls.id_of(account, number), version)


def _as_of(store: Store, cls: type[A], aggregate_id: UUID, before: Before) -> A:
    return load(store, cls, aggregate_id, version_where(store, aggregate_id, before))


def version_where(store: Store, aggregate: UUID, before: Before) -> int:
    """The last version for which `before` holds, 0 if for none."""
    newest = store.stream(aggregate, newest_first=True, limit=1)
    if not newest:
        return 0
    if before(newest[0]):
        return newest[0].fact.originator_version
    versions = range(1, newest[0].fact.originator_version)

    def after(version: int) -> bool:
        return not before(store.stream(aggregate, after=version - 1, upto=version)[0])

    return bisect_right(versions, x=False, key=after)


def _at_version(
    store: Store, cls: type[Aggregate], account: int, number: int, version: int
) -> Recorded:
    found = store.stream(cls.id_of(account, number), after=version - 1, upto=version)
    if version < 1 or not found:
        what = cls.KIND.title
        raise NotFound(f"{what} {number} has no version {version}", id=number)
    return found[0]


def _upto_command(store: Store, account: int, number: int, version: int) -> Before:
    """Up to the last fact that was saved by the command that made this version."""
    recorded = _at_version(store, Event, account, number, version)
    end = _end_of_command(store, recorded)
    return lambda r: r.position <= end


def _end_of_command(store: Store, recorded: Recorded) -> int:
    end = recorded.position
    while page := store.read(end, 20):
        for following in page:
            if following.fact.causation != recorded.fact.causation:
                return end
            end = following.position
    return end


def _require_shown(aggregate: Aggregate, version: int, time: str | None) -> None:
    if not aggregate.exists:
        what = aggregate.KIND.title
        when = f"at {time}" if time else f"at version {version}"
        raise NotFound(f"{what} {aggregate.number} did not exist {when}", id=aggregate.number)


# -- history


def event_history(
    store: Store, account: int, number: int, limit: int, start: tuple[int, ...] | None = None
) -> Entries:
    """The facts of an Event and of its contingents, newest first."""
    aggregates: list[Aggregate] = [
        Event(Event.id_of(account, number)),
        CountedInventory(Inventory.id_of(account, number)),
    ]
    return _history(store, aggregates, limit, start)


def location_history(
    store: Store, account: int, number: int, limit: int, start: tuple[int, ...] | None = None
) -> Entries:
    """The facts of a Location, newest first."""
    return history_of_one(Location, store, account, number, limit, start)


def history_of_one(
    cls: type[Aggregate],
    store: Store,
    account: int,
    number: int,
    limit: int,
    start: tuple[int, ...] | None = None,
) -> Entries:
    """The facts of one aggregate, newest first."""
    return _history(store, [cls(cls.id_of(account, number))], limit, start)


def _history(
    store: Store, aggregates: Sequence[Aggregate], limit: int, start: tuple[int, ...] | None
) -> Entries:
    upto = start or (None,) * len(aggregates)
    found: list[Recorded] = []
    for aggregate, newest in zip(aggregates, upto, strict=True):
        if newest != 0:
            found += store.stream(aggregate.id, upto=newest, newest_first=True, limit=limit + 1)
    if not found and start is None:
        aggregates[0].require()
    found.sort(key=lambda r: r.position)
    page, rest = found[-limit:], found[:-limit]
    following = tuple(
        max((r.fact.originator_version for r in rest if r.fact.originator_id == a.id), default=0)
        for a in aggregates
    )
    entries = _entries(store, aggregates, page)
    return Entries(entries[::-1], following if rest else None)


def _entries(
    store: Store, aggregates: Sequence[Aggregate], page: Sequence[Recorded]
) -> list[Entry]:
    """Folds the page once, from the states right before it, and compares around every fact."""
    folded: dict[UUID, Aggregate] = {}
    for aggregate in aggregates:
        first = next((r for r in page if r.fact.originator_id == aggregate.id), None)
        before = first.fact.originator_version - 1 if first else 0
        folded[aggregate.id] = replay(store, type(aggregate), aggregate.id, before)
    main = folded[aggregates[0].id]
    own = [r for r in page if r.fact.originator_id == main.id]
    if not own and page:
        at = page[0].position
        version = version_where(store, main.id, lambda r: r.position <= at)
        main = folded[main.id] = replay(store, type(main), main.id, version)
    entries = []
    for recorded in page:
        aggregate = folded[recorded.fact.originator_id]
        before_state = _comparable(aggregate, recorded.fact)
        aggregate.apply(recorded.fact)
        changes = list(differences(before_state, _comparable(aggregate, recorded.fact)))
        entries.append(Entry(recorded, main.version, changes))
    return entries


def _comparable(aggregate: Aggregate, fact: DomainEvent) -> State:
    """The state as a reader knows it: with the defaults of what was never set, and of single
    tickets those that the fact is about."""
    state: dict[str, Any] = {}
    if isinstance(aggregate, Event):
        state = {**EventFields.defaults(), "image": None, "dates": {}, "deleted": False}
    elif isinstance(aggregate, Location):
        state = {**LocationFields.defaults(), "deleted": False}
    elif isinstance(aggregate, CatalogItem):
        state = {**aggregate.FIELDS.defaults(), **aggregate.SET, "isarchived": False}
    if isinstance(aggregate, Inventory):
        listed = aggregate.state.get("contingents", {})
        shown = {"contingents": {key: _shown(c) for key, c in listed.items()}}
        if isinstance(fact, TicketsChanged):
            known = aggregate.state.get("tickets", {})
            named = [str(ticket["id"]) for ticket in fact.tickets]
            shown["tickets"] = {key: known.get(key, {}) for key in named}
        if isinstance(fact, TicketsScanned):
            scans = aggregate.state.get("scans", {})
            shown["scans"] = {str(n): scans.get(str(n), NEVER_SCANNED) for n in fact.tickets}
        return shown
    said = _said(aggregate.capture().state)
    if "image" in said:
        said["image"] = image_url(aggregate.account, said["image"])
    return _in_currency(said) if isinstance(aggregate, Order) and said else state | said


def _in_currency(order: State) -> State:
    """An order with its money as its document has it."""
    currency = order["currency"]
    payments = {
        key: payment | {"amount": money(payment["amount"], currency)}
        for key, payment in order["payments"].items()
    }
    lines = [line | {"price": money(line["price"], currency)} for line in order["lines"]]
    paid = money(order["amountpaid"], currency)
    return order | {"lines": lines, "payments": payments, "amountpaid": paid}


def _shown(contingent: State) -> State:
    """A contingent as its document has it, and its counters."""
    return {n: v for n, v in contingent.items() if n == "counters" or n not in UNSHOWN}


def _said(state: State) -> State:
    """What was said of it, without what was kept of the saying."""
    return {n: v for n, v in state.items() if n not in BOOKKEEPING}
