"""Who leads a view, and who rebuilds it: locks that are free when their process dies, and a
heartbeat beside each.

The lock tells that somebody leads, the heartbeat that it is at work. Neither keeps a worker out
that has lost its lock without knowing: the fence does (`View.lead`).
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg.rows import tuple_row

from adapters.stores.connections import session, translated
from adapters.stores.damage import translated as on_files
from application.ports import StoreUnavailable

HEARTBEATS = (
    "CREATE UNLOGGED TABLE IF NOT EXISTS heartbeats (name text PRIMARY KEY, time timestamptz)"
)
PRESENT = (
    "SET tcp_keepalives_idle = 1; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3;"
    " SET tcp_user_timeout = 3000; SET synchronous_commit = off"
)
"""The locks of a host that vanished are free within four seconds."""
TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
RELEASE = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"
BEAT = (
    "INSERT INTO heartbeats SELECT unnest(%s::text[]), clock_timestamp()"
    " ON CONFLICT (name) DO UPDATE SET time = excluded.time"
)
PULSES = """
SELECT h.name, extract(epoch FROM clock_timestamp() - h.time)::float8 FROM heartbeats h
WHERE EXISTS (
    SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended(h.name, 0))
"""
"""Seconds since the heartbeats of what somebody leads."""


class SessionLocks:
    """On PostgreSQL: advisory locks of one connection outside the pool."""

    def __init__(self, store: PostgresDatastore) -> None:
        self._store = store
        self._session: psycopg.Connection[Any] | None = None
        self._held: dict[str, object] = {}
        self._guard = threading.Lock()

    @contextmanager
    def trying(self, name: str) -> Iterator[bool]:
        """Whether the lock was free; it is held while inside, or until its session is lost."""
        taken = object()
        with self._guard:
            held = name not in self._held and bool(self._ask(TRY, name))
            if held:
                self._held[name] = taken
        try:
            yield held
        finally:
            if held:
                self._release(name, taken)

    def holds(self, name: str) -> bool:
        """Whether it is still held."""
        with self._guard:
            if name in self._held:
                with suppress(StoreUnavailable):
                    self._ask("SELECT true")
            return name in self._held

    def beat(self, names: Sequence[str]) -> None:
        """A sign of life of those that are held."""
        with self._guard:
            self._ask(BEAT, [name for name in names if name in self._held])

    def pulses(self, names: Sequence[str]) -> dict[str, float]:
        """Seconds since the heartbeats of what somebody leads."""
        with translated(), self._store.get_connection() as connection:
            found: dict[str, float] = dict(
                connection.cursor(row_factory=tuple_row).execute(PULSES).fetchall()
            )
        return {name: found[name] for name in names if name in found}

    def close(self) -> None:
        if self._session:
            self._session.close()

    def _release(self, name: str, taken: object) -> None:
        with self._guard:
            if self._held.get(name) is taken:
                del self._held[name]
                if self._session:
                    with suppress(psycopg.Error):  # a connection that is lost holds no lock
                        self._session.execute(RELEASE, (name,))

    def _ask(self, statement: str, *parameters: object) -> Any:
        """The one value that it gives. With the session, all that it locked is lost."""
        with translated():
            if self._session is None or self._session.closed:
                self._held.clear()
                self._session = session(self._store)
                self._session.execute(PRESENT)
            try:
                cursor = self._session.execute(statement, parameters)
                row = cursor.fetchone() if cursor.description else None
            except psycopg.Error:
                self._session.close()
                self._held.clear()
                raise
        return row[0] if row else None


class FileLocks:
    """On SQLite: a file per lock, in the folder of the views; its time is the heartbeat."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, IO[str]] = {}

    @contextmanager
    def trying(self, name: str) -> Iterator[bool]:
        """Whether the lock was free; it is held while inside."""
        with on_files():
            file = (self._folder / name).open("a")
        with file:
            held = _locked(file, fcntl.LOCK_EX)
            if held:
                self._held[name] = file
            try:
                yield held
            finally:
                if held and self._held.get(name) is file:
                    del self._held[name]

    def holds(self, name: str) -> bool:
        """Whether it is still held: a lock that was deleted is another's."""
        with suppress(FileNotFoundError):
            if held := self._held.get(name):
                return os.path.samestat(os.fstat(held.fileno()), (self._folder / name).stat())
        return False

    def beat(self, names: Sequence[str]) -> None:
        """A sign of life of those that are held."""
        with on_files():
            for held in filter(None, map(self._held.get, names)):
                os.utime(held.fileno())

    def pulses(self, names: Sequence[str]) -> dict[str, float]:
        """Seconds since the heartbeats of what somebody leads."""
        found = {}
        for name in names:
            with on_files(), suppress(FileNotFoundError), (self._folder / name).open() as file:
                if not _locked(file, fcntl.LOCK_SH):
                    found[name] = max(0.0, time.time() - os.fstat(file.fileno()).st_mtime)
        return found


def _locked(file: IO[str], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
