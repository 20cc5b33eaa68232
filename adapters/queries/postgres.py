"""Questions on PostgreSQL: a session of their own and one transaction that is always rolled back.

The owner makes the views in it, for this question only, and gives them to the role
`stagebook_query`, which may read nothing else; then the transaction can only read, the role is
put on, and the question runs.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg import sql
from psycopg.rows import tuple_row

from adapters.queries.failures import Failed
from adapters.queries.running import (
    CELL,
    LONG_PATTERN,
    LONG_TEXT,
    MAX_BYTES,
    SECONDS,
    TOO_LARGE,
    TOO_SLOW,
    Tables,
)
from adapters.queries.schema import INT, NUMBER, TEXT, Column, Table
from adapters.queries.tickets import (
    COLUMNS,
    TicketRanges,
    columns_of,
    need_details,
    need_holders,
    need_prices,
)
from adapters.queries.times import Clock
from adapters.queries.views import PostgresWords, quoted, select
from adapters.stores.connections import session as connected
from adapters.stores.connections import translated
from adapters.views.postgres import PostgresViews
from application.ports import StoreUnavailable
from projections.base import Projection

ROLE = "stagebook_query"
NOTHING = {INT: "NULL::bigint", NUMBER: "NULL::numeric", TEXT: "NULL::text"}
HOLDER = (
    "(e.b->>'ticketname') COLLATE \"C\" AS ticketname,"
    " (e.b->>'ticketholderid')::bigint AS ticketholderid"
)
CREATE_ROLE = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}') THEN
        CREATE ROLE {ROLE} NOLOGIN NOINHERIT;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
GRANT_ROLE = f"""
DO $$ BEGIN
    IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN
        EXECUTE format('GRANT {ROLE} TO %I', current_user);
    END IF;
END $$
"""
HARMLESS = """
SELECT NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
    AND NOT EXISTS (SELECT 1 FROM pg_auth_members WHERE member = r.oid)
FROM pg_roles r WHERE rolname = %s
"""
TELLING = (
    "22",
    "42601",
    "42702",
    "42703",
    "42803",
    "42804",
    "42883",
    "42725",
    "42846",
    "42P10",
    "21",
)
"""What it says of these says nothing of us: data, syntax, columns, types, groups."""


class PostgresEngine:
    sqlite = False
    schema = "pg_temp"

    def __init__(
        self,
        store: PostgresDatastore,
        views: PostgresViews,
        projections: Sequence[Projection],
        pieces: TicketRanges,
    ) -> None:
        self._store, self._views, self._pieces = store, views, pieces
        self.seconds = SECONDS
        self._projections = {projection.name: projection for projection in projections}
        self._ready = self._role_is_ready()

    def _role_is_ready(self) -> bool:
        """The role is the whole cluster's: another process may be making it now."""
        with translated(), connected(self._store) as connection:
            connection.execute("SET synchronous_commit TO LOCAL")  # a lost standby stops no start
            for statement in (CREATE_ROLE, GRANT_ROLE):
                with suppress(psycopg.Error):  # whoever was first has made it, or nobody may
                    connection.execute(statement)
            try:
                row = connection.execute(HARMLESS, (ROLE,)).fetchone()
                connection.execute(f"SET ROLE {ROLE}")
            except psycopg.Error:
                return False
        return bool(row and row[0])

    @contextmanager
    def session(
        self,
        tables: Tables,
        account: int,
        secret: str,
        clock: Clock,
        deadline: float | None = None,
    ) -> Iterator["PostgresSession"]:
        if not self._ready and not self._role_is_ready():
            message = f"not available here: the database has no role {ROLE} to answer with"
            raise Failed(message)
        self._ready = True
        if deadline is None:
            deadline = time.monotonic() + self.seconds
        with translated():
            connection = connected(self._store)
        try:
            with translated():
                c = connection.cursor(row_factory=tuple_row)
                try:
                    self._begin(c, tables, account, secret, deadline)
                except psycopg.errors.UndefinedTable:  # the view has moved while we looked
                    c.execute("ROLLBACK")
                    self._begin(c, tables, account, secret, deadline)
                _close_doors(c, clock, deadline)
            yield PostgresSession(connection, secret, deadline)
        finally:
            connection.close()  # which rolls back, and leaves nothing behind

    def _begin(
        self,
        c: psycopg.Cursor[Any],
        tables: Tables,
        account: int,
        secret: str,
        deadline: float,
    ) -> None:
        c.execute("BEGIN; SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = '2s'")
        for asked in tables:
            self._build(c, asked, account, secret, deadline)

    def _build(
        self,
        c: psycopg.Cursor[Any],
        asked: tuple[str, Table, Sequence[Column]],
        account: int,
        secret: str,
        deadline: float,
    ) -> None:
        name, table, columns = asked
        if table.view == "tickets":
            body = self._tickets(c, columns, account, secret, deadline)
        else:
            documents = self._views.served(self._projections[table.view]).table(c)
            body = select(PostgresWords(), table, columns, documents, account)
        view = quoted(name)
        c.execute(f"CREATE TEMP VIEW {view} WITH (security_barrier) AS {body}".encode())
        c.execute(f"GRANT SELECT ON pg_temp.{view} TO {ROLE}".encode())

    def _tickets(
        self,
        c: psycopg.Cursor[Any],
        columns: Sequence[Column],
        account: int,
        secret: str,
        deadline: float,
    ) -> str:
        """Every piece in a table of this transaction; behind it, a row for each of its tickets."""
        table = f"pieces_{secret}"
        c.execute(
            f"CREATE TEMP TABLE {table} ({', '.join(f'{n} bigint' for n in COLUMNS)})"
            " ON COMMIT DROP".encode()
        )
        availability = self._views.served(self._projections["availability"])
        with c.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for piece in self._pieces.of(availability, account, deadline):
                copy.write_row(piece)
        c.execute(f"ANALYZE {table}".encode())
        joined = ""
        of_orders = (
            ("p", "tickets", need_prices(columns), "(e.b->>'price')::numeric AS price"),
            ("h", "holders", need_holders(columns), HOLDER),
        )
        for alias, entries, needed, taken in of_orders:
            if needed:
                words = PostgresWords()
                orders = self._views.served(self._projections["orders"]).table(c)
                where = f"account = {account:d} AND body IS NOT NULL"
                source = words.entries(words.rows(orders, where), entries)
                found = f"SELECT (e.b->>'id')::bigint AS id, {taken} FROM {source}"
                joined += f" LEFT JOIN ({found}) AS {alias} ON {alias}.id = g.id"
        if need_details(columns):
            known = f"known_{secret}"
            c.execute(
                f"CREATE TEMP TABLE {known} (id bigint, b jsonb, j json) ON COMMIT DROP".encode()
            )
            with c.copy(f"COPY {known} FROM STDIN".encode()) as copy:
                for ticket, said in self._pieces.details(availability, account, deadline):
                    copy.write_row((ticket, said, said))
            joined += f" LEFT JOIN pg_temp.{known} AS x ON x.id = g.id"
        shown = columns_of(columns, PostgresWords(), "g.id", NOTHING)
        return (
            f"SELECT {shown} FROM pg_temp.{table} AS t"
            f" CROSS JOIN LATERAL generate_series(t.first, t.last) AS g(id){joined}"
        )


def _close_doors(c: psycopg.Cursor[Any], clock: Clock, deadline: float) -> None:
    """From here on only reading, only the views, and not for long."""
    left = max(1, int((deadline - time.monotonic()) * 1000))
    settings = {
        "statement_timeout": f"{left}ms",
        "lock_timeout": "500ms",
        "timezone": clock.zone.key,
        "search_path": "pg_catalog",
        "work_mem": "16MB",
        "max_parallel_workers_per_gather": "0",
        "jit": "off",
        "standard_conforming_strings": "on",
        "transaction_read_only": "on",
    }
    for name, value in settings.items():
        c.execute(sql.SQL("SET LOCAL {} = {}").format(sql.Identifier(name), sql.Literal(value)))
    c.execute(f"SET LOCAL ROLE {ROLE}".encode())


class PostgresSession:
    def __init__(self, connection: psycopg.Connection[Any], secret: str, deadline: float) -> None:
        self.connection = connection
        self.deadline = deadline
        self._secret = secret
        self._bytes = 0
        self._runs = 0

    def run(self, asked: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """Row by row, and as one statement: the long form of the protocol takes no others."""
        left = int((self.deadline - time.monotonic()) * 1000)
        if left <= 0:
            raise Failed(TOO_SLOW)
        if self._runs:  # the time is for all statements together
            with translated():
                self.connection.execute(f"SET LOCAL statement_timeout = {left:d}".encode())
        self._runs += 1
        cursor = self.connection.cursor(row_factory=tuple_row, binary=True)
        rows = self._rows(cursor, asked)
        first = next(rows)
        return list(first), rows

    def _rows(self, cursor: psycopg.Cursor[Any], asked: str) -> Iterator[tuple[Any, ...]]:
        """The names of the columns, then the rows."""
        try:
            stream = cursor.stream(asked.encode())
            row = next(stream, None)
            if row is None:  # a stream without rows does not tell its columns
                cursor.execute(f"SELECT * FROM ({asked}) AS q LIMIT 0".encode())
            yield tuple(column.name for column in cursor.description or ())
            while row is not None:
                self._count(row)
                yield row
                row = next(stream, None)
        except psycopg.Error as error:
            self._refuse(error)
        except (UnicodeError, OverflowError, ValueError):
            raise Failed("a value cannot be shown") from None

    def _count(self, row: tuple[Any, ...]) -> None:
        self._bytes += sum(CELL + (len(v) if isinstance(v, str | bytes) else 0) for v in row)
        if self._bytes > MAX_BYTES:
            raise Failed(TOO_LARGE)

    def _refuse(self, error: psycopg.Error) -> NoReturn:
        """What PostgreSQL has against it, in words for who asked."""
        if self.connection.closed:
            raise StoreUnavailable(str(error)) from error
        if isinstance(error, psycopg.errors.QueryCanceled):
            raise Failed(TOO_SLOW) from None
        state, said = error.sqlstate or "", error.diag.message_primary or ""
        for refusal in (LONG_TEXT, LONG_PATTERN):
            if refusal in said:
                raise Failed(refusal) from None
        if state.startswith(TELLING):
            raise Failed(said.replace(f"_{self._secret}", "")) from None
        raise Failed("it cannot be answered: is every word SQL?") from None
