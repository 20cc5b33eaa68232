"""A generation while it is built: whole documents come in slices, in any order, and a plan that is
kept with them says which are left. The indexes come last, also that of the keys, unless documents
are looked up meanwhile: because others show them, or because a slice was cut off that had written
some of its documents, which are then written over.

plan      one row: the position that is built up to, since when, and whether it is built
slices    what is to be built, and whether it is left, begun or done
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from adapters.views.inspection import StoredView
from adapters.views.sql import Cursor
from domain.values import stamp
from projections.base import Parked, Row
from projections.bulk import Slice
from projections.rebuilding import Plan


class AlreadyDone(Exception):  # noqa: N818 - read as "the slice is already done"
    """Another process, taken for dead, has written the slice."""


LEFT, BEGUN, DONE = 0, 1, 2


class Made(NamedTuple):
    """How far a generation is built, in facts; `whole`: it is, and follows what came since."""

    upto: int
    facts: int
    done: int
    whole: bool


class BuildingView(StoredView):
    """The `NewView` port. What a served generation has besides its documents is made here, too."""

    @property
    def generation(self) -> int:
        raise NotImplementedError

    def is_planned(self) -> bool:
        """Whether it was made to be built."""
        raise NotImplementedError

    def close(self) -> None:
        """Lets go of what it has opened."""

    version: int
    """Of the projection that it is made by."""
    keyed = True
    """Whether there is an index of keys, so that what is there can be written over."""

    @property
    def plan_table(self) -> str:
        return f"{self.prefix}plan"

    @property
    def slices_table(self) -> str:
        return f"{self.prefix}slices"

    def create_whole(self, c: Cursor) -> None:
        """An empty generation that is served at once."""
        self.create(c)
        self._create_keys(c)
        self._create_indexes(c)

    def create_planned(self, c: Cursor) -> None:
        """A generation that is to be built."""
        self.create(c)
        int_, text = self.TYPES["int"], self.TYPES["text"]
        plan = f"upto {int_}, since {text}, built {int_}, keyed {int_}"
        c.execute(f"CREATE TABLE {self.plan_table} ({plan})")
        columns = f"account {int_}, kinds {text}, first {int_}, last {int_}, facts {int_}"
        unique = "PRIMARY KEY (account, kinds, first, last)"
        c.execute(f"CREATE TABLE {self.slices_table} ({columns}, state {int_}, {unique})")

    def _create_keys(self, c: Cursor) -> None:
        for table, columns in ((self.documents, "key"), (self.terms, "key, term")):
            c.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {table}_key ON {table} ({columns})")

    def _create_indexes(self, c: Cursor) -> None:
        for number, index in enumerate(self.projection.indexes):
            on = f"{self.documents} ({', '.join(index)})"
            c.execute(f"CREATE INDEX IF NOT EXISTS {self.documents}_{number} ON {on}")
        c.execute(f"CREATE INDEX IF NOT EXISTS {self.terms}_term ON {self.terms} (term, key)")

    # -- the port

    def plan(self) -> Plan | None:
        """What is left; from here on it is built."""
        begun = self._rows(f"SELECT upto, keyed FROM {self.plan_table}")
        if not begun:
            return None
        columns = f"state, account, kinds, first, last, facts FROM {self.slices_table}"
        left = self._rows(f"SELECT {columns} WHERE state < {DONE}")
        ((upto, keyed),) = begun
        if not keyed and any(state == BEGUN for state, *_ in left):
            with self.writing() as c:
                self._create_keys(c)
                c.execute(f"UPDATE {self.plan_table} SET keyed = 1")
            keyed = 1
        self.keyed = bool(keyed)
        return Plan(upto, [_slice(*row) for _, *row in left])

    def look(self) -> None:
        """Whether there is an index of keys by now: for a process that helps."""
        ((keyed,),) = self._rows(f"SELECT keyed FROM {self.plan_table}")
        self.keyed = bool(keyed)

    def made(self) -> Made | None:
        """How much of it is built; None: it was not begun."""
        done = f"sum(CASE state WHEN {DONE} THEN facts ELSE 0 END)"
        sums = f"SELECT coalesce(sum(facts), 0), coalesce({done}, 0) FROM {self.slices_table}"
        rows = self._rows(f"SELECT upto, built, s.* FROM {self.plan_table}, ({sums}) s")
        return (
            Made(rows[0][0], int(rows[0][2]), int(rows[0][3]), bool(rows[0][1])) if rows else None
        )

    def begin(self, upto: int, parts: Sequence[Slice]) -> None:
        looked_up = bool(self.projection.beside)
        with self.writing() as c:
            plan = (upto, stamp(datetime.now(UTC)), int(looked_up))
            c.execute(f"INSERT INTO {self.plan_table} VALUES (?, ?, 0, ?)", plan)
            if looked_up:
                self._create_keys(c)
            rows = [(s.account, _text(s.kinds), s.first, s.last, s.facts, LEFT) for s in parts]
            types = ("int", "text", "int", "int", "int", "int")
            self.insert(c, self.slices_table, types, rows)

    def add(self, one: Slice, rows: Sequence[Row], parked: Sequence[Parked], *, done: bool) -> None:
        with suppress(AlreadyDone), self.writing() as c:
            self._moved(c, one, DONE if done else BEGUN)
            if self.keyed:
                self.write(c, rows)
            else:
                self._load(c, rows)
            self.write_parked(c, parked)

    def keep_since(self, before: Iterable[Parked]) -> None:
        """What stopped at the same fact in another generation has stood since then."""
        stood = f"UPDATE {self.parked_table} SET since = ? WHERE key = ? AND position = ?"
        with self.writing() as c:
            for parked in before:
                c.execute(stood, (parked.since, parked.key, parked.position))

    def _moved(self, c: Cursor, one: Slice, state: int) -> None:
        place = (one.account, _text(one.kinds), one.first, one.last)
        left = f"account = ? AND kinds = ? AND first = ? AND last = ? AND state < {DONE}"
        c.execute(f"UPDATE {self.slices_table} SET state = {state} WHERE {left}", place)
        if c.rowcount != 1:
            raise AlreadyDone

    def _load(self, c: Cursor, rows: Sequence[Row]) -> None:
        stored = [(r.key, r.account, r.state, r.body, r.etag, *r.columns) for r in rows]
        self.load(c, self.documents, self.types, stored)
        terms = [(r.key, term) for r in rows for term in r.terms or ()]
        self.load(c, self.terms, ("bytes", "text"), terms)

    def load(
        self, c: Cursor, table: str, types: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Many rows that were not there before, the fastest way."""
        self.insert(c, table, types, rows)

    def analyze(self, c: Cursor) -> None:
        """Lets the planner of the database know what was loaded, where it does not look itself."""

    def finish(self, mark: str | None = None) -> None:
        with self.writing() as c:
            built = c.execute(
                f"UPDATE {self.plan_table} SET built = 1, keyed = 1 WHERE built = 0 RETURNING upto"
            ).fetchall()
            if built:
                self._create_keys(c)
                self._create_indexes(c)
                self.analyze(c)
                c.execute(f"UPDATE {self.progress} SET position = ?, mark = ?", (built[0][0], mark))
        self.keyed = True


def _text(kinds: Iterable[int]) -> str:
    return ",".join(map(str, kinds))


def _slice(account: int, kinds: str, first: int, last: int, facts: int) -> Slice:
    return Slice(account, tuple(map(int, kinds.split(","))), first, last, facts)
