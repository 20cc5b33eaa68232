"""Planning what an order takes: prices, tickets and limits, all checked before anything is done.

A plan is the lines that the order would have. Orders whose time is over and that stand in the way
are ended first, when that is enough.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from application.catalog import item
from application.contingents import price_lists
from application.unit_of_work import UnitOfWork
from domain import ranges
from domain.base import State
from domain.catalog import PriceType, SalesChannel
from domain.errors import Invalid, Refusal, SoldOut, TicketNotFree
from domain.event import Event, starts
from domain.inventory import Inventory
from domain.limits import check_room
from domain.location import Location
from domain.offers import Buying, Offer, check_conditions, offers, price_key
from domain.order import MAX_TICKETS, Order
from domain.ranges import Ranges
from domain.selling import (
    Bought,
    Seller,
    bought_at,
    check_channel,
    check_count,
    check_per_order,
    require_sale,
    zone_of,
)
from domain.taking import Take
from domain.ticket_types import check_least
from domain.tickets import contingent_of, tickets_of

MAX_LAPSED = 200
"""The most overdue orders that one taking ends to get their tickets."""


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
    work: UnitOfWork,
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
    work: UnitOfWork,
    channel: SalesChannel,
    order: Order,
    wanted: Mapping[int, int],
    promocodes: Sequence[str],
) -> Plan:
    """What tickets of the order cost at the price types that are wanted, by ticket; those that
    have theirs already are left out."""
    plan = partial(_repriced, work, channel, order, wanted, promocodes)
    return _with_room(work, order.events, plan)


def _with_room(work: UnitOfWork, events: Sequence[int], plan: Callable[[], Plan]) -> Plan:
    try:
        return plan()
    except (SoldOut, TicketNotFree) as refusal:
        overdue = _overdue(work, events)
        if not _enough(overdue, events, refusal):
            raise
        for late in overdue:
            lapse(work, late)
        return plan()


def lapse(work: UnitOfWork, order: Order) -> None:
    """Ends an order that was not confirmed in time, and gives its tickets back."""
    due, events = order.state["expiryts"], order.events
    order.lapse(work.metadata)
    for event in events:
        work.load(Inventory, event).lapse(order.number, due, work.metadata)


def _overdue(work: UnitOfWork, events: Sequence[int]) -> list[Order]:
    """The orders whose time is over, of these Events, the longest due first."""
    numbers = dict.fromkeys(
        n for e in events for n in work.load(Inventory, e).due(work.metadata.time)
    )
    orders = (work.load(Order, number) for number in numbers)
    return list(islice((order for order in orders if order.due(work.metadata.time)), MAX_LAPSED))


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
    work: UnitOfWork,
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
        inventory = work.load(Inventory, event.number)
        for contingent_id, amount, named in _parts(take):
            contingent = inventory.contingent(contingent_id, f"{path}{take.way}")
            require_sale(event.state, contingent, channel.state, work.metadata.time)
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
    _check_order_size(channel, plan.lines, order)
    return plan


def _repriced(
    work: UnitOfWork,
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
        contingent = inventory.contingent(contingent_id)
        require_sale(event.state, contingent, channel.state, work.metadata.time)
        buying = _Buyer(
            work, event, inventory, contingent, order, plan, len(tickets), promocodes, leaving
        )
        bought = buying.offer(channel, price_type)
        plan.add(number, contingent_id, bought, ranges.of(tickets))
    return plan


def _event(work: UnitOfWork, take: Take, path: str) -> Event:
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

    work: UnitOfWork
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
        known = partial(_price_type, self.work)
        seller = Seller(channel.state, self.work.currency, known, self.work.timezone)
        return bought_at(self.contingent, lists, seller, self._check, wanted)

    def _check(self, offer: Offer) -> None:
        if not offer.conditions:
            return
        price = (self.contingent["id"], offer.pricetypeid)
        planned = self.plan.held(self.event.number, price) + self.amount
        planned -= self.leaving.get(price, 0)
        in_order = planned + (self.order.held(self.event.number, price) if self.order else 0)
        in_all = planned + self.inventory.state.get("priced", {}).get(price_key(*price), 0)
        location = self.work.load(Location, self.event.locationid)
        asked = Buying(
            self.work.metadata.time,
            self.promocodes,
            starts(self.event.state),
            in_order,
            in_all,
            self.amount,
            zone_of(location.state, self.work.timezone),
        )
        check_conditions(offer, asked)


def _price_type(work: UnitOfWork, number: int) -> State | None:
    """What is known of a price type; None when there is none, or it is archived."""
    price_type = item(work, PriceType, number)
    return None if price_type.version == 0 or price_type.archived else price_type.state


def _check_limits(
    work: UnitOfWork, number: int, lines: Sequence[State], order: Order | None
) -> None:
    more, had = _counted(lines), _counted(_lines_of(order, number))
    event, inventory = work.load(Event, number), work.load(Inventory, number)
    contingents = {of: inventory.contingent(of) for of in more}
    check_per_order(event.state, contingents, more, had)
    if order and order.confirmed:
        for of, contingent in contingents.items():
            check_least(contingent, more[of] + had.get(of, 0), number)
    location = work.load(Location, event.locationid)
    check_room(event.state, location.state, inventory.contingents(), more)


def check_merge(work: UnitOfWork, channel: SalesChannel, orders: Sequence[Order]) -> None:
    """Refuses to make one order of several where it would have more than one order may have. They
    hold their tickets already: there is no question of price or room."""
    lines = [line for order in orders for line in order.state["lines"]]
    for number in dict.fromkeys(line["eventid"] for line in lines):
        event, inventory = work.load(Event, number), work.load(Inventory, number)
        more = _counted([line for line in lines if line["eventid"] == number])
        contingents = {of: inventory.contingent(of) for of in more}
        check_per_order(event.state, contingents, more, {})
        for of, contingent in contingents.items():
            _check_merged_prices(
                work, channel, contingent, [x for x in lines if x["contingentid"] == of]
            )
    _check_order_size(channel, lines, None)


def _check_merged_prices(
    work: UnitOfWork, channel: SalesChannel, contingent: State, lines: Sequence[State]
) -> None:
    """Refuses more tickets at a price than one order may have at it."""
    held = Counter[int]()
    for line in lines:
        held[line["pricetypeid"]] += ranges.count(line["tickets"])
    for offer in offers(contingent, price_lists(work, [contingent]), channel.number):
        per_order = [c for c in offer.conditions if c["type"] == "orderticketlimit"]
        asked = held[offer.pricetypeid]
        buying = Buying(work.metadata.time, (), None, asked, asked, asked)
        check_conditions(offer._replace(conditions=per_order), buying)


def check_whole_order(work: UnitOfWork, order: Order) -> None:
    """Refuses to sell an order that has fewer tickets of a contingent than an order needs."""
    for event in order.events:
        inventory = work.load(Inventory, event)
        for contingent_id in {line[0] for line in inventory.lines(order.number)}:
            contingent = inventory.contingent(contingent_id)
            check_least(contingent, _held_of(order, event, contingent_id), event)


def _held_of(order: Order | None, event: int, contingent: int) -> int:
    return _counted(_lines_of(order, event)).get(contingent, 0)


def _lines_of(order: Order | None, event: int) -> list[State]:
    lines = order.state["lines"] if order else ()
    return [line for line in lines if line["eventid"] == event]


def _counted(lines: Sequence[State]) -> dict[int, int]:
    """Tickets by contingent."""
    counted: dict[int, int] = {}
    for line in lines:
        contingent = line["contingentid"]
        counted[contingent] = counted.get(contingent, 0) + ranges.count(line["tickets"])
    return counted


def _check_order_size(channel: SalesChannel, lines: Sequence[State], order: Order | None) -> None:
    more, had = _counted(lines), _counted(order.state["lines"] if order else ())
    check_channel(channel.state, more, had)
    message = f"an order has at most {MAX_TICKETS} tickets"
    check_count("order", MAX_TICKETS, more, had, message)
