"""A generation while it is built: whole documents come in slices, in any order, and a plan that is
kept with them says which are left. The indexes come last.

plan      one row: the position that is built up to, since when, and whether it is built
slices    what is to be built, and what is done of it
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from adapters.views.sql import Cursor, SqlView
from domain.values import stamp
from projections.base import Parked, Row
from projections.bulk import Slice
from projections.rebuilding import Plan


class AlreadyDone(Exception):  # noqa: N818 - read as "the slice is already done"
    """Another process, taken for dead, has written the slice."""


class Made(NamedTuple):
    """How far a generation is built, in facts; `whole`: it is, and follows what came since."""

    upto: int
    facts: int
    done: int
    whole: bool


class BuildingView(SqlView):
    """The `NewView` port. What a served generation has besides its documents is made here, too."""

    @property
    def plan_table(self) -> str:
        return f"{self.prefix}plan"

    @property
    def slices_table(self) -> str:
        return f"{self.prefix}slices"

    def create_whole(self, c: Cursor) -> None:
        """An empty generation that is served at once."""
        self.create(c)
        self.create_indexes(c)

    def create_planned(self, c: Cursor) -> None:
        """A generation that is to be built."""
        self.create(c)
        int_, text = self.TYPES["int"], self.TYPES["text"]
        c.execute(f"CREATE TABLE {self.plan_table} (upto {int_}, since {text}, built {int_})")
        columns = f"account {int_}, kinds {text}, first {int_}, last {int_}, facts {int_}"
        unique = "PRIMARY KEY (account, kinds, first, last)"
        c.execute(f"CREATE TABLE {self.slices_table} ({columns}, done {int_}, {unique})")

    def create_indexes(self, c: Cursor) -> None:
        for number, index in enumerate(self.projection.indexes):
            on = f"{self.documents} ({', '.join(index)})"
            c.execute(f"CREATE INDEX IF NOT EXISTS {self.documents}_{number} ON {on}")
        c.execute(f"CREATE INDEX IF NOT EXISTS {self.terms}_term ON {self.terms} (term, key)")

    # -- the port

    def plan(self) -> Plan | None:
        begun = self._rows(f"SELECT upto FROM {self.plan_table}")
        if not begun:
            return None
        columns = f"account, kinds, first, last, facts FROM {self.slices_table}"
        left = self._rows(f"SELECT {columns} WHERE done = 0")
        return Plan(begun[0][0], [_slice(*row) for row in left])

    def made(self) -> Made | None:
        """How much of it is built; None: it was not begun."""
        done = "sum(CASE done WHEN 1 THEN facts ELSE 0 END)"
        sums = f"SELECT coalesce(sum(facts), 0), coalesce({done}, 0) FROM {self.slices_table}"
        rows = self._rows(f"SELECT upto, built, s.* FROM {self.plan_table}, ({sums}) s")
        return (
            Made(rows[0][0], int(rows[0][2]), int(rows[0][3]), bool(rows[0][1])) if rows else None
        )

    def begin(self, upto: int, parts: Sequence[Slice]) -> None:
        with self.writing() as c:
            c.execute(
                f"INSERT INTO {self.plan_table} VALUES (?, ?, 0)", (upto, stamp(datetime.now(UTC)))
            )
            rows = [(s.account, _text(s.kinds), s.first, s.last, s.facts, 0) for s in parts]
            types = ("int", "text", "int", "int", "int", "int")
            self.insert(c, self.slices_table, types, rows)

    def add(self, rows: Sequence[Row], parked: Sequence[Parked], done: Slice | None) -> None:
        with suppress(AlreadyDone), self.writing() as c:
            if done:
                self._done(c, done)
            self.write(c, rows, parked)

    def _done(self, c: Cursor, one: Slice) -> None:
        place = (one.account, _text(one.kinds), one.first, one.last)
        left = "account = ? AND kinds = ? AND first = ? AND last = ? AND done = 0"
        c.execute(f"UPDATE {self.slices_table} SET done = 1 WHERE {left}", place)
        if c.rowcount != 1:
            raise AlreadyDone

    def finish(self) -> None:
        with self.writing() as c:
            built = c.execute(
                f"UPDATE {self.plan_table} SET built = 1 WHERE built = 0 RETURNING upto"
            ).fetchall()
            if built:
                self.create_indexes(c)
                c.execute(f"UPDATE {self.progress} SET position = ?", (built[0][0],))


def _text(kinds: Iterable[int]) -> str:
    return ",".join(map(str, kinds))


def _slice(account: int, kinds: str, first: int, last: int, facts: int) -> Slice:
    return Slice(account, tuple(map(int, kinds.split(","))), first, last, facts)
