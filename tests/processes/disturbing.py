"""What happens while others are at work: a view is rebuilt and gone back from, workers and servers
are killed, told to stop and started again."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle

import psutil

from adapters.bootstrap import EVENTS
from projections.rebuilding import rebuild, roll_back
from tests.processes.program import BOUND, Place, Server

SORTS = ("rebuilt", "gone back", "worker killed", "server killed", "server stopped")


class Disturbances:
    """Two go on at a time: one of a view, one of processes."""

    def __init__(self, place: Place, servers: list[Server]) -> None:
        self.counted = Counter(dict.fromkeys(SORTS, 0))
        self._place, self._servers = place, servers
        self._over = threading.Event()
        self._failures: list[BaseException] = []

    @property
    def all_were_there(self) -> bool:
        """Each of them at least once; raises what one of them failed with."""
        if self._failures:
            raise self._failures[0]
        return all(self.counted.values())

    @contextmanager
    def going_on(self) -> Iterator[None]:
        ways = ((self._of_views(), 0.3), (self._of_processes(), 2.0))
        threads = [threading.Thread(target=self._run, args=way) for way in ways]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join(2 * BOUND)
        assert self.all_were_there

    def _run(self, steps: Iterator[str], pause: float) -> None:
        try:
            for step in steps:
                self.counted[step] += 1
                if self._over.wait(pause):
                    return
        except BaseException as error:  # noqa: BLE001 - raised where it is looked for
            self._failures.append(error)

    def _of_views(self) -> Iterator[str]:
        with self._place.book() as book:
            while True:
                rebuild(EVENTS, book.store, book.views, lambda _done, _total: None)
                yield "rebuilt"
                roll_back(EVENTS, book.store, book.views)
                yield "gone back"

    def _of_processes(self) -> Iterator[str]:
        for at in cycle(range(len(self._servers))):
            for worker in psutil.Process(self._servers[at].process.pid).children():
                with suppress(psutil.NoSuchProcess):
                    worker.kill()
            yield "worker killed"
            self._servers[at].kill()
            self._servers[at] = self._place.serve()
            yield "server killed"
            self._servers[at].process.terminate()
            assert self._servers[at].process.wait(BOUND) == 0
            self._servers[at] = self._place.serve()
            yield "server stopped"
