"""Keeps the generations that were live before within reach, so that a way back takes no longer than
a moment: each is folded on in the background, whenever it is some facts behind."""

from collections.abc import Sequence
from typing import Protocol

from structlog import get_logger

from projections.background import Background
from projections.base import Projection, View, ViewMoved
from projections.runner import Log, Runner

REACH = 1_000
"""Facts that a generation before may be behind."""
BATCH = 250
LOOK_SECONDS = 1.0
BREATH_SECONDS = 0.02
"""Between two batches: what is served goes first."""

log = get_logger()


class ViewsBefore(Protocol):
    """The part of the views that is needed here."""

    def before(self, projection: Projection) -> View | None:
        """The generation before the live one, the same object as long as it is the same one."""

    def leads(self, projection: Projection) -> bool:
        """Whether this process writes the live view: then it is the one to write this, too."""


class Follower(Background):
    """A thread beside the live worker."""

    def __init__(self, projections: Sequence[Projection], store: Log, views: ViewsBefore) -> None:
        super().__init__("before")
        self._projections = projections
        self._store = store
        self._views = views
        self._runners: dict[str, Runner] = {}

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            for projection in self._projections:
                try:
                    self._follow(projection)
                except ViewMoved:  # gone back to: it is live now
                    self._runners.pop(projection.name, None)
                except Exception:  # noqa: BLE001 - dropped meanwhile, or a lost database
                    log.debug("a generation before is not followed", view=projection.name)
                    self._runners.pop(projection.name, None)

    def _follow(self, projection: Projection) -> None:
        view = self._views.before(projection) if self._views.leads(projection) else None
        if view is None:
            self._runners.pop(projection.name, None)
            return
        runner = self._runners.get(projection.name)
        if runner is None or runner.view is not view:
            view.lead()
            runner = self._runners[projection.name] = Runner(projection, self._store, view)
        if self._store.position() - runner.position > REACH:
            while runner.step(BATCH) and not self._stopping.wait(BREATH_SECONDS):
                pass
