"""Stores in trouble: real ones in memory, which do what a test tells them before a call."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from adapters.stores.memory import MemoryStore
from application.ports import Recorded


def nothing() -> None:
    """No trouble."""


class TroubledStore(MemoryStore):
    """`before_append` and `before_read` may raise, or let another process write first."""

    def __init__(self) -> None:
        super().__init__()
        self.before_append: Callable[[], None] = nothing
        self.before_read: Callable[[], None] = nothing
        self.newest_timeline = 0
        self.streamed = 0
        """How many facts were read of single aggregates."""

    def timeline(self) -> int:
        return self.newest_timeline

    def append(self, *batch: Any, **more: Any) -> Sequence[int]:
        self.before_append()
        return super().append(*batch, **more)

    def read(self, after: int, limit: int) -> list[Recorded]:
        self.before_read()
        return super().read(after, limit)

    def stream(self, aggregate: UUID, **which: Any) -> list[Recorded]:
        found = super().stream(aggregate, **which)
        self.streamed += len(found)
        return found
