"""What buyers without an account do: reserve tickets of one sort, and order what they reserved.

A reservation is an order that is not confirmed yet. A buyer is known by its guid, which nobody can
guess: the same that the order has everywhere, also when it is merged into another.
"""

from collections.abc import Sequence
from typing import NamedTuple

from application import catalog, orders, sales
from application.buyers import require_admitted
from application.unit_of_work import UnitOfWork
from domain.contact import Contact, ContactFields
from domain.errors import Invalid, NotFound, NotOnSale
from domain.event import Event, ends
from domain.inventory import Inventory
from domain.order import Hold, Order
from domain.order_fields import OrderFields
from domain.taking import OrderBody, Take
from domain.values import microseconds


class Reservation(NamedTuple):
    """An order by its account and number, and by the guid that a buyer knows it by; the contingent
    that a ticket was reserved of."""

    account: int
    order: int
    guid: str
    contingent: int = 0


class Placed(NamedTuple):
    """An order and its buyer."""

    order: Order
    buyer: Contact | None


def reserve(
    work: UnitOfWork,
    shop: int,
    event: int,
    contingent: int,
    codes: Sequence[str],
    hold: Hold,
    amount: int = 1,
) -> tuple[Order, list[int]]:
    """Tickets of a contingent, at the first price that they are for sale at on the shop. Returns
    the dates that they are valid on, too. A shop shows Events to come, and sells no other."""
    require_to_come(work.load(Event, event), work.metadata.time)
    take = Take(eventid=event, contingentid=contingent, amount=amount)
    body = OrderBody(saleschannelid=shop, take=[take], promocodes=list(codes))
    order = sales.create_order(work, body, hold)
    named: list[int] = work.load(Inventory, event).contingent(contingent)["dateids"]
    dates = named or [int(date) for date in work.load(Event, event).state["dates"]]
    return order, sorted(dates)


def require_to_come(event: Event, now: str) -> None:
    """Refuses when the Event is over."""
    last = ends(event.state) if event.exists else None
    if last and (microseconds(last) or 0) < (microseconds(now) or 0):
        raise NotOnSale(f"Event {event.number} is over", eventid=event.number, until=last)


def place(
    work: UnitOfWork, shop: int, reserved: Sequence[Reservation], buyer: ContactFields
) -> Placed:
    """Everything that was reserved becomes one confirmed order of that buyer, at what it was
    reserved at: the first one takes over the tickets of the others. All of it, or nothing. Asked
    for again by the same buyer, it is the same order."""
    found = [_of(work, shop, one, f"tickets.{n}") for n, one in enumerate(reserved)]
    order, *others = {one.number: one for one in found}.values()
    placed = Placed(order, _buyer(work, order))
    if order.confirmed and not others and _is_of(placed, buyer):
        return placed
    for n, one in enumerate(found):
        if one.confirmed:
            raise Invalid(f"tickets.{n}.reservation", "it is ordered already")
    require_admitted(work, order, buyer.email)
    sales.merge_orders(work, order.number, [other.number for other in others])
    customer = catalog.create_item(work, Contact, buyer)
    orders.change_order(work, order.number, OrderFields(customerid=customer.number))
    sales.confirm_order(work, order.number)
    return Placed(order, customer)


def ordered(work: UnitOfWork, reservation: Reservation, shop: int | None = None) -> Placed:
    """The order of a guid, on that shop or on any."""
    order = _known(work, reservation)
    if order is None or shop not in (None, order.state["saleschannelid"]):
        raise NotFound("there is no such order")
    return Placed(order, _buyer(work, order))


def _of(work: UnitOfWork, shop: int, reservation: Reservation, path: str) -> Order:
    order = _known(work, reservation)
    if order is None or order.state["saleschannelid"] != shop:
        raise Invalid(f"{path}.reservation", "there is no such reservation")
    held = order.state["lines"] or order.state.get("endedlines", ())
    if not any(line["contingentid"] == reservation.contingent for line in held):
        raise Invalid(f"{path}.guid", "it is not the ticket that was reserved")
    return order


def _known(work: UnitOfWork, reservation: Reservation) -> Order | None:
    """The order, or the one that it was merged into."""
    order = work.load(Order, reservation.order)
    if not order.exists or order.state["guid"] != reservation.guid:
        return None
    while (into := order.state.get("mergedinto")) is not None:
        order = work.load(Order, into)
    return order


def _buyer(work: UnitOfWork, order: Order) -> Contact | None:
    number = order.state.get("customerid")
    return work.load(Contact, number) if number else None


def _is_of(placed: Placed, buyer: ContactFields) -> bool:
    """Whether it is that buyer's order: whoever else knows its guid is not shown whose it is."""
    its = placed.buyer.state.get("email") if placed.buyer else None
    return bool(its and buyer.email and its.casefold() == buyer.email.casefold())
