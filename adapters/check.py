"""Whether a store and its views are sound: every fault found, in words."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.stores.mapper import UnknownTopic
from domain.ids import Kind, unpack
from projections.base import Projection, RecordedFact
from projections.memory import MemoryView
from projections.runner import Log, Runner

PAGE = 2_000


def faults(book: Stagebook) -> Iterator[str]:
    """Reads every fact and every document once."""
    if unreadable := unreadable_fact(book.store):
        yield unreadable
        return
    yield from store_faults(book.store)
    for projection in PROJECTIONS:
        yield from view_faults(book, projection)


def unreadable_fact(store: Log) -> str | None:
    """The first fact that is not what any version of Stagebook wrote."""
    position, size = 0, PAGE
    while True:
        try:
            page = store.read(position, size)
        except (ValueError, TypeError, UnknownTopic) as error:
            if size == 1:
                return f"the fact behind position {position} cannot be read: {error!r}"
            size = 1
            continue
        if not page:
            return None
        position = page[-1].position


def store_faults(store: Log) -> Iterator[str]:
    """Versions without gaps, times that never run back, positions that only grow."""
    newest: dict[bytes, tuple[int, str]] = {}
    position = 0
    while page := store.read(position, PAGE):
        for recorded in page:
            fact = recorded.fact
            version, time = newest.get(fact.originator_id.bytes, (0, ""))
            where = f"position {recorded.position}: {fact.name} of {fact.originator_id}"
            if fact.originator_version != version + 1:
                yield f"{where} has version {fact.originator_version}, expected {version + 1}"
            if fact.time < time:
                yield f"{where} has a time before its predecessor's"
            newest[fact.originator_id.bytes] = (fact.originator_version, fact.time)
        position = page[-1].position


def view_faults(book: Stagebook, projection: Projection) -> Iterator[str]:
    """The served documents are what the facts say, up to where the view stands."""
    live = book.view(projection)
    for parked in live.parked().values():
        yield f"view {projection.name}: {named(parked.key)} is parked: {parked.error}"
    position, served = live.whole()
    folded = MemoryView(projection.columns)
    runner = Runner(projection, UpTo(book.store, position), folded)
    while runner.step(PAGE):
        pass
    if position > book.store.position():
        yield f"view {projection.name} is ahead of the store, at {position}"
    expected = {row.key: (row.body, row.etag) for row in folded.rows.values()}
    for key in sorted(served.keys() | expected.keys()):
        if served.get(key) != expected.get(key):
            yield f"view {projection.name}: {named(key)} differs from what its facts say"


def named(key: bytes) -> str:
    """A document's key in words."""
    if key[:8] == bytes(8):
        return f"change {int.from_bytes(key)}"

    account, kind, number = unpack(UUID(bytes=key))
    return f"{Kind(kind).name.lower()} {number} of account {account:x}"


class UpTo:
    """A log that ends at a position."""

    def __init__(self, log: Log, end: int) -> None:
        self._log = log
        self._end = end

    def read(self, after: int, limit: int) -> Sequence[RecordedFact]:
        return [r for r in self._log.read(after, limit) if r.position <= self._end]

    def position(self) -> int:
        return self._end
