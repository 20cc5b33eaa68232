"""The ledger of deliveries in tables of PostgreSQL, beside the facts."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from eventsourcing.postgres import PostgresDatastore

from adapters.stores.connections import MIGRATION_LOCK, transaction
from adapters.stores.ddl import add_column, make_missing
from adapters.views.locks import SessionLocks
from adapters.views.postgres import PostgresCursor
from adapters.views.sql import Cursor
from adapters.webhooks.outbox import CREATE, LATER_COLUMNS, Outbox


class PostgresLedger(Outbox):
    """On the store's connections, with a lock of its own."""

    def __init__(self, store: PostgresDatastore) -> None:
        self._store = store
        self._locks = SessionLocks(store)
        with self.writing() as c:
            c.execute("SELECT pg_advisory_xact_lock(?)", (MIGRATION_LOCK,))
            make_missing(c, CREATE.split(";"))
            for table, column in LATER_COLUMNS:
                add_column(c, table, column)

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with transaction(self._store, "SET TRANSACTION READ ONLY") as cursor:
            yield PostgresCursor(cursor)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with transaction(self._store, "SET LOCAL synchronous_commit TO OFF") as cursor:
            yield PostgresCursor(cursor)

    def leading(self) -> AbstractContextManager[bool]:
        return self._locks.trying("stagebook webhooks")

    def close(self) -> None:
        """The other connections are the store's."""
        self._locks.close()
