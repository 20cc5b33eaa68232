"""A partly set model is the patch: unset means leave, null means clear, equal is not recorded."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.base import Aggregate, CommandMetadata
from domain.contingents import ContingentFields
from domain.event import DateFields, Event
from domain.event_facts import DateChanged, EventCreated, EventDetailsChanged
from domain.event_fields import EventBody
from domain.location import Location, LocationChanged, LocationCreated, LocationFields
from tests.spec import given, says, then, when


def hall(**fields: Any) -> Location:
    return given(
        Location, lambda loc, metadata: loc.create(LocationFields(name="Hall", **fields), metadata)
    )


def changing(**fields: Any) -> Any:
    body = LocationFields.model_validate(fields)
    return lambda location, metadata: location.change(body, metadata)


def test_a_field_that_is_not_sent_is_left() -> None:
    location = hall(city="Gent", zip="9000")

    outcome = when(location, changing(city="Brugge"))

    then(outcome, says(LocationChanged, changed={"city": "Brugge"}))
    assert location.state["zip"] == "9000"


@pytest.mark.parametrize(
    ("field", "value", "cleared"),
    [
        ("city", "Gent", None),
        ("capacity", 840, 0),
        ("public", True, False),
        ("timezone", "Europe/Brussels", "UTC"),
        ("translations", {"namefr": "Salle"}, {}),
        ("c_colour", [1, 2], None),
    ],
)
def test_null_clears_a_field_to_what_it_is_when_nothing_was_said(
    field: str, value: Any, cleared: Any
) -> None:
    location = hall(**{field: value})

    outcome = when(location, changing(**{field: None}))

    then(outcome, says(LocationChanged, changed={field: cleared}))


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"name": "Hall"},
        {"city": "Gent", "public": True},
        {"capacity": 0},
        {"capacity": None, "zip": None, "timezone": "UTC", "translations": {}},
        {"c_other": None},
        {"c_deep": {"b": [1, {"c": None}], "a": 1.5}},
    ],
)
def test_what_equals_today_is_not_recorded(patch: Any) -> None:
    location = hall(city="Gent", public=True, c_deep={"a": 1.5, "b": [1, {"c": None}]})

    outcome = when(location, changing(**patch))

    then(outcome)
    assert location.version == 1


def test_only_the_part_that_differs_is_recorded() -> None:
    location = hall(city="Gent")

    outcome = when(location, changing(city="Gent", zip="9000"))

    then(outcome, says(LocationChanged, changed={"zip": "9000"}))


def test_true_is_not_1() -> None:
    location = hall(c_flag=1, c_list=[0])

    outcome = when(location, changing(c_flag=True, c_list=[False]))

    then(outcome, says(LocationChanged, changed={"c_flag": True, "c_list": [False]}))


def test_the_defaults_are_the_same_after_any_use() -> None:
    before = repr([f.defaults() for f in (LocationFields, EventBody, DateFields, ContingentFields)])

    location = hall(translations=None, capacity=None)
    when(location, changing(translations={"namefr": "Salle"}, capacity=1))

    after = repr([f.defaults() for f in (LocationFields, EventBody, DateFields, ContingentFields)])
    assert after == before


@pytest.mark.parametrize(
    ("model", "body", "place"),
    [
        (LocationFields, {"nmae": "Hall"}, ("nmae",)),
        (EventBody, {"currency": "EUR"}, ("currency",)),
        (EventBody, {"layout": {"colour": "#112233"}}, ("layout", "colour")),
        (EventBody, {"contingents": [{"size": 5}]}, ("contingents", 0, "size")),
        (DateFields, {"c_a": 1}, ("c_a",)),
    ],
)
def test_an_unknown_field_is_refused_by_its_path(model: Any, body: Any, place: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)

    (error,) = caught.value.errors()
    assert error["loc"][: len(place)] == place


@pytest.mark.parametrize(
    "body",
    [
        {"capacity": "840"},
        {"capacity": 840.0},
        {"capacity": True},
        {"capacity": -1},
        {"name": ""},
        {"name": 5},
        {"name": "n" * 256},
        {"lat": 90.1},
        {"lat": float("nan")},
        {"long": -180.1},
        {"long": float("inf")},
        {"public": 1},
        {"public": "true"},
        {"translations": []},
        {"translations": {"namefr": 5}},
        {"c_a": float("nan")},
        {"c_a": [float("-inf")]},
    ],
)
def test_wrong_types_and_limits_are_refused(body: Any) -> None:
    with pytest.raises(ValidationError):
        LocationFields.model_validate(body)


def test_there_are_at_most_a_hundred_custom_fields() -> None:
    LocationFields.model_validate({f"c_{n}": n for n in range(100)})

    with pytest.raises(ValidationError, match="at most 100 custom fields"):
        LocationFields.model_validate({f"c_{n}": n for n in range(101)})


def test_the_time_of_a_fact_never_runs_backwards() -> None:
    location = hall()
    late = CommandMetadata("ann", "2027-01-01T00:00:00.000000Z", "r1", "c1")
    early = CommandMetadata("ann", "2026-01-01T00:00:00.000000Z", "r2", "c2")

    when(location, changing(city="Gent"), late)
    outcome = when(location, changing(city="Brugge"), early)

    assert [fact.time for fact in outcome.facts] == [late.time, late.time]


def test_a_fact_says_who_when_why_and_in_which_request() -> None:
    cause = CommandMetadata(
        "ann", "2027-01-01T00:00:00.000000Z", "request", "command", "a typing error"
    )

    outcome = when(hall(), changing(city="Gent"), cause)

    (fact,) = outcome.facts
    assert (fact.actor, fact.time, fact.correlation, fact.causation, fact.reason) == (
        "ann",
        "2027-01-01T00:00:00.000000Z",
        "request",
        "command",
        "a typing error",
    )
    assert fact.originator_version == 2


def test_a_copy_is_left_alone_by_later_facts() -> None:
    event = given(
        Event,
        lambda e, metadata: e.create({"name": "Live", "locationid": 1}, metadata),
        lambda e, metadata: e.add_date(
            1, DateFields(start="2026-01-01T20:00:00Z", end=LATER), metadata
        ),
    )
    copy, kept = event.capture(), event.snapshot()

    when(event, lambda e, metadata: e.change_date(1, DateFields(name="Late"), metadata))
    when(event, lambda e, metadata: e.add_date(2, DateFields(start=LATER, end=LATEST), metadata))
    when(event, lambda e, metadata: e.edit({"name": "Other"}, metadata))

    assert (copy.version, copy.state["name"], list(copy.state["dates"])) == (2, "Live", ["1"])
    assert copy.state["dates"]["1"]["name"] is None
    assert kept.state == copy.state
    assert copy.pending == []


LATER, LATEST = "2026-01-01T22:00:00Z", "2026-01-01T23:00:00Z"


def test_a_snapshot_stands_for_all_facts_before_it() -> None:
    event = given(Event, lambda e, metadata: e.create({"name": "Live", "locationid": 1}, metadata))
    again = Event(event.id)

    again.apply(event.snapshot())

    assert (again.version, again.state) == (event.version, event.state)


def test_facts_are_told_by_their_topics() -> None:
    topics = [f.TOPIC for f in (LocationCreated, EventCreated, EventDetailsChanged, DateChanged)]

    assert topics == [
        "location.created",
        "event.created",
        "event.details-changed",
        "event.date-changed",
    ]


def test_an_aggregate_has_its_number_and_account_in_its_id() -> None:
    aggregate: Aggregate = given(Event, number=42)

    assert (aggregate.account, aggregate.number) == (7, 42)
