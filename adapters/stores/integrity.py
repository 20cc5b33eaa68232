"""What SQLite itself finds wrong in a file, and its indexes made again from their tables."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from adapters.stores.damage import is_damage, translated

MOST = 100
"""Faults that are named of one table."""
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
POSITIONS = "SELECT count(*), coalesce(max(rowid), 0) FROM stored_events NOT INDEXED"
HOLES = (
    "SELECT before + 1, rowid - 1 FROM (SELECT rowid, lag(rowid, 1, 0) OVER (ORDER BY rowid)"
    " AS before FROM stored_events NOT INDEXED) WHERE rowid > before + 1 LIMIT ?"
)


def defects(path: Path) -> list[str]:
    """Reads every page, and compares every index with its table: 0.5 s for 100,000 facts (80 MB).
    `StoreUnavailable` where the file cannot be asked now."""
    with translated(path.name):
        if not path.stat().st_size:
            return ["the file is empty"]
    with _opened(path) as connection:
        if not (found := _checked(connection, f"integrity_check({MOST})")):
            return []
        try:
            tables = [name for (name,) in connection.execute(TABLES)]
        except sqlite3.DatabaseError:  # then no table can be told from another
            return found
        by_table = {name: _checked(connection, f"integrity_check({name})") for name in tables}
    told = [f"table {name}: {line}" for name, lines in by_table.items() for line in lines]
    return told or found


def holes(path: Path) -> list[str]:
    """Positions without a fact. SQLite gives them out one after the other, and no row of a fact is
    ever deleted."""
    with _opened(path) as connection:
        ((count, last),) = connection.execute(POSITIONS).fetchall()
        rows = connection.execute(HOLES, (MOST,)).fetchall() if count != last else []
    return [f"the facts at {positions(first, last)} are lost" for first, last in rows]


def positions(first: int, last: int) -> str:
    """The place of facts that follow each other, in words."""
    return f"position {first}" if first == last else f"positions {first} to {last}"


def reindex(path: Path) -> None:
    """Makes every index again from its table. Rows keep their rowids, which are positions: nothing
    here may `VACUUM`."""
    with _opened(path) as connection:
        connection.execute("PRAGMA query_only = 0")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("REINDEX")


def _checked(connection: sqlite3.Connection, pragma: str) -> list[str]:
    """The lines of a check without those that say nothing."""
    try:
        rows = connection.execute(f"PRAGMA {pragma}").fetchall()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return [str(error)]
    lines = [line for (text,) in rows for line in str(text).splitlines()]
    return [line for line in lines if line != "ok" and not line.startswith("***")]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    name = f"{path.absolute().as_uri()}?mode=rw"
    with (
        translated(path.name),
        closing(sqlite3.connect(name, uri=True, isolation_level=None, timeout=30)) as connection,
    ):
        connection.text_factory = lambda text: text.decode(errors="replace")
        connection.execute("PRAGMA query_only = 1")
        yield connection
