"""Whether a view belongs to the history that its store holds: a store that was put back from an
older copy, emptied or exchanged has other facts than those that the view was made of.

A view keeps the id and the epoch of its store, and a mark of the newest fact that it has. It
belongs to a store that has this very fact at this position. A view that is further than its store,
or of a later epoch, does not. The outbox of webhooks is looked at in the same way.
"""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from structlog import get_logger

from domain.lineage import Identity, mark_of
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
    def store_of(self, projection: Projection) -> Identity | None:
        """The store that the view was made of; None: it was never noted."""

    def belongs(self, projection: Projection, store: Identity) -> None:
        """Notes that."""

    def reset(self, projection: Projection) -> None:
        """Serves an empty view instead, which is to be rebuilt."""


class Foreign(NamedTuple):
    """Why something is not of the store's history."""

    reason: str
    lost: bool
    """It was made of this very store, and knows facts that the store lacks."""


class Stranger(NamedTuple):
    """Why a view is not of the store's history."""

    projection: Projection
    reason: str
    lost: bool
    """As in `Foreign`."""


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
        return f"its position is {position}, and the newest of the store is {head}"
    if mark is not None and position > 0 and mark != mark_at(history, position):
        return f"the store has another fact at its position {position}"
    return None


def foreign(
    history: History, store: Identity, made_of: Identity | None, position: int, mark: str | None
) -> Foreign | None:
    """Why what was made of a store, up to that position with that mark, is not of this one; None:
    it is."""
    if made_of and made_of.id != store.id:
        return Foreign(f"it was made of the store {made_of.id}", lost=False)
    if made_of and made_of.epoch > store.epoch:
        why = f"it was made in the epoch {made_of.epoch}, and the store is in {store.epoch}"
        return Foreign(why, lost=True)
    why_not = stranger(history, position, mark)
    return Foreign(why_not, lost=True) if why_not else None


def strangers(
    projections: Sequence[Projection], history: History, views: Views, store: Identity
) -> Iterator[Stranger]:
    """The views that are not of the history of that store."""
    for projection in projections:
        lineage = views.live(projection).lineage()
        if found := foreign(history, store, views.store_of(projection), *lineage):
            yield Stranger(projection, *found)


def settle(
    projections: Sequence[Projection], history: History, views: Views, store: Identity
) -> None:
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
