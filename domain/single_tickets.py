"""Single tickets of an Event: barcodes, what is known of each, the doors that it went through."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, cast
from uuid import UUID

from domain import ranges
from domain.barcodes import ALL, Barcodes, decoded
from domain.base import AnyFact, CommandMetadata, State
from domain.contingents import SOLD
from domain.editing import Editing
from domain.errors import Invalid, NotAdmitted, TooBusy
from domain.holdings import lock_key
from domain.tickets import (
    IN,
    NEVER_SCANNED,
    BarcodesSeeded,
    TicketChange,
    TicketsChanged,
    TicketsHandedOver,
    TicketsScanned,
    TicketsTaken,
    barcode,
    contingent_of,
    first_ticket,
)
from domain.values import same

MAX_KNOWN = 100_000
"""Tickets of an Event with a barcode, properties or custom fields of their own."""


class TicketRange(NamedTuple):
    """Neighbouring tickets that are held alike: `of` is a lock type, or a price type."""

    first: int
    last: int
    counter: str
    orderid: int | None
    of: int | None


class SingleTickets(Editing):
    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self._codes = Barcodes()
        self._holders: dict[int, int] = {}
        """The orders that tickets were last seen in, once that was asked for."""

    def apply(self, fact: AnyFact) -> None:
        super().apply(fact)
        if isinstance(fact, TicketsTaken | TicketsHandedOver):
            self._codes.taken(fact.root, fact.moves)
            order = fact.orderid if isinstance(fact, TicketsTaken) else fact.toorderid
            for move in fact.moves if self._holders else ():
                self._holders.update(dict.fromkeys(ranges.numbers(move["tickets"]), order))
        elif isinstance(fact, TicketsChanged):
            self._codes.changed(fact)

    def require_tickets(self, tickets: Sequence[int], path: str) -> None:
        """Refuses unless each of them was made and is still there."""
        contingents, gone = self.state.get("contingents", {}), self.state.get("gone", {})
        for index, ticket in enumerate(tickets):
            key = str(contingent_of(ticket))
            made = contingents[key]["made"] if key in contingents else 0
            first = first_ticket(contingent_of(ticket))
            if not first <= ticket <= made or ranges.contains(gone.get(key, []), ticket):
                raise Invalid(f"{path}.{index}", f"Event {self.number} has no ticket {ticket}")

    def require_barcodes(self, tickets: Sequence[State], path: str) -> None:
        """Refuses a barcode that another ticket has: a door lets one in by each."""
        anew = {ticket["id"] for ticket in tickets if "barcode" in ticket}
        for index, ticket in enumerate(tickets):
            if code := ticket.get("barcode"):
                holder = self._with_imported(code, but=anew)
                if holder is not None:
                    raise Invalid(f"{path}.{index}.barcode", f"ticket {holder} has that barcode")

    def _with_imported(self, code: str, but: Collection[int] = ()) -> int | None:
        """The ticket that was given this barcode and is still there, if it is none of these."""
        contingents, gone = self.state.get("contingents", {}), self.state.get("gone", {})
        for ticket in self._codes.imported(self.state, code):
            key = str(contingent_of(ticket))
            there = key in contingents and not ranges.contains(gone.get(key, []), ticket)
            if there and ticket not in but and self.imported(ticket) == code:
                return ticket
        return None

    def pieces(self, contingent_id: int) -> list[TicketRange]:
        """All tickets of a contingent, in their order, as pieces that are held alike."""
        found = [
            TicketRange(first, last, "free", None, None) for first, last in self.free(contingent_id)
        ]
        for key, locked in self.state.get("locks", {}).items():
            of, lock_type, counter = lock_key(key)
            if of == contingent_id:
                found += [
                    TicketRange(first, last, counter, None, lock_type) for first, last in locked
                ]
        for order, holding in self.state.get("orders", {}).items():
            for of, price_type, counter, tickets in holding["lines"]:
                if of == contingent_id:
                    held_by = int(order)
                    found += [TicketRange(a, b, counter, held_by, price_type) for a, b in tickets]
        return sorted(found)

    def change_tickets(self, tickets: list[State], metadata: CommandMetadata) -> list[TicketChange]:
        """Barcodes, properties, custom fields; what is so already is not recorded. A barcode that
        was made here and is sent back stays one that changes with its buyer."""
        known = self.state.get("tickets", {})
        codes = {
            ticket["id"]: self.barcode(ticket["id"], self.holder(ticket["id"]))
            for ticket in tickets
            if decoded(ticket.get("barcode") or "")
        }
        changed, earlier = [], []
        for ticket in tickets:
            before = known.get(str(ticket["id"]), {})
            new = {n: v for n, v in ticket.items() if n != "id" and not same(before.get(n), v)}
            if new.get("barcode") and new["barcode"] == codes.get(ticket["id"]):
                del new["barcode"]
            if not before.get("properties") and not new.get("properties"):
                new.pop("properties", None)
            if new:
                changed.append({"id": ticket["id"], **new})
                earlier.append({"id": ticket["id"], **{n: before.get(n) for n in new}})
        if not changed:
            return []
        more = sum(str(ticket["id"]) not in known for ticket in changed)
        if len(known) + more > MAX_KNOWN:
            message = f"an Event keeps what is known of at most {MAX_KNOWN:,} tickets"
            raise Invalid("tickets", message)
        before = [self.known(ticket["id"]) for ticket in changed]
        self.trigger(TicketsChanged, metadata, tickets=changed, before=earlier)
        return [self._difference(one["id"], was) for one, was in zip(changed, before, strict=True)]

    def known(self, ticket: int) -> State:
        """What is known of a ticket beside who holds it."""
        known = self.state.get("tickets", {}).get(str(ticket), {})
        return {"seatrankid": None, "properties": {}, **self.scan_of(ticket), **known}

    def _difference(self, ticket: int, before: State) -> TicketChange:
        after = self.known(ticket)
        names = [n for n in {**before, **after} if not same(before.get(n), after.get(n))]
        was, now = ({n: state.get(n) for n in names} for state in (before, after))
        return cast("TicketChange", {"id": ticket, "before": was, "after": now})

    def holder(self, ticket: int) -> int | None:
        """The order that holds it: looked up, for orders are too many to look through at a door."""
        if not self._in_order(self._holders.get(ticket), ticket):
            elsewhere = [self.free(contingent_of(ticket)), *self.state.get("locks", {}).values()]
            if any(ranges.contains(some, ticket) for some in elsewhere):
                return None
            self._holders = {
                number: int(order)
                for order, held in self.state.get("orders", {}).items()
                for line in held["lines"]
                for number in ranges.numbers(line[3])
            }
        return self._holders.get(ticket)

    def _in_order(self, order: int | None, ticket: int) -> bool:
        return order is not None and any(
            ranges.contains(line[3], ticket) for line in self.lines(order)
        )

    @property
    def seeded(self) -> bool:
        return "seed" in self.state

    def seed_barcodes(self, seed: str, metadata: CommandMetadata) -> None:
        """Once for ever: the barcodes that are out there are made from it."""
        self.trigger(BarcodesSeeded, metadata, seed=seed)

    def barcode(self, ticket: int, order: int | None) -> str | None:
        """The imported one, or one made from the secret of this Event."""
        if (imported := self.imported(ticket)) is not None:
            return imported
        contingent = self.state["contingents"][str(contingent_of(ticket))]
        if "seed" not in self.state or contingent["withimportedbarcodes"]:
            return None
        root = self.state["orders"][str(order)]["root"] if order else 0
        return barcode(self.state["seed"], ticket, root)

    def imported(self, ticket: int) -> str | None:
        """The barcode that it was given."""
        code = self.state.get("tickets", {}).get(str(ticket), {}).get("barcode")
        return None if code is None else str(code)

    # -- doors

    def scan_of(self, ticket: int) -> State:
        """How it last went through a door."""
        found: State = self.state.get("scans", {}).get(str(ticket), NEVER_SCANNED)
        return found

    def inside(self, contingents: Sequence[int] = ()) -> list[int]:
        """The tickets that went in and not out again; of these contingents, or of all."""
        return sorted(
            int(ticket)
            for ticket, scan in self.state.get("scans", {}).items()
            if scan["accesscontrolstatus"] == IN
            and (not contingents or contingent_of(int(ticket)) in contingents)
        )

    def scan(
        self, tickets: Sequence[int], way: str, device: int | None, metadata: CommandMetadata
    ) -> list[TicketChange]:
        """In or out, all of them or none: what goes in was sold, and is not inside already."""
        sold = self._sold(tickets) if way == "in" else set()
        for ticket in tickets:
            inside = self.scan_of(ticket)["accesscontrolstatus"] == IN
            if way == "out" and not inside:
                raise NotAdmitted(f"ticket {ticket} is not inside", ticketid=ticket, why="outside")
            if way == "in" and inside:
                raise NotAdmitted(f"ticket {ticket} is inside", ticketid=ticket, why="inside")
            if way == "in" and ticket not in sold:
                raise NotAdmitted(f"ticket {ticket} is not sold", ticketid=ticket, why="notsold")
        if not tickets:
            return []
        before = [self.known(ticket) for ticket in tickets]
        self.trigger(
            TicketsScanned,
            metadata,
            tickets=list(tickets),
            direction=way,
            scandeviceid=device,
            before=[self.scan_of(ticket) for ticket in tickets],
        )
        return [self._difference(one, was) for one, was in zip(tickets, before, strict=True)]

    def _sold(self, tickets: Sequence[int]) -> set[int]:
        """Those of them that are neither free, nor locked, nor in a basket: of what is sold there
        is too much to look through at a door."""
        baskets = (line for order in self.state.get("baskets", {}) for line in self.lines(order))
        unsold = [line[3] for line in baskets if line[2] not in SOLD]
        unsold += self.state.get("locks", {}).values()
        unsold += self.state.get("free", {}).values()
        return {n for n in tickets if not any(ranges.contains(held, n) for held in unsold)}

    def with_barcode(self, code: str, most: int = ALL) -> int | None:
        """The ticket that has it now: one that was given back has another by then. `TooBusy` after
        making the barcodes of so many tickets, when there are more that it could be of."""
        ticket = self._with_imported(code)
        if ticket is not None or not decoded(code):
            return ticket
        ticket = self._codes.generated(code)
        if ticket is None and (left := self._codes.learn(self.state, most)):
            message = "The barcodes of this Event are being made: try again"
            raise TooBusy(message, limit="barcodes", left=left)
        ticket = ticket or self._codes.generated(code)
        order = None if ticket is None else self.holder(ticket)
        if ticket is None or order is None or self.barcode(ticket, order) != code:
            return None
        return ticket
