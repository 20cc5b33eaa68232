"""Whether a view belongs to the history that its store holds: a store that was put back from an
older copy, emptied or exchanged has other facts than those that the view was made of.

A view keeps the id of its store, and a mark of the newest fact that it has. It belongs to a store
that has this very fact at this position; one that is further than its store does not.
"""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from structlog import get_logger

from domain.lineage import mark_of
from projections.base import BeingRebuilt, Projection, RecordedFact

RETRY_SECONDS = 0.1

log = get_logger()


class History(Protocol):
    def read(self, after: int, limit: int) -> Sequence[RecordedFact]: ...
    def position(self) -> int: ...


class Lineage(Protocol):
    """A view that says what it was made of."""

    def lineage(self) -> tuple[int, str | None]:
        """Its position, and the mark of the fact there."""


class Views(Protocol):
    def live(self, projection: Projection) -> Lineage: ...
    def store_of(self, projection: Projection) -> str | None:
        """The id of the store that the view was made of; None: it was never noted."""

    def belongs(self, projection: Projection, store: str) -> None:
        """Notes that."""

    def reset(self, projection: Projection) -> None:
        """Serves an empty view instead, which is to be rebuilt."""


class Stranger(NamedTuple):
    """Why a view is not of the store's history."""

    projection: Projection
    reason: str
    lost: bool
    """The store was further, or another: a view of this very store knows facts that it lacks."""


def mark_at(history: History, position: int) -> str | None:
    """The mark of the fact at that position, None where there is none."""
    for recorded in history.read(position - 1, 1) if position > 0 else ():
        if recorded.position == position:
            return mark_of(recorded.fact)
    return None


def stranger(history: History, position: int, mark: str | None) -> str | None:
    """Why what stands at that position with that mark is not of this history; None: it is. Without
    a mark only its position tells."""
    head = history.position()
    if position > head:
        return f"it stands at position {position}, and the store at {head}"
    if mark is not None and position > 0 and mark != mark_at(history, position):
        return f"the store has another fact at its position {position}"
    return None


def strangers(
    projections: Sequence[Projection], history: History, views: Views, store: str
) -> Iterator[Stranger]:
    """The views that are not of the history of the store with that id."""
    for projection in projections:
        made_of = views.store_of(projection)
        if made_of not in (None, store):
            yield Stranger(projection, f"it was made of the store {made_of}", lost=False)
        elif why := stranger(history, *views.live(projection).lineage()):
            yield Stranger(projection, why, lost=True)


def settle(projections: Sequence[Projection], history: History, views: Views, store: str) -> None:
    """Before anything is served: an empty view stands where a stranger was."""
    while found := list(strangers(projections, history, views, store)):
        for projection, why, _ in found:
            try:
                views.reset(projection)
                log.warning("view of another history emptied", view=projection.name, reason=why)
                views.belongs(projection, store)
            except BeingRebuilt:  # another process is at it
                time.sleep(RETRY_SECONDS)
    for projection in projections:
        if views.store_of(projection) != store:
            views.belongs(projection, store)
