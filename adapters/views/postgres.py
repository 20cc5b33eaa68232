"""Views on PostgreSQL: a set of tables per generation, and a row that names the live one.

Commits here do not wait for the disk (`synchronous_commit = off`): a view is derived, its position
moves with its documents, and what a crash takes is folded again. The facts' commits always wait.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg import sql
from psycopg.rows import tuple_row

from adapters.stores.postgres import MIGRATION_LOCK, translated
from adapters.views.sql import Cursor, SqlView
from projections.base import Projection, View

REFRESH_SECONDS = 0.5
RETIRED = -1
"""The position of a generation that was switched away from: no worker finds it where it left it."""


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
        self._store = store

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


class PostgresViews:
    """The `Views` port: the table `views` names the live generation of each."""

    def __init__(self, store: PostgresDatastore, projections: Sequence[Projection]) -> None:
        self._store = store
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

    def close(self) -> None:
        """The connections are the store's."""

    def live(self, projection: Projection) -> PostgresView:
        """The live generation; another process's switch is seen within half a second."""
        held = self._live.get(projection.name)
        if held is None or held[0] < time.monotonic():
            with translated(), self._store.get_connection() as connection:
                row = (
                    connection.cursor(row_factory=tuple_row)
                    .execute("SELECT generation FROM views WHERE name = %s", (projection.name,))
                    .fetchone()
                )
            generation = row[0] if row else 0
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
        self._prune(projection, keep={built.generation, live.generation})

    @contextmanager
    def leading(self, projection: Projection) -> Iterator[bool]:
        """Whether this process is the one that writes the live view; held while inside."""
        with translated(), self._store.get_connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            name = f"stagebook view {projection.name}"
            lock = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
            row = cursor.execute(lock, (name,)).fetchone()
            try:
                yield bool(row and row[0])
            finally:
                if row and row[0]:
                    cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (name,))

    def _prune(self, projection: Projection, keep: set[int]) -> None:
        with self._transaction() as c:
            newest = max(keep)
            for generation in range(max(1, newest - 10), newest):
                if generation not in keep:
                    for table in ("documents", "terms", "parked", "progress"):
                        name = f"view_{projection.name}_{generation}_{table}"
                        drop = sql.SQL("DROP TABLE IF EXISTS {}")
                        c.execute(drop.format(sql.Identifier(name)))

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Cursor[Any]]:
        with (
            translated(),
            self._store.get_connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            yield cursor
