"""What webhooks hear: every fact as changes of things, in the words of OpenTicket."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from domain.base import DomainEvent, State
from domain.catalog_item import (
    CatalogItemArchived,
    CatalogItemChanged,
    CatalogItemCreated,
    CatalogItemRestored,
)
from domain.contingents import ContingentAdded, ContingentChanged, ContingentRemoved
from domain.event_facts import (
    GROUPS,
    DateAdded,
    DateChanged,
    DateRemoved,
    EventCreated,
    EventDeleted,
    EventImageChanged,
    EventRelocated,
    EventRestored,
    EventSalePeriodChanged,
    StatusChanged,
)
from domain.ids import Kind, unpack
from domain.location import LocationChanged, LocationCreated, LocationDeleted, LocationRestored
from domain.order import CONFIRMED, PAID, payment_status
from domain.order_facts import (
    HeldTicketsChanged,
    HoldersNamed,
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    OrderCreated,
    OrderLapsed,
    OrderMerged,
    OrderRepriced,
    OrderSplit,
    PaymentAdded,
    RefundAdded,
    TicketsAdded,
    TicketsMerged,
    TicketsRemoved,
)
from domain.tickets import (
    TicketsChanged,
    TicketsHandedOver,
    TicketsLapsed,
    TicketsLocked,
    TicketsReleased,
    TicketsRepriced,
    TicketsScanned,
    TicketsSettled,
    TicketsTaken,
    TicketsUnlocked,
    contingent_of,
)

KIND_OF: dict[str, Kind | None] = {
    "event": Kind.EVENT,
    "eventdate": Kind.DATE,
    "location": Kind.LOCATION,
    "ticket": Kind.CONTINGENT,
    "shop": Kind.SALES_CHANNEL,
    "order": Kind.ORDER,
    **dict.fromkeys(
        (
            *("product", "productgroup", "metadata", "scanner", "scannertype", "coupon"),
            *("couponcode", "export", "waitinglist", "signup", "company"),
        )
    ),
}
"""What can be heard of; without a kind it is the vendor's alone, and nothing is ever heard."""
ALSO = {"eventlocation": "location", "tickettype": "ticket", "updated": "update"}
"""Other names of the same."""
TRIGGERS = (
    *("create", "update", "delete", "relation", "reorder", "scan", "paid", "placed", "revision"),
)

FIRES: dict[type[DomainEvent], tuple[str, ...]] = {
    EventCreated: ("event", "create"),
    **dict.fromkeys(GROUPS, ("event", "update")),
    EventRelocated: ("event", "update", "relation"),
    EventSalePeriodChanged: ("event", "update", "relation"),
    EventImageChanged: ("event", "update"),
    StatusChanged: ("event", "update"),
    EventDeleted: ("event", "delete"),
    EventRestored: ("event", "create"),
    DateAdded: ("eventdate", "create"),
    DateChanged: ("eventdate", "update"),
    DateRemoved: ("eventdate", "delete"),
    LocationCreated: ("location", "create"),
    LocationChanged: ("location", "update"),
    LocationDeleted: ("location", "delete"),
    LocationRestored: ("location", "create"),
    ContingentAdded: ("ticket", "create"),
    ContingentChanged: ("ticket", "update", "relation"),
    ContingentRemoved: ("ticket", "delete"),
    TicketsTaken: ("ticket",),
    TicketsReleased: ("ticket",),
    TicketsLapsed: ("ticket",),
    TicketsSettled: ("ticket",),
    TicketsRepriced: ("ticket",),
    TicketsHandedOver: ("ticket",),
    TicketsLocked: ("ticket",),
    TicketsUnlocked: ("ticket",),
    TicketsChanged: ("ticket",),
    TicketsScanned: ("ticket", "scan"),
    CatalogItemCreated: ("shop", "create"),
    CatalogItemChanged: ("shop", "update"),
    CatalogItemArchived: ("shop", "delete"),
    CatalogItemRestored: ("shop", "create"),
    OrderCreated: ("order", "create"),
    TicketsAdded: ("order", "update"),
    TicketsRemoved: ("order", "update", "paid"),
    OrderRepriced: ("order", "update", "paid"),
    HoldersNamed: ("order", "update"),
    HeldTicketsChanged: ("order", "update"),
    OrderChanged: ("order", "update"),
    OrderConfirmed: ("order", "update", "placed", "paid"),
    PaymentAdded: ("order", "update", "paid"),
    RefundAdded: ("order", "update"),
    OrderSplit: ("order", "update", "paid"),
    TicketsMerged: ("order", "update"),
    OrderMerged: ("order", "update"),
    OrderCancelled: ("order", "update"),
    OrderLapsed: ("order", "update"),
}
"""Each fact's resource and triggers; every one of them is also a `revision`."""

ONLY_IF: dict[tuple[type[DomainEvent], str], Callable[[Any], bool]] = {
    (EventSalePeriodChanged, "relation"): lambda fact: "saleschannels" in fact.changed,
    (ContingentChanged, "relation"): lambda fact: "dateids" in fact.changed,
}


class Occasion(NamedTuple):
    """Something to be heard: what happened to which thing."""

    resource: str
    trigger: str
    kind: Kind
    number: int


def occasions(fact: DomainEvent) -> Iterator[Occasion]:
    """What a fact is to be heard as. `paid`: perhaps (see `becomes_paid`)."""
    resource, *triggers = FIRES.get(type(fact), ("",))
    kind = KIND_OF.get(resource)
    of = unpack(fact.originator_id)
    if kind is None or (kind == Kind.SALES_CHANNEL and of.kind != kind):
        return
    for number in _things(fact, kind, of.number):
        for trigger in (*triggers, "revision"):
            only_if = ONLY_IF.get((type(fact), trigger))
            if only_if is None or only_if(fact):
                yield Occasion(resource, trigger, kind, number)


def becomes_paid(before: State, after: State) -> bool:
    """Whether an order was not fully paid, or not placed, and is now."""
    return _paid(after) and not _paid(before)


def known_resource(name: str) -> str:
    return _known(name, tuple(KIND_OF))


def known_trigger(name: str) -> str:
    return _known(name, TRIGGERS)


def table() -> str:
    """Who hears what, as a Markdown table, for the documentation."""
    heard: dict[tuple[str, str], list[str]] = {}
    for fact, (resource, *triggers) in FIRES.items():
        for trigger in triggers:
            heard.setdefault((resource, trigger), []).append(fact.__name__)
        heard.setdefault((resource, "revision"), [])
    rows = ["| resource | trigger | at |", "|---|---|---|"]
    for (resource, trigger), facts in sorted(heard.items(), key=_in_order):
        at = ", ".join(facts) or "every fact about it"
        if trigger == "paid":
            at += ": whichever makes a placed order fully paid"
        rows.append(f"| {resource} | {trigger} | {at} |")
    return "\n".join(rows)


def _in_order(row: tuple[tuple[str, str], list[str]]) -> tuple[int, int]:
    resource, trigger = row[0]
    return list(KIND_OF).index(resource), TRIGGERS.index(trigger)


def _known(name: str, names: tuple[str, ...]) -> str:
    """A name of the list, however it is spelled."""
    plain = re.sub(r"[\s_-]", "", name).casefold()
    found = ALSO.get(plain, plain)
    if found not in names:
        message = f"expected one of {', '.join(names)}"
        raise ValueError(message)
    return found


def _things(fact: Any, kind: Kind, number: int) -> list[int]:
    """The numbers of what a fact is about."""
    if kind == Kind.DATE:
        return [fact.dateid]
    if kind != Kind.CONTINGENT:
        return [number]
    if isinstance(fact, ContingentAdded | ContingentChanged | ContingentRemoved):
        return [fact.contingentid]
    if isinstance(fact, TicketsChanged):
        found = (contingent_of(ticket["id"]) for ticket in fact.tickets)
    elif isinstance(fact, TicketsScanned):
        found = (contingent_of(ticket) for ticket in fact.tickets)
    else:
        found = (move["contingentid"] for move in fact.moves)
    return list(dict.fromkeys(found))


def _paid(order: State) -> bool:
    return order.get("status") == CONFIRMED and payment_status(order) >= PAID
