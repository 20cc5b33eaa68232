"""Commands on single tickets at the doors of an Event, and on the ranks of their seats."""

from collections.abc import Sequence

from application.catalog import item
from application.held_tickets import show_in_orders
from application.unit_of_work import UnitOfWork
from domain.barcodes import ALL
from domain.errors import Invalid, NotAdmitted
from domain.event import Event
from domain.inventory import Inventory
from domain.seating import SeatRank
from domain.taking import Scan


def scan_tickets(
    work: UnitOfWork, number: int, body: Scan, most: int = ALL
) -> tuple[Inventory, list[int]]:
    """In or out, all of them or none. Returns the tickets, too. `TooBusy` with how much is `left`
    after making so many barcodes: who asks again goes on with the next ones."""
    inventory = _inventory(work, number)
    tickets = body.tickets
    if tickets is None:
        tickets = [_with_barcode(inventory, code, most) for code in body.barcodes or ()]
    inventory.require_tickets(tickets, "tickets")
    passed = inventory.scan(tickets, body.direction, body.scandeviceid, work.metadata)
    show_in_orders(work, inventory, passed)
    return inventory, tickets


def scan_out(
    work: UnitOfWork, number: int, contingents: Sequence[int], most: int = ALL
) -> list[int]:
    """So many that are inside, of these contingents or of all. Returns the tickets."""
    inventory = _inventory(work, number)
    for index, contingent in enumerate(contingents):
        inventory.contingent(contingent, f"tickettypeids.{index}")
    tickets = inventory.inside(contingents)[:most]
    show_in_orders(work, inventory, inventory.scan(tickets, "out", None, work.metadata))
    return tickets


def rank_tickets(
    work: UnitOfWork, number: int, seatrankid: int | None, tickets: Sequence[int]
) -> int:
    """The rank of their seats; None is none. Of an Active Event only. Returns how many."""
    work.load(Event, number).require().require_active()
    inventory = work.load(Inventory, number)
    if seatrankid is not None:
        rank = item(work, SeatRank, seatrankid)
        if rank.version == 0 or rank.archived:
            raise Invalid("seatrankid", f"there is no seat rank {seatrankid}")
    inventory.require_tickets(tickets, "ticketids")
    ranked = [{"id": ticket, "seatrankid": seatrankid} for ticket in tickets]
    show_in_orders(work, inventory, inventory.change_tickets(ranked, work.metadata))
    return len(tickets)


def _inventory(work: UnitOfWork, number: int) -> Inventory:
    work.load(Event, number).require()
    return work.load(Inventory, number)


def _with_barcode(inventory: Inventory, code: str, most: int) -> int:
    ticket = inventory.with_barcode(code, most)
    if ticket is None:
        message = "no ticket of this Event has that barcode"
        raise NotAdmitted(message, barcode=code, why="unknown")
    return ticket
