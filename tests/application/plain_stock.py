"""Events, lots and locks in plain Python: an entry for every ticket, and hardly more.

Every command has a method. It returns the reasons (names of refusals) why it is not allowed, and
does it when there are none. Times are whole seconds, money is whole cents.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

Reasons = set[str]

NORMAL, REDUCED, FREE = 1, 2, 3
PRICES = {NORMAL: 1_000, REDUCED: 500, FREE: 0}
REDUCED_ON, REDUCED_IN_ALL, REDUCED_AN_ORDER = 2, 3, 2
"""The reduced price is sold on one channel, so many times in a lot and so many in an order."""
HELD = ("reserved", "sold_unpaid", "sold_paid", "complimentary")
HARD, SOFT = 1, 2
LOCKED = {HARD: "locked_hard", SOFT: "locked_soft"}
EXTERNAL = 3
BASKET, CAP = 1_200, 7_200
FIRST = 100_000_000
"""A ticket's id is its lot's so many times, and its place."""


@dataclass
class Ticket:
    lot: int
    counter: str = "free"
    order: int | None = None
    of: int | None = None
    """Its price type, or its lock type."""


@dataclass
class Lot:
    event: int
    amount: int | None
    priced: bool
    dates: set[int]
    made: int = 0


@dataclass
class Event:
    location: int
    status: str = "Draft"
    most: int = 0
    basket: int = 0
    dates: dict[int, int] = field(default_factory=dict)
    """Their capacities."""


@dataclass
class Order:
    channel: int
    since: int
    expiry: int
    status: str = "unconfirmed"
    tickets: dict[int, int] = field(default_factory=dict)
    """The price type of each."""
    money: list[tuple[int, int | None]] = field(default_factory=list)
    """Payments, and refunds with the payment that they give back."""
    named: dict[int, str] = field(default_factory=dict)
    """Who comes with a ticket."""
    said: dict[str, object] = field(default_factory=dict)
    """Fields that were set."""

    @property
    def paid(self) -> int:
        return sum(amount for amount, _ in self.money)

    @property
    def total(self) -> int:
        return sum(PRICES[price] for price in self.tickets.values())


class Stock:
    def __init__(self) -> None:
        self.now = 0
        self.locations: dict[int, int] = {}
        self.events: dict[int, Event] = {}
        self.lots: dict[int, Lot] = {}
        self.tickets: dict[int, Ticket] = {}
        self.orders: dict[int, Order] = {}
        self.inside: set[int] = set()
        """Tickets that went through a door and not out again."""
        self.archived: set[tuple[str, int]] = set()
        self.hold = BASKET
        """Of the channel External."""

    # -- what is so

    def of_lot(self, lot: int, *counters: str, of: int | None = None) -> list[int]:
        """Its tickets, in these counters, of this lock type or price type."""
        return sorted(
            number
            for number, ticket in self.tickets.items()
            if ticket.lot == lot
            and (not counters or ticket.counter in counters)
            and of in (None, ticket.of)
        )

    def lots_of(self, event: int) -> list[int]:
        return [number for number, lot in self.lots.items() if lot.event == event]

    def of_event(self, event: int, *counters: str) -> list[int]:
        return [ticket for lot in self.lots_of(event) for ticket in self.of_lot(lot, *counters)]

    def events_of(self, order: int) -> list[int]:
        tickets = self.orders[order].tickets
        return list({self.lots[self.tickets[ticket].lot].event: 0 for ticket in tickets})

    def too_full(self, event: int) -> bool:
        """Whether a limit of the Event, its dates or its Location does not hold."""
        here = self.events[event]
        house, everything = self.locations[here.location], len(self.of_event(event, *HELD))
        if 0 < here.most < everything:
            return True
        for date, capacity in here.dates.items():
            lots = [n for n in self.lots_of(event) if date in (self.lots[n].dates or {date})]
            used = sum(len(self.of_lot(lot, *HELD)) for lot in lots)
            if 0 < capacity < used or 0 < house < used:
                return True
        return not here.dates and 0 < house < everything

    def due(self, order: int) -> bool:
        found = self.orders[order]
        return found.status == "unconfirmed" and found.expiry <= self.now

    def over(self, order: int) -> Reasons:
        """Whether it has ended, or should have."""
        ended = self.orders[order].status in ("lapsed", "cancelled") or self.due(order)
        return {"OrderEnded"} if ended else set()

    def closed(self, event: int) -> Reasons:
        return {"EventClosed"} if self.events[event].status == "Closed" else set()

    def _edit(self, change: Callable[["Stock"], None], reasons: Reasons) -> Reasons:
        """Edits, unless less room is left than is in use."""
        after = deepcopy(self)
        change(after)
        if any(after.too_full(event) for event in after.events):
            reasons.add("TicketsInUse")
        if not reasons:
            change(self)
        return reasons

    # -- Events, dates, Locations, the catalog

    def change_location(self, location: int, capacity: int) -> Reasons:
        return self._edit(lambda after: after.locations.update({location: capacity}), set())

    def limit(self, event: int, most: int, basket: int) -> Reasons:
        here = self.events[event]
        same = (here.most, here.basket) == (most, basket)

        def change(after: Stock) -> None:
            after.events[event].most, after.events[event].basket = most, basket

        return self._edit(change, set() if same else self.closed(event))

    def move(self, event: int, location: int) -> Reasons:
        same = self.events[event].location == location

        def change(after: Stock) -> None:
            after.events[event].location = location

        return self._edit(change, set() if same else self.closed(event))

    def set_date(self, event: int, date: int, capacity: int) -> Reasons:
        """Adds it or changes it."""
        same = self.events[event].dates.get(date) == capacity

        def change(after: Stock) -> None:
            after.events[event].dates[date] = capacity

        return self._edit(change, set() if same else self.closed(event))

    def remove_date(self, event: int, date: int) -> Reasons:
        reasons = self.closed(event)
        if any(date in self.lots[lot].dates for lot in self.lots_of(event)):
            reasons.add("DateInUse")

        def change(after: Stock) -> None:
            del after.events[event].dates[date]

        return self._edit(change, reasons)

    def transit(self, event: int, name: str) -> Reasons:
        source, target = {
            "publish": ("Draft", "Active"),
            "redraft": ("Active", "Draft"),
            "close": ("Active", "Closed"),
            "reopen": ("Closed", "Active"),
        }[name]
        here = self.events[event]
        if here.status not in (source, target):
            return {"WrongStatus"}
        if here.status == "Draft" == source and not any(
            self.lots[lot].priced for lot in self.lots_of(event)
        ):
            return {"NotPublishable"}
        if here.status == "Active" and target == "Closed" and self.of_event(event, "sold_unpaid"):
            return {"UnpaidOrders"}
        if target == "Active" != here.status and self._priced(event) and self._not_sellable():
            return self._not_sellable()
        here.status = target
        return set()

    def delete(self, event: int) -> Reasons:
        reasons = {"EventActive"} if self.events[event].status == "Active" else set()
        if self.of_event(event, *HELD):
            reasons.add("EventHasTickets")
        if not reasons:
            for lot in self.lots_of(event):
                self._forget(lot)
            del self.events[event]
        return reasons

    # -- lots

    def _make(self, lot: int, amount: int) -> list[int]:
        first = lot * FIRST + self.lots[lot].made + 1
        self.lots[lot].made += amount
        made = list(range(first, first + amount))
        self.tickets |= {number: Ticket(lot) for number in made}
        return made

    def _forget(self, lot: int) -> None:
        for ticket in self.of_lot(lot):
            del self.tickets[ticket]
        del self.lots[lot]

    def archive_or_restore(self, kind: str, number: int) -> Reasons:
        """What Active Events sell or lock by stays."""
        if (kind, number) not in self.archived:
            for event, active in self.events.items():
                if active.status != "Active":
                    continue
                locked = any(t.of == number for t in self._locked(event))
                if self._priced(event) if kind == "price" else kind == "lock" and locked:
                    return {"CatalogItemInUse"}
        self.archived ^= {(kind, number)}
        return set()

    def _locked(self, event: int) -> list[Ticket]:
        return [
            ticket
            for ticket in self.tickets.values()
            if ticket.counter in LOCKED.values() and self.lots[ticket.lot].event == event
        ]

    def _priced(self, event: int) -> bool:
        return any(lot.priced for lot in self.lots.values() if lot.event == event)

    def _not_sellable(self) -> Reasons:
        """An Active Event cannot begin to sell by what is archived."""
        return {"NotPublishable"} if ("price", REDUCED) in self.archived else set()

    def add_lot(self, number: int, lot: Lot, locks: dict[int, int]) -> Reasons:
        reasons = self.closed(lot.event) | self._unknown(locks)
        if not lot.dates <= set(self.events[lot.event].dates):
            reasons.add("Invalid")
        if sum(locks.values()) > (lot.amount or 0):
            reasons.add("SoldOut")
        if lot.priced and self.events[lot.event].status == "Active":
            reasons |= self._not_sellable()
        if not reasons:
            self.lots[number] = lot
            self._make(number, lot.amount or 0)
            for lock, amount in locks.items():
                self._lock(self.of_lot(number, "free")[_last(amount)], lock)
        return reasons

    def resize(self, lot: int, amount: int | None, locks: dict[int, int] | None) -> Reasons:
        """Another amount, other locks, or both: first unlocked, then resized, then locked."""
        reasons, after = self.closed(self.lots[lot].event), deepcopy(self)
        have = {lock: len(self.of_lot(lot, *LOCKED.values(), of=lock)) for lock in LOCKED}
        reasons |= self._unknown({n: max(0, w - have[n]) for n, w in (locks or {}).items()})
        for lock in LOCKED if locks is not None else ():
            locked = after.of_lot(lot, *LOCKED.values(), of=lock)
            fewer = max(0, len(locked) - (locks or {}).get(lock, 0))
            after._free(locked[:fewer])
        if amount is not None:
            free, all_of_it = after.of_lot(lot, "free"), after.of_lot(lot)
            if amount < len(all_of_it) - len(free):
                return reasons | {"TicketsInUse"}
            for gone in free[_last(len(all_of_it) - amount)]:
                del after.tickets[gone]
            after._make(lot, max(0, amount - len(all_of_it)))
        after.lots[lot].amount = amount
        for lock, wanted in (locks or {}).items():
            more = wanted - len(after.of_lot(lot, *LOCKED.values(), of=lock))
            if more > 0:
                free = after.of_lot(lot, "free")
                if more > len(free):
                    reasons.add("SoldOut")
                after._lock(free[_last(more)], lock)
        if not reasons:
            self.__dict__ = after.__dict__
        return reasons

    def validate(self, lot: int, dates: set[int]) -> Reasons:
        """The dates that it is valid on."""
        event = self.lots[lot].event
        reasons = self.closed(event)
        if not dates <= set(self.events[event].dates):
            reasons.add("Invalid")

        def change(after: Stock) -> None:
            after.lots[lot].dates = dates

        return self._edit(change, reasons)

    def remove_lot(self, lot: int) -> Reasons:
        reasons = self.closed(self.lots[lot].event)
        if len(self.of_lot(lot, "free")) < len(self.of_lot(lot)):
            reasons.add("TicketsInUse")
        if not reasons:
            self._forget(lot)
        return reasons

    # -- locks

    def _unknown(self, locks: dict[int, int]) -> Reasons:
        archived = [n for n, amount in locks.items() if amount and ("lock", n) in self.archived]
        return {"Invalid"} if archived else set()

    def _lock(self, tickets: Sequence[int], lock: int) -> None:
        for number in tickets:
            self.tickets[number] = Ticket(self.tickets[number].lot, LOCKED[lock], None, lock)

    def _free(self, tickets: Sequence[int]) -> None:
        for number in tickets:
            self.tickets[number] = Ticket(self.tickets[number].lot)
        self.inside -= set(tickets)

    def lock(self, lot: int, amount: int, lock: int) -> Reasons:
        """So many, the highest ones."""
        free = self.of_lot(lot, "free")
        reasons = self._unknown({lock: amount})
        if amount > len(free):
            reasons.add("SoldOut")
        if not reasons:
            self._lock(free[_last(amount)], lock)
        return reasons

    def lock_these(self, tickets: Sequence[int], lock: int) -> Reasons:
        reasons = self._unknown({lock: 1})
        for number in tickets:
            if number not in self.tickets:
                reasons.add("Invalid")
            elif self.tickets[number].counter != "free":
                reasons.add("TicketNotFree")
        if not reasons:
            self._lock(tickets, lock)
        return reasons

    def unlock(self, lot: int, amount: int, lock: int | None, unlocked: Sequence[int]) -> Reasons:
        """So many, the lowest of that lock type; of any, where `unlocked` says which they were."""
        locked = self.of_lot(lot, *LOCKED.values(), of=lock)
        if amount > len(locked):
            return {"Invalid"}
        chosen = locked[:amount] if lock else unlocked
        assert len(chosen) == amount
        assert set(chosen) <= set(locked)
        self._free(chosen)
        return set()

    def scan(self, tickets: Sequence[int], way: str) -> Reasons:
        reasons: Reasons = set()
        for number in tickets:
            found = self.tickets.get(number)
            if found is None:
                reasons.add("Invalid")
                continue
            barred = way == "in" and found.counter not in HELD[1:]
            if barred or (way == "out") != (number in self.inside):
                reasons.add("NotAdmitted")
        if not reasons:
            self.inside ^= set(tickets)
        return reasons

    def unlock_these(self, tickets: Sequence[int], lock: int | None) -> Reasons:
        for number in tickets:
            found = self.tickets.get(number)
            if not found or found.counter not in LOCKED.values() or lock not in (None, found.of):
                return {"Invalid"}
        self._free(tickets)
        return set()


def _last(amount: int) -> slice:
    """The last so many, as a slice."""
    return slice(-amount, None) if amount > 0 else slice(0, 0)
