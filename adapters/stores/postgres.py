"""The store on PostgreSQL: every batch is one call of one function, one round trip, one commit.

Built on the library's recorder. Order of positions = order of commit needs a table lock from the
first position taken until the commit; the function takes it itself, so it is never held while
the client thinks. (The library's own database functions take no lock: a reader that follows the
log loses facts. They are not installed.)
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import IntegrityError, PersistenceError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from psycopg_pool import PoolClosed, PoolTimeout

from adapters.stores.connections import PATIENCE, Connection, Datastore, TookTooLong, datastore
from adapters.stores.mapper import FactMapper
from adapters.stores.sqlite import kept
from application.ports import (
    NOTHING_READ,
    Answer,
    KeptAnswer,
    OutcomeUnknown,
    Recorded,
    StoreUnavailable,
    VersionTaken,
)
from domain.base import DomainEvent, Snapshot
from domain.ids import Span, spans

MIGRATION_LOCK = 0x57A6EB00
LOOK_SECONDS = 5.0
"""How long it is tried to learn what became of a commit whose connection was lost."""
PAGE = 1_000
FACTS_A_SECOND = 1_000
"""A commit of many facts may take longer."""

CREATE = """
CREATE TABLE IF NOT EXISTS stored_snapshots (
    originator_id uuid, originator_version bigint, topic text, state bytea,
    PRIMARY KEY (originator_id, originator_version));
CREATE TABLE IF NOT EXISTS kept_answers (
    account bigint, key text, request text, time text, status integer, headers text, body bytea,
    position bigint, PRIMARY KEY (account, key));
CREATE INDEX IF NOT EXISTS kept_answers_time ON kept_answers (time);
CREATE TABLE IF NOT EXISTS numbers (
    account bigint, kind integer, next bigint, PRIMARY KEY (account, kind));
CREATE TABLE IF NOT EXISTS blobs (
    account bigint, digest text, type text, data bytea, PRIMARY KEY (account, digest));
CREATE OR REPLACE FUNCTION append_facts(
    ids uuid[], versions bigint[], topics text[], states bytea[],
    snapshot_ids uuid[], snapshot_versions bigint[], snapshot_topics text[],
    snapshot_states bytea[],
    accounts bigint[], keys text[], requests text[], times text[], statuses integer[],
    headers text[], bodies bytea[], positions bigint[], facts integer[],
    read_ids uuid[], read_versions bigint[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE given bigint[];
BEGIN
    IF current_setting('synchronous_commit') = 'off' THEN
        SET LOCAL synchronous_commit = on;
    END IF;
    PERFORM set_config(
        'lock_timeout', coalesce(nullif(current_setting('stagebook.turn', true), ''), '0'), true);
    LOCK TABLE stored_events IN EXCLUSIVE MODE;
    IF EXISTS (
        SELECT 1 FROM unnest(read_ids, read_versions) AS r(i, v)
        JOIN stored_events s ON s.originator_id = r.i AND s.originator_version = r.v + 1
    ) THEN
        RAISE unique_violation USING MESSAGE = 'an aggregate that was read has moved on';
    END IF;
    WITH added AS (
        INSERT INTO stored_events (originator_id, originator_version, topic, state)
        SELECT i, v, t, s
        FROM unnest(ids, versions, topics, states) WITH ORDINALITY AS f(i, v, t, s, n)
        ORDER BY n RETURNING notification_id)
    SELECT coalesce(array_agg(notification_id ORDER BY notification_id), '{}') INTO given
    FROM added;
    INSERT INTO stored_snapshots
    SELECT * FROM unnest(snapshot_ids, snapshot_versions, snapshot_topics, snapshot_states)
    ON CONFLICT DO NOTHING;
    INSERT INTO kept_answers
    SELECT a, k, r, t, s, h, b, CASE WHEN f > 0 THEN given[f] ELSE p END
    FROM unnest(accounts, keys, requests, times, statuses, headers, bodies, positions, facts)
        AS kept(a, k, r, t, s, h, b, p, f);
    RETURN given;
END $$;
"""
APPEND = (
    "SELECT append_facts(%b::uuid[],%b::bigint[],%b::text[],%b::bytea[],"
    "%b::uuid[],%b::bigint[],%b::text[],%b::bytea[],"
    "%b::bigint[],%b::text[],%b::text[],%b::text[],%b::int[],%b::text[],%b::bytea[],"
    "%b::bigint[],%b::int[],%b::uuid[],%b::bigint[])"
)
BOUNDED = "SELECT set_config('lock_timeout', current_setting('stagebook.turn'), true)"
"""For this transaction: a commit that waits for a lost standby holds the table."""
SELECT_FACTS = (
    "SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events "
)


class PostgresRecorder(PostgresApplicationRecorder):
    """The library's recorder, inserting through a function that holds the lock itself."""

    datastore: Datastore

    def __init__(self, datastore: Datastore, patience: float = PATIENCE) -> None:
        super().__init__(datastore)
        self._patience = patience
        self._turns = threading.local()
        self.sql_create_statements = [
            s
            for s in self.sql_create_statements
            if "FUNCTION" not in s.as_string() and "TYPE" not in s.as_string()
        ]

    def create_table(self) -> None:
        """Migrates under a lock: processes that start together wait for each other."""
        with self.datastore.transaction(commit=True) as c:
            c.execute("SET LOCAL synchronous_commit TO LOCAL")  # a lost standby stops no start
            c.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            self._create_table(c)
            c.execute(CREATE)

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        snapshots: Sequence[StoredEvent] = (),
        answers: Sequence[KeptAnswer] = (),
        read: Mapping[UUID, int] = NOTHING_READ,
        era: int | None = None,
        **_: Any,
    ) -> list[int]:
        rows = [
            (
                k.account,
                k.key,
                k.request,
                k.time,
                k.answer.status,
                json.dumps(k.answer.headers),
                k.answer.body,
                k.answer.position,
                k.facts,
            )
            for k in answers
        ]
        params = (
            *_columns(stored_events),
            *_columns(snapshots),
            *(list(column) for column in zip(*rows, strict=True) or ()),
        )
        if not rows:
            params += ([],) * 9
        params += (list(read.keys()), list(read.values()))
        patience = self._patience + len(stored_events) / FACTS_A_SECOND
        mine: Connection | None = getattr(self._turns, "mine", None)
        if mine:
            return self._append_in_turn(mine, params, era, patience)
        with self.datastore.get_connection() as conn, conn.confirmed(patience):
            return self._append(conn, params, era)

    def _append(self, conn: Connection, params: tuple[Any, ...], era: int | None) -> list[int]:
        if era is not None and era != conn.era:
            message = "the database is another one than was read"
            raise IntegrityError(message)
        with conn.cursor(row_factory=tuple_row) as c:
            row = c.execute(APPEND, params, prepare=True).fetchone()
        return list(row[0]) if row else []

    def _append_in_turn(
        self, conn: Connection, params: tuple[Any, ...], era: int | None, patience: float
    ) -> list[int]:
        """Commits, too: what became of a commit is told here and nowhere later."""
        try:
            with conn.confirmed(patience):
                positions = self._append(conn, params, era)
                if conn.execute("COMMIT").statusmessage != "COMMIT":
                    message = "the turn's transaction was rolled back"
                    raise PersistenceError(message)
        except psycopg.IntegrityError as error:
            raise IntegrityError(str(error)) from error
        except psycopg.Error as error:
            raise PersistenceError(str(error)) from error
        return positions

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Other processes wait with what they write; the next batch is recorded within."""
        with self.datastore.get_connection() as conn:
            conn.execute(f"BEGIN; {BOUNDED}; LOCK TABLE stored_events IN EXCLUSIVE MODE")
            self._turns.mine = conn  # this thread's: another writer on this store waits, too
            try:
                yield
            finally:
                self._turns.mine = None
                if conn.info.transaction_status != TransactionStatus.IDLE:
                    with suppress(psycopg.Error):  # a lost connection has let go of it already
                        conn.execute("ROLLBACK")


def _columns(events: Sequence[StoredEvent]) -> tuple[list[Any], ...]:
    return (
        [e.originator_id for e in events],
        [e.originator_version for e in events],
        [e.topic for e in events],
        [e.state for e in events],
    )


class PostgresStore:
    """The `Store` port on a PostgreSQL database, 14 or later."""

    def __init__(self, url: str, *, connections: int = 4, patience: float = PATIENCE) -> None:
        self._mapper = FactMapper()
        self._patience = patience
        with translated():
            self.datastore = datastore(url, connections, patience)
            self._recorder = PostgresRecorder(self.datastore, patience)
            self._recorder.create_table()

    def close(self) -> None:
        self.datastore.close()

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
        era: int | None = None,
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
                    era=era,
                )
            except PersistenceError as error:
                if refused(error) or not stored:
                    raise
                if isinstance(error.__cause__, TookTooLong):
                    raise OutcomeUnknown(str(error)) from error
                return self._positions_if_recorded(stored, error)

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
                "SELECT notification_id FROM stored_events WHERE originator_id = %s"
                " AND originator_version = %s AND topic = %s AND state = %s",
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

    def era(self) -> int:
        return self.datastore.era

    def take_numbers(self, account: int, kind: int, count: int) -> int:
        rows = self._written(
            "INSERT INTO numbers VALUES (%s,%s,%s) ON CONFLICT (account, kind)"
            " DO UPDATE SET next = numbers.next + %s RETURNING next",
            (account, kind, 1 + count, count),
        )
        return int(rows[0][0]) - count

    def reserve_numbers(self, account: int, given: dict[int, int]) -> None:
        for kind, number in given.items():
            self._written(
                "INSERT INTO numbers VALUES (%s,%s,%s) ON CONFLICT (account, kind) DO UPDATE"
                " SET next = greatest(numbers.next, excluded.next) RETURNING next",
                (account, kind, number + 1),
            )

    def forget_answers(self, before: str) -> None:
        with translated(), self.datastore.transaction(commit=True) as c:
            c.execute("SET LOCAL synchronous_commit TO OFF")
            c.execute("DELETE FROM kept_answers WHERE time < %s", (before,))

    def put_blob(self, account: int, digest: str, type_: str, data: bytes) -> None:
        self._written(
            "INSERT INTO blobs VALUES (%s,%s,%s,%s) ON CONFLICT DO NOTHING RETURNING 1",
            (account, digest, type_, data),
        )

    # -- reading

    def position(self) -> int:
        query = "SELECT coalesce(max(notification_id), 0) FROM stored_events"
        return int(self._rows(query)[0][0])

    def read(self, after: int, limit: int) -> list[Recorded]:
        query = SELECT_FACTS + "WHERE notification_id > %s ORDER BY notification_id LIMIT %s"
        return self._recorded(query, (after, limit))

    def at(self, positions: Sequence[int]) -> list[Recorded]:
        query = SELECT_FACTS + "WHERE notification_id = ANY(%s) ORDER BY notification_id"
        return self._recorded(query, ([*positions],))

    def spans(self) -> Iterator[Span]:
        return spans(self._first_behind, self._counted)

    def _first_behind(self, aggregate: UUID) -> UUID | None:
        rows = self._rows(
            "SELECT originator_id FROM stored_events WHERE originator_id > %s"
            " ORDER BY originator_id LIMIT 1",
            (aggregate,),
        )
        return rows[0][0] if rows else None

    def _counted(self, first: UUID, last: UUID) -> tuple[UUID, int]:
        ((found, count),) = self._rows(
            "SELECT (SELECT originator_id FROM stored_events WHERE originator_id <= %s"
            " ORDER BY originator_id DESC LIMIT 1),"
            " (SELECT count(*) FROM stored_events WHERE originator_id BETWEEN %s AND %s)",
            (last, first, last),
        )
        return found, count

    def between(self, first: UUID, last: UUID, upto: int) -> Iterator[Recorded]:
        query = (
            SELECT_FACTS + "WHERE (originator_id, originator_version) > (%s, %s)"
            " AND originator_id <= %s AND notification_id <= %s"
            " ORDER BY originator_id, originator_version LIMIT %s"
        )
        place = (first, 0)
        while page := self._rows(query, (*place, last, upto, PAGE)):
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
            SELECT_FACTS + "WHERE originator_id = %s AND originator_version > %s"
            " AND originator_version <= %s ORDER BY originator_version"
            f"{' DESC' if newest_first else ''} LIMIT %s"
        )
        upto = 2**62 if upto is None else upto
        return self._recorded(query, (aggregate, after, upto, limit))

    def snapshot(self, aggregate: UUID, upto: int | None = None) -> Snapshot | None:
        rows = self._rows(
            "SELECT originator_version, topic, state FROM stored_snapshots WHERE originator_id = %s"
            " AND originator_version <= %s ORDER BY originator_version DESC LIMIT 1",
            (aggregate, 2**62 if upto is None else upto),
        )
        return self._mapper.fact(aggregate, *rows[0]) if rows else None  # type: ignore[return-value]

    def snapshots(self) -> Iterator[Snapshot]:
        query = (
            "SELECT originator_id, originator_version, topic, state FROM stored_snapshots"
            " WHERE (originator_id, originator_version) > (%s, %s)"
            " ORDER BY originator_id, originator_version LIMIT 100"
        )
        place = (UUID(int=0), 0)
        while rows := self._rows(query, place):
            for row in rows:
                yield self._mapper.fact(*row)  # type: ignore[misc]
            place = (rows[-1][0], rows[-1][1])

    def kept_answer(self, account: int, key: str) -> tuple[str, Answer] | None:
        rows = self._rows(
            "SELECT request, status, headers, body, position FROM kept_answers"
            " WHERE account = %s AND key = %s",
            (account, key),
        )
        if rows:
            self._confirm()
        return kept(*rows[0]) if rows else None

    def numbers_given(self, account: int) -> dict[int, int]:
        query = "SELECT kind, next - 1 FROM numbers WHERE account = %s"
        return dict(self._rows(query, (account,)))

    def blob(self, account: int, digest: str) -> tuple[str, bytes] | None:
        query = "SELECT type, data FROM blobs WHERE account = %s AND digest = %s"
        rows = self._rows(query, (account, digest))
        return (rows[0][0], bytes(rows[0][1])) if rows else None

    def blobs(self, account: int) -> Iterator[str]:
        query = "SELECT digest FROM blobs WHERE account = %s ORDER BY digest"
        yield from (row[0] for row in self._rows(query, (account,)))

    def facts_of(self, account: int) -> Iterator[Recorded]:
        low, high = UUID(int=account << 80), UUID(int=(account << 80) | (2**80 - 1))
        query = (
            SELECT_FACTS + "WHERE notification_id > %s AND originator_id BETWEEN %s AND %s"
            " ORDER BY notification_id LIMIT 1000"
        )
        position = 0
        while page := self._recorded(query, (position, low, high)):
            yield from page
            position = page[-1].position

    def _recorded(self, query: str, params: tuple[Any, ...]) -> list[Recorded]:
        return self._facts(self._rows(query, params))

    def _facts(self, rows: list[Any]) -> list[Recorded]:
        fact = self._mapper.fact
        found: list[Recorded] = []
        aggregate: Any = None
        for position, originator, version, topic, state in rows:
            if originator != aggregate:
                aggregate = originator  # one object for one id: it is found by identity
            found.append(Recorded(position, fact(aggregate, version, topic, state)))
        return found

    def _rows(self, query: str, params: tuple[Any, ...] = ()) -> list[Any]:
        with (
            translated(),
            self.datastore.get_connection() as conn,
            conn.cursor(row_factory=tuple_row, binary=True) as c,
        ):
            return c.execute(query, params, prepare=True).fetchall()

    def _written(self, query: str, params: tuple[Any, ...]) -> list[Any]:
        with (
            translated(),
            self.datastore.get_connection() as conn,
            conn.confirmed(self._patience),
            conn.cursor(row_factory=tuple_row, binary=True) as c,
        ):
            return c.execute(query, params, prepare=True).fetchall()


def refused(error: PersistenceError) -> bool:
    """Whether it is certain that nothing was recorded: it was never sent, or the database said no.
    A connection that is ended is told so, too, but as a fatal thing."""
    cause = error.__cause__
    if isinstance(error, IntegrityError) or isinstance(cause, PoolTimeout | PoolClosed):
        return True
    return isinstance(cause, psycopg.Error) and cause.diag.severity_nonlocalized == "ERROR"


@contextmanager
def translated() -> Iterator[None]:
    """PostgreSQL's and the library's errors in the words of the port."""
    try:
        yield
    except (IntegrityError, psycopg.IntegrityError) as error:
        raise VersionTaken(str(error)) from error
    except (PersistenceError, psycopg.Error, PoolTimeout, PoolClosed) as error:
        raise StoreUnavailable(str(error)) from error
