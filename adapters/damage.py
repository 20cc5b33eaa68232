"""The damage of the store that a process has met: for its health and its metrics."""

from collections.abc import Callable

from adapters.views.served_files import ViewDamaged
from application.ports import StoreDamaged


class Damage:
    """Remembers the first damage of what is not derived: it stays until the process starts again
    on a repaired store."""

    def __init__(self) -> None:
        self.first: StoreDamaged | None = None
        self.counted: Callable[[], None] = lambda: None
        """Hears of every answer that damage has prevented."""

    def met(self, error: StoreDamaged) -> None:
        self.counted()
        if self.first is None and not isinstance(error, ViewDamaged):
            self.first = error
