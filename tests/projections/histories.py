"""Random histories: any commands, in any order, some of them in one batch, refused or not."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import strategies as st

from application import events, locations
from application.group_commit import Job, Work
from application.ports import Answer
from domain.errors import Refusal
from domain.event import TRANSITIONS, DateFields
from domain.event_fields import ACTIVE, CLOSED, DRAFT, EventBody
from domain.location import LocationFields
from tests.application.desk import Desk

Decide = Callable[[Any], Any]

names = st.sampled_from(["Live", "live band", "Ete", "x" * 120 + "y", "x" * 120 + "z x"])
starts, ends = (
    st.integers(*days).map(lambda n: f"2026-11-2{n}T20:00:00Z") for days in ((0, 3), (3, 6))
)
few = st.sampled_from([1, 1, 1, 2, 2, 3, 4])
"""Numbers of things that are mostly there."""
statuses = st.sampled_from([DRAFT, ACTIVE, ACTIVE, CLOSED])


def optional(
    always: dict[str, st.SearchStrategy[Any]] | None = None, **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these fields, cleared or set, beside those that are always there."""
    each = {name: st.just(None) | value | value for name, value in fields.items()}
    return st.fixed_dictionaries(always or {}, optional=each)


lots = st.fixed_dictionaries({}, optional={"name": names, "amount": st.integers(0, 9)})
known_lots = st.builds(lambda number, lot: {"id": number, **lot}, few, lots)
details = optional(
    name=names,
    subtitle=names,
    tags=st.lists(st.sampled_from("abc"), max_size=2),
    c_a=st.lists(st.integers(0, 1), max_size=2),
)
others = optional(
    startts=starts,
    endts=ends,
    productionid=few,
    totalmaxtickets=few,
    seatselection=st.booleans(),
    saleschannels=few.map(lambda n: [{"saleschannelid": n}]),
)
contingents = optional(
    contingents=st.lists(lots, max_size=2) | st.lists(known_lots, max_size=1),
    seated_contingents=st.lists(lots, max_size=2),
)
new_events = optional({"locationid": few}, name=names, startts=starts, contingents=st.just([{}]))
moves = st.fixed_dictionaries({"locationid": few})
with_status = st.builds(lambda body, status: {**body, "currentstatus": status}, details, statuses)
bodies = st.one_of(details, others, contingents, moves, with_status)
places = optional(city=names, capacity=few, c_a=st.booleans())
named_places = optional({"name": names}, city=names)
dates = optional({"start": starts, "end": ends.filter(lambda t: t > "2026-11-24")}, name=names)
redated = optional(start=starts, end=ends, name=names)


def delete_event(work: Work, number: int) -> None:
    events.delete_event(work, number)


def delete_location(work: Work, number: int) -> None:
    locations.delete_location(work, number)


def command(function: Callable[..., Any], **arguments: Any) -> st.SearchStrategy[Decide]:
    return st.builds(partial, st.just(function), **arguments)


def location_fields(fields: st.SearchStrategy[Any]) -> st.SearchStrategy[LocationFields]:
    return fields.map(LocationFields.model_validate)


commands: st.SearchStrategy[Decide] = st.one_of(
    command(locations.create_location, fields=location_fields(named_places)),
    command(locations.change_location, number=few, fields=location_fields(named_places)),
    command(locations.change_location, number=few, fields=location_fields(places)),
    command(delete_location, number=few),
    command(locations.revert_location, number=few, to=few),
    command(events.create_event, body=new_events.map(EventBody.model_validate)),
    command(events.change_event, number=few, body=bodies.map(EventBody.model_validate)),
    command(events.change_event, number=few, body=bodies.map(EventBody.model_validate)),
    command(events.change_event, number=few, body=bodies.map(EventBody.model_validate)),
    command(events.change_status, number=few, transition=st.sampled_from(sorted(TRANSITIONS))),
    command(events.add_date, number=few, fields=dates.map(DateFields.model_validate)),
    command(
        events.change_date, number=few, date_id=few, fields=redated.map(DateFields.model_validate)
    ),
    command(events.remove_date, number=few, date_id=few),
    command(delete_event, number=few),
    command(events.revert_event, number=few, to=st.integers(1, 6)),
)
batches = st.lists(st.lists(commands, min_size=1, max_size=8), min_size=2, max_size=8)


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was answered."""

    job: Job
    answer: Answer


def begun(desk: Desk) -> None:
    """Two Locations, two Events with contingents and dates: something to talk about."""
    for _ in range(2):
        location = desk.location()
        event = desk.event(locationid=location, startts="2026-11-21T20:00:00Z", contingents=[{}])
        desk.date(event, "2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z")


def given_at_once(desk: Desk, batch: Sequence[Decide]) -> list[Done]:
    """Gives the commands as one batch; only refusals may come back beside answers."""
    jobs = [desk.job(decide) for decide in batch]
    futures = desk.together(*jobs)
    answers = zip(jobs, map(answered, futures), strict=True)
    return [Done(job, answer) for job, answer in answers if answer and answer.body != b"null"]


def happened(desk: Desk, history: Sequence[Sequence[Decide]]) -> list[Done]:
    """A whole history: the commands that answered with a document."""
    begun(desk)
    return [done for batch in history for done in given_at_once(desk, batch)]


def answered(future: Future[Answer]) -> Answer | None:
    error = future.exception()
    if error is None:
        return future.result()
    assert isinstance(error, Refusal), repr(error)
    return None
