"""The live worker: a thread that keeps the served views up to date with the store."""

import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

from structlog import get_logger

from projections.base import Projection, View
from projections.runner import BATCH, Log, Runner, SharedLog

IDLE_SECONDS = 0.005
"""How often another process's commits are looked for; this one's are signalled."""
GATHER_SECONDS = 0.01
"""How long commits are let come together after a batch: four views commit less often for it."""
RETRY_SECONDS = 1.0

log = get_logger()


class LiveViews(Protocol):
    """The part of the views that the worker needs."""

    def live(self, projection: Projection) -> View: ...
    def leading(self, projection: Projection) -> AbstractContextManager[bool]:
        """Whether this process is the one that writes the live view; held while inside."""


class LiveWorker:
    """Folds every commit into the live views, one process at a time per view."""

    def __init__(self, projections: Sequence[Projection], store: Log, views: LiveViews) -> None:
        self._projections = projections
        self._store = store
        self._views = views
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self.error: str | None = None
        """Why the views stand still, None while they move."""
        self._thread = threading.Thread(target=self._run, name="live-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something was committed."""
        self._wake.set()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with ExitStack() as led:
                    self._lead(led)
            except Exception as error:  # a full disk or a lost database passes; go on then
                self.error = repr(error)
                log.exception("views stand still", error=self.error)
                self._stopping.wait(RETRY_SECONDS)

    def _lead(self, led: ExitStack) -> None:
        """Keeps the views that this process leads, and takes over those that are let go of."""
        shared = SharedLog(self._store)
        runners: dict[str, Runner] = {}
        look_again = 0.0
        while not self._stopping.is_set():
            self._wake.clear()
            shared.look_again()
            if len(runners) < len(self._projections) and time.monotonic() >= look_again:
                for projection in self._projections:
                    if projection.name not in runners and self._take(led, projection):
                        view = self._views.live(projection)
                        runners[projection.name] = Runner(projection, shared, view)
                look_again = time.monotonic() + RETRY_SECONDS
            folded = 0
            for runner in runners.values():
                folded += runner.step()
                live = self._views.live(runner.projection)
                if runner.view is not live:
                    runner.follow(live)
            self.error = None
            if 0 < folded < BATCH * len(runners):  # caught up: the next batch may grow a little
                self._stopping.wait(GATHER_SECONDS)
            elif not folded:
                self._wake.wait(IDLE_SECONDS if runners else RETRY_SECONDS)

    def _take(self, led: ExitStack, projection: Projection) -> bool:
        with ExitStack() as attempt:
            if attempt.enter_context(self._views.leading(projection)):
                led.enter_context(attempt.pop_all())
                return True
        return False
