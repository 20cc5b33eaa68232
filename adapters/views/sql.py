"""One view generation in SQL, the same for both databases: documents, terms, parked, progress.

documents   key, account, state, body, etag and the projection's columns
terms       the words and tags that documents are found by
parked      documents that a fact could not be folded into
progress    one row: the position, moved in the same transaction as the documents, the fence, and
            the mark of the fact at that position
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from secrets import randbits
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from adapters.row_pages import first_of
from adapters.views.select import FEW, MANY, Page, Select
from application.ports import StoreDamaged
from domain.ids import MAX_NUMBER, unpack
from domain.ids import key as key_of
from domain.values import stamp
from projections.base import Parked, Projection, Row, Shows, ViewMoved
from projections.inspection import Mend

WHOLE_PAGE = 1_000
"""Documents that are read at a time, where all of them are wanted."""
BODY = 1
"""The column of a page's rows that may be large."""
NOBODY = b""
"""The key of a row that every table of documents begins with: where it is gone, so are others."""
THERE = "length(key) > 0"
"""Whatever is not that row."""
MAX_TOTALS = 1_000
"""Counts that are remembered, until the view moves."""


class Cursor(Protocol):
    """The part of a database cursor that both drivers share, with `?` for parameters."""

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Any: ...
    def executemany(self, sql: str, params: Iterable[Sequence[Any]]) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    @property
    def rowcount(self) -> int: ...


class Latest(NamedTuple):
    """A document with what is known of it, as of one moment."""

    position: int
    """Where the view stands."""
    body: bytes | None
    """The served bytes, where there is a document."""
    etag: str
    parked: int | None
    """Where the fact is that it waits at, if it is parked."""
    committed: int = 0
    """The position of its newest fact in the store, read no later than the document."""

    @property
    def shown(self) -> int:
        """The position that the document is as of."""
        return self.position if self.parked is None else min(self.position, self.parked - 1)


class SqlView:
    """The `View` port, and the reading side, over a database's `reading` and `writing`."""

    TYPES = {"int": "INTEGER", "text": "TEXT", "bytes": "BLOB"}  # noqa: RUF012 - constant

    def __init__(self, projection: Projection, prefix: str = "") -> None:
        self.projection = projection
        self.prefix = prefix
        self.documents, self.terms = f"{prefix}documents", f"{prefix}terms"
        self.parked_table, self.progress = f"{prefix}parked", f"{prefix}progress"
        columns = projection.columns
        names = ["key", "account", "state", "body", "etag", *(c.name for c in columns)]
        self.names = ", ".join(names)
        updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        self._replacing = f"ON CONFLICT (key) DO UPDATE SET {updates}"
        self.types = ("bytes", "int", "bytes", "bytes", "text", *(c.type for c in columns))
        self._one = f"SELECT body, etag FROM {self.documents} WHERE key = ? AND body IS NOT NULL"
        self._latest = (
            f"SELECT p.position, d.body, d.etag, k.position FROM {self.progress} p"
            f" LEFT JOIN {self.documents} d ON d.key = ? AND d.body IS NOT NULL"
            f" LEFT JOIN {self.parked_table} k ON k.key = ?"
        )
        self._by_number = "kind" not in names and ("account", "number") in projection.indexes
        """Whether the keys of an account's documents are in the order of their numbers: they are of
        one kind."""
        self._totals: dict[Select, tuple[int, int]] = {}

    # -- what a database provides

    def reading(self) -> AbstractContextManager[Cursor]:
        raise NotImplementedError

    def writing(self) -> AbstractContextManager[Cursor]:
        """One transaction; raises `ViewMoved` when this generation is no longer to be written."""
        raise NotImplementedError

    def create(self, c: Cursor) -> None:
        int_, text, bytes_ = (self.TYPES[t] for t in ("int", "text", "bytes"))
        own = "".join(f", {c.name} {self.TYPES[c.type]}" for c in self.projection.columns)
        common = f"key {bytes_} NOT NULL, account {int_}, state {bytes_}, body {bytes_}"
        c.execute(f"CREATE TABLE {self.documents} ({common}, etag {text}{own})")
        c.execute(f"CREATE TABLE {self.terms} (key {bytes_} NOT NULL, term {text} NOT NULL)")
        stopped = f"key {bytes_} PRIMARY KEY, position {int_}, error {text}, since {text}"
        c.execute(f"CREATE TABLE {self.parked_table} ({stopped})")
        c.execute(f"CREATE TABLE {self.progress} (position {int_}, fence {int_}, mark {text})")
        c.execute(f"INSERT INTO {self.progress} VALUES (0, 0, NULL)")
        for table in (self.documents, self.parked_table):
            c.execute(f"INSERT INTO {table} (key) VALUES (?)", (NOBODY,))
        c.execute(f"INSERT INTO {self.terms} VALUES (?, '')", (NOBODY,))

    def emptied(self) -> str | None:
        """A table from which rows were taken that no fold takes."""
        for table in (self.documents, self.terms, self.parked_table):
            if not self._rows(f"SELECT 1 FROM {table} WHERE key = ?", (NOBODY,)):
                return f"table {table} was emptied"
        return None

    # -- the port of the projections

    def position(self) -> int:
        return int(self._progress("position")[0])

    def standing(self) -> tuple[int, int]:
        position, fence = self._progress("position, fence")
        return position, fence

    def lineage(self) -> tuple[int, str | None]:
        """Position and the mark of the fact there, as of one moment."""
        position, mark = self._progress("position, mark")
        return position, mark

    def _progress(self, columns: str) -> tuple[Any, ...]:
        for row in self._rows(f"SELECT {columns} FROM {self.progress}"):
            return tuple(row)
        raise StoreDamaged(f"table {self.progress}", "it is empty")

    def lead(self) -> int:
        with self.writing() as c:
            _, fence = self._fenced(c)
        return fence

    def states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        return self._by_key("state", keys)

    def keys_where(self, column: str, value: int, account: int) -> list[bytes]:
        rows = self._rows(
            f"SELECT key FROM {self.documents} WHERE {column} = ? AND key BETWEEN ? AND ?"
            " ORDER BY key",
            (value, account.to_bytes(6) + bytes(10), account.to_bytes(6) + b"\xff" * 10),
        )
        return [bytes(key) for (key,) in rows]

    def keys_with(self, term: str, account: int) -> list[bytes]:
        rows = self._rows(
            f"SELECT key FROM {self.terms} WHERE term = ? AND key BETWEEN ? AND ? ORDER BY key",
            (term, account.to_bytes(6) + bytes(10), account.to_bytes(6) + b"\xff" * 10),
        )
        return [bytes(key) for (key,) in rows]

    def keys_of_any(self, term: str) -> list[bytes]:
        """The keys of any account that are found by that term."""
        rows = self._rows(f"SELECT key FROM {self.terms} WHERE term = ? ORDER BY key", (term,))
        return [bytes(key) for (key,) in rows]

    def keys_upto(self, column: str, value: int, limit: int) -> list[bytes]:
        """The keys of any account whose column is at most that, the lowest first."""
        rows = self._rows(
            f"SELECT key FROM {self.documents} WHERE {column} <= ? ORDER BY {column} LIMIT ?",
            (value, limit),
        )
        return [bytes(key) for (key,) in rows]

    def parked(self) -> dict[bytes, Parked]:
        rows = self._rows(
            f"SELECT key, position, error, since FROM {self.parked_table} WHERE {THERE}"
        )
        return {bytes(key): Parked(bytes(key), *stopped) for key, *stopped in rows}

    def stopping(self, key: bytes, position: int) -> Parked | None:
        """What keeps a document from being as of that position: it is parked, or what it shows."""
        projection = self.projection
        account, *_ = unpack(UUID(bytes=key))
        ranges = [(key, key)]
        shown = projection.beside
        ranges += [(key_of(account, k, 0), key_of(account, k, MAX_NUMBER)) for k in shown]
        within = " OR ".join(["key BETWEEN ? AND ?"] * len(ranges))
        rows = self._rows(
            f"SELECT key, position, error, since FROM {self.parked_table}"
            f" WHERE position <= ? AND ({within}) ORDER BY position",
            [position, *chain.from_iterable(ranges)],
        )
        for parked in (Parked(bytes(one), *stopped) for one, *stopped in rows):
            shows = isinstance(projection, Shows) and projection.showing
            if parked.key == key or (shows and key in shows(self, parked.key)):
                return parked
        return None

    def commit(
        self,
        rows: Sequence[Row],
        parked: Iterable[Parked],
        since: int,
        position: int,
        fence: int = 0,
        mark: str | None = None,
    ) -> None:
        with self.writing() as c:
            stood = "position = ? AND position >= 0 AND fence = ?"
            moved = f"UPDATE {self.progress} SET position = ?, mark = ? WHERE {stood}"
            if c.execute(moved, (position, mark, since, fence)).rowcount != 1:
                raise ViewMoved
            self.write(c, rows)
            self.write_parked(c, parked)

    @contextmanager
    def mending(self) -> Iterator[tuple[int, Mend]]:
        with self.writing() as c:
            position, _ = self._fenced(c)
            yield position, partial(self._mend, c)

    def _fenced(self, c: Cursor) -> tuple[int, int]:
        """The position, behind a fence that was never there before. It is drawn, not counted: a
        takeover may lose the newest one, and it must not be given to another then."""
        fenced = f"UPDATE {self.progress} SET fence = ? WHERE position >= 0"
        rows = c.execute(f"{fenced} RETURNING position, fence", (1 + randbits(62),)).fetchall()
        if not rows:
            raise ViewMoved
        return int(rows[0][0]), int(rows[0][1])

    def _mend(
        self,
        c: Cursor,
        rows: Sequence[Row],
        unparked: Sequence[bytes],
        parked: Sequence[Parked],
        gone: Sequence[bytes],
    ) -> None:
        for table in (self.documents, self.terms):
            self.delete(c, table, gone)
        self.delete(c, self.parked_table, unparked)
        self.write(c, rows)
        self.write_parked(c, parked)

    def write(self, c: Cursor, rows: Sequence[Row]) -> None:
        """Documents and what they are found by, whether they were there before or not."""
        stored = [(r.key, r.account, r.state, r.body, r.etag, *r.columns) for r in rows]
        self.insert(c, self.documents, self.types, stored, self._replacing)
        gone, new = [], []
        for r in rows:
            if r.terms is not None and r.terms_before is not None:
                before, now = {*r.terms_before}, {*r.terms}
                gone += [(r.key, term) for term in r.terms_before if term not in now]
                new += [(r.key, term) for term in r.terms if term not in before]
            elif r.terms is not None:
                new += [(r.key, term) for term in r.terms]
        whole = [r for r in rows if r.terms is not None and r.terms_before is None]
        self.delete(c, self.terms, [r.key for r in whole if r.state is not None])
        self.delete_terms(c, gone)
        self.insert(c, self.terms, ("bytes", "text"), new)

    def write_parked(self, c: Cursor, parked: Iterable[Parked]) -> None:
        now = stamp(datetime.now(UTC))
        stopped = [(p.key, p.position, p.error, p.since or now) for p in parked]
        keep = "ON CONFLICT (key) DO NOTHING"
        self.insert(c, self.parked_table, ("bytes", "int", "text", "text"), stopped, keep)

    def insert(
        self,
        c: Cursor,
        table: str,
        types: Sequence[str],
        rows: Sequence[Sequence[Any]],
        on_conflict: str = "",
    ) -> None:
        """Many whole rows, of columns of these types."""
        marks = ", ".join("?" * len(types))
        c.executemany(f"INSERT INTO {table} VALUES ({marks}) {on_conflict}", rows)

    def delete(self, c: Cursor, table: str, keys: Sequence[bytes]) -> None:
        """The rows of these keys."""
        c.executemany(f"DELETE FROM {table} WHERE key = ?", [(key,) for key in keys])

    def delete_terms(self, c: Cursor, terms: Sequence[tuple[bytes, str]]) -> None:
        """These terms of these keys."""
        c.executemany(f"DELETE FROM {self.terms} WHERE key = ? AND term = ?", terms)

    # -- the reading side

    def document(self, key: bytes) -> tuple[bytes, str] | None:
        """The served bytes and the ETag of one document."""
        rows = self._rows(self._one, (key,))
        return (bytes(rows[0][0]), rows[0][1]) if rows else None

    def latest(self, key: bytes, committed: int = 0) -> Latest:
        """One document and where the view stands; what was committed is the store's to say."""
        position, body, etag, parked = self._rows(self._latest, (key, key))[0]
        return Latest(position, None if body is None else bytes(body), etag, parked, committed)

    def bodies(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The served bytes of many documents, of those that are there."""
        return self._by_key("body", keys)

    def known(self, keys: Sequence[bytes]) -> set[bytes]:
        """Which of these are there, with a body or without."""
        return {*self._by_key("key", keys)}

    def page(self, select: Select) -> Page:
        """One page, which is at least as new as its position, and where it is asked for the number
        of documents, counted once a position."""
        position = self.position()
        total = self._total(select, position) if select.counted else 0
        few = select.counted and total <= FEW
        named = bool(select.exact) and self._rows(*select.few(self.terms))[0][0] <= FEW
        if select.exact and not named and self._by_number and select.sort == ("number",):
            sql, params = select.page_with_term(self.documents, self.terms)
        else:
            sql, params = select.page(self.documents, self.terms, few=few, named=named)
        shown, more = self._first_of(select, sql, params)
        last = tuple(shown[-1][2:]) if shown and more else None
        keys, bodies = [bytes(row[0]) for row in shown], [row[1] for row in shown]
        shown_bodies = [bytes(body) for body in bodies if body is not None]
        return Page(keys, shown_bodies, last, total, position, len(shown) < select.limit and more)

    def _first_of(self, select: Select, sql: str, params: list[Any]) -> tuple[list[Any], bool]:
        """The rows of a page, and whether there are more."""
        with self.reading() as c:
            return first_of(c.execute(sql, params), BODY, select.bytes, select.limit)

    def every(self, select: Select) -> Iterator[bytes]:
        """The bodies of all pages, one by one; the page that was asked for is the first."""
        after = select.after
        while True:
            page = self.page(replace(select, limit=WHOLE_PAGE, after=after, counted=False))
            yield from page.bodies
            if (after := page.last) is None:
                return

    def etags(self, account: int) -> list[tuple[bytes, str]]:
        """The keys of the account's documents that have a page, and their ETags."""
        rows = self._rows(
            f"SELECT key, etag FROM {self.documents}"
            " WHERE key BETWEEN ? AND ? AND body IS NOT NULL ORDER BY key",
            (account.to_bytes(6) + bytes(10), account.to_bytes(6) + b"\xff" * 10),
        )
        return [(bytes(key), etag) for key, etag in rows]

    def _by_key(self, column: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What a column holds for each key, where it holds anything."""
        found: dict[bytes, bytes] = {}
        for start in range(0, len(keys), 500):
            chunk = keys[start : start + 500]
            rows = self._rows(
                f"SELECT key, {column} FROM {self.documents} WHERE {column} IS NOT NULL AND key IN"
                f" ({','.join('?' * len(chunk))})",
                chunk,
            )
            found.update((bytes(key), bytes(held)) for key, held in rows)
        return found

    def _total(self, select: Select, position: int) -> int:
        everything = Select(
            select.account, select.where, select.prefixes, select.exact, or_in=select.or_in
        )
        counted = self._totals.get(everything)
        if counted is None or counted[0] != position:
            if len(self._totals) > MAX_TOTALS:
                self._totals.clear()
            sql, params = everything.count(self.documents, self.terms)
            counted = (position, int(self._rows(sql, params)[0][0]))
            if all(operator != "in" or len(of) <= MANY for _, operator, of in select.where):
                self._totals[everything] = counted
        return counted[1]

    def whole(self) -> tuple[int, dict[bytes, tuple[bytes | None, str]]]:
        """The position and every document with its ETag, as of one moment."""
        rows = self._rows(
            f"SELECT p.position, d.key, d.body, d.etag FROM {self.progress} p"
            f" LEFT JOIN {self.documents} d ON length(d.key) > 0 ORDER BY d.key"
        )
        return int(rows[0][0]), {
            bytes(key): (None if body is None else bytes(body), etag)
            for _, key, body, etag in rows
            if key is not None
        }

    def all_terms(self) -> dict[bytes, set[str]]:
        """What every document is found by."""
        found: dict[bytes, set[str]] = {}
        for key, term in self._rows(f"SELECT key, term FROM {self.terms} WHERE {THERE}"):
            found.setdefault(bytes(key), set()).add(term)
        return found

    def _rows(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        with self.reading() as c:
            return list(c.execute(sql, params).fetchall())
