"""A Location: where Events take place."""

from typing import Any

import pytest

from domain.base import State
from domain.errors import Invalid, NotFound, VersionMismatch
from domain.location import (
    Location,
    LocationChanged,
    LocationCreated,
    LocationDeleted,
    LocationFields,
    LocationRestored,
)
from tests.spec import given, says, then, then_refused, when

EVERYTHING = {
    "name": "Concert hall",
    "capacity": 840,
    "address": "Kerkstraat 1, 9000 Gent",
    "description": "A hall",
    "info": "Lockers in the basement",
    "street1": "Kerkstraat",
    "street2": "1",
    "street3": "third",
    "street4": "fourth",
    "zip": "9000",
    "city": "Gent",
    "state": "Oost-Vlaanderen",
    "countrycode": "BE",
    "lat": 51.05,
    "long": 3.72,
    "timezone": "Europe/Brussels",
    "public": True,
    "translations": {"namefr": "Salle de concert"},
    "c_floor": {"number": 2},
}


def created(location: Location, metadata: Any) -> None:
    location.create(LocationFields(name="Hall", city="Gent"), metadata)


def deleted(location: Location, metadata: Any) -> None:
    location.delete(metadata)


def changed(**fields: Any) -> Any:
    return lambda location, metadata: location.change(
        LocationFields.model_validate(fields), metadata
    )


def test_a_location_is_created_with_every_field() -> None:
    location = given(Location)

    outcome = when(location, lambda loc, metadata: loc.create(body(EVERYTHING), metadata))

    then(outcome, says(LocationCreated, number=5, fields=EVERYTHING))
    assert location.exists


def body(fields: State) -> LocationFields:
    return LocationFields.model_validate(fields)


@pytest.mark.parametrize("fields", [{}, {"name": None}, {"city": "Gent"}])
def test_a_location_needs_a_name(fields: State) -> None:
    location = given(Location)

    outcome = when(location, lambda loc, metadata: loc.create(body(fields), metadata))

    then_refused(outcome, Invalid)
    assert not outcome.facts


def test_the_name_of_a_location_cannot_be_cleared() -> None:
    location = given(Location, created)

    outcome = when(location, changed(name=None, city="Brugge"))

    then_refused(outcome, Invalid, errors=[{"path": "name", "message": "cannot be cleared"}])
    assert not outcome.facts


def test_the_version_of_the_name_moves_with_the_name_alone() -> None:
    location = given(Location, created)

    versions = []
    for change in (changed(city="Brugge"), changed(name="New"), changed(zip="9000"), deleted):
        when(location, change)
        versions.append(location.state["namedversion"])

    assert versions == [1, 3, 3, 3]


def test_what_only_stagebook_sets_is_ignored() -> None:
    location = given(Location, created)

    outcome = when(
        location, changed(id=9, guid="x", version=3, createdts="x", lastupdatets=None, zip="9000")
    )

    then(outcome, says(LocationChanged, changed={"zip": "9000"}))


def test_a_deleted_location_does_not_exist() -> None:
    location = given(Location, created, deleted)

    outcome = when(location, lambda loc, _: loc.require())

    then_refused(outcome, NotFound, id=5)


def test_a_deleted_location_can_come_back_as_it_was() -> None:
    location = given(Location, created)
    past = dict(location.state)
    when(location, changed(city="Brugge", c_new=1))
    when(location, deleted)

    outcome = when(
        location, lambda loc, metadata: (loc.restore(metadata), loc.revert(past, metadata))
    )

    assert [type(f) for f in outcome.facts] == [
        LocationChanged,
        LocationDeleted,
        LocationRestored,
        LocationChanged,
    ]
    assert outcome.facts[-1].changed == {"city": "Gent", "c_new": None}
    assert location.exists


def test_a_location_cannot_be_reverted_to_when_it_was_deleted() -> None:
    location = given(Location, created, deleted)
    past = dict(location.state)

    outcome = when(location, lambda loc, metadata: loc.revert(past, metadata))

    then_refused(outcome, Invalid)


def test_a_field_that_the_limits_of_today_refuse_does_not_come_back() -> None:
    location = given(Location, created)
    past = location.state | {"zip": "9" * 33}

    then_refused(when(location, lambda loc, metadata: loc.revert(past, metadata)), Invalid)


def test_a_caller_who_saw_another_version_is_refused() -> None:
    location = given(Location, created, changed(zip="9000"))

    assert location.require(2) is location
    then_refused(when(location, lambda loc, _: loc.require(1)), VersionMismatch, version=2)
    then_refused(when(location, lambda loc, _: loc.require(3)), VersionMismatch, version=2)


@pytest.mark.parametrize("past", [0, -1, 3])
def test_a_past_that_was_not_is_refused(past: int) -> None:
    location = given(Location, created, deleted)

    assert location.require_past(1) is location
    then_refused(when(location, lambda loc, _: loc.require_past(past)), Invalid)


def test_a_location_that_never_was_has_no_past() -> None:
    outcome = when(given(Location), lambda loc, _: loc.require_past(1))

    then_refused(outcome, NotFound)
