"""The past of things, straight from the store: as of a version, a moment, or a position.

Versions of one aggregate have no gaps, and their positions and times only grow, so the state at
a position or a moment is found by bisection and replayed from the snapshot before it.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict, TypeVar, Unpack
from uuid import UUID

from application.ports import NOTHING_READ, Recorded, Store
from domain.base import Aggregate, DomainEvent, Snapshot, State, UnknownFact
from domain.catalog import PriceList
from domain.contingents import fold_contingents
from domain.errors import Invalid, NotFound
from domain.event import Event
from domain.inventory import CountedInventory, Inventory
from domain.location import Location
from domain.order import Order

A = TypeVar("A", bound=Aggregate)
I = TypeVar("I", bound=Inventory)  # noqa: E741 - an Inventory, counted or whole
SHORT = 100
"""Facts of an aggregate that is read without its snapshot."""
Before = Callable[[Recorded], bool]


class PastMoment(TypedDict, total=False):
    """Which past is asked for; one of them: right after a version of the thing, after a version of
    an Event's tickets, at a time as facts carry it, or at a position."""

    version: int
    inventoryversion: int
    time: str
    position: int


class Place(NamedTuple):
    """Where the newest change is that an answer about the past shows."""

    position: int
    time: str


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


def load(store: Store, cls: type[A], aggregate_id: UUID, version: int | None = None) -> A:
    """Replays an aggregate from its newest snapshot, now or as of a version; refuses when there is
    a fact before that which cannot be read."""
    return replay(store, cls, aggregate_id, version).require_whole()


def load_many(store: Store, cls: type[A], ids: Sequence[UUID]) -> Iterator[A]:
    """Aggregates with a short past, read together. Those with a long one, or with a fact that
    cannot be read, are left to `load`."""
    for stream in store.streams(ids, SHORT):
        aggregate = cls(stream[0].fact.originator_id)
        for recorded in stream:
            aggregate.apply(recorded.fact)
        if len(stream) < SHORT and aggregate.gap is None:
            yield aggregate


def replay(store: Store, cls: type[A], aggregate_id: UUID, version: int | None = None) -> A:
    """The same, with its state from before the first fact that cannot be read."""
    aggregate = cls(aggregate_id)
    if version == 0:
        return aggregate
    snapshot = store.snapshot(aggregate_id, version, cls.SNAPSHOT.TOPIC)
    if snapshot is None and cls.SNAPSHOT is not Snapshot:  # of an older version of the program
        snapshot = store.snapshot(aggregate_id, version)
    if isinstance(snapshot, Snapshot) and snapshot.usable(cls.SHAPE):
        aggregate.apply(snapshot)
    for recorded in store.stream(aggregate_id, after=aggregate.version, upto=version):
        aggregate.apply(recorded.fact)
    return aggregate


# -- as of


def past_event(store: Store, account: int, number: int, **asked: Unpack[PastMoment]) -> ShownEvent:
    """The Event as it was shown then."""
    before = _event_before(store, account, number, asked)
    version = asked.get("version")
    if version is None:
        version = version_where(store, Event.id_of(account, number), before)
    event = load(store, Event, Event.id_of(account, number), version)
    _require_shown(event, version, asked)
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
    store: Store, account: int, number: int, **asked: Unpack[PastMoment]
) -> tuple[Event, Inventory]:
    """The Event and its tickets then, without who holds which."""
    return _past_tickets(CountedInventory, store, account, number, asked)


def past_inventory(
    store: Store, account: int, number: int, **asked: Unpack[PastMoment]
) -> tuple[Event, Inventory]:
    """The Event and its tickets then."""
    return _past_tickets(Inventory, store, account, number, asked)


def _past_tickets(
    cls: type[I], store: Store, account: int, number: int, asked: PastMoment
) -> tuple[Event, I]:
    before = _event_before(store, account, number, asked)
    inventory = _as_of(store, cls, Inventory.id_of(account, number), before)
    version = asked.get("version")
    if version is None:
        version = version_where(store, Event.id_of(account, number), before)
    event = load(store, Event, Event.id_of(account, number), version)
    _require_shown(event, event.version, asked)
    return event, inventory


def past_order(
    store: Store, account: int, number: int, **asked: Unpack[PastMoment]
) -> tuple[Order, dict[int, Inventory]]:
    """The order then, and the tickets of the Events that it held some of."""
    order = past_one(Order, store, account, number, **asked)
    if "version" in asked:
        recorded = _at_version(store, Order, account, number, asked["version"])
        before = _upto(_end_of_command(store, recorded))
    else:
        before = _before(store, asked)
    return order, {
        event: _as_of(store, Inventory, Inventory.id_of(account, event), before)
        for event in order.events
    }


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
    before = _event_before(store, account, number, {"version": version})
    event = load(store, Event, Event.id_of(account, number), version)
    return event.state, _as_of(store, Inventory, Inventory.id_of(account, number), before).state


def past_location(store: Store, account: int, number: int, **asked: Unpack[PastMoment]) -> Location:
    """The Location as it was then."""
    return past_one(Location, store, account, number, **asked)


def past_one(
    cls: type[A], store: Store, account: int, number: int, **asked: Unpack[PastMoment]
) -> A:
    """What is shown by its own facts alone, as it was then."""
    if "version" in asked:
        past = _one_at(cls, store, account, number, asked["version"])
    else:
        past = _as_of(store, cls, cls.id_of(account, number), _before(store, asked))
    _require_shown(past, past.version, asked)
    return past


def location_at(store: Store, account: int, number: int, version: int) -> Location:
    """The Location at a version, deleted or not."""
    return _one_at(Location, store, account, number, version)


def place_of_event(store: Store, shown: ShownEvent) -> Place:
    """The newest change that an Event shows: of its Location, that of the name."""
    lists = {
        PriceList.id_of(shown.event.account, number): state["version"]
        for number, state in shown.pricelists.items()
    }
    named = {shown.location.id: shown.location.state.get("namedversion", 0)}
    return place_of(store, shown.event, shown.inventory, versions=lists | named)


def place_of(store: Store, *shown: Aggregate, versions: Mapping[UUID, int] = NOTHING_READ) -> Place:
    """The newest change of what is shown, and of other things up to these versions."""
    newest = [
        recorded
        for id_, version in [*((one.id, one.version) for one in shown), *versions.items()]
        if version
        for recorded in store.stream(id_, after=version - 1, upto=version)
    ]
    last = max(newest, key=lambda recorded: recorded.position)
    return Place(last.position, last.fact.time)


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


def _event_before(store: Store, account: int, number: int, asked: PastMoment) -> Before:
    """What was so then of an Event. Right after a version of it is up to the last fact that was
    saved by the command that made this version."""
    if "version" in asked:
        recorded = _at_version(store, Event, account, number, asked["version"])
        return _upto(_end_of_command(store, recorded))
    if "inventoryversion" in asked:
        recorded = _at_version(store, Inventory, account, number, asked["inventoryversion"])
        return _upto(recorded.position)
    return _before(store, asked)


def _before(store: Store, asked: PastMoment) -> Before:
    """What was so at a time, or at a position that there is."""
    if "position" in asked:
        newest = store.position()
        if asked["position"] > newest:
            raise Invalid("position", f"expected a position up to the newest, {newest}")
        return _upto(asked["position"])
    time = asked["time"]
    return lambda r: r.fact.time <= time


def _upto(position: int) -> Before:
    return lambda r: r.position <= position


def _end_of_command(store: Store, recorded: Recorded) -> int:
    end = recorded.position
    while page := store.read(end, 20):
        for following in page:
            if following.fact.causation != recorded.fact.causation:
                return end
            end = following.position
    return end


def _require_shown(aggregate: Aggregate, version: int, asked: PastMoment) -> None:
    if aggregate.exists:
        return
    what, when = aggregate.KIND.title, f"at version {version}"
    if "time" in asked:
        when = f"at {asked['time']}"
    elif "position" in asked:
        when = f"at position {asked['position']}"
    raise NotFound(f"{what} {aggregate.number} did not exist {when}", id=aggregate.number)
