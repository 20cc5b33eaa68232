"""The tickets of one Event: its contingents, and who holds which ticket. Its own stream, so
selling never contends with editing; it exists from the first contingent on.

What it knows is in `domain.stock`; locks, contingents and single tickets have files of their
own. Here tickets go into orders and come back.
"""

from collections.abc import Callable, Sequence
from typing import Self

from domain import ranges
from domain.base import CommandMetadata, CountedSnapshot, DomainEvent, State
from domain.contingents import fold_contingents
from domain.ranges import Ranges
from domain.single_tickets import SingleTickets
from domain.stock import Line, sold_out
from domain.tickets import (
    TicketsHandedOver,
    TicketsLapsed,
    TicketsReleased,
    TicketsRepriced,
    TicketsSettled,
    TicketsTaken,
    last_ticket,
    movement,
)


class Inventory(SingleTickets):
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
        self,
        order: int,
        root: int,
        moves: list[State],
        expiry: str | None,
        metadata: CommandMetadata,
    ) -> None:
        """Into an order; what is taken was picked, or is free."""
        self.trigger(TicketsTaken, metadata, orderid=order, root=root, expiryts=expiry, moves=moves)

    def release(
        self, order: int, tickets: Ranges | None, expiry: str | None, metadata: CommandMetadata
    ) -> None:
        """Gives back tickets of an order, or all of them."""
        if moves := [
            movement(of, price, counter, "free", found)
            for of, price, counter, found in self._lines_in(order, tickets)
        ]:
            self.trigger(TicketsReleased, metadata, orderid=order, expiryts=expiry, moves=moves)

    def lapse(self, order: int, due: str, metadata: CommandMetadata) -> None:
        if moves := [
            movement(of, price, counter, "free", found)
            for of, price, counter, found in self.lines(order)
        ]:
            self.trigger(TicketsLapsed, metadata, orderid=order, duets=due, moves=moves)

    def settle(
        self, order: int, counter_of: Callable[[int], str], metadata: CommandMetadata
    ) -> None:
        """Brings the order's tickets to the counters that belong to their price types now."""
        if moves := [
            movement(of, price, counter, counter_of(price), found)
            for of, price, counter, found in self.lines(order)
            if counter != counter_of(price)
        ]:
            self.trigger(TicketsSettled, metadata, orderid=order, moves=moves)

    def reprice(
        self,
        order: int,
        wanted: Sequence[tuple[int, Ranges]],
        counter_of: Callable[[int], str],
        expiry: str | None,
        metadata: CommandMetadata,
    ) -> None:
        """Tickets of an order get other price types, and stand where those belong."""
        if moves := [
            movement(of, price, counter, counter_of(to), found) | {"topricetypeid": to}
            for to, tickets in wanted
            for of, price, counter, found in self._lines_in(order, tickets)
        ]:
            self.trigger(TicketsRepriced, metadata, orderid=order, expiryts=expiry, moves=moves)

    def hand_over(
        self,
        order: int,
        to: int,
        root: int,
        tickets: Ranges,
        expiry: str | None,
        metadata: CommandMetadata,
    ) -> None:
        """Tickets of one order go to another, as they are."""
        if moves := [
            movement(of, price, counter, counter, found)
            for of, price, counter, found in self._lines_in(order, tickets)
        ]:
            self.trigger(
                TicketsHandedOver,
                metadata,
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


class CountedInventory(Inventory):
    """What readers of the past see of an Inventory: its contingents with their counters; nothing of
    single tickets, nor who holds which, which is most of the work of folding."""

    SNAPSHOT = CountedSnapshot
    KEPT = ("lastupdatets", "contingents", "edited", "priced", "removed", "version")

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        fold_contingents(state, fact)

    @classmethod
    def of(cls, inventory: Inventory) -> Self:
        """What is counted of an Inventory."""
        counted = cls(inventory.id)
        counted.version = inventory.version
        counted.state = {n: inventory.state[n] for n in cls.KEPT if n in inventory.state}
        return counted
