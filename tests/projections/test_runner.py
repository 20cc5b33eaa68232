"""The one loop: exactly once, in the order of commits, and nothing half folded."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from adapters.views.sqlite import SqliteView
from application.ports import StoreUnavailable
from domain.base import State
from domain.contingents import ContingentChanged
from domain.event_facts import EventDetailsChanged, EventRelocated
from domain.location import LocationChanged
from projections.availability import Availability
from projections.base import Documents, Parked, RecordedFact, Row, ViewMoved, ViewUnread
from projections.event_documents import EventDocuments
from projections.location_documents import LocationDocuments
from projections.runner import Runner, SharedLog
from tests.projections.conftest import MakeView, new_view
from tests.projections.facts import Facts, event, location
from tests.spec import Projected, given_facts

BATCHES = [1, 2, 3, 500]


def bad(facts: Facts, number: int) -> Facts:
    """A fact that cannot be folded: its contingent never was (a hand in the store, a lost fact)."""
    return facts.add(ContingentChanged, number, contingentid=404, changed={"amount": 1})


def troubled() -> Facts:
    """Two Events; something bad happens to the first, between things that are good."""
    facts = Facts().location(1, name="Hall").event(5, name="A").event(6, name="B")
    facts.add(EventDetailsChanged, 5, changed={"name": "A2"})
    facts.contingent(5, 98, amount=1)
    bad(facts, 5)
    facts.add(EventDetailsChanged, 5, changed={"name": "A3"})
    facts.add(EventDetailsChanged, 6, changed={"name": "B2"})
    return facts


@pytest.mark.parametrize("batch", BATCHES)
def test_a_document_that_a_fact_does_not_fit_stays_as_it_was_before_it(
    make_view: MakeView, batch: int
) -> None:
    shown = given_facts(EventDocuments(), make_view(EventDocuments()), troubled(), batch)

    stopped = shown.body(event(5))
    assert (stopped["name"], stopped["version"]) == ("A2", 2)
    assert [c["amount"] for c in stopped["contingents"]] == [1]


@pytest.mark.parametrize("batch", BATCHES)
def test_the_other_documents_go_on(make_view: MakeView, batch: int) -> None:
    facts = troubled()
    shown = given_facts(EventDocuments(), make_view(EventDocuments()), facts, batch)

    facts.add(EventDetailsChanged, 6, changed={"name": "B3"})
    facts.event(7, name="C")
    shown.follow(batch)

    assert [shown.body(event(n))["name"] for n in (6, 7)] == ["B3", "C"]
    assert shown.view.position() == facts.position()


@pytest.mark.parametrize("batch", BATCHES)
def test_a_document_that_stopped_is_named_with_the_place_and_the_error(
    make_view: MakeView, batch: int
) -> None:
    shown = given_facts(EventDocuments(), make_view(EventDocuments()), troubled(), batch)

    (parked,) = shown.view.parked().values()

    assert (parked.key, parked.position) == (event(5).bytes, 6)
    assert parked.error == "ContingentChanged: KeyError('404')"


@pytest.mark.parametrize("batch", BATCHES)
def test_only_the_views_that_a_fact_does_not_fit_stop(make_view: MakeView, batch: int) -> None:
    facts = troubled()
    places = given_facts(LocationDocuments(), make_view(LocationDocuments()), facts, batch)
    lots = given_facts(Availability(), make_view(Availability()), facts, batch)

    assert places.view.parked() == {}
    assert set(lots.view.parked()) == {event(5).bytes}
    assert lots.body(event(5))["total"]["total"] == 1
    assert lots.body(event(6))["total"]["total"] == 0


def test_a_document_that_stopped_stays_so_for_a_runner_that_starts_anew(
    make_view: MakeView,
) -> None:
    facts = troubled()
    first = given_facts(EventDocuments(), make_view(EventDocuments()), facts)
    facts.add(EventDetailsChanged, 5, changed={"name": "A4"})

    again = Projected(EventDocuments(), first.view, facts)
    again.follow()

    assert again.body(event(5))["name"] == "A2"
    assert len(again.view.parked()) == 1


# -- a view that moves


class Interrupted(SqliteView):
    """A view on which another worker is first, once, right before a commit."""

    def __init__(self, projection: Any, path: Path) -> None:
        super().__init__(projection, path)
        self.rival: Projected | None = None

    def commit(
        self,
        rows: Sequence[Row],
        parked: Iterable[Parked],
        since: int,
        position: int,
        fence: int = 0,
        mark: str | None = None,
    ) -> None:
        if self.rival is not None:
            rival, self.rival = self.rival, None
            rival.runner.step(2)
        super().commit(rows, parked, since, position, fence, mark)


class Counting(EventDocuments):
    """Counts how often it was folded into each document."""

    name: ClassVar = "events"

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        super().fold(documents, recorded)
        for key in self.keys(recorded.fact):
            state: State | None = documents.get(key)
            if state and "event" in state:
                event_state = state["event"]
                event_state["c_folded"] = event_state.get("c_folded", 0) + 1


def test_a_runner_that_another_overtook_writes_nothing_and_the_next_folds_nothing_twice(
    tmp_path: Path,
) -> None:
    projection, path = Counting(), tmp_path / "view.sqlite"
    new_view(projection, path).close()
    ours, theirs = Interrupted(projection, path), SqliteView(projection, path)
    facts = Facts().location(1, name="Hall").event(5, name="A")
    for n in range(6):
        facts.add(EventDetailsChanged, 5, changed={"name": f"A{n}"})
    facts.add(LocationChanged, 1, changed={"name": "New hall"})
    ours.rival = Projected(projection, theirs, facts)
    with pytest.raises(ViewMoved):
        Projected(projection, ours, facts).follow(4)
    mine = Projected(projection, ours, facts)
    mine.follow(4)

    shown = mine.body(event(5))
    assert (shown["name"], shown["locationname"], shown["version"]) == ("A5", "New hall", 7)
    assert shown["c_folded"] == 7
    assert ours.position() == facts.position()
    theirs.close()
    ours.close()


def test_a_commit_from_a_place_that_the_view_has_left_is_refused(make_view: MakeView) -> None:
    facts = Facts().location(1, name="Hall")
    shown = given_facts(LocationDocuments(), make_view(LocationDocuments()), facts)

    with pytest.raises(ViewMoved):
        shown.view.commit([], [], since=0, position=5)
    assert shown.view.position() == 1


class Unreadable(SqliteView):
    """A view that cannot be read while it is `away`, as when its database is."""

    away = False

    def states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        if self.away and location(2).bytes in keys:
            message = "the database is away"
            raise StoreUnavailable(message)
        return super().states(keys)


def test_a_view_that_cannot_be_read_for_a_while_stops_no_document(tmp_path: Path) -> None:
    new_view(EventDocuments(), tmp_path / "view").close()
    view = Unreadable(EventDocuments(), tmp_path / "view")
    facts = Facts().location(1, name="One").location(2, name="Two").event(5)
    given_facts(EventDocuments(), view, facts)
    facts.add(EventRelocated, 5, changed={"locationid": 2})
    shown = Projected(EventDocuments(), view, facts)
    view.away = True

    with pytest.raises(ViewUnread):
        shown.follow()
    view.away = False
    shown.follow()

    assert view.parked() == {}
    assert shown.body(event(5))["locationname"] == "Two"
    view.close()


# -- memory


@pytest.mark.parametrize("cached", [0, 1, 5_000])
def test_documents_are_the_same_however_few_are_held_in_memory(
    make_view: MakeView, cached: int
) -> None:
    facts = Facts().location(1, name="Hall")
    for n in range(5, 10):
        facts.event(n, name=f"E{n}").contingent(n, 90 + n, amount=n)
    facts.add(LocationChanged, 1, changed={"name": "New"})
    facts.add(EventDetailsChanged, 5, changed={"name": "Other"})
    whole = given_facts(EventDocuments(), make_view(EventDocuments()), facts)
    view = make_view(EventDocuments())
    runner = Runner(EventDocuments(), facts, view, cached)

    while runner.step(3):
        assert len(runner._documents._entries) <= cached

    assert list(Projected(EventDocuments(), view, facts).rows()) == list(whole.rows())


def test_runners_at_one_position_share_a_page(make_view: MakeView) -> None:
    facts = Facts().location(1, name="Hall").location(2, name="Two")
    reads: list[int] = []

    class Read(Facts):
        def read(self, after: int, limit: int) -> Any:
            reads.append(after)
            return facts.read(after, limit)

    shared = SharedLog(Read())
    runners = [
        Runner(projection, shared, make_view(projection))
        for projection in (LocationDocuments(), EventDocuments())
    ]

    folded = [runner.step() for runner in runners]
    facts.location(3, name="Three")
    folded += [runner.step() for runner in runners]

    assert folded == [2, 2, 1, 1]
    assert reads == [0, 2]
