"""What both databases say of damage, in the words of the port: the one place that knows them.

A busy or full database passes, and is `StoreUnavailable`. Damage stays until it is repaired:
`StoreDamaged` names the file or the table. What is lost, and the remedy, `check` says.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eventsourcing.persistence import ConnectionPoolClosedError, IntegrityError, PersistenceError

from application.ports import StoreDamaged, StoreUnavailable, VersionTaken

BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
"""SQLite's primary codes; the higher bits of an extended one say where."""
SHORT = {sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}
LACKING = ("no such table", "no such column", "has no column", "Could not decode to UTF-8")
"""What SQLite says, without a code of its own, of a table that is not what it was."""
UNWRITABLE = "attempt to write a readonly database"
LOST = {
    "42P01",  # undefined table
    "42703",  # undefined column
    "42883",  # undefined function
    "42P10",  # no unique index, which an upsert needs
    "42804",  # another type
    "58P01",  # undefined file
    "58030",  # an error of the disk
    "XX001",  # data corrupted
    "XX002",  # index corrupted
}
"""PostgreSQL's states. Its driver is not imported for them: a store on SQLite has none."""


def is_damage(error: BaseException) -> bool:
    """Whether an error of a database tells of something that does not pass by itself."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None) or 0
        known = code & 0xFF in BROKEN or code in SHORT
        return known or any(word in str(error) for word in LACKING)
    return getattr(error, "sqlstate", None) in LOST


def of_the_database(error: BaseException) -> BaseException:
    """The error of a database beneath those that libraries made of it."""
    while error.__cause__ and not (isinstance(error, sqlite3.Error) or hasattr(error, "sqlstate")):
        error = error.__cause__
    return error


def refusal(error: BaseException, message: str, place: str = "the database") -> StoreUnavailable:
    """An error of a database in the words of the port."""
    cause = of_the_database(error)
    if not is_damage(cause):
        return StoreUnavailable(message)
    diagnosis = getattr(cause, "diag", None)
    what = getattr(diagnosis, "message_primary", None) or message
    table = getattr(diagnosis, "table_name", None)
    return StoreDamaged(f"table {table}" if table else place, str(what))


def integer(value: Any, place: str) -> int:
    """A number as it was written: SQLite keeps whatever is in the place of one."""
    if type(value) is not int:
        raise StoreDamaged(place, f"{value!r} is no number")
    return value


@contextmanager
def translated(place: str = "a file") -> Iterator[None]:
    """SQLite's, the library's and the file system's errors in the words of the port."""
    try:
        yield
    except (IntegrityError, sqlite3.IntegrityError) as error:
        raise VersionTaken(str(error)) from error
    except (sqlite3.Error, PersistenceError, ConnectionPoolClosedError, OSError) as error:
        raise refusal(error, str(error), place) from error
