"""The SELECT behind each table: one account's documents of a view, as columns with types.

Whatever is asked of it runs behind it: neither database may look at a document before its account
was compared, or an error and the time it takes would tell of others' documents.
"""

from collections.abc import Sequence
from typing import Protocol

from adapters.queries.schema import (
    BOOL,
    COUNT,
    INT,
    LIST,
    LOG_PARTS,
    NUMBER,
    TEXT,
    TIME,
    TYPE_IDS,
    Column,
    Table,
)

LOG_TYPES = " ".join(f"WHEN '{fact}' THEN {number}" for fact, number in TYPE_IDS.items())


class SqlFragments(Protocol):
    """How a database says it."""

    barrier: str
    """What keeps conditions of the question from going before those of the view."""

    def rows(self, documents: str, where: str) -> str:
        """`d`, whose `b` is a document."""

    def entries(self, rows: str, name: str) -> str:
        """`d` and `e`, an entry of that list; for `a/b`, `o` is the entry around it."""

    def value(self, of: str, column: Column) -> str: ...
    def moment(self, microseconds: str) -> str:
        """The time so long after 1970, as `value` gives times."""


class SqliteWords:
    barrier = " LIMIT -1 OFFSET 0"

    def rows(self, documents: str, where: str) -> str:
        return f"(SELECT CAST(body AS TEXT) AS b FROM {documents} WHERE {where}) AS d"

    def entries(self, rows: str, name: str) -> str:
        outer, _, inner = name.rpartition("/")
        if outer:
            around = f"json_each(d.b, '$.{outer}') AS o"
            return f"{rows}, {around}, json_each(o.value, '$.{inner}') AS e"
        return f"{rows}, json_each(d.b, '$.{name}') AS e"

    def value(self, of: str, column: Column) -> str:
        of += ".value" if of in ("e", "o") else ".b"
        path = "$" + "".join(f"[{n}]" if n.isdigit() else f'."{n}"' for n in column.path)
        if column.type == COUNT:
            return f"json_array_length({of}, '{path}')"
        said = f"json_extract({of}, '{path}')"
        if column.type == TIME:
            return canonical(said)
        if column.custom and column.type in (INT, NUMBER):
            return f"CASE WHEN json_type({of}, '{path}') IN ('integer', 'real') THEN {said} END"
        if column.custom and column.type == BOOL:
            return f"CASE WHEN json_type({of}, '{path}') IN ('true', 'false') THEN {said} END"
        if column.custom:
            truths = "WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
            return f"CASE json_type({of}, '{path}') {truths} ELSE CAST({said} AS TEXT) END"
        return said if column.type in (INT, NUMBER, BOOL) else f"CAST({said} AS TEXT)"

    def moment(self, microseconds: str) -> str:
        seconds = f"datetime({microseconds} / 1000000, 'unixepoch')"
        return f"{seconds} || printf('.%06d', {microseconds} % 1000000)"


def canonical(said: str) -> str:
    """A time in UTC as text of 26 characters: these sort as the times do."""
    fraction = f"rtrim(substr({said}, 20), 'Z')"
    padding = f"substr('.000000', length({fraction}) + 1)"
    return f"substr({said}, 1, 10) || ' ' || substr({said}, 12, 8) || {fraction} || {padding}"


class PostgresWords:
    barrier = ""
    TYPES = {INT: "bigint", NUMBER: "numeric", BOOL: "boolean", TIME: "timestamptz"}  # noqa: RUF012 - constant

    def rows(self, documents: str, where: str) -> str:
        """`b` is for values; `j`, as it was written, for what is shown as it was written."""
        text = "convert_from(body, 'UTF8')"
        shown = f"{text}::jsonb AS b, {text}::json AS j"
        return f"(SELECT {shown} FROM {documents} WHERE {where} OFFSET 0) AS d"

    def entries(self, rows: str, name: str) -> str:
        outer, _, inner = name.rpartition("/")
        if not outer:
            return f"{rows} {self._elements('d.j', name, 'e')}"
        return f"{rows} {self._elements('d.j', outer, 'o')} {self._elements('o.j', inner, 'e')}"

    @staticmethod
    def _elements(of: str, name: str, entry: str) -> str:
        held = of + "".join(f"->'{part}'" for part in name.split("."))
        each = f"json_array_elements(CASE json_typeof({held}) WHEN 'array' THEN {held} END)"
        made = f"(SELECT l_{entry}.j::jsonb AS b, l_{entry}.j AS j)"
        return f"CROSS JOIN LATERAL {each} AS l_{entry}(j) CROSS JOIN LATERAL {made} AS {entry}"

    def value(self, of: str, column: Column) -> str:
        *way, last = (n if n.isdigit() else f"'{n}'" for n in column.path)
        of += ".j" if column.type == LIST or (column.custom and column.type == TEXT) else ".b"
        held = of + "".join(f"->{name}" for name in way)
        said = f"({held}->>{last})"
        kind = f"jsonb_typeof({held}->{last})"
        if column.type == COUNT:
            return f"CASE {kind} WHEN 'array' THEN jsonb_array_length({held}->{last}) END::bigint"
        if column.type in (INT, NUMBER):
            type_ = "numeric" if column.custom else self.TYPES[column.type]
            return f"CASE {kind} WHEN 'number' THEN {said}::{type_} END"
        if column.type == BOOL:
            return f"CASE {kind} WHEN 'boolean' THEN {said}::boolean END"
        if column.type == TIME:
            return f"{said}::timestamptz"
        return f'{said}::text COLLATE "C"'  # as SQLite sorts them

    def moment(self, microseconds: str) -> str:
        return f"timestamptz 'epoch' + {microseconds} * interval '1 microsecond'"


def select(
    words: SqlFragments, table: Table, columns: Sequence[Column], documents: str, account: int
) -> str:
    """The rows of a table that is kept in documents."""
    if table.view == "changes":
        return _log(words, columns, documents, account)
    where = f"account = {account:d} AND body IS NOT NULL"
    if table.view == "catalog":
        where += f" AND kind = {table.kind:d}"
    rows = words.rows(documents, where)
    parts = [
        _part(
            words,
            columns,
            "e" if name else "d",
            words.entries(rows, name) if name else rows,
        )
        for name in table.inside or ("",)
    ]
    return " UNION ALL ".join(parts) + words.barrier


def _part(words: SqlFragments, columns: Sequence[Column], of: str, source: str) -> str:
    shown = ", ".join(f"{_value(words, of, column)} AS {quoted(column.name)}" for column in columns)
    return f"SELECT {shown} FROM {source}"


def _log(words: SqlFragments, columns: Sequence[Column], documents: str, account: int) -> str:
    """The index of changes is columns, and no documents."""
    of_the_index = {
        "id": f"position * {LOG_PARTS}",
        "orderid": "number",
        "typeid": f"CASE fact {LOG_TYPES} END",
        "ts": words.moment("time"),
        "username": "actor",
        "fact": "fact",
        "reason": "reason",
    }
    shown = ", ".join(f"{of_the_index[c.name]} AS {quoted(c.name)}" for c in columns)
    where = f"account = {account:d} AND kind = 'order'"
    return f"SELECT {shown} FROM {documents} WHERE {where}{words.barrier}"


def _value(words: SqlFragments, of: str, column: Column) -> str:
    around = {"^": "d", "<": "o"}.get(column.path[0])
    if around:
        return words.value(around, Column(column.name, column.type, column.path[1:]))
    said = words.value(of, column)
    return said if column.otherwise is None else f"COALESCE({said}, {column.otherwise})"


def quoted(name: str) -> str:
    """A name that the schema knows: letters, digits and underscores."""
    return f'"{name}"'
