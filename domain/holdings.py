"""Folding who holds which ticket: into the maps of an Inventory's state, from its facts.

`free`, `locks`, `orders` and `baskets`, as the Inventory describes them. What a reader
sees of the contingents is folded beside it, by `domain.contingents`.
"""

from typing import Any

from domain import ranges
from domain.base import DomainEvent, State
from domain.contingents import (
    HELD,
    MOVING,
    ContingentAdded,
    ContingentChanged,
    ContingentRemoved,
    growth,
    made_before,
    made_by,
)
from domain.ranges import Ranges
from domain.tickets import (
    TicketsHandedOver,
    TicketsLocked,
    TicketsSettled,
    TicketsUnlocked,
)


def fold_holdings(state: State, fact: DomainEvent) -> None:
    """Before the contingents are folded: it needs to know how many tickets there were."""
    match fact:
        case ContingentAdded():
            made, amount = made_before(state, fact.contingentid), fact.fields.get("amount") or 0
            if amount:
                _put(state, "free", str(fact.contingentid), [[made + 1, made + amount]])
        case ContingentChanged():
            _grow(state, str(fact.contingentid), fact.changed)
        case ContingentRemoved():
            key = str(fact.contingentid)
            if free := state.get("free", {}).pop(key, None):
                _put(state, "gone", key, free)
        case _ if isinstance(fact, MOVING):
            for move in fact.moves:
                _move(state, move, fact)
            if not isinstance(fact, TicketsLocked | TicketsUnlocked):
                _keep_basket(state, fact)


def _put(state: State, place: str, key: str, tickets: Ranges) -> None:
    held = state.setdefault(place, {})
    held[key] = ranges.add(held.get(key, []), tickets)


def _cut(state: State, place: str, key: str, tickets: Ranges) -> None:
    left = ranges.remove(state[place][key], tickets)
    if left:
        state[place][key] = left
    else:
        del state[place][key]


def _grow(state: State, key: str, changed: State) -> None:
    contingent = state["contingents"][key]
    grown = growth(contingent, changed)
    if grown > 0:
        _put(state, "free", key, [[contingent["made"] + 1, contingent["made"] + grown]])
    elif grown < 0:
        gone = ranges.highest(state["free"][key], -grown)
        _cut(state, "free", key, gone)
        _put(state, "gone", key, gone)


def _move(state: State, move: State, fact: Any) -> None:
    contingent, tickets = str(move["contingentid"]), move["tickets"]
    source, target = move["from"], move["to"]
    if made := made_by(state["contingents"][contingent], move):
        last = tickets[-1][1]
        _put(state, "free", contingent, ranges.common(tickets, [[last - made + 1, last]]))
    if source == "free":
        _cut(state, "free", contingent, tickets)
    elif source in HELD:
        _cut_line(state, str(fact.orderid), move)
    else:
        _cut(state, "locks", f"{contingent}.{fact.locktypeid}.{source}", tickets)
    if target == "free":
        _put(state, "free", contingent, tickets)
    elif target in HELD:
        to = fact.toorderid if isinstance(fact, TicketsHandedOver) else fact.orderid
        if "topricetypeid" in move:
            move = move | {"pricetypeid": move["topricetypeid"]}
        _put_line(state, str(to), getattr(fact, "root", to), move)
    else:
        _put(state, "locks", f"{contingent}.{fact.locktypeid}.{target}", tickets)


def _put_line(state: State, order: str, root: int, move: State) -> None:
    orders = state.setdefault("orders", {})
    holding = orders.get(order) or {"root": root, "lines": []}
    sort = [move["contingentid"], move["pricetypeid"], move["to"]]
    lines = [line for line in holding["lines"] if line[:3] != sort]
    same_sort: Ranges = next((line[3] for line in holding["lines"] if line[:3] == sort), [])
    line = [*sort, ranges.add(same_sort, move["tickets"]) if same_sort else move["tickets"]]
    orders[order] = {"root": holding["root"], "lines": [*lines, line]}


def _cut_line(state: State, order: str, move: State) -> None:
    holding = state["orders"][order]
    sort = [move["contingentid"], move["pricetypeid"], move["from"]]
    lines = []
    for line in holding["lines"]:
        left = ranges.remove(line[3], move["tickets"]) if line[:3] == sort else line[3]
        if left:
            lines.append([*line[:3], left])
    state["orders"][order] = {"root": holding["root"], "lines": lines}


def _keep_basket(state: State, fact: Any) -> None:
    """Until when an order holds its tickets; whoever holds none is forgotten."""
    orders, baskets = state.setdefault("orders", {}), state.setdefault("baskets", {})
    key, expiry = str(fact.orderid), getattr(fact, "expiryts", None)
    if isinstance(fact, TicketsHandedOver) and expiry:
        baskets[str(fact.toorderid)] = expiry
    if not orders[key]["lines"]:
        del orders[key]
        baskets.pop(key, None)
    elif expiry:
        baskets[key] = expiry
    elif isinstance(fact, TicketsSettled):
        baskets.pop(key, None)


def lock_key(key: str) -> tuple[int, int, str]:
    contingent, lock_type, counter = key.split(".")
    return int(contingent), int(lock_type), counter
