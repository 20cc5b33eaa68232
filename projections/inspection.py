"""Compares a stored document with the document that is folded from its facts.

The facts are folded up to the position of the view when the document was read, so the comparison
holds while the view moves.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from pydantic_core import to_json

from domain.ids import unpack
from projections.base import Parked, Projection, Row, View, ViewMoved
from projections.bulk import Book, fold_alone, folded
from projections.memory import MemoryView

LAST_ENTRY = bytes(8) + b"\xff" * 8
"""Documents of single facts have their position for a key, all others a guid, behind this."""
TRIES = 10


class Content(NamedTuple):
    """All that is stored of a document; its terms in their order."""

    account: int | None
    state: bytes | None
    body: bytes | None
    etag: str | None
    columns: tuple[Any, ...]
    terms: tuple[str, ...]


class StoredAt(NamedTuple):
    """What is stored of a document, and where the view stood."""

    position: int
    content: Content | None
    parked: Parked | None


class Mend(Protocol):
    """Writes documents, and what is parked no longer or anew; those that are gone go first."""

    def __call__(
        self,
        rows: Sequence[Row],
        unparked: Sequence[bytes],
        parked: Sequence[Parked],
        gone: Sequence[bytes],
    ) -> None: ...


class Mendable(View, Protocol):
    """A generation that can be mended beside its worker."""

    def mending(self) -> AbstractContextManager[tuple[int, Mend]]:
        """Holds the view still at a position; whoever follows it starts afresh then. What raises
        inside mends nothing."""


class Stored(Mendable, Protocol):
    """A generation that can be looked through."""

    def between(self, first: bytes, last: bytes, limit: int) -> dict[bytes, Content]:
        """The documents of these keys, in their order, the first so many of them."""

    def those(self, keys: Sequence[bytes]) -> dict[bytes, Content]: ...
    def moment(self, key: bytes) -> StoredAt:
        """`ViewMoved` where it is not served any more."""

    def count(self, first: bytes, last: bytes) -> int:
        """How many documents have a key from the first to the last."""


Live = Callable[[Projection], Stored]


def content_of(row: Row) -> Content:
    terms = tuple(sorted({*row.terms})) if row.terms else ()
    return Content(row.account, row.state, row.body, row.etag, row.columns, terms)


def digest(key: bytes, content: Content) -> int:
    """Covers all that is stored; the same on every store."""
    sizes = [None if part is None else len(part) for part in (content.state, content.body)]
    rest = (content.account, content.etag, content.columns, content.terms, sizes)
    head = to_json(rest, bytes_mode="hex")
    parts = (key, head, content.state or b"", content.body or b"")
    return int.from_bytes(blake2b(b"".join(parts), digest_size=16).digest())


@dataclass(frozen=True, slots=True)
class Inspection:
    """A stored document, what its facts say, and where they stop it though the view does not."""

    key: bytes
    stored: Content | None
    expected: Row | None
    stops: Parked | None

    @property
    def content(self) -> Content | None:
        """What should be stored."""
        return content_of(self.expected) if self.expected else None

    @property
    def what(self) -> tuple[str, ...]:
        """In what it differs; nothing where all is well."""
        found = differing(self.stored, self.content)
        return (*found, "not parked") if self.stops else found


def differing(stored: Content | None, expected: Content | None) -> tuple[str, ...]:
    if stored is None or expected is None:
        if stored == expected:
            return ()
        return ("missing",) if expected else ("should not be there",)
    pairs = zip(Content._fields, stored, expected, strict=True)
    return tuple(name for name, one, other in pairs if one != other)


def look(projection: Projection, log: Book, live: Live, key: bytes) -> Inspection:
    """At the view that is served."""
    tries = 0
    while True:
        try:
            return look_at(projection, log, live(projection), key)
        except ViewMoved:
            tries += 1
            if tries == TRIES:
                raise


def look_at(projection: Projection, log: Book, view: Stored, key: bytes) -> Inspection:
    """A parked document stays as it was before the fact that stopped it, whatever would come of
    that fact today; what it shows of others may have gone on."""
    position, stored, parked = view.moment(key)
    made = _alone(projection, log, key, position)
    if parked and differing(stored, _content(made, key)):
        made = _alone(projection, log, key, parked.position - 1)
    stops = None if parked else made.parked().get(key)
    return Inspection(key, stored, made.rows.get(key), stops)


def heal(projection: Projection, log: Book, view: Stored, key: bytes) -> tuple[str, ...]:
    """Mends a document in one step, and tells in what it differed. The view waits meanwhile, so
    that it is mended however fast the view moves."""
    with view.mending() as (_, mend):
        looked = look_at(projection, log, view, key)
        if looked.what:
            rows = [looked.expected] if looked.expected else []
            mend(rows, [], [looked.stops] if looked.stops else [], [key])
    return looked.what


def _alone(projection: Projection, log: Book, key: bytes, upto: int) -> MemoryView:
    """What the facts up to a position say of one document."""
    if key <= LAST_ENTRY:
        position = int.from_bytes(key)
        found = log.read(position - 1, 1) if 0 < position <= upto else ()
        facts = [r for r in found if r.position == position]
        read = [r for r in facts if unpack(r.fact.originator_id).kind in projection.kinds]
        return folded(projection, log, read, lambda _: None)
    try:
        unpack(UUID(bytes=key))
    except ValueError:  # no fact has such a document
        return MemoryView(projection.columns)
    return fold_alone(projection, log, key, upto)


def _content(made: MemoryView, key: bytes) -> Content | None:
    row = made.rows.get(key)
    return content_of(row) if row else None
