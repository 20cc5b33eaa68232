"""The history of an Event with its sales: right at every page, and as fast as if it sold little."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from adapters.check import snapshot_faults
from application.event_history import event_history
from application.group_commit import SNAPSHOT_EVERY
from application.history import Filter, HistoryEntry
from domain.base import CountedSnapshot, State
from domain.differences import differences
from domain.inventory import CountedInventory, Inventory
from domain.tickets import NEVER_SCANNED, TicketsChanged, TicketsScanned
from tests.application.box_office import BoxOffice, ticket
from tests.application.desk import taking
from tests.application.faults import TroubledStore

SALES = Filter(sales=True)
COUNTED = {"name", "amount", "counters", "locks"}
STEPS = 4 * SNAPSHOT_EVERY


def sell_and_let_in(office: BoxOffice, steps: int) -> int:
    """An Event whose tickets are sold, given back, described, locked, and go through doors."""
    event, lot = office.on_sale(10 * steps)
    random = Random(11)  # noqa: S311 - the same every time
    orders: list[int] = []
    for step in range(steps):
        office.now += 1
        way = random.randrange(8) if orders else 0
        if way < 3:
            orders.append(office.sold(event, lot, random.randrange(1, 4)))
        elif way == 3:
            office.cancel(orders.pop(random.randrange(len(orders))))
        elif way == 4:
            inside = set(office.inventory(event).inside())
            (first, *_) = office.tickets(random.choice(orders))
            office.scan(event, "out" if first in inside else "in", tickets=[first])
        elif way == 5:
            row = {"row": random.randrange(9)}
            number = ticket(lot, random.randrange(1, 9))
            office.change_ticket(event, number, properties=row, c_step=step)
        elif way == 6:
            office.lock(event, contingentid=lot, amount=1)
        else:
            office.change_contingent(event, lot, name=f"Lot {step}", amount=10 * steps + step)
    return event


def shown(inventory: Inventory, fact: Any) -> State:
    """What a reader sees of all tickets, and of those that the fact names."""
    lots = inventory.state.get("contingents", {})
    seen: State = {
        "contingents": {key: {name: lot[name] for name in COUNTED} for key, lot in lots.items()}
    }
    if isinstance(fact, TicketsChanged):
        known = inventory.state.get("tickets", {})
        seen["tickets"] = {str(t["id"]): known.get(str(t["id"]), {}) for t in fact.tickets}
    if isinstance(fact, TicketsScanned):
        scans = inventory.state.get("scans", {})
        seen["scans"] = {str(n): scans.get(str(n), NEVER_SCANNED) for n in fact.tickets}
    return seen


def folded_one_by_one(office: BoxOffice, event: int) -> Iterator[set[str]]:
    """What each fact of the Event's tickets changed, newest first."""
    inventory = Inventory(Inventory.id_of(office.account, event))
    found = []
    for recorded in office.store.stream(inventory.id):
        before = shown(inventory, recorded.fact)
        inventory.apply(recorded.fact)
        found.append({*map(repr, differences(before, shown(inventory, recorded.fact)))})
    return reversed(found)


def pages(office: BoxOffice, event: int, limit: int) -> Iterator[HistoryEntry]:
    start = None
    while True:
        page = event_history(office.store, office.account, event, limit, start, SALES)
        yield from page.entries
        if page.following is None:
            return
        start = page.following


@pytest.mark.parametrize("limit", [7, 1_000])
def test_every_page_says_what_folding_every_fact_says(office: BoxOffice, limit: int) -> None:
    event = sell_and_let_in(office, STEPS)
    inventory = Inventory.id_of(office.account, event)

    told = [
        {*map(repr, entry.changes)}
        for entry in pages(office, event, limit)
        if entry.recorded.fact.originator_id == inventory
    ]

    expected = [*folded_one_by_one(office, event)]
    assert len(told) == len(expected) > STEPS
    first = len(expected) - 1  # it adds the contingent, whole
    assert told[:first] == expected[:first]


def test_a_page_reads_as_little_of_much_as_of_little() -> None:
    read: dict[int, list[int]] = {}
    for amount in (SNAPSHOT_EVERY, 10 * SNAPSHOT_EVERY):
        store = TroubledStore()
        office = BoxOffice(store)
        event, lot = office.on_sale(amount)
        for _ in range(amount):
            office.order(taking(event, lot))
        read[amount] = []
        newest = store.position()
        for start in (None, newest - 3, newest // 2):
            store.streamed = 0
            event_history(store, office.account, event, 10, start, SALES)
            read[amount].append(store.streamed)
        office.close()
    few, many = read.values()
    assert max(many) <= max(few) + 2 * SNAPSHOT_EVERY, read


def test_what_was_counted_is_kept_as_the_facts_say(office: BoxOffice) -> None:
    sell_and_let_in(office, STEPS)
    kept = [snapshot for snapshot in office.store.snapshots() if type(snapshot) is CountedSnapshot]

    assert len(kept) >= STEPS // SNAPSHOT_EVERY
    assert {*kept[-1].state} <= {*CountedInventory.KEPT}
    assert [*snapshot_faults(office.store)] == []
