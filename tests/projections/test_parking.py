"""Facts that cannot be digested, or are not known yet: they stop one document and nothing else, and
nothing is ever folded over them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic_core import to_json

from adapters.stores.mapper import NEWER
from adapters.views.select import Select
from adapters.views.sqlite import SqliteView
from domain.base import UnknownFact, type_of_topic
from domain.catalog_item import CatalogItemChanged, CatalogItemCreated
from domain.contingents import ContingentAdded, ContingentChanged
from domain.event_facts import EventDetailsChanged
from domain.ids import Kind, guid
from domain.location import LocationChanged
from domain.registry import FactDiscarded, Registry
from projections.availability import Availability
from projections.base import Parked, Projection, ViewMoved
from projections.bulk import slices
from projections.changes import Changes
from projections.event_documents import EventDocuments
from projections.inspection import Mend
from projections.orders import Orders
from projections.parking import release, retry
from projections.rebuilding import in_bulk
from tests.projections.conftest import MakeView, planned_view
from tests.projections.facts import Facts, event, location
from tests.projections.test_event_documents import priced, prices
from tests.projections.test_live_is_rebuilt import PROJECTIONS
from tests.spec import ACCOUNT, Projected, at, given_facts

Older = Callable[..., Any]
every_projection = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)
EVENTS, AVAILABILITY, CHANGES = EventDocuments(), Availability(), Changes()
INDEX = Select(ACCOUNT, order="position", then="position")


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> Older:
    """A version that does not know some facts yet, while inside."""

    @contextmanager
    def without(*unknown: type) -> Iterator[None]:
        with monkeypatch.context() as version:
            for fact in unknown:
                version.delitem(type_of_topic, fact.TOPIC)  # type: ignore[attr-defined]
            yield

    return without


def story() -> Facts:
    """Two Events in a hall, one of them changed twice, its contingent and its hall once."""
    facts = Facts().location(1, name="Hall").event(5, name="A").event(6, name="B")
    facts.add(EventDetailsChanged, 5, changed={"name": "A2"})  # position 4
    facts.contingent(5, 98, amount=3)
    facts.add(LocationChanged, 1, changed={"name": "New hall"})
    facts.add(ContingentChanged, 5, contingentid=98, changed={"amount": 4})
    facts.add(EventDetailsChanged, 5, changed={"name": "A3"})
    return facts.event(7, name="C")


def newer(facts: Facts, aggregate: UUID, topic: str = "event.sold", version: int = 1) -> Facts:
    """A fact that no version of today knows."""
    common: dict[str, Any] = {"actor": "eve", "correlation": "r", "causation": None, "reason": None}
    common["time"] = "2026-11-21T23:00:00.000000Z"
    facts.append(
        [
            UnknownFact(
                originator_id=aggregate,
                originator_version=version,
                topic=topic,
                payload=to_json({**common, "secret": "x"}),
                why=NEWER,
                **common,
            )
        ]
    )
    return facts


def rows(shown: Projected) -> list[Any]:
    """Everything that is stored but the times of parking."""
    documents, terms, parked = shown.view.documents, shown.view.terms, shown.view.parked()
    with shown.view.reading() as c:
        stored = [
            sorted(c.execute(f"SELECT * FROM {table}").fetchall(), key=repr)  # noqa: S608 - ours
            for table in (documents, terms)
        ]
    return [*stored, parked]


def released(projection: Projection, shown: Projected) -> Projected:
    release(projection, shown.log, lambda: shown.view)  # type: ignore[arg-type, return-value]
    again = Projected(projection, shown.view, shown.log)
    again.follow()
    return again


def in_one_go(projection: Projection, facts: Facts, folder: Path) -> Projected:
    """Built in bulk."""
    view = planned_view(projection, folder / f"built {projection.name}")
    view.begin(facts.position(), slices([projection], facts.spans(), 3))
    in_bulk([view], facts, lambda *_: None)
    return Projected(projection, view, facts)


# -- facts that are not known


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_a_document_waits_at_a_fact_that_is_not_known_and_the_others_go_on(
    make_view: MakeView, older: Older, batch: int
) -> None:
    with older(EventDetailsChanged):
        shown = given_facts(EVENTS, make_view(EVENTS), story(), batch)

    assert (shown.body(event(5))["name"], shown.body(event(5))["version"]) == ("A", 1)
    assert shown.body(event(5))["contingents"] == []
    assert [shown.body(event(n))["name"] for n in (6, 7)] == ["B", "C"]
    assert shown.body(event(6))["locationname"] == "New hall"
    assert shown.view.position() == 9
    assert shown.view.parked() == {
        event(5).bytes: Parked(event(5).bytes, 4, f"event.details-changed, {NEWER}")
    }


def test_only_the_documents_of_that_aggregate_wait(make_view: MakeView, older: Older) -> None:
    with older(ContingentAdded):
        parked = {
            p.name: set(given_facts(p, make_view(p), story()).view.parked()) for p in PROJECTIONS
        }

    held = {event(5).bytes}
    assert parked.pop("changes") == {(5).to_bytes(16)}
    assert {name for name, keys in parked.items() if keys == held} == {"events", "availability"}
    assert not any(keys for name, keys in parked.items() if name not in ("events", "availability"))


@pytest.mark.parametrize("batch", [1, 500])
def test_the_index_of_changes_shows_it_by_its_topic_and_misses_nothing(
    make_view: MakeView, batch: int
) -> None:
    facts = newer(story(), event(5), version=4)
    facts.add(EventDetailsChanged, 6, changed={"name": "B2"})
    shown = given_facts(CHANGES, make_view(CHANGES), facts, batch)

    entry, after = shown.entries(INDEX)[-2:]
    assert (entry["position"], after["position"]) == (10, 11)
    assert (entry["kind"], entry["id"], entry["version"]) == ("event", 5, 4)
    assert (entry["fact"], entry["data"], entry["actor"]) == (
        "event.sold",
        {"topic": "event.sold"},
        "eve",
    )
    assert after["fact"] == "EventDetailsChanged"
    assert list(shown.view.parked()) == [(10).to_bytes(16)]


@every_projection
def test_a_thing_of_a_kind_that_is_not_known_harms_nothing(
    make_view: MakeView, projection: Projection, tmp_path: Path
) -> None:
    facts = newer(story(), guid(ACCOUNT, 999, 1), "seance.held")
    facts.event(8)
    shown = given_facts(projection, make_view(projection), facts)

    assert shown.view.position() == 11
    held = {(10).to_bytes(16)} if projection.name == "changes" else set()
    assert set(shown.view.parked()) == held
    assert (10).to_bytes(16) not in shown.view.whole()[1]
    assert rows(in_one_go(projection, facts, tmp_path)) == rows(shown)


HISTORIES: dict[str, tuple[type, ...]] = {
    "event": (EventDetailsChanged,),
    "lots": (ContingentAdded, ContingentChanged),
    "hall": (LocationChanged,),
    "all": (EventDetailsChanged, ContingentAdded, LocationChanged, CatalogItemChanged),
}


def with_prices() -> Facts:
    """A story with a price list that an Event shows."""
    facts = story()
    fields = {"name": "List", "prices": prices(priced(20.0))}
    facts.add(CatalogItemCreated, 3, kind=Kind.PRICE_LIST, number=3, fields=fields)
    facts.add(ContingentChanged, 5, contingentid=98, changed={"pricelistid": 3})
    changed = {"prices": prices(priced(25.0))}
    return facts.add(CatalogItemChanged, 3, kind=Kind.PRICE_LIST, changed=changed)


@every_projection
@pytest.mark.parametrize("unknown", HISTORIES)
def test_after_the_upgrade_everything_is_as_if_it_had_always_been_known(
    make_view: MakeView, older: Older, projection: Projection, unknown: str, tmp_path: Path
) -> None:
    facts = with_prices()
    with older(*HISTORIES[unknown]):
        shown = given_facts(projection, make_view(projection), facts)
        assert rows(in_one_go(projection, facts, tmp_path)) == rows(shown)
        assert rows(released(projection, shown)) == rows(shown)

    facts.add(EventDetailsChanged, 5, changed={"name": "A4"})
    shown = released(projection, shown)

    assert rows(shown) == rows(given_facts(projection, make_view(projection), facts))
    assert shown.view.parked() == {}


# -- facts that cannot be folded


def troubled() -> Facts:
    """A contingent is changed that never was: a hand in the store."""
    facts = story()
    facts.add(ContingentChanged, 5, contingentid=404, changed={"amount": 1})  # position 10
    facts.add(EventDetailsChanged, 5, changed={"name": "A4"})
    return facts.add(LocationChanged, 1, changed={"name": "Newest hall"})


def discard(facts: Facts, view: str, key: UUID, position: int) -> Facts:
    registry = Registry.id_of(0, 1)
    facts.append(
        [
            FactDiscarded(
                originator_id=registry,
                originator_version=len(facts.stream(registry)) + 1,
                time=at(facts.position() + 1),
                actor="ann",
                correlation="request",
                causation=None,
                reason="no such contingent",
                view=view,
                key=str(key),
                aggregateid=str(key),
                aggregateversion=3,
                position=position,
                error="bad",
            )
        ]
    )
    return facts


def test_what_still_cannot_be_folded_stays_parked_where_it_was(make_view: MakeView) -> None:
    shown = given_facts(EVENTS, make_view(EVENTS), troubled())
    before, since = rows(shown), shown.view.parked()[event(5).bytes].since

    still = retry(EVENTS, shown.log, lambda: shown.view, [event(5).bytes])  # type: ignore[arg-type, return-value]

    assert still[event(5).bytes].position == 10
    assert rows(shown) == before
    assert shown.view.parked()[event(5).bytes].since == since


def test_a_fold_that_was_mended_takes_the_document_up_again(
    make_view: MakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(EventDocuments, "row", lambda *_: 1 / 0)
        shown = given_facts(EVENTS, make_view(EVENTS), story())
        assert shown.body(event(5)) is None
    waiting = list(shown.view.parked())

    still = retry(EVENTS, shown.log, lambda: shown.view, waiting)  # type: ignore[arg-type, return-value]

    assert still == {}
    assert rows(shown) == rows(given_facts(EVENTS, make_view(EVENTS), story()))


@pytest.mark.parametrize("projection", [EVENTS, AVAILABILITY], ids=lambda p: p.name)
@pytest.mark.parametrize("batch", [1, 3, 500])
def test_a_discarded_fact_is_skipped_by_whoever_folds(
    make_view: MakeView, projection: Projection, batch: int, tmp_path: Path
) -> None:
    facts = troubled()
    shown = given_facts(projection, make_view(projection), facts, batch)
    assert set(shown.view.parked()) == {event(5).bytes}

    discard(facts, projection.name, event(5), 10)
    shown = released(projection, shown)

    assert shown.view.parked() == {}
    assert rows(given_facts(projection, make_view(projection), facts, batch)) == rows(shown)
    assert rows(in_one_go(projection, facts, tmp_path)) == rows(shown)
    if projection is EVENTS:
        assert shown.body(event(5))["name"] == "A4"
        assert shown.body(event(5))["locationname"] == "Newest hall"


def test_a_fact_is_skipped_for_that_document_of_that_view_alone(make_view: MakeView) -> None:
    facts = discard(troubled(), "availability", event(5), 10)
    discard(facts, "events", event(6), 10)
    discard(facts, "events", event(5), 9)

    shown = given_facts(EVENTS, make_view(EVENTS), facts)

    assert [p.position for p in shown.view.parked().values()] == [10]


def test_a_document_that_goes_on_may_stop_at_the_next_bad_fact(make_view: MakeView) -> None:
    facts = troubled()
    facts.add(ContingentChanged, 5, contingentid=405, changed={"amount": 1})  # position 13
    shown = given_facts(EVENTS, make_view(EVENTS), facts)

    discard(facts, "events", event(5), 10)
    shown = released(EVENTS, shown)

    assert [p.position for p in shown.view.parked().values()] == [13]
    assert shown.body(event(5))["name"] == "A4"


def test_a_discard_is_in_the_index_of_changes_of_the_thing(
    make_view: MakeView, tmp_path: Path
) -> None:
    facts = discard(troubled(), "events", event(5), 10)
    shown = given_facts(CHANGES, make_view(CHANGES), facts)

    (entry,) = shown.entries(replace(INDEX, where=(("position", "=", 13),)))
    assert (entry["kind"], entry["id"], entry["version"]) == ("event", 5, 3)
    assert (entry["fact"], entry["data"]["position"]) == ("FactDiscarded", 10)
    assert rows(in_one_go(CHANGES, facts, tmp_path)) == rows(shown)


class Fragile(EventDocuments):
    """Cannot be stored once its hall is called so."""

    def row(self, key: bytes, state: Any) -> Any:
        if state.get("event") and state.get("location", {}).get("name") == "Newest hall":
            raise ValueError(state["event"]["number"])
        return super().row(key, state)


@pytest.mark.parametrize("batch", [1, 3, 500])
def test_what_a_document_shows_of_another_may_stop_it_too(make_view: MakeView, batch: int) -> None:
    facts = story().add(LocationChanged, 1, changed={"name": "Newest hall"})
    shown = given_facts(Fragile(), make_view(EVENTS), facts, batch)
    assert {p.position for p in shown.view.parked().values()} == {10}

    facts.add(EventDetailsChanged, 5, changed={"name": "A4"})
    facts.event(8, locationid=2, name="D")
    shown.follow(batch)

    assert set(shown.view.parked()) == {event(n).bytes for n in (5, 6, 7)}
    assert (shown.body(event(5))["name"], shown.body(event(8))["name"]) == ("A3", "D")
    assert shown.body(event(5))["locationname"] == "New hall"
    discard(facts, "events", event(5), 10)
    assert released(Fragile(), shown).body(event(5))["name"] == "A3"  # it never loses what it has


# -- beside a worker


class Busy(SqliteView):
    """A view whose worker goes on right before it is mended."""

    worker: Projected | None = None
    times = 1

    @contextmanager
    def mending(self) -> Iterator[tuple[int, Mend]]:
        if self.times and self.worker:
            self.times -= 1
            self.worker.follow()
        with super().mending() as held:
            yield held


@pytest.mark.parametrize("comes", ["other", "own", "hall", "nothing"])
def test_what_comes_while_a_document_is_tried_again_is_not_lost(
    make_view: MakeView, older: Older, comes: str
) -> None:
    facts = story()
    with older(EventDetailsChanged):
        shown = given_facts(EVENTS, make_view(EVENTS), facts)
    path = shown.view.path  # type: ignore[attr-defined]
    busy = Busy(EVENTS, path)
    busy.worker = Projected(EVENTS, SqliteView(EVENTS, path), facts)
    match comes:
        case "other":
            facts.event(8, name="D")
        case "own":
            facts.add(ContingentChanged, 5, contingentid=98, changed={"amount": 9})
        case "hall":
            facts.add(LocationChanged, 1, changed={"name": "Newest hall"})

    still = retry(EVENTS, facts, lambda: busy, [event(5).bytes])  # type: ignore[arg-type]

    assert still == {}
    with pytest.raises(ViewMoved):
        busy.worker.log.event(9) and busy.worker.follow()  # type: ignore[attr-defined]
    again = Projected(EVENTS, busy, facts)
    again.follow()
    assert rows(again) == rows(given_facts(EVENTS, make_view(EVENTS), facts))
    busy.worker.view.close()  # type: ignore[attr-defined]
    busy.close()


def test_a_document_that_is_not_parked_is_left_alone(make_view: MakeView) -> None:
    shown = given_facts(Orders(), make_view(Orders()), story())

    assert retry(Orders(), shown.log, lambda: shown.view, [location(1).bytes]) == {}  # type: ignore[arg-type, return-value]
    assert shown.view.standing() == (9, 0)
