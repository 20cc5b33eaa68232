"""Signals between processes: the same of SQLite's pipes and PostgreSQL's notifications."""

import fcntl
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from adapters.signals.notifications import NotifiedSignals
from adapters.signals.pipes import PipeSignals
from adapters.signals.signals import Signals, readable
from adapters.stores.postgres import PostgresStore

BOUND = 30.0
Make = Callable[[], Signals]


class Ears:
    """Who listens, and what was heard."""

    def __init__(self, signals: Signals) -> None:
        self.commits, self.readers = threading.Event(), threading.Event()
        self.views: set[str] = set()
        signals.listen(self.commits.set, self.wait_for)

    def wait_for(self, view: str) -> None:
        self.views.add(view)
        self.readers.set()


@pytest.fixture(params=["sqlite", "postgres"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Another process on the same store, each time."""
    with ExitStack() as opened:

        def made() -> Signals:
            if request.param == "sqlite":
                folder = request.getfixturevalue("tmp_path") / "signals"
                return opened.enter_context(closing(PipeSignals(folder)))
            store = PostgresStore(request.getfixturevalue("database"), connections=2)
            opened.enter_context(closing(store))
            return opened.enter_context(closing(NotifiedSignals(store.datastore)))

        yield made


def insist(tell: Callable[[], None], heard: threading.Event) -> None:
    """A signal may be lost, as long as nobody listens yet."""
    for _ in range(int(BOUND / 0.05)):
        tell()
        if heard.wait(0.05):
            return
    raise AssertionError(tell)


def test_everyone_who_listens_hears_of_a_commit_and_of_a_reader(make: Make) -> None:
    teller, ears = make(), [Ears(make()), Ears(make())]

    for one in ears:
        insist(teller.committed, one.commits)
        assert not one.readers.is_set()
    for one in ears:
        insist(lambda: teller.awaited("events"), one.readers)
        assert one.views == {"events"}


def test_who_hears_nothing_any_more_harms_nobody(make: Make) -> None:
    teller, gone, other = make(), make(), Ears(make())
    first = Ears(gone)
    insist(lambda: teller.awaited("events"), first.readers)
    gone.close()

    other.readers.clear()
    insist(lambda: teller.awaited("events"), other.readers)


def test_nobody_may_be_listening(make: Make) -> None:
    teller = make()

    teller.committed()
    teller.awaited("events")


def test_a_pipe_that_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "left"
    os.mkfifo(left)

    with closing(PipeSignals(tmp_path)) as teller, closing(PipeSignals(tmp_path)) as listener:
        ears = Ears(listener)
        insist(lambda: teller.awaited("events"), ears.readers)
        (pipe,) = tmp_path.iterdir()
        assert pipe != left
        assert pipe.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_that_cannot_be_opened_now_is_left_to_who_listens(tmp_path: Path) -> None:
    with ExitStack() as opened:
        teller, *listeners = (
            opened.enter_context(closing(PipeSignals(tmp_path))) for _ in range(3)
        )
        ears = [Ears(listener) for listener in listeners]

        with no_more_files():
            teller.awaited("events")

        for one in ears:
            insist(lambda: teller.awaited("events"), one.readers)


@contextmanager
def no_more_files() -> Iterator[None]:
    """One is left: a folder can be read, and one of the pipes in it be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_lost_connection_is_made_again(database: str) -> None:
    with (
        closing(PostgresStore(database, connections=2)) as store,
        closing(NotifiedSignals(store.datastore)) as teller,
        closing(NotifiedSignals(store.datastore)) as listener,
    ):
        ears = Ears(listener)
        insist(lambda: teller.awaited("events"), ears.readers)
        with store.datastore.get_connection() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
        ears.readers.clear()
        insist(lambda: teller.awaited("events"), ears.readers)


def test_files_of_high_numbers_are_waited_for() -> None:
    reader, writer = os.pipe()
    high = fcntl.fcntl(reader, fcntl.F_DUPFD, 1_100)
    try:
        os.write(writer, b".")
        assert readable(high) == [high]
    finally:
        for file in (reader, writer, high):
            os.close(file)
