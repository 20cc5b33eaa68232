"""The aggregates that a writer holds in memory: what it decides on, as new as the log.

What others wrote is folded in before a batch is decided. What the batch changes is changed here
first; if it is not recorded, that is forgotten, and loaded again when it is asked for.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from structlog import get_logger

from application.as_of import load
from application.ports import Recorded, Store
from domain.base import Aggregate, DomainEvent, UnknownFact
from domain.ids import guid, unpack

MAX_FOLLOW = 10_000
PAGE = 1_000

Key = tuple[int, int, int]
"""Account, kind and number: what aggregates are held under, because a UUID is slow to look up."""

log = get_logger()


class Memory:
    """As many as are allowed, those that were used last, and the position that they stand at.

    `met` hears that another process has changed one of them.
    """

    def __init__(self, store: Store, cached: int, met: Callable[[], None]) -> None:
        self._store = store
        self._cached = cached
        self._met = met
        self._held: OrderedDict[Key, Aggregate] = OrderedDict()
        self._touched: dict[Key, Aggregate] = {}
        """Those of this batch."""
        self.era = store.era()
        self.position = store.position()

    def begin(self) -> None:
        """A batch begins."""
        self._touched.clear()

    def aggregate(self, cls: type[Aggregate], key: Key) -> Aggregate:
        """The aggregate in memory, loaded when it is not there."""
        if touched := self._touched.get(key):
            return touched
        held = self._held.get(key)
        if held is None:
            held = load(self._store, cls, guid(*key))
        self.hold(key, held)
        self._held.move_to_end(key)
        return held

    def hold(self, key: Key, aggregate: Aggregate) -> None:
        self._touched[key] = self._held[key] = aggregate

    def take_back(self, loaded: Mapping[Key, Aggregate], pending: Sequence[DomainEvent]) -> None:
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
            self._held.pop(key, None)

    def shrink(self) -> None:
        """Lets go of the longest unused, where there are too many."""
        while len(self._held) > self._cached:
            self._held.popitem(last=False)

    def follow(self, head: int | None = None) -> None:
        """Brings them up to what other processes have written."""
        era = self._store.era()
        head = self._store.position() if head is None else head
        if era != self.era or head - self.position > MAX_FOLLOW:
            self._held.clear()
            self.position, self.era = head, era
        while self.position < head and (page := self._store.read(self.position, PAGE)):
            for recorded in page:
                self._catch_up(recorded)
            self.position = page[-1].position

    def follow_past(self, own: Sequence[int]) -> None:
        """Brings them past this batch. It is recorded: what fails from here on refuses nothing."""
        try:
            self.follow(own[0] - 1)
        except Exception as error:
            log.exception("memory cleared", reason=repr(error))
            self._held.clear()
        self.position = own[-1]

    def _catch_up(self, recorded: Recorded) -> None:
        key = unpack(recorded.fact.originator_id)
        held = self._held.get(key)
        if held is not None and recorded.fact.originator_version == held.version + 1:
            if isinstance(recorded.fact, UnknownFact):
                del self._held[key]  # who loads it again is refused
                return
            held.apply(recorded.fact)
            self._met()
