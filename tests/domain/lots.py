"""A lot of tickets, for the tests of the domain. Tickets are said by their places in the lot."""

from typing import Any

from domain.base import CommandMetadata, State
from domain.contingents import ContingentFields
from domain.errors import Invalid
from domain.inventory import Inventory
from domain.ranges import Ranges
from domain.tickets import PLACES, movement
from tests.spec import Command, at

LOT, OTHER = 98, 99
SEED = "5eed" * 8
DUE = at(1_200)
Place = int | tuple[int, int]


def ticket(place: int, lot: int = LOT) -> int:
    return lot * PLACES + place


def tickets(*places: Place, lot: int = LOT) -> Ranges:
    """`tickets((1, 3), 7)` are four."""
    ends = [place if isinstance(place, tuple) else (place, place) for place in places]
    return [[ticket(first, lot), ticket(last, lot)] for first, last in ends]


def move(
    source: str, target: str, *places: Place, price: int | None = None, lot: int = LOT
) -> State:
    return movement(lot, price, source, target, tickets(*places, lot=lot))


def counter(lock_type: int, path: str) -> str:
    """The two lock types that an account starts with."""
    if lock_type not in (1, 2):
        raise Invalid(path, f"there is no lock type {lock_type}")
    return "locked_hard" if lock_type == 1 else "locked_soft"


# -- commands


def seeding(inventory: Inventory, metadata: CommandMetadata) -> None:
    inventory.seed_barcodes(SEED, metadata)


def lot(amount: int | None = 10, number: int = LOT, **fields: Any) -> Command:
    body = ContingentFields(amount=amount, **fields)
    return lambda i, metadata: i.add_contingent(
        number, body, lock_counter=counter, metadata=metadata
    )


def changed(number: int = LOT, **fields: Any) -> Command:
    body = ContingentFields.model_validate(fields)
    return lambda i, metadata: i.change_contingent(
        number, body, lock_counter=counter, metadata=metadata
    )


def removed(number: int = LOT) -> Command:
    return lambda i, metadata: i.remove_contingent(number, metadata)


def locking(amount: int, lock_type: int = 1, number: int = LOT) -> Command:
    name = counter(lock_type, "")
    return lambda i, metadata: i.lock_amount(number, amount, lock_type, name, metadata)


def locking_these(*places: int, lock_type: int = 1) -> Command:
    named, name = [ticket(place) for place in places], counter(lock_type, "")
    return lambda i, metadata: i.lock_tickets(named, lock_type, name, metadata)


def unlocking(amount: int, lock_type: int | None = None, number: int = LOT) -> Command:
    return lambda i, metadata: i.unlock_amount(number, amount, lock_type, metadata, "amount")


def unlocking_these(*places: int, lock_type: int | None = None) -> Command:
    named = [ticket(place) for place in places]
    return lambda i, metadata: i.unlock_tickets(named, lock_type, metadata)


def taking(
    order: int,
    *places: Place,
    into: str = "reserved",
    price: int = 1,
    until: str | None = DUE,
    root: int | None = None,
    number: int = LOT,
) -> Command:
    """Confirmed orders take into another counter, until None."""
    moves = [move("free", into, *places, price=price, lot=number)]
    return lambda i, metadata: i.take(order, root or order, moves, until, metadata)


def giving_back(order: int, *places: Place, until: str | None = None) -> Command:
    """Some, or all when none is named."""
    found = tickets(*places) if places else None
    return lambda i, metadata: i.release(order, found, until, metadata)


def settling(order: int, into: str, **of_price: str) -> Command:
    """Brings all tickets of an order to a counter, those of a price type `_3` to another."""
    return lambda i, metadata: i.settle(
        order, lambda price: of_price.get(f"_{price}", into), metadata
    )


def handing_over(order: int, to: int, *places: Place, until: str | None = None) -> Command:
    return lambda i, metadata: i.hand_over(order, to, order, tickets(*places), until, metadata)


def lapsing(order: int, due: str = DUE) -> Command:
    return lambda i, metadata: i.lapse(order, due, metadata)


def reverting(past: State) -> Command:
    return lambda i, metadata: i.revert(past, metadata)


def all_at_once(*commands: Command) -> Command:
    def command(inventory: Inventory, metadata: CommandMetadata) -> None:
        for one in commands:
            one(inventory, metadata)

    return command


# -- what is so


def counters(inventory: Inventory, number: int = LOT) -> dict[str, int]:
    """Those that are not 0, but `total`."""
    counted = inventory.contingent(number)["counters"]
    return {name: n for name, n in counted.items() if n and name != "total"}


def total(inventory: Inventory, number: int = LOT) -> int:
    return int(inventory.contingent(number)["counters"]["total"])
