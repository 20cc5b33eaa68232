"""The SELECT behind each table: one account's documents of a view, as columns with types.

Whatever is asked of it runs behind it: neither database may look at a document before its account
was compared, or an error and the time it takes would tell of others' documents.
"""

from collections.abc import Sequence
from typing import Protocol

from adapters.queries.schema import BOOL, INT, LOG_PARTS, NUMBER, TIME, TYPE_IDS, Column, Table

LOG_TYPES = " ".join(f"WHEN '{fact}' THEN {number}" for fact, number in TYPE_IDS.items())


class Words(Protocol):
    """How a database says it."""

    barrier: str
    """What keeps conditions of the question from going before those of the view."""

    def rows(self, documents: str, where: str) -> str:
        """`d`, whose `b` is a document."""

    def entries(self, rows: str, name: str) -> str:
        """`d` and `e`, whose `value` is an entry of that list."""

    def value(self, of: str, column: Column) -> str: ...


class SqliteWords:
    barrier = " LIMIT -1 OFFSET 0"

    def rows(self, documents: str, where: str) -> str:
        return f"(SELECT CAST(body AS TEXT) AS b FROM {documents} WHERE {where}) AS d"

    def entries(self, rows: str, name: str) -> str:
        return f"{rows}, json_each(d.b, '$.{name}') AS e"

    def value(self, of: str, column: Column) -> str:
        path = "$" + "".join(f'."{name}"' for name in column.path)
        said = f"json_extract({of}, '{path}')"
        if column.type == TIME:
            return canonical(said)
        if column.custom and column.type in (INT, NUMBER):
            return f"CASE WHEN json_type({of}, '{path}') IN ('integer', 'real') THEN {said} END"
        if column.custom and column.type == BOOL:
            return f"CASE WHEN json_type({of}, '{path}') IN ('true', 'false') THEN {said} END"
        return said if column.type in (INT, NUMBER, BOOL) else f"CAST({said} AS TEXT)"


def canonical(said: str) -> str:
    """A time in UTC as text of 26 characters: these sort as the times do."""
    fraction = f"rtrim(substr({said}, 20), 'Z')"
    padding = f"substr('.000000', length({fraction}) + 1)"
    return f"substr({said}, 1, 10) || ' ' || substr({said}, 12, 8) || {fraction} || {padding}"


class PostgresWords:
    barrier = ""
    TYPES = {INT: "bigint", NUMBER: "numeric", BOOL: "boolean", TIME: "timestamptz"}  # noqa: RUF012 - constant

    def rows(self, documents: str, where: str) -> str:
        document = "convert_from(body, 'UTF8')::jsonb"
        return f"(SELECT {document} AS b FROM {documents} WHERE {where} OFFSET 0) AS d"

    def entries(self, rows: str, name: str) -> str:
        there = f"CASE jsonb_typeof(d.b->'{name}') WHEN 'array' THEN d.b->'{name}' END"
        return f"{rows} CROSS JOIN LATERAL jsonb_array_elements({there}) AS e(value)"

    def value(self, of: str, column: Column) -> str:
        *way, last = column.path
        held = of + "".join(f"->'{name}'" for name in way)
        said = f"({held}->>'{last}')"
        kind = f"jsonb_typeof({held}->'{last}')"
        if column.type in (INT, NUMBER):
            type_ = "numeric" if column.custom else self.TYPES[column.type]
            return f"CASE {kind} WHEN 'number' THEN {said}::{type_} END"
        if column.type == BOOL:
            return f"CASE {kind} WHEN 'boolean' THEN {said}::boolean END"
        return f"{said}::{self.TYPES.get(column.type, 'text')}"


def select(
    words: Words, table: Table, columns: Sequence[Column], documents: str, account: int
) -> str:
    """The rows of a table that is kept in documents."""
    where = f"account = {account:d} AND body IS NOT NULL"
    if table.view == "catalog":
        where += f" AND kind = {table.kind:d}"
    if table.view == "changes":
        where += " AND kind = 'order'"
    rows = words.rows(documents, where)
    parts = [
        _part(
            words,
            columns,
            "e.value" if name else "d.b",
            words.entries(rows, name) if name else rows,
        )
        for name in table.inside or ("",)
    ]
    return " UNION ALL ".join(parts) + words.barrier


def _part(words: Words, columns: Sequence[Column], of: str, source: str) -> str:
    shown = ", ".join(f"{_value(words, of, column)} AS {quoted(column.name)}" for column in columns)
    return f"SELECT {shown} FROM {source}"


def _value(words: Words, of: str, column: Column) -> str:
    if column.path == ("fact",) and column.name == "typeid":
        fact = words.value(of, Column("fact", "text", ("fact",)))
        return f"CASE {fact} {LOG_TYPES} END"
    if column.path == ("position",):
        return f"{words.value(of, column)} * {LOG_PARTS}"
    if column.path[0] == "^":
        return words.value("d.b", Column(column.name, column.type, column.path[1:]))
    return words.value(of, column)


def quoted(name: str) -> str:
    """A name that the schema knows: letters, digits and underscores."""
    return f'"{name}"'
