"""The contingents of an Event: a stream of their own."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest

from domain.base import State
from domain.contingents import (
    COUNTERS,
    ContingentAdded,
    ContingentChanged,
    ContingentFields,
    ContingentRemoved,
)
from domain.errors import Invalid, Refusal, SoldOut
from domain.inventory import Inventory
from domain.ticket_types import TicketType
from domain.tickets import PLACES, TicketsLocked, TicketsUnlocked, first_ticket
from tests.spec import Command, given, says, then, then_refused, when


def exactly(*contingents: State, seated: bool = False) -> Command:
    """Names the contingents of one sort; new ones get the ids 98, 99, …"""
    wanted = [ContingentFields.model_validate(c) for c in contingents]

    def command(inventory: Inventory, metadata: Any) -> None:
        inventory.set_contingents(
            wanted, seated=seated, metadata=metadata, new_id=ids(inventory), lock_counter=counter
        )

    return command


def counter(lock_type: int, path: str) -> str:
    """The counter of the two lock types that an account starts with."""
    if lock_type not in (1, 2):
        raise Invalid(path, f"there is no lock type {lock_type}")
    return "locked_hard" if lock_type == 1 else "locked_soft"


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
    assert inventory.contingents(seated=False)[1] == TicketType.defaults() | {
        "id": 99,
        "name": "",
        "amount": 0,
        "pricelistid": None,
        "eventspecificprices": None,
        "locks": [],
        "withimportedbarcodes": False,
        "dateids": [],
        "translations": {},
        "seated": False,
        "lastupdatets": outcome.facts[1].time,
        "made": first_ticket(99) - 1,
        "locked": {},
        "counters": dict.fromkeys(COUNTERS, 0),
    }


def test_a_contingent_with_its_id_is_changed_where_it_differs() -> None:
    inventory = given(Inventory, exactly(FLOOR, BALCONY))

    outcome = when(inventory, exactly({"id": 98, "amount": 90}, {"id": 99, "name": "Balcony"}))

    then(
        outcome, says(ContingentChanged, contingentid=98, changed={"amount": 90}, pricesbefore=None)
    )


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

    unlocked = [move("locked_hard", "free", [96, 100])]
    then(
        outcome,
        says(TicketsUnlocked, locktypeid=1, moves=unlocked),
        says(ContingentChanged, contingentid=98, changed={"pricelistid": None}, pricesbefore=None),
    )


def move(source: str, target: str, *places: Sequence[int], contingent: int = 98) -> State:
    """Tickets by their places in the contingent."""
    tickets = [[contingent * PLACES + place for place in ends] for ends in places]
    return {"contingentid": contingent, "from": source, "to": target, "tickets": tickets}


def test_locks_are_counted_off_the_highest_free_tickets() -> None:
    locks = [{"amount": 5, "locktypeid": 1}, {"amount": 10, "locktypeid": 2}]
    inventory = given(Inventory)

    outcome = when(inventory, exactly(FLOOR | {"locks": locks}))

    then(
        outcome,
        says(ContingentAdded, contingentid=98, seated=False, fields=FLOOR),
        says(TicketsLocked, locktypeid=1, moves=[move("free", "locked_hard", [96, 100])]),
        says(TicketsLocked, locktypeid=2, moves=[move("free", "locked_soft", [86, 95])]),
    )
    (contingent,) = inventory.contingents()
    assert contingent["locks"] == locks


def test_only_the_difference_is_locked_or_unlocked() -> None:
    locks = [{"amount": 5, "locktypeid": 1}, {"amount": 10, "locktypeid": 2}]
    inventory = given(Inventory, exactly(FLOOR | {"locks": locks}))

    wanted = [{"amount": 7, "locktypeid": 1}, {"amount": 9, "locktypeid": 2}]
    outcome = when(inventory, exactly({"id": 98, "locks": wanted}))

    then(
        outcome,
        says(TicketsUnlocked, locktypeid=2, moves=[move("locked_soft", "free", [86, 86])]),
        says(TicketsLocked, locktypeid=1, moves=[move("free", "locked_hard", [85, 86])]),
    )
    assert inventory.contingents()[0]["locks"] == wanted


def test_locks_that_are_so_already_are_not_recorded() -> None:
    locks = [{"amount": 5, "locktypeid": 1}]
    inventory = given(Inventory, exactly(FLOOR | {"locks": locks}))

    then(when(inventory, exactly({"id": 98, "locks": locks})))


@pytest.mark.parametrize(
    ("lock", "refusal"),
    [({"amount": 1, "locktypeid": 3}, Invalid), ({"amount": 101, "locktypeid": 1}, SoldOut)],
    ids=["of no lock type", "too many"],
)
def test_locks_need_a_lock_type_and_free_tickets(lock: State, refusal: type[Refusal]) -> None:
    inventory = given(Inventory)

    then_refused(when(inventory, exactly(FLOOR | {"locks": [lock]})), refusal)


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

    outcome = when(inventory, lambda i, metadata: i.revert(past, metadata))

    assert [type(fact) for fact in outcome.facts] == [
        ContingentRemoved,
        ContingentChanged,
        ContingentAdded,
    ]
    anew = {"lastupdatets": None, "made": None}
    for seated in (False, True):
        before = [c | anew for c in past["contingents"].values() if c["seated"] == seated]
        assert [c | anew for c in inventory.contingents(seated=seated)] == before


def test_tickets_that_come_back_are_others_than_those_that_went() -> None:
    inventory = given(Inventory, exactly(FLOOR), exactly({"id": 98, "amount": 90}))
    first = 98 * PLACES

    when(inventory, exactly({"id": 98, "amount": 100}))
    assert inventory.free(98) == [[first + 1, first + 90], [first + 101, first + 110]]
    past = inventory.capture().state
    when(inventory, exactly())
    when(inventory, lambda i, metadata: i.revert(past, metadata))

    assert inventory.free(98) == [[first + 111, first + 210]]


def test_going_back_to_when_there_were_none_removes_them() -> None:
    inventory = given(Inventory, exactly(FLOOR))

    outcome = when(inventory, lambda i, metadata: i.revert({}, metadata))

    then(outcome, says(ContingentRemoved, contingentid=98))


def test_a_contingent_that_the_limits_of_today_refuse_does_not_come_back() -> None:
    inventory = given(Inventory, exactly(FLOOR))
    past = inventory.capture().state
    past["contingents"]["98"] = past["contingents"]["98"] | {"amount": 10_000_001}

    then_refused(when(inventory, lambda i, metadata: i.revert(past, metadata)), Invalid)


def test_going_back_to_today_records_nothing() -> None:
    inventory = given(Inventory, exactly(FLOOR, BALCONY))

    then(when(inventory, lambda i, metadata: i.revert(i.capture().state, metadata)))
