"""The one loop that follows the facts: for the live worker, the rebuild and the tests.

A step reads a page of facts, folds it per document, and writes each document once, in the
transaction that moves the position. So every fact is folded exactly once, also through kill -9.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from structlog import get_logger

from projections.base import (
    FoldFailed,
    Parked,
    Projection,
    RecordedFact,
    Row,
    View,
    ViewUnread,
    WorkingSet,
)
from projections.watching import UNWATCHED, FoldWatch

BATCH = 500

log = get_logger()


class Log(Protocol):
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
        self.position, self.fence = view.standing()
        self._parked = view.parked()

    def step(self, limit: int = BATCH) -> int:
        """Folds up to `limit` facts and returns how many; 0: there are no more.

        `ViewMoved`: another was at the view; this runner is at its end."""
        page = self._log.read(self.position, limit)
        if not page:
            return 0
        began = self._watch.clock()
        try:
            rows = self._fold(page)
            parked, moved_to = self._parked.values(), page[-1].position
            self.view.commit(rows, parked, self.position, moved_to, self.fence)
        except BaseException:
            self._documents.discard()
            raise
        self._documents.settle()
        self.position = moved_to
        self._watch.folded(self.projection.name, page, began)
        return len(page)

    def _fold(self, page: Sequence[RecordedFact]) -> list[Row]:
        """Folds a page; a fact that cannot be folded parks its document and the page starts anew,
        so that nothing half folded is left."""
        suspects: set[bytes] = set()
        while True:
            try:
                return self._try_fold(page, suspects)
            except FoldFailed as failed:
                self._documents.discard()
                parked = failed.parked
                if not parked.position:  # its row fails; at which fact, the next try tells
                    suspects.add(parked.key)
                    continue
                log.exception(
                    "document parked",
                    view=self.projection.name,
                    key=parked.key.hex(),
                    position=parked.position,
                    error=parked.error,
                )
                self._parked[parked.key] = parked

    def _try_fold(self, page: Sequence[RecordedFact], suspects: Iterable[bytes]) -> list[Row]:
        projection, documents = self.projection, self._documents
        keys = [projection.keys(recorded.fact) for recorded in page]
        documents.load(key for of_fact in keys for key in of_fact)
        for recorded, of_fact in zip(page, keys, strict=True):
            if not of_fact or self._is_parked(of_fact, recorded.position):
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

    def _is_parked(self, keys: Iterable[bytes], position: int) -> bool:
        """Whether one of the documents stopped at this position or before."""
        if not self._parked:
            return False
        return any(key in self._parked and self._parked[key].position <= position for key in keys)


class SharedLog:
    """Several runners at one position read and decode a page once."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._page: tuple[int, int, Sequence[RecordedFact]] = (-1, 0, ())

    def read(self, after: int, limit: int) -> Sequence[RecordedFact]:
        if self._page[:2] != (after, limit):
            self._page = (after, limit, self._log.read(after, limit))
        return self._page[2]

    def look_again(self) -> None:
        """Forgets the page: there may be more by now."""
        self._page = (-1, 0, ())

    def position(self) -> int:
        return self._log.position()
