"""Tables and indexes of PostgreSQL that are made where they are missing.

`CREATE INDEX IF NOT EXISTS` locks the table against writers even where the index is there, and
`ALTER TABLE … ADD COLUMN IF NOT EXISTS` against everybody. A start that holds several such locks
and a writer that holds one and waits for another end in a deadlock, so what is there is left alone.
"""

import re
from collections.abc import Iterable
from typing import Any

INDEX = re.compile(r"INDEX IF NOT EXISTS \"?(?:\w+\"?\.\"?)?(\w+)")


def make_missing(c: Any, statements: Iterable[Any]) -> None:
    """Runs these statements, but for those that make an index that is there."""
    for statement in statements:
        text = statement if isinstance(statement, str) else statement.as_string()
        index = INDEX.search(text)
        if not (index and _is_true(c, "SELECT to_regclass(%s) IS NOT NULL AS there", index[1])):
            c.execute(statement)


def add_column(c: Any, table: str, column: str) -> None:
    """Adds a column, `name type`, where there is none of that name."""
    there = (
        "SELECT EXISTS (SELECT 1 FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = %s AND column_name = %s) AS there"
    )
    if not _is_true(c, there, table, column.split(maxsplit=1)[0]):
        c.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column}")


def _is_true(c: Any, question: str, *params: str) -> bool:
    c.execute(question, params)
    (row,) = c.fetchall()
    return bool(row["there"] if isinstance(row, dict) else row[0])
