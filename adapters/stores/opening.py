"""Opening the store that the settings name, or saying in its own words why it cannot be opened."""

import os
from typing import TYPE_CHECKING

from adapters.settings import Settings
from application.ports import StoreUnavailable

if TYPE_CHECKING:
    from adapters.stores.postgres import PostgresStore
    from adapters.stores.sqlite import SqliteStore

ONLY_THE_OWNER = 0o077
"""What others may not do with files of the store: they hold personal data and hashes of keys."""


class NoStore(Exception):  # noqa: N818 - a state of the world, told in one line
    """There is no store where the settings say, and the command makes none."""


def open_store(settings: Settings, *, make: bool = True) -> "SqliteStore | PostgresStore":
    """The store; `NoStore` where there is none and none is to be made. Raises `StoreUnavailable`
    with the reason of the database or of the file system."""
    os.umask(ONLY_THE_OWNER)
    if not is_there(settings) and not make:
        raise NoStore(f"there is no store in {settings.place}")
    if settings.is_postgres:
        from adapters.stores.postgres import PostgresStore  # noqa: PLC0415 - a driver of its own

        connections, patience = settings.connections, settings.commit_seconds
        return PostgresStore(settings.store, connections=connections, patience=patience)
    from adapters.stores.sqlite import SqliteStore, translated  # noqa: PLC0415 - as above

    with translated():
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SqliteStore(settings.folder / "facts.sqlite")


def is_there(settings: Settings) -> bool:
    """Whether there is a store where the settings say."""
    if settings.is_postgres:
        from adapters.stores.connections import has_store  # noqa: PLC0415 - a driver of its own

        return has_store(settings.store)
    try:
        if settings.folder.exists() and not settings.folder.is_dir():
            raise StoreUnavailable("expected a folder, not a file")
        return (settings.folder / "facts.sqlite").exists()
    except OSError as error:
        raise StoreUnavailable(str(error)) from error
