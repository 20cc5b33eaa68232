"""The store on SQLite: one file, one writer at a time, every commit on disk before it is answered.

Built on the library's recorder, with what it leaves out: `BEGIN IMMEDIATE`, a lock file that
keeps several processes fair, and rows that commit with the facts (kept answers, snapshots).
A row is never deleted from `stored_events`: SQLite would give its position out again.
"""

import fcntl
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ConnectionPoolClosedError,
    IntegrityError,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from adapters.stores.mapper import FactMapper
from application.ports import (
    NOTHING_READ,
    Answer,
    KeptAnswer,
    Recorded,
    StoreUnavailable,
    VersionTaken,
)
from domain.base import DomainEvent, Snapshot
from domain.ids import Span, spans

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
CREATE TABLE IF NOT EXISTS blobs (
    account INTEGER, digest TEXT, type TEXT, data BLOB, PRIMARY KEY (account, digest))
"""
SNAPSHOTS_IN_THEIR_INDEX = (
    "SELECT 1 FROM sqlite_master WHERE name = 'stored_snapshots' AND sql LIKE '%WITHOUT ROWID'"
)
"""As they were once kept: then every look at the index reads whole snapshots, megabytes of them."""
uuid_of = lru_cache(65_536)(UUID)
"""One object for one id: whoever looks something up by it finds it by identity."""

NEWER = "SELECT 1 FROM stored_events WHERE originator_id = ? AND originator_version > ? LIMIT 1"
INSERT_FACTS = "INSERT INTO stored_events VALUES"
CHUNKS = (64, 16, 4, 1)
"""Facts a statement: each statement lets another thread have the interpreter, and waits for it."""
PAGE = 1_000
INSERT_ANSWER = "INSERT INTO kept_answers VALUES (?,?,?,?,?,?,?,?)"
SELECT_FACTS = "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events "


class SqliteRecorder(SQLiteApplicationRecorder):
    """The library's recorder with immediate transactions and a fair lock between processes."""

    def __init__(self, datastore: SQLiteDatastore, lock_file: Path) -> None:
        super().__init__(datastore)
        self.create_table_statements += CREATE.split(";")
        self._lock_file = lock_file.open("a")
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

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> list[int]:
        try:
            with self.writing() as c:
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
            try:
                c.execute("PRAGMA synchronous = FULL")  # not every build of SQLite defaults to it
                c.execute("BEGIN IMMEDIATE")
                yield c
                c.execute("COMMIT")
            except BaseException:
                if held._sqlite_conn.in_transaction:  # noqa: SLF001 - the wrapper hides it
                    c.execute("ROLLBACK")
                raise

    def _insert(
        self,
        c: sqlite3.Cursor,
        stored_events: Sequence[StoredEvent],
        snapshots: Sequence[StoredEvent] = (),
        answers: Sequence[KeptAnswer] = (),
        read: Mapping[UUID, int] = NOTHING_READ,
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
            c.execute(INSERT_ANSWER, answer_row(kept, positions))
        return positions


def _values(stored_events: Sequence[StoredEvent]) -> list[Any]:
    """The rows of one statement, end to end."""
    values: list[Any] = []
    for s in stored_events:
        values += (s.originator_id.hex, s.originator_version, s.topic, s.state)  # type: ignore[union-attr]
    return values


def answer_row(kept: KeptAnswer, positions: Sequence[int]) -> tuple[Any, ...]:
    answer = kept.answer
    position = positions[kept.facts - 1] if kept.facts else answer.position
    return (
        kept.account,
        kept.key,
        kept.request,
        kept.time,
        answer.status,
        json.dumps(answer.headers),
        answer.body,
        position,
    )


class SqliteStore:
    """The `Store` port on one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._mapper = FactMapper()
        self._name = path.absolute().as_uri()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        with translated(), ExitStack() as opened:
            self._recorder = SqliteRecorder(datastore(self._name), path.with_suffix(".lock"))
            opened.callback(self._recorder.close)
            self._recorder.create_table()
            opened.pop_all()

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
        self._recorder.close()

    # -- writing

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with translated(), self._recorder.turn():
            yield

    def append(
        self,
        facts: Sequence[DomainEvent],
        snapshots: Sequence[Snapshot] = (),
        answers: Sequence[KeptAnswer] = (),
        read: Mapping[UUID, int] = NOTHING_READ,
        era: int | None = None,  # noqa: ARG002 - there is one file
    ) -> Sequence[int]:
        encode = self._mapper.to_stored_event
        with translated():
            return self._recorder.insert_events(
                [encode(f) for f in facts],
                snapshots=[encode(s) for s in snapshots],
                answers=answers,
                read=read,
            )

    def take_numbers(self, account: int, kind: int, count: int) -> int:
        with translated(), self._recorder.writing() as c:
            c.execute(
                "INSERT INTO numbers VALUES (?,?,?) ON CONFLICT DO UPDATE SET next = next + ?"
                " RETURNING next",
                (account, kind, 1 + count, count),
            )
            return int(c.fetchone()[0]) - count

    def reserve_numbers(self, account: int, given: dict[int, int]) -> None:
        with translated(), self._recorder.writing() as c:
            c.executemany(
                "INSERT INTO numbers VALUES (?,?,?) ON CONFLICT DO UPDATE"
                " SET next = max(next, excluded.next)",
                [(account, kind, number + 1) for kind, number in given.items()],
            )

    def forget_answers(self, before: str) -> None:
        with translated(), self._recorder.writing() as c:
            c.execute("DELETE FROM kept_answers WHERE time < ?", (before,))

    def put_blob(self, account: int, digest: str, type_: str, data: bytes) -> None:
        with translated(), self._recorder.writing() as c:
            c.execute(
                "INSERT OR IGNORE INTO blobs VALUES (?,?,?,?)", (account, digest, type_, data)
            )

    # -- reading

    def era(self) -> int:
        return 0

    def position(self) -> int:
        return int(self._rows("SELECT coalesce(max(rowid), 0) FROM stored_events")[0][0])

    def read(self, after: int, limit: int) -> list[Recorded]:
        query = SELECT_FACTS + "WHERE rowid > ? ORDER BY rowid LIMIT ?"
        return self._recorded(query, (after, limit))

    def at(self, positions: Sequence[int]) -> list[Recorded]:
        query = SELECT_FACTS + "WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY rowid"
        return self._recorded(query, (json.dumps(positions),))

    def spans(self) -> Iterator[Span]:
        return spans(self._first_behind, self._counted)

    def _first_behind(self, aggregate: UUID) -> UUID | None:
        query = "SELECT min(originator_id) FROM stored_events WHERE originator_id > ?"
        ((found,),) = self._rows(query, (aggregate.hex,))
        return UUID(found) if found else None

    def _counted(self, first: UUID, last: UUID) -> tuple[UUID, int]:
        query = "SELECT max(originator_id), count(*) FROM stored_events WHERE originator_id BETWEEN"
        ((found, count),) = self._rows(f"{query} ? AND ?", (first.hex, last.hex))
        return UUID(found), count

    def between(self, first: UUID, last: UUID, upto: int) -> Iterator[Recorded]:
        query = (
            SELECT_FACTS + "WHERE (originator_id, originator_version) > (?, ?)"
            " AND originator_id <= ? AND +rowid <= ?"
            " ORDER BY originator_id, originator_version LIMIT ?"
        )
        place = (first.hex, 0)
        while page := self._rows(query, (*place, last.hex, upto, PAGE)):
            yield from self._facts(page)
            place = page[-1][1:3]

    def stream(
        self,
        aggregate: UUID,
        *,
        after: int = 0,
        upto: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[Recorded]:
        query = (
            SELECT_FACTS + "WHERE originator_id = ? AND originator_version > ?"
            " AND originator_version <= ? ORDER BY originator_version"
            f"{' DESC' if newest_first else ''} LIMIT ?"
        )
        upto = 2**62 if upto is None else upto
        return self._recorded(query, (aggregate.hex, after, upto, -1 if limit is None else limit))

    def snapshot(self, aggregate: UUID, upto: int | None = None) -> Snapshot | None:
        rows = self._rows(
            "SELECT originator_version, topic, state FROM stored_snapshots WHERE originator_id = ?"
            " AND originator_version <= ? ORDER BY originator_version DESC LIMIT 1",
            (aggregate.hex, 2**62 if upto is None else upto),
        )
        return self._mapper.fact(aggregate, *rows[0]) if rows else None  # type: ignore[return-value]

    def snapshots(self) -> Iterator[Snapshot]:
        query = (
            "SELECT originator_id, originator_version, topic, state FROM stored_snapshots"
            " WHERE (originator_id, originator_version) > (?, ?)"
            " ORDER BY originator_id, originator_version LIMIT 100"
        )
        place = ("", 0)
        while rows := self._rows(query, place):
            for originator, version, topic, state in rows:
                yield self._mapper.fact(uuid_of(originator), version, topic, state)  # type: ignore[misc]
            place = (rows[-1][0], rows[-1][1])

    def kept_answer(self, account: int, key: str) -> tuple[str, Answer] | None:
        rows = self._rows(
            "SELECT request, status, headers, body, position FROM kept_answers"
            " WHERE account = ? AND key = ?",
            (account, key),
        )
        return kept(*rows[0]) if rows else None

    def numbers_given(self, account: int) -> dict[int, int]:
        query = "SELECT kind, next - 1 FROM numbers WHERE account = ?"
        return dict(self._rows(query, (account,)))

    def blob(self, account: int, digest: str) -> tuple[str, bytes] | None:
        query = "SELECT type, data FROM blobs WHERE account = ? AND digest = ?"
        rows = self._rows(query, (account, digest))
        return (rows[0][0], bytes(rows[0][1])) if rows else None

    def blobs(self, account: int) -> Iterator[str]:
        query = "SELECT digest FROM blobs WHERE account = ? ORDER BY digest"
        yield from (row[0] for row in self._rows(query, (account,)))

    def facts_of(self, account: int) -> Iterator[Recorded]:
        low, high = f"{account:012x}{0:020x}", f"{account:012x}{2**80 - 1:020x}"
        query = (
            SELECT_FACTS + "WHERE rowid > ? AND originator_id BETWEEN ? AND ?"
            " ORDER BY rowid LIMIT 1000"
        )
        position = 0
        while page := self._recorded(query, (position, low, high)):
            yield from page
            position = page[-1].position

    def _recorded(self, query: str, params: tuple[Any, ...]) -> list[Recorded]:
        return self._facts(self._rows(query, params))

    def _facts(self, rows: list[Any]) -> list[Recorded]:
        fact = self._mapper.fact
        return [
            Recorded(position, fact(uuid_of(originator), version, topic, state))
            for position, originator, version, topic, state in rows
        ]

    def _rows(self, query: str, params: tuple[Any, ...] = ()) -> list[Any]:
        with translated():
            return self._reader().execute(query, params).fetchall()

    def _reader(self) -> sqlite3.Connection:
        """Each thread reads on a connection of its own, never behind the writer's lock."""
        reader: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = sqlite3.connect(
                self._name, uri=True, isolation_level=None, timeout=30, check_same_thread=False
            )
            reader.execute("PRAGMA query_only = 1")
            self._readers.append(reader)
        return reader


def datastore(name: str) -> SQLiteDatastore:
    """The library's connection pool, of the one connection that writes."""
    return SQLiteDatastore(name, lock_timeout=30, pool_size=1, max_overflow=0, pool_timeout=30)


def kept(request: str, status: int, headers: str, body: bytes, position: int) -> tuple[str, Answer]:
    """A row of `kept_answers` as what was asked and what was answered."""
    return request, Answer(status, json.loads(headers), bytes(body), position)


@contextmanager
def translated() -> Iterator[None]:
    """SQLite's, the library's and the file system's errors in the words of the port."""
    try:
        yield
    except (IntegrityError, sqlite3.IntegrityError) as error:
        raise VersionTaken(str(error)) from error
    except (sqlite3.Error, PersistenceError, ConnectionPoolClosedError, OSError) as error:
        raise StoreUnavailable(str(error)) from error
