"""The library's own test cases of a recorder, run over ours.

What is not run: its subscriptions, which are no part of a recorder to it either. Our follower
reads pages of the log and is woken in its process, so neither recorder sends notifications.
"""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import TestCase

import pytest
from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from adapters.stores import connections, sqlite_recorder
from adapters.stores.postgres_recorder import PostgresRecorder
from adapters.stores.sqlite_recorder import SqliteRecorder

# The test cases import a cipher for other tests, and that one a package that is not needed here.
with pytest.MonkeyPatch.context() as patch:
    cipher = ModuleType("eventsourcing.cipher")
    cipher.AESCipher = None  # type: ignore[attr-defined]
    patch.setitem(sys.modules, "eventsourcing.cipher", cipher)
    from eventsourcing.tests import persistence as library


class OnSqlite(TestCase):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "facts.sqlite"
        self.others = set(threading.enumerate())

    def opened(self, cls: type[SqliteRecorder]) -> SqliteRecorder:
        recorder = cls(sqlite_recorder.datastore(self.path.as_uri()), self.path)
        self.addCleanup(recorder.close)
        self.addCleanup(self.join)
        recorder.create_table()
        return recorder

    def join(self) -> None:
        """The library leaves readers running, and a connection must not be closed under them."""
        for thread in set(threading.enumerate()) - self.others:
            thread.join()


class OnPostgres(TestCase):
    @pytest.fixture(autouse=True)
    def _place(self, database: str) -> None:
        self.url = database

    def opened(self, cls: type[PostgresRecorder]) -> PostgresRecorder:
        datastore = connections.datastore(self.url, connections=4)
        self.addCleanup(datastore.close)
        recorder = cls(datastore)
        recorder.create_table()
        return recorder


class SilentSqliteRecorder(SqliteRecorder):
    """An aggregate recorder tells no positions; every one of ours does, and is otherwise one."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:  # type: ignore[override]
        super().insert_events(stored_events, **kwargs)


class SilentPostgresRecorder(PostgresRecorder):
    """The same on PostgreSQL."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:  # type: ignore[override]
        super().insert_events(stored_events, **kwargs)


class TestSqliteAggregates(OnSqlite, library.AggregateRecorderTestCase):
    test_performance = None  # it only prints

    def create_recorder(self) -> SqliteRecorder:
        return self.opened(SilentSqliteRecorder)


class TestPostgresAggregates(OnPostgres, library.AggregateRecorderTestCase):
    test_performance = None  # it only prints

    def create_recorder(self) -> PostgresRecorder:
        return self.opened(SilentPostgresRecorder)


class TestSqliteApplication(OnSqlite, library.ApplicationRecorderTestCase[ApplicationRecorder]):
    test_performance = None  # it only prints

    def create_recorder(self) -> SqliteRecorder:
        return self.opened(SqliteRecorder)


class TestPostgresApplication(OnPostgres, library.ApplicationRecorderTestCase[ApplicationRecorder]):
    test_performance = None  # it only prints

    def create_recorder(self) -> PostgresRecorder:
        return self.opened(PostgresRecorder)


class TestSqliteOrder(OnSqlite, library.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> SqliteRecorder:
        return self.opened(SqliteRecorder)


class TestPostgresOrder(OnPostgres, library.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> PostgresRecorder:
        return self.opened(PostgresRecorder)
