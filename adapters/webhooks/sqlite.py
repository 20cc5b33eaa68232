"""The ledger of deliveries in a SQLite file of its own, beside the facts."""

import fcntl
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from structlog import get_logger

from adapters.stores.damage import translated
from adapters.stores.sqlite_recorder import immediately
from adapters.views.locks import FileLocks
from adapters.views.sql import Cursor
from adapters.webhooks.outbox import CREATE, LATER_COLUMNS, Outbox
from application.ports import StoreDamaged

log = get_logger()

WAIT_SECONDS = 30


class SqliteLedger(Outbox):
    """One connection, which the threads of a process share."""

    def __init__(self, path: Path) -> None:
        self._locks, self._lock = FileLocks(path.parent), path.with_suffix(".lock").name
        self._guard, self._place = threading.Lock(), path.name
        try:
            self._open(path)
        except StoreDamaged:
            with path.with_suffix(".opening").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                try:
                    self._open(path)  # another process may have begun it again
                except StoreDamaged as error:
                    _set_aside(path, error)
                    self._open(path)

    def _open(self, path: Path) -> None:
        with translated(path.name):
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=WAIT_SECONDS
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
        try:
            self._require_whole()
            self._create()
        except StoreDamaged:
            self._connection.close()
            raise

    def _require_whole(self) -> None:
        with self.reading() as c:
            said = c.execute("PRAGMA integrity_check(1)").fetchall()[0][0]
        if said != "ok":
            raise StoreDamaged(self._place, said)

    def _create(self) -> None:
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


def _set_aside(path: Path, error: StoreDamaged) -> None:
    """Keeps a damaged outbox for people. One that begins again hears the facts of the last week,
    and delivers them under the keys that they had."""
    kept = f"{path.name}.damaged-{int(time.time())}"
    log.warning("the outbox is damaged and begins again", reason=error.what, kept=kept)
    with translated(path.name):
        for suffix in ("-wal", "-shm", ""):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                beside.rename(path.with_name(kept + suffix))
