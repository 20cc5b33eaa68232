"""Stops of the event loop and of the writer: how long, why, and what ran.

A heartbeat on the loop measures how long nothing else had its turn there; while it is late, a
thread looks at what the loop's thread is doing. Every batch of the writer brings its own times.

    running    the thread computed
    blocked    it waited for a disk, a lock, or another thread that had the interpreter
    starved    it waited for a processor: the machine is too small, or was paused
    deciding, storing, waiting    of the writer; waiting is for another process that writes
"""

import gc
import os
import sys
import threading
import time
from asyncio import AbstractEventLoop, TimerHandle
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple

from structlog import get_logger

from application.group_commit import log_fields
from application.unit_of_work import PendingCommand
from application.watching import Timing

BEATS, LOOKS, LATE = 3, 2, 0.4
"""Heartbeats, and looks at the loop, within the time from which on a stop is told; and from which
part of it on a look sees what ran. Any stop so long is seen, and is measured to a heartbeat."""
PAUSED = 0.1
"""Less of a processor for the whole process means that it was paused."""
HANG_SECONDS = 5.0
"""A stop that lasts is told before its end: it may have none."""
INNERMOST = 4
"""Functions of Stagebook that are named, from where it stands outwards."""
OURS = frozenset({"adapters", "application", "domain", "projections"})
LOOP, WRITER, STARVED = "loop", "writer", "starved"
CAUSES = {
    LOOP: ("running", "blocked", STARVED),
    WRITER: ("deciding", "storing", "waiting", STARVED),
}

NOBODYS: Mapping[str, Any] = {}
Describe = Callable[[FrameType], Mapping[str, Any]]
"""Which request is under way in a frame."""
log = get_logger()


class Stall(NamedTuple):
    """One stop; `parts` are seconds by cause, `details` what ran and for whom."""

    where: str
    seconds: float
    parts: Mapping[str, float]
    details: Mapping[str, Any]

    @property
    def cause(self) -> str:
        return max(self.parts, key=self.parts.__getitem__)

    def tell(self) -> None:
        """A line in the log. Who only waits for a processor has done nothing wrong."""
        name = "the event loop" if self.where == LOOP else "the writer"
        write = log.info if self.cause == STARVED else log.warning
        parts = {cause: round(seconds, 3) for cause, seconds in self.parts.items() if seconds}
        told = {"seconds": round(self.seconds, 3), "cause": self.cause, **parts}
        write(f"{name} stood still", **told, **self.details)


def of_batch(batch: Sequence[PendingCommand], timing: Timing, now: float, ran: float) -> Stall:
    """How long the writer was busy with that batch, by its own times."""
    seconds = now - timing.began
    deciding = max(seconds - timing.storing - timing.waiting, 0.0)
    computed = min(deciding, ran - timing.ran)
    parts = {
        "deciding": computed,
        "storing": timing.storing,
        "waiting": timing.waiting,
        STARVED: deciding - computed,
    }
    if len(batch) == 1:
        return Stall(WRITER, seconds, parts, log_fields(batch[0]))
    commands = Counter(job.origin.command for job in batch)
    return Stall(WRITER, seconds, parts, {"commands": dict(commands.most_common(INNERMOST))})


class Moment(NamedTuple):
    """What the clocks of a thread show, in seconds."""

    now: float
    ran: float
    """Processor time of the thread."""
    starved: float
    """Time that the thread waited for a processor."""
    busy: float
    """Processor time of the process."""
    collecting: float = 0.0
    """Garbage collection, of any thread: nothing else runs meanwhile."""


def of_loop(
    before: Moment, after: Moment, ran: Sequence[str], request: Mapping[str, Any] = NOBODYS
) -> Stall:
    """How long the loop stood still, and what was seen to run; nothing where nobody could look."""
    seconds = after.now - before.now
    running = min(after.ran - before.ran, seconds)
    starved = min(after.starved - before.starved, seconds - running)
    if not ran and after.busy - before.busy < seconds * PAUSED:
        starved = seconds - running
    parts = {"running": running, "blocked": seconds - running - starved, STARVED: starved}
    collecting = round(after.collecting - before.collecting, 3)
    more = {"collecting": collecting} if collecting else {}
    return Stall(LOOP, seconds, parts, {"ran": ran, **request, **more})


class Clocks:
    """Of the thread that makes them."""

    def __init__(self) -> None:
        self._file: int | None = None
        with suppress(OSError):  # Linux knows how long a thread was kept waiting; others do not
            self._file = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", 0)
        self._collecting = self._began = 0.0
        gc.callbacks.append(self._collected)

    def read(self) -> Moment:
        starved = 0.0
        if self._file is not None:
            starved = int(os.pread(self._file, 64, 0).split()[1]) / 1e9
        ran, busy = time.thread_time(), time.process_time()
        return Moment(time.monotonic(), ran, starved, busy, self._collecting)

    def close(self) -> None:
        gc.callbacks.remove(self._collected)
        if self._file is not None:
            os.close(self._file)

    def _collected(self, phase: str, _: Mapping[str, int]) -> None:
        now = time.monotonic()
        if phase == "start":
            self._began = now
        else:
            self._collecting += now - self._began


class LoopWatch:
    """Watches one event loop, from the thread that runs it."""

    def __init__(
        self, longest: float, told: Callable[[Stall], None], describe: Describe = lambda _: NOBODYS
    ) -> None:
        """`longest`: seconds from which on a stop is told."""
        self._longest, self._told, self._describe = longest, told, describe
        self._running = threading.Lock()
        self._seen: Counter[tuple[str, ...]] = Counter()
        """What ran, by how often it was seen in this stop."""
        self._request = NOBODYS
        self._hung = False

    def start(self, loop: AbstractEventLoop) -> None:
        self._loop, self._thread = loop, threading.get_ident()
        self._clocks = Clocks()
        self._last = self._clocks.read()
        self._timer: TimerHandle = loop.call_later(self._longest / BEATS, self._beat)
        self._looking = threading.Thread(target=self._look, name="loop-watch", daemon=True)
        self._running.acquire()
        self._looking.start()

    def stop(self) -> None:
        self._timer.cancel()
        self._running.release()
        self._looking.join()
        self._clocks.close()

    def _beat(self) -> None:
        before, self._last = self._last, self._clocks.read()
        if self._last.now - before.now >= self._longest:
            self._told(of_loop(before, self._last, self._ran(), self._request))
        if self._seen:
            self._seen, self._request, self._hung = Counter(), NOBODYS, False
        self._timer = self._loop.call_later(self._longest / BEATS, self._beat)

    def _ran(self) -> Sequence[str]:
        return max(self._seen, key=self._seen.__getitem__, default=())

    def _look(self) -> None:
        period = self._longest / LOOKS
        before, busy = time.monotonic(), time.process_time()
        while not self._running.acquire(timeout=period):  # cheaper than to wait for a flag
            now, computed = time.monotonic(), time.process_time()
            late = now - before - period
            paused = late > period and computed - busy < late * PAUSED
            last = self._last
            if not paused and now - last.now > self._longest * LATE:
                self._see(last, now - last.now)
            before, busy = now, computed

    def _see(self, last: Moment, late: float) -> None:
        frame = sys._current_frames().get(self._thread)  # noqa: SLF001 - it is documented
        if frame is None or self._last is not last:  # it has come back
            return
        self._seen[functions(frame)] += 1
        self._request = self._describe(frame) or self._request
        if late > HANG_SECONDS and not self._hung:
            self._hung = True
            log.error(
                "the event loop stands still",
                seconds=round(late, 3),
                ran=self._ran(),
                **self._request,
            )


def functions(frame: FrameType | None) -> tuple[str, ...]:
    """Where it stands, and the innermost functions of Stagebook that lead there."""
    names: list[str] = []
    while frame and len(names) < INNERMOST:
        module = str(frame.f_globals.get("__name__"))
        if not names or module.partition(".")[0] in OURS:
            names.append(f"{module}.{frame.f_code.co_qualname}")
        frame = frame.f_back
    return tuple(names)
