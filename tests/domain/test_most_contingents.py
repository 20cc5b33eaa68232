"""An Event has no more contingents than one body may name, by whichever way they come."""

import pytest

from domain.base import CommandMetadata
from domain.contingents import MAX_CONTINGENTS, ContingentAdded
from domain.errors import Invalid
from domain.ids import Kind, guid
from domain.inventory import Inventory


def with_contingents(count: int) -> Inventory:
    inventory = Inventory(guid(1, Kind.INVENTORY, 125))
    metadata = CommandMetadata("desk", "2027-01-01T00:00:00.000000Z", correlation="c")
    for number in range(1, count + 1):
        inventory.trigger(ContingentAdded, metadata, contingentid=number, seated=False, fields={})
    return inventory


def test_an_event_takes_its_last_contingent() -> None:
    with_contingents(MAX_CONTINGENTS - 1).require_room_for_one()


def test_one_contingent_too_many_is_refused_with_the_limit() -> None:
    with pytest.raises(Invalid, match="at most 500 contingents"):
        with_contingents(MAX_CONTINGENTS).require_room_for_one()
