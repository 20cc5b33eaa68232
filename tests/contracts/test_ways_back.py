"""Whichever generation is switched to, nobody is shown again what was before."""

from itertools import islice
from uuid import UUID

import pytest

from adapters.stores.memory import MemoryStore
from domain.registry import FactDiscarded, Registry
from projections.base import ViewMoved
from projections.parking import retry
from projections.rebuilding import TRIES, rebuild, rebuild_together, roll_back
from tests.contracts.conftest import Place, Views
from tests.contracts.facts import changed, history
from tests.contracts.notes import NOTES, follow, said
from tests.contracts.test_views import Meanwhile, key, silent
from tests.spec import at

STOPPED = 2
"""The position of a fact that no document digests."""


@pytest.fixture
def views(place: Place) -> Views:
    return place.views(NOTES)


@pytest.fixture
def log(views: Views) -> MemoryStore:
    """Facts of two things; the first one stopped at its second fact."""
    made = MemoryStore()
    made.append([*history(1, 1), changed(1, 2, poison="fold"), changed(1, 3), *history(2, 1)])
    follow(views.live(NOTES), made)
    return made


def given_up(log: MemoryStore, views: Views) -> None:
    """The fact is skipped from now on, and the served document goes on."""
    registry = Registry.id_of(0, 1)
    fact = FactDiscarded(
        originator_id=registry,
        originator_version=len(log.stream(registry)) + 1,
        time=at(9),
        actor="ann",
        correlation="request",
        causation=None,
        reason="a test",
        view=NOTES.name,
        key=str(UUID(bytes=key(1))),
        aggregateid=str(UUID(bytes=key(1))),
        aggregateversion=2,
        position=STOPPED,
        error="poison",
    )
    log.append([fact])
    assert retry(NOTES, log, lambda: views.live(NOTES), [key(1)]) == {}


def goes_on(views: Views) -> bool:
    view = views.live(NOTES)
    return key(1) not in view.parked() and said(view)[1] == {"name": "1.3", "said": 2}


def test_a_document_that_was_given_up_goes_on_in_the_generation_before(
    views: Views, log: MemoryStore
) -> None:
    rebuild(NOTES, log, views, silent)
    given_up(log, views)
    assert goes_on(views)

    for _ in range(2):
        roll_back(NOTES, log, views)
        assert goes_on(views)


@pytest.mark.parametrize("when", ["built", "compared"])
def test_a_document_that_is_given_up_during_a_rebuild_goes_on_in_what_was_built(
    views: Views, log: MemoryStore, when: str
) -> None:
    left = [when]

    def comes(moment: str) -> bool:
        if moment in left:
            left.remove(moment)
            given_up(log, views)
        return True

    nobody, passes = (lambda *_: comes("built")), (lambda *_: comes("compared"))
    rebuild_together([NOTES], log, views, nobody, compare=passes)

    assert left == []
    assert goes_on(views)


def test_what_cannot_be_taken_up_in_the_generation_before_stays_as_it_was(
    views: Views, log: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild(NOTES, log, views, silent)
    with views.live(NOTES).mending() as (_, mend):
        mend([], [key(1)], [], [])

    roll_back(NOTES, log, views)

    assert set(views.live(NOTES).parked()) == {key(1)}
    assert said(views.live(NOTES))[1] == {"name": "1.1", "said": 1}


@pytest.mark.parametrize("times", [1, TRIES])
def test_a_way_back_that_somebody_comes_between_is_tried_again(
    views: Views, log: MemoryStore, times: int
) -> None:
    rebuild(NOTES, log, views, silent)
    live, versions = views.live(NOTES).generation, iter(range(1, times + 1))

    def lead() -> None:
        for version in islice(versions, 1):
            log.append([changed(3, version)])
            before = views.before(NOTES)
            assert before
            before.lead()

    overtaken = Meanwhile(views, lead)
    if times == TRIES:
        with pytest.raises(ViewMoved):
            roll_back(NOTES, log, overtaken)
        assert views.live(NOTES).generation == live
    roll_back(NOTES, log, overtaken)

    assert views.live(NOTES).generation != live
    assert said(views.live(NOTES))[3]["said"] == times
