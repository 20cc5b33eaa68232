"""What both databases have in common when a question is run: its bounds and its refusals."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Protocol

from adapters.queries.failures import Failed
from adapters.queries.schema import Column, Table
from adapters.queries.times import KEPT, Clock

SECONDS = 2.0
"""How long a question may take, from its first byte to its last row."""
MAX_BYTES = 64 * 2**20
"""Of everything that a question answers."""
MAX_MEMORY = 384 * 2**20
"""That a question may take where it is read, and on SQLite where it is run."""
LONGEST = 100_000
"""Characters of a text that is put together, doubled a few times it would be the memory, and of one
that is searched: databases do not look at the clock within one search."""
MAX_PATTERN = 1_000
"""Characters of what is searched for."""
APART = " "
"""Behind the name of a column, before a number: names that differ in case alone are told apart."""
CELL = 16
"""Bytes that are counted for a value beside its text."""
TOO_SLOW = f"it took longer than {SECONDS:.0f} seconds"
"""The same, whatever was left of them."""
TOO_LARGE = f"it answers more than {MAX_BYTES // 2**20} MB"
TOO_MUCH = f"it needs more than {MAX_MEMORY // 2**20} MB of memory"

LONG_TEXT = f"a text that is searched has at most {LONGEST} characters"
LONG_PATTERN = f"what is searched for has at most {MAX_PATTERN} characters"

Tables = Sequence[tuple[str, Table, Sequence[Column]]]
"""What a question sees: the names of its views, and what they are views of."""


@dataclass(frozen=True, slots=True)
class QueryContext:
    """Whose question it is: `customs`: the account's custom fields, by what they are fields of."""

    account: int
    language: str
    clock: Clock
    sells: bool
    customs: Mapping[int, Mapping[str, Column]] = field(default_factory=dict)

    def of(self, table: Table) -> Mapping[str, Column]:
        return self.customs.get(table.owner or 0, {})


@dataclass(frozen=True, slots=True)
class Question:
    """What is run: the text, the tables that it names with their columns, and which of its own
    columns hold true or false, and which JSON."""

    sql: str
    tables: Mapping[str, tuple[Table, tuple[Column, ...]]]
    booleans: frozenset[str]
    jsons: frozenset[str] = frozenset()


class Session(Protocol):
    """One question's own connection, on which nothing but its views can be read."""

    def run(self, asked: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """The names of the columns, and the rows as they are read."""


class Engine(Protocol):
    sqlite: bool
    seconds: float
    schema: str
    """Where its views are."""

    def session(
        self, tables: Tables, account: int, secret: str, clock: Clock, deadline: float = ...
    ) -> AbstractContextManager[Session]: ...


def shown(value: Any, clock: Clock) -> Any:  # noqa: PLR0911 - one case a type
    """A value as JSON has it. Times are in the account's zone."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if isfinite(value) else None  # JSON knows no others
        case str():
            kept = len(value) == 26 and KEPT.fullmatch(value)  # noqa: PLR2004 - as long as one
            return clock.shown(datetime.fromisoformat(value).replace(tzinfo=UTC)) if kept else value
        case Decimal():
            if not value.is_finite():
                return None
            whole = value.as_tuple().exponent >= 0  # type: ignore[operator] # it is finite
            return int(value) if whole else shown(float(value), clock)
        case datetime():
            return clock.shown(value)
        case date():
            return value.isoformat()
        case dict() | list():
            return value
    message = "a column is neither a number nor a text nor a time"
    raise Failed(message)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())
