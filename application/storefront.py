"""What buyers without an account do: reserve one ticket at a time, and order what they reserved.

A reservation is an order that is not confirmed yet. Whoever has its token may go on with it.
"""

from collections.abc import Sequence
from uuid import UUID

from application import catalog, orders, sales
from application.group_commit import Work
from domain import ranges
from domain.base import State
from domain.contact import Contact, ContactFields
from domain.errors import Invalid, NotFound
from domain.event import Event
from domain.inventory import Inventory
from domain.order import Hold, Order
from domain.order_fields import OrderFields
from domain.taking import OrderBody, Take
from domain.tickets import reservation, reserved_order
from domain.values import MAX_ID

Reserved = tuple[Order, UUID]


def reserve(
    work: Work, shop: int, event: int, contingent: int, hold: Hold
) -> tuple[Order, UUID, list[int]]:
    """One ticket of a contingent, at the first price that it is for sale at on the shop. Returns
    the dates that it is valid on, too."""
    take = Take(eventid=event, contingentid=contingent, amount=1)
    order = sales.create_order(work, OrderBody(saleschannelid=shop, take=[take]), hold)
    named: list[int] = work.load(Inventory, event).contingent(contingent)["dateids"]
    dates = named or [int(date) for date in work.load(Event, event).state["dates"]]
    return order, token_of(work, order.number, event), sorted(dates)


def place(
    work: Work,
    shop: int,
    reserved: Sequence[tuple[int, UUID]],
    buyer: ContactFields,
    hold: Hold,
) -> tuple[Order, UUID, State]:
    """Everything that was reserved becomes one confirmed order of that buyer: the first one takes
    over the tickets of the others. All of it, or nothing. `reserved`: Event and token of each.
    Returns whose order it is, too: asked for again, it is still the first buyer's."""
    found = [
        _of_token(work, shop, event, token, f"tickets.{n}.reservation")
        for n, (event, token) in enumerate(reserved)
    ]
    order, event = found[0], reserved[0][0]
    others = {other.number: other for other in found[1:] if other.number != order.number}
    if order.confirmed and not others:
        return order, reserved[0][1], _buyer(work, order)
    for n, one in enumerate(found):
        if one.confirmed:
            raise Invalid(f"tickets.{n}.reservation", "it is ordered already")
    order.require_open(work.by.time)
    for other in others.values():
        other.require_open(work.by.time)
        lines = other.state["lines"]
        sales.cancel_order(work, other.number)
        takes = [
            Take(
                eventid=line["eventid"],
                pricetypeid=line["pricetypeid"],
                tickets=list(ranges.numbers(line["tickets"])),
            )
            for line in lines
        ]
        sales.add_tickets(work, order.number, takes, (), hold)
    customer = catalog.create_item(work, Contact, buyer)
    orders.change_order(work, order.number, OrderFields(customerid=customer.number))
    sales.confirm_order(work, order.number)
    return order, token_of(work, order.number, event), customer.state


def reserved_by(work: Work, shop: int, token: UUID) -> Reserved:
    """The order of a token, of any Event that it holds tickets of."""
    number = reserved_order(token)
    order = work.load(Order, number) if 1 <= number <= MAX_ID else None
    events = order.events if order and order.exists else []
    its_own = any(token_of(work, number, event) == token for event in events)
    if order is None or not its_own or order.state["saleschannelid"] != shop:
        raise NotFound("there is no such order")
    return order, token


def token_of(work: Work, order: int, event: int) -> UUID:
    return reservation(work.load(Inventory, event).state["seed"], order)


def _buyer(work: Work, order: Order) -> State:
    number = order.state.get("customerid")
    return work.load(Contact, number).state if number else {}


def _of_token(work: Work, shop: int, event: int, token: UUID, path: str) -> Order:
    number = reserved_order(token)
    seed = work.load(Inventory, event).state.get("seed")
    if seed and 1 <= number <= MAX_ID and reservation(seed, number) == token:
        order = work.load(Order, number)
        if order.exists and order.state["saleschannelid"] == shop:
            return order
    raise Invalid(path, "there is no such reservation")
