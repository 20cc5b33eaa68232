"""Single tickets: their ids, their barcodes, what is known of them."""

from typing import Any

import pytest

from domain.contingents import ContingentFields
from domain.errors import Invalid
from domain.inventory import Inventory
from domain.tickets import (
    PLACES,
    BarcodesSeeded,
    TicketsChanged,
    barcode,
    contingent_of,
    first_ticket,
    last_ticket,
)
from tests.domain.lots import (
    LOT,
    OTHER,
    SEED,
    changed,
    giving_back,
    handing_over,
    lot,
    removed,
    seeding,
    settling,
    taking,
    ticket,
)
from tests.spec import Command, given, says, then, then_refused, when

# -- ids


def test_a_ticket_says_its_contingent() -> None:
    assert [contingent_of(end(LOT)) for end in (first_ticket, last_ticket)] == [LOT, LOT]
    assert last_ticket(LOT) < OTHER * PLACES < first_ticket(OTHER)


def checking(*tickets: int) -> Command:
    return lambda inventory, _: inventory.require_tickets(tickets, "tickets")


def test_a_ticket_is_there_once_it_was_made() -> None:
    inventory = given(Inventory, lot(10), lot(None, OTHER), taking(1, (1, 2), number=OTHER))

    then(when(inventory, checking(ticket(1), ticket(10), ticket(2, OTHER))))

    for nobody in (0, LOT, ticket(0), ticket(11), ticket(3, OTHER), ticket(1, 97)):
        refusal = when(inventory, checking(ticket(1), nobody)).refusal
        assert isinstance(refusal, Invalid)
        assert refusal.details["errors"][0]["path"] == "tickets.1"


def test_a_ticket_is_no_longer_there_when_its_contingent_shrank_or_went() -> None:
    inventory = given(Inventory, lot(10), lot(10, OTHER), changed(amount=9), removed(OTHER))

    for gone in (ticket(10), ticket(1, OTHER)):
        then_refused(when(inventory, checking(gone)), Invalid)


# -- barcodes


def test_a_barcode_is_sixteen_characters_of_ticket_order_and_secret() -> None:
    made = barcode(SEED, ticket(1), 1)

    assert len(made) == 16
    assert made == barcode(SEED, ticket(1), 1)
    others = {
        barcode("0" * 32, ticket(1), 1),
        barcode(SEED, ticket(2), 1),
        barcode(SEED, ticket(1), 2),
        barcode(SEED, ticket(1), 0),
    }
    assert len(others | {made}) == 5


def test_no_two_tickets_of_an_event_have_one_barcode() -> None:
    inventory = given(Inventory, seeding, lot(500), lot(500, OTHER))

    made = {inventory.barcode(ticket(n, of), None) for n in range(1, 501) for of in (LOT, OTHER)}

    assert len(made) == 1_000


def test_the_secret_of_the_barcodes_is_a_fact_that_is_not_shown() -> None:
    then(when(given(Inventory), seeding), says(BarcodesSeeded, seed=SEED))

    assert {"seed"} == BarcodesSeeded.SECRET


def test_without_a_secret_there_are_no_barcodes() -> None:
    assert given(Inventory, lot(10)).barcode(ticket(1), None) is None


def test_who_bought_a_ticket_that_was_given_back_holds_another_barcode_than_its_next_buyer() -> (
    None
):
    inventory = given(Inventory, seeding, lot(10), taking(1, 1))
    first = inventory.barcode(ticket(1), 1)

    for command in (giving_back(1), taking(2, 1)):
        when(inventory, command)

    assert inventory.barcode(ticket(1), 2) not in (first, None)


def test_a_barcode_stays_through_payment_and_split() -> None:
    inventory = given(Inventory, seeding, lot(10), taking(1, (1, 2)))
    bought = inventory.barcode(ticket(1), 1)

    for command in (settling(1, "sold_unpaid"), settling(1, "sold_paid"), handing_over(1, 2, 1)):
        when(inventory, command)

    assert inventory.barcode(ticket(1), 2) == bought


def knowing(*tickets: dict[str, Any]) -> Command:
    return lambda inventory, metadata: inventory.change_tickets(list(tickets), metadata)


def test_an_imported_barcode_is_the_one_whoever_holds_the_ticket() -> None:
    imported = {"id": ticket(1), "barcode": "EXT-1"}
    inventory = given(Inventory, seeding, lot(10), knowing(imported), taking(1, (1, 2)))

    assert inventory.barcode(ticket(1), 1) == "EXT-1"
    assert len(inventory.barcode(ticket(2), 1) or "") == 16
    when(inventory, knowing({"id": ticket(1), "barcode": None}))
    assert len(inventory.barcode(ticket(1), 1) or "") == 16


def test_where_barcodes_are_imported_none_is_made() -> None:
    inventory = given(Inventory, seeding, lot(10, withimportedbarcodes=True))

    assert inventory.barcode(ticket(1), None) is None
    when(inventory, knowing({"id": ticket(1), "barcode": "EXT-1"}))
    assert inventory.barcode(ticket(1), None) == "EXT-1"
    assert ContingentFields.defaults()["withimportedbarcodes"] is False


# -- what is known of them


def test_only_what_differs_is_recorded_of_a_ticket() -> None:
    known = {"id": ticket(1), "barcode": "A", "properties": {"row": 3}, "c_name": "An"}
    inventory = given(Inventory, lot(10), knowing(known))

    then(when(inventory, knowing(known, {"id": ticket(2), "barcode": None}, {"id": ticket(3)})))

    outcome = when(inventory, knowing(known | {"c_name": "Bo"}, {"id": ticket(2), "barcode": "B"}))
    changes = [{"id": ticket(1), "c_name": "Bo"}, {"id": ticket(2), "barcode": "B"}]
    before = [{"id": ticket(1), "c_name": "An"}, {"id": ticket(2), "barcode": None}]
    then(outcome, says(TicketsChanged, tickets=changes, before=before))
    assert inventory.state["tickets"] == {
        str(ticket(1)): {"barcode": "A", "properties": {"row": 3}, "c_name": "Bo"},
        str(ticket(2)): {"barcode": "B"},
    }


def test_null_forgets_what_was_known() -> None:
    known = {"id": ticket(1), "barcode": "A", "properties": {"row": 3}, "c_name": "An"}
    inventory = given(Inventory, lot(10), knowing(known))

    when(inventory, knowing({"id": ticket(1), "properties": None, "c_name": None}))

    assert inventory.state["tickets"][str(ticket(1))] == {"barcode": "A"}


@pytest.mark.parametrize("value", [0, False, "", []])
def test_what_is_known_of_a_ticket_may_be_anything_but_null(value: Any) -> None:
    inventory = given(Inventory, lot(10), knowing({"id": ticket(1), "c_a": 1}))

    when(inventory, knowing({"id": ticket(1), "c_a": value}))

    assert inventory.state["tickets"][str(ticket(1))] == {"c_a": value}
