"""kill -9 at any moment of a rebuild: run again, it goes on and ends with what the facts say."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import psycopg
import pytest

from adapters.bootstrap import Stagebook
from adapters.check import faults
from application.events import create_event
from application.locations import change_location, create_location
from application.unit_of_work import UnitOfWork
from domain.event_fields import EventBody
from domain.ids import account_number
from domain.location import LocationFields
from tests.conftest import ACCOUNT
from tests.processes.nursery import REBUILT
from tests.processes.program import BOUND, ROOT, Place

pytestmark = pytest.mark.slow

KILLS = 12
HALLS, CHANGES = 40, 40


class Nursery:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def lives(self, seconds: float) -> tuple[int, float]:
        """How a rebuild ends that has so long, and how long it had."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        code, took = self._process.stdout.readline().split()
        return int(code), float(took)


@contextmanager
def nursery(place: Place) -> Iterator[Nursery]:
    command = [sys.executable, "-m", "tests.processes.nursery", place.store]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        yield Nursery(process)


def execute(book: Stagebook, decide: Any) -> Any:
    return book.execute(decide, account=account_number(ACCOUNT), actor="tests")


def fill(work: UnitOfWork) -> int:
    """Locations with a long past, each with an Event; the number of the last one."""
    for _ in range(HALLS):
        number = create_location(work, LocationFields(name="Hall")).number
        for capacity in range(1, CHANGES):
            change_location(work, number, LocationFields(capacity=capacity))
        create_event(work, EventBody(name="Live", locationid=number))
    return number


def generations(place: Place, name: str) -> int:
    if not place.settings.is_postgres:
        return len([*(place.settings.folder / "views" / name).glob("v*.sqlite")])
    with psycopg.connect(place.store) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE tablename LIKE %s", (f"view_{name}_%_progress",)
        ).fetchone()
    return int(found[0]) if found else 0


def test_a_rebuild_that_is_killed_at_any_moment_goes_on_and_ends_with_what_the_facts_say(
    place: Place,
) -> None:
    moments = Random(5)  # noqa: S311 - the same again
    with place.book() as book, nursery(place) as made:
        book.start()
        number = execute(book, fill)
        code, whole = made.lives(BOUND)
        assert code == 0

        ends = []
        for capacity in range(1, KILLS + 1):
            ends.append(made.lives(moments.uniform(0, whole))[0])
            change = LocationFields(capacity=10_000 + capacity)
            execute(book, lambda work, change=change: change_location(work, number, change))
            assert book.catch_up(BOUND)
        last, _ = made.lives(BOUND)

        assert -signal.SIGKILL in ends
        assert {*ends} <= {0, -signal.SIGKILL}
        assert last == 0
        assert book.catch_up(BOUND)
        assert list(faults(book)) == []
        assert all(generations(place, one.name) == 2 for one in REBUILT)
