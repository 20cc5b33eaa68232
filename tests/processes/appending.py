"""A process that records, through the store alone: `python -m tests.processes.appending`.

It records batches of facts, of things of its own and of one that all of them change, after random
delays. In between it begins batches that come to nothing. At the end it says what it was told.
"""

import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SqliteStore
from application.ports import Store, StoreUnavailable, VersionTaken
from domain.ids import Kind, guid
from domain.location import LocationChanged

ACCOUNT = 7
OURS = 1
"""The number of what all processes change."""
OWN = 1_000
"""How many things a process has of its own."""
LARGEST = 150
"""Facts of a batch."""
INSERT = "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES"


@dataclass
class Batch:
    """What was recorded at once: number, version and position of each fact, and when."""

    began: float
    ended: float
    facts: list[tuple[int, int, int]]


@dataclass
class Told:
    batches: list[Batch] = field(default_factory=list)
    taken_back: int = 0
    """Batches that were refused after their facts had been inserted, or were cut off."""
    unavailable: int = 0


def opened(where: str) -> PostgresStore | SqliteStore:
    if where.startswith("postgres"):
        return PostgresStore(where, connections=1)
    return SqliteStore(Path(where) / "facts.sqlite")


class Appender:
    def __init__(self, where: str, number: int) -> None:
        self.where, self._random = where, Random(number)  # noqa: S311 - the same again
        self._first = (number + 1) * OWN
        self._name = f"process {number}"
        self._versions: dict[int, int] = {}
        self.told = Told()

    def record(self, store: Store, wanted: int) -> None:
        done = 0
        while done < wanted:
            size = min(self._random.randint(1, LARGEST), wanted - done)
            if self._random.random() < 0.1:
                self._refused(store, size)
            if self._random.random() < 0.05:
                with suppress(psycopg.Error):
                    self._cut_off(size)
            if self._random.random() < 0.2:
                time.sleep(self._random.uniform(0, 0.02))
            self._recorded(store, size)
            done += size

    def _recorded(self, store: Store, size: int) -> None:
        own = self._some(size - 1)
        while True:
            try:
                facts = [changed(OURS, version_of(store, OURS) + 1, self._name), *own]
                began = time.monotonic()
                positions = store.append(facts)
            except VersionTaken:  # ours has moved on; nothing else can have
                self.told.taken_back += 1
            except StoreUnavailable:  # nothing of it is recorded
                self.told.unavailable += 1
            else:
                break
        ended = time.monotonic()
        numbers = [OURS, *(number_of(fact) for fact in own)]
        rows = [
            (number, fact.originator_version, position)
            for number, fact, position in zip(numbers, facts, positions, strict=True)
        ]
        for number, version, _ in rows[1:]:
            self._versions[number] = version
        self.told.batches.append(Batch(began, ended, rows))

    def _some(self, size: int) -> list[LocationChanged]:
        """The next facts of a few things."""
        facts: list[LocationChanged] = []
        while len(facts) < size:
            number = self._first + self._random.randrange(OWN)
            if any(number_of(fact) == number for fact in facts):
                continue
            version = self._versions.get(number, 0)
            count = min(self._random.randint(1, 30), size - len(facts))
            facts += [changed(number, version + 1 + more) for more in range(count)]
        return facts

    def _refused(self, store: Store, size: int) -> None:
        """Its last fact is there already, which shows when the others are inserted."""
        with suppress(StoreUnavailable):
            if version_of(store, OURS):
                try:
                    store.append([*self._some(size), changed(OURS, 1)])
                except VersionTaken:
                    self.told.taken_back += 1
                else:
                    message = "a version was given twice"
                    raise AssertionError(message)

    def _cut_off(self, size: int) -> None:
        """Facts that are inserted, stay so for a while, and are never committed."""
        self.told.taken_back += 1
        with inserting(self.where, self._some(size)) as transaction:
            time.sleep(self._random.uniform(0, 0.01))
            if isinstance(transaction, psycopg.Connection):
                transaction.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def changed(number: int, version: int, by: str = "ann") -> LocationChanged:
    return LocationChanged(
        originator_id=guid(ACCOUNT, Kind.LOCATION, number),
        originator_version=version,
        time="2026-11-21T20:00:00.000000Z",
        actor=by,
        correlation="",
        causation=None,
        reason=None,
        changed={"name": f"{number}.{version}"},
    )


def version_of(store: Store, number: int) -> int:
    newest = store.stream(changed(number, 1).originator_id, newest_first=True, limit=1)
    return newest[0].fact.originator_version if newest else 0


def number_of(fact: LocationChanged) -> int:
    return int(fact.changed["name"].partition(".")[0])


@contextmanager
def inserting(where: str, facts: list[LocationChanged]) -> Iterator[Any]:
    """A transaction of somebody who inserted facts as a store does, and did not get further."""
    if where.startswith("postgres"):
        with closing(psycopg.connect(where)) as connection:
            connection.execute("LOCK TABLE stored_events IN EXCLUSIVE MODE")
            rows = [(fact.originator_id, fact.originator_version) for fact in facts]
            with connection.cursor() as cursor:
                cursor.executemany(f"{INSERT} (%s, %s, 'never', 'never')".encode(), rows)
            yield connection
        return
    address = str(Path(where) / "facts.sqlite")
    with closing(sqlite3.connect(address, isolation_level=None, timeout=60)) as file:
        file.execute("BEGIN IMMEDIATE")
        keys = [(fact.originator_id.hex, fact.originator_version) for fact in facts]
        file.executemany(f"{INSERT} (?, ?, 'never', 'never')", keys)
        yield file
        file.execute("ROLLBACK")


def main(where: str, number: int, wanted: int) -> None:
    """Records so many facts; none: it dies with facts that it has inserted."""
    appender = Appender(where, number)
    if not wanted:
        with inserting(where, [changed(number * OWN, version) for version in range(1, 50)]):
            os.kill(os.getpid(), signal.SIGKILL)
    with closing(opened(where)) as store:
        appender.record(store, wanted)
    sys.stdout.write(json.dumps(asdict(appender.told)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
