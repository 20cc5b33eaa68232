"""What readers are given, while generations are switched: never an answer that is older than one
that was given before, whichever process gives it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from threading import Event, Thread
from typing import Any

import pytest
from pydantic_core import from_json

from adapters.stores.memory import MemoryStore
from adapters.views.select import Select
from adapters.views.served import ServedView
from adapters.views.sql import SqlView
from domain.ids import Kind, key
from projections.rebuilding import rebuild
from projections.worker import LiveWorker
from tests.contracts.conftest import Place, Views
from tests.contracts.facts import changed, history
from tests.contracts.notes import LATER_NOTES, NOTES, follow, said
from tests.spec import ACCOUNT

FIRST, SECOND = key(ACCOUNT, Kind.LOCATION, 1), key(ACCOUNT, Kind.LOCATION, 2)
SWITCHES = 6


def silent(_position: int, _head: int) -> None:
    pass


def by_key(view: SqlView) -> int:
    found = view.document(FIRST)
    assert found
    return int(from_json(found[0])["said"])


def by_keys(view: SqlView) -> int:
    return int(from_json(view.bodies([FIRST, SECOND])[FIRST])["said"])


def by_gathering(view: SqlView) -> int:
    latest = view.latest_of([SECOND, FIRST])[FIRST] if isinstance(view, ServedView) else None
    return int(from_json((latest or view.latest(FIRST)).body or b"")["said"])


def by_page(view: SqlView) -> int:
    page = view.page(Select(ACCOUNT, limit=1))
    assert page.total == 2
    return int(from_json(page.bodies[0])["said"])


def by_walk(view: SqlView) -> int:
    one, other = (from_json(body)["said"] for body in view.every(Select(ACCOUNT)))
    assert one == other
    return int(one)


def by_position(view: SqlView) -> int:
    return view.position()


READS: tuple[Callable[[SqlView], int], ...] = (
    by_key,
    by_keys,
    by_gathering,
    by_page,
    by_walk,
    by_position,
)


@contextmanager
def at_work(place: Place) -> Iterator[None]:
    """A process that folds, and one that records without end."""
    finished, log = Event(), place.store()

    def record() -> None:
        for version in count(2):
            log.append([changed(n, version) for n in (1, 2)])
            worker.wake()
            if finished.wait(0.002):
                return

    worker = LiveWorker([NOTES], place.store(), place.views(NOTES))
    recorder = Thread(target=record)
    with ExitStack() as stopping:
        worker.start()
        stopping.callback(worker.stop)
        recorder.start()
        stopping.callback(recorder.join)
        stopping.callback(finished.set)
        yield


@pytest.mark.parametrize("read", READS)
def test_readers_of_two_processes_never_step_back(
    place: Place, read: Callable[[SqlView], int]
) -> None:
    log = place.store()
    log.append([changed(1, 1), changed(2, 1)])
    follow(place.views(NOTES).live(NOTES), log)
    readers, rebuilder = [place.views(NOTES) for _ in range(2)], place.views(NOTES)
    switched: list[int] = []
    seen = [0]

    def switch() -> None:
        for _ in range(SWITCHES):
            rebuild(NOTES, log, rebuilder, silent)
            switched.append(len(seen))

    with at_work(place):
        switching = Thread(target=switch)
        switching.start()
        while switching.is_alive():
            seen += [read(views.served(NOTES)) for views in readers]
        switching.join()

    assert len(switched) == SWITCHES
    assert seen == sorted(seen)
    assert len({*seen}) > SWITCHES


def test_a_reader_goes_on_when_the_generation_that_it_read_is_gone(place: Place) -> None:
    log = MemoryStore()
    log.append([*history(1, 3), *history(2, 2)])
    views, other = place.views(NOTES), place.views(NOTES)
    served = views.served(NOTES)
    follow(other.live(NOTES), log)
    assert views.served(NOTES).page(Select(ACCOUNT)).total == 2

    for number in range(3, 8):
        log.append(history(number, 1))
        rebuild(LATER_NOTES, log, other, silent)

        assert views.served(NOTES).page(Select(ACCOUNT)).total == number
        assert all("later" in d for d in said(views.served(NOTES)).values())
    if place.kind == "postgres":
        assert served is views.served(NOTES)


def test_what_is_written_or_compared_stays_one_generation(place: Place) -> None:
    """A worker that is led elsewhere must notice; whoever compares two must have two."""
    log = MemoryStore()
    log.append(history(1, 3))
    views: Views = place.views(NOTES)
    live = views.live(NOTES)
    follow(live, log)

    rebuild(LATER_NOTES, log, place.views(NOTES), silent)

    assert "later" not in said(live)[1]
    assert "later" in said(views.served(NOTES))[1]


def test_a_view_without_documents_is_empty_and_not_unknown(place: Place) -> None:
    served = place.views(NOTES).served(NOTES)

    empty: tuple[Any, ...] = ([], None, 0)
    page = served.page(Select(ACCOUNT))

    assert (page.bodies, page.last, page.total) == empty
    assert served.document(FIRST) is None
    assert served.states([FIRST]) == {}
    assert served.parked() == {}
    assert served.whole() == (0, {})
