"""The ledger of deliveries in a SQLite file of its own, beside the facts."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from adapters.stores.damage import translated
from adapters.stores.sqlite_recorder import immediately
from adapters.views.locks import FileLocks
from adapters.views.sql import Cursor
from adapters.webhooks.ledger import CREATE, LATER_COLUMNS, Ledger

WAIT_SECONDS = 30


class SqliteLedger(Ledger):
    """One connection, which the threads of a process share."""

    def __init__(self, path: Path) -> None:
        self._locks, self._lock = FileLocks(path.parent), path.with_suffix(".lock").name
        self._guard, self._place = threading.Lock(), path.name
        with translated(path.name):
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=WAIT_SECONDS
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
        with self.writing() as c:
            for statement in CREATE.split(";"):
                c.execute(statement)
            for table, column in LATER_COLUMNS:
                there = c.execute(f"PRAGMA table_info({table})").fetchall()
                if column.partition(" ")[0] not in {name for _, name, *_ in there}:
                    c.execute(f"ALTER TABLE {table} ADD COLUMN {column}")

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with translated(self._place), self._guard, closing(self._connection.cursor()) as c:
            yield c

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with self.reading() as c, immediately(self._connection):
            yield c

    def leading(self) -> AbstractContextManager[bool]:
        return self._locks.trying(self._lock)

    def close(self) -> None:
        self._connection.close()
