"""The store on SQLite: one file, which is read beside whoever writes it."""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

from adapters.row_pages import PAGE_BYTES, first_of
from adapters.stores import integrity
from adapters.stores.damage import refusal, translated
from adapters.stores.sql import STATE, SqlStore
from adapters.stores.sqlite_recorder import SqliteRecorder, datastore, immediately
from application.ports import (
    NOTHING_READ,
    Blob,
    IdempotentResult,
    Recorded,
)
from domain.base import DomainEvent, Snapshot
from domain.lineage import Identity

READER_CACHE = 1_000
"""Kilobytes of pages that a reading connection keeps: there is one of each thread."""
uuid_of = lru_cache(16_384)(UUID)
"""One object for one id."""

FORGET = (
    "DELETE FROM kept_answers WHERE rowid IN"
    " (SELECT rowid FROM kept_answers WHERE time < ? LIMIT ?)"
)
FORGOTTEN_AT_ONCE = 1_000
OTHERS_SECONDS = 0.005
"""Between two of these, for who waits to write."""
TRIAL_SECONDS = 2.0
CHECKED_QUICKLY = 2**28
"""Bytes of a file that is checked in 1.5 s."""
ROOM = 2**18
"""Bytes that a store which takes writes has room for: several commits."""


class SqliteStore(SqlStore):
    """The `Store` port on one SQLite file."""

    def __init__(self, path: Path) -> None:
        super().__init__(position="rowid")
        self._name = path.absolute().as_uri()
        self._path = path
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        with translated(path.name), ExitStack() as opened:
            self._recorder = SqliteRecorder(datastore(self._name), path)
            opened.callback(self._recorder.close)
            self._recorder.create_table()
            self._count_first()
            opened.pop_all()

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
        self._recorder.close()

    # -- writing

    @contextmanager
    def append_lock(self) -> Iterator[None]:
        with translated(self._path.name), self._recorder.turn():
            yield

    def append(
        self,
        facts: Sequence[DomainEvent],
        snapshots: Sequence[Snapshot] = (),
        answers: Sequence[IdempotentResult] = (),
        read: Mapping[UUID, int] = NOTHING_READ,
        timeline: int | None = None,  # noqa: ARG002 - there is one file
        blobs: Iterable[Blob] = (),
        identity: Identity | None = None,
    ) -> Sequence[int]:
        encode = self._mapper.to_stored_event
        with translated(self._path.name):
            return self._recorder.insert_events(
                [encode(f) for f in facts],
                snapshots=[encode(s) for s in snapshots],
                answers=answers,
                read=read,
                blobs=blobs,
                identity=identity,
            )

    def try_writing(self) -> None:
        """On a connection of its own: it holds up nobody, and nobody holds it up for long."""
        with (
            translated(self._path.name),
            closing(
                sqlite3.connect(self._name, uri=True, isolation_level=None, timeout=TRIAL_SECONDS)
            ) as connection,
        ):
            connection.execute("PRAGMA synchronous = FULL")
            with immediately(connection):
                connection.execute("SAVEPOINT filling")  # whether the file may grow
                connection.execute("INSERT INTO trials VALUES (2, '', zeroblob(?))", (ROOM,))
                connection.execute("ROLLBACK TO filling")
                connection.execute(
                    "INSERT OR REPLACE INTO trials VALUES (1, datetime('now'), NULL)"
                )
            with TemporaryFile(
                dir=self._path.parent
            ) as file:  # and whether the disk has room for that
                os.posix_fallocate(file.fileno(), 0, ROOM)

    def defects(self, *, quickly: bool = False) -> list[str]:
        if quickly and self._path.stat().st_size > CHECKED_QUICKLY:
            return []
        found = integrity.defects(self._path) or integrity.holes(self._path)
        return [f"{self._path.name}: {defect}" for defect in found]

    def repair_indexes(self) -> None:
        with self.append_lock():
            integrity.reindex(self._path)

    def forget_answers(self, before: str) -> None:
        """In transactions of so few that whoever writes meanwhile does not wait for long."""
        more = True
        while more:
            with translated(self._path.name), self._recorder.writing() as c:
                c.execute(FORGET, (before, FORGOTTEN_AT_ONCE))
                more = c.rowcount == FORGOTTEN_AT_ONCE
            if more:
                time.sleep(OTHERS_SECONDS)

    # -- reading

    def moved(self) -> bool:
        return self._recorder.moved()

    def timeline(self) -> int:
        return 0

    def newest_of(self, aggregates: Sequence[UUID]) -> int:
        """As everywhere, in one statement and without what it does not need: every read of a
        document asks for it."""
        try:
            query = newest_of_any(self._newest_of, len(aggregates))
            found = self._reader().execute(query, [one.hex for one in aggregates])
            return found.fetchone()[0]  # type: ignore[no-any-return]
        except sqlite3.Error as error:
            raise refusal(error, str(error), self._path.name) from error

    def at(self, positions: Sequence[int], most: int | None = None) -> list[Recorded]:
        named = "WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY rowid"
        query = f"{self._select} {named}"
        return self._facts(self._page(query, (json.dumps(positions),), most or PAGE_BYTES))

    def _decoded(self, rows: Sequence[Any]) -> list[Recorded]:
        fact = self._mapper.fact
        return [
            Recorded(position, fact(uuid_of(originator), version, topic, state))
            for position, originator, version, topic, state in rows
        ]

    def _id(self, aggregate: UUID) -> str:
        return aggregate.hex

    def _rows(self, query: str, params: Sequence[Any] = ()) -> list[Any]:
        with translated(self._path.name):
            return self._reader().execute(query, params).fetchall()

    def _page(self, query: str, params: Sequence[Any], most: int = PAGE_BYTES) -> list[Any]:
        with translated(self._path.name):
            return first_of(self._reader().execute(query, params), STATE, most)[0]

    def _written(self, statement: str, params: Sequence[Any]) -> list[Any]:
        with translated(self._path.name), self._recorder.writing() as c:
            c.execute(statement, params)
            return c.fetchall()

    def _written_together(self, *statements: tuple[str, Sequence[Any]]) -> None:
        with translated(self._path.name), self._recorder.writing() as c:
            for statement, params in statements:
                c.execute(statement, params)

    def _reader(self) -> sqlite3.Connection:
        """Each thread reads on a connection of its own, never behind the writer's lock."""
        reader: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = sqlite3.connect(
                self._name, uri=True, isolation_level=None, timeout=30, check_same_thread=False
            )
            reader.execute("PRAGMA query_only = 1")
            reader.execute(f"PRAGMA cache_size = -{READER_CACHE}")
            self._readers.append(reader)
        return reader


@cache
def newest_of_any(newest_of: str, aggregates: int) -> str:
    """The query for the newest fact of so many aggregates, by that of one; 0 if there is none."""
    newest = ", ".join([f"coalesce(({newest_of}), 0)"] * aggregates)
    return f"SELECT max(0, {newest or 0})"
