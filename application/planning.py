"""Planning what an order takes: prices, tickets and limits, all checked before anything is done.

A plan is the lines that the order would have. Orders whose time is over and that stand in the way
are ended first, when that is enough.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import NamedTuple

from application.catalog import item
from application.contingents import price_lists
from application.group_commit import Work
from domain import ranges
from domain.base import State
from domain.catalog import FREE, PriceType, SalesChannel
from domain.errors import (
    BasketLimit,
    Invalid,
    PriceNotOffered,
    Refusal,
    SoldOut,
    TicketNotFree,
)
from domain.event import Event, starts
from domain.inventory import Inventory
from domain.limits import check_room
from domain.location import Location
from domain.money import minor
from domain.offers import Buying, Offer, check_conditions, offers, price_key
from domain.order import MAX_TICKETS, Order
from domain.ranges import Ranges
from domain.taking import Take
from domain.ticket_types import check_least, check_most, require_available
from domain.tickets import contingent_of, tickets_of

MAX_LAPSED = 200
"""How many overdue orders a taker who needs their tickets ends at once."""


class Bought(NamedTuple):
    """At which price."""

    pricetypeid: int
    price: int
    complimentary: bool


@dataclass(slots=True)
class Plan:
    """What would be taken, as lines of the order."""

    lines: list[State] = field(default_factory=list)

    def add(self, event: int, contingent: int, bought: Bought, tickets: Ranges) -> None:
        self.lines.append(
            {
                "eventid": event,
                "contingentid": contingent,
                "pricetypeid": bought.pricetypeid,
                "price": bought.price,
                "complimentary": bought.complimentary,
                "tickets": tickets,
            }
        )

    def by_event(self) -> dict[int, list[State]]:
        found: dict[int, list[State]] = {}
        for line in self.lines:
            found.setdefault(line["eventid"], []).append(line)
        return found

    def picked(self, contingent_id: int) -> Ranges:
        lines = (line for line in self.lines if line["contingentid"] == contingent_id)
        return ranges.union(line["tickets"] for line in lines)

    def held(self, event: int, price: tuple[int, int] | None = None) -> int:
        return sum(
            ranges.count(line["tickets"])
            for line in self.lines
            if line["eventid"] == event
            and price in (None, (line["contingentid"], line["pricetypeid"]))
        )


def plan_taking(
    work: Work,
    channel: SalesChannel,
    takes: Sequence[Take],
    promocodes: Sequence[str],
    order: Order | None = None,
) -> Plan:
    """What the order takes; overdue orders in the way are ended first, if that is enough."""
    events = {take.eventid: None for take in takes if take.eventid is not None}
    plan = partial(_planned, work, channel, takes, promocodes, order)
    return _with_room(work, list(events), plan)


def plan_repricing(
    work: Work,
    channel: SalesChannel,
    order: Order,
    wanted: Mapping[int, int],
    promocodes: Sequence[str],
) -> Plan:
    """What tickets of the order cost at the price types that are wanted, by ticket; those that
    have theirs already are left out."""
    plan = partial(_repriced, work, channel, order, wanted, promocodes)
    return _with_room(work, order.events, plan)


def _with_room(work: Work, events: Sequence[int], plan: Callable[[], Plan]) -> Plan:
    try:
        return plan()
    except (SoldOut, TicketNotFree) as refusal:
        overdue = _overdue(work, events)
        if not _enough(overdue, events, refusal):
            raise
        for late in overdue:
            lapse(work, late)
        return plan()


def lapse(work: Work, order: Order) -> None:
    """Ends an order that was not confirmed in time, and gives its tickets back."""
    due, events = order.state["expiryts"], order.events
    order.lapse(work.by)
    for event in events:
        work.load(Inventory, event).lapse(order.number, due, work.by)


def _overdue(work: Work, events: Sequence[int]) -> list[Order]:
    """The orders whose time is over, of these Events, the longest due first."""
    numbers = dict.fromkeys(n for e in events for n in work.load(Inventory, e).due(work.by.time))
    orders = (work.load(Order, number) for number in numbers)
    return list(islice((order for order in orders if order.due(work.by.time)), MAX_LAPSED))


def _enough(overdue: Sequence[Order], events: Sequence[int], refusal: Refusal) -> bool:
    """Whether what they hold could be what is missing. Ending them in vain is dear: what was done
    is taken back by loading the tickets of the whole Event again."""
    if isinstance(refusal, TicketNotFree):
        return any(order.holds(refusal.details["ticketid"]) for order in overdue)
    missing: int = refusal.details["asked"] - refusal.details["left"]
    contingent = refusal.details.get("contingentid")
    held = (
        ranges.count(line["tickets"])
        for order in overdue
        for line in order.state["lines"]
        if line["eventid"] in events and contingent in (None, line["contingentid"])
    )
    return sum(held) >= missing


def _planned(
    work: Work,
    channel: SalesChannel,
    takes: Sequence[Take],
    promocodes: Sequence[str],
    order: Order | None,
) -> Plan:
    plan = Plan()
    named_ones = ranges.of(ticket for take in takes for ticket in take.tickets or ())
    for index, take in enumerate(takes):
        path = f"take.{index}."
        event = _event(work, take, path)
        event.require_on_sale(channel.number, work.by.time)
        inventory = work.load(Inventory, event.number)
        for contingent_id, amount, named in _parts(take):
            contingent = inventory.contingent(contingent_id, f"{path}{take.way}")
            require_available(contingent, event.number, work.by.time)
            if named:
                inventory.require_free(named, f"{path}tickets")
            buying = _Buyer(work, event, inventory, contingent, order, plan, amount, promocodes)
            bought = buying.offer(channel, take.price_type)
            picked = plan.picked(contingent_id)
            if named:
                tickets = ranges.of(named)
            else:
                others = ranges.union([picked, tickets_of(contingent_id, named_ones)])
                tickets = inventory.pick(contingent_id, amount, others)
            if taken := ranges.common(tickets, picked):
                raise TicketNotFree(f"ticket {taken[0][0]} is named twice", ticketid=taken[0][0])
            plan.add(event.number, contingent_id, bought, tickets)
    for number, lines in plan.by_event().items():
        _check_limits(work, number, lines, order)
    _check_order_size(plan, order)
    return plan


def _repriced(
    work: Work,
    channel: SalesChannel,
    order: Order,
    wanted: Mapping[int, int],
    promocodes: Sequence[str],
) -> Plan:
    """Judged as if the tickets were given back first, and taken again."""
    parts: dict[tuple[int, int, int], list[int]] = {}
    leaving: Counter[tuple[int, int]] = Counter()
    for line in order.state["lines"]:
        for ticket in ranges.numbers(line["tickets"]):
            price_type = wanted.get(ticket, line["pricetypeid"])
            if price_type != line["pricetypeid"]:
                at = (line["eventid"], line["contingentid"], price_type)
                parts.setdefault(at, []).append(ticket)
                leaving[line["contingentid"], line["pricetypeid"]] += 1
    plan = Plan()
    for (number, contingent_id, price_type), tickets in parts.items():
        event, inventory = work.load(Event, number), work.load(Inventory, number)
        event.require_on_sale(channel.number, work.by.time)
        contingent = inventory.contingent(contingent_id)
        buying = _Buyer(
            work, event, inventory, contingent, order, plan, len(tickets), promocodes, leaving
        )
        bought = buying.offer(channel, price_type)
        plan.add(number, contingent_id, bought, ranges.of(tickets))
    return plan


def _event(work: Work, take: Take, path: str) -> Event:
    if take.eventid is None:
        raise Invalid(f"{path}eventid", "required: the id of an Event")
    event = work.load(Event, take.eventid)
    if not event.exists:
        raise Invalid(f"{path}eventid", f"there is no Event {take.eventid}")
    return event


def _parts(take: Take) -> list[tuple[int, int, list[int]]]:
    """Contingent, number of tickets, and their ids where they are named."""
    if take.tickets is None:
        return [(take.contingent, take.amount or 1, [])]
    by_contingent: dict[int, list[int]] = {}
    for ticket in take.tickets:
        by_contingent.setdefault(contingent_of(ticket), []).append(ticket)
    return [(number, len(named), named) for number, named in by_contingent.items()]


@dataclass(slots=True)
class _Buyer:
    """Who asks for so many tickets of a contingent, and what they have already."""

    work: Work
    event: Event
    inventory: Inventory
    contingent: State
    order: Order | None
    plan: Plan
    amount: int
    promocodes: Sequence[str]
    leaving: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """Tickets of the order that had a price of a contingent, and get another now."""

    def offer(self, channel: SalesChannel, wanted: int | None) -> Bought:
        """The price to buy at: the one that is wanted, or the first whose conditions are met. What
        is given away has to be asked for."""
        lists = price_lists(self.work, [self.contingent])
        refusal: Refusal | None = None
        for offer in offers(self.contingent, lists, channel.number):
            if wanted not in (None, offer.pricetypeid):
                continue
            price_type = item(self.work, PriceType, offer.pricetypeid)
            price = minor(offer.price, self.work.currency)
            free = price_type.value("typeid") == FREE
            if price is None or price_type.version == 0 or price_type.archived:
                continue
            if free and wanted is None:
                continue
            try:
                self._check(offer)
            except (BasketLimit, PriceNotOffered, SoldOut) as not_met:
                refusal = refusal or not_met
            else:
                return Bought(offer.pricetypeid, 0 if free else price, free)
        if refusal:
            raise refusal
        what = "price" if wanted is None else f"price of type {wanted}"
        message = f"contingent {self.contingent['id']} has no {what} on sales channel"
        raise PriceNotOffered(
            f"{message} {channel.number}",
            contingentid=self.contingent["id"],
            saleschannelid=channel.number,
            pricetypeid=wanted,
        )

    def _check(self, offer: Offer) -> None:
        if not offer.conditions:
            return
        price = (self.contingent["id"], offer.pricetypeid)
        planned = self.plan.held(self.event.number, price) + self.amount
        planned -= self.leaving.get(price, 0)
        in_order = planned + (self.order.held(self.event.number, price) if self.order else 0)
        in_all = planned + self.inventory.state.get("priced", {}).get(price_key(*price), 0)
        asked = Buying(
            self.work.by.time,
            self.promocodes,
            starts(self.event.state),
            in_order,
            in_all,
            self.amount,
        )
        check_conditions(offer, asked)


def _check_limits(work: Work, number: int, lines: Sequence[State], order: Order | None) -> None:
    event = work.load(Event, number)
    more: dict[int, int] = {}
    for line in lines:
        contingent = line["contingentid"]
        more[contingent] = more.get(contingent, 0) + ranges.count(line["tickets"])
    asked = sum(more.values())
    had = order.held(number) if order else 0
    _check_basket(event.state.get("maxnbrofticketsperbasket") or 0, asked, had, number)
    location = work.load(Location, event.locationid)
    inventory = work.load(Inventory, number)
    for contingent_id, wanted in more.items():
        contingent, had = (
            inventory.contingent(contingent_id),
            _held_of(order, number, contingent_id),
        )
        check_most(contingent, wanted, had, number)
        if order and order.confirmed:
            check_least(contingent, wanted + had, number)
    check_room(event.state, location.state, inventory.contingents(), more)


def check_whole_order(work: Work, order: Order) -> None:
    """Refuses to sell an order that has fewer tickets of a contingent than an order needs."""
    for event in order.events:
        inventory = work.load(Inventory, event)
        for contingent_id in {line[0] for line in inventory.lines(order.number)}:
            contingent = inventory.contingent(contingent_id)
            check_least(contingent, _held_of(order, event, contingent_id), event)


def _held_of(order: Order | None, event: int, contingent: int) -> int:
    return sum(
        ranges.count(line["tickets"])
        for line in (order.state["lines"] if order else ())
        if (line["eventid"], line["contingentid"]) == (event, contingent)
    )


def _check_basket(allowed: int, asked: int, had: int, event: int) -> None:
    if 0 < allowed < asked + had:
        message = f"an order has at most {allowed} tickets of Event {event}"
        raise BasketLimit(
            message,
            limit="maxnbrofticketsperbasket",
            allowed=allowed,
            left=max(0, allowed - had),
            eventid=event,
        )


def _check_order_size(plan: Plan, order: Order | None) -> None:
    had = order.held() if order else 0
    asked = sum(ranges.count(line["tickets"]) for line in plan.lines)
    if had + asked > MAX_TICKETS:
        message = f"an order has at most {MAX_TICKETS} tickets"
        left = max(0, MAX_TICKETS - had)
        raise BasketLimit(message, limit="order", allowed=MAX_TICKETS, left=left)
