"""Whether a view belongs to the history that its store holds: a store that was put back from an
older copy, emptied or exchanged has other facts than those that the view was made of.

A view keeps a mark of the newest fact that it has. It belongs to a store that has this very fact at
this position; one that is further than its store does not.
"""

import time
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Protocol

from structlog import get_logger

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
    def reset(self, projection: Projection) -> None:
        """Serves an empty view instead, which is to be rebuilt."""


def mark_of(recorded: RecordedFact) -> str:
    """Tells a fact from any other at its position: the command that it came of has a random id."""
    fact = recorded.fact
    named = f"{fact.originator_id} {fact.originator_version} {fact.time} {fact.causation}"
    return blake2b(named.encode(), digest_size=16).hexdigest()


def mark_at(history: History, position: int) -> str | None:
    """The mark of the fact at that position, None where there is none."""
    for recorded in history.read(position - 1, 1) if position > 0 else ():
        if recorded.position == position:
            return mark_of(recorded)
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
    projections: Sequence[Projection], history: History, views: Views
) -> Iterator[tuple[Projection, str]]:
    """The views that are not of this history, and why."""
    for projection in projections:
        if why := stranger(history, *views.live(projection).lineage()):
            yield projection, why


def settle(projections: Sequence[Projection], history: History, views: Views) -> None:
    """Before anything is served: an empty view stands where a stranger was."""
    while found := list(strangers(projections, history, views)):
        for projection, why in found:
            try:
                views.reset(projection)
                log.warning("view of another history emptied", view=projection.name, reason=why)
            except BeingRebuilt:  # another process is at it
                time.sleep(RETRY_SECONDS)
