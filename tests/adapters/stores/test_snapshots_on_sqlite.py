"""Where snapshots are kept on SQLite: large ones must not slow a look at the small."""

import sqlite3
from contextlib import closing
from pathlib import Path

from adapters.stores.sqlite import SqliteStore
from tests.contracts.facts import history

OLD = """CREATE TABLE stored_snapshots (
    originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
    PRIMARY KEY (originator_id, originator_version)) WITHOUT ROWID"""


def test_snapshots_within_their_index_are_dropped_and_the_book_stays(tmp_path: Path) -> None:
    path = tmp_path / "facts.sqlite"
    with closing(SqliteStore(path)) as store:
        store.append(history(1, 1))
    with closing(sqlite3.connect(path)) as old:
        old.execute("DROP TABLE stored_snapshots")
        old.execute(OLD)
        old.execute("INSERT INTO stored_snapshots VALUES ('x', 1, 'snapshot', x'00')")
        old.commit()

    with closing(SqliteStore(path)) as store:
        assert list(store.snapshots()) == []
        assert store.position() == 1
