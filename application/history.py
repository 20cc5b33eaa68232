"""Audit answers straight from the store: who, when, why, before and after, as of.

Versions of one aggregate have no gaps, and their positions and times only grow, so the state at
a position or a moment is found by bisection and replayed from the snapshot before it.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from application.ports import Recorded, Store
from domain.base import Aggregate, State
from domain.catalog import CatalogItem
from domain.differences import Difference, differences
from domain.errors import NotFound
from domain.event import Event
from domain.event_fields import EventFields
from domain.inventory import Inventory
from domain.location import Location, LocationFields

A = TypeVar("A", bound=Aggregate)
Before = Callable[[Recorded], bool]

BOOKKEEPING = frozenset({"version", "lastupdatets", "number", "namedversion"})


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """The three aggregates whose states make an Event's document."""

    event: Event
    inventory: Inventory
    location: Location


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
    """Replays an aggregate from its newest snapshot, now or as of a version."""
    aggregate = cls(aggregate_id)
    if version == 0:
        return aggregate
    if snapshot := store.snapshot(aggregate_id, version):
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
    return ShownEvent(
        event,
        _as_of(store, Inventory, Inventory.id_of(account, number), before),
        _as_of(store, Location, Location.id_of(account, event.locationid), before),
    )


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
        what = cls.KIND.name.capitalize()
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
        what = aggregate.KIND.name.capitalize()
        when = f"at {time}" if time else f"at version {version}"
        raise NotFound(f"{what} {aggregate.number} did not exist {when}", id=aggregate.number)


# -- history


def event_history(
    store: Store, account: int, number: int, limit: int, start: tuple[int, ...] | None = None
) -> Entries:
    """The facts of an Event and of its contingents, newest first."""
    aggregates: list[Aggregate] = [
        Event(Event.id_of(account, number)),
        Inventory(Inventory.id_of(account, number)),
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
        before = first.fact.originator_version - 1 if first else None
        folded[aggregate.id] = load(store, type(aggregate), aggregate.id, before)
    main = folded[aggregates[0].id]
    own = [r for r in page if r.fact.originator_id == main.id]
    if not own and page:
        at = page[0].position
        version = version_where(store, main.id, lambda r: r.position <= at)
        main = folded[main.id] = load(store, type(main), main.id, version)
    entries = []
    for recorded in page:
        aggregate = folded[recorded.fact.originator_id]
        before_state = _comparable(aggregate)
        aggregate.apply(recorded.fact)
        changes = list(differences(before_state, _comparable(aggregate)))
        entries.append(Entry(recorded, main.version, changes))
    return entries


def _comparable(aggregate: Aggregate) -> State:
    """The state as a reader knows it: with the defaults of what was never set."""
    state: dict[str, Any] = {}
    if isinstance(aggregate, Event):
        state = {**EventFields.defaults(), "dates": {}, "deleted": False}
    elif isinstance(aggregate, Location):
        state = {**LocationFields.defaults(), "deleted": False}
    elif isinstance(aggregate, CatalogItem):
        state = {**aggregate.FIELDS.defaults(), "isarchived": False}
    captured = aggregate.capture().state
    if isinstance(aggregate, Inventory):
        contingents = captured.get("contingents", {})
        captured["contingents"] = {key: _said(c) for key, c in contingents.items()}
    return state | _said(captured)


def _said(state: State) -> State:
    """What was said of it, without what was kept of the saying."""
    return {n: v for n, v in state.items() if n not in BOOKKEEPING}
