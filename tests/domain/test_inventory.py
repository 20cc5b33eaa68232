"""The contingents of an Event: a stream of their own."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest

from domain.base import State
from domain.errors import Invalid
from domain.inventory import (
    ContingentAdded,
    ContingentChanged,
    ContingentFields,
    ContingentRemoved,
    Inventory,
)
from tests.spec import Command, given, says, then, then_refused, when


def exactly(*contingents: State, seated: bool = False) -> Command:
    """Names the contingents of one sort; new ones get the ids 98, 99, …"""
    wanted = [ContingentFields.model_validate(c) for c in contingents]

    def command(inventory: Inventory, by: Any) -> None:
        inventory.set_contingents(wanted, seated=seated, new_id=ids(inventory), by=by)

    return command


def ids(inventory: Inventory) -> Callable[[], int]:
    held: Sequence[str] = list(inventory.state.get("contingents", {}))
    return count(max([97, *map(int, held)]) + 1).__next__


FLOOR, BALCONY = {"name": "Floor", "amount": 100}, {"name": "Balcony", "amount": 50}


def test_a_contingent_without_an_id_is_added() -> None:
    inventory = given(Inventory)

    outcome = when(inventory, exactly(FLOOR, {}))

    then(
        outcome,
        says(ContingentAdded, contingentid=98, seated=False, fields=FLOOR),
        says(ContingentAdded, contingentid=99, seated=False, fields={}),
    )
    assert inventory.contingents(seated=False)[1] == {
        "id": 99,
        "name": "",
        "amount": 0,
        "pricelistid": None,
        "eventspecificprices": None,
        "locks": [],
        "withimportedbarcodes": False,
        "seated": False,
        "lastupdatets": outcome.facts[1].time,
    }


def test_a_contingent_with_its_id_is_changed_where_it_differs() -> None:
    inventory = given(Inventory, exactly(FLOOR, BALCONY))

    outcome = when(inventory, exactly({"id": 98, "amount": 90}, {"id": 99, "name": "Balcony"}))

    then(outcome, says(ContingentChanged, contingentid=98, changed={"amount": 90}))


def test_a_contingent_that_is_not_named_is_removed() -> None:
    inventory = given(Inventory, exactly(FLOOR, BALCONY))

    then(when(inventory, exactly({"id": 99})), says(ContingentRemoved, contingentid=98))
    then(
        when(given(Inventory, exactly(FLOOR)), exactly(BALCONY)),
        says(ContingentRemoved, contingentid=98),
        says(ContingentAdded, contingentid=99, seated=False, fields=BALCONY),
    )


def test_null_clears_a_field_of_a_contingent() -> None:
    locks = [{"amount": 5, "locktypeid": 1}]
    inventory = given(Inventory, exactly(FLOOR | {"locks": locks, "pricelistid": 6}))

    outcome = when(inventory, exactly({"id": 98, "locks": None, "pricelistid": None}))

    changed = {"locks": [], "pricelistid": None}
    then(outcome, says(ContingentChanged, contingentid=98, changed=changed))


def test_the_two_sorts_leave_each_other_alone() -> None:
    inventory = given(Inventory, exactly(FLOOR), exactly(BALCONY, seated=True))

    then(when(inventory, exactly(seated=True)), says(ContingentRemoved, contingentid=99))
    assert [c["id"] for c in inventory.contingents(seated=False)] == [98]
    assert inventory.contingents(seated=True) == []


@pytest.mark.parametrize(
    "named",
    [
        [{"id": 97}],
        [{"id": 98}, {"id": 98}],
        [{"id": 99}],
    ],
    ids=["unknown", "twice", "of the other sort"],
)
def test_an_id_names_one_contingent_of_its_sort(named: Sequence[State]) -> None:
    inventory = given(Inventory, exactly(FLOOR), exactly(BALCONY, seated=True))

    outcome = when(inventory, exactly(*named))

    then_refused(outcome, Invalid)
    assert not outcome.facts


def test_the_bad_id_is_named_by_its_path() -> None:
    outcome = when(given(Inventory), exactly(FLOOR, {"id": 5}, seated=True))

    errors = [{"path": "seated_contingents.1.id", "message": "no such contingent in this Event"}]
    then_refused(outcome, Invalid, errors=errors)


def test_contingents_come_back_with_the_ids_and_sorts_that_they_had() -> None:
    inventory = given(Inventory, exactly(FLOOR), exactly(BALCONY, seated=True))
    past = inventory.capture().state
    for command in (exactly({"id": 98, "amount": 1}, {"name": "New"}), exactly(seated=True)):
        when(inventory, command)
    inventory.pending = []

    outcome = when(inventory, lambda i, by: i.revert(past, by))

    assert [type(fact) for fact in outcome.facts] == [
        ContingentRemoved,
        ContingentChanged,
        ContingentAdded,
    ]
    times = {"lastupdatets": None}
    for seated in (False, True):
        before = [c | times for c in past["contingents"].values() if c["seated"] == seated]
        assert [c | times for c in inventory.contingents(seated=seated)] == before


def test_going_back_to_when_there_were_none_removes_them() -> None:
    inventory = given(Inventory, exactly(FLOOR))

    outcome = when(inventory, lambda i, by: i.revert({}, by))

    then(outcome, says(ContingentRemoved, contingentid=98))


def test_a_contingent_that_the_limits_of_today_refuse_does_not_come_back() -> None:
    inventory = given(Inventory, exactly(FLOOR))
    past = inventory.capture().state
    past["contingents"]["98"] = past["contingents"]["98"] | {"amount": 10_000_001}

    then_refused(when(inventory, lambda i, by: i.revert(past, by)), Invalid)


def test_going_back_to_today_records_nothing() -> None:
    inventory = given(Inventory, exactly(FLOOR, BALCONY))

    then(when(inventory, lambda i, by: i.revert(i.capture().state, by)))
