"""Who leads a view, the same on both stores: a lost lock is noticed, and the worker lives by it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from random import Random

import psycopg
import pytest

from adapters.stores.memory import MemoryStore
from adapters.views.sql import SqlView
from application.ports import StoreUnavailable
from projections import worker as live_worker
from projections.base import BeingRebuilt, Projection, ViewMoved
from projections.rebuilding import rebuild
from projections.worker import LiveWorker
from tests.contracts.conftest import Place, Views
from tests.contracts.facts import changed, history
from tests.contracts.notes import LATER_NOTES, NOTES, OTHERS, said
from tests.contracts.test_views import eventually, silent


def cut_lock(place: Place, projection: Projection = NOTES) -> None:
    """What another hand can do to the lock of a living process."""
    if place.kind == "sqlite":
        (Path(place.where) / "views" / projection.name / "lock").unlink()
        return
    with psycopg.connect(place.where, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_database d"
            " ON d.oid = database AND d.datname = current_database() WHERE locktype = 'advisory'"
        )


@pytest.fixture
def stopping() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_worker, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(live_worker, "BEAT_SECONDS", 0.02)


class Watched:
    """The views as one worker sees them, and what it does with them."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self.live, self.up_to_date, self.leads = views.live, views.up_to_date, views.leads
        self.tries = 0
        self.beats: list[list[str]] = []

    def leading(self, projection: Projection) -> AbstractContextManager[bool]:
        self.tries += 1
        return self._views.leading(projection)

    def beat(self, projections: Sequence[Projection]) -> None:
        self._views.beat(projections)
        self.beats.append([projection.name for projection in projections])


def working(place: Place, log: MemoryStore, stopping: ExitStack, *of: Projection) -> Watched:
    """A worker, as in a process of its own."""
    views = Watched(place.views(NOTES, OTHERS))
    worker = LiveWorker(of or (NOTES,), log, views)
    worker.start()
    stopping.callback(worker.stop)
    return views


def test_a_lock_is_held_until_it_is_let_go(place: Place) -> None:
    one, other = place.views(NOTES, OTHERS), place.views(NOTES, OTHERS)

    assert not one.leads(NOTES)
    with one.leading(NOTES) as led:
        assert led
        assert (one.leads(NOTES), one.leads(OTHERS), other.leads(NOTES)) == (True, False, False)
    assert not one.leads(NOTES)


def test_a_lock_that_was_lost_is_another_s(place: Place) -> None:
    one, other = place.views(NOTES), place.views(NOTES)

    with ExitStack() as held:
        with one.leading(NOTES) as led:
            assert led
            cut_lock(place)
            assert held.enter_context(other.leading(NOTES))
            assert not one.leads(NOTES)
            with one.leading(NOTES) as again:
                assert not again

        assert other.leads(NOTES), "who had lost it has let it go"
    with one.leading(NOTES) as again:
        assert again


def test_a_lock_that_was_lost_can_be_taken_again_by_the_same_process(place: Place) -> None:
    views = place.views(NOTES)

    with ExitStack() as first, ExitStack() as second:
        assert first.enter_context(views.leading(NOTES))
        cut_lock(place)
        assert not views.leads(NOTES)
        assert second.enter_context(views.leading(NOTES))
        first.close()

        assert views.leads(NOTES)


def since(moment: float) -> float:
    """Seconds, and a tick of the clock that files have."""
    return time.monotonic() - moment + 0.02


def test_only_what_is_led_has_a_pulse(place: Place) -> None:
    one, other = place.views(NOTES, OTHERS), place.views(NOTES, OTHERS)
    both = (NOTES, OTHERS)

    with one.leading(NOTES):
        begun = time.monotonic()
        one.beat(both)
        for views in (one, other):
            assert views.pulses(both).keys() == {"notes"}
            assert 0 <= views.pulses(both)["notes"] <= since(begun)
        eventually(lambda: other.pulses(both)["notes"] > 0.2)
        begun = time.monotonic()
        one.beat(both)
        assert other.pulses(both)["notes"] <= since(begun)

    assert one.pulses(both) == other.pulses(both) == {}


def test_a_worker_that_lost_its_lock_writes_nothing_until_it_leads_again(
    place: Place, stopping: ExitStack
) -> None:
    log, other = MemoryStore(), place.views(NOTES)
    log.append(history(1, 3))
    worker = working(place, log, stopping)
    view = other.live(NOTES)
    eventually(lambda: view.position() == 3)

    with ExitStack() as held:

        def took() -> bool:
            cut_lock(place)
            return held.enter_context(other.leading(NOTES))

        eventually(took)
        fence = view.lead()
        log.append([changed(1, 4)])
        tried = worker.tries
        eventually(lambda: worker.tries >= tried + 5)
        assert view.standing() == (3, fence)
        assert said(view)[1]["said"] == 3

    eventually(lambda: view.position() == 4)
    assert said(view)[1]["said"] == 4
    assert view.standing()[1] != fence


def test_a_worker_beats_for_what_it_leads(place: Place, stopping: ExitStack) -> None:
    log, asking = MemoryStore(), place.views(NOTES, OTHERS)

    with asking.leading(OTHERS):
        worker = working(place, log, stopping, NOTES, OTHERS)
        eventually(lambda: len(worker.beats) >= 3)
        assert worker.beats[-1] == ["notes"]

    eventually(lambda: worker.beats[-1] == ["notes", "others"])


def test_a_worker_leads_no_view_that_another_version_made(
    place: Place, stopping: ExitStack
) -> None:
    log = MemoryStore()
    log.append(history(1, 3))
    views = working(place, log, stopping, LATER_NOTES, OTHERS)
    eventually(lambda: views.live(OTHERS).position() == 3)

    assert views.live(NOTES).standing() == (0, 0)
    working(place, log, stopping, NOTES)
    eventually(lambda: views.live(NOTES).position() == 3)

    assert "later" not in said(views.live(NOTES))[1]


def test_a_worker_follows_a_switch_and_a_repair_at_once(
    place: Place, stopping: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_worker, "RETRY_SECONDS", 600)
    log, other = MemoryStore(), place.views(NOTES)
    log.append(history(1, 3))
    working(place, log, stopping)
    eventually(lambda: other.live(NOTES).position() == 3)

    rebuild(NOTES, log, other, silent)
    log.append([changed(1, 4)])
    eventually(lambda: other.live(NOTES).position() == 4)
    with other.live(NOTES).mending() as (position, _):
        assert position == 4
    log.append([changed(1, 5)])
    eventually(lambda: other.live(NOTES).position() == 5)

    assert said(other.live(NOTES))[1]["said"] == 5


def test_a_worker_lets_go_of_a_view_that_a_newer_version_has_switched(
    place: Place, stopping: ExitStack
) -> None:
    log = MemoryStore()
    log.append(history(1, 3))
    working(place, log, stopping, NOTES)
    newer = place.views(NOTES)
    eventually(lambda: newer.live(NOTES).position() == 3)

    rebuild(LATER_NOTES, log, newer, silent)
    log.append([changed(1, 4)])

    def free() -> bool:
        with newer.leading(NOTES) as led:
            return led

    eventually(free)
    view: SqlView = newer.live(NOTES)
    assert view.position() == 3
    working(place, log, stopping, LATER_NOTES)
    eventually(lambda: view.position() == 4)
    assert said(view)[1] == {"later": True, **said(view)[1]}


def test_whatever_comes_between_workers_nothing_is_lost_or_doubled(
    place: Place, stopping: ExitStack
) -> None:
    log, views = MemoryStore(), place.views(NOTES)
    for _ in range(2):
        working(place, log, stopping)
    random = Random(11)  # noqa: S311 - the same ones every time

    for version in range(1, 61):
        log.append([changed(n, version) for n in (1, 2, 3)])
        between = random.choice(("nothing", "cut", "mended", "rebuilt"))
        if between == "cut":
            with suppress(FileNotFoundError):
                cut_lock(place)
        elif between == "mended":
            with suppress(ViewMoved), views.live(NOTES).mending() as (_, mend):
                mend([], [], [], [])
        elif between == "rebuilt" and version % 3 == 0:
            with suppress(BeingRebuilt, StoreUnavailable):  # its lock may be cut, too
                rebuild(NOTES, log, views, silent)

    eventually(lambda: views.live(NOTES).position() == log.position(), seconds=30)
    assert {n: d["said"] for n, d in said(views.live(NOTES)).items()} == {1: 60, 2: 60, 3: 60}


def test_of_the_rebuilds_that_were_asked_for_so_many_have_a_turn(place: Place) -> None:
    with ExitStack() as stack:
        views = [place.views(NOTES) for _ in range(3)]
        turns = [views[n].turn(2) for n in range(3)]
        assert [stack.enter_context(turn) for turn in turns] == [True, True, False]

    with ExitStack() as stack:
        turns = [place.views(NOTES).turn(1) for _ in range(2)]
        assert [stack.enter_context(turn) for turn in turns] == [True, False]
