"""Histories, straight from the store: who, when, why, before and after. Newest first.

A page is read from its end: of each stream as many facts as it takes, so that a history costs the
same however long it is. Of an Event, what was sold is passed over unless it is asked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any, Protocol
from uuid import UUID

from application.as_of import replay, version_where
from application.history_words import comparable, of_tickets
from application.ports import Recorded, Store
from domain.base import Aggregate
from domain.differences import Difference, differences
from domain.ids import unpack
from domain.location import Location
from domain.tickets import SALES

MOST_READ = 5_000
"""Facts that a page looks through for what is asked for; the next page goes on behind them."""
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """What of a history is asked for."""

    since: str | None = None
    until: str | None = None
    fact: str | None = None
    actor: str | None = None
    path: str | None = None
    kinds: frozenset[int] | None = None
    """Of the things whose facts they are."""
    sales: bool = False

    def takes(self, recorded: Recorded) -> bool:
        fact = recorded.fact
        return (
            (self.until is None or fact.time <= self.until)
            and self.fact in (None, fact.name)
            and self.actor in (None, fact.actor)
            and (self.kinds is None or unpack(fact.originator_id).kind in self.kinds)
        )

    def shows(self, changes: Sequence[Difference]) -> bool:
        path = self.path
        return path is None or any(along(p, path) for c in changes for p in paths(c))


def paths(change: Difference) -> Iterator[str]:
    """Where it is, and where whatever came or went with it is."""
    yield change.path
    for value in (change.before, change.after):
        yield from _within(change.path, value)


def _within(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield f"{path}.{name}"
            yield from _within(f"{path}.{name}", part)


def along(path: str, asked: str) -> bool:
    """Whether these names stand in a path one behind the other, the last as its beginning."""
    names, (*first, last) = path.split("."), asked.split(".")
    return any(
        names[at : at + len(first)] == first and names[at + len(first)].startswith(last)
        for at in range(len(names) - len(first))
    )


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One fact in a history: the version that was shown after it, and what it changed. `linked`: it
    is of another thing, which this one shows."""

    recorded: Recorded
    version: int
    changes: Sequence[Difference]
    linked: bool = False


@dataclass(frozen=True, slots=True)
class HistoryEntries:
    """A page of a history, newest first, and the position that the next one stands before."""

    entries: Sequence[HistoryEntry]
    following: int | None


class HasHistory(Protocol):
    """What has a history."""

    def streams(self) -> Sequence[Iterator[Recorded]]:
        """Its facts, each stream newest first."""

    def entries(self, segment: Sequence[Recorded], asked: Filter) -> list[HistoryEntry]:
        """Those of its facts, oldest first and without a gap, that are asked for."""


def location_history(
    store: Store,
    account: int,
    number: int,
    limit: int,
    start: int | None = None,
    asked: Filter = EVERYTHING,
) -> HistoryEntries:
    """The facts of a Location."""
    return history_of_one(Location, store, account, number, limit, start, asked)


def history_of_one(
    cls: type[Aggregate],
    store: Store,
    account: int,
    number: int,
    limit: int,
    start: int | None = None,
    asked: Filter = EVERYTHING,
) -> HistoryEntries:
    """The facts of one aggregate."""
    if start is None and not store.stream(cls.id_of(account, number), limit=1):
        cls(cls.id_of(account, number)).require()
    return page(One(store, cls(cls.id_of(account, number)), start, asked), limit, asked)


class One:
    """The history of what is shown by its own facts alone."""

    def __init__(
        self, store: Store, aggregate: Aggregate, start: int | None, asked: Filter
    ) -> None:
        self._store, self._aggregate = store, aggregate
        self._start, self._asked = start, asked

    def streams(self) -> Sequence[Iterator[Recorded]]:
        return [backwards(self._store, self._aggregate.id, self._start, self._asked)]

    def entries(self, segment: Sequence[Recorded], asked: Filter) -> list[HistoryEntry]:
        before = segment[0].fact.originator_version - 1
        aggregate = replay(self._store, type(self._aggregate), self._aggregate.id, before)
        found = []
        for recorded in segment:
            if not asked.takes(recorded):
                aggregate.apply(recorded.fact)
                continue
            old = comparable(aggregate)
            aggregate.apply(recorded.fact)
            changes = [*differences(old, comparable(aggregate)), *of_tickets(recorded.fact)]
            found.append(HistoryEntry(recorded, aggregate.version, changes))
        return found


def page(told: HasHistory, limit: int, asked: Filter) -> HistoryEntries:
    """So many entries, newest first, and where the next page starts."""
    facts = merge(*told.streams(), key=lambda r: -r.position)
    entries: list[HistoryEntry] = []
    read = 0
    while True:
        segment: list[Recorded] = []
        wanted = limit + 1 - len(entries)
        if asked.path is not None:  # each segment is folded from a state before it: not for a few
            wanted = max(wanted, AT_ONCE)
        for recorded in facts:
            segment.append(recorded)
            wanted -= asked.takes(recorded)
            if not wanted or read + len(segment) >= MOST_READ:
                break
        else:
            wanted = -1  # there are no more
        read += len(segment)
        if segment:
            found = told.entries(segment[::-1], asked)
            entries += [entry for entry in reversed(found) if asked.shows(entry.changes)]
        if len(entries) > limit:
            return HistoryEntries(entries[:limit], entries[limit - 1].recorded.position)
        if wanted < 0:
            return HistoryEntries(entries, None)
        if read >= MOST_READ:
            return HistoryEntries(entries, segment[-1].position)


def backwards(
    store: Store, aggregate: UUID, start: int | None, asked: Filter, *, edits: bool = False
) -> Iterator[Recorded]:
    """The facts of one aggregate before a position and until a time, newest first, back to the
    first time that is asked for."""
    version: int | None = None
    if start is not None or asked.until is not None:
        version = version_where(
            store,
            aggregate,
            lambda r: (
                (start is None or r.position < start)
                and (asked.until is None or r.fact.time <= asked.until)
            ),
        )
    size = 16
    while version != 0:
        found = store.stream(aggregate, upto=version, newest_first=True, limit=size, edits=edits)
        for recorded in found:
            if asked.since is not None and recorded.fact.time < asked.since:
                return
            yield recorded
        if len(found) < size:
            return
        version, size = found[-1].fact.originator_version - 1, AT_ONCE


def sells(asked: Filter) -> bool:
    """Whether what was sold is asked for: by itself, or by the name of such a fact."""
    return asked.sales or asked.fact in SALES_NAMES


SALES_NAMES = frozenset(
    "Tickets" + topic.partition(".tickets-")[2].title().replace("-", "") for topic in SALES
)
