"""Orders show what the Inventories know of their tickets: where that changes, so do they, in the
same save."""

from collections.abc import Sequence

from application.unit_of_work import UnitOfWork
from domain.inventory import Inventory
from domain.order import Order
from domain.tickets import TicketChange


def show_in_orders(work: UnitOfWork, inventory: Inventory, changes: Sequence[TicketChange]) -> None:
    """Each order that holds some of these tickets records what changed of them."""
    of: dict[int, list[TicketChange]] = {}
    for change in changes:
        if (order := inventory.holder(change["id"])) is not None:
            of.setdefault(order, []).append(change)
    for holder in work.load_all(Order, of):
        holder.show_changed(of[holder.number], work.metadata)
