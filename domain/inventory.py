"""The tickets of one Event: its contingents, and who holds which ticket. Its own stream, so
selling never contends with editing; it exists from the first contingent on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

from domain import ranges
from domain.base import Aggregate, AnyFact, Cause, DomainEvent, State
from domain.contingents import (
    BOOKKEEPING,
    ContingentAdded,
    ContingentChanged,
    ContingentFields,
    ContingentRemoved,
    fold_contingents,
    growth,
    in_use,
    made_before,
)
from domain.errors import Invalid, NotFound, SoldOut, TicketNotFree, TicketsInUse
from domain.holdings import fold_holdings, lock_key
from domain.ids import Kind
from domain.ranges import Ranges
from domain.tickets import (
    BarcodesSeeded,
    TicketsChanged,
    TicketsHandedOver,
    TicketsLapsed,
    TicketsLocked,
    TicketsReleased,
    TicketsSettled,
    TicketsTaken,
    TicketsUnlocked,
    barcode,
    contingent_of,
    first_ticket,
    last_ticket,
    movement,
)
from domain.values import same

NEVER = "9999"
Line = list[Any]
"""What an order holds: `[contingentid, pricetypeid, counter, ranges]`."""


class Piece(NamedTuple):
    """Neighbouring tickets that are held alike: `of` is a lock type, or a price type."""

    first: int
    last: int
    counter: str
    orderid: int | None
    of: int | None


class Inventory(Aggregate):
    """`state["contingents"]` holds fields and counters of each, by id; beside it

    free      ranges of tickets by contingent
    gone      those that an amount was shrunk by: a ticket is never made twice
    locks     ranges by "contingent.lock type.counter"
    orders    `{"root", "lines"}` by order
    baskets   until when an unconfirmed order holds its tickets, by order
    priced    how many tickets orders hold at a price of a contingent, by `price_key`
    tickets   barcode, properties and custom fields of the tickets that have some, by id
    """

    KIND = Kind.INVENTORY
    SHAPE = 2

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

    # -- contingents

    def set_contingents(
        self,
        wanted: Sequence[ContingentFields],
        *,
        seated: bool,
        new_id: Callable[[], int],
        lock_counter: Callable[[int, str], str],
        by: Cause,
    ) -> None:
        """Makes the contingents of one sort exactly these: by id changed, the others added,
        what is not named removed. `lock_counter` gives the counter of a lock type."""
        path = "seated_contingents" if seated else "contingents"
        current = {c["id"]: c for c in self.contingents(seated=seated)}
        named = [c.id for c in wanted if c.id is not None]
        for index, contingent in enumerate(wanted):
            if contingent.id is not None and contingent.id not in current:
                raise Invalid(f"{path}.{index}.id", "no such contingent in this Event")
        if len(set(named)) < len(named):
            raise Invalid(path, "expected each id at most once")
        for gone in sorted(current.keys() - set(named)):
            self.remove_contingent(gone, by)
        for index, contingent in enumerate(wanted):
            where = f"{path}.{index}."
            if contingent.id is None:
                self.add_contingent(
                    new_id(),
                    contingent,
                    seated=seated,
                    lock_counter=lock_counter,
                    by=by,
                    path=where,
                )
            else:
                self.change_contingent(
                    contingent.id, contingent, lock_counter=lock_counter, by=by, path=where
                )

    def add_contingent(
        self,
        contingent_id: int,
        fields: ContingentFields,
        *,
        lock_counter: Callable[[int, str], str],
        by: Cause,
        seated: bool = False,
        path: str = "",
    ) -> None:
        patch = fields.patch()
        patch.pop("id", None)
        locks = patch.pop("locks", [])
        self.trigger(ContingentAdded, by, contingentid=contingent_id, seated=seated, fields=patch)
        self._count_locks(contingent_id, locks, lock_counter, by, path)

    def change_contingent(
        self,
        contingent_id: int,
        fields: ContingentFields,
        *,
        lock_counter: Callable[[int, str], str],
        by: Cause,
        path: str = "",
    ) -> None:
        current, patch = self.contingent(contingent_id), fields.patch()
        locks = patch.pop("locks", None)
        changed = {n: v for n, v in patch.items() if not same(current.get(n), v)}
        unlocking = [] if locks is None else _fewer(current, locks)
        for lock_type, amount in unlocking:
            self.unlock_amount(contingent_id, amount, lock_type, by, path + "locks")
        self._change(contingent_id, changed, by, path)
        if locks is not None:
            self._count_locks(contingent_id, locks, lock_counter, by, path)

    def remove_contingent(self, contingent_id: int, by: Cause, path: str = "contingents") -> None:
        if used := in_use(self.contingent(contingent_id)):
            message = f"{path}: contingent {contingent_id} has {used} tickets in use"
            raise TicketsInUse(message, contingentid=contingent_id, inuse=used)
        self.trigger(ContingentRemoved, by, contingentid=contingent_id)

    def revert(self, past: State, by: Cause) -> None:
        """Brings the contingents back to what they were, with the ids that they had. Tickets
        stay with whoever holds them, locks too."""
        current, wanted = self.state.get("contingents", {}), past.get("contingents", {})
        bookkeeping = BOOKKEEPING | {"id", "locks"}
        for key in [k for k in current if k not in wanted]:
            self.remove_contingent(int(key), by)
        for key, contingent in wanted.items():
            past_fields = {n: v for n, v in contingent.items() if n not in bookkeeping}
            fields = ContingentFields.checked(past_fields)
            if key in current:
                changed = {n: v for n, v in fields.items() if not same(current[key][n], v)}
                self._change(int(key), changed, by, "contingents.")
            else:
                seated, amount = contingent["seated"], fields["amount"] or 0
                _check_places(int(key), made_before(self.state, int(key)) + amount, "contingents.")
                self.trigger(
                    ContingentAdded, by, contingentid=int(key), seated=seated, fields=fields
                )

    def _change(self, contingent_id: int, changed: State, by: Cause, path: str) -> None:
        if not changed:
            return
        current, amount = self.contingent(contingent_id), changed.get("amount")
        used = in_use(current)
        if amount is not None and amount < used:
            message = f"{path}amount: {used} tickets are in use"
            raise TicketsInUse(message, contingentid=contingent_id, inuse=used)
        _check_places(contingent_id, current["made"] + growth(current, changed), path)
        self.trigger(ContingentChanged, by, contingentid=contingent_id, changed=changed)

    # -- locks

    def lock_amount(
        self, contingent_id: int, amount: int, lock_type: int, counter: str, by: Cause
    ) -> Ranges:
        """Locks so many of the highest free tickets: buyers get the lowest."""
        contingent, free = self.contingent(contingent_id), self.free(contingent_id)
        left = contingent["counters"]["free"]
        if amount > left:
            raise sold_out("contingent", amount, left, contingentid=contingent_id)
        return self._lock({contingent_id: ranges.highest(free, amount)}, lock_type, counter, by)

    def lock_tickets(
        self, tickets: Sequence[int], lock_type: int, counter: str, by: Cause
    ) -> Ranges:
        self.require_free(tickets)
        return self._lock(_by_contingent(ranges.of(tickets)), lock_type, counter, by)

    def unlock_amount(
        self, contingent_id: int, amount: int, lock_type: int | None, by: Cause, path: str
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
        return self._unlock(moves, by)

    def unlock_tickets(self, tickets: Sequence[int], lock_type: int | None, by: Cause) -> Ranges:
        left, moves = ranges.of(tickets), dict[int, list[State]]()
        for key, locked in self.state.get("locks", {}).items():
            of, type_, counter = lock_key(key)
            found = ranges.common(locked, left) if lock_type in (None, type_) else []
            if found:
                left = ranges.remove(left, found)
                moves.setdefault(type_, []).append(movement(of, None, counter, "free", found))
        if left:
            raise Invalid("tickets", f"ticket {left[0][0]} is not locked")
        return self._unlock(moves, by)

    def _lock(
        self, tickets: Mapping[int, Ranges], lock_type: int, counter: str, by: Cause
    ) -> Ranges:
        moves = [movement(of, None, "free", counter, found) for of, found in tickets.items()]
        self.trigger(TicketsLocked, by, locktypeid=lock_type, moves=moves)
        return ranges.union(move["tickets"] for move in moves)

    def _unlock(self, moves: Mapping[int, list[State]], by: Cause) -> Ranges:
        for lock_type, of_type in moves.items():
            self.trigger(TicketsUnlocked, by, locktypeid=lock_type, moves=of_type)
        return ranges.union(move["tickets"] for of_type in moves.values() for move in of_type)

    def _count_locks(
        self,
        contingent_id: int,
        wanted: Sequence[State],
        lock_counter: Callable[[int, str], str],
        by: Cause,
        path: str,
    ) -> None:
        """Locks more until each lock type counts what is wanted."""
        locked = self.contingent(contingent_id)["locked"]
        for index, lock in enumerate(wanted):
            more = lock["amount"] - locked.get(str(lock["locktypeid"]), 0)
            if more > 0:
                counter = lock_counter(lock["locktypeid"], f"{path}locks.{index}.locktypeid")
                self.lock_amount(contingent_id, more, lock["locktypeid"], counter, by)

    # -- tickets of orders

    def require_free(self, tickets: Sequence[int], path: str = "tickets") -> None:
        for ticket in tickets:
            self.contingent(contingent_of(ticket), path)
            if not ranges.contains(self.free(contingent_of(ticket)), ticket):
                message = f"ticket {ticket} of Event {self.number} is not free"
                raise TicketNotFree(message, ticketid=ticket)

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


def fold_tickets(state: State, fact: DomainEvent) -> None:
    """What is known of single tickets."""
    if isinstance(fact, TicketsChanged):
        tickets = state.setdefault("tickets", {})
        for ticket in fact.tickets:
            key = str(ticket["id"])
            known = {**tickets.get(key, {}), **ticket}
            tickets[key] = {n: v for n, v in known.items() if v is not None and n != "id"}


def sold_out(limit: str, asked: int, left: int, **details: Any) -> SoldOut:
    """Says what is left of the limit that is in the way."""
    message = f"{asked} tickets asked for, {left} left ({limit})"
    return SoldOut(message, limit=limit, asked=asked, left=left, **details)


def _check_places(contingent_id: int, made: int, path: str) -> None:
    if made > last_ticket(contingent_id):
        raise Invalid(f"{path}amount", "too many tickets in the life of this contingent")


def _by_contingent(tickets: Ranges) -> dict[int, Ranges]:
    found: dict[int, Ranges] = {}
    for first, last in tickets:
        found.setdefault(contingent_of(first), []).append([first, last])
    return found


def _fewer(contingent: State, wanted: Sequence[State]) -> list[tuple[int, int]]:
    """The lock types of which fewer are wanted, and how many fewer."""
    amounts = {str(lock["locktypeid"]): lock["amount"] for lock in wanted}
    locked = contingent["locked"].items()
    return [(int(k), n - amounts.get(k, 0)) for k, n in locked if n > amounts.get(k, 0)]
