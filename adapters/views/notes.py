"""Texts that are kept with a view by name: files in its folder, or columns of the table `views`."""

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from adapters.stores.damage import translated


class FileNotes:
    """The notes of views, each a file in the view's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, view: str, note: str) -> str | None:
        """A note that was damaged names nothing."""
        with translated(), suppress(FileNotFoundError):
            return self._path(view, note).read_bytes().decode(errors="replace")
        return None

    def write(self, view: str, note: str, text: str | None) -> None:
        path = self._path(view, note)
        with translated():
            if text is None:
                path.unlink(missing_ok=True)
            else:
                _written(path, text).replace(path)

    def write_first(self, view: str, note: str, text: str) -> bool:
        path = self._path(view, note)
        with translated():
            made = _written(path, text)
            try:
                os.link(made, path)
            except FileExistsError:
                return False
            finally:
                made.unlink()
        return True

    def _path(self, view: str, note: str) -> Path:
        return self._folder / view / note.upper()


def _written(path: Path, text: str) -> Path:
    """A file beside it, whole and on the disk, that is to take its name."""
    made = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    with made.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return made


class TableNotes:
    """The notes of views, each a column of the table `views`."""

    def __init__(
        self, transaction: Callable[[], AbstractContextManager[psycopg.Cursor[Any]]]
    ) -> None:
        self._transaction = transaction

    def read(self, view: str, note: str) -> str | None:
        query = sql.SQL("SELECT {} FROM views WHERE name = %s").format(sql.Identifier(note))
        with self._transaction() as c:
            row = c.execute(query, (view,)).fetchone()
        return row[0] if row else None

    def write(self, view: str, note: str, text: str | None) -> None:
        update = sql.SQL("UPDATE views SET {} = %s WHERE name = %s")
        with self._transaction() as c:
            c.execute(update.format(sql.Identifier(note)), (text, view))

    def write_first(self, view: str, note: str, text: str) -> bool:
        update = sql.SQL("UPDATE views SET {0} = %s WHERE name = %s AND {0} IS NULL")
        with self._transaction() as c:
            return c.execute(update.format(sql.Identifier(note)), (text, view)).rowcount == 1
