"""For every history: the live view is the rebuilt view, byte for byte, and the answer of a
command is what the view shows at its position and what the past shows of its version."""

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from adapters.stores.memory import MemoryStore
from application.history import past_event, past_location
from domain.event import Event
from domain.ids import Kind, guid
from projections.availability import Availability
from projections.base import Projection
from projections.changes import Changes
from projections.event_documents import EventDocuments
from projections.location_documents import LocationDocuments
from tests.application.desk import Desk, etag, rendered
from tests.projections.conftest import new_view
from tests.projections.histories import Decide, Done, batches, begun, given_at_once, happened
from tests.spec import ACCOUNT, Projected, given_facts

PROJECTIONS: tuple[Projection, ...] = (
    EventDocuments(),
    LocationDocuments(),
    Availability(),
    Changes(),
)
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


@pytest.mark.parametrize("projection", PROJECTIONS[:2], ids=lambda p: p.name)
@settings(max_examples=20)
@given(batches)
def test_an_answer_is_what_the_view_shows_at_its_position(
    projection: Projection, history: History
) -> None:
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as folder, closing(Desk(store)) as desk:
        done = happened(desk, history)
        with closing(new_view(projection, Path(folder, "view"))) as view:
            runner = Projected(projection, view, store).runner
            while runner.step(1):
                for each in done:
                    if each.answer.position == runner.position and shows(projection, each):
                        served = view.document(guid(ACCOUNT, kind(each), number(each)).bytes)
                        assert served == (each.answer.body, each.answer.headers["ETag"])


@settings(max_examples=40)
@given(batches)
def test_an_answer_is_what_the_past_shows_at_its_moment(history: History) -> None:
    with closing(Desk()) as desk:
        for each in happened(desk, history):
            of = past_event if kind(each) == Kind.EVENT else past_location
            past = of(desk.store, ACCOUNT, number(each), time=each.job.by.time)
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
            if kind(each) == Kind.LOCATION:
                shown = past_location(desk.store, ACCOUNT, number(each), version=version)
                assert rendered(shown) == each.answer.body
                continue
            event_id = Event.id_of(ACCOUNT, number(each))
            (made,) = desk.store.stream(event_id, after=version - 1, upto=version)
            if made.fact.causation == each.job.by.causation:
                past = past_event(desk.store, ACCOUNT, number(each), version=version)
                assert rendered(past) == each.answer.body


def kind(done: Done) -> Kind:
    return Kind.EVENT if b'"currentstatus"' in done.answer.body else Kind.LOCATION


def number(done: Done) -> int:
    found: int = from_json(done.answer.body)["id"]
    return found


def shows(projection: Projection, done: Done) -> bool:
    return (projection.name == "events") == (kind(done) == Kind.EVENT)
