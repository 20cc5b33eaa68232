"""Rebuilds that were asked for over HTTP, each in a process of its own, started by the worker.

A wish is kept until its rebuild has switched: whatever is killed meanwhile, the next worker that
looks starts it again, and it goes on where it was. One process at a time is at a view, so it does
not matter how many workers look.
"""

import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from structlog import get_logger

from adapters.bootstrap import PROJECTIONS, Stagebook
from projections.background import Background
from projections.base import Projection

LOOK_SECONDS = 1.0
LONGEST_PAUSE = 60.0
"""Seconds until a rebuild that fails again and again is tried again, at most."""
STOP_SECONDS = 3

log = get_logger()


@dataclass(slots=True)
class Attempt:
    """A rebuild that this process has started."""

    process: subprocess.Popen[bytes]
    pause: float
    """Until the next one, should this one fail."""
    again: float = 0.0


class Wishes(Background):
    """Looks for wishes, as long as the worker lives."""

    def __init__(self, book: Stagebook) -> None:
        super().__init__("asked-rebuilds")
        self._book = book
        self._attempts: dict[str, Attempt] = {}

    def stop(self) -> None:
        super().stop()
        for attempt in self._attempts.values():
            attempt.process.terminate()
        for attempt in self._attempts.values():
            try:
                attempt.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                attempt.process.kill()
                attempt.process.wait()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            for projection in PROJECTIONS:
                try:
                    self._look(projection)
                except Exception:  # a lost database passes
                    log.exception("asked rebuilds are not looked at")

    def _look(self, projection: Projection) -> None:
        before = self._attempts.get(projection.name)
        if before and not self._is_over(before):
            return
        if self._book.views.runs.wish(projection) is None:
            self._attempts.pop(projection.name, None)
        elif (before is None or time.monotonic() >= before.again) and not (
            self._book.views.is_rebuilt(projection)
        ):
            pause = min(2 * before.pause, LONGEST_PAUSE) if before else LOOK_SECONDS
            with suppress(OSError):  # no memory now; it is tried again
                self._attempts[projection.name] = Attempt(start(projection.name), pause)

    def _is_over(self, attempt: Attempt) -> bool:
        code = attempt.process.poll()
        if code and not attempt.again:
            attempt.again = time.monotonic() + attempt.pause
            log.error("a rebuild has failed and is tried again", code=code, seconds=attempt.pause)
        return code is not None


def start(name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "adapters.cli", "--json-log", "rebuild", name]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program
