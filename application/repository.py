"""The aggregates that a writer holds in memory: what it decides on, as new as the log.

What others wrote is folded in before a batch is decided. What the batch changes is changed here
first; if it is not recorded, that is forgotten, and loaded again when it is asked for.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from structlog import get_logger

from application.aggregate_cache import AggregateCache, Key
from application.as_of import load, load_many
from application.ports import Recorded, Store, StoreReplaced
from domain.base import Aggregate, DomainEvent, UnknownFact
from domain.ids import guid, unpack
from domain.lineage import mark_of

MAX_FOLLOW = 10_000
PAGE = 1_000

log = get_logger()


class AggregateRepository:
    """As many as weigh no more than is allowed, and the position that they stand at.

    `met` hears that another process has changed one of them.
    """

    def __init__(self, store: Store, cached_bytes: int, met: Callable[[], None]) -> None:
        self._store = store
        self._met = met
        self.cache = AggregateCache(cached_bytes)
        self._touched: dict[Key, Aggregate] = {}
        """Those of this batch."""
        self.timeline = store.timeline()
        self.position = store.position()
        self._newest: DomainEvent | None = None
        """The fact at that position, where it is known."""

    @property
    def touched(self) -> Collection[Key]:
        """Those that this batch has used."""
        return self._touched.keys()

    def begin(self) -> None:
        """A batch begins."""
        self._touched.clear()

    def aggregate(self, cls: type[Aggregate], key: Key) -> Aggregate:
        """The aggregate in memory, loaded when it is not there."""
        if touched := self._touched.get(key):
            return touched
        held = self.cache.get(key)
        if held is None:
            held = load(self._store, cls, guid(*key))
        self.hold(key, held)
        return held

    def fetch(self, cls: type[Aggregate], keys: Sequence[Key]) -> None:
        """Loads those together that are not there."""
        missing = [k for k in keys if k not in self._touched and self.cache.get(k) is None]
        if len(missing) > 1:
            for aggregate in load_many(self._store, cls, [guid(*key) for key in missing]):
                self.hold(unpack(aggregate.id), aggregate)

    def hold(self, key: Key, aggregate: Aggregate) -> None:
        self._touched[key] = aggregate
        self.cache.use(key, aggregate)

    def rollback(self, loaded: Mapping[Key, Aggregate], pending: Sequence[DomainEvent]) -> None:
        """Undoes what a refused job triggered: back to what the batch began with, whatever another
        process has written since, plus this batch's facts."""
        for key, aggregate in loaded.items():
            if aggregate.pending:
                own = [fact for fact in pending if fact.originator_id == aggregate.id]
                began = aggregate.version - len(aggregate.pending) - len(own)
                fresh = load(self._store, type(aggregate), aggregate.id, began)
                for fact in own:
                    fresh.apply(fact)
                self.hold(key, fresh)

    def forget(self) -> None:
        """Nothing was recorded, so what this batch did to the held aggregates is not so."""
        for key in self._touched:
            self.cache.drop(key)

    def grow(self, facts: Sequence[DomainEvent]) -> None:
        """These were recorded of aggregates that are held."""
        for fact in facts:
            self.cache.grow(unpack(fact.originator_id), fact)

    def follow(self, head: int | None = None) -> None:
        """Brings them up to what other processes have written."""
        timeline = self._store.timeline()
        if head is None:
            head = self._store.position()
            if head < self.position or (timeline != self.timeline and not self._has_newest()):
                message = f"its newest position is {head}, it had facts up to {self.position}"
                raise StoreReplaced(message)
        if timeline != self.timeline or head - self.position > MAX_FOLLOW:
            self.cache.clear()
            self.position, self.timeline, self._newest = head, timeline, None
        while self.position < head and (page := self._store.read(self.position, PAGE)):
            for recorded in page:
                self._catch_up(recorded)
            self.position, self._newest = page[-1].position, page[-1].fact

    def _has_newest(self) -> bool:
        """Whether the store, of which another server took over, has the newest fact known here."""
        if self._newest is None:
            return True
        there = self._store.at([self.position])
        return [mark_of(recorded.fact) for recorded in there] == [mark_of(self._newest)]

    def follow_past(self, own: Sequence[int], newest: DomainEvent) -> None:
        """Brings them past this batch. It is recorded: what fails from here on refuses nothing."""
        try:
            self.follow(own[0] - 1)
        except Exception as error:
            log.exception("memory cleared", reason=repr(error))
            self.cache.clear()
        self.position, self._newest = own[-1], newest

    def _catch_up(self, recorded: Recorded) -> None:
        key = unpack(recorded.fact.originator_id)
        held = self.cache.get(key)
        if held is not None and recorded.fact.originator_version == held.version + 1:
            if isinstance(recorded.fact, UnknownFact):
                self.cache.drop(key)  # who loads it again is refused
                return
            held.apply(recorded.fact)
            self.cache.grow(key, recorded.fact)
            self._met()
