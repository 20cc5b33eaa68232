"""The fence of a view, the same everywhere: whoever was there before writes no more."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from adapters.stores.memory import MemoryStore
from adapters.views.select import Select
from adapters.views.sql import SqlView
from domain.values import stamp
from projections.base import Parked, Row, View, ViewMoved
from projections.memory import MemoryView
from projections.rebuilding import rebuild, roll_back
from projections.runner import Runner
from tests.contracts.conftest import Place
from tests.contracts.facts import changed, history
from tests.contracts.notes import NOTES, follow, said
from tests.contracts.test_views import key, row, silent
from tests.spec import ACCOUNT


@pytest.fixture
def view(place: Place) -> SqlView:
    return place.views(NOTES).live(NOTES)


def in_memory(_: Place) -> View:
    return MemoryView(NOTES.columns)


def stored(place: Place) -> View:
    return place.views(NOTES).live(NOTES)


@pytest.mark.parametrize("open_view", [in_memory, stored])
def test_whoever_takes_the_lead_keeps_out_who_had_it(
    place: Place, open_view: Callable[[Place], View]
) -> None:
    view = open_view(place)
    first = view.lead()
    view.commit([row(1)], [], 0, 1, first)

    second = view.lead()

    assert len({0, first, second}) == 3
    for fence in (first, 0, second + 1):
        with pytest.raises(ViewMoved):
            view.commit([row(1, body=b"late"), row(2)], [Parked(key(3), 2, "late")], 1, 2, fence)
    assert view.standing() == (1, second)
    assert view.states([key(1), key(2)]) == {key(1): b"{}"}
    assert view.parked() == {}
    view.commit([row(2)], [], 1, 2, second)
    assert view.position() == 2


def test_a_runner_from_before_the_change_of_leaders_writes_nothing_more(place: Place) -> None:
    log = MemoryStore()
    log.append(history(1, 3))
    mine, theirs = (place.views(NOTES).live(NOTES) for _ in range(2))
    mine.lead()
    stopped = follow(mine, log)

    theirs.lead()
    log.append([changed(1, 4)])
    for _ in range(2):
        with pytest.raises(ViewMoved):
            stopped.step()

    assert said(theirs)[1]["said"] == 3
    assert follow(theirs, log).fence != stopped.fence
    assert said(theirs)[1]["said"] == 4


def test_who_wrote_a_generation_before_it_was_gone_back_to_writes_nothing_more(
    place: Place,
) -> None:
    log = MemoryStore()
    log.append(history(1, 3))
    stopped, views = follow(place.views(NOTES).live(NOTES), log), place.views(NOTES)
    rebuild(NOTES, log, views, silent)
    roll_back(NOTES, log, views)
    log.append([changed(1, 4)])

    with pytest.raises(ViewMoved):
        stopped.step()

    assert said(views.live(NOTES))[1]["said"] == 3
    follow(views.live(NOTES), log)
    assert said(views.live(NOTES))[1]["said"] == 4


# -- mending beside the leader


def test_who_mends_writes_all_of_it_at_once_and_the_leader_starts_afresh(view: SqlView) -> None:
    log = MemoryStore()
    log.append([*history(1, 1), *history(2, 1)])
    leader = follow(view, log)
    parked = [Parked(key(1), 1, "one"), Parked(key(2), 2, "two"), Parked(key(3), 2, "three")]
    view.commit([row(8, terms=("word:a",)), row(9, terms=("word:b",))], parked, 2, 3)

    with view.mending() as (position, mend):
        assert position == 3
        mend(
            [row(1, body=b"mended", terms=("word:c",)), row(9, body=b"kept", terms=None)],
            unparked=[key(1), key(2)],
            parked=[Parked(key(2), 7, "again")],
            gone=[key(8), key(404)],
        )

    assert view.bodies([key(n) for n in (1, 8, 9)]) == {key(1): b"mended", key(9): b"kept"}
    assert view.all_terms() == {key(1): {"word:c"}, key(9): {"word:b"}}
    assert view.page(Select(ACCOUNT, exact=("word:a",))).total == 0
    assert view.parked() == {k: p for k, p in view.parked().items() if k != key(1)}
    assert [view.parked()[key(n)].error for n in (2, 3)] == ["again", "three"]
    assert view.position() == 3
    with pytest.raises(ViewMoved):
        view.commit([], [], 3, 4, leader.fence)
    Runner(NOTES, log, view).view.commit([], [], 3, 4, view.standing()[1])


def test_a_mended_document_is_what_the_leader_folds_on(place: Place) -> None:
    log, view = MemoryStore(), place.views(NOTES).live(NOTES)
    log.append(history(1, 2))
    leader = follow(view, log)
    mended = Row(key(1), ACCOUNT, b'{"said":40}', b"{}", '"40"', (1, 40, None, ""), ())

    with place.views(NOTES).live(NOTES).mending() as (_, mend):
        mend([mended], [], [], [])
    log.append([changed(1, 3)])
    with pytest.raises(ViewMoved):
        leader.step()
    follow(view, log)

    assert said(view)[1]["said"] == 41


def test_who_finds_that_it_comes_late_mends_nothing(view: SqlView) -> None:
    view.commit([row(1), row(2)], [Parked(key(3), 4, "three")], since=0, position=5)

    def mend_late() -> None:
        with view.mending() as (_, mend):
            mend([row(1, body=b"late")], [key(3)], [], [key(2)])
            raise ViewMoved

    with pytest.raises(ViewMoved):
        mend_late()

    assert view.bodies([key(1), key(2)]) == {key(1): b"1", key(2): b"2"}
    assert view.parked() == {key(3): Parked(key(3), 4, "three")}
    assert view.standing() == (5, 0)


def test_a_generation_that_was_taken_for_the_live_one_is_neither_mended_nor_led(
    place: Place,
) -> None:
    log, one, other = MemoryStore(), place.views(NOTES), place.views(NOTES)
    log.append(history(1, 3))
    taken = one.live(NOTES)
    follow(taken, log)
    rebuild(NOTES, log, other, silent)
    before = other.before(NOTES)
    assert before
    standing = before.standing()

    with pytest.raises(ViewMoved), taken.mending() as (_, mend):
        mend([row(1, body=b"late")], [], [], [])
    with pytest.raises(ViewMoved):
        taken.lead()

    assert before.standing() == standing
    assert said(before)[1]["said"] == 3
    with one.live(NOTES).mending() as (_, mend):
        mend([row(1, body=b"1")], [], [], [])
    assert other.live(NOTES).bodies([key(1)]) == {key(1): b"1"}


# -- since when


def test_a_parked_document_tells_since_when(view: SqlView) -> None:
    before = stamp(datetime.now(UTC))
    view.commit([], [Parked(key(1), 3, "first")], since=0, position=3)
    since = view.parked()[key(1)].since
    assert since is not None
    assert before <= since <= stamp(datetime.now(UTC))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", since)

    view.commit([], view.parked().values(), since=3, position=4)
    with view.mending() as (_, mend):
        mend([], [key(1)], [Parked(key(1), 5, "later", since)], [])

    assert view.parked()[key(1)] == Parked(key(1), 5, "later")
    assert view.parked()[key(1)].since == since


# -- generations of an older version


def test_a_generation_without_a_fence_gets_one_where_it_is_opened(place: Place) -> None:
    first = place.views(NOTES)
    older = first.live(NOTES)
    older.commit([row(1)], [Parked(key(2), 1, "old")], since=0, position=1)
    with older.writing() as c:
        c.execute(f"ALTER TABLE {older.progress} DROP COLUMN fence")
        c.execute(f"ALTER TABLE {older.parked_table} DROP COLUMN since")
    first.close()

    views = [place.views(NOTES).live(NOTES) for _ in range(2)]

    assert [view.standing() for view in views] == [(1, 0), (1, 0)]
    assert views[0].parked()[key(2)].since is None
    fence = views[0].lead()
    views[1].commit([row(3)], [Parked(key(4), 2, "new")], 1, 2, fence)
    assert views[0].document(key(1)) == (b"1", '"1"')
    assert views[0].parked()[key(4)].since is not None
