"""Signals of a PostgreSQL store: notifications on a channel.

They are sent by a thread in a transaction of their own, for one that notifies holds a lock of the
whole database until its commit is on disk; these do not wait for the disk.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import psycopg
from eventsourcing.postgres import PostgresDatastore
from structlog import get_logger

from adapters.signals.signals import COMMIT_SECONDS, COMMITTED, END, hear, readable
from adapters.stores.connections import session, translated
from application.ports import StoreUnavailable

CHANNEL = "stagebook"
RETRY_SECONDS = 1.0
SEND = f"BEGIN; SET LOCAL synchronous_commit TO OFF; SELECT pg_notify('{CHANNEL}', '{{}}'); COMMIT"

log = get_logger()


class NotifiedSignals:
    """The `Signals` port."""

    def __init__(self, store: PostgresDatastore) -> None:
        self._store = store
        self._told = 0.0
        self._due: deque[str] = deque()
        self._something, self._closing = threading.Event(), threading.Event()
        self._starting = threading.Lock()
        self._sender: threading.Thread | None = None
        self._listener: threading.Thread | None = None
        self._stopped, self._stop = os.pipe()

    def committed(self) -> None:
        if time.monotonic() - self._told >= COMMIT_SECONDS:
            self._told = time.monotonic()
            self._tell(COMMITTED)

    def awaited(self, view: str) -> None:
        self._tell(view)

    def listen(self, committed: Callable[[], None], awaited: Callable[[str], None]) -> None:
        self._listener = threading.Thread(
            target=self._hear, args=(committed, awaited), name="signals", daemon=True
        )
        self._listener.start()

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        self._something.set()
        os.write(self._stop, b".")
        for thread in (self._sender, self._listener):
            if thread:
                thread.join()
        os.close(self._stop)
        os.close(self._stopped)

    def _tell(self, what: str) -> None:
        self._due.append(what)
        self._something.set()
        if self._sender is None:
            with self._starting:
                if self._sender is None:
                    sender = threading.Thread(target=self._send, name="signals", daemon=True)
                    sender.start()
                    self._sender = sender

    def _send(self) -> None:
        while self._something.wait() and not self._closing.is_set():
            self._something.clear()
            due = {self._due.popleft() for _ in range(len(self._due))}
            told = "".join(f"{what}{END}" for what in due)
            with suppress(StoreUnavailable), translated(), self._store.get_connection() as sending:
                sending.execute(SEND.format(told).encode())

    def _hear(self, committed: Callable[[], None], awaited: Callable[[str], None]) -> None:
        """Until it is closed, on one connection after the other."""
        while not self._closing.is_set():
            try:
                with session(self._store) as connection:
                    connection.execute(f"LISTEN {CHANNEL}".encode())
                    self._listen(connection.pgconn, committed, awaited)
            except psycopg.Error as error:
                log.warning("signals are not heard", reason=str(error))
                self._closing.wait(RETRY_SECONDS)

    def _listen(
        self,
        connection: psycopg.pq.abc.PGconn,
        committed: Callable[[], None],
        awaited: Callable[[str], None],
    ) -> None:
        while True:
            if self._stopped in readable(connection.socket, self._stopped):
                return
            connection.consume_input()
            told = b""
            while notification := connection.notifies():
                told += notification.extra
            hear(told, committed, awaited)
