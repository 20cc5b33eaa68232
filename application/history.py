"""Histories, straight from the store: who, when, why, before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.as_of import replay, version_where
from application.ports import Recorded, Store
from domain.base import Aggregate, DomainEvent, State
from domain.catalog_item import CatalogItem
from domain.contingents import BOOKKEEPING as CONTINGENT_BOOKKEEPING
from domain.differences import Difference, differences
from domain.event import Event
from domain.event_fields import EventFields
from domain.images import image_url
from domain.inventory import CountedInventory, Inventory
from domain.location import Location, LocationFields
from domain.money import number as money
from domain.order import Order
from domain.tickets import NEVER_SCANNED, TicketsChanged, TicketsScanned

UNSHOWN = CONTINGENT_BOOKKEEPING - {"seated"}
BOOKKEEPING = frozenset({"version", "lastupdatets", "number", "namedversion"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact in a history: the version that was shown after it, and what it changed."""

    recorded: Recorded
    version: int
    changes: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class Entries:
    """A page of a history, newest first, and the versions that the next one starts from."""

    entries: Sequence[Entry]
    following: tuple[int, ...] | None


# -- history


def event_history(
    store: Store, account: int, number: int, limit: int, start: tuple[int, ...] | None = None
) -> Entries:
    """The facts of an Event and of its contingents, newest first."""
    aggregates: list[Aggregate] = [
        Event(Event.id_of(account, number)),
        CountedInventory(Inventory.id_of(account, number)),
    ]
    return _history(store, aggregates, limit, start)


def location_history(
    store: Store, account: int, number: int, limit: int, start: tuple[int, ...] | None = None
) -> Entries:
    """The facts of a Location, newest first."""
    return history_of_one(Location, store, account, number, limit, start)


def history_of_one(
    cls: type[Aggregate],
    store: Store,
    account: int,
    number: int,
    limit: int,
    start: tuple[int, ...] | None = None,
) -> Entries:
    """The facts of one aggregate, newest first."""
    return _history(store, [cls(cls.id_of(account, number))], limit, start)


def _history(
    store: Store, aggregates: Sequence[Aggregate], limit: int, start: tuple[int, ...] | None
) -> Entries:
    upto = start or (None,) * len(aggregates)
    found: list[Recorded] = []
    for aggregate, newest in zip(aggregates, upto, strict=True):
        if newest != 0:
            found += store.stream(aggregate.id, upto=newest, newest_first=True, limit=limit + 1)
    if not found and start is None:
        aggregates[0].require()
    found.sort(key=lambda r: r.position)
    page, rest = found[-limit:], found[:-limit]
    following = tuple(
        max((r.fact.originator_version for r in rest if r.fact.originator_id == a.id), default=0)
        for a in aggregates
    )
    entries = _entries(store, aggregates, page)
    return Entries(entries[::-1], following if rest else None)


def _entries(
    store: Store, aggregates: Sequence[Aggregate], page: Sequence[Recorded]
) -> list[Entry]:
    """Folds the page once, from the states right before it, and compares around every fact."""
    folded: dict[UUID, Aggregate] = {}
    for aggregate in aggregates:
        first = next((r for r in page if r.fact.originator_id == aggregate.id), None)
        before = first.fact.originator_version - 1 if first else 0
        folded[aggregate.id] = replay(store, type(aggregate), aggregate.id, before)
    main = folded[aggregates[0].id]
    own = [r for r in page if r.fact.originator_id == main.id]
    if not own and page:
        at = page[0].position
        version = version_where(store, main.id, lambda r: r.position <= at)
        main = folded[main.id] = replay(store, type(main), main.id, version)
    entries = []
    for recorded in page:
        aggregate = folded[recorded.fact.originator_id]
        before_state = _comparable(aggregate, recorded.fact)
        aggregate.apply(recorded.fact)
        changes = list(differences(before_state, _comparable(aggregate, recorded.fact)))
        entries.append(Entry(recorded, main.version, changes))
    return entries


def _comparable(aggregate: Aggregate, fact: DomainEvent) -> State:
    """The state as a reader knows it: with the defaults of what was never set, and of single
    tickets those that the fact is about."""
    state: dict[str, Any] = {}
    if isinstance(aggregate, Event):
        state = {**EventFields.defaults(), "image": None, "dates": {}, "deleted": False}
    elif isinstance(aggregate, Location):
        state = {**LocationFields.defaults(), "deleted": False}
    elif isinstance(aggregate, CatalogItem):
        state = {**aggregate.FIELDS.defaults(), **aggregate.SET, "isarchived": False}
    if isinstance(aggregate, Inventory):
        listed = aggregate.state.get("contingents", {})
        shown = {"contingents": {key: _shown(c) for key, c in listed.items()}}
        if isinstance(fact, TicketsChanged):
            known = aggregate.state.get("tickets", {})
            named = [str(ticket["id"]) for ticket in fact.tickets]
            shown["tickets"] = {key: known.get(key, {}) for key in named}
        if isinstance(fact, TicketsScanned):
            scans = aggregate.state.get("scans", {})
            shown["scans"] = {str(n): scans.get(str(n), NEVER_SCANNED) for n in fact.tickets}
        return shown
    said = _said(aggregate.capture().state)
    if "image" in said:
        said["image"] = image_url(aggregate.account, said["image"])
    return _in_currency(said) if isinstance(aggregate, Order) and said else state | said


def _in_currency(order: State) -> State:
    """An order with its money as its document has it."""
    currency = order["currency"]
    payments = {
        key: payment | {"amount": money(payment["amount"], currency)}
        for key, payment in order["payments"].items()
    }
    lines = [line | {"price": money(line["price"], currency)} for line in order["lines"]]
    paid = money(order["amountpaid"], currency)
    return order | {"lines": lines, "payments": payments, "amountpaid": paid}


def _shown(contingent: State) -> State:
    """A contingent as its document has it, and its counters."""
    return {n: v for n, v in contingent.items() if n == "counters" or n not in UNSHOWN}


def _said(state: State) -> State:
    """What was said of it, without what was kept of the saying."""
    return {n: v for n, v in state.items() if n not in BOOKKEEPING}
