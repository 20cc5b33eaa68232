"""Rebuilds that were asked for over HTTP, each in a process of its own, started by the worker.

A request is kept until its rebuild has switched: whatever is killed meanwhile, the next worker that
looks starts it again, and it goes on where it was. One process at a time is at a view, and so many
at a store as a setting says, whoever asked first at the head: it does not matter how many workers
look.
"""

import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from structlog import get_logger

from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.views.runs import NO_TURN
from projections.background import Background

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


class RebuildRequests(Background):
    """Looks for requests, as long as the worker lives."""

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
            try:
                self._look()
            except Exception:  # a lost database passes
                log.exception("asked rebuilds are not looked at")

    def _look(self) -> None:
        """Starts what is next in line. Other workers may be at it, too: the process that rebuilds
        takes the turn, and comes back without having begun where there is none."""
        views = self._book.views
        line = views.runs.line(PROJECTIONS)
        at_work = {name for name, one in self._attempts.items() if not self._is_over(one)}
        for name in self._attempts.keys() - {projection.name for projection in line} - at_work:
            del self._attempts[name]
        at_work |= {projection.name for projection in line if views.is_rebuilt(projection)}
        room = self._book.settings.rebuilds_at_a_time - len(at_work)
        for projection in line:
            before = self._attempts.get(projection.name)
            waits = before is not None and time.monotonic() < before.again
            if room > 0 and projection.name not in at_work and not waits:
                pause = min(2 * before.pause, LONGEST_PAUSE) if before else LOOK_SECONDS
                with suppress(OSError):  # no memory now; it is tried again
                    self._attempts[projection.name] = Attempt(start(projection.name), pause)
                    room -= 1

    def _is_over(self, attempt: Attempt) -> bool:
        code = attempt.process.poll()
        if code == NO_TURN:
            attempt.pause = LOOK_SECONDS
            attempt.again = attempt.again or time.monotonic() + LOOK_SECONDS
        elif code and not attempt.again:
            attempt.again = time.monotonic() + attempt.pause
            log.error("a rebuild has failed and is tried again", code=code, seconds=attempt.pause)
        return code is not None


def start(name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "adapters.cli", "--json-log", "rebuild", name, "--in-turn"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program
