"""Documents in bulk: one after the other, each from the facts of its own aggregates, up to one
position. Nothing is written twice, nothing is loaded, and slices can be built side by side.

That the order of commits is not followed between documents changes nothing: a document is folded
from its own facts in their order, and what it shows of others (a Location's name, a price list)
is the last of them, so those are built first (`Projection.beside`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby, islice
from math import ceil
from operator import attrgetter
from typing import NamedTuple, Protocol
from uuid import UUID

from pydantic_core import from_json, to_json

from domain.base import State, UnknownFact
from domain.ids import Kind, Span, guid, unpack
from projections.base import (
    SHOWN_WITH,
    EditsAlone,
    IndexProjection,
    Parked,
    Projection,
    RecordedFact,
    Row,
)
from projections.discards import Streams, discarded
from projections.memory import MemoryView
from projections.runner import Log, Runner

SLICE = 2_000
"""Facts of a slice, about: what is written at once, and what is done again after a kill."""
ROWS = 5_000
"""Rows that a slice holds before some of them are written."""
HELD = 5_000
"""Documents of other aggregates that are held."""


class Slice(NamedTuple):
    """The documents of an account from one number to another, of aggregates of these kinds."""

    account: int
    kinds: tuple[int, ...]
    first: int
    last: int
    facts: int
    """How many facts they had when the slice was cut, about."""


NOTHING = Slice(0, (), 0, 0, 0)


class Facts(Protocol):
    """The facts by aggregate."""

    def stream(self, aggregate: UUID, *, edits: bool = False) -> Sequence[RecordedFact]:
        """Of one aggregate, by version; `edits`: of an Inventory without its sales."""

    def spans(self) -> Iterable[Span]: ...
    def between(self, first: UUID, last: UUID, upto: int) -> Iterable[RecordedFact]:
        """Of the aggregates from the first to the last, one after the other, each by version."""


class Book(Facts, Log, Protocol):
    """The facts, in the order of commits and by aggregate."""


class Building(Protocol):
    """A generation that is being built."""

    def states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]: ...
    def add(self, one: Slice, rows: Sequence[Row], parked: Sequence[Parked], *, done: bool) -> None:
        """Writes whole documents of a slice; the last of them in the transaction that marks it
        done. What a slice wrote that was cut off is written over; one that was done stays."""


def slices(projections: Iterable[Projection], spans: Iterable[Span], size: int) -> list[Slice]:
    """All that these projections read, cut into pieces of about that many facts."""
    wanted = frozenset[int]().union(*(p.kinds for p in projections))
    together: dict[tuple[int, int], list[Span]] = {}
    for span in spans:
        if span.kind in wanted:
            together.setdefault((span.account, shown_with(span.kind)), []).append(span)
    cut: list[Slice] = []
    for (account, _), parts in together.items():
        kinds = tuple(sorted(span.kind for span in parts))
        first, last = min(s.first for s in parts), max(s.last for s in parts)
        facts, numbers = sum(s.facts for s in parts), last - first + 1
        step = max(1, numbers // ceil(facts / size))
        for start in range(first, last + 1, step):
            end = min(start + step - 1, last)
            cut.append(Slice(account, kinds, start, end, facts * (end - start + 1) // numbers))
    return cut


def weight(one: Slice) -> float:
    """Facts by aggregate: what has most of them is built first, so that no long one is left to the
    end."""
    return one.facts / (one.last - one.first + 1)


def reads(projection: Projection, one: Slice) -> bool:
    return not projection.kinds.isdisjoint(one.kinds)


def round_of(projections: Sequence[Projection], kinds: Collection[int]) -> int:
    """In which round, from 0, the documents of aggregates of these kinds are built: behind all that
    one of these projections shows in them. A Location is built before an Event, and an Event's
    Inventory before an order."""
    shown = [
        p.beside
        for p in projections
        if p.beside and p.beside.isdisjoint(kinds) and not p.kinds.isdisjoint(kinds)
    ]
    return max((1 + round_of(projections, beside) for beside in shown), default=0)


def facts_of(log: Facts, one: Slice, upto: int) -> Iterable[RecordedFact]:
    """The facts of a slice: by number, and of one number in the order of commits."""
    streams = [
        log.between(guid(one.account, kind, one.first), guid(one.account, kind, one.last), upto)
        for kind in one.kinds
    ]
    return streams[0] if len(streams) == 1 else _by_number(streams)


def _by_number(streams: Iterable[Iterable[RecordedFact]]) -> Iterator[RecordedFact]:
    """Each stream has its aggregates by number; those of the same number are merged."""
    aggregates = [groupby(stream, key=attrgetter("fact.originator_id")) for stream in streams]
    heads = [next(each, None) for each in aggregates]
    while there := [unpack(head[0]).number for head in heads if head]:
        number = min(there)
        now = [n for n, head in enumerate(heads) if head and unpack(head[0]).number == number]
        facts = [head[1] for n in now if (head := heads[n])]
        yield from merge(*facts, key=attrgetter("position")) if len(facts) > 1 else facts[0]
        for n in now:
            heads[n] = next(aggregates[n], None)


def build(one: Slice, folders: Sequence["BulkFolder"], log: Facts, upto: int) -> None:
    """Builds a slice of several views: a fact is read and decoded once for all of them."""

    def settle(number: int | None) -> None:
        for folder in folders:
            if number is not None and not folder.settle():
                alone = one._replace(first=number, last=number)
                folder.settle_carefully(alone, upto)

    for folder in folders:
        folder.begin(one)
    number = aggregate = None
    folds: list[Callable[[RecordedFact], None]] = []
    for recorded in facts_of(log, one, upto):
        if recorded.fact.originator_id is not aggregate:
            aggregate = recorded.fact.originator_id
            identity = unpack(aggregate)
            if identity.number != number:
                settle(number)
                number = identity.number
            folds = [f.fold for f in folders if identity.kind in f.projection.kinds]
        for fold in folds:
            fold(recorded)
    settle(number)
    for folder in folders:
        folder.write(done=True)


class BulkFolder:
    """The documents of one number at a time: the `Documents` of a fold, and its rows."""

    def __init__(self, projection: Projection, view: Building, log: Facts) -> None:
        self.projection = projection
        self._view = view
        self._slice = NOTHING
        self._log = log
        self._skipping = {key for key, _ in discarded(log, projection.name)}
        """The documents that skip a fact."""
        self._states: dict[bytes, State] = {}
        self._rows: list[Row] = []
        self._parked: list[Parked] = []
        self._whole = 0
        """How many of the rows are of documents that are done."""
        self._failed = False
        self._shown: dict[bytes, State] = {}

    def begin(self, one: Slice) -> None:
        self._slice = one

    def fold(self, recorded: RecordedFact) -> None:
        if self._failed:
            return
        if type(recorded.fact) is UnknownFact or (self._skipping and self._skips(recorded)):
            self._failed = True
            return
        try:
            self.projection.fold(self, recorded)
        except Exception:  # noqa: BLE001 - it is folded again with care, and told then
            self._failed = True

    def _skips(self, recorded: RecordedFact) -> bool:
        projection = self.projection
        if isinstance(projection, IndexProjection):
            return projection.key_of(recorded) in self._skipping
        return not self._skipping.isdisjoint(projection.keys(recorded.fact))

    def settle(self) -> bool:
        """The rows of what was folded; False: something failed, and there are none."""
        try:
            if not self._failed:
                self._rows += [self.projection.row(k, s) for k, s in self._states.items()]
        except Exception:  # noqa: BLE001 - as above
            self._failed = True
        self._states.clear()
        if self._failed:
            del self._rows[self._whole :]
            return False
        self._keep()
        return True

    def settle_carefully(self, one: Slice, upto: int) -> None:
        """The rows up to what cannot be folded, which parks."""
        self._failed = False
        wanted = one._replace(kinds=tuple(k for k in one.kinds if k in self.projection.kinds))
        shown = self.shown if self.projection.beside.isdisjoint(wanted.kinds) else nothing
        alone = folded(self.projection, self._log, facts_of(self._log, wanted, upto), shown)
        self._rows += alone.rows.values()
        self._parked += alone.parked().values()
        self._keep()

    def write(self, *, done: bool) -> None:
        self._view.add(self._slice, self._rows, self._parked, done=done)
        self._rows, self._parked, self._whole = [], [], 0

    def _keep(self) -> None:
        if len(self._rows) > ROWS:
            self.write(done=False)
        self._whole = len(self._rows)

    def shown(self, key: bytes) -> State | None:
        """The state of a document that others show, where there is one."""
        state = self._shown.get(key)
        if state is None and (stored := self._view.states([key])):
            if len(self._shown) > HELD:
                self._shown.clear()
            state = self._shown[key] = from_json(stored[key], cache_strings="keys")
        return state

    # -- what a fold asks for

    def get(self, key: bytes) -> State | None:
        state = self._states.get(key)
        if state is None and kind_of(key) in self.projection.beside:
            return self.shown(key)
        return state

    def put(self, key: bytes, state: State) -> None:
        self._states[key] = state

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) > ROWS:  # whole as it is, whatever comes of the document
            self.write(done=False)

    def where(self, *_: object) -> list[tuple[bytes, State]]:
        """What shows it is built later, and finds it then."""
        return []

    found_by = where


# -- one document alone


def fold_alone(projection: Projection, log: Facts, key: bytes, upto: int) -> MemoryView:
    """What one document's facts say of it, up to a position: a view of its rows, or parked."""
    identity = unpack(UUID(bytes=key))
    kinds = tuple(k for k in projection.kinds if shown_with(k) == identity.kind)
    one = Slice(identity.account, kinds, identity.number, identity.number, 0)
    facts: Iterable[RecordedFact]
    if isinstance(projection, EditsAlone) and kinds == (Kind.INVENTORY,):
        edits = log.stream(guid(identity.account, Kind.INVENTORY, identity.number), edits=True)
        facts = (recorded for recorded in edits if recorded.position <= upto)
    else:
        facts = facts_of(log, one, upto)

    def shown(other: bytes) -> State | None:
        if other == key:
            return None
        stored = fold_alone(projection, log, other, upto).states([other])
        return from_json(stored[other]) if stored else None

    is_shown = identity.kind in projection.beside
    return folded(projection, log, facts, nothing if is_shown else shown)


def nothing(_: bytes) -> None:
    """What is shown by others shows none."""


def folded(
    projection: Projection,
    log: Facts,
    facts: Iterable[RecordedFact],
    shown: Callable[[bytes], State | None],
) -> MemoryView:
    """A view of the documents of these facts, which are in the order of commits."""
    view = IsolatedView(projection, shown)
    runner = Runner(projection, OnePassLog(facts, log), view)
    while runner.step():
        pass
    return view


class IsolatedView(MemoryView):
    """A view of one document, with the states of others that it shows."""

    def __init__(self, projection: Projection, shown: Callable[[bytes], State | None]) -> None:
        super().__init__(projection.columns)
        self._shown, self._beside = shown, projection.beside

    def states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        own = super().states(keys)
        others = [key for key in keys if key not in own and kind_of(key) in self._beside]
        return own | {k: to_json(s) for k in others if (s := self._shown(k)) is not None}


class OnePassLog:
    """A log of facts that pass by once."""

    def __init__(self, facts: Iterable[RecordedFact], log: Streams) -> None:
        self._facts = iter(facts)
        self._log = log

    def read(self, after: int, limit: int) -> Sequence[RecordedFact]:  # noqa: ARG002 - of the port
        return list(islice(self._facts, limit))

    def stream(self, aggregate: UUID) -> Sequence[RecordedFact]:
        return self._log.stream(aggregate)

    def position(self) -> int:
        raise NotImplementedError  # it is not known before all have passed


def kind_of(key: bytes) -> int:
    return int.from_bytes(key[6:8]) & 0xFFF


def shown_with(kind: int) -> int:
    """The kind of the document that its facts are folded into."""
    return SHOWN_WITH.get(kind, kind)
