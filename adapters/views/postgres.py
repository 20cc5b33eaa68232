"""Views on PostgreSQL: a set of tables per generation, and a row that names the live one.

Commits here do not wait for the disk (`synchronous_commit = off`): a view is derived, its position
moves with its documents, and what a crash takes is folded again. The facts' commits always wait.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg import sql
from psycopg.rows import tuple_row

from adapters.stores.postgres import MIGRATION_LOCK, session, translated
from adapters.views.sql import Cursor, SqlView
from projections.base import BeingRebuilt, Parked, Projection, Row, View, ViewMoved

REFRESH_SECONDS = 0.5
RETIRED = -1
"""The position of a generation that was switched away from: nothing is folded into it again."""
TABLES = ("documents", "terms", "parked", "progress")


ARRAYS = {"int": "bigint", "text": "text", "bytes": "bytea"}
ROWS = 2_000
"""Rows a statement: an insert from arrays is one round trip, and fewer of them for the planner."""


class PostgresCursor:
    """A cursor that takes `?` for parameters, like the other database's."""

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        self._cursor = cursor

    def execute(self, statement: str, params: Sequence[Any] = ()) -> "PostgresCursor":
        self._cursor.execute(statement.replace("?", "%s"), params)
        return self

    def executemany(self, statement: str, params: Iterable[Sequence[Any]]) -> None:
        self._cursor.executemany(statement.replace("?", "%s"), params)

    def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount


class PostgresView(SqlView):
    """One generation: the tables `view_NAME_GENERATION_…`."""

    TYPES = {"int": "BIGINT", "text": 'TEXT COLLATE "C"', "bytes": "BYTEA"}  # noqa: RUF012

    def __init__(self, projection: Projection, generation: int, store: PostgresDatastore) -> None:
        super().__init__(projection, f"view_{projection.name}_{generation}_")
        self.generation = generation
        self.retired = False
        self._store = store

    def position(self) -> int:
        position = super().position()
        self.retired = position == RETIRED
        return position

    def lead(self) -> int:
        try:
            return super().lead()
        except ViewMoved:
            self.retired = True
            raise

    def commit(
        self,
        rows: Sequence[Row],
        parked: Iterable[Parked],
        since: int,
        position: int,
        fence: int = 0,
    ) -> None:
        if since == RETIRED:
            raise ViewMoved
        super().commit(rows, parked, since, position, fence)

    def insert(
        self,
        c: Cursor,
        table: str,
        types: Sequence[str],
        rows: Sequence[Sequence[Any]],
        on_conflict: str = "",
    ) -> None:
        arrays = ", ".join(f"?::{ARRAYS[t]}[]" for t in types)
        statement = f"INSERT INTO {table} SELECT * FROM unnest({arrays}) {on_conflict}"  # noqa: S608 - names only
        for start in range(0, len(rows), ROWS):
            chunk = rows[start : start + ROWS]
            c.execute(statement, [list(column) for column in zip(*chunk, strict=True)])

    def delete(self, c: Cursor, table: str, keys: Sequence[bytes]) -> None:
        if keys:
            c.execute(f"DELETE FROM {table} WHERE key = ANY(?::bytea[])", [list(keys)])  # noqa: S608

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with (
            translated(),
            self._store.get_connection() as connection,
            connection.cursor(row_factory=tuple_row, binary=True) as cursor,
        ):
            yield PostgresCursor(cursor)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with (
            translated(),
            self._store.get_connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            cursor.execute("SET LOCAL synchronous_commit TO OFF")
            yield PostgresCursor(cursor)


class Locks:
    """Locks between processes, on one connection outside the pool: they die with the process."""

    def __init__(self, store: PostgresDatastore) -> None:
        self._store = store
        self._session: psycopg.Connection[Any] | None = None
        self._held: set[str] = set()
        self._guard = threading.Lock()

    @contextmanager
    def trying(self, name: str) -> Iterator[bool]:
        """Whether the lock was free; it is held while inside."""
        with self._guard:
            held = name not in self._held and self._take(name)
        try:
            yield held
        finally:
            if held:
                with self._guard:
                    self._held.discard(name)
                    self._release(name)

    def close(self) -> None:
        if self._session:
            self._session.close()

    def _take(self, name: str) -> bool:
        with translated():
            if self._session is None or self._session.closed:
                self._session = session(self._store)
                self._held.clear()
            try:
                row = self._session.execute(
                    "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (name,)
                ).fetchone()
            except psycopg.Error:
                self._session.close()
                raise
        if row and row[0]:
            self._held.add(name)
        return name in self._held

    def _release(self, name: str) -> None:
        if self._session:
            with suppress(psycopg.Error):  # a connection that is lost holds no lock
                self._session.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (name,))


class PostgresViews:
    """The `Views` port: the table `views` names the live generation of each."""

    def __init__(self, store: PostgresDatastore, projections: Sequence[Projection]) -> None:
        self._store = store
        self._locks = Locks(store)
        self._live: dict[str, tuple[float, PostgresView]] = {}
        with self._transaction() as c:
            c.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            c.execute(
                "CREATE TABLE IF NOT EXISTS views (name text PRIMARY KEY, generation bigint,"
                " version bigint, newest bigint)"
            )
            for projection in projections:
                row = c.execute(
                    "INSERT INTO views VALUES (%s, 1, %s, 1) ON CONFLICT DO NOTHING RETURNING 1",
                    (projection.name, projection.version),
                ).fetchone()
                if row:
                    view = PostgresView(projection, 1, store)
                    view.create(PostgresCursor(c))
            _migrate(c)

    def close(self) -> None:
        """The other connections are the store's."""
        self._locks.close()

    def live(self, projection: Projection) -> PostgresView:
        """The live generation; another process's switch is seen within half a second, and at
        once by whoever looks where the view stands."""
        held = self._live.get(projection.name)
        if held is None or held[0] < time.monotonic() or held[1].retired:
            generation = self._generation(projection)
            view = held[1] if held else None
            if view is None or view.generation != generation:
                view = PostgresView(projection, generation, self._store)
            held = (time.monotonic() + REFRESH_SECONDS, view)
            self._live[projection.name] = held
        return held[1]

    def up_to_date(self, projection: Projection) -> bool:
        """Whether the live generation was made by this version of the projection."""
        with self._transaction() as c:
            row = c.execute(
                "SELECT version FROM views WHERE name = %s", (projection.name,)
            ).fetchone()
        return bool(row and row[0] == projection.version)

    @contextmanager
    def rebuilding(self, projection: Projection) -> Iterator[None]:
        with self._locks.trying(f"stagebook rebuild {projection.name}") as free:
            if not free:
                raise BeingRebuilt(projection.name)
            before = self._generation(projection)
            self._prune(projection, before)
            try:
                yield
            finally:
                self._prune(projection, before, self._generation(projection))

    def build(self, projection: Projection) -> PostgresView:
        with self._transaction() as c:
            row = c.execute(
                "UPDATE views SET newest = newest + 1 WHERE name = %s RETURNING newest",
                (projection.name,),
            ).fetchone()
            assert row  # noqa: S101 - made at start
            view = PostgresView(projection, row[0], self._store)
            view.create(PostgresCursor(c))
        return view

    @contextmanager
    def switching(self, projection: Projection, built: View) -> Iterator[None]:
        """The live view's progress is locked until the built one is live, so no worker can move
        the live view past what the built one has."""
        assert isinstance(built, PostgresView)  # noqa: S101 - made by `build`
        with self._transaction() as c:
            name = projection.name
            row = c.execute(
                "SELECT generation FROM views WHERE name = %s FOR UPDATE", (name,)
            ).fetchone()
            assert row  # noqa: S101 - made at start
            live = PostgresView(projection, row[0], self._store)
            progress = sql.Identifier(live.progress)
            c.execute(sql.SQL("SELECT position FROM {} FOR UPDATE").format(progress))
            yield
            c.execute(sql.SQL("UPDATE {} SET position = %s").format(progress), (RETIRED,))
            c.execute(
                "UPDATE views SET generation = %s, version = %s WHERE name = %s",
                (built.generation, projection.version, name),
            )
        self._live.pop(name, None)

    @contextmanager
    def leading(self, projection: Projection) -> Iterator[bool]:
        """Whether this process is the one that writes the live view; held while inside."""
        with self._locks.trying(f"stagebook view {projection.name}") as free:
            yield free

    def _generation(self, projection: Projection) -> int:
        with self._transaction() as c:
            query = "SELECT generation FROM views WHERE name = %s"
            row = c.execute(query, (projection.name,)).fetchone()
        return int(row[0]) if row else 0

    def _prune(self, projection: Projection, *keep: int) -> None:
        prefix = f"view_{projection.name}_"
        with self._transaction() as c:
            found = c.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
                " AND tablename ~ %s",
                (rf"^{prefix}\d+_progress$",),
            ).fetchall()
            for (name,) in found:
                generation = name.removeprefix(prefix).removesuffix("_progress")
                if int(generation) not in keep:
                    for table in TABLES:
                        drop = sql.SQL("DROP TABLE {}")
                        c.execute(drop.format(sql.Identifier(f"{prefix}{generation}_{table}")))

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Cursor[Any]]:
        with (
            translated(),
            self._store.get_connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            yield cursor


def _migrate(c: psycopg.Cursor[Any]) -> None:
    """Generations of older versions have neither a fence nor the time of parking."""
    for table, column in (
        ("progress", "fence bigint NOT NULL DEFAULT 0"),
        ("parked", 'since text COLLATE "C"'),
    ):
        lacking = c.execute(
            "SELECT tablename FROM pg_tables t WHERE schemaname = current_schema()"
            " AND tablename ~ %s AND NOT EXISTS (SELECT 1 FROM information_schema.columns i"
            " WHERE (i.table_schema, i.table_name, i.column_name) = (schemaname, tablename, %s))",
            (rf"^view_.*_\d+_{table}$", column.partition(" ")[0]),
        ).fetchall()
        for (name,) in lacking:
            add = sql.SQL(f"ALTER TABLE {{}} ADD COLUMN IF NOT EXISTS {column}")
            c.execute(add.format(sql.Identifier(name)))
