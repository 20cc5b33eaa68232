"""The recorder on SQLite: one writer at a time, every commit on disk before it is answered.

Built on the library's recorder, with what it leaves out: `BEGIN IMMEDIATE`, a lock file that
keeps several processes fair, and rows that commit with the facts (kept answers, snapshots).
A row is never deleted from `stored_events`: SQLite would give its position out again.
"""

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from adapters.stores.rows import answer_row, blob_row
from adapters.stores.sql import (
    ADD_USAGE,
    BECOME,
    BEGIN_ANSWERS_OF_NOTHING,
    INDEXES,
    INSERT_BLOB,
    becoming,
    usage_in,
    usage_rows,
)
from application.ports import NOTHING_READ, Blob, IdempotentResult, StoreReplaced, VersionTaken
from application.quotas import BYTES
from domain.lineage import Identity

CREATE = """
CREATE TABLE IF NOT EXISTS stored_snapshots (
    originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
    PRIMARY KEY (originator_id, originator_version));
CREATE TABLE IF NOT EXISTS kept_answers (
    account INTEGER, key TEXT, request TEXT, time TEXT, status INTEGER, headers TEXT, body BLOB,
    position INTEGER, PRIMARY KEY (account, key));
CREATE INDEX IF NOT EXISTS kept_answers_time ON kept_answers (time);
CREATE TABLE IF NOT EXISTS numbers (
    account INTEGER, kind INTEGER, next INTEGER, PRIMARY KEY (account, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account_usage (
    account INTEGER, name TEXT, amount INTEGER, PRIMARY KEY (account, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trials (id INTEGER PRIMARY KEY, time TEXT, filling BLOB);
CREATE TABLE IF NOT EXISTS blobs (
    account INTEGER, digest TEXT, type TEXT, data BLOB, PRIMARY KEY (account, digest));
CREATE TABLE IF NOT EXISTS store_identity (one INTEGER PRIMARY KEY, id TEXT, epoch INTEGER);
INSERT OR IGNORE INTO store_identity VALUES (1, lower(hex(randomblob(8))),
    CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))
"""
SNAPSHOTS_IN_THEIR_INDEX = (
    "SELECT 1 FROM sqlite_master WHERE name = 'stored_snapshots' AND sql LIKE '%WITHOUT ROWID'"
)
"""As they were once kept: then every look at the index reads whole snapshots, megabytes of them."""
NEWER = "SELECT 1 FROM stored_events WHERE originator_id = ? AND originator_version > ? LIMIT 1"
INSERT_FACTS = "INSERT INTO stored_events VALUES"
CHUNKS = (64, 16, 4, 1)
"""Facts a statement: each statement lets another thread have the interpreter, and waits for it."""
INSERT_ANSWER = "INSERT INTO kept_answers VALUES (?,?,?,?,?,?,?,?)"


class SqliteRecorder(SQLiteApplicationRecorder):
    """The library's recorder with immediate transactions and a fair lock between processes."""

    def __init__(self, datastore: SQLiteDatastore, path: Path) -> None:
        super().__init__(datastore)
        self.create_table_statements += [*CREATE.split(";"), *INDEXES]
        self.create_table_statements.append(BEGIN_ANSWERS_OF_NOTHING)
        self._lock_file = path.with_suffix(".lock").open("a")
        self._path, self._file = path, (0, 0)
        self._in_turn = False

    def close(self) -> None:
        self.datastore.close()
        self._lock_file.close()

    def create_table(self) -> None:
        with self.writing() as c:
            if c.execute(SNAPSHOTS_IN_THEIR_INDEX).fetchone():
                c.execute("DROP TABLE stored_snapshots")  # derived, so they may go
            for statement in self.create_table_statements:
                c.execute(statement)
        self._file = _file(self._path)

    def moved(self) -> bool:
        """Whether another file, an empty one or none has the name of what is written here."""
        try:
            return not self._path.stat().st_size or _file(self._path) != self._file
        except FileNotFoundError:
            return True

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        identity: Identity | None = None,
        **kwargs: Any,
    ) -> list[int]:
        try:
            with self.writing() as c:
                if identity:
                    c.execute(BECOME, becoming(identity))
                return self._insert(c, stored_events, **kwargs)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(str(error)) from error

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Other processes wait with what they write."""
        fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        self._in_turn = True
        try:
            yield
        finally:
            self._in_turn = False
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Cursor]:
        """One write transaction, durable when it returns."""
        with ExitStack() as opened:
            held = opened.enter_context(self.datastore.get_connection(commit=True))
            c = opened.enter_context(held.cursor())
            if not self._in_turn:
                fcntl.flock(self._lock_file, fcntl.LOCK_EX)
                opened.callback(fcntl.flock, self._lock_file, fcntl.LOCK_UN)
            if self._file[1] and self.moved():
                raise StoreReplaced(f"another file is {self._path} now")
            c.execute("PRAGMA synchronous = FULL")  # not every build of SQLite defaults to it
            with immediately(held._sqlite_conn):  # noqa: SLF001 - the wrapper hides it
                yield c

    def _insert(
        self,
        c: sqlite3.Cursor,
        stored_events: Sequence[StoredEvent],
        snapshots: Sequence[StoredEvent] = (),
        answers: Sequence[IdempotentResult] = (),
        read: Mapping[UUID, int] = NOTHING_READ,
        blobs: Iterable[Blob] = (),
    ) -> list[int]:
        for aggregate, version in read.items():
            if c.execute(NEWER, (aggregate.hex, version)).fetchone():
                message = f"{aggregate} has moved on from version {version}"
                raise VersionTaken(message)
        positions: list[int] = []
        start = 0
        for size in CHUNKS:
            statement = f"{INSERT_FACTS} {','.join(['(?,?,?,?)'] * size)}"
            while len(stored_events) - start >= size:
                c.execute(statement, _values(stored_events[start : start + size]))
                start += size
                last = c.lastrowid or 0
                positions += range(last - size + 1, last + 1)
        for s in snapshots:
            c.execute("INSERT OR IGNORE INTO stored_snapshots VALUES (?,?,?,?)", _values([s]))
        for kept in answers:
            position = positions[kept.facts - 1] if kept.facts else kept.answer.position
            c.execute(INSERT_ANSWER, (*answer_row(kept), position))
        usage = usage_in(stored_events)
        for blob in blobs:
            if c.execute(INSERT_BLOB, blob_row(blob)).rowcount:
                usage[blob.account, BYTES] += len(blob.data)
        for row in usage_rows(usage):
            c.execute(ADD_USAGE, row)
        return positions


def _file(path: Path) -> tuple[int, int]:
    """Tells a file from any other that is there at the same time."""
    there = path.stat()
    return there.st_dev, there.st_ino


def _values(stored_events: Sequence[StoredEvent]) -> list[Any]:
    """The rows of one statement, end to end."""
    values: list[Any] = []
    for s in stored_events:
        values += (s.originator_id.hex, s.originator_version, s.topic, s.state)  # type: ignore[union-attr]
    return values


@contextmanager
def immediately(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that has the right to write from its beginning."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def datastore(name: str) -> SQLiteDatastore:
    """The library's connection pool, of the one connection that writes."""
    return SQLiteDatastore(name, lock_timeout=30, pool_size=1, max_overflow=0, pool_timeout=30)
