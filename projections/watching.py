"""Who watches the views being kept: metrics and traces, or nobody."""

from collections.abc import Sequence
from typing import Protocol

from projections.base import RecordedFact


class FoldWatch(Protocol):
    """Hears of every batch that a view has taken."""

    def clock(self) -> float:
        """The time by the watch, in seconds."""

    def folded(self, view: str, page: Sequence[RecordedFact], began: float) -> None: ...


class Unwatched:
    def clock(self) -> float:
        return 0.0

    def folded(self, view: str, page: Sequence[RecordedFact], began: float) -> None: ...


UNWATCHED = Unwatched()
