"""The one loop: for the live worker, the rebuild and the tests.

A step reads a page of facts, folds it per document, and writes each document once, in the
transaction that moves the position. So every fact is folded exactly once, also through kill -9.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

from structlog import get_logger

from projections.base import (
    BeingRebuilt,
    Documents,
    FoldFailed,
    Parked,
    Projection,
    RecordedFact,
    Row,
    View,
    ViewUnread,
)

BATCH = 500
REBUILD_BATCH = 10_000
"""Facts a step of a rebuild: the more of them, the fewer times a document is written."""
LOOK_AGAIN_SECONDS = 0.1

log = get_logger()


class Log(Protocol):
    """The facts behind a position, in the order of commits."""

    def read(self, after: int, limit: int) -> Sequence[RecordedFact]: ...
    def position(self) -> int: ...


class Views(Protocol):
    """Where generations of views live; readers are served the live one."""

    def live(self, projection: Projection) -> View: ...
    def up_to_date(self, projection: Projection) -> bool:
        """Whether the live generation was made by this version of the projection."""

    def rebuilding(self, projection: Projection) -> AbstractContextManager[None]:
        """Held by one rebuild at a time, `BeingRebuilt` for the others; free when its process
        dies. What an earlier rebuild left behind is cleaned up."""

    def build(self, projection: Projection) -> View:
        """A new, empty generation beside the live one."""

    def switching(self, projection: Projection, built: View) -> AbstractContextManager[None]:
        """Holds the live view still; at its end readers are served the built one."""


class Runner:
    """Folds one projection into one view, a step at a time."""

    def __init__(self, projection: Projection, log: Log, view: View, cached: int = 5_000) -> None:
        self.projection = projection
        self.view = view
        self._log = log
        self._documents = Documents(view, projection.row, cached)
        self.position, self.fence = view.standing()
        self._parked = view.parked()

    def step(self, limit: int = BATCH) -> int:
        """Folds up to `limit` facts and returns how many; 0: there are no more.

        `ViewMoved`: another was at the view; this runner is at its end."""
        page = self._log.read(self.position, limit)
        if not page:
            return 0
        try:
            rows = self._fold(page)
            parked, moved_to = self._parked.values(), page[-1].position
            self.view.commit(rows, parked, self.position, moved_to, self.fence)
        except BaseException:
            self._documents.discard()
            raise
        self._documents.settle()
        self.position = moved_to
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


def rebuild(
    projection: Projection, log: Log, views: Views, progress: Callable[[int, int], None]
) -> None:
    """Rebuilds one view. `progress` hears of position and head after every step."""
    rebuild_together([projection], log, views, lambda _, position, head: progress(position, head))


def rebuild_together(
    projections: Sequence[Projection],
    log: Log,
    views: Views,
    progress: Callable[[str, int, int], None],
) -> None:
    """Builds new generations beside the live ones, catches up, and switches each in one step.

    The facts are read and decoded once for all of them. `progress` hears of name, position and
    head after every step. `BeingRebuilt`: another rebuild is at one of them.
    """
    shared = SharedLog(log)
    with ExitStack() as held:
        for projection in projections:
            held.enter_context(views.rebuilding(projection))
        built = [views.build(projection) for projection in projections]
        runners = [
            Runner(projection, shared, view, cached=REBUILD_BATCH // 2)
            for projection, view in zip(projections, built, strict=True)
        ]
        behind = True
        while behind:
            behind = False
            shared.look_again()
            for runner in runners:
                if runner.step(REBUILD_BATCH):
                    behind = True
                    progress(runner.projection.name, runner.position, log.position())
        for runner, view in zip(runners, built, strict=True):
            with views.switching(runner.projection, view):
                shared.look_again()
                while runner.step(REBUILD_BATCH):
                    pass
            progress(runner.projection.name, runner.position, runner.position)


def bring_up_to_date(projection: Projection, log: Log, views: Views) -> None:
    """Rebuilds a view that an older version of its projection made. Of the processes that start
    together one does, and the others wait for it."""
    while not views.up_to_date(projection):
        try:
            rebuild(projection, log, views, lambda _position, _head: None)
        except BeingRebuilt:
            time.sleep(LOOK_AGAIN_SECONDS)


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
