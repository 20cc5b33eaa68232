"""Signals of an SQLite store: a named pipe for each process that listens, in the store's folder.

A pipe is renamed into place once it is open, so one that nobody has open was left by a process
that was killed: whoever comes upon it removes it.
"""

import errno
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from adapters.signals.signals import COMMIT_SECONDS, COMMITTED, END, hear, readable

LOOK_SECONDS = 1.0
"""How often it is looked who listens."""


class PipeSignals:
    """The `Signals` port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[Path, int] = {}
        self._lock = threading.Lock()
        self._look_again = self._told = 0.0
        self._own: Path | None = None
        self._thread: threading.Thread | None = None
        self._stop = -1

    def committed(self) -> None:
        if time.monotonic() - self._told >= COMMIT_SECONDS:
            self._told = time.monotonic()
            self._tell(COMMITTED)

    def awaited(self, view: str) -> None:
        self._tell(view)

    def listen(self, committed: Callable[[], None], awaited: Callable[[str], None]) -> None:
        with suppress(OSError):  # a file system without pipes: it is looked now and then
            self._folder.mkdir(exist_ok=True)
            self._own = self._folder / uuid4().hex
            new = self._own.with_suffix(".new")
            os.mkfifo(new, 0o600)
            reader = os.open(new, os.O_RDWR | os.O_NONBLOCK)
            new.rename(self._own)
            stopped, self._stop = os.pipe()
            self._thread = threading.Thread(
                target=_hear, args=(reader, stopped, committed, awaited), name="signals"
            )
            self._thread.start()

    def close(self) -> None:
        if self._thread and self._own:
            self._own.unlink(missing_ok=True)
            os.close(self._stop)
            self._thread.join()
            self._thread = None
        with self._lock:
            for writer in self._writers.values():
                os.close(writer)
            self._writers.clear()

    def _tell(self, what: str) -> None:
        with self._lock:
            if time.monotonic() >= self._look_again:
                self._look_again = time.monotonic() + LOOK_SECONDS
                self._look()
            for path, writer in list(self._writers.items()):
                try:
                    os.write(writer, f"{what}{END}".encode())
                except BlockingIOError:  # it has enough to hear
                    pass
                except OSError:  # it is gone
                    os.close(self._writers.pop(path))

    def _look(self) -> None:
        """Who listens now."""
        with suppress(OSError):
            there = {path for path in self._folder.iterdir() if not path.suffix}
            for gone in self._writers.keys() - there:
                os.close(self._writers.pop(gone))
            for path in there - self._writers.keys():
                try:
                    self._writers[path] = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
                except OSError as error:  # too many files, no right to: somebody may have it open
                    if error.errno == errno.ENXIO:
                        path.unlink(missing_ok=True)


def _hear(
    reader: int, stopped: int, committed: Callable[[], None], awaited: Callable[[str], None]
) -> None:
    try:
        while True:
            if stopped in readable(reader, stopped):
                return
            hear(os.read(reader, 65_536), committed, awaited)
    finally:
        os.close(reader)
        os.close(stopped)
