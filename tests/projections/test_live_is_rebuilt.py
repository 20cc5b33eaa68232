"""For every history: the live view is the rebuilt view, byte for byte; the answer of a command is
what the view shows at its position and what the past shows of its version; the counters that are
shown are those of the tickets."""

import tempfile
from collections import Counter
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from adapters.stores.memory import MemoryStore
from application.as_of import load, past_availability, past_event, past_one
from application.ports import Store
from domain.base import Aggregate, State
from domain.catalog import CATALOG
from domain.errors import NotFound
from domain.event import Event
from domain.ids import Id, Kind, guid, unpack
from domain.inventory import Inventory
from domain.location import Location
from domain.order import Order
from projections.availability import Availability, availability_document, availability_etag
from projections.base import Projection
from projections.bulk import reads, slices
from projections.catalog_documents import CatalogDocuments
from projections.changes import Changes
from projections.event_documents import EventDocuments
from projections.location_documents import LocationDocuments
from projections.orders import Orders
from projections.rebuilding import in_bulk
from tests.application.desk import Desk, etag, rendered
from tests.projections.conftest import new_view, planned_view
from tests.projections.histories import Decide, Done, batches, begun, given_at_once, happened
from tests.spec import ACCOUNT, Projected, given_facts

PROJECTIONS: tuple[Projection, ...] = (
    EventDocuments(),
    LocationDocuments(),
    Orders(),
    CatalogDocuments(),
    Availability(),
    Changes(),
)
ALONE: dict[int, type[Aggregate]] = {Kind.LOCATION: Location, Kind.ORDER: Order, **CATALOG}
"""What is shown by its own facts alone."""
History = list[list[Decide]]


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)
@settings(max_examples=20)
@given(batches, st.lists(st.sampled_from([1, 2, 3, 500]), min_size=1, max_size=8))
def test_the_live_view_is_the_rebuilt_view(
    projection: Projection, history: History, steps: list[int]
) -> None:
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as folder, closing(Desk(store)) as desk:
        with closing(new_view(projection, Path(folder, "live"))) as view:
            live = Projected(projection, view, store)
            begun(desk)
            for turn, batch in enumerate(history):
                given_at_once(desk, batch)
                live.runner.step(steps[turn % len(steps)])
            live.follow(steps[0])
            served = list(live.rows())

        for size in (1, 2, 500):
            with closing(new_view(projection, Path(folder, f"rebuilt{size}"))) as view:
                rebuilt = given_facts(projection, view, store, size)
                assert list(rebuilt.rows()) == served
                assert view.parked() == {}


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)
@settings(max_examples=20)
@given(batches, st.data())
def test_a_view_that_is_built_in_bulk_is_the_live_view(
    projection: Projection, history: History, data: st.DataObject
) -> None:
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as folder, closing(Desk(store)) as desk:
        begun(desk)
        for batch in history:
            given_at_once(desk, batch)
        with closing(new_view(projection, Path(folder, "live"))) as view:
            served = list(given_facts(projection, view, store).rows())

        upto = data.draw(st.integers(0, store.position()))
        size = data.draw(st.sampled_from([1, 3, 500]))
        with closing(planned_view(projection, Path(folder, "built"))) as view:
            view.begin(upto, slices([projection], store.spans(), size))
            in_bulk([view], store, lambda *_: None)
            assert view.position() == upto
            assert list(given_facts(projection, view, store).rows()) == served


@settings(max_examples=20)
@given(batches, st.sampled_from([1, 3, 500]))
def test_views_that_are_built_together_are_the_live_views(history: History, size: int) -> None:
    store = MemoryStore()
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Desk(store)) as desk,
        ExitStack() as views,
    ):
        begun(desk)
        for batch in history:
            given_at_once(desk, batch)
        parts = slices(PROJECTIONS, store.spans(), size)
        built = []
        for projection in PROJECTIONS:
            path = Path(folder, projection.name)
            view = views.enter_context(closing(planned_view(projection, path)))
            view.begin(store.position(), [part for part in parts if reads(projection, part)])
            built.append(view)
        in_bulk(built, store, lambda *_: None)
        for view in built:
            projection = view.projection
            with closing(new_view(projection, Path(folder, f"{projection.name} live"))) as live:
                served = list(given_facts(projection, live, store).rows())
            assert list(Projected(projection, view, store).rows()) == served


@pytest.mark.parametrize("projection", PROJECTIONS[:4], ids=lambda p: p.name)
@settings(max_examples=20)
@given(batches)
def test_an_answer_is_what_the_view_shows_at_its_position(
    projection: Projection, history: History
) -> None:
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as folder, closing(Desk(store)) as desk:
        done = [each for each in happened(desk, history) if shown_by(each) == projection.name]
        with closing(new_view(projection, Path(folder, "view"))) as view:
            runner = Projected(projection, view, store).runner
            while runner.step(1):
                for each in done:
                    if each.answer.position == runner.position:
                        served = view.document(guid(*identity(each)).bytes)
                        assert served == (each.answer.body, each.answer.headers["ETag"])


@settings(max_examples=40)
@given(batches)
def test_an_answer_is_what_the_past_shows_at_its_moment(history: History) -> None:
    with closing(Desk()) as desk:
        for each in happened(desk, history):
            past = the_past(desk.store, each, time=each.job.metadata.time)
            assert rendered(past) == each.answer.body
            assert etag(past) == each.answer.headers["ETag"]


@settings(max_examples=40)
@given(batches)
def test_an_answer_is_what_the_past_shows_of_the_version_that_the_command_made(
    history: History,
) -> None:
    with closing(Desk()) as desk:
        for each in happened(desk, history):
            version = from_json(each.answer.body)["version"]
            _, kind, number = identity(each)
            if kind == Kind.EVENT:
                event_id = Event.id_of(ACCOUNT, number)
                (made,) = desk.store.stream(event_id, after=version - 1, upto=version)
                if made.fact.causation != each.job.metadata.causation:
                    continue
            assert rendered(the_past(desk.store, each, version=version)) == each.answer.body


@settings(max_examples=20)
@given(batches)
def test_the_counters_of_the_view_are_those_of_the_tickets_at_every_version(
    history: History,
) -> None:
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as folder, closing(Desk(store)) as desk:
        happened(desk, history)
        with closing(new_view(Availability(), Path(folder, "view"))) as view:
            live = Projected(Availability(), view, store)
            for recorded in store.read(0, 10_000):
                live.runner.step(1)
                _, kind, number = unpack(recorded.fact.originator_id)
                if kind == Kind.INVENTORY:
                    served = view.document(guid(ACCOUNT, Kind.EVENT, number).bytes)
                    assert served == counted(store, number, recorded.fact.originator_version)


def counted(store: Store, number: int, version: int) -> tuple[bytes, str] | None:
    """The counters that the Event's tickets themselves had at a version."""
    inventory = load(store, Inventory, Inventory.id_of(ACCOUNT, number), version)
    for contingent in inventory.contingents():
        check_partition(inventory, contingent)
    try:
        event, past = past_availability(store, ACCOUNT, number, inventoryversion=version)
    except NotFound:
        return None
    assert past.contingents() == inventory.contingents()
    document = availability_document(event.state["dates"].values(), inventory.state)
    return to_json(document), availability_etag(event.version, inventory.state)


def check_partition(inventory: Inventory, contingent: State) -> None:
    """Every ticket is held in one place, and counted there."""
    pieces = inventory.pieces(contingent["id"])
    held = Counter(dict.fromkeys(contingent["counters"], 0))
    for piece in pieces:
        held[piece.counter] += piece.last - piece.first + 1
    held["total"] = held.total()
    assert dict(held) == contingent["counters"]
    assert all(one.last < other.first for one, other in pairwise(pieces))


# -- what was answered


def identity(done: Done) -> Id:
    shown = from_json(done.answer.body)
    if "saleschannelid" in shown and "tickets" in shown:  # an order's guid does not say its number
        return Id(ACCOUNT, Kind.ORDER, shown["id"])
    return unpack(UUID(shown["guid"]))


def the_past(store: Store, done: Done, **moment: Any) -> Any:
    _, kind, number = identity(done)
    if kind == Kind.EVENT:
        return past_event(store, ACCOUNT, number, **moment)
    return past_one(ALONE[kind], store, ACCOUNT, number, **moment)


def shown_by(done: Done) -> str:
    names = {Kind.EVENT: "events", Kind.LOCATION: "locations", Kind.ORDER: "orders"}
    return names.get(Kind(identity(done).kind), "catalog")
