"""Who watches the writer: metrics and traces, or nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from application.group_commit import Job


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a command came from: what it is called, the request it was part of, and the span that
    its caller is in, as W3C's `traceparent` says it."""

    command: str
    request: str | None = None
    parent: str | None = None


UNKNOWN = Origin("other")


class CommitWatch(Protocol):
    """Hears of every batch, after it was stored or refused and before it is answered."""

    def clock(self) -> float:
        """The time by the watch, in seconds."""

    def committed(self, batch: Sequence["Job"], began: float) -> None: ...

    def cached(self, weight: int, evicted: int) -> None:
        """The bytes of the aggregates in memory, and how many were given back since the start."""


class Unwatched:
    def clock(self) -> float:
        return 0.0

    def committed(self, batch: Sequence["Job"], began: float) -> None: ...

    def cached(self, weight: int, evicted: int) -> None: ...


UNWATCHED = Unwatched()
