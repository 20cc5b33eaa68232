"""The live worker: a thread that keeps the served views up to date with the store."""

import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Protocol

from structlog import get_logger

from projections.base import Projection, ViewMoved
from projections.bulk import Book
from projections.inspection import Mendable
from projections.parking import release
from projections.runner import BATCH, Log, Runner, SharedLog
from projections.watching import UNWATCHED, FoldWatch

IDLE_SECONDS, SILENT_SECONDS = 0.005, 0.05
"""How often commits are looked for that nothing was heard of, and how often when there were none
for a second: what is signalled may be lost."""
GATHER_SECONDS = 0.01
"""How long commits are let come together after a batch, unless a reader waits: the views commit
less often for it."""
RETRY_SECONDS = 1.0
BEAT_SECONDS = 1.0

log = get_logger()


class LiveViews(Protocol):
    """The part of the views that the worker needs."""

    def live(self, projection: Projection) -> Mendable: ...
    def leading(self, projection: Projection) -> AbstractContextManager[bool]:
        """Whether this process is the one that writes the live view; held while inside."""

    def leads(self, projection: Projection) -> bool:
        """Whether it still is."""

    def beat(self, projections: Sequence[Projection]) -> None:
        """Says that the worker of these is at work."""

    def up_to_date(self, projection: Projection) -> bool:
        """Whether the live generation was made by this version of the projection."""


class LeasedView:
    """A view that this process leads, until it is let go of."""

    def __init__(self, runner: Runner, lock: ExitStack) -> None:
        self.projection, self.runner = runner.projection, runner
        self.let_go = lock.close


class LiveWorker:
    """Folds every commit into the live views, one process at a time per view."""

    def __init__(
        self,
        projections: Sequence[Projection],
        store: Book,
        views: LiveViews,
        watch: FoldWatch = UNWATCHED,
    ) -> None:
        self._projections = projections
        self._store = store
        self._views = views
        self._watch = watch
        self._wake, self._hurry = threading.Event(), threading.Event()
        self._awaited: set[str] = set()
        self._stopping = threading.Event()
        self._turned = time.monotonic()
        self.error: str | None = None
        """Why the views stand still, None while they move."""
        self._thread = threading.Thread(target=self._run, name="live-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something was committed."""
        self._wake.set()

    def hurry(self, view: str) -> None:
        """A reader waits until that view has what was committed."""
        self._awaited.add(view)
        self._hurry.set()
        self._wake.set()

    def stop(self) -> None:
        self._stopping.set()
        self._hurry.set()
        self._wake.set()
        self._thread.join()

    @property
    def silent_seconds(self) -> float:
        """Since it last went round: what waits for something else goes round all the same."""
        return time.monotonic() - self._turned

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        log.info("worker started", views=[projection.name for projection in self._projections])
        while not self._stopping.is_set():
            self._turned = time.monotonic()
            led: dict[str, LeasedView] = {}
            try:
                self._lead(led)
            except Exception as error:  # a full disk or a lost database passes; go on then
                self.error = repr(error)
                log.exception("views stand still", error=self.error)
                self._stopping.wait(RETRY_SECONDS)
            finally:
                for one in led.values():
                    one.let_go()

    def _lead(self, led: dict[str, LeasedView]) -> None:
        """Keeps the views that this process leads, and takes over those that are let go of."""
        shared = SharedLog(self._store)
        look_again, beat_again = 0.0, time.monotonic()
        moved = time.monotonic()
        while not self._stopping.is_set():
            self._turned = time.monotonic()
            self._wake.clear()
            self._hurry.clear()
            awaited, self._awaited = self._awaited, set()
            shared.look_again()
            if len(led) < len(self._projections) and time.monotonic() >= look_again:
                look_again = time.monotonic() + RETRY_SECONDS
                if not self._take_over(led, shared):
                    look_again = 0.0
            folded = 0
            for name in sorted(led, key=lambda name: name not in awaited):  # others can wait
                one = led[name]
                try:
                    folded += self._fold(one)
                except ViewMoved:  # switched, mended or led by another: who leads starts afresh
                    log.info("view moved", view=name)
                    led.pop(name).let_go()
                    look_again = 0.0
            self.error = None
            if time.monotonic() >= beat_again:
                beat_again = time.monotonic() + BEAT_SECONDS
                self._beat(led)
            if 0 < folded < BATCH * len(led):  # caught up: the next batch may grow a little
                self._hurry.wait(GATHER_SECONDS)
            if folded:
                moved = time.monotonic()
            else:
                silence = (time.monotonic() - moved) * SILENT_SECONDS
                soon = min(max(silence, IDLE_SECONDS), SILENT_SECONDS)
                self._wake.wait(soon if led else max(soon, look_again - time.monotonic()))

    def _fold(self, one: LeasedView) -> int:
        if self._views.live(one.projection) is not one.runner.view:
            raise ViewMoved
        return one.runner.step()

    def _beat(self, led: dict[str, LeasedView]) -> None:
        """A sign of life of the views that move or idle, without those whose lock is lost."""
        for name, one in list(led.items()):
            if not self._views.leads(one.projection):
                log.warning("view lost", view=name)
                led.pop(name).let_go()
        self._views.beat([one.projection for one in led.values()])

    def _take_over(self, led: dict[str, LeasedView], facts: Log) -> bool:
        """Leads the views that nobody leads; False: one was switched at this moment."""
        try:
            for projection in self._projections:
                if projection.name not in led:
                    self._take(led, projection, facts)
        except ViewMoved:
            return False
        return True

    def _take(self, led: dict[str, LeasedView], projection: Projection, facts: Log) -> None:
        """Leads a view unless another does, or another version of its projection made it."""
        with ExitStack() as attempt:
            is_free = attempt.enter_context(self._views.leading(projection))
            if is_free and self._views.up_to_date(projection):  # a damaged one is not
                view = self._views.live(projection)
                self._release(projection)
                fence = view.lead()
                runner = Runner(projection, facts, view, watch=self._watch)
                if runner.fence == fence and self._views.leads(projection):
                    log.info("view led", view=projection.name, position=runner.position)
                    led[projection.name] = LeasedView(runner, attempt.pop_all())

    def _release(self, projection: Projection) -> None:
        """What waits for nothing any more goes on; should that fail, it waits on."""
        try:
            release(projection, self._store, partial(self._views.live, projection))
        except ViewMoved:
            raise
        except Exception:  # one view's parked documents hold back no view
            log.exception("parked documents wait on", view=projection.name)
