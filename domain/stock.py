"""What an Inventory knows: its contingents, and which of their tickets are free, locked, or held by
which order. What may happen to it stands on top, a file each:

    Inventory ──▶ SingleTickets ──▶ Editing ──▶ Locking ──▶ Stock
    orders        barcodes,         contingents    tickets out    what is so
    take tickets  doors             come and go    of sale
"""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from domain import ranges
from domain.base import Aggregate, AnyFact, DomainEvent, State
from domain.contingents import fold_contingents
from domain.errors import Invalid, NotFound, SoldOut, TicketNotFree
from domain.holdings import fold_holdings
from domain.ids import Kind
from domain.ranges import Ranges
from domain.tickets import (
    NEVER_SCANNED,
    BarcodesSeeded,
    TicketsChanged,
    TicketsHandedOver,
    TicketsLapsed,
    TicketsReleased,
    TicketsScanned,
    TicketsTaken,
    contingent_of,
    scanned,
)
from domain.wording import counted

NEVER = "9999"
Line = list[Any]
"""What an order holds: `[contingentid, pricetypeid, counter, ranges]`."""


class Stock(Aggregate):
    """`state["contingents"]` holds fields and counters of each, by id; beside it

    free      ranges of tickets by contingent
    gone      those that an amount was shrunk by: a ticket is never made twice
    locks     ranges by "contingent.lock type.counter"
    orders    `{"root", "lines"}` by order
    baskets   until when an unconfirmed order holds its tickets, by order
    priced    how many tickets orders hold at a price of a contingent, by `price_key`
    tickets   barcode, properties and custom fields of the tickets that have some, by id
    scans     how the tickets that came to a door last went through it, by id
    """

    KIND = Kind.INVENTORY
    SHAPE = 3

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self._soonest = ""

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        fold_holdings(state, fact)
        fold_contingents(state, fact)
        fold_tickets(state, fact)
        if isinstance(fact, BarcodesSeeded):
            state["seed"] = fact.seed

    def apply(self, fact: AnyFact) -> None:
        super().apply(fact)
        if isinstance(fact, TicketsTaken | TicketsReleased | TicketsHandedOver) and fact.expiryts:
            self._soonest = min(self._soonest, fact.expiryts)

    # -- what it is now

    def contingents(self, *, seated: bool | None = None) -> list[State]:
        listed = self.state.get("contingents", {}).values()
        return [c for c in listed if seated is None or c["seated"] == seated]

    def contingent(self, contingent_id: int, path: str = "contingentid") -> State:
        try:
            found: State = self.state["contingents"][str(contingent_id)]
        except KeyError:
            message = f"Event {self.number} has no contingent {contingent_id}"
            raise Invalid(path, message) from None
        return found

    def require_contingent(self, contingent_id: int) -> None:
        if str(contingent_id) not in self.state.get("contingents", {}):
            message = f"Event {self.number} has no contingent {contingent_id}"
            raise NotFound(message, id=contingent_id)

    def free(self, contingent_id: int) -> Ranges:
        return cast("Ranges", self.state.get("free", {}).get(str(contingent_id), []))

    def lines(self, order: int) -> list[Line]:
        """What an order holds of this Event."""
        holding = self.state.get("orders", {}).get(str(order))
        return holding["lines"] if holding else []

    def count(self, *counters: str) -> int:
        """So many tickets of all contingents together are in these states."""
        return sum(c["counters"][name] for c in self.contingents() for name in counters)

    def due(self, now: str) -> list[int]:
        """The unconfirmed orders that were to be confirmed by now, the longest due first. An
        order may have been given more time meanwhile: it knows."""
        if now < self._soonest:
            return []
        baskets = self.state.get("baskets", {})
        found = sorted((expiry, int(order)) for order, expiry in baskets.items() if expiry <= now)
        if not found:
            self._soonest = min(baskets.values(), default=NEVER)
        return [order for _, order in found]

    def unpaid(self) -> list[int]:
        """The orders that hold tickets which are sold and not paid."""
        return [
            int(order)
            for order, holding in self.state.get("orders", {}).items()
            if any(line[2] == "sold_unpaid" for line in holding["lines"])
        ]

    def require_free(self, tickets: Sequence[int], path: str = "tickets") -> None:
        for ticket in tickets:
            self.contingent(contingent_of(ticket), path)
            if not ranges.contains(self.free(contingent_of(ticket)), ticket):
                message = f"ticket {ticket} of Event {self.number} is not free"
                raise TicketNotFree(message, ticketid=ticket)


def fold_tickets(state: State, fact: DomainEvent) -> None:
    """What is known of single tickets. Whoever buys one that was given back was never inside."""
    match fact:
        case TicketsChanged():
            tickets = state.setdefault("tickets", {})
            for ticket in fact.tickets:
                key = str(ticket["id"])
                known = {**tickets.get(key, {}), **ticket}
                tickets[key] = {n: v for n, v in known.items() if v is not None and n != "id"}
        case TicketsScanned():
            scans = state.setdefault("scans", {})
            for number in fact.tickets:
                key = str(number)
                scans[key] = scans.get(key, NEVER_SCANNED) | scanned(fact)
        case TicketsReleased() | TicketsLapsed() if scans := state.get("scans"):
            for move in fact.moves:
                for number in ranges.numbers(move["tickets"]):
                    scans.pop(str(number), None)


def sold_out(limit: str, asked: int, left: int, **details: Any) -> SoldOut:
    """Says what is left of the limit that is in the way."""
    message = f"{counted(asked, 'ticket')} asked for, {left} left ({limit})"
    return SoldOut(message, limit=limit, asked=asked, left=left, **details)
