"""Views on PostgreSQL: a set of tables per generation, and a row that names the live one.

Commits here do not wait for the disk (`synchronous_commit = off`): a view is derived, its position
moves with its documents, and what a crash takes is folded again. The facts' commits always wait.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain
from typing import Any

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg import sql
from psycopg.rows import tuple_row
from structlog import get_logger

from adapters.row_pages import chunks
from adapters.stores.connections import LARGE, MIGRATION_LOCK, carried, transaction, translated
from adapters.views.building import BuildingView
from adapters.views.generations import Generations, Named
from adapters.views.locks import HEARTBEATS, SessionLocks
from adapters.views.notes import TableNotes
from adapters.views.runs import REQUEST, RUN, STORE, Generation
from adapters.views.served import LIVE, ServedView, lost_row
from adapters.views.sql import NOBODY, Cursor
from projections.base import Projection, ViewMoved

log = get_logger()

REFRESH_SECONDS = 0.5
SETTINGS = (
    "SET LOCAL synchronous_commit TO OFF; SET LOCAL idle_in_transaction_session_timeout TO '4s'"
)
"""Who is stopped in the middle of a commit holds up nobody who takes over."""
TABLES = ("documents", "terms", "parked", "progress", "plan", "slices")
NAMED = (
    "SELECT generation, version, before, before_version, newest, newest_version"
    " FROM views WHERE name = %s"
)
STORED = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename ~ %s"
FORGET = (
    "UPDATE views SET before = nullif(before, %(generation)s), newest_version ="
    " CASE newest WHEN %(generation)s THEN NULL ELSE newest_version END WHERE name = %(view)s"
)
NEEDED = TABLES[:4]
"""Without the tables that only a rebuild has; `progress` comes last."""
SET_ASIDE = (
    "UPDATE views SET generation = %(generation)s, version = 0, newest = %(generation)s,"
    " newest_version = NULL, before = NULL, before_version = NULL WHERE name = %(view)s"
)
COPIED = {"int": "int8", "text": "text", "bytes": "bytea"}
ARRAYS = {"int": "bigint", "text": "text", "bytes": "bytea"}
ROWS = 2_000
"""Rows a statement, unless they are large: an insert from arrays is one round trip, and fewer of
them for the planner."""


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

    def carried(self, rows: Sequence[Sequence[Any]]) -> None:
        """To be called with the rows that were sent together."""
        carried(self._cursor.connection, (chain.from_iterable(rows),))

    def fetchall(self) -> list[Any]:
        rows = self._cursor.fetchall()
        carried(self._cursor.connection, rows)
        return rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount


class PostgresView(BuildingView):
    """One generation: the tables `view_NAME_GENERATION_…`. Once it was switched away from, its
    position is negative: whoever took it for the live one writes it no more."""

    TYPES = {"int": "BIGINT", "text": 'TEXT COLLATE "C"', "bytes": "BYTEA"}  # noqa: RUF012 - constant

    def __init__(
        self,
        projection: Projection,
        generation: int,
        store: PostgresDatastore,
        *,
        live: bool = False,
        version: int | None = None,
    ) -> None:
        super().__init__(projection, f"view_{projection.name}_{generation}_")
        self.version = projection.version if version is None else version
        self.retired = False
        self._generation, self._store, self._live = generation, store, live

    @property
    def generation(self) -> int:
        return self._generation

    def is_planned(self) -> bool:
        return bool(self._rows("SELECT to_regclass(?) IS NOT NULL", (self.slices_table,))[0][0])

    def position(self) -> int:
        position = super().position()
        self.retired = position < 0
        return position

    def _fenced(self, c: Cursor) -> tuple[int, int]:
        try:
            self._require_live(c)
            return super()._fenced(c)
        except ViewMoved:
            self.retired = True
            raise

    def _require_live(self, c: Cursor) -> None:
        """Where it was opened as the live one. Its position does not tell: the one before is kept
        up."""
        held = f"{LIVE} AND generation = %s FOR SHARE"
        this = (self.projection.name, self._generation)
        if self._live and not c.execute(held, this).fetchall():
            raise ViewMoved

    def insert(
        self,
        c: Cursor,
        table: str,
        types: Sequence[str],
        rows: Sequence[Sequence[Any]],
        on_conflict: str = "",
    ) -> None:
        arrays = ", ".join(f"?::{ARRAYS[t]}[]" for t in types)
        statement = f"INSERT INTO {table} SELECT * FROM unnest({arrays}) {on_conflict}"
        assert isinstance(c, PostgresCursor)  # noqa: S101 - made by `writing`
        for chunk in chunks(rows, ROWS, LARGE):
            c.execute(statement, [list(column) for column in zip(*chunk, strict=True)])
            c.carried(chunk)

    def load(
        self, c: Cursor, table: str, types: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        assert isinstance(c, PostgresCursor)  # noqa: S101 - made by `writing`
        c.copy(table, [COPIED[t] for t in types], rows)

    def analyze(self, c: Cursor) -> None:
        for table in (self.documents, self.terms):
            c.execute(f"ANALYZE {table}")

    def delete(self, c: Cursor, table: str, keys: Sequence[bytes]) -> None:
        if keys:
            c.execute(f"DELETE FROM {table} WHERE key = ANY(?::bytea[])", [list(keys)])

    def delete_terms(self, c: Cursor, terms: Sequence[tuple[bytes, str]]) -> None:
        if terms:
            these = "unnest(?::bytea[], ?::text[]) these(key, term)"
            t = self.terms
            c.execute(
                f"DELETE FROM {t} t USING {these} WHERE t.key = these.key AND t.term = these.term",
                [list(column) for column in zip(*terms, strict=True)],
            )

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
        with transaction(self._store, SETTINGS) as cursor:
            yield PostgresCursor(cursor)


class PostgresViews(Generations[PostgresView]):
    """The `Views` port: the table `views` names the generations of each."""

    LEAD, REBUILD = "stagebook view {}", "stagebook rebuild {}"
    TURN = "stagebook rebuild turn {}"

    def __init__(self, store: PostgresDatastore, projections: Sequence[Projection]) -> None:
        self._sessions = SessionLocks(store)
        super().__init__(TableNotes(self._transaction), self._sessions)
        self._store = store
        self._live: dict[str, tuple[float, PostgresView]] = {}
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
            for column in (REQUEST, RUN, STORE):
                c.execute(f"ALTER TABLE views ADD COLUMN IF NOT EXISTS {column} text")
            for projection in projections:
                stored = self._stored_in(c, projection)  # there are some where the row was lost
                number, version = max(stored, default=0) + 1, 0 if stored else projection.version
                row = c.execute(
                    "INSERT INTO views (name, generation, version, newest) VALUES (%s, %s, %s, %s)"
                    " ON CONFLICT DO NOTHING RETURNING 1",
                    (projection.name, number, version, number),
                ).fetchone()
                if row:
                    view = PostgresView(projection, number, store)
                    view.create_whole(PostgresCursor(c))
            _migrate(c)

    def close(self) -> None:
        """The other connections are the store's."""
        self._sessions.close()

    def served(self, projection: Projection) -> ServedView:
        """What readers are given: each statement is of the generation that is live then."""
        return self._served[projection.name]

    def live(self, projection: Projection) -> PostgresView:
        """Another process's switch is seen within half a second, and at once by whoever looks where
        the view stands."""
        held = self._live.get(projection.name)
        if held is None or held[0] < time.monotonic() or held[1].retired:
            generation = self._named(projection).live.number
            view = held[1] if held else None
            if view is None or view.generation != generation:
                view = PostgresView(projection, generation, self._store, live=True)
            held = (time.monotonic() + REFRESH_SECONDS, view)
            self._live[projection.name] = held
        return held[1]

    def before(self, projection: Projection) -> PostgresView | None:
        view = super().before(projection)
        if view:
            back = sql.SQL("UPDATE {} SET position = -position - 1 WHERE position < 0")
            with self._transaction() as c:
                c.execute(back.format(sql.Identifier(view.progress)))
        return view

    def _named(self, projection: Projection) -> Named:
        with self._transaction() as c:
            row = c.execute(NAMED, (projection.name,)).fetchone()
        if not row:
            raise lost_row(projection.name)
        live, before, newest = (
            Generation(number, f"view_{projection.name}_{number}", version)
            for number, version in zip(row[::2], row[1::2], strict=True)
        )
        return Named(live, before if row[2] else None, newest if row[5] else None)

    def _stored(self, projection: Projection) -> set[int]:
        with self._transaction() as c:
            return self._stored_in(c, projection)

    def _stored_in(self, c: psycopg.Cursor[Any], projection: Projection) -> set[int]:
        prefix = f"view_{projection.name}_"
        found = c.execute(STORED, (rf"^{prefix}\d+_({'|'.join(TABLES)})$",)).fetchall()
        return {int(name.removeprefix(prefix).partition("_")[0]) for (name,) in found}

    def damage(self, projection: Projection, *, thoroughly: bool = False) -> str | None:  # noqa: ARG002 - the port has it
        """Tables of the live generation that are not there, or its position."""
        with self._transaction() as c:
            row = c.execute(LIVE, (projection.name,)).fetchone()
            if not row:
                return "table views has no row of it"
            names = [f"view_{projection.name}_{row[0]}_{table}" for table in NEEDED]
            lost = "SELECT name FROM unnest(%s::text[]) name WHERE to_regclass(name) IS NULL"
            if gone := c.execute(lost, (names,)).fetchone():
                return f"table {gone[0]} is gone"
            progress = sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(names[-1]))
            if not c.execute(progress).fetchone():
                return f"table {names[-1]} is empty"
            for name in names[:-1]:
                marked = sql.SQL("SELECT 1 FROM {} WHERE key = %s").format(sql.Identifier(name))
                if not c.execute(marked, (NOBODY,)).fetchone():
                    return f"table {name} was emptied"
            return None

    @contextmanager
    def rebuilding(self, projection: Projection) -> Iterator[None]:
        if self.damage(projection):
            self._set_aside(projection)
        with super().rebuilding(projection):
            yield

    def _set_aside(self, projection: Projection) -> None:
        """Puts an empty generation of no version in the place of one that is damaged."""
        with self._transaction() as c:
            c.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            if reason := self.damage(projection):
                log.warning("view is damaged", view=projection.name, reason=reason)
                number = max(self._stored_in(c, projection), default=0) + 1
                PostgresView(projection, number, self._store).create_whole(PostgresCursor(c))
                c.execute(SET_ASIDE, {"view": projection.name, "generation": number})
        self._live.pop(projection.name, None)

    def _opened(self, projection: Projection, generation: int) -> PostgresView:
        return PostgresView(projection, generation, self._store)

    def _new(self, projection: Projection, version: int | None = None) -> PostgresView:
        version = projection.version if version is None else version
        with self._transaction() as c:
            row = c.execute(
                "UPDATE views SET newest = newest + 1, newest_version = %s WHERE name = %s"
                " RETURNING newest",
                (version, projection.name),
            ).fetchone()
        if not row:
            raise lost_row(projection.name)
        return PostgresView(projection, row[0], self._store, version=version)

    def _drop(self, projection: Projection, generation: int) -> None:
        busy = psycopg.errors.LockNotAvailable
        with self._transaction() as c:
            c.execute(FORGET, {"view": projection.name, "generation": generation})
            with suppress(busy), c.connection.transaction():  # it goes the next time
                c.execute("SET LOCAL lock_timeout = '1s'")
                for table in TABLES:
                    drop = sql.SQL("DROP TABLE IF EXISTS {}")
                    named = f"view_{projection.name}_{generation}_{table}"
                    c.execute(drop.format(sql.Identifier(named)))

    @contextmanager
    def _held_still(
        self, projection: Projection
    ) -> Iterator[tuple[PostgresView, Callable[[BuildingView], None]]]:
        with self._transaction() as c:
            locked = "SELECT generation FROM views WHERE name = %s FOR UPDATE"
            row = c.execute(locked, (projection.name,)).fetchone()
            if not row:
                raise lost_row(projection.name)
            live = PostgresView(projection, row[0], self._store)
            progress = sql.Identifier(live.progress)
            c.execute(sql.SQL("SELECT position FROM {} FOR UPDATE").format(progress))

            def switch_to(built: BuildingView) -> None:
                c.execute(sql.SQL("UPDATE {} SET position = -position - 1").format(progress))
                c.execute(
                    "UPDATE views SET before = generation, before_version = version,"
                    " generation = %s, version = %s WHERE name = %s",
                    (built.generation, built.version, projection.name),
                )

            yield live, switch_to
        self._live.pop(projection.name, None)

    def _transaction(self) -> AbstractContextManager[psycopg.Cursor[Any]]:
        """A lost standby stops no switch."""
        return transaction(self._store, "SET LOCAL synchronous_commit TO LOCAL")


def _migrate(c: psycopg.Cursor[Any]) -> None:
    """Generations of older versions have neither a fence nor the time of parking."""
    for table, column in (
        ("progress", "fence bigint NOT NULL DEFAULT 0"),
        ("progress", "mark text"),
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
