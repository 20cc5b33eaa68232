"""What a history compares: things as their readers know them, in the words of their documents."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from domain.base import Aggregate, DomainEvent, State
from domain.catalog_item import CatalogItem
from domain.contingents import BOOKKEEPING as CONTINGENT_BOOKKEEPING
from domain.differences import Difference, differences
from domain.event import Event
from domain.event_fields import EventFields
from domain.images import image_url
from domain.location import Location, LocationFields
from domain.money import number as money
from domain.offers import price_terms, prices_by_type
from domain.order import UNCONFIRMED, Order
from domain.order_facts import HeldTicketsChanged
from domain.tickets import NEVER_SCANNED, TicketsChanged, TicketsScanned, scanned

UNSHOWN = CONTINGENT_BOOKKEEPING - {"seated"} | {"eventspecificprices"}
BOOKKEEPING = frozenset({"version", "lastupdatets", "number", "namedversion", "namedts"})
CHANGE: tuple[Literal["before"], Literal["after"]] = ("before", "after")
NOT_OF_ORDERS = frozenset({"root", "heldsince", "lines", "payments", "duets", "expiryts"})


def comparable(aggregate: Aggregate) -> State:
    """A thing with the defaults of what was never set, without what is kept beside it."""
    said = {n: v for n, v in aggregate.capture().state.items() if n not in BOOKKEEPING}
    if isinstance(aggregate, Order):
        return order_words(said) if said else {}
    if "image" in said:
        said["image"] = image_url(aggregate.account, said["image"])
    return defaults(aggregate) | said


def defaults(aggregate: Aggregate) -> State:
    if isinstance(aggregate, Event):
        return {**EventFields.defaults(), "image": None, "dates": {}, "deleted": False}
    if isinstance(aggregate, Location):
        return {**LocationFields.defaults(), "deleted": False}
    if isinstance(aggregate, CatalogItem):
        return {**aggregate.FIELDS.defaults(), **aggregate.SET, "isarchived": False}
    return {}


def order_words(order: State) -> State:
    """An order as its document has it, but for its tickets: those that are alike stand together,
    as ranges of their ids."""
    currency = order["currency"]
    tickets = [
        {
            "eventid": line["eventid"],
            "contingentid": line["contingentid"],
            "pricetypeid": line["pricetypeid"],
            "price": money(line["price"], currency),
            "tickets": line["tickets"],
        }
        for line in order["lines"]
    ]
    payments = {
        key: {
            "id": payment["id"],
            "amount": money(payment["amount"], currency),
            "ts": payment["ts"],
            "paymentmethodid": payment["method"],
            "refundof": payment["of"],
        }
        for key, payment in order["payments"].items()
    }
    unconfirmed = order["status"] == UNCONFIRMED
    return {
        **{n: v for n, v in order.items() if n not in NOT_OF_ORDERS},
        "expiryts": order["expiryts"] if unconfirmed else order.get("duets"),
        "amountpaid": money(order["amountpaid"], currency),
        "tickets": tickets,
        "payments": payments,
    }


def of_tickets(fact: DomainEvent) -> Iterator[Difference]:
    """What a fact of an order says of its tickets, which other aggregates keep."""
    if isinstance(fact, HeldTicketsChanged):
        before, after = ({str(one["id"]): one[at] for one in fact.tickets} for at in CHANGE)
        yield from differences({"tickets": before}, {"tickets": after})


def contingents_words(
    inventory: State, lists: Mapping[int, State], *, counted: bool
) -> dict[str, State]:
    """The contingents of an Event by id, with their prices by type, and their counters where every
    sale was folded."""
    return {
        key: {
            **{n: v for n, v in one.items() if n not in UNSHOWN},
            "prices": prices_by_type(one, lists),
            "priceterms": price_terms(one),
            **({"counters": one["counters"]} if counted else {}),
        }
        for key, one in inventory.get("contingents", {}).items()
    }


def of_single_tickets(fact: DomainEvent) -> Iterator[Difference]:
    """What a fact of an Inventory says of single tickets. Facts of before do not say what was so
    before them."""
    if isinstance(fact, TicketsChanged):
        ids = [str(ticket["id"]) for ticket in fact.tickets]
        before = dict(zip(ids, map(_said, fact.before or ({} for _ in ids)), strict=True))
        after = dict(zip(ids, map(_said, fact.tickets), strict=True))
        yield from differences({"tickets": before}, {"tickets": after})
    if isinstance(fact, TicketsScanned):
        ids = [*map(str, fact.tickets)]
        scans = dict(zip(ids, fact.before or [NEVER_SCANNED] * len(ids), strict=True))
        way = scanned(fact)
        yield from differences({"scans": scans}, {"scans": {n: scans[n] | way for n in ids}})


def _said(ticket: Mapping[str, Any]) -> State:
    return {n: value for n, value in ticket.items() if n != "id" and value is not None}
