"""Views on PostgreSQL: a set of tables per generation, and a row that names the live one.

Commits here do not wait for the disk (`synchronous_commit = off`): a view is derived, its position
moves with its documents, and what a crash takes is folded again. The facts' commits always wait.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg import sql
from psycopg.rows import tuple_row

from adapters.stores.connections import MIGRATION_LOCK, translated
from adapters.views.building import BuildingView
from adapters.views.locks import HEARTBEATS, PULSES, SessionLocks
from adapters.views.notes import TableNotes
from adapters.views.runs import RUN, WISH, Generation, Runs
from adapters.views.served import ServedView
from adapters.views.sql import Cursor
from projections.base import BeingRebuilt, Parked, Projection, Row, View, ViewMoved

REFRESH_SECONDS = 0.5
SETTINGS = (
    "SET LOCAL synchronous_commit TO OFF; SET LOCAL idle_in_transaction_session_timeout TO '4s'"
)
"""Who is stopped in the middle of a commit holds up nobody who takes over."""
TABLES = ("documents", "terms", "parked", "progress", "plan", "slices")


COPIED = {"int": "int8", "text": "text", "bytes": "bytea"}
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

    def copy(self, table: str, types: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        with self._cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

    def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount


class PostgresView(BuildingView):
    """One generation: the tables `view_NAME_GENERATION_…`."""

    TYPES = {"int": "BIGINT", "text": 'TEXT COLLATE "C"', "bytes": "BYTEA"}  # noqa: RUF012

    """A negative position: it was switched away from, and nobody writes it who took it for live."""

    def __init__(self, projection: Projection, generation: int, store: PostgresDatastore) -> None:
        super().__init__(projection, f"view_{projection.name}_{generation}_")
        self.generation = generation
        self.retired = False
        self._store = store

    def position(self) -> int:
        position = super().position()
        self.retired = position < 0
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
        if since < 0:
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

    def load(
        self, c: Cursor, table: str, types: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        assert isinstance(c, PostgresCursor)  # noqa: S101 - made by `writing`
        c.copy(table, [COPIED[t] for t in types], rows)

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
            cursor.execute(SETTINGS)
            yield PostgresCursor(cursor)


class Named(NamedTuple):
    """The generations of a view that are kept, by number."""

    live: int
    before: int | None
    before_of_this_version: int | None
    unfinished: int | None


class PostgresViews:
    """The `Views` port: the table `views` names the live generation of each."""

    def __init__(self, store: PostgresDatastore, projections: Sequence[Projection]) -> None:
        self._store = store
        self._locks = SessionLocks(store)
        self.runs = Runs(TableNotes(self._transaction))
        self._live: dict[str, tuple[float, PostgresView]] = {}
        self._before: dict[str, PostgresView] = {}
        self._served = {p.name: ServedView(p, store) for p in projections}
        with self._transaction() as c:
            c.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            c.execute(
                "CREATE TABLE IF NOT EXISTS views (name text PRIMARY KEY, generation bigint,"
                " version bigint, newest bigint)"
            )
            for column in ("newest_version", "before", "before_version"):
                c.execute(f"ALTER TABLE views ADD COLUMN IF NOT EXISTS {column} bigint")
            c.execute(HEARTBEATS)
            for column in (WISH, RUN):
                c.execute(f"ALTER TABLE views ADD COLUMN IF NOT EXISTS {column} text")
            for projection in projections:
                row = c.execute(
                    "INSERT INTO views (name, generation, version, newest) VALUES (%s, 1, %s, 1)"
                    " ON CONFLICT DO NOTHING RETURNING 1",
                    (projection.name, projection.version),
                ).fetchone()
                if row:
                    view = PostgresView(projection, 1, store)
                    view.create_whole(PostgresCursor(c))
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

    def served(self, projection: Projection) -> ServedView:
        """What readers are given: each statement is of the generation that is live then."""
        return self._served[projection.name]

    def up_to_date(self, projection: Projection) -> bool:
        """Whether the live generation was made by this version of the projection."""
        with self._transaction() as c:
            row = c.execute(
                "SELECT version FROM views WHERE name = %s", (projection.name,)
            ).fetchone()
        return bool(row and row[0] == projection.version)

    @contextmanager
    def rebuilding(self, projection: Projection) -> Iterator[None]:
        with self._locks.trying(_rebuild_of(projection)) as free:
            if not free:
                raise BeingRebuilt(projection.name, self.runs.last(projection))
            self._drop_left(projection)
            try:
                with self.runs.telling(projection):
                    yield
            finally:
                self._drop_left(projection)

    def is_rebuilt(self, projection: Projection) -> bool:
        """Whether a process is at it. To ask is to try: ask where there should be one."""
        with self._locks.trying(_rebuild_of(projection)) as free:
            return not free

    def build(self, projection: Projection) -> PostgresView:
        if unfinished := self._named(projection).unfinished:
            view = PostgresView(projection, unfinished, self._store)
        else:
            view = self._new(projection)
        made = view.made()
        self.runs.begin(projection, view.generation, made.done if made else 0)
        return view

    def _new(self, projection: Projection) -> PostgresView:
        with self._transaction() as c:
            row = c.execute(
                "UPDATE views SET newest = newest + 1, newest_version = %s WHERE name = %s"
                " RETURNING newest",
                (projection.version, projection.name),
            ).fetchone()
            assert row  # noqa: S101 - made at start
            view = PostgresView(projection, row[0], self._store)
            view.create_planned(PostgresCursor(c))
        return view

    def building(self, projection: Projection, generation: int) -> PostgresView:
        view = PostgresView(projection, generation, self._store)
        view.look()
        return view

    def before(self, projection: Projection) -> PostgresView | None:
        before = self._named(projection).before_of_this_version
        held = self._before.pop(projection.name, None)
        if before is None:
            return None
        if not held or held.generation != before:
            held = PostgresView(projection, before, self._store)
        view = self._before[projection.name] = held
        progress = sql.Identifier(view.progress)
        with self._transaction() as c:
            back = sql.SQL("UPDATE {} SET position = -position - 1 WHERE position < 0")
            c.execute(back.format(progress))
        return view

    def generations(self, projection: Projection) -> Iterator[Generation]:
        """The live one, and the one before where it is kept."""
        with self._transaction() as c:
            row = c.execute(
                "SELECT generation, version, before, before_version FROM views WHERE name = %s",
                (projection.name,),
            ).fetchone()
        assert row  # noqa: S101 - made at start
        for number, version in (row[:2], row[2:]):
            if number is not None:
                yield Generation(number, f"view_{projection.name}_{number}", version)

    @contextmanager
    def built(self, projection: Projection, number: int) -> Iterator[PostgresView | None]:
        """A generation that is being built, to look at."""
        view = PostgresView(projection, number, self._store)
        with self._transaction() as c:
            there = c.execute("SELECT to_regclass(%s)", (view.slices_table,)).fetchone()
        yield view if there and there[0] else None

    def prune(self, projection: Projection) -> None:
        """Drops every generation but the live one."""
        with self.rebuilding(projection), self._transaction() as c:
            forget = "UPDATE views SET before = NULL, newest_version = NULL WHERE name = %s"
            c.execute(forget, (projection.name,))

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
            if not self._locks.holds(_rebuild_of(projection)):  # another may be at it by now
                raise BeingRebuilt(name)
            c.execute(sql.SQL("UPDATE {} SET position = -position - 1").format(progress))
            c.execute(
                "UPDATE views SET before = generation, before_version = version, generation = %s,"
                " version = %s WHERE name = %s",
                (built.generation, projection.version, name),
            )
        self._live.pop(name, None)
        with self.built(projection, built.generation) as planned:
            made = planned.made() if planned else None
        self.runs.finish(projection, built.generation, made.facts if made else 0)

    @contextmanager
    def leading(self, projection: Projection) -> Iterator[bool]:
        """Whether this process is the one that writes the live view; held while inside."""
        with self._locks.trying(_lead_of(projection)) as free:
            yield free

    def leads(self, projection: Projection) -> bool:
        """Whether it still is."""
        return self._locks.holds(_lead_of(projection))

    def beat(self, projections: Sequence[Projection]) -> None:
        """Says that the worker of these is at work."""
        self._locks.beat([_lead_of(projection) for projection in projections])

    def pulses(self, projections: Sequence[Projection]) -> dict[str, float]:
        """Seconds since the heartbeat of each view that somebody leads, by its name."""
        with self._transaction() as c:
            found = dict(c.execute(PULSES).fetchall())
        leads = {projection.name: _lead_of(projection) for projection in projections}
        return {name: found[lead] for name, lead in leads.items() if lead in found}

    def _generation(self, projection: Projection) -> int:
        with self._transaction() as c:
            query = "SELECT generation FROM views WHERE name = %s"
            row = c.execute(query, (projection.name,)).fetchone()
        return int(row[0]) if row else 0

    def _named(self, projection: Projection) -> "Named":
        with self._transaction() as c:
            row = c.execute(
                "SELECT generation, before, CASE before_version WHEN %(version)s THEN before END,"
                " CASE newest_version WHEN %(version)s THEN newest END"
                " FROM views WHERE name = %(name)s",
                {"name": projection.name, "version": projection.version},
            ).fetchone()
        assert row  # noqa: S101 - made at start
        live, before, of_this_version, newest = row
        return Named(live, before, of_this_version, None if newest in (live, before) else newest)

    def _drop_left(self, projection: Projection) -> None:
        """Drops what nothing names; what somebody still reads goes the next time."""
        named = self._named(projection)
        kept = (named.live, named.before, named.unfinished)
        prefix = f"view_{projection.name}_"
        busy = psycopg.errors.LockNotAvailable
        with self._transaction() as c, suppress(busy), c.connection.transaction():
            c.execute("SET LOCAL lock_timeout = '1s'")
            found = c.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
                " AND tablename ~ %s",
                (rf"^{prefix}\d+_progress$",),
            ).fetchall()
            for (name,) in found:
                generation = name.removeprefix(prefix).removesuffix("_progress")
                if int(generation) not in kept:
                    for table in TABLES:
                        drop = sql.SQL("DROP TABLE IF EXISTS {}")
                        c.execute(drop.format(sql.Identifier(f"{prefix}{generation}_{table}")))

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Cursor[Any]]:
        with (
            translated(),
            self._store.get_connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            cursor.execute(
                "SET LOCAL synchronous_commit TO LOCAL"
            )  # a lost standby stops no switch
            yield cursor


def _rebuild_of(projection: Projection) -> str:
    return f"stagebook rebuild {projection.name}"


def _lead_of(projection: Projection) -> str:
    return f"stagebook view {projection.name}"


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
