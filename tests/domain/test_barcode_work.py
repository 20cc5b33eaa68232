"""What looking up a barcode costs does not grow with the tickets of the Event, but once."""

from typing import Any
from unittest.mock import patch

import pytest

from domain import barcodes, single_tickets
from domain.base import State
from domain.errors import Invalid, TooBusy
from domain.inventory import Inventory
from domain.tickets import digest
from tests.domain.lots import (
    LOT,
    giving_back,
    handing_over,
    lot,
    removed,
    seeding,
    settling,
    taking,
    ticket,
)
from tests.spec import Command, given, metadata

COUNT = 50


class CountedTickets(dict[str, Any]):
    """What is known of tickets, and how often it was gone through."""

    walks = 0

    def items(self) -> Any:
        self.walks += 1
        return super().items()


def sold(count: int = COUNT) -> Inventory:
    """Orders of one ticket each."""
    orders = [c for n in range(1, count + 1) for c in (taking(n, n), settling(n, "sold_paid"))]
    return given(Inventory, lot(1_000), seeding, *orders)


def giving(place: int, code: str | None, lot: int = LOT) -> Command:
    """A barcode, as the command does it."""
    named: list[State] = [{"id": ticket(place, lot), "barcode": code}]

    def command(inventory: Inventory, cause: Any) -> None:
        inventory.require_barcodes(named, "tickets")
        inventory.change_tickets(named, cause)

    return command


def code_of(inventory: Inventory, place: int, order: int | None = None) -> str:
    code = inventory.barcode(ticket(place), order or place)
    assert code
    return code


def test_each_barcode_is_made_once_whoever_asks() -> None:
    inventory = sold()
    codes = [code_of(inventory, place) for place in (1, 7, COUNT)]

    with patch.object(barcodes, "digest", wraps=digest) as made:
        found = [inventory.with_barcode(code) for code in codes]
        unknown = [inventory.with_barcode(code) for code in ("A" * 16, "B" * 16, "A-1")]

    assert found == [ticket(1), ticket(7), ticket(COUNT)]
    assert unknown == [None, None, None]
    assert made.call_count == COUNT


def test_what_is_taken_later_is_made_alone() -> None:
    inventory = sold()
    inventory.with_barcode("A" * 16)
    taking(99, 99)(inventory, metadata())

    with patch.object(barcodes, "digest", wraps=digest) as made:
        assert inventory.with_barcode(code_of(inventory, 99)) == ticket(99)

    assert made.call_count == 1


def test_barcodes_are_made_some_at_a_time_where_that_is_asked_for() -> None:
    inventory = given(Inventory, lot(100), seeding, taking(1, (1, 25)))
    code, left = code_of(inventory, 25, order=1), []

    for _ in range(2):
        with pytest.raises(TooBusy) as unmade:
            inventory.with_barcode(code, most=10)
        left.append(unmade.value.details["left"])

    assert left == [15, 5]
    assert inventory.with_barcode(code, most=10) == ticket(25)


def test_a_barcode_that_was_made_for_an_earlier_buyer_is_of_no_ticket() -> None:
    inventory = sold(2)
    old = code_of(inventory, 1)
    assert inventory.with_barcode(old) == ticket(1)

    giving_back(1)(inventory, metadata())
    taking(3, 1)(inventory, metadata())

    assert inventory.with_barcode(old) is None
    assert inventory.with_barcode(code_of(inventory, 1, order=3)) == ticket(1)


def test_a_ticket_that_was_split_off_keeps_its_barcode() -> None:
    inventory = given(Inventory, lot(10), seeding, taking(1, (1, 2)))
    code = code_of(inventory, 2, order=1)

    handing_over(1, 2, 2)(inventory, metadata())

    assert inventory.with_barcode(code) == ticket(2)


def test_imported_barcodes_are_gone_through_once() -> None:
    inventory = sold()
    for place in range(1, COUNT + 1):
        giving(place, f"A-{place}")(inventory, metadata())
    again = given(Inventory, *[])
    again.state = {**inventory.state, "tickets": CountedTickets(inventory.state["tickets"])}

    found = [again.with_barcode(f"A-{place}") for place in range(COUNT + 2)]
    with pytest.raises(Invalid, match="has that barcode"):
        again.require_barcodes([{"id": ticket(1), "barcode": "A-2"}], "tickets")

    assert found == [None, *(ticket(place) for place in range(1, COUNT + 1)), None]
    assert again.state["tickets"].walks == 1


def test_a_barcode_moves_from_one_ticket_to_another() -> None:
    inventory = given(Inventory, lot(10), seeding, taking(1, (1, 2)), giving(1, "A-1"))
    assert inventory.with_barcode("A-1") == ticket(1)

    giving(1, None)(inventory, metadata())
    giving(2, "A-1")(inventory, metadata())

    assert inventory.with_barcode("A-1") == ticket(2)


def test_a_barcode_of_a_contingent_that_is_gone_may_be_given_again() -> None:
    inventory = given(Inventory, lot(10), lot(10, 99), giving(1, "A-1", lot=99), removed(99))

    giving(1, "A-1")(inventory, metadata())

    assert inventory.with_barcode("A-1") == ticket(1)


def test_an_event_keeps_what_is_known_of_so_many_tickets() -> None:
    inventory = given(Inventory, lot(10), giving(1, "A-1"))

    with patch.object(single_tickets, "MAX_KNOWN", 2):
        giving(2, "A-2")(inventory, metadata())
        giving(2, "A-3")(inventory, metadata())
        with pytest.raises(Invalid, match="at most 2 tickets"):
            giving(3, "A-4")(inventory, metadata())
