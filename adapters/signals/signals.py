"""The port of the signals between processes."""

import select
from collections.abc import Callable
from typing import Protocol

COMMITTED, END = "", "\n"
"""What is told: nothing more than that, or the name of the view that is waited for."""
COMMIT_SECONDS = 0.002
"""How often commits are told of at most: a worker that has just been woken finds them as well."""


class Signals(Protocol):
    """Both are told without waiting, and never fail."""

    def committed(self) -> None:
        """Something was committed."""

    def awaited(self, view: str) -> None:
        """A reader waits until that view has what was committed."""

    def listen(self, committed: Callable[[], None], awaited: Callable[[str], None]) -> None:
        """Calls these from a thread of its own, until it is closed."""

    def close(self) -> None:
        """Tells and hears nothing any more."""


def hear(told: bytes, committed: Callable[[], None], awaited: Callable[[str], None]) -> None:
    """Calls what was told, each thing once; every one of them ends with `END`."""
    for name in {*told.decode(errors="replace").split(END)[:-1]}:
        if name == COMMITTED:
            committed()
        else:
            awaited(name)


def readable(*files: int) -> list[int]:
    """Waits until some of these files can be read, whatever their numbers are: `select` takes none
    from 1,024 on, and a server has one for each connection."""
    waiting = select.poll()
    for file in files:
        waiting.register(file, select.POLLIN)
    return [file for file, _ in waiting.poll()]
