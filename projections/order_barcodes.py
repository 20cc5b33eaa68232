"""The barcodes that an order is found by: those of the tickets that it holds.

Inventories own what barcodes come from: the secret of an Event, and the barcodes that were imported
for single tickets. Of each Inventory a small state is kept beside the orders:

    seed       the secret, None before there is one
    imported   barcodes by ticket

An order keeps its part of that: `seeds` by Event, and `imported` by ticket.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from domain import ranges
from domain.base import DomainEvent, State
from domain.ids import Kind, key
from domain.order import CONFIRMED
from domain.tickets import BarcodesSeeded, TicketsChanged, barcode
from projections.texts import exact

generated = lru_cache(4_096)(barcode)
"""An order is written several times in a row with the same tickets."""


def barcode_term(code: str) -> str:
    """What the order that holds the ticket with that barcode is found by."""
    return f"barcode:{exact(code.strip())}"


def event_term(event: int) -> str:
    """What the orders that hold tickets of an Event are found by."""
    return f"event:{event}"


def ticket_term(ticket: int) -> str:
    """What the order that holds a ticket is found by."""
    return f"ticket:{ticket}"


def gives_barcodes(fact: DomainEvent) -> bool:
    """Whether the fact of an Inventory says anything of barcodes: of thousands hardly one does."""
    if isinstance(fact, TicketsChanged):
        return any("barcode" in ticket for ticket in fact.tickets)
    return isinstance(fact, BarcodesSeeded)


def fold_barcodes(state: State, fact: DomainEvent) -> list[int]:
    """Folds a fact into the state of an Inventory. Returns the tickets that it names."""
    if isinstance(fact, BarcodesSeeded):
        state["seed"] = fact.seed
    if not isinstance(fact, TicketsChanged):
        return []
    given = {ticket["id"]: ticket["barcode"] for ticket in fact.tickets if "barcode" in ticket}
    for ticket, code in given.items():
        if code is None:
            state["imported"].pop(str(ticket), None)
        else:
            state["imported"][str(ticket)] = code
    return [*given]


def held_barcodes(get: Callable[[bytes], State | None], account: int, lines: list[State]) -> State:
    """The part of the Inventories' states that is about these lines."""
    seeds: dict[str, str] = {}
    imported: dict[str, str] = {}
    for line in lines:
        event = line["eventid"]
        inventory = get(key(account, Kind.EVENT, event))
        if inventory is None:
            continue
        if inventory["seed"] is not None:
            seeds[str(event)] = inventory["seed"]
        if codes := inventory["imported"]:
            held = map(str, ranges.numbers(line["tickets"]))
            imported |= {ticket: codes[ticket] for ticket in held if ticket in codes}
    return {"seeds": seeds, "imported": imported}


def ticket_terms(state: State) -> Iterator[str]:
    """The terms of the tickets that an order holds and of their barcodes: of imported ones always,
    of generated ones from its confirmation on."""
    seeds, imported = state["barcodes"]["seeds"], state["barcodes"]["imported"]
    confirmed = state["status"] == CONFIRMED
    for line in state["lines"]:
        seed = seeds.get(str(line["eventid"]))
        for ticket in ranges.numbers(line["tickets"]):
            yield ticket_term(ticket)
            if (code := imported.get(str(ticket))) is not None:
                yield barcode_term(code)
            elif confirmed and seed is not None:
                yield barcode_term(generated(seed, ticket, state["root"]))
