"""The ledger of deliveries in a SQLite file of its own, beside the facts."""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from adapters.views.sql import Cursor
from adapters.webhooks.ledger import CREATE, Ledger
from application.ports import StoreUnavailable

WAIT_SECONDS = 30


class SqliteLedger(Ledger):
    """One connection, which the threads of a process share."""

    def __init__(self, path: Path) -> None:
        self._lock_path = path.with_suffix(".lock")
        self._guard = threading.Lock()
        with _translated():
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=WAIT_SECONDS
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
        with self.writing() as c:
            for statement in CREATE.split(";"):
                c.execute(statement)

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with _translated(), self._guard, closing(self._connection.cursor()) as c:
            yield c

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with self.reading() as c:
            c.execute("BEGIN IMMEDIATE")
            try:
                yield c
                c.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    c.execute("ROLLBACK")
                raise

    @contextmanager
    def leading(self) -> Iterator[bool]:
        with self._lock_path.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _translated() -> Iterator[None]:
    """SQLite's errors in the words of the port."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(str(error)) from error
