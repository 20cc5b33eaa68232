"""The availability of an Event: its counters by contingent, by date and together, in one small
document, because that is what a busy page asks for."""

from collections.abc import Iterable
from typing import Any, ClassVar

from pydantic_core import to_json

from domain.base import DomainEvent, State
from domain.contingents import COUNTERS, SOLD, fold_contingents
from domain.event_facts import (
    DateAdded,
    DateChanged,
    DateRemoved,
    EventCreated,
    EventDeleted,
    EventRestored,
)
from domain.ids import Kind
from projections.base import Columns, Documents, Indexes, RecordedFact, Row, shown_in
from projections.event_documents import available


def availability_document(dates: Iterable[State], inventory: State) -> dict[str, Any]:
    """`inventoryversion` is the one of the Event's tickets: any past moment has one."""
    contingents = sorted(inventory.get("contingents", {}).values(), key=lambda c: int(c["id"]))
    everywhere = summed(c for c in contingents if not c["dateids"])
    on_date = summed_by_date(contingents)
    shown = []
    for date in sorted(dates, key=lambda d: int(d["id"])):
        here = on_date.get(date["id"])
        counters = _both(everywhere, here) if here else everywhere
        capacity = date.get("capacity") or 0
        shown.append({"id": date["id"], "capacity": capacity, **with_percentage(counters)})
    return {
        "inventoryversion": inventory.get("version", 0),
        "contingents": [with_percentage(available(c)) for c in contingents],
        "dates": shown,
        "total": with_percentage(summed(contingents)),
    }


def summed(contingents: Iterable[State]) -> dict[str, int]:
    total = dict.fromkeys(COUNTERS, 0)
    for contingent in contingents:
        total = _both(total, contingent["counters"])
    return total


def summed_by_date(contingents: Iterable[State]) -> dict[int, dict[str, int]]:
    """The counters of the contingents that name dates, by date: each date that one names is visited
    once, however many dates and contingents there are."""
    on_date: dict[int, dict[str, int]] = {}
    for contingent in contingents:
        counters = contingent["counters"]
        for date in set(contingent["dateids"]):
            before = on_date.get(date)
            on_date[date] = counters if before is None else _both(before, counters)
    return on_date


def with_percentage(counters: dict[str, Any]) -> dict[str, Any]:
    """With `percentsold`: sold and given away, of all tickets, to two decimals."""
    sold, total = sum(counters[name] for name in SOLD), counters["total"]
    return {**counters, "percentsold": round(100 * sold / total, 2) if total else 0.0}


def _fold_event(state: State, fact: DomainEvent) -> None:
    """Whether the Event is there, and what its dates hold."""
    dates = state["dates"]
    match fact:
        case EventCreated() | EventRestored():
            state["there"] = True
        case EventDeleted():
            state["there"] = False
        case DateAdded():
            capacity = fact.fields.get("capacity", 0)
            dates[str(fact.dateid)] = {"id": fact.dateid, "capacity": capacity}
        case DateChanged() if "capacity" in fact.changed:
            dates[str(fact.dateid)]["capacity"] = fact.changed["capacity"]
        case DateRemoved():
            dates.pop(str(fact.dateid), None)


def _both(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one[name] + other[name] for name in COUNTERS}


def availability_etag(event_version: int, inventory: State) -> str:
    return f'"{inventory.get("version", 0)}.{event_version}"'


class Availability:
    name: ClassVar = "availability"
    version: ClassVar = 4
    kinds: ClassVar[frozenset[int]] = frozenset({Kind.EVENT, Kind.INVENTORY})
    beside: ClassVar[frozenset[int]] = frozenset()
    columns: ClassVar[Columns] = ()
    indexes: ClassVar[Indexes] = ()

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        kind, key = shown_in(fact.originator_id)
        return (key,) if kind in self.kinds else ()

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        fact = recorded.fact
        kind, key = shown_in(fact.originator_id)
        state = documents.get(key) or {"there": False, "version": 0, "dates": {}, "inventory": {}}
        if kind == Kind.INVENTORY:
            fold_contingents(state["inventory"], fact)
            state["inventory"]["version"] = fact.originator_version
        else:
            state["version"] = fact.originator_version
            _fold_event(state, fact)
        documents.put(key, state)

    def row(self, key: bytes, state: State) -> Row:
        stored = to_json(state)
        if not state["there"]:
            return Row(key, None, stored, None)
        inventory = state["inventory"]
        body = to_json(availability_document(state["dates"].values(), inventory))
        etag = availability_etag(state["version"], inventory)
        return Row(key, int.from_bytes(key[:6]), stored, body, etag)
