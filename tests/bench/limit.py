"""What a rebuild is measured against: every fact read in pages and its payload parsed, by one
process that does nothing else. Prints facts and seconds as JSON.

python -m tests.bench.limit STORE
"""

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import psycopg

PAGE = 2_000
COLUMNS = "originator_id, originator_version, topic, state FROM stored_events"
SQLITE = f"SELECT rowid, {COLUMNS} WHERE rowid > ? ORDER BY rowid LIMIT {PAGE}"
POSTGRES = (
    f"SELECT notification_id, {COLUMNS} WHERE notification_id > %s"
    f" ORDER BY notification_id LIMIT {PAGE}"
)


def main(store: str) -> None:
    if store.startswith("postgres"):
        with psycopg.connect(store) as connection:
            cursor = connection.cursor(binary=True)
            print(json.dumps(read(lambda after: cursor.execute(POSTGRES, (after,)).fetchall())))
    else:
        with closing(sqlite3.connect(Path(store) / "facts.sqlite")) as file:
            print(json.dumps(read(lambda after: file.execute(SQLITE, (after,)).fetchall())))


def read(page: Callable[[int], list[Any]]) -> dict[str, float]:
    begun, position, facts = time.perf_counter(), 0, 0
    while rows := page(position):
        for row in rows:
            orjson.loads(row[4])
        position, facts = rows[-1][0], facts + len(rows)
    return {"facts": facts, "seconds": time.perf_counter() - begun}


if __name__ == "__main__":
    main(sys.argv[1])
