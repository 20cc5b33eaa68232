"""The recorder on PostgreSQL: every batch is one call of one function, one round trip, one commit.

Built on the library's recorder. Order of positions = order of commit needs a table lock from the
first position taken until the commit; the function takes it itself, so it is never held while
the client thinks. (The library's own database functions take no lock: a reader that follows the
log loses facts. They are not installed.)
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from itertools import chain
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import IntegrityError, PersistenceError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from adapters.stores.connections import MIGRATION_LOCK, PATIENCE, Connection, Datastore, carried
from adapters.stores.ddl import make_missing
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
from application.ports import NOTHING_READ, Blob, IdempotentResult
from application.quotas import BYTES
from domain.lineage import Identity

FACTS_A_SECOND = 1_000
"""A commit of many facts may take longer."""

CREATE = """
CREATE TABLE IF NOT EXISTS trials (id integer PRIMARY KEY, time timestamptz);
CREATE TABLE IF NOT EXISTS stored_snapshots (
    originator_id uuid, originator_version bigint, topic text, state bytea,
    PRIMARY KEY (originator_id, originator_version));
CREATE TABLE IF NOT EXISTS kept_answers (
    account bigint, key text, request text, time text, status integer, headers text, body bytea,
    position bigint, PRIMARY KEY (account, key));
CREATE TABLE IF NOT EXISTS numbers (
    account bigint, kind integer, next bigint, PRIMARY KEY (account, kind));
CREATE TABLE IF NOT EXISTS blobs (
    account bigint, digest text, type text, data bytea, PRIMARY KEY (account, digest));
CREATE TABLE IF NOT EXISTS account_usage (
    account bigint, name text, amount bigint, PRIMARY KEY (account, name)) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS store_identity (one integer PRIMARY KEY, id text, epoch bigint);
INSERT INTO store_identity VALUES (1, left(replace(gen_random_uuid()::text, '-', ''), 16),
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint) ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION append_facts(
    ids uuid[], versions bigint[], topics text[], states bytea[],
    snapshot_ids uuid[], snapshot_versions bigint[], snapshot_topics text[],
    snapshot_states bytea[],
    accounts bigint[], keys text[], requests text[], times text[], statuses integer[],
    headers text[], bodies bytea[], positions bigint[], facts integer[],
    read_ids uuid[], read_versions bigint[],
    usage_accounts bigint[], usage_names text[], usage_amounts bigint[]
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
    INSERT INTO account_usage SELECT * FROM unnest(usage_accounts, usage_names, usage_amounts)
    ON CONFLICT (account, name) DO UPDATE SET amount = account_usage.amount + excluded.amount;
    RETURN given;
END $$;
"""
INDEX_OF_ANSWERS = "CREATE INDEX IF NOT EXISTS kept_answers_time ON kept_answers (time)"
APPEND = (
    "SELECT append_facts(%b::uuid[],%b::bigint[],%b::text[],%b::bytea[],"
    "%b::uuid[],%b::bigint[],%b::text[],%b::bytea[],"
    "%b::bigint[],%b::text[],%b::text[],%b::text[],%b::int[],%b::text[],%b::bytea[],"
    "%b::bigint[],%b::int[],%b::uuid[],%b::bigint[],"
    "%b::bigint[],%b::text[],%b::bigint[])"
)
BOUNDED = "SELECT set_config('lock_timeout', current_setting('stagebook.turn'), true)"
"""For this transaction: a commit that waits for a lost standby holds the table."""


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
            make_missing(c, self.sql_create_statements)
            c.execute(CREATE)
            make_missing(c, (*INDEXES, INDEX_OF_ANSWERS))
            c.execute(BEGIN_ANSWERS_OF_NOTHING)

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        snapshots: Sequence[StoredEvent] = (),
        answers: Sequence[IdempotentResult] = (),
        read: Mapping[UUID, int] = NOTHING_READ,
        timeline: int | None = None,
        blobs: Iterable[Blob] = (),
        identity: Identity | None = None,
        **_: Any,
    ) -> list[int]:
        rows = [(*answer_row(k), k.answer.position, k.facts) for k in answers]
        params = (
            *_columns(stored_events),
            *_columns(snapshots),
            *_turned(rows, 9),
            [*read.keys()],
            [*read.values()],
            *_turned(usage_rows(usage_in(stored_events)), 3),
        )
        patience = self._patience + len(stored_events) / FACTS_A_SECOND
        mine: Connection | None = getattr(self._turns, "mine", None)
        if mine:
            return self._append_in_turn(mine, params, timeline, patience, blobs)
        with (
            self.datastore.get_connection() as conn,
            conn.confirmed(patience),
            conn.transaction() if identity else nullcontext(),
        ):
            if identity:
                conn.execute(BECOME.replace("?", "%s"), becoming(identity))
            return self._append(conn, params, timeline, blobs)

    def _append(
        self,
        conn: Connection,
        params: tuple[Any, ...],
        timeline: int | None,
        blobs: Iterable[Blob],
    ) -> list[int]:
        if timeline is not None and timeline != conn.timeline:
            message = "the database is another one than was read"
            raise IntegrityError(message)
        carried(conn, (chain.from_iterable(params),))
        with (
            conn.transaction() if blobs else nullcontext(),
            conn.cursor(row_factory=tuple_row) as c,
        ):
            row = c.execute(APPEND, params, prepare=True).fetchone()
            for blob in blobs:  # under the function's lock: whoever removes blobs holds it, too
                carried(conn, (row_of_blob := blob_row(blob),))
                if c.execute(INSERT_BLOB.replace("?", "%s"), row_of_blob).rowcount:
                    more = (blob.account, BYTES, len(blob.data))
                    c.execute(ADD_USAGE.replace("?", "%s"), more)
        return list(row[0]) if row else []

    def _append_in_turn(
        self,
        conn: Connection,
        params: tuple[Any, ...],
        timeline: int | None,
        patience: float,
        blobs: Iterable[Blob],
    ) -> list[int]:
        """Commits, too: what became of a commit is told here and nowhere later."""
        try:
            with conn.confirmed(patience):
                positions = self._append(conn, params, timeline, blobs)
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


def _turned(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Rows as columns."""
    return [[*column] for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _columns(events: Sequence[StoredEvent]) -> tuple[list[Any], ...]:
    return (
        [e.originator_id for e in events],
        [e.originator_version for e in events],
        [e.topic for e in events],
        [e.state for e in events],
    )
