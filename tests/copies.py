"""Copies of a part of a store: its facts, its views or its outbox, put back there or elsewhere."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import psycopg

from adapters.settings import Settings

Part = Literal["facts", "views", "outbox", "everything"]
FILES = {"facts": "facts.sqlite", "views": "views", "outbox": "webhooks.sqlite"}
TABLES = {"views": "view", "outbox": "webhook", "heartbeats": "heartbeat"}
"""What the names of tables begin with; those of facts begin with anything else."""
NEXT = (
    "SELECT setval(pg_get_serial_sequence('stored_events', 'notification_id'),"
    " coalesce(max(notification_id), 0) + 1, false) FROM stored_events"
)


class Copy:
    """Kept in a folder. The rest of the store stays as it is."""

    def __init__(self, settings: Settings, folder: Path, part: Part = "facts") -> None:
        self.settings, self.folder, self.part = settings, folder, part
        folder.mkdir()
        if settings.is_postgres:
            with psycopg.connect(settings.store) as connection:
                for table in tables(connection, part):
                    with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as rows:
                        (folder / table).write_bytes(b"".join(rows))
        else:
            for path in files(settings.folder, part):
                _copy(path, folder)

    def put_back(self, into: Settings | None = None) -> None:
        """In place of what is there, in one step for whoever looks."""
        settings = into or self.settings
        if settings.is_postgres:
            with psycopg.connect(settings.store) as connection:
                for table in tables(connection, self.part):
                    connection.execute(f"DELETE FROM {table}".encode())  # noqa: S608 - a name
                    kept = self.folder / table
                    if kept.exists():
                        with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as rows:
                            rows.write(kept.read_bytes())
                connection.execute(NEXT)
        else:
            remove(settings, self.part)
            for path in self.folder.iterdir():
                _copy(path, settings.folder)


def remove(settings: Settings, part: Part) -> None:
    """Removes the files of a part, or the rows of its tables."""
    if settings.is_postgres:
        with psycopg.connect(settings.store) as connection:
            for table in tables(connection, part):
                connection.execute(f"DROP TABLE {table} CASCADE".encode())
    else:
        for path in files(settings.folder, part):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def files(folder: Path, part: Part) -> Iterator[Path]:
    for name in FILES.values() if part == "everything" else (FILES[part],):
        yield from folder.glob(f"{name}*")


def tables(connection: psycopg.Connection, part: Part) -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    names = [name for (name,) in connection.execute(query)]
    if part == "everything":
        return names
    if part == "facts":
        return [name for name in names if not name.startswith(tuple(TABLES.values()))]
    return [name for name in names if name.startswith(TABLES[part])]


def _copy(path: Path, folder: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, folder / path.name)
    else:
        shutil.copy(path, folder)
