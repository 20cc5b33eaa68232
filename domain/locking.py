"""Locks: tickets kept out of sale, these very ones or so many of a contingent."""

from collections.abc import Callable, Mapping, Sequence

from domain import ranges
from domain.base import CommandMetadata, State
from domain.errors import Invalid
from domain.holdings import lock_key
from domain.ranges import Ranges
from domain.stock import Stock, sold_out
from domain.tickets import (
    TicketsLocked,
    TicketsUnlocked,
    contingent_of,
    movement,
)


class Locking(Stock):
    def lock_amount(
        self,
        contingent_id: int,
        amount: int,
        lock_type: int,
        counter: str,
        metadata: CommandMetadata,
    ) -> Ranges:
        """Locks so many of the highest free tickets: buyers get the lowest."""
        contingent, free = self.contingent(contingent_id), self.free(contingent_id)
        left = contingent["counters"]["free"]
        if amount > left:
            raise sold_out("contingent", amount, left, contingentid=contingent_id)
        return self._lock(
            {contingent_id: ranges.highest(free, amount)}, lock_type, counter, metadata
        )

    def lock_tickets(
        self, tickets: Sequence[int], lock_type: int, counter: str, metadata: CommandMetadata
    ) -> Ranges:
        self.require_free(tickets)
        return self._lock(_by_contingent(ranges.of(tickets)), lock_type, counter, metadata)

    def unlock_amount(
        self,
        contingent_id: int,
        amount: int,
        lock_type: int | None,
        metadata: CommandMetadata,
        path: str,
    ) -> Ranges:
        """Unlocks so many tickets of a lock type, or of any, the lowest first."""
        moves: dict[int, list[State]] = {}
        left = amount
        for key, locked in self.state.get("locks", {}).items():
            of, type_, counter = lock_key(key)
            if of == contingent_id and lock_type in (None, type_) and left:
                found = ranges.lowest(locked, left)
                left -= ranges.count(found)
                moves.setdefault(type_, []).append(movement(of, None, counter, "free", found))
        if left:
            message = f"only {amount - left} tickets of contingent {contingent_id} are locked so"
            raise Invalid(path, message)
        return self._unlock(moves, metadata)

    def unlock_tickets(
        self, tickets: Sequence[int], lock_type: int | None, metadata: CommandMetadata
    ) -> Ranges:
        left, moves = ranges.of(tickets), dict[int, list[State]]()
        for key, locked in self.state.get("locks", {}).items():
            of, type_, counter = lock_key(key)
            found = ranges.common(locked, left) if lock_type in (None, type_) else []
            if found:
                left = ranges.remove(left, found)
                moves.setdefault(type_, []).append(movement(of, None, counter, "free", found))
        if left:
            raise Invalid("tickets", f"ticket {left[0][0]} is not locked")
        return self._unlock(moves, metadata)

    def _lock(
        self, tickets: Mapping[int, Ranges], lock_type: int, counter: str, metadata: CommandMetadata
    ) -> Ranges:
        moves = [movement(of, None, "free", counter, found) for of, found in tickets.items()]
        self.trigger(TicketsLocked, metadata, locktypeid=lock_type, moves=moves)
        return ranges.union(move["tickets"] for move in moves)

    def _unlock(self, moves: Mapping[int, list[State]], metadata: CommandMetadata) -> Ranges:
        for lock_type, of_type in moves.items():
            self.trigger(TicketsUnlocked, metadata, locktypeid=lock_type, moves=of_type)
        return ranges.union(move["tickets"] for of_type in moves.values() for move in of_type)

    def _count_locks(
        self,
        contingent_id: int,
        wanted: Sequence[State],
        lock_counter: Callable[[int, str], str],
        metadata: CommandMetadata,
        path: str,
    ) -> None:
        """Locks more until each lock type counts what is wanted."""
        locked = self.contingent(contingent_id)["locked"]
        for index, lock in enumerate(wanted):
            more = lock["amount"] - locked.get(str(lock["locktypeid"]), 0)
            if more > 0:
                counter = lock_counter(lock["locktypeid"], f"{path}locks.{index}.locktypeid")
                self.lock_amount(contingent_id, more, lock["locktypeid"], counter, metadata)


def _by_contingent(tickets: Ranges) -> dict[int, Ranges]:
    found: dict[int, Ranges] = {}
    for first, last in tickets:
        found.setdefault(contingent_of(first), []).append([first, last])
    return found
