"""Processes in which questions are read, and on SQLite run: there they can be ended at any moment,
and their memory is bounded. Each is started when it is first needed, answers one question after
another, and ends with the process that started it, which holds the other end of its connection.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from typing import Any

from pydantic_core import to_json

from adapters.queries.failures import Failed, OutOfTime
from adapters.queries.running import TOO_MUCH
from application.ports import StoreUnavailable

START_SECONDS = 30.0
GRACE_SECONDS = 0.2
"""For who notices itself that its time is over: what it says then is clearer."""
MAX_IDLE = 2
STOPPING = "Stagebook is stopping: try again"


class Moved(Exception):  # noqa: N818 - read as "the view has moved"
    """The file of a view was moved away before it was opened."""


class Helper:
    """One such process. `ask` blocks."""

    def __init__(self) -> None:
        self._here, there = Pipe()
        try:
            with there:
                end = there.fileno()
                command = [sys.executable, "-m", "adapters.queries.helping", str(end)]
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    command, stdin=subprocess.DEVNULL, pass_fds=[end], start_new_session=True
                )
            started = self._here.poll(START_SECONDS) and self._here.recv_bytes()
        except (EOFError, OSError):
            started = b""
        if not started:
            self.close()
            message = "no process could be started to answer questions"
            raise StoreUnavailable(message)

    @property
    def usable(self) -> bool:
        return not self._here.closed and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, question: dict[str, Any], deadline: float) -> bytes:
        """What it answers. `Failed`, `OutOfTime`, `Moved`; after these two of the bounds it is
        gone."""
        left = max(0.0, deadline - time.monotonic())
        try:
            self._here.send_bytes(to_json({**question, "seconds": left}))
            if not self._here.poll(left + GRACE_SECONDS):
                self.close()
                raise OutOfTime
            outcome = self._here.recv_bytes()
        except (EOFError, OSError, ValueError):
            self.close()
            raise Failed(TOO_MUCH) from None
        kind, answer = outcome[:1], outcome[1:]
        match kind:
            case b"+":
                return answer
            case b"t":
                raise OutOfTime
            case b"m":
                raise Moved
            case b"u":
                raise StoreUnavailable(answer.decode())
        if kind == b"x":
            self.close()
        raise Failed(answer.decode())

    def end(self) -> None:
        """Whoever waits for its answer hears that there is none."""
        if process := getattr(self, "_process", None):
            process.kill()
            process.wait()

    def leave(self) -> None:
        """It ends when it has answered."""
        self._here.close()

    def wait(self, seconds: float) -> int:
        """What it ended with."""
        return self._process.wait(seconds)

    def close(self) -> None:
        self.leave()
        self.end()


class Helpers:
    """Those that are idle; as many more are started as questions run at once."""

    def __init__(self) -> None:
        self._idle: list[Helper] = []
        self._all: set[Helper] = set()
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def one(self) -> Iterator[Helper]:
        helper = self._taken() or self._started()
        try:
            yield helper
        finally:
            with self._lock:
                keep = helper.usable and not self._closed and len(self._idle) < MAX_IDLE
                if keep:
                    self._idle.append(helper)
                else:
                    self._all.discard(helper)
            if not keep:
                helper.close()

    def _taken(self) -> Helper | None:
        with self._lock:
            while self._idle:
                helper = self._idle.pop()
                if helper.usable:
                    return helper
                self._all.discard(helper)
                helper.close()
        return None

    def _started(self) -> Helper:
        helper = Helper()
        with self._lock:
            if not self._closed:
                self._all.add(helper)
                return helper
        helper.close()
        raise Failed(STOPPING)

    def close(self) -> None:
        """Ends all of them, whatever they are doing."""
        with self._lock:
            self._closed = True
            busy, self._all = self._all.difference(self._idle), set()
            idle, self._idle = self._idle, []
        for helper in idle:
            helper.close()
        for helper in busy:
            helper.end()
