"""What a projection is: a name, a version, the facts it reads and a pure fold into documents.

    fold(documents, recorded)   takes the states it needs, puts back the ones it changed
    row(key, state)             what is stored and served of a state

A state is whatever the fold needs to go on; the row is derived from it. Both are deterministic:
folding the same facts again gives the same bytes, one by one or in batches of any size.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Protocol, runtime_checkable
from uuid import UUID

from pydantic_core import from_json

from domain.base import DomainEvent, State
from domain.ids import Kind, unpack
from domain.ids import key as key_of

SHOWN_WITH: dict[int, int] = {Kind.INVENTORY: Kind.EVENT}
"""Aggregates whose facts are folded into the document of the same number of another kind."""


@lru_cache(16_384)
def shown_in(aggregate: UUID) -> tuple[int, bytes]:
    """Its kind, and the key of the document that its facts are folded into."""
    account, kind, number = unpack(aggregate)
    return kind, key_of(account, SHOWN_WITH.get(kind, kind), number)


@lru_cache(16_384)
def aggregates_of(key: bytes) -> tuple[UUID, ...]:
    """The aggregates whose facts are folded into that document, beside what it shows of others."""
    account, kind, number = unpack(UUID(bytes=key))
    beside = [own for own, shown in SHOWN_WITH.items() if shown == kind]
    return tuple(UUID(bytes=key_of(account, each, number)) for each in (kind, *beside))


class RecordedFact(Protocol):
    """A fact and its position in the order of commits."""

    @property
    def position(self) -> int: ...
    @property
    def fact(self) -> DomainEvent: ...


HELD_BYTES = 8 * 2**20
"""Bytes of states, as they are stored, that a working set keeps from batch to batch; as objects
they take three to five times that."""


class ViewMoved(Exception):  # noqa: N818 - the signal to look again, not an error
    """Another worker, a rebuild or a repair was at the view: nothing of this batch was written."""


class ViewUnread(Exception):  # noqa: N818 - read as "the view was not read"
    """The view could not be read: that says nothing of the fact. Nothing was written; try again."""


class BeingRebuilt(Exception):  # noqa: N818 - read as "this view is being rebuilt"
    """Another process is building a new generation of the same view; one at a time does."""

    def __init__(self, view: str, by: object = None) -> None:
        super().__init__(f"the view {view} is being rebuilt by {by or 'another process'}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column to filter or sort by: `int` or `text`."""

    name: str
    type: str


Columns = tuple[Column, ...]
Indexes = tuple[tuple[str, ...], ...]


@dataclass(slots=True)  # never changed, but a frozen one takes three times as long to make
class Row:
    """One stored document. A row whose `account` is None is in no list; a row whose `body` is None
    is no document that can be read."""

    key: bytes
    account: int | None
    state: bytes | None
    body: bytes | None
    etag: str = ""
    columns: tuple[Any, ...] = ()
    terms: tuple[str, ...] | None = ()
    """Words and tags to find it by; None: as they were."""
    terms_before: tuple[str, ...] | None = None
    """Those that are stored, where that is known: then only what differs is written."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A document that a fact could not be folded into: it stays as it was before that fact."""

    key: bytes
    position: int
    error: str
    since: str | None = field(default=None, compare=False)
    """When it was first stored, which is the view's to say."""

    @property
    def fault(self) -> str:
        """The error without its text, in which a value of the document may be."""
        return self.error.partition("(")[0]


class FoldFailed(Exception):  # noqa: N818 - read as "the fold failed"
    def __init__(self, parked: Parked) -> None:
        super().__init__(parked.error)
        self.parked = parked


Discarded = frozenset[tuple[bytes, int]]
"""Facts that are skipped for good, each by the document that it stopped and its position."""


class View(Protocol):
    """One generation of a projection's documents, and how far it has come."""

    def position(self) -> int:
        """The last position that is folded in."""

    def standing(self) -> tuple[int, int]:
        """Position and fence, as of one moment."""

    def lead(self) -> int:
        """Puts up a new fence and returns it: whoever wrote here before gets `ViewMoved`."""

    def states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The stored states of these keys."""

    def keys_where(self, column: str, value: int, account: int) -> list[bytes]:
        """The account's keys whose column has that value, listed or not."""

    def keys_with(self, term: str, account: int) -> list[bytes]:
        """The account's keys that are found by that term, listed or not."""

    def parked(self) -> dict[bytes, Parked]:
        """The documents that stopped."""

    def commit(
        self,
        rows: Sequence[Row],
        parked: Iterable[Parked],
        since: int,
        position: int,
        fence: int = 0,
        mark: str | None = None,
    ) -> None:
        """Writes rows and position at once; `ViewMoved` unless the view stood at `since`, behind
        that fence. A new one is behind fence 0: nobody has led it. `mark` is the mark of the fact
        at `position`."""


class Documents(Protocol):
    """The states of documents, as a fold sees them."""

    def get(self, key: bytes) -> State | None: ...
    def put(self, key: bytes, state: State) -> None: ...
    def add(self, row: Row) -> None:
        """A row that nothing is folded into again."""

    def where(
        self, column: str, value: int, account: int, matches: Callable[[State], bool]
    ) -> list[tuple[bytes, State]]:
        """The account's documents with that value now."""

    def found_by(
        self, term: str, account: int, matches: Callable[[State], bool]
    ) -> list[tuple[bytes, State]]:
        """The account's documents with that term now."""


class Projection(Protocol):
    """A pure fold. `version` goes up when the same facts give other documents."""

    name: ClassVar[str]
    version: ClassVar[int]
    kinds: ClassVar[frozenset[int]]
    """The aggregates whose facts it reads."""
    beside: ClassVar[frozenset[int]]
    """Of these, the ones that documents of others show: they have documents of their own, and
    whatever shows one is brought up to date when it changes."""
    columns: ClassVar[Columns]
    indexes: ClassVar[Indexes]

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        """The documents this fact is folded into; none: it is not read."""

    def fold(self, documents: Documents, recorded: RecordedFact) -> None: ...

    def row(self, key: bytes, state: State) -> Row: ...


@runtime_checkable
class IndexProjection(Protocol):
    """A projection whose documents are single facts."""

    def key_of(self, recorded: RecordedFact) -> bytes:
        """The document that is this fact's alone."""


@runtime_checkable
class Shows(Protocol):
    """A projection whose documents show others, of the kinds `beside`."""

    def showing(self, view: View, key: bytes) -> list[bytes]:
        """The documents that show one of those."""


@runtime_checkable
class EditsAlone(Protocol):
    """A projection that shows of an Inventory what edits say, and reads no sales of it."""

    edits_alone: ClassVar[bool]


@dataclass(slots=True)
class CachedDocument:
    state: State | None
    terms: tuple[str, ...] | None = None
    size: int = 0
    """Bytes of the state as it is stored."""


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise ViewUnread(repr(error)) from error


class WorkingSet:
    """The `Documents` of a batch: loads stored states on demand, remembers what changed."""

    def __init__(self, view: View, row: Callable[[bytes, State], Row], cached: int) -> None:
        self._view = view
        self._row = row
        self._cached = cached
        self._entries: dict[bytes, CachedDocument] = {}
        self._size = 0
        """Bytes of all of them as they are stored."""
        self._changed: dict[bytes, None] = {}
        self._added: list[Row] = []
        self.closed: Callable[[bytes], bool] = lambda _key: False
        """Whether a document takes nothing of the fact that is being folded: it stopped before."""

    def get(self, key: bytes) -> State | None:
        if key not in self._entries:
            self.load((key,))
        return self._entries[key].state

    def put(self, key: bytes, state: State) -> None:
        if self.closed(key):
            return
        self._entries.setdefault(key, CachedDocument(None)).state = state
        self._changed[key] = None

    def add(self, row: Row) -> None:
        self._added.append(row)

    def where(
        self, column: str, value: int, account: int, matches: Callable[[State], bool]
    ) -> list[tuple[bytes, State]]:
        """The account's documents with that value now, stored or only in this batch."""
        with _reading():
            keys = self._view.keys_where(column, value, account)
        return self._matching(keys, account, matches)

    def found_by(
        self, term: str, account: int, matches: Callable[[State], bool]
    ) -> list[tuple[bytes, State]]:
        """The account's documents with that term now, stored or only in this batch."""
        with _reading():
            keys = self._view.keys_with(term, account)
        return self._matching(keys, account, matches)

    def _matching(
        self, keys: Sequence[bytes], account: int, matches: Callable[[State], bool]
    ) -> list[tuple[bytes, State]]:
        self.load(keys)
        prefix = account.to_bytes(6)
        in_batch = (key for key in self._changed if key.startswith(prefix))
        candidates = dict.fromkeys([*keys, *in_batch])
        found = [(key, self._entries[key].state) for key in candidates]
        return [(key, state) for key, state in found if state is not None and matches(state)]

    def load(self, keys: Iterable[bytes]) -> None:
        missing = [key for key in dict.fromkeys(keys) if key not in self._entries]
        if missing:
            with _reading():
                stored = self._view.states(missing)
            for key in missing:
                entry = self._entries[key] = CachedDocument(None)
                if key in stored:
                    entry.state = from_json(stored[key], cache_strings="keys")
                    self._weigh(entry, len(stored[key]))
                    entry.terms = self._row(key, entry.state).terms

    def rows(self) -> list[Row]:
        """What the batch changed, each once; `None` terms where they are as stored."""
        rows = self._added
        for key in self._changed:
            entry = self._entries[key]
            if entry.state is not None:
                row = self.row(key, entry.state, at=0)
                self._weigh(entry, len(row.state or b""))
                if row.terms == entry.terms:
                    row = Row(
                        row.key, row.account, row.state, row.body, row.etag, row.columns, None
                    )
                else:
                    row.terms_before, entry.terms = entry.terms, row.terms
                rows.append(row)
        return rows

    def check(self, key: bytes, at: int) -> None:
        """`FoldFailed` at that position when the document cannot be stored as it is now."""
        if key in self._changed and (state := self._entries[key].state) is not None:
            self.row(key, state, at)

    def row(self, key: bytes, state: State, at: int) -> Row:
        try:
            return self._row(key, state)
        except Exception as error:
            raise FoldFailed(Parked(key, at, f"row: {error!r}")) from error

    def settle(self) -> None:
        """The batch is written: forget what changed, and the oldest of what is held."""
        self._changed.clear()
        self._added = []
        while self._entries and (len(self._entries) > self._cached or self._size > HELD_BYTES):
            self._size -= self._entries.pop(next(iter(self._entries))).size

    def _weigh(self, entry: CachedDocument, size: int) -> None:
        self._size += size - entry.size
        entry.size = size

    def discard(self) -> None:
        """The batch is not written: forget everything."""
        self._entries.clear()
        self._size = 0
        self._changed.clear()
        self._added = []
