"""The contingents of an Event name so many dates in all, and no more."""

import pytest

from domain.contingents import MAX_DATES_NAMED
from domain.errors import Invalid
from domain.ids import Kind, guid
from domain.inventory import Inventory
from tests.domain.lots import OTHER, changed, lot
from tests.spec import metadata

MANY = list(range(1, 10_001))


def with_all_dates_but(count: int) -> Inventory:
    """An Event whose contingents name as many dates as they may, but so many."""
    inventory = Inventory(guid(1, Kind.INVENTORY, 125))
    for number in range(MAX_DATES_NAMED // len(MANY)):
        lot(number=1_000 + number, dateids=MANY[count:] if number == 0 else MANY)(
            inventory, metadata()
        )
    lot(number=OTHER)(inventory, metadata())
    return inventory


def test_the_last_date_is_taken() -> None:
    inventory = with_all_dates_but(2)

    changed(OTHER, dateids=[1, 2])(inventory, metadata())

    assert inventory.contingent(OTHER)["dateids"] == [1, 2]


@pytest.mark.parametrize("command", [lot(dateids=[1, 2, 3]), changed(OTHER, dateids=[1, 2, 3])])
def test_one_too_many_is_refused_with_the_limit(command: object) -> None:
    inventory = with_all_dates_but(2)
    version = inventory.version

    with pytest.raises(Invalid, match="at most 100,000 dates in all") as refusal:
        command(inventory, metadata())  # type: ignore[operator]

    assert refusal.value.details["errors"][0]["path"] == "dateids"
    assert inventory.version == version


def test_a_contingent_that_names_fewer_dates_makes_room() -> None:
    inventory = with_all_dates_but(0)

    changed(1_000, dateids=[1])(inventory, metadata())
    changed(OTHER, dateids=MANY[1:])(inventory, metadata())
