"""Which kinds of values fit together in a question, by the rules of PostgreSQL. A text of the
question that stands beside a number is read as a number, a date beside a time as a time."""

from collections.abc import Iterable, Sequence
from typing import NoReturn

from sqlglot import exp

from adapters.queries.kinds import (
    BOOLEAN,
    DAY,
    DOUBLE,
    INTEGER,
    INTEGERS,
    JSON,
    MOMENT,
    NUMBERS,
    ROW,
    SPAN,
    TEXT,
    TIMES,
    UNKNOWN,
)
from domain.errors import Invalid


class Fitting:
    """The kind of each part, as far as it is known. `meant` has what a text of the question is
    read as, or a date that stands beside a time: a kind by the `id` of the part."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._kinds: dict[int, str] = {}
        self.meant: dict[int, str] = {}

    def of(self, node: exp.Expr | None) -> str:
        return self._kinds.get(id(node), UNKNOWN)

    def note(self, node: exp.Expr, kind: str) -> None:
        self._kinds[id(node)] = kind

    def refuse(self, message: str) -> NoReturn:
        raise Invalid(self._path, message)

    def read_as(self, node: exp.Expr, kind: str, own: str | None = None) -> str:
        """The kind that it has in the end: a text of the question is what it is needed as."""
        own = self.of(node) if own is None else own
        while isinstance(node, exp.Paren):
            node = node.this
        if own == UNKNOWN:
            if isinstance(node, exp.Literal):
                self.meant[id(node)] = kind
            self._kinds[id(node)] = kind
            return kind
        if own == DAY and kind == MOMENT:
            self.meant[id(node)] = MOMENT
        return own

    def common(self, kinds: Iterable[str], what: str) -> str:
        """The kind that values of several kinds have together."""
        known = [kind for kind in dict.fromkeys(kinds) if kind != UNKNOWN]
        if not known:
            return TEXT
        for group in (NUMBERS, TIMES):
            if set(known) <= set(group):
                return max(known, key=group.index)
        if len(known) > 1:
            self.refuse(f"{what} types {known[0]} and {known[1]} cannot be matched")
        return known[0]

    def together(self, nodes: Sequence[exp.Expr], what: str) -> str:
        kind = self.common(map(self.of, nodes), what)
        for node in nodes:
            self.read_as(node, kind)
        return kind

    def compared(self, one: exp.Expr, two: exp.Expr, sign: str) -> None:
        left, right = self.of(one), self.of(two)
        if isinstance(two, exp.Tuple) or isinstance(one, exp.Tuple):
            self.refuse("pairs are not compared")
        if SPAN in (left, right):
            self.refuse("an interval is for what is added to a time")
        if left == UNKNOWN and right == UNKNOWN:
            left = right = TEXT
        kind = right if left == UNKNOWN else left if right == UNKNOWN else None
        if kind is None:
            both = {left, right}
            alike = len(both) == 1 or both <= set(NUMBERS) or both <= set(TIMES)
            if not alike or both & {JSON, ROW}:
                self.refuse(self.no_operator(one, sign, two))
            kind = MOMENT if both == set(TIMES) else left
        elif kind in (JSON, ROW):
            self.refuse(self.no_operator(one, sign, two))
        self.read_as(one, kind)
        self.read_as(two, kind)

    def truths(self, node: exp.Expr, parts: Sequence[exp.Expr], what: str) -> str:
        for part in parts:
            if self.read_as(part, BOOLEAN) != BOOLEAN:
                kind = self.of(part)
                self.refuse(f"argument of {what} must be type boolean, not type {kind}")
        self._kinds[id(node)] = BOOLEAN
        return BOOLEAN

    def need(self, kind: str, *nodes: exp.Expr, name: str) -> None:
        for node in nodes:
            if self.read_as(node, kind) != kind:
                self.no_function(name, self.of(node))

    def need_number(self, node: exp.Expr, name: str) -> None:
        if self.read_as(node, DOUBLE) not in NUMBERS:
            self.no_function(name, self.of(node))

    def need_whole(self, node: exp.Expr, name: str) -> None:
        if self.read_as(node, INTEGER) not in INTEGERS:
            self.no_function(name, self.of(node))

    def need_time(self, node: exp.Expr, name: str) -> None:
        if self.read_as(node, MOMENT) not in TIMES:
            self.no_function(name, self.of(node))

    def no_function(self, name: str, kind: str) -> NoReturn:
        self.refuse(f"function {name}({kind}) does not exist")

    def no_operator(self, one: exp.Expr, sign: str, two: exp.Expr) -> str:
        return f"operator does not exist: {self.of(one)} {sign} {self.of(two)}"
