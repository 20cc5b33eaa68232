"""Commands on an order beside selling: its fields, who comes with its tickets, other price types.

Each returns the order, as of the end of the command.
"""

from collections.abc import Mapping, Sequence

from application.buyers import admit_buyer
from application.planning import plan_repricing
from application.sales import hold_of, open_order, require_contact, require_scenarios, settle
from application.unit_of_work import UnitOfWork
from domain import ranges
from domain.catalog import SalesChannel
from domain.errors import NotOnSale
from domain.inventory import Inventory
from domain.order import Hold, Order
from domain.order_fields import OrderFields
from domain.taking import Holder


def change_order(
    work: UnitOfWork, number: int, fields: OrderFields, version: int | None = None
) -> Order:
    order = work.load(Order, number).require(version)
    changed = order.differing_fields(fields.patch())
    require_contact(work, "customerid", changed.get("customerid"))
    require_scenarios(work, changed)
    if "customerid" in changed and order.confirmed:
        admit_buyer(work, order, changed["customerid"])
    order.change(changed, work.metadata)
    return order


def name_holders(
    work: UnitOfWork, number: int, holders: Sequence[Holder], version: int | None = None
) -> Order:
    order = open_order(work, number, version)
    for index, holder in enumerate(holders):
        require_contact(work, f"tickets.{index}.ticketholderid", holder.ticketholderid)
    order.name_holders([holder.patch() for holder in holders], work.metadata)
    return order


def reprice_tickets(
    work: UnitOfWork,
    number: int,
    wanted: Mapping[int, int],
    promocodes: Sequence[str],
    hold: Hold,
    version: int | None = None,
) -> Order:
    """Tickets get other price types, `wanted` by ticket, at what those cost today."""
    order = open_order(work, number, version)
    order.require_held(ranges.of(wanted))
    channel = work.load(SalesChannel, order.state["saleschannelid"])
    if channel.archived:
        message = f"sales channel {channel.number} is archived"
        raise NotOnSale(message, saleschannelid=channel.number)
    plan = plan_repricing(work, channel, order, wanted, promocodes)
    if not plan.lines:
        return order
    order.reprice(plan.lines, hold_of(channel, hold), work.metadata)
    expiry = None if order.confirmed else order.state["expiryts"]
    for event, lines in plan.by_event().items():
        prices = [(line["pricetypeid"], line["tickets"]) for line in lines]
        work.load(Inventory, event).reprice(number, prices, order.counter_of, expiry, work.metadata)
    settle(work, order)
    return order
