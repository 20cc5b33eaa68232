"""Two worker processes on one store: where the one that leads dies or stalls, the other goes on."""

import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import psycopg
import pytest

from adapters.bootstrap import LOCATIONS, PROJECTIONS, Stagebook
from adapters.standing import standings
from domain.ids import Kind
from domain.location import LocationChanged
from tests.processes.program import Place, environment, eventually, start
from tests.processes.test_crashes import check_views
from tests.projections.facts import Facts
from tests.spec import ACCOUNT

pytestmark = pytest.mark.slow

TAKEOVER_SECONDS = 5.0


class Worker:
    """A `stagebook work` that has started, and what it has logged."""

    def __init__(self, place: Place, name: str, stack: ExitStack) -> None:
        self.log = place.folder / f"{name}.log"
        environ = environment(place.store, settings={"log_level": "info"})
        stderr = stack.enter_context(self.log.open("ab"))
        self.process: subprocess.Popen[bytes] = start(
            "work", store=place.store, environ=environ, stderr=stderr
        )
        stack.callback(self.process.wait)
        stack.callback(self.process.kill)
        eventually(lambda: self.said("worker started"), self.log)

    def said(self, *events: str) -> int:
        """How often it has logged one of these, or that it met the store's absence there."""
        text = self.log.read_text()
        names = [f'"{name}": "{event}"' for event in events for name in ("event", "met")]
        return sum(map(text.count, names))

    def leads_all(self) -> bool:
        return self.said("view led") >= len(PROJECTIONS)


@pytest.fixture
def workers(place: Place) -> Iterator[tuple[Worker, Worker]]:
    """One that leads every view, and one that stands by."""
    with ExitStack() as stack:
        first = Worker(place, "first", stack)
        eventually(first.leads_all, first.log)
        second = Worker(place, "second", stack)
        assert not second.said("view led")
        yield first, second


class Writing:
    """Records changes of one location."""

    def __init__(self, book: Stagebook) -> None:
        self._book = book
        self._facts = Facts().location(1, name="Hall")
        self._recorded = 0
        book.store.reserve_numbers(ACCOUNT, {Kind.LOCATION: 1})

    def changes(self, count: int) -> None:
        for _ in range(count):
            name = f"Hall {self._facts.position()}"
            self._facts.add(LocationChanged, 1, changed={"name": name})
        recorded = self._facts.read(self._recorded, count + 1)
        self._book.store.append([one.fact for one in recorded])
        self._recorded = recorded[-1].position


def followed(book: Stagebook) -> bool:
    """Every view has every fact, and a worker that is at work."""
    _, views = standings(book)
    return all((view.state, view.lag) == ("current", 0) for view in views)


def test_views_are_taken_over_within_five_seconds_when_their_worker_is_killed(
    place: Place, workers: tuple[Worker, Worker]
) -> None:
    first, second = workers
    with place.book() as book:
        writing = Writing(book)
        writing.changes(50)
        eventually(lambda: followed(book))

        writing.changes(2_000)
        first.process.kill()
        killed = time.monotonic()
        eventually(second.leads_all, second.log)
        took = time.monotonic() - killed
        writing.changes(1)
        eventually(lambda: followed(book))

        assert took < TAKEOVER_SECONDS
        check_views(book)


def fences(book: Stagebook) -> Mapping[str, int]:
    return {projection.name: book.view(projection).standing()[1] for projection in PROJECTIONS}


def cut_locks(database: str) -> None:
    """As when the host of whoever leads has vanished."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_database d"
            " ON d.oid = database AND d.datname = current_database()"
            " WHERE locktype = 'advisory' AND granted"
        )


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_worker_that_was_stopped_while_another_took_over_writes_nothing_when_it_goes_on(
    place: Place, workers: tuple[Worker, Worker]
) -> None:
    stopped, other = workers
    with place.book() as book:
        writing = Writing(book)
        writing.changes(4_000)
        eventually(lambda: book.view(LOCATIONS).position() > 100)
        stopped.process.send_signal(signal.SIGSTOP)
        assert not followed(book), "it was stopped in the middle of its work"

        cut_locks(place.store)
        eventually(other.leads_all, other.log)
        eventually(lambda: followed(book))
        led = fences(book)
        stopped.process.send_signal(signal.SIGCONT)
        eventually(lambda: bool(stopped.said("view moved", "view lost", "views stand still")))
        writing.changes(200)
        eventually(lambda: followed(book))

        assert fences(book) == led
        assert not other.said("view moved", "view lost", "views stand still")
        other.process.kill()
        killed = time.monotonic()
        eventually(lambda: stopped.said("view led") >= 2 * len(PROJECTIONS), stopped.log)
        assert time.monotonic() - killed < TAKEOVER_SECONDS
        check_views(book)
