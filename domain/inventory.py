"""The tickets of one Event: its contingents, and who holds which ticket. Its own stream, so
selling never contends with editing; it exists from the first contingent on.

What it knows is in `domain.stock`; locks and contingents have files of their own. Here tickets go
into orders and come back, and single ones have barcodes.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from domain import ranges
from domain.base import Cause, DomainEvent, State
from domain.contingents import fold_contingents
from domain.editing import Editing
from domain.errors import Invalid
from domain.holdings import lock_key
from domain.ranges import Ranges
from domain.stock import Line, fold_tickets, sold_out
from domain.tickets import (
    BarcodesSeeded,
    TicketsChanged,
    TicketsHandedOver,
    TicketsLapsed,
    TicketsReleased,
    TicketsSettled,
    TicketsTaken,
    barcode,
    contingent_of,
    first_ticket,
    last_ticket,
    movement,
)
from domain.values import same


class Piece(NamedTuple):
    """Neighbouring tickets that are held alike: `of` is a lock type, or a price type."""

    first: int
    last: int
    counter: str
    orderid: int | None
    of: int | None


class Inventory(Editing):
    # -- tickets of orders

    def pick(self, contingent_id: int, amount: int, but: Ranges) -> Ranges:
        """The lowest free tickets, made as they are taken where there is no fixed amount."""
        contingent, free = self.contingent(contingent_id), self.free(contingent_id)
        picked = ranges.lowest(ranges.remove(free, but) if but else free, amount)
        short = amount - ranges.count(picked)
        if not short:
            return picked
        if contingent["amount"] is not None:
            raise sold_out("contingent", amount, amount - short, contingentid=contingent_id)
        made = max([contingent["made"], *(last for _, last in but)])
        room = last_ticket(contingent_id) - made
        if room < short:
            left = amount - short + room
            raise sold_out("contingent", amount, left, contingentid=contingent_id)
        return ranges.add(picked, [[made + 1, made + short]])

    def take(
        self, order: int, root: int, moves: list[State], expiry: str | None, by: Cause
    ) -> None:
        """Into an order; what is taken was picked, or is free."""
        self.trigger(TicketsTaken, by, orderid=order, root=root, expiryts=expiry, moves=moves)

    def release(self, order: int, tickets: Ranges | None, expiry: str | None, by: Cause) -> None:
        """Gives back tickets of an order, or all of them."""
        if moves := [
            movement(of, price, counter, "free", found)
            for of, price, counter, found in self._lines_in(order, tickets)
        ]:
            self.trigger(TicketsReleased, by, orderid=order, expiryts=expiry, moves=moves)

    def lapse(self, order: int, due: str, by: Cause) -> None:
        if moves := [
            movement(of, price, counter, "free", found)
            for of, price, counter, found in self.lines(order)
        ]:
            self.trigger(TicketsLapsed, by, orderid=order, duets=due, moves=moves)

    def settle(self, order: int, counter_of: Callable[[int], str], by: Cause) -> None:
        """Brings the order's tickets to the counters that belong to their price types now."""
        if moves := [
            movement(of, price, counter, counter_of(price), found)
            for of, price, counter, found in self.lines(order)
            if counter != counter_of(price)
        ]:
            self.trigger(TicketsSettled, by, orderid=order, moves=moves)

    def hand_over(
        self, order: int, to: int, root: int, tickets: Ranges, expiry: str | None, by: Cause
    ) -> None:
        """Tickets of one order go to another, as they are."""
        if moves := [
            movement(of, price, counter, counter, found)
            for of, price, counter, found in self._lines_in(order, tickets)
        ]:
            self.trigger(
                TicketsHandedOver,
                by,
                orderid=order,
                toorderid=to,
                root=root,
                expiryts=expiry,
                moves=moves,
            )

    def _lines_in(self, order: int, tickets: Ranges | None) -> list[Line]:
        lines = self.lines(order)
        if tickets is None:
            return lines
        parts = [[*line[:3], ranges.common(line[3], tickets)] for line in lines]
        return [part for part in parts if part[3]]

    # -- single tickets

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
        known = self.state.get("tickets", {})
        anew = {str(ticket["id"]) for ticket in tickets if "barcode" in ticket}
        if not anew:
            return
        contingents, gone = self.state["contingents"], self.state.get("gone", {})
        taken = {said.get("barcode"): n for n, said in known.items() if n not in anew}
        for index, ticket in enumerate(tickets):
            holder = taken.get(ticket.get("barcode") or "")
            key = str(contingent_of(int(holder or 0)))
            if (
                holder
                and key in contingents
                and not ranges.contains(gone.get(key, []), int(holder))
            ):
                raise Invalid(f"{path}.{index}.barcode", f"ticket {holder} has that barcode")

    def pieces(self, contingent_id: int) -> list[Piece]:
        """All tickets of a contingent, in their order, as pieces that are held alike."""
        found = [Piece(first, last, "free", None, None) for first, last in self.free(contingent_id)]
        for key, locked in self.state.get("locks", {}).items():
            of, lock_type, counter = lock_key(key)
            if of == contingent_id:
                found += [Piece(first, last, counter, None, lock_type) for first, last in locked]
        for order, holding in self.state.get("orders", {}).items():
            for of, price_type, counter, tickets in holding["lines"]:
                if of == contingent_id:
                    held_by = int(order)
                    found += [Piece(a, b, counter, held_by, price_type) for a, b in tickets]
        return sorted(found)

    def change_tickets(self, tickets: list[State], by: Cause) -> None:
        """Barcodes, properties, custom fields; what is so already is not recorded."""
        known = self.state.get("tickets", {})
        changed = []
        for ticket in tickets:
            before = known.get(str(ticket["id"]), {})
            new = {n: v for n, v in ticket.items() if n != "id" and not same(before.get(n), v)}
            if new:
                changed.append({"id": ticket["id"], **new})
        if changed:
            self.trigger(TicketsChanged, by, tickets=changed)

    @property
    def seeded(self) -> bool:
        return "seed" in self.state

    def seed_barcodes(self, seed: str, by: Cause) -> None:
        """Once for ever: the barcodes that are out there are made from it."""
        self.trigger(BarcodesSeeded, by, seed=seed)

    def barcode(self, ticket: int, order: int | None) -> str | None:
        """The imported one, or one made from the secret of this Event."""
        imported = self.state.get("tickets", {}).get(str(ticket), {}).get("barcode")
        if imported is not None:
            return str(imported)
        contingent = self.state["contingents"][str(contingent_of(ticket))]
        if "seed" not in self.state or contingent["withimportedbarcodes"]:
            return None
        root = self.state["orders"][str(order)]["root"] if order else 0
        return barcode(self.state["seed"], ticket, root)


class CountedInventory(Inventory):
    """What readers of the past see of an Inventory: counters and single tickets, and not who holds
    which, which is most of the work of folding."""

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        fold_contingents(state, fact)
        fold_tickets(state, fact)
