"""Opening the store that the settings name, or saying in its own words why it cannot be opened."""

import os
from typing import TYPE_CHECKING

from structlog import get_logger

from adapters.settings import Settings
from adapters.stores.remains import remains
from application.ports import StoreUnavailable

if TYPE_CHECKING:
    from adapters.stores.postgres import PostgresStore
    from adapters.stores.sqlite import SqliteStore

log = get_logger()

ONLY_THE_OWNER = 0o077
"""What others may not do with files of the store: they hold personal data and hashes of keys."""


class NoStore(Exception):  # noqa: N818 - a state of the world, told in one line
    """There is no store where the settings say, and the command makes none."""


class StoreLost(NoStore):
    """There are no facts, though something is there that was made of some."""


def open_store(
    settings: Settings, *, make: bool = True, filling: bool = False
) -> "SqliteStore | PostgresStore":
    """The store; `NoStore` where there is none and none is to be made, `StoreLost` where its facts
    are gone, unless the settings let an empty one begin there, or whoever asks is `filling` it.
    Raises `StoreUnavailable` with the reason of the database or of the file system."""
    os.umask(ONLY_THE_OWNER)
    there = is_there(settings)
    if not there and not filling:
        _require_nothing_left(settings)
    if not there and not make:
        raise NoStore(f"there is no store in {settings.place}")
    store = _opened(settings)
    if there and not filling and not store.position():
        try:
            _require_nothing_left(settings)
        except BaseException:
            store.close()
            raise
    return store


def _require_nothing_left(settings: Settings) -> None:
    if left := remains(settings):
        message = f"the facts of {settings.place} are gone: there are none, though {left}"
        if settings.lost_store == "refuse":
            raise StoreLost(message)
        log.warning("an empty store begins", reason=message)


def _opened(settings: Settings) -> "SqliteStore | PostgresStore":
    if settings.is_postgres:
        from adapters.stores.postgres import PostgresStore  # noqa: PLC0415 - a driver of its own

        connections, patience = settings.connections, settings.commit_seconds
        return PostgresStore(settings.store, connections=connections, patience=patience)
    from adapters.stores.damage import translated  # noqa: PLC0415 - as above
    from adapters.stores.sqlite import SqliteStore  # noqa: PLC0415 - as above

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
        facts = settings.folder / "facts.sqlite"
        return facts.exists() and facts.stat().st_size > 0
    except OSError as error:
        raise StoreUnavailable(str(error)) from error
