"""How the views stand: current, slow, dead or outdated, as whoever looks after them is told."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters import standing
from adapters.bootstrap import EVENTS, LOCATIONS, PROJECTIONS, Stagebook, bootstrap
from adapters.http.v1.documents import Readiness
from adapters.http.v1.health import readiness
from adapters.settings import Settings
from adapters.standing import Standing, standings
from domain.base import UnknownFact
from domain.values import stamp
from projections.base import Parked
from projections.event_documents import EventDocuments
from projections.runner import Runner
from tests.contracts.facts import changed


@pytest.fixture
def book(settings: Settings) -> Iterator[Stagebook]:
    """A Stagebook that nobody works for."""
    with closing(bootstrap(settings)) as made:
        yield made


@pytest.fixture
def led(book: Stagebook) -> Iterator[ExitStack]:
    """Somebody leads its views, and has just left a sign of life."""
    with ExitStack() as held:
        for projection in PROJECTIONS:
            assert held.enter_context(book.views.leading(projection))
        book.views.beat(PROJECTIONS)
        yield held


def record(book: Stagebook, *, ago: float, versions: int = 1) -> None:
    """Facts of a location that were recorded so many seconds ago."""
    there = book.store.position()
    then = stamp(datetime.now(UTC) - timedelta(seconds=ago))
    book.store.append([replace(changed(1, there + n + 1), time=then) for n in range(versions)])


def follow(book: Stagebook, *but: Any) -> None:
    for projection in PROJECTIONS:
        if projection not in but:
            runner = Runner(projection, book.store, book.views.live(projection))
            while runner.step():
                pass


def since(moment: float) -> float:
    return time.monotonic() - moment + 0.01


def stands(book: Stagebook, projection: Any = LOCATIONS) -> Standing:
    _, found = standings(book)
    return next(one for one in found if one.name == projection.name)


def report(book: Stagebook) -> Readiness:
    """What `/health/ready` says."""
    return Readiness.model_validate(readiness(book))


def test_a_view_that_has_every_fact_is_current(book: Stagebook, led: ExitStack) -> None:
    record(book, ago=3_600, versions=3)
    follow(book)

    head, found = standings(book)

    assert head == 3
    assert [one.name for one in found] == [projection.name for projection in PROJECTIONS]
    assert {(one.state, one.position, one.lag, one.lagseconds) for one in found} == {
        ("current", 3, 0, 0.0)
    }
    assert all(one.heartbeat is not None and one.heartbeat < 5 for one in found)


def test_a_view_that_lacks_young_facts_is_current(book: Stagebook, led: ExitStack) -> None:
    begun = time.monotonic()
    record(book, ago=1, versions=2)

    one = stands(book)

    assert (one.state, one.lag) == ("current", 2)
    assert 1 <= (one.lagseconds or 0) <= 1 + since(begun)


def test_a_view_that_lacks_an_old_fact_is_slow_but_not_dead(
    book: Stagebook, led: ExitStack
) -> None:
    begun = time.monotonic()
    record(book, ago=60)
    follow(book, LOCATIONS)
    record(book, ago=30)
    record(book, ago=0)

    slow, other = stands(book), stands(book, EVENTS)

    assert (slow.state, slow.position, slow.lag) == ("slow", 0, 3)
    assert (other.state, other.position, other.lag) == ("slow", 1, 2)
    assert 60 <= (slow.lagseconds or 0) <= 60 + since(begun)
    assert 30 <= (other.lagseconds or 0) <= 30 + since(begun)
    assert report(book).status == "ready"


def test_a_view_that_nobody_leads_is_dead_however_current(book: Stagebook, led: ExitStack) -> None:
    record(book, ago=0)
    follow(book)

    led.close()

    one, told = stands(book), report(book)
    assert (one.state, one.lag, one.heartbeat) == ("dead", 0, None)
    assert told.status == "views stand still"
    assert told.error == f"no worker keeps {', '.join(p.name for p in PROJECTIONS)}"


def test_a_worker_that_leaves_no_sign_of_life_is_dead(
    book: Stagebook, led: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "DEAD_SECONDS", 0.0)

    assert stands(book).state == "dead"
    assert stands(book).heartbeat is not None


def test_a_view_of_another_version_is_outdated_until_it_is_rebuilt(
    book: Stagebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EventDocuments, "version", EventDocuments.version + 1)

    assert stands(book, EVENTS).state == "outdated"
    assert stands(book, LOCATIONS).state == "dead"


def test_parked_documents_are_counted_and_told_with_place_reason_and_time(
    book: Stagebook, led: ExitStack
) -> None:
    before = stamp(datetime.now(UTC))
    view = book.views.live(LOCATIONS)
    view.commit([], [Parked(b"\x07" * 16, 1, "poison")], since=0, position=1)

    (told,) = stands(book, LOCATIONS).parked

    assert report(book).views["locations"].parked == 1
    assert (told.key, told.position, told.error) == (b"\x07" * 16, 1, "poison")
    assert told.since is not None
    assert before <= told.since <= stamp(datetime.now(UTC))


def test_a_fact_that_cannot_be_read_makes_a_view_slow(book: Stagebook, led: ExitStack) -> None:
    known = changed(1, 1)
    garbled = UnknownFact(
        originator_id=known.originator_id,
        originator_version=1,
        topic=known.TOPIC,
        payload=b"{}",
        why="cut off",
        time="",
        actor="",
        correlation="",
        causation=None,
        reason=None,
    )
    book.store.append([garbled])

    assert (stands(book).state, stands(book).lagseconds) == ("slow", None)
