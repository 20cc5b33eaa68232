"""What is left beside a store that has no facts, or is gone: views, deliveries and kept answers
that were made of its facts. An empty store there would answer as if there had been none.

They are read as they are, by statements of their own: nothing is made or migrated.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from adapters.settings import Settings

HEARD = "SELECT coalesce(max(position), 0) FROM webhook_progress"
ANSWERED = "SELECT coalesce(max(position), 0) FROM kept_answers"
STOOD = "SELECT coalesce(max(position), 0) FROM {}"
GENERATION = "SELECT name, 'view_' || name || '_' || generation || '_progress' FROM views"


def remains(settings: Settings) -> str | None:
    """What stands furthest of all that was made of facts, in words; None: nothing was."""
    found = _in_postgres(settings.store) if settings.is_postgres else _in_folder(settings.folder)
    position, what = max(found, default=(0, ""))
    return f"{what} {position}" if position > 0 else None


def _in_folder(folder: Path) -> Iterator[tuple[int, str]]:
    for pointer in folder.glob("views/*/LIVE"):
        with suppress(OSError, ValueError):  # a pointer that is damaged tells nothing
            file = pointer.with_name(pointer.read_text())
            what = f"{file.relative_to(folder)} is at position"
            yield from _in_file(file, STOOD.format("progress"), what)
    outbox = folder / "webhooks.sqlite"
    yield from _in_file(outbox, HEARD, "webhooks.sqlite has heard up to position")
    facts = folder / "facts.sqlite"
    yield from _in_file(facts, ANSWERED, "an answer is kept of position")


def _in_file(file: Path, query: str, what: str) -> Iterator[tuple[int, str]]:
    with suppress(sqlite3.Error):  # damaged or not there: it tells nothing
        uri = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            for (position,) in connection.execute(query):
                yield position, what


def _in_postgres(url: str) -> Iterator[tuple[int, str]]:
    import psycopg  # noqa: PLC0415 - a driver of its own

    from adapters.stores.connections import connected, translated  # noqa: PLC0415 - as above

    with translated(), closing(connected(url)) as connection:

        def asked(query: str) -> list[Any]:
            with suppress(psycopg.errors.UndefinedTable):
                return connection.execute(query.encode()).fetchall()
            return []

        for name, table in asked(GENERATION):
            for (position,) in asked(STOOD.format(table)):
                yield int(position), f"view {name} is at position"
        for (position,) in asked(HEARD):
            yield int(position), "the webhooks were heard up to position"
        for (position,) in asked(ANSWERED):
            yield int(position), "an answer is kept of position"
