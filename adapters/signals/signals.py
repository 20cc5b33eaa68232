"""The port of the signals between processes."""

from collections.abc import Callable
from typing import Protocol

COMMITTED, AWAITED = b"c", b"a"
COMMIT_SECONDS = 0.002
"""How often commits are told of at most: a worker that has just been woken finds them as well."""


class Signals(Protocol):
    """Both are told without waiting, and never fail."""

    def committed(self) -> None:
        """Something was committed."""

    def awaited(self) -> None:
        """A reader waits for what was committed."""

    def listen(self, committed: Callable[[], None], awaited: Callable[[], None]) -> None:
        """Calls these from a thread of its own, until it is closed."""

    def close(self) -> None:
        """Tells and hears nothing any more."""


def hear(told: bytes, committed: Callable[[], None], awaited: Callable[[], None]) -> None:
    """Calls what was told, once."""
    if AWAITED in told:
        awaited()
    elif COMMITTED in told:
        committed()
