"""Who watches the writer: metrics and traces, or nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from application.unit_of_work import PendingCommand


@dataclass(slots=True)
class Timing:
    """Where the time of a batch went, in seconds by the watch. What is neither waiting nor storing
    is deciding, with the loading that it needs."""

    began: float = 0.0
    ran: float = 0.0
    """Processor time of the writer's thread when the batch began."""
    waiting: float = 0.0
    """For another process that writes the same things."""
    storing: float = 0.0


class CommitWatch(Protocol):
    """Hears of every batch, after it was stored or refused and before it is answered."""

    def clock(self) -> float:
        """The time by the watch, in seconds."""

    def begun(self) -> Timing:
        """A batch begins now, on this thread."""

    def committed(self, batch: Sequence[PendingCommand], timing: Timing) -> None: ...

    def cached(self, weight: int, evicted: int) -> None:
        """The bytes of the aggregates in memory, and how many were given back since the start."""


class Unwatched:
    def clock(self) -> float:
        return 0.0

    def begun(self) -> Timing:
        return Timing()

    def committed(self, batch: Sequence[PendingCommand], timing: Timing) -> None: ...

    def cached(self, weight: int, evicted: int) -> None: ...


UNWATCHED = Unwatched()
