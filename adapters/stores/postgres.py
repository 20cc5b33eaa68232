"""The store on PostgreSQL: what became of a commit is found out, and what is read can be relied on,
on whichever server is the primary by then."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import IntegrityError, PersistenceError, StoredEvent
from psycopg.rows import tuple_row
from psycopg_pool import PoolClosed, PoolTimeout

from adapters.row_pages import PAGE_BYTES, counted_by_the_database, first_of
from adapters.stores import postgres_integrity
from adapters.stores.connections import LARGE, PATIENCE, TookTooLong, carried, datastore, translated
from adapters.stores.postgres_recorder import BOUNDED, PostgresRecorder
from adapters.stores.sql import STATE, SqlStore
from application.ports import (
    NOTHING_READ,
    Blob,
    CommandResult,
    IdempotentResult,
    OutcomeUnknown,
    Recorded,
    StoreUnavailable,
)
from domain.base import DomainEvent, Snapshot
from domain.lineage import Identity

TRIAL = "INSERT INTO trials VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET time = excluded.time"
TRIAL_SECONDS = 2.0
LOOK_SECONDS = 5.0
"""How long it is tried to learn what became of a commit whose connection was lost."""


class PostgresStore(SqlStore):
    """The `Store` port on a PostgreSQL database, 14 or later."""

    def __init__(self, url: str, *, connections: int = 4, patience: float = PATIENCE) -> None:
        super().__init__(position="notification_id")
        self._patience = patience
        with translated():
            self.datastore = datastore(url, connections, patience)
            self._recorder = PostgresRecorder(self.datastore, patience)
            self._recorder.create_table()
        self._count_first()

    def close(self) -> None:
        self.datastore.close()

    # -- writing

    @contextmanager
    def append_lock(self) -> Iterator[None]:
        with translated(), self._recorder.turn():
            yield

    def append(
        self,
        facts: Sequence[DomainEvent],
        snapshots: Sequence[Snapshot] = (),
        answers: Sequence[IdempotentResult] = (),
        read: Mapping[UUID, int] = NOTHING_READ,
        timeline: int | None = None,
        blobs: Iterable[Blob] = (),
        identity: Identity | None = None,
    ) -> Sequence[int]:
        encode = self._mapper.to_stored_event
        stored = [encode(f) for f in facts]
        with translated():
            try:
                return self._recorder.insert_events(
                    stored,
                    snapshots=[encode(s) for s in snapshots],
                    answers=answers,
                    read=read,
                    timeline=timeline,
                    blobs=blobs,
                    identity=identity,
                )
            except PersistenceError as error:
                if refused(error) or not stored:
                    raise
                if isinstance(error.__cause__, TookTooLong):
                    raise OutcomeUnknown(str(error)) from error
                return self._positions_if_recorded(stored, error)

    def try_writing(self) -> None:
        with (
            translated(),
            self.datastore.get_connection() as conn,
            conn.confirmed(TRIAL_SECONDS),
            conn.transaction(),
        ):
            conn.execute(TRIAL)

    def defects(self, *, quickly: bool = False) -> list[str]:
        return postgres_integrity.defects(self.datastore, quickly=quickly)

    def repair_indexes(self) -> None:
        postgres_integrity.reindex(self.datastore)

    def forget_answers(self, before: str) -> None:
        with translated(), self.datastore.transaction(commit=True) as c:
            c.execute("SET LOCAL synchronous_commit TO OFF")
            c.execute("DELETE FROM kept_answers WHERE time < %s", (before,))

    def _positions_if_recorded(
        self, stored: Sequence[StoredEvent], error: PersistenceError
    ) -> list[int]:
        """A connection lost during a commit tells nothing: look whether the batch is there, on
        whichever server is the primary by then."""
        deadline = time.monotonic() + LOOK_SECONDS
        while True:
            try:
                if positions := self._positions(stored):
                    self._confirm()
            except StoreUnavailable as unknown:  # the pool may hold more connections that are dead
                if time.monotonic() > deadline:
                    raise OutcomeUnknown(str(error)) from unknown
                time.sleep(0.05)
            else:
                if not positions:
                    raise error
                return positions

    def _positions(self, stored: Sequence[StoredEvent]) -> list[int]:
        # Whoever waits for the table has waited for the transaction that was cut off from us.
        with translated(), self.datastore.transaction(commit=True) as c:
            c.execute(BOUNDED)
            c.execute("LOCK TABLE stored_events IN EXCLUSIVE MODE")
        positions = []
        for s in stored:
            rows = self._rows(
                "SELECT notification_id FROM stored_events WHERE originator_id = ?"
                " AND originator_version = ? AND topic = ? AND state = ?",
                (s.originator_id, s.originator_version, s.topic, s.state),
            )
            if not rows:
                return []
            positions.append(int(rows[0][0]))
        return positions

    def _confirm(self) -> None:
        """Returns when a standby that commits wait for has everything that can be read here: what
        was committed while that wait was cut short can be read, and may be only here."""
        with (
            translated(),
            self.datastore.get_connection() as conn,
            conn.confirmed(self._patience),
            conn.transaction(),
        ):
            conn.execute(
                "SELECT set_config('synchronous_commit', 'on', true)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )
            conn.execute("SELECT pg_logical_emit_message(true, 'stagebook', 'confirm')")

    # -- reading

    def moved(self) -> bool:
        """Whether the facts have no table any more; any other store tells by its facts."""
        return bool(self._rows("SELECT to_regclass('stored_events') IS NULL")[0][0])

    def timeline(self) -> int:
        return self.datastore.timeline

    def at(self, positions: Sequence[int], most: int | None = None) -> list[Recorded]:
        named = "WHERE notification_id = ANY(?) ORDER BY notification_id"
        query = f"{self._select} {named}"
        return self._facts(self._page(query, ([*positions],), most or PAGE_BYTES))

    def kept_answer(self, account: int, key: str) -> tuple[str, CommandResult] | None:
        found = super().kept_answer(account, key)
        if found:
            self._confirm()
        return found

    def blob(self, account: int, digest: str) -> tuple[str, bytes] | None:
        """Read in pieces: whole, the driver would hold it three times."""
        piece = (
            "SELECT type, substring(data FROM ? FOR ?) FROM blobs WHERE account = ? AND digest = ?"
        )
        pieces: list[bytes] = []
        while rows := self._rows(piece, (len(pieces) * LARGE + 1, LARGE, account, digest)):
            ((kind, data),) = rows
            pieces.append(data)
            if len(data) < LARGE:
                return kind, b"".join(pieces)
        return None

    def _decoded(self, rows: Sequence[Any]) -> list[Recorded]:
        fact = self._mapper.fact
        found: list[Recorded] = []
        aggregate: Any = None
        for position, originator, version, topic, state in rows:
            if originator != aggregate:
                aggregate = originator
            found.append(Recorded(position, fact(aggregate, version, topic, state)))
        return found

    def _id(self, aggregate: UUID) -> UUID:
        return aggregate

    def _rows(self, query: str, params: Sequence[Any] = ()) -> list[Any]:
        with (
            translated(),
            self.datastore.get_connection() as conn,
            conn.cursor(row_factory=tuple_row, binary=True) as c,
        ):
            rows = c.execute(query.replace("?", "%s"), params, prepare=True).fetchall()
            carried(conn, rows)
            return rows

    def _page(self, query: str, params: Sequence[Any], most: int = PAGE_BYTES) -> list[Any]:
        order = query.rpartition(" ORDER BY ")[2].partition(" LIMIT ")[0]
        counted = counted_by_the_database(query, self._columns, "state", order)
        return first_of(self._rows(counted, (*params, most)), STATE, most)[0]

    def _written_together(self, *statements: tuple[str, Sequence[Any]]) -> None:
        with (
            translated(),
            self.datastore.get_connection() as conn,
            conn.confirmed(self._patience),
            conn.transaction(),
        ):
            for statement, params in statements:
                conn.execute(statement.replace("?", "%s"), params)

    def _written(self, statement: str, params: Sequence[Any]) -> list[Any]:
        with (
            translated(),
            self.datastore.get_connection() as conn,
            conn.confirmed(self._patience),
            conn.cursor(row_factory=tuple_row, binary=True) as c,
        ):
            return c.execute(statement.replace("?", "%s"), params, prepare=True).fetchall()


def refused(error: PersistenceError) -> bool:
    """Whether it is certain that nothing was recorded: it was never sent, or the database said no.
    A connection that is ended is told so, too, but as a fatal thing."""
    cause = error.__cause__
    if isinstance(error, IntegrityError) or isinstance(cause, PoolTimeout | PoolClosed):
        return True
    return isinstance(cause, psycopg.Error) and cause.diag.severity_nonlocalized == "ERROR"
