"""A process that follows the facts into a view: `python -m tests.processes.following`.

The view tells what was delivered: of everything its versions and their positions as they came, and
of all of it how many came and which came too late.
"""

import sys
import threading
from pathlib import Path
from typing import Any, ClassVar

from pydantic_core import to_json

from adapters.stores.postgres import PostgresStore
from adapters.views.postgres import PostgresViews
from adapters.views.sqlite import SqliteViews
from domain.base import DomainEvent, State
from domain.ids import Kind, guid
from projections.base import Columns, Documents, Indexes, RecordedFact, Row
from projections.worker import LiveWorker
from tests.processes.appending import ACCOUNT, opened

TAPE = guid(ACCOUNT, Kind.EVENT, 1).bytes


class Delivered:
    name: ClassVar = "delivered"
    version: ClassVar = 1
    columns: ClassVar[Columns] = ()
    indexes: ClassVar[Indexes] = ()

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        return (fact.originator_id.bytes, TAPE)

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        key, _ = self.keys(recorded.fact)
        place = [recorded.fact.originator_version, recorded.position]
        of_one: Any = documents.get(key) or {"came": []}
        documents.put(key, {"came": [*of_one["came"], place]})
        tape = documents.get(TAPE) or {"count": 0, "last": 0, "late": []}
        late = [recorded.position] if recorded.position <= tape["last"] else []
        documents.put(
            TAPE,
            {
                "count": tape["count"] + 1,
                "last": recorded.position,
                "late": tape["late"] + late,
            },
        )

    def row(self, key: bytes, state: State) -> Row:
        return Row(key, ACCOUNT, to_json(state), to_json(state))


DELIVERED = Delivered()


def views_of(store: Any, where: str) -> SqliteViews | PostgresViews:
    if isinstance(store, PostgresStore):
        return PostgresViews(store.datastore, [DELIVERED])
    return SqliteViews(Path(where) / "views", [DELIVERED])


def main(where: str) -> None:
    store = opened(where)
    LiveWorker([DELIVERED], store, views_of(store, where)).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
