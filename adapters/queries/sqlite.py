"""Questions on SQLite: a connection of their own, in memory, with the files of the live views
attached for reading, and an authorizer that lets through what the views read and nothing else.

The views have names that nobody can guess. The authorizer is told through which view something is
read, and a table of WITH that had a view's name would be taken for it.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from adapters.queries import reckoning
from adapters.queries.failures import Failed
from adapters.queries.functions import functions
from adapters.queries.running import (
    CELL,
    MAX_BYTES,
    SECONDS,
    TOO_LARGE,
    TOO_MUCH,
    TOO_SLOW,
    Tables,
    words,
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
from adapters.queries.views import SqliteWords, quoted, select
from adapters.views.served_files import filled
from adapters.views.sqlite import SqliteView, SqliteViews
from application.ports import StoreUnavailable
from projections.base import Projection

STEPS = 2_000
"""Steps of the database between two looks at the clock."""
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 8 * 2**20,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 2**20,
    sqlite3.SQLITE_LIMIT_COLUMN: 500,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 1_000,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 60,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 250_000,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
}
FUNCTIONS = words(
    "count sum avg min max coalesce ifnull nullif lower upper length trim substr substring instr"
    " abs round floor ceil ceiling like row_number rank dense_rank"
    " sb_sum sb_avg sb_single"
) | {name for name, _, _ in functions(Clock("UTC"))}
OF_VIEWS = words(
    "json_extract json_type json_each json_array_length rtrim datetime printf coalesce"
)
NOTHING = dict.fromkeys((INT, NUMBER, TEXT), "NULL")
KNOWN = ("no such column", "ambiguous column name", "no such table", "misuse of aggregate")


@dataclass(frozen=True, slots=True)
class Sources:
    """What a question's views are made of: files by the name of their view, and who has which
    tickets, when that is asked."""

    files: Mapping[str, str]
    pieces: Sequence[Sequence[Any]] | None
    details: Sequence[Sequence[Any]] | None = None


class Missing(Exception):  # noqa: N818 - read as "the file is missing"
    """The file of a view is not there, or not any more."""


class SqliteEngine:
    sqlite = True
    schema = "temp"

    def __init__(
        self, views: SqliteViews, projections: Sequence[Projection], pieces: TicketRanges
    ) -> None:
        self._views, self._pieces, self.seconds = views, pieces, SECONDS
        self._projections = {projection.name: projection for projection in projections}

    def sources(self, tables: Tables, account: int, deadline: float) -> Sources:
        """As they are now: a file may be moved away later."""
        views = {table.view for _, table, _ in tables}
        needed = (views - {"tickets"}) | ({"orders"} if "tickets" in views else set())
        files = {name: self._address(name) for name in sorted(needed)}
        if "tickets" not in views:
            return Sources(files, None)
        availability = self._views.live(self._projections["availability"])
        pieces = list(self._pieces.of(availability, account, deadline))
        columns = [c for _, table, some in tables if table.view == "tickets" for c in some]
        if not need_details(columns):
            return Sources(files, pieces)
        return Sources(files, pieces, self._pieces.details(availability, account, deadline))

    def _address(self, name: str) -> str:
        view: SqliteView = filled(self._views.live(self._projections[name]))
        return f"{view.path.absolute().as_uri()}?mode=ro"

    @contextmanager
    def session(
        self,
        tables: Tables,
        account: int,
        secret: str,
        clock: Clock,
        deadline: float | None = None,
    ) -> Iterator["SqliteSession"]:
        """In this process; questions of others are run in a helper."""
        until = time.monotonic() + self.seconds if deadline is None else deadline
        sources = self.sources(tables, account, until)
        with opened(tables, sources, account, secret, clock, until) as session:
            yield session


@contextmanager
def opened(
    tables: Tables,
    sources: Sources,
    account: int,
    secret: str,
    clock: Clock,
    deadline: float,
) -> Iterator["SqliteSession"]:
    """`Missing` when a view's file is not there."""
    try:
        connection = sqlite3.connect(":memory:", isolation_level=None)
    except sqlite3.Error as error:
        raise StoreUnavailable(str(error)) from error
    with closing(connection):
        connection.execute("PRAGMA temp_store = MEMORY")  # where it is bounded
        session = SqliteSession(connection, secret, clock, deadline)
        for name, address in sources.files.items():
            try:
                connection.execute(f"ATTACH ? AS {quoted(name)}", (address,))
            except sqlite3.OperationalError as error:
                raise Missing(str(error)) from error
            session.reads.add((name, "documents"))
        try:
            for name, table, columns in tables:
                session.add_view(name, _body(session, table, columns, account, sources))
        except sqlite3.Error as error:
            raise StoreUnavailable(str(error)) from error
        session.close_doors()
        yield session


def _body(
    session: "SqliteSession",
    table: Table,
    columns: Sequence[Column],
    account: int,
    sources: Sources,
) -> str:
    if table.view == "tickets":
        return session.add_pieces(sources.pieces, sources.details, columns, account)
    documents = f"{quoted(table.view)}.documents"
    return select(SqliteWords(), table, columns, documents, account)


class SqliteSession:
    """`reads`: the tables that the views may read."""

    def __init__(
        self, connection: sqlite3.Connection, secret: str, clock: Clock, deadline: float
    ) -> None:
        self.connection = connection
        self.deadline = deadline
        self.reads: set[tuple[str, str]] = {("", "json_each"), ("main", "json_each")}
        self._secret = secret
        self._inside: set[str] = set()
        self._views: set[str] = set()
        self._bytes = 0
        self._problem = ""
        for name, count, function in (
            ("lower", 1, _lower),
            ("upper", 1, _upper),
            *functions(clock),
        ):
            connection.create_function(name, count, self.telling(function), deterministic=True)
        for name, aggregate in (("sb_sum", reckoning.Total), ("sb_avg", reckoning.Mean)):
            connection.create_window_function(name, 1, aggregate)
        connection.create_aggregate("sb_single", 1, self._single)

    def _single(self) -> reckoning.Single:
        return _Single(self)

    def telling(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """What a function refuses: the library keeps to itself what was raised."""

        def call(*values: Any) -> Any:
            try:
                return function(*values)
            except Failed as error:
                self._problem = str(error)
                raise
            except MemoryError:
                self._problem = TOO_MUCH
                raise

        return call

    def add_view(self, name: str, body: str) -> None:
        self.connection.execute(f"CREATE TEMP VIEW {quoted(name)} AS {body}")
        self._views.add(name)

    def add_pieces(self, pieces: Any, details: Any, columns: Sequence[Column], account: int) -> str:
        """Every piece in a table in memory; behind it, a row for each of its tickets."""
        table = f"pieces_{self._secret}"
        every = f"tickets_{self._secret}"
        c = self.connection
        c.execute(f"CREATE TABLE {table} ({', '.join(COLUMNS)})")
        marks = ", ".join("?" * len(COLUMNS))
        c.executemany(f"INSERT INTO {table} VALUES ({marks})", pieces)
        self.reads.add(("main", table))
        self._inside.add(every)
        joined = ""
        following = ", ".join("first + 1" if n == "first" else n for n in COLUMNS)
        body = (
            f"WITH RECURSIVE {every} AS (SELECT {', '.join(COLUMNS)} FROM {table} UNION ALL"
            f" SELECT {following} FROM {every} WHERE first < last)"
        )
        of_orders = (
            ("p", "tickets", need_prices(columns), ("id", "price")),
            ("h", "holders", need_holders(columns), ("id", "ticketname", "ticketholderid")),
        )
        for alias, entries, needed, names in of_orders:
            if needed:
                found = f"of_{entries}_{self._secret}"
                self._inside.add(found)
                taken = ", ".join(f"json_extract(e.value, '$.{n}') AS {n}" for n in names)
                body += (
                    f", {found} AS (SELECT {taken} FROM orders.documents AS d,"
                    f" json_each(CAST(d.body AS TEXT), '$.{entries}') AS e"
                    f" WHERE d.account = {account:d} AND d.body IS NOT NULL LIMIT -1 OFFSET 0)"
                )
                joined += f" LEFT JOIN {found} AS {alias} ON {alias}.id = t.first"
        if need_details(columns):
            known = f"known_{self._secret}"
            c.execute(f"CREATE TABLE {known} (id INTEGER PRIMARY KEY, b TEXT)")
            c.executemany(f"INSERT INTO {known} VALUES (?, ?)", details or ())
            self.reads.add(("main", known))
            joined += f" LEFT JOIN {known} AS x ON x.id = t.first"
        shown = columns_of(columns, SqliteWords(), "t.first", NOTHING)
        return f"{body} SELECT {shown} FROM {every} AS t{joined} LIMIT -1 OFFSET 0"

    def close_doors(self) -> None:
        """From here on only reading, only through the views, and not for long."""
        c = self.connection
        c.execute("PRAGMA case_sensitive_like = ON")
        c.execute("PRAGMA query_only = ON")
        c.execute("PRAGMA trusted_schema = OFF")
        for limit, value in LIMITS.items():
            c.setlimit(limit, value)
        c.execute("BEGIN")
        c.set_progress_handler(self._late, STEPS)
        c.text_factory = self._text
        c.set_authorizer(self._allows)

    def run(self, asked: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        with self._said():
            cursor = self.connection.execute(asked)
        if cursor.description is None:
            message = "expected one SELECT"
            raise Failed(message)
        return [column[0].partition(":")[0] for column in cursor.description], self._rows(cursor)

    def _rows(self, cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
        with self._said():
            for row in cursor:
                self._count(len(row) * CELL)
                yield row

    def _allows(
        self, action: int, one: str | None, two: str | None, place: str | None, by: str | None
    ) -> int:
        if self._late():
            return sqlite3.SQLITE_DENY
        within = by in self._views or by in self._inside
        match action:
            case sqlite3.SQLITE_SELECT:
                allowed = True
            case sqlite3.SQLITE_READ if place == "temp" and one in self._views:
                allowed = True
            case sqlite3.SQLITE_READ:
                allowed = self._is_with(one, two, place) or (
                    within and (one in self._inside or (place or "", one) in self.reads)
                )
            case sqlite3.SQLITE_FUNCTION:
                allowed = two in FUNCTIONS or (within and two in OF_VIEWS)
            case sqlite3.SQLITE_RECURSIVE:
                allowed = by in self._views or by in self._inside
            case _:
                allowed = False
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    @staticmethod
    def _is_with(one: str | None, two: str | None, place: str | None) -> bool:
        """A table of WITH of which no column is read: no real one has such a name."""
        return place is None and two == "" and (one or "").startswith("with ")

    def _late(self) -> bool:
        return time.monotonic() > self.deadline

    def _text(self, text: bytes) -> str:
        self._count(len(text))
        return text.decode()

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > MAX_BYTES:
            raise Failed(TOO_LARGE)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What SQLite has against it, in words for who asked."""
        try:
            yield
        except (sqlite3.Warning, sqlite3.ProgrammingError):
            raise Failed("expected one SELECT") from None
        except MemoryError:
            raise Failed(TOO_MUCH) from None
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if self._problem:
                raise Failed(self._problem) from None
            if self._late():
                raise Failed(TOO_SLOW) from None
            said = str(error).replace(f"_{self._secret}", "")
            if "stack overflow" in said:
                raise Failed("it is nested too deep") from None
            known = said.startswith(KNOWN)
            raise Failed(said if known else "it cannot be answered: is every word SQL?") from None


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


class _Single(reckoning.Single):
    """Says why it failed: the library keeps it to itself."""

    def __init__(self, session: SqliteSession) -> None:
        super().__init__()
        self._session = session

    def step(self, value: Any) -> None:
        self._session.telling(super().step)(value)
