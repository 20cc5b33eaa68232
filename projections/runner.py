"""The one loop that follows the facts: for the live worker, the rebuild and the tests.

A step reads a page of facts, folds it per document, and writes each document once, in the
transaction that moves the position. So every fact is folded exactly once, also through kill -9.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol
from uuid import UUID

from structlog import get_logger

from domain.base import UnknownFact
from domain.lineage import mark_of
from projections.base import (
    FoldFailed,
    IndexProjection,
    Parked,
    Projection,
    RecordedFact,
    Row,
    View,
    ViewUnread,
    WorkingSet,
)
from projections.discards import Streams, discarded
from projections.watching import UNWATCHED, FoldWatch

BATCH = 500

log = get_logger()


class Log(Streams, Protocol):
    """The facts behind a position, in the order of commits."""

    def read(self, after: int, limit: int) -> Sequence[RecordedFact]: ...
    def position(self) -> int: ...


class Runner:
    """Folds one projection into one view, a step at a time."""

    def __init__(
        self,
        projection: Projection,
        log: Log,
        view: View,
        cached: int = 5_000,
        watch: FoldWatch = UNWATCHED,
    ) -> None:
        self.projection = projection
        self._watch = watch
        self.view = view
        self._log = log
        self._documents = WorkingSet(view, projection.row, cached)
        self._documents.closed = self._takes_nothing
        self.position, self.fence = view.standing()
        self._parked = view.parked()
        self._discarded = discarded(log, projection.name)
        self._stopped: list[Parked] = []
        """Those that stopped in the batch that is not written yet."""
        self._held: dict[bytes, Parked] = {}
        """Those that stop at a fact that is not known here, while a page is folded."""
        self._unshown: dict[bytes, int] = {}
        """Those that cannot be stored from a position on."""
        self._at = self.position

    def step(self, limit: int = BATCH) -> int:
        """Folds up to `limit` facts and returns how many; 0: there are no more.

        `ViewMoved`: another was at the view; this runner is at its end."""
        page = self._log.read(self.position, limit)
        if not page:
            return 0
        began = self._watch.clock()
        try:
            rows = self._fold(page)
            moved_to, mark = page[-1].position, mark_of(page[-1].fact)
            self.view.commit(rows, self._stopped, self.position, moved_to, self.fence, mark)
        except BaseException:
            self._documents.discard()
            raise
        self._documents.settle()
        self._stopped = []
        self.position = moved_to
        self._watch.folded(self.projection.name, page, began)
        return len(page)

    def _fold(self, page: Sequence[RecordedFact]) -> list[Row]:
        """Folds a page; a fact that cannot be folded parks its document and the page starts anew,
        so that nothing half folded is left."""
        suspects: set[bytes] = set()
        while True:
            try:
                rows = self._try_fold(page, suspects)
            except FoldFailed as failed:
                self._documents.discard()
                parked = failed.parked
                if not parked.position:  # its row fails; at which fact, the next try tells
                    suspects.add(parked.key)
                    continue
                if parked.key in suspects:
                    self._unshown[parked.key] = parked.position
                self._park(parked, log.exception)
            else:
                for held in self._held.values():
                    self._park(held, log.warning)
                return rows

    def _try_fold(self, page: Sequence[RecordedFact], suspects: Iterable[bytes]) -> list[Row]:
        projection, documents = self.projection, self._documents
        keys = self._keys(page)
        self._held = {}
        for recorded, of_fact in zip(page, keys, strict=True):
            self._at = recorded.position
            if not of_fact or any(map(self._is_closed, of_fact)):
                continue
            if isinstance(recorded.fact, UnknownFact):
                self._hold(of_fact, recorded.fact)
                if not isinstance(projection, IndexProjection):
                    continue
            try:
                projection.fold(documents, recorded)
            except ViewUnread:
                raise
            except Exception as error:
                message = f"{recorded.fact.name}: {error!r}"
                raise FoldFailed(Parked(of_fact[0], recorded.position, message)) from error
            for key in suspects:
                documents.check(key, recorded.position)
        return documents.rows()

    def _keys(self, page: Sequence[RecordedFact]) -> list[tuple[bytes, ...]]:
        """The documents of each fact, loaded where there is anything to load."""
        projection = self.projection
        keys = [projection.keys(recorded.fact) for recorded in page]
        if isinstance(projection, IndexProjection):
            return [
                (projection.key_of(recorded),) if of_fact else ()
                for recorded, of_fact in zip(page, keys, strict=True)
            ]
        self._documents.load(key for of_fact in keys for key in of_fact)
        return keys

    def _hold(self, keys: Iterable[bytes], fact: UnknownFact) -> None:
        """Nothing is folded over a fact that is not known here; one that is a document of its own
        is shown by its topic, for whoever reads on must not miss it."""
        for key in keys:
            self._held[key] = Parked(key, self._at, f"{fact.topic}, {fact.why}")

    def _park(self, parked: Parked, report: Callable[..., None]) -> None:
        report(
            "document parked",
            view=self.projection.name,
            key=parked.key.hex(),
            position=parked.position,
            error=parked.error,
        )
        if parked.key not in self._parked:
            self._parked[parked.key] = parked
            self._stopped.append(parked)

    def _is_closed(self, key: bytes) -> bool:
        """Whether a document stopped at this fact or before, or skips it."""
        if not (self._parked or self._held or self._discarded):
            return False
        stopped = self._parked.get(key) or self._held.get(key)
        if stopped is not None and stopped.position <= self._at:
            return True
        return (key, self._at) in self._discarded

    def _takes_nothing(self, key: bytes) -> bool:
        """Whether not even what others show of themselves can be brought up to date in it."""
        if not self._unshown and not self._discarded:
            return False
        return (
            self._unshown.get(key, self._at + 1) <= self._at or (key, self._at) in self._discarded
        )


class SharedLog:
    """Several runners at one position read and decode a page once."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._page: tuple[int, int, Sequence[RecordedFact]] = (-1, 0, ())

    def read(self, after: int, limit: int) -> Sequence[RecordedFact]:
        if self._page[:2] != (after, limit):
            self._page = (after, limit, self._log.read(after, limit))
        return self._page[2]

    def stream(self, aggregate: UUID) -> Sequence[RecordedFact]:
        return self._log.stream(aggregate)

    def look_again(self) -> None:
        """Forgets the page: there may be more by now."""
        self._page = (-1, 0, ())

    def position(self) -> int:
        return self._log.position()
