"""Commands on orders. Each returns the order, as of the end of the command.

Everything is checked before anything is triggered: what an order takes is planned over all its
Events first, so a refusal leaves nothing half taken. The order and every Inventory that it touches
are one save.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import uuid4

from application.buyers import admit_buyer
from application.catalog import item
from application.contingents import seed_barcodes
from application.planning import Plan, check_merge, check_whole_order, lapse, plan_taking
from application.unit_of_work import UnitOfWork
from domain import ranges
from domain.catalog import SalesChannel
from domain.catalog_item import CatalogItem
from domain.contact import Contact
from domain.errors import Invalid, NotOnSale
from domain.event import Event
from domain.inventory import Inventory
from domain.money import minor_of
from domain.order import Hold, Order
from domain.payment_scenario import PaymentScenario
from domain.settings_items import DeliveryScenario, PaymentMethod
from domain.taking import OrderBody, PaymentBody, RefundBody, Take
from domain.tickets import movement


def create_order(work: UnitOfWork, body: OrderBody, hold: Hold) -> Order:
    channel = _channel(work, body.saleschannelid)
    require_contact(work, "customerid", body.customerid)
    require_scenarios(work, body.own())
    plan = plan_taking(work, channel, body.take, body.promocodes)
    order = work.new(Order)
    now = work.metadata.time
    expiry = hold_of(channel, hold).expiry(now, now)
    order.create(new_guid(), channel.number, work.currency, expiry, plan.lines, work.metadata)
    _take(work, order, plan)
    order.change(order.differing_fields(body.own()), work.metadata)
    return order


def require_contact(work: UnitOfWork, path: str, number: int | None) -> None:
    """Refuses to name a contact that is not there."""
    if number is None:
        return
    contact = item(work, Contact, number)
    if contact.version == 0 or contact.archived:
        raise Invalid(path, f"there is no contact {number}")


SCENARIOS: dict[str, type[CatalogItem]] = {
    "deliveryscenarioid": DeliveryScenario,
    "paymentscenarioid": PaymentScenario,
}


def require_scenarios(work: UnitOfWork, fields: Mapping[str, Any]) -> None:
    """Refuses to name a scenario that is not there."""
    for path, cls in SCENARIOS.items():
        number = fields.get(path)
        if number is not None:
            scenario = item(work, cls, number)
            if scenario.version == 0 or scenario.archived:
                kind = cls.KIND.title.lower()
                raise Invalid(path, f"there is no {kind} {number}")


def add_tickets(
    work: UnitOfWork,
    number: int,
    take: Sequence[Take],
    promocodes: Sequence[str],
    hold: Hold,
    version: int | None = None,
) -> Order:
    """Takes more; into a confirmed order they are sold at once."""
    order = open_order(work, number, version)
    channel = work.load(SalesChannel, order.state["saleschannelid"])
    if channel.archived:
        message = f"sales channel {channel.number} is archived"
        raise NotOnSale(message, saleschannelid=channel.number)
    plan = plan_taking(work, channel, take, promocodes, order)
    order.add(plan.lines, hold_of(channel, hold), work.metadata)
    _take(work, order, plan)
    settle(work, order)
    return order


def remove_tickets(
    work: UnitOfWork, number: int, tickets: Sequence[int], hold: Hold, version: int | None = None
) -> Order:
    order = open_order(work, number, version)
    channel = work.load(SalesChannel, order.state["saleschannelid"])
    removed, events = ranges.of(tickets), order.events
    order.remove(removed, hold_of(channel, hold), work.metadata)
    expiry = None if order.confirmed else order.state["expiryts"]
    for event in events:
        work.load(Inventory, event).release(number, removed, expiry, work.metadata)
    settle(work, order)
    return order


def confirm_order(work: UnitOfWork, number: int, version: int | None = None) -> Order:
    """In time or not at all; what is confirmed already stays so."""
    order = work.load(Order, number).require(version)
    if order.confirmed:
        return order
    order.require_open(work.metadata.time)
    for event in order.events:
        work.load(Event, event).require_active()
    check_whole_order(work, order)
    if order.state["lines"]:
        admit_buyer(work, order, order.state.get("customerid"))
    order.confirm(work.metadata)
    settle(work, order)
    return order


def add_payment(
    work: UnitOfWork, number: int, body: PaymentBody, version: int | None = None
) -> Order:
    order = open_order(work, number, version)
    amount = minor_of("amount", body.amount, order.state["currency"])
    _require_method(work, body.paymentmethodid)
    order.pay(amount, body.paymentmethodid, work.metadata)
    settle(work, order)
    return order


def add_refund(
    work: UnitOfWork, number: int, body: RefundBody, version: int | None = None
) -> Order:
    order = work.load(Order, number).require(version)
    amount = minor_of("amount", body.amount, order.state["currency"])
    order.refund(amount, body.paymentid, work.metadata)
    settle(work, order)
    return order


def cancel_order(work: UnitOfWork, number: int, version: int | None = None) -> Order:
    """Gives all its tickets back; what was paid is refunded by refunds."""
    order = work.load(Order, number).require(version)
    if order.state["ended"] == "cancelled":
        return order
    order.require_open(work.metadata.time)
    events = order.events
    order.cancel(work.metadata)
    for event in events:
        work.load(Inventory, event).release(number, None, None, work.metadata)
    return order


def split_order(
    work: UnitOfWork, number: int, tickets: Sequence[int], version: int | None = None
) -> Order:
    """Hands tickets over to a new order, which is returned. Both are paid or not by themselves:
    what was paid stays with the first."""
    order = open_order(work, number, version)
    order.require_held(ranges.of(tickets))
    made, moved = work.new(Order), ranges.of(tickets)
    events = order.events
    order.split(made, new_guid(), moved, work.metadata)
    expiry = None if order.confirmed else made.state["expiryts"]
    for event in events:
        inventory = work.load(Inventory, event)
        inventory.hand_over(number, made.number, made.state["root"], moved, expiry, work.metadata)
    settle(work, order)
    settle(work, made)
    return made


def merge_orders(work: UnitOfWork, number: int, others: Sequence[int]) -> Order:
    """The tickets of other unconfirmed orders of the same sales channel go into this one, at what
    they were taken at: nothing is bought again. All of them, or nothing."""
    order = open_order(work, number, None)
    merged = [open_order(work, other, None) for other in dict.fromkeys(others)]
    for other in merged:
        other.require_mergeable(order)
    channel = work.load(SalesChannel, order.state["saleschannelid"])
    check_merge(work, channel, [order, *merged])
    for other in merged:
        events = other.events
        tickets = ranges.union(line["tickets"] for line in other.state["lines"])
        order.merge(other, work.metadata)
        expiry, root = order.state["expiryts"], order.state["root"]
        for event in events:
            inventory = work.load(Inventory, event)
            inventory.hand_over(other.number, number, root, tickets, expiry, work.metadata)
    return order


def lapse_order(work: UnitOfWork, number: int) -> Order:
    """Ends an order that was not confirmed in time; any other stays as it is."""
    order = work.load(Order, number).require()
    if order.due(work.metadata.time):
        lapse(work, order)
    return order


def empty_baskets(work: UnitOfWork, number: int, most: int) -> list[int]:
    """Cancels so many of the unconfirmed orders that hold tickets of an Event. Returns which."""
    work.load(Event, number).require()
    baskets = work.load(Inventory, number).state.get("baskets", {})
    orders = [*map(int, islice(baskets, most))]
    for order in orders:
        if not lapse_order(work, order).state["ended"]:
            cancel_order(work, order)
    return orders


def held_tickets(work: UnitOfWork, number: int) -> tuple[Order, dict[int, Inventory]]:
    """An order, and the Inventories that know its tickets: they are in memory here."""
    order = work.load(Order, number).require()
    return order, {event: work.load(Inventory, event) for event in order.events}


# -- the ways of an order


def new_guid() -> str:
    """What everybody knows a new order by: nobody can guess it."""
    return str(uuid4())


def open_order(work: UnitOfWork, number: int, version: int | None) -> Order:
    order = work.load(Order, number).require(version)
    order.require_open(work.metadata.time)
    return order


def _channel(work: UnitOfWork, number: int) -> SalesChannel:
    channel = item(work, SalesChannel, number)
    if channel.version == 0 or channel.archived:
        raise Invalid("saleschannelid", f"there is no sales channel {number}")
    return channel


def hold_of(channel: SalesChannel, hold: Hold) -> Hold:
    seconds = channel.value("basketseconds")
    return hold if seconds is None else Hold(seconds, hold.most)


def settle(work: UnitOfWork, order: Order) -> None:
    """Tells every Inventory where the order's tickets stand now."""
    for event in order.events:
        work.load(Inventory, event).settle(order.number, order.counter_of, work.metadata)


def _require_method(work: UnitOfWork, number: int | None) -> None:
    """One that is archived still takes payments that were made by it."""
    if number is not None and not item(work, PaymentMethod, number).exists:
        raise Invalid("paymentmethodid", f"there is no payment method {number}")


def _take(work: UnitOfWork, order: Order, plan: Plan) -> None:
    expiry = None if order.confirmed else order.state["expiryts"]
    root = order.state["root"]
    for event, lines in plan.by_event().items():
        moves = [
            movement(
                line["contingentid"],
                line["pricetypeid"],
                "free",
                order.counter_of(line["pricetypeid"]),
                line["tickets"],
            )
            for line in lines
        ]
        inventory = work.load(Inventory, event)
        seed_barcodes(inventory, work.metadata)
        inventory.take(order.number, root, moves, expiry, work.metadata)
