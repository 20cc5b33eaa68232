"""The live worker in a process of its own, so that folding never takes time from requests.

The server starts it and starts it again should it die or hang. It lives as long as the server holds
the other end of its standard input, so it cannot outlive a server that is killed.
"""

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress

from structlog import get_logger

from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.rebuild_requests import RebuildRequests
from adapters.rebuilding import Renewal
from adapters.watching.watcher import Watcher
from projections.previous_generation import Follower

FLUSH_SECONDS = 1.0
REBUILD_WORKERS = 2
RESTART_SECONDS = 1.0
STOP_SECONDS = 4
STARTS_SLOWER = 4
"""How much longer the first sign of life may take: tables are made first."""

log = get_logger()


def work(book: Stagebook, link: int | None, stop: threading.Event) -> None:
    """Keeps the views up to date, delivers webhooks and rebuilds what is asked for, until it is
    stopped or the link to its server ends. Where the views stand still for too long, the process
    ends, and is started again by what started it."""
    if link is not None:
        threading.Thread(target=_stop_at_end, args=(link, stop), daemon=True).start()
    watcher = book.watch = Watcher(book.settings)
    watcher.serve(book)
    if book.settings.metrics_port is not None:  # what is told there says whether it can be written
        book.writes.start()
    worker = book.start_worker(renewing=False)
    book.start_deliverer()
    beside = (
        Renewal(book, REBUILD_WORKERS),
        RebuildRequests(book),
        Follower(PROJECTIONS, book.store, book.views),
    )
    for thread in beside:
        thread.start()
    while not stop.wait(FLUSH_SECONDS):
        watcher.flush()
        if book.continuity.look():
            break
        _live(worker.silent_seconds, book.settings.worker_seconds, link)
    for thread in beside:
        thread.stop()
    watcher.close()
    if book.continuity.broken:
        raise SystemExit(os.EX_SOFTWARE)


def _live(silent: float, longest: float, link: int | None) -> None:
    """A sign of life to the server; without one of the live worker, the end."""
    if silent > longest:
        log.error("the worker hangs and ends", seconds=round(silent, 1))
        os._exit(os.EX_SOFTWARE)  # a thread that hangs would hold up any other end
    if link is not None:
        with suppress(OSError):  # the server is gone, or standard input is no link
            os.write(link, b".")


def _stop_at_end(descriptor: int, stop: threading.Event) -> None:
    """Reads it straight: a stream would be locked by this thread when the interpreter ends."""
    with suppress(OSError):
        while os.read(descriptor, 1_024):
            pass
    stop.set()


class WorkerProcess:
    """The worker's process, watched: it is started again when it dies, and replaced when it gives
    no sign of life for so many seconds."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._process, self._link = start()
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Lets it save where the views are, and waits for it."""
        with self._starting:
            self._stopping.set()
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._watcher.join()
        self._link.close()

    def _watch(self) -> None:
        while True:
            self._listen()
            code = self._process.wait()
            if self._stopping.wait(RESTART_SECONDS):
                return
            log.error("the worker died and is started again", code=code)
            with self._starting:
                if self._stopping.is_set():
                    return
                self._link.close()
                with suppress(OSError):  # no memory now; it is tried again
                    self._process, self._link = start()

    def _listen(self) -> None:
        """Returns when the process closes its end, or is silent for too long and killed."""
        longest = STARTS_SLOWER * self._longest
        try:
            self._link.settimeout(longest)
            while self._link.recv(1_024):
                self._link.settimeout(self._longest)
        except TimeoutError:
            if not self._stopping.is_set():
                pid = self._process.pid
                log.error("the worker hangs and is replaced", process=pid)  # noqa: TRY400 - no fault here
                self._process.kill()
        except OSError:  # closed: it stops
            pass


def start() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """The process, and the link that both watch: its end is the end of the other."""
    command = [sys.executable, "-m", "adapters.cli", "--json-log", "work", "--until-closed"]
    ours, theirs = socket.socketpair()
    with theirs:
        return subprocess.Popen(command, stdin=theirs.fileno()), ours  # noqa: S603 - our own program
