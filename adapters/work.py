"""The live worker in a process of its own, so that folding never takes time from requests.

The server starts it and starts it again should it die. It lives as long as the server holds the
other end of its standard input, so it cannot outlive a server that is killed.
"""

import os
import subprocess
import sys
import threading
from contextlib import suppress

from structlog import get_logger

from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.rebuilding import Renewal
from adapters.watching.watcher import Watcher
from adapters.wishes import Wishes
from projections.before import Follower

FLUSH_SECONDS = 1.0
REBUILD_WORKERS = 2
RESTART_SECONDS = 1.0
STOP_SECONDS = 4

log = get_logger()


def work(book: Stagebook, until_closed: int | None, stop: threading.Event) -> None:
    """Keeps the views up to date, delivers webhooks and rebuilds what is wished for, until it is
    stopped or that file ends."""
    if until_closed is not None:
        threading.Thread(target=_stop_at_end, args=(until_closed, stop), daemon=True).start()
    watcher = book.watch = Watcher(book.settings)
    watcher.serve(book)
    if book.settings.metrics_port is not None:  # what is told there says whether it can be written
        book.writes.start()
    book.start_worker(renewing=False)
    book.start_deliverer()
    beside = (
        Renewal(book, REBUILD_WORKERS),
        Wishes(book),
        Follower(PROJECTIONS, book.store, book.views),
    )
    for thread in beside:
        thread.start()
    while not stop.wait(FLUSH_SECONDS):
        watcher.flush()
    for thread in beside:
        thread.stop()
    watcher.close()


def _stop_at_end(descriptor: int, stop: threading.Event) -> None:
    """Reads it straight: a stream would be locked by this thread when the interpreter ends."""
    while os.read(descriptor, 1_024):
        pass
    stop.set()


class WorkerProcess:
    """The worker's process, watched."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._process = start()
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Lets it save where the views are, and waits for it."""
        with self._starting:
            self._stopping.set()
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._watcher.join()

    def _watch(self) -> None:
        while True:
            code = self._process.wait()
            if self._stopping.wait(RESTART_SECONDS):
                return
            log.error("the worker died and is started again", code=code)
            with self._starting:
                if self._stopping.is_set():
                    return
                with suppress(OSError):  # no memory now; it is tried again
                    self._process = start()


def start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "adapters.cli", "--json-log", "work", "--until-closed"]
    return subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 - our own program
