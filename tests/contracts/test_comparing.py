"""A built generation beside the served one, on every store: it is switched to where it is the
same, and what is not is named and kept."""

from typing import Any

import pytest

from adapters.stores.memory import MemoryStore
from projections import comparing
from projections.base import Projection, View
from projections.comparing import Differing, compared
from projections.rebuilding import rebuild_together
from tests.contracts.conftest import Place, Views
from tests.contracts.facts import changed, history
from tests.contracts.notes import LATER_NOTES, NOTES, follow, said
from tests.contracts.test_views import key


class Compared:
    """A view that is rebuilt, and compared before it is switched to."""

    def __init__(self, place: Place) -> None:
        self.views: Views = place.views(NOTES)
        self.log = MemoryStore()
        self.found: Differing = {}
        for number in range(1, 8):
            self.log.append(history(number, number))
        follow(self.views.live(NOTES), self.log)

    def rebuild(self, projection: Projection = NOTES, *, compare: bool = True) -> bool:
        """Whether it was switched."""
        before = self.views.live(NOTES).generation
        passes = self.passes if compare else None
        nobody = lambda *_: None  # noqa: E731 - who watches
        rebuild_together([projection], self.log, self.views, nobody, compare=passes)
        return self.views.live(NOTES).generation != before

    def passes(self, projection: Projection, built: View) -> bool:
        of_now: Any = built
        live, same = self.views.live(projection), self.views.up_to_date(projection)
        self.found = compared(projection, self.log, live, of_now, same_version=same)
        return not (self.found and same)

    def tampered(self) -> None:
        view = self.views.live(NOTES)
        with view.writing() as c:
            c.execute(f"UPDATE {view.documents} SET body = ? WHERE key = ?", (b"{}", key(3)))  # noqa: S608
            c.execute(f"DELETE FROM {view.documents} WHERE key = ?", (key(5),))  # noqa: S608


@pytest.fixture(params=[2, 2_000])
def stand(
    place: Place, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Compared:
    monkeypatch.setattr(comparing, "PAGE", request.param)
    return Compared(place)


def test_what_is_the_same_is_switched_to(stand: Compared) -> None:
    assert stand.rebuild()
    assert stand.found == {}


def test_what_differs_is_named_and_kept_until_a_rebuild_that_does_not_ask(stand: Compared) -> None:
    stand.tampered()

    assert not stand.rebuild()
    assert stand.found == {key(3): ("body",), key(5): ("missing",)}
    stand.log.append([changed(1, 2)])
    assert not stand.rebuild()

    assert stand.rebuild(compare=False)
    assert said(stand.views.live(NOTES))[3]["said"] == 3
    assert said(stand.views.live(NOTES))[1]["said"] == 2


def test_views_that_stand_elsewhere_are_no_difference(stand: Compared) -> None:
    stand.log.append([changed(1, 2), changed(8, 1)])

    assert stand.rebuild()
    assert stand.found == {}


def test_what_another_version_shows_is_told_and_switched_to(stand: Compared) -> None:
    assert stand.rebuild(LATER_NOTES)

    assert stand.found == {key(number): ("body",) for number in range(1, 8)}
