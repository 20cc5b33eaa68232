"""The record, followed fact by fact and counted plainly: who has which ticket, what each limit was.

Nothing here asks the code that sells. Facts say what happened; whether it may have happened is
counted: after every fact for the limits, after every command for what orders and Inventories say
of the same tickets.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from application.ports import Recorded, Store
from domain import ranges
from domain.base import DomainEvent
from domain.contingents import ContingentAdded, ContingentChanged, ContingentRemoved
from domain.event_facts import DateAdded, DateChanged, DateRemoved, EventCreated, FieldsChanged
from domain.ids import Kind, unpack
from domain.location import LocationChanged, LocationCreated
from domain.order_facts import (
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderLapsed,
    OrderRepriced,
    OrderSplit,
    PaymentAdded,
    RefundAdded,
    TicketsAdded,
    TicketsRemoved,
)
from domain.tickets import (
    TicketsHandedOver,
    TicketsLapsed,
    TicketsReleased,
    TicketsRepriced,
    TicketsSettled,
    TicketsTaken,
    contingent_of,
)

PAGE = 1_000


@dataclass
class Sale:
    """An Event and its tickets: who has each, in which counter."""

    fields: dict[str, Any]
    dates: dict[int, int] = field(default_factory=dict)
    """Their capacities."""
    amounts: dict[int, int | None] = field(default_factory=dict)
    valid_on: dict[int, list[int]] = field(default_factory=dict)
    """The dates of each contingent; none are all."""
    tickets: dict[int, tuple[int, str]] = field(default_factory=dict)
    held: Counter[int] = field(default_factory=Counter)
    """How many tickets of each contingent orders have."""
    facts: list[DomainEvent] = field(default_factory=list)
    """Those of its tickets."""

    def counters(self) -> Counter[str]:
        return Counter(counter for _, counter in self.tickets.values())

    def excess(self, capacity: int) -> Iterator[str]:
        """Every limit that does not hold; `capacity`: the Location's."""
        for contingent, amount in self.amounts.items():
            if amount is not None and self.held[contingent] > amount:
                yield f"contingent {contingent}: {self.held[contingent]} of {amount}"
        everything, most = self.held.total(), self.fields.get("totalmaxtickets") or 0
        if 0 < most < everything:
            yield f"totalmaxtickets: {everything} of {most}"
        on_dates = [
            (size, sum(n for c, n in self.held.items() if not (v := self.valid_on[c]) or d in v))
            for d, size in self.dates.items()
        ]
        for size, used in on_dates:
            if 0 < size < used:
                yield f"date: {used} of {size}"
        if 0 < capacity < max((used for _, used in on_dates), default=everything):
            yield f"Location: more than {capacity}"


@dataclass
class Bought:
    """An order, and the Event and the price of each of its tickets."""

    tickets: dict[int, tuple[int, int]] = field(default_factory=dict)
    confirmed: bool = False
    ended: bool = False
    paid: int = 0
    facts: list[DomainEvent] = field(default_factory=list)

    def fold(self, fact: DomainEvent) -> None:
        self.facts.append(fact)
        match fact:
            case OrderCreated() | TicketsAdded() | OrderRepriced():
                for line in fact.lines:
                    for ticket in ranges.numbers(line["tickets"]):
                        self.tickets[ticket] = (line["eventid"], line["price"])
            case TicketsRemoved() | OrderSplit():
                for ticket in ranges.numbers(fact.tickets):
                    del self.tickets[ticket]
            case OrderConfirmed():
                self.confirmed = True
            case PaymentAdded():
                self.paid += fact.amount
            case RefundAdded():
                self.paid -= fact.amount
            case OrderCancelled() | OrderLapsed():
                self.ended, self.tickets = True, {}

    def names(self) -> list[str]:
        return [fact.name for fact in self.facts]

    def events(self) -> set[int]:
        """The Events that it ever took tickets of."""
        made = (fact for fact in self.facts if isinstance(fact, OrderCreated | TicketsAdded))
        return {line["eventid"] for fact in made for line in fact.lines}

    def counter(self) -> str:
        """Where its tickets must stand."""
        total = sum(price for _, price in self.tickets.values())
        if not self.confirmed:
            return "reserved"
        return "sold_paid" if self.paid >= total else "sold_unpaid"


class Ledger:
    """Follows a store, and finds the faults in what was recorded."""

    def __init__(self, store: Store) -> None:
        self.sales: dict[int, Sale] = {}
        self.orders: dict[int, Bought] = {}
        self.capacities: dict[int, int] = {}
        self.faults: list[str] = []
        self._store = store
        self._position = 0

    def follow(self) -> "Ledger":
        """Reads on to the end. One account is all that the tests have."""
        for _, command in groupby(self._read(), lambda recorded: recorded.fact.causation):
            orders: set[int] = set()
            for recorded in command:
                orders |= self._fold(recorded)
            for number in orders:
                self._check_order(number, recorded.position)
            self._position = recorded.position
        return self

    def _read(self) -> Iterator[Recorded]:
        position = self._position
        while page := self._store.read(position, PAGE):
            yield from page
            position = page[-1].position

    def _fault(self, text: str, position: int) -> None:
        self.faults.append(f"position {position}: {text}")

    def _fold(self, recorded: Recorded) -> set[int]:
        """Returns the orders that it speaks of."""
        fact, position = recorded.fact, recorded.position
        _, kind, number = unpack(fact.originator_id)
        match kind:
            case Kind.LOCATION:
                self._location(number, fact)
                for sale in self.sales.values():
                    if sale.fields["locationid"] == number:
                        self._check_limits(sale, position)
            case Kind.EVENT:
                self._event(number, fact)
                self._check_limits(self.sales[number], position)
            case Kind.INVENTORY:
                sale = self.sales[number]
                sale.facts.append(fact)
                self._contingent(sale, fact)
                orders = self._tickets(sale, fact, position)
                self._check_limits(sale, position)
                return orders
            case Kind.ORDER:
                self._order(number, fact, position)
                return {number}
        return set()

    def _check_limits(self, sale: Sale, position: int) -> None:
        for broken in sale.excess(self.capacities[sale.fields["locationid"]]):
            self._fault(broken, position)

    def _location(self, number: int, fact: DomainEvent) -> None:
        match fact:
            case LocationCreated():
                self.capacities[number] = fact.fields.get("capacity") or 0
            case LocationChanged() if "capacity" in fact.changed:
                self.capacities[number] = fact.changed["capacity"] or 0

    def _event(self, number: int, fact: DomainEvent) -> None:
        sale = self.sales.get(number)
        match fact:
            case EventCreated():
                self.sales[number] = Sale(dict(fact.fields))
            case DateAdded():
                self.sales[number].dates[fact.dateid] = fact.fields.get("capacity") or 0
            case DateChanged() if "capacity" in fact.changed:
                self.sales[number].dates[fact.dateid] = fact.changed["capacity"] or 0
            case DateRemoved():
                del self.sales[number].dates[fact.dateid]
            case _ if sale and isinstance(fact, FieldsChanged):
                sale.fields |= fact.changed

    def _contingent(self, sale: Sale, fact: DomainEvent) -> None:
        match fact:
            case ContingentAdded():
                sale.amounts[fact.contingentid] = fact.fields.get("amount", 0)
                sale.valid_on[fact.contingentid] = fact.fields.get("dateids") or []
            case ContingentChanged():
                if "amount" in fact.changed:
                    sale.amounts[fact.contingentid] = fact.changed["amount"]
                if "dateids" in fact.changed:
                    sale.valid_on[fact.contingentid] = fact.changed["dateids"] or []
            case ContingentRemoved():
                del sale.amounts[fact.contingentid]

    def _tickets(self, sale: Sale, fact: DomainEvent, position: int) -> set[int]:
        match fact:
            case TicketsTaken():
                for ticket, _, counter in moved(fact.moves):
                    if ticket in sale.tickets:
                        self._fault(f"ticket {ticket} is sold twice", position)
                    sale.tickets[ticket] = (fact.orderid, counter)
                    sale.held[contingent_of(ticket)] += 1
            case TicketsReleased() | TicketsLapsed():
                for ticket, counter, _ in moved(fact.moves):
                    if sale.tickets.pop(ticket, None) != (fact.orderid, counter):
                        self._fault(f"ticket {ticket} was not the order's to give back", position)
                    sale.held[contingent_of(ticket)] -= 1
            case TicketsSettled() | TicketsRepriced() | TicketsHandedOver():
                to = fact.toorderid if isinstance(fact, TicketsHandedOver) else fact.orderid
                for ticket, before, after in moved(fact.moves):
                    if sale.tickets.get(ticket) != (fact.orderid, before):
                        self._fault(f"ticket {ticket} was not the order's", position)
                    sale.tickets[ticket] = (to, after)
                return {fact.orderid, to}
            case _:
                return set()
        return {fact.orderid}

    def _order(self, number: int, fact: DomainEvent, position: int) -> None:
        order = self.orders.setdefault(number, Bought())
        if order.ended and not isinstance(fact, RefundAdded):
            self._fault(f"{fact.name}: order {number} had ended", position)
        if order.confirmed and isinstance(fact, OrderConfirmed | OrderLapsed):
            self._fault(f"{fact.name}: order {number} was confirmed", position)
        order.fold(fact)
        if isinstance(fact, OrderCreated | TicketsAdded):
            for event in {line["eventid"] for line in fact.lines}:
                had = sum(1 for of, _ in order.tickets.values() if of == event)
                most = self.sales[event].fields.get("maxnbrofticketsperbasket") or had
                if had > most:
                    self._fault(f"order {number} has {had} of {most}", position)

    def _check_order(self, number: int, position: int) -> None:
        """What the order says it has is what the Inventories say it has."""
        order = self.orders.get(number, Bought())
        said = {ticket: order.counter() for ticket in order.tickets}
        found = {
            ticket: counter
            for event in order.events()
            for ticket, (owner, counter) in self.sales[event].tickets.items()
            if owner == number
        }
        if said != found:
            self._fault(f"order {number} has {said}, Inventories say {found}", position)


def moved(moves: list[dict[str, Any]]) -> Iterator[tuple[int, str, str]]:
    """Each ticket that a fact moves, from where and to where."""
    for move in moves:
        for ticket in ranges.numbers(move["tickets"]):
            yield ticket, move["from"], move["to"]
