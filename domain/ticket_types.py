"""What OpenTicket says of a type of tickets beyond how many there are, in that vendor's spelling.

`available_from`, `available_until` and the amounts per order are rules of sale; the rest is kept
and shown.
"""

from typing import Annotated, Any

from pydantic import Field, create_model

from domain.base import Fields, State
from domain.errors import BasketLimit, Invalid, NotOnSale, SoldOut
from domain.values import Count, Line, Percentage, Text, Timestamp, field, microseconds
from domain.wording import counted

PerOrder = Annotated[int, Field(ge=0, le=1_000_000)]

NAMED_BY_A_KEYWORD: Any = {
    "class": (Line | None, field("What sort of ticket it is, in a word", "ticket"))
}
Classed = create_model("Classed", __base__=Fields, **NAMED_BY_A_KEYWORD)


class TicketType(Classed):
    description: Text | None = field("What buyers read about it", "Unreserved seats on the floor")
    vat_percentage: Percentage | None = field("Value-added tax in its price, percent", 21.0)
    available_from: Timestamp | None = field("For sale from then on", "2026-09-01T10:00:00+02:00")
    available_until: Timestamp | None = field("For sale until then", "2026-11-21T20:00:00+01:00")
    availability_margin: Count | None = field("Tickets that are left as a margin", 0, cleared=0)
    increment: Annotated[int, Field(ge=1, le=1_000_000)] | None = field(
        "Tickets are offered by so many", 1, cleared=1
    )
    min_orderable_amount_per_order: PerOrder | None = field(
        "An order is confirmed with so many of them, or none", 1, cleared=1
    )
    max_orderable_amount_per_order: PerOrder | None = field(
        "An order has at most so many of them; 0 or null = no limit", 20
    )
    percentage_service_costs_in_ticket: Percentage | None = field(
        "Share of the service costs that its price contains, percent", 0.0, cleared=0.0
    )
    include_service_cost_in_price: bool | None = field(
        "Its price contains the service costs", True, cleared=False
    )
    swappable: bool | None = field("Buyers may hand it over", False, cleared=True)
    hide_without_coupon: bool | None = field("Shown with a coupon only", True, cleared=False)
    late_personalization: bool | None = field(
        "Names of holders may follow the order", True, cleared=False
    )
    combines_products: bool | None = field(
        "It contains the products it is sold with", True, cleared=False
    )
    status_overrule: Line | None = field(
        "Shown instead of its computed status; shops do not sell what it says is not to be had",
        "sold_out",
    )


def check_rules(contingent: State, path: str) -> None:
    """Refuses rules of sale that nobody could keep."""
    first, last = (
        microseconds(contingent.get(name)) for name in ("available_from", "available_until")
    )
    if first is not None and last is not None and last < first:
        raise Invalid(f"{path}available_until", "expected a time that is not before available_from")
    least, most = least_and_most(contingent)
    if 0 < most < least:
        name = "max_orderable_amount_per_order"
        raise Invalid(path + name, "expected at least min_orderable_amount_per_order")


def require_available(contingent: State, event: int, now: str) -> None:
    """Refuses to sell before or after its time."""
    first, last = contingent["available_from"], contingent["available_until"]
    if not first and not last:
        return
    moment = microseconds(now) or 0
    if moment < (microseconds(first) or 0) or (last and moment > (microseconds(last) or 0)):
        message = f"contingent {contingent['id']} of Event {event} is not for sale now"
        said = {"contingentid": contingent["id"], "from": first, "until": last}
        raise NotOnSale(message, eventid=event, **said)


def require_not_overruled(contingent: State, event: int) -> None:
    """Refuses to sell in a shop what is to be shown there as not to be had."""
    status = (contingent.get("status_overrule") or "").casefold()
    said = {"eventid": event, "contingentid": contingent["id"]}
    if status == "sold_out":
        message = f"contingent {contingent['id']} of Event {event} is shown as sold out"
        raise SoldOut(message, limit="status_overrule", asked=1, left=0, **said)
    if status == "not_sold_right_now":
        message = f"contingent {contingent['id']} of Event {event} is not for sale now"
        raise NotOnSale(message, **said)


def check_most(contingent: State, asked: int, had: int, event: int) -> None:
    """Refuses to sell more to one order than it may have."""
    _, most = least_and_most(contingent)
    if 0 < most < asked + had:
        message = f"an order has at most {counted(most, 'ticket')} of contingent {contingent['id']}"
        raise BasketLimit(
            message,
            limit="max_orderable_amount_per_order",
            allowed=most,
            left=max(0, most - had),
            eventid=event,
            contingentid=contingent["id"],
        )


def check_least(contingent: State, held: int, event: int) -> None:
    """Refuses to confirm an order with some of them, and fewer than it needs."""
    least, _ = least_and_most(contingent)
    if 0 < held < least:
        message = (
            f"an order has at least {counted(least, 'ticket')} of contingent {contingent['id']}"
        )
        raise BasketLimit(
            message,
            limit="min_orderable_amount_per_order",
            needed=least,
            held=held,
            eventid=event,
            contingentid=contingent["id"],
        )


def least_and_most(contingent: State) -> tuple[int, int]:
    least, most = "min_orderable_amount_per_order", "max_orderable_amount_per_order"
    return contingent.get(least) or 0, contingent.get(most) or 0
