"""A worker that gives no sign of life is replaced, and what it missed is folded."""

import signal
import threading
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from adapters.bootstrap import PROJECTIONS, Stagebook
from projections.worker import LiveWorker
from tests.processes.program import Place, Server, eventually

pytestmark = pytest.mark.slow


def workers_of(server: Server) -> list[psutil.Process]:
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if "work" in command_of(child)]


def command_of(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:  # it has just ended
        return []


def test_a_worker_that_stands_still_is_replaced(place: Place) -> None:
    server = place.serve(worker_seconds=1)
    (hanging,) = workers_of(server)

    hanging.send_signal(signal.SIGSTOP)
    client = server.client()
    made = client.made("/v1/locations", name="Hall")

    eventually(lambda: [one.pid for one in workers_of(server)] not in ([], [hanging.pid]))
    assert client.read(f"/v1/locations/{made['id']}", after=1)["name"] == "Hall"
    eventually(lambda: client("GET", "/health/ready").status == 200)
    assert "the worker hangs and is replaced" in server.log.read_text()
    assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_stops_with_its_server_where_the_signal_reaches_both(
    place: Place, number: int
) -> None:
    server = place.serve()
    (worker,) = workers_of(server)

    worker.send_signal(number)
    server.client().made("/v1/locations", name="Hall")
    assert worker.is_running()
    server.process.send_signal(number)

    assert server.process.wait(30) == 0
    worker.wait(30)
    assert "the worker died" not in server.log.read_text()


class Stuck:
    """A log of facts that never answers, until it is let go."""

    def __init__(self, book: Stagebook) -> None:
        self._store, self.go = book.store, threading.Event()

    def read(self, *_: Any) -> list[Any]:
        self.go.wait(60)
        return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture
def idle(place: Place) -> Iterator[Stagebook]:
    with place.book() as book:
        yield book


def test_a_worker_whose_thread_hangs_is_silent_and_one_that_idles_is_not(idle: Stagebook) -> None:
    stuck = Stuck(idle)
    hanging = LiveWorker(PROJECTIONS, stuck, idle.views)
    hanging.start()
    eventually(lambda: hanging.silent_seconds > 0.5)
    stuck.go.set()

    eventually(lambda: hanging.silent_seconds < 0.1)
    hanging.stop()
