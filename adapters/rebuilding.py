"""Rebuilds by several processes: each builds slices of its own, at its share of a rate.

The processes are nicer than a server: whoever answers requests goes first. They end with the
process that started them, however that ends; what they had not finished is built again.
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from structlog import get_logger

from adapters.bootstrap import NAMED, PROJECTIONS, Stagebook
from adapters.processes import opened, pool
from adapters.settings import Settings
from projections.background import Background
from projections.base import Projection, RecordedFact
from projections.bulk import BulkFolder, Facts, Slice, build
from projections.rebuilding import (
    Build,
    Builder,
    Compare,
    NewView,
    Part,
    Progress,
    bring_up_to_date,
    here,
    rebuild_together,
)

Place = tuple[str, int]
"""A view and the generation that is built."""

log = get_logger()

SMALL = 20_000
"""Facts that are built sooner than processes are started."""
NICENESS = 10
RETRY_SECONDS, LOOK_SECONDS = 1.0, 5.0
AT_A_TIME = 50
"""Facts between two looks at the clock."""


def rebuild(
    book: Stagebook,
    projections: Sequence[Projection],
    *,
    workers: int,
    rate: int,
    progress: Progress = lambda *_: None,
    compare: Compare | None = None,
) -> None:
    """Rebuilds views with so many processes, at so many facts a second in all; 0: as many as
    there come."""
    with building(book, workers, rate) as builder:
        rebuild_together(projections, book.store, book.views, progress, builder, compare)


@contextmanager
def building(book: Stagebook, workers: int, rate: int) -> Iterator[Builder]:
    """Who builds: this process where there is little, processes of their own otherwise."""
    alone = workers == 1 or book.store.position() < SMALL
    book.views.runs.workers = 1 if alone else workers
    if alone:
        facts = RateLimitedLog(book.store, rate)
        yield lambda built: here(built, facts)
        return

    processes = pool(workers, begin, book.settings, rate / workers)
    try:

        def in_the_pool(built: Sequence[NewView]) -> Build:
            places = [(view.projection.name, view.generation) for view in built]
            return partial(_built_by, processes, places, 2 * workers)

        yield in_the_pool
    finally:
        processes.shutdown(cancel_futures=True)


class Renewal(Background):
    """Rebuilds, beside the live worker, what another version of a projection has made: the old
    generation is served meanwhile. As fast as it can, because it stands still. Then it looks
    now and then whether a view is damaged, and rebuilds that."""

    def __init__(self, book: Stagebook, workers: int) -> None:
        super().__init__("renewal")
        self._book, self._workers = book, workers

    def _run(self) -> None:
        views, due = self._book.views, [*PROJECTIONS]
        while not self._stopping.is_set():
            try:
                for projection in [*due]:
                    self._renew(projection)
                    due.remove(projection)
                due = [projection for projection in PROJECTIONS if views.damage(projection)]
            except InterruptedError:
                return
            except Exception:  # a lost database passes
                log.exception("views are not renewed")
                self._stopping.wait(RETRY_SECONDS)
            else:
                if not due:
                    self._stopping.wait(LOOK_SECONDS)

    def _renew(self, projection: Projection) -> None:
        views, store = self._book.views, self._book.store
        if not views.up_to_date(projection):
            log.info("view is renewed", view=projection.name)
            with building(self._book, self._workers, 0) as builder:
                bring_up_to_date(projection, store, views, builder, self._go_on)

    def _go_on(self, *_: object) -> None:
        if self._stopping.is_set():
            raise InterruptedError


def _built_by(
    processes: ProcessPoolExecutor, places: Sequence[Place], ahead: int, parts: Sequence[Part]
) -> Iterator[Part]:
    running: dict[Future[None], Part] = {}
    for part in parts:
        wanting = [places[view] for view in part.views]
        running[processes.submit(build_slice, part.slice, wanting, part.upto)] = part
        if len(running) > ahead:
            yield from _finished(running)
    while running:
        yield from _finished(running)


def _finished(running: dict[Future[None], Part]) -> Iterator[Part]:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        future.result()
        yield running.pop(future)


# -- in a process of its own


@dataclass(slots=True)
class WorkerContext:
    """What such a process keeps from one slice to the next."""

    book: Stagebook
    facts: "RateLimitedLog"
    folders: dict[Place, BulkFolder] = field(default_factory=dict)

    def folder(self, place: Place) -> BulkFolder:
        if place not in self.folders:
            name, generation = place
            projection = NAMED[name]
            view = self.book.views.building(projection, generation)
            self.folders[place] = BulkFolder(projection, view, self.facts)
        return self.folders[place]


_benches: list[WorkerContext] = []
"""The one of this process."""


def begin(settings: Settings, rate: float) -> None:
    os.nice(NICENESS)
    book = opened(settings)
    _benches.append(WorkerContext(book, RateLimitedLog(book.store, rate)))


def build_slice(one: Slice, wanting: Sequence[Place], upto: int) -> None:
    (bench,) = _benches
    build(one, [bench.folder(place) for place in wanting], bench.facts, upto)


class RateLimitedLog:
    """Facts by aggregate, no more than so many a second."""

    def __init__(self, facts: Facts, rate: float) -> None:
        self._facts = facts
        self._pause = AT_A_TIME / rate if rate else 0.0
        self._next = 0.0
        self.spans, self.stream = facts.spans, facts.stream

    def between(self, first: UUID, last: UUID, upto: int) -> Iterable[RecordedFact]:
        facts = self._facts.between(first, last, upto)
        return self._slowly(facts) if self._pause else facts

    def _slowly(self, facts: Iterable[RecordedFact]) -> Iterator[RecordedFact]:
        for count, recorded in enumerate(facts, 1):
            yield recorded
            if not count % AT_A_TIME:
                now = time.monotonic()
                self._next = max(self._next, now - self._pause) + self._pause
                time.sleep(max(0.0, self._next - now))
