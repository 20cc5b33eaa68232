"""`/v1/events/{id}/contingents` and `…/tickets`: translates, and nothing else."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from adapters.http import reads, requests
from adapters.http.auth import Permission, authorize, stagebook
from adapters.http.commands import document, execute, gone
from adapters.http.personal import outside
from adapters.http.routes import SellRoute, StrictRoute
from adapters.http.v1.documents import ContingentDocument
from adapters.http.v1.filters import TicketQuery
from adapters.http.v1.order_documents import (
    ContingentPage,
    ScannedTickets,
    TicketDocument,
    TicketRanges,
    TicketsChangedDocument,
)
from adapters.http.v1.past import NAMES, asked_past, event_parts, past_headers
from adapters.http.v1.spec import (
    ContingentId,
    Id,
    Lines,
    changes,
    creates,
    deletes,
    in_chunks,
    moves,
    remembers,
    streams,
)
from application import admission, as_of, contingents
from application.as_of import PastMoment, Place
from application.keyring import Principal
from application.ports import CommandResult, Store
from application.unit_of_work import UnitOfWork
from domain import ranges
from domain.barcodes import ALL
from domain.contingents import ContingentBody
from domain.errors import (
    EventClosed,
    NotAdmitted,
    NotFound,
    SoldOut,
    TicketNotFree,
    TicketsInUse,
    TooBusy,
)
from domain.event import Event
from domain.ids import Kind
from domain.inventory import Inventory
from domain.outside import Outside, shown
from domain.ranges import Ranges
from domain.single_tickets import TicketRange
from domain.taking import Scan
from domain.ticket_fields import Lock, TicketsPatch, Unlock
from projections.event_documents import contingent

router = APIRouter(prefix="/v1/events", tags=["Tickets"], route_class=StrictRoute)
BARCODES_AT_ONCE = 10_000
"""That the writer makes in one turn, which takes it 30 ms."""
selling = APIRouter(prefix="/v1/events", tags=["Tickets"], route_class=SellRoute)


# -- contingents


def answer(made: tuple[Event, Inventory, int], status: int = 200) -> CommandResult:
    event, inventory, contingent_id = made
    state = inventory.state["contingents"][str(contingent_id)]
    body = to_json(contingent(state, event.number))
    place = f"/v1/events/{event.number}/contingents/{contingent_id}"
    etag = f'"{event.version}.{inventory.version}"'
    return document(body, etag, status=status, place=place if status == 201 else None)


def present(work: UnitOfWork, number: int, contingent_id: int) -> dict[str, Any]:
    """The contingent as it is before a command."""
    inventory = work.load(Inventory, number)
    inventory.require_contingent(contingent_id)
    return contingent(inventory.state["contingents"][str(contingent_id)], number)


@router.post("/{id}/contingents", **creates(ContingentDocument, EventClosed, SoldOut, inside=True))
async def add_contingent(request: Request, id: Id, body: ContingentBody) -> Response:
    """Adds a contingent, a named number of tickets. `price` is the short way to one price of type
    Normal on every channel, `prices` to one of each type."""
    principal = authorize(request, Permission.COMMAND)
    decide = partial(contingents.add_contingent, body=body, **the(request, id, principal))
    return await execute(request, decide, partial(answer, status=201), principal=principal)


@router.get("/{id}/contingents", **remembers(ContingentPage))
async def list_contingents(request: Request, id: Id) -> Response:
    """All contingents of an Event, now or then."""
    found, headers = await _contingents(request, id)
    body = to_json({"data": found, "next": None, "total": len(found)})
    return reads.unless_held(request, body, headers)


@router.get("/{id}/contingents/{contingentid}", **remembers(ContingentDocument))
async def get_contingent(request: Request, id: Id, contingentid: ContingentId) -> Response:
    """One contingent of an Event, now or then."""
    principal = authorize(request, Permission.READ)
    number = requests.number_of(contingentid, Kind.CONTINGENT, principal)
    found, headers = await _contingents(request, id)
    for one in found:
        if one["id"] == number:
            return reads.unless_held(request, to_json(one), headers)
    raise NotFound(f"Event {id} has no contingent {number}", id=number)


@router.patch(
    "/{id}/contingents/{contingentid}",
    **changes(ContingentDocument, EventClosed, TicketsInUse, SoldOut),
)
async def change_contingent(
    request: Request,
    id: Id,
    contingentid: ContingentId,
    body: ContingentBody,
) -> Response:
    """Changes a contingent: the fields that are sent. `amount` grows at any time and shrinks by
    free tickets. `price` and `prices` change the price types that they name and leave the
    others."""
    principal = authorize(request, Permission.COMMAND)
    event, lot = (
        the(request, id, principal),
        requests.number_of(contingentid, Kind.CONTINGENT, principal),
    )
    decide = partial(contingents.change_contingent, contingent_id=lot, body=body, **event)
    was = partial(present, number=event["number"], contingent_id=lot)
    return await execute(request, decide, answer, principal=principal, present=was)


@router.delete("/{id}/contingents/{contingentid}", **deletes(EventClosed, TicketsInUse))
async def remove_contingent(request: Request, id: Id, contingentid: ContingentId) -> Response:
    """Removes a contingent of which every ticket is free."""
    principal = authorize(request, Permission.COMMAND)
    decide = partial(
        contingents.remove_contingent,
        contingent_id=requests.number_of(contingentid, Kind.CONTINGENT, principal),
        **the(request, id, principal),
    )
    return await execute(request, decide, gone, principal=principal)


async def _contingents(
    request: Request, event_id: str
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The contingents of an Event, now or then, and the headers of its document."""
    shown, headers = await event_parts(request, event_id)
    found = [*shown["contingents"], *shown["seated_contingents"]]
    return sorted(found, key=lambda one: int(one["id"])), headers


def the(request: Request, id_: str, principal: Principal) -> dict[str, Any]:
    """Which Event, and which versions of it the caller decided on."""
    version, contingents_version = requests.if_match(request)
    number = requests.number_of(id_, Kind.EVENT, principal)
    return {"number": number, "version": version, "contingents_version": contingents_version}


# -- tickets


def ranged(moved: tuple[Inventory, Ranges]) -> CommandResult:
    _, tickets = moved
    body = to_json({"amount": ranges.count(tickets), "tickets": tickets})
    return CommandResult(200, {}, body)


@selling.post("/{id}/tickets/lock", **moves(TicketRanges, SoldOut, TicketNotFree))
async def lock_tickets(request: Request, id: Id, body: Lock) -> Response:
    """Locks tickets, which keeps them out of sale: these very ones, or so many of a contingent."""
    principal = authorize(request, Permission.SELL)
    number = requests.number_of(id, Kind.EVENT, principal)
    decide = partial(contingents.lock_tickets, number=number, body=body)
    return await execute(request, decide, ranged, principal=principal)


@selling.post("/{id}/tickets/unlock", **moves(TicketRanges))
async def unlock_tickets(request: Request, id: Id, body: Unlock) -> Response:
    """Unlocks tickets, which brings them back into sale."""
    principal = authorize(request, Permission.SELL)
    number = requests.number_of(id, Kind.EVENT, principal)
    decide = partial(contingents.unlock_tickets, number=number, body=body)
    return await execute(request, decide, ranged, principal=principal)


@selling.post("/{id}/tickets/scan", **moves(ScannedTickets, NotAdmitted))
async def scan_tickets(request: Request, id: Id, body: Scan) -> Response:
    """Scans tickets at a door, all of them or none. In goes what was sold and is not inside
    already, out what is inside."""
    principal = authorize(request, Permission.SELL)
    number = requests.number_of(id, Kind.EVENT, principal)
    decide = partial(admission.scan_tickets, number=number, body=body)
    before, left = ALL, ALL - 1
    while left < before:  # fewer each time; what was forgotten meanwhile is made in one turn below
        some = partial(decide, most=BARCODES_AT_ONCE)
        try:
            return await execute(request, some, scanned, principal=principal)
        except TooBusy as unmade:
            before, left = left, unmade.details["left"]
    return await execute(request, decide, scanned, principal=principal)


def scanned(passed: tuple[Inventory, list[int]]) -> CommandResult:
    inventory, tickets = passed
    shown = [{"id": ticket, **inventory.scan_of(ticket)} for ticket in tickets]
    return CommandResult(200, {}, to_json({"tickets": shown}))


@router.patch("/{id}/tickets", **moves(TicketsChangedDocument))
async def change_tickets(request: Request, id: Id, body: TicketsPatch) -> Response:
    """Changes barcodes, properties and custom fields of single tickets."""
    principal = authorize(request, Permission.COMMAND)
    number = requests.number_of(id, Kind.EVENT, principal)
    decide = partial(contingents.change_tickets, number=number, tickets=body.tickets)

    def changed(count: int) -> CommandResult:
        return CommandResult(200, {}, to_json({"changed": count}))

    return await execute(request, decide, changed, principal=principal)


@router.get("/{id}/tickets", **streams(TicketDocument))
async def list_tickets(request: Request, id: Id, query: TicketQuery) -> Response:
    """Every ticket, one JSON object a line, in the order of their ids: as of one moment, now or
    then."""
    asked = asked_past(request, (*NAMES, "inventoryversion"), "contingentid", "state")
    principal = authorize(request, Permission.REVIEW if asked else Permission.READ)
    number = requests.number_of(id, Kind.EVENT, principal)
    await reads.seen(request, None)
    find = partial(tickets_at, stagebook(request).store, principal.account, number, asked)
    inventory, place = await reads.blocking(find)
    return Lines(
        ticket_lines(inventory, query.contingentid, query.state, outside(principal)),
        headers=place and past_headers(place),
    )


def tickets_at(
    store: Store, account: int, number: int, asked: PastMoment | None
) -> tuple[Inventory, Place | None]:
    """The tickets now, or then and where their newest change is."""
    if asked is None:
        return as_of.inventory_now(store, account, number), None
    event, inventory = as_of.past_inventory(store, account, number, **asked)
    return inventory, as_of.place_of(store, event, inventory)


def ticket_lines(
    inventory: Inventory, contingent_id: int | None, state: str | None, whom: Outside
) -> Iterator[bytes]:
    tickets = _tickets(inventory, contingent_id, state)
    if not whom.personal:
        tickets = (shown(TicketDocument, ticket, whom) for ticket in tickets)
    return in_chunks(to_json(ticket) + b"\n" for ticket in tickets)


def _tickets(
    inventory: Inventory, contingent_id: int | None, state: str | None
) -> Iterator[dict[str, Any]]:
    for lot in inventory.contingents():
        if contingent_id not in (None, lot["id"]):
            continue
        for piece in inventory.pieces(lot["id"]):
            if state in (None, piece.counter):
                for ticket in range(piece.first, piece.last + 1):
                    yield _ticket(inventory, lot["id"], piece, ticket)


def _ticket(
    inventory: Inventory, contingent_id: int, piece: TicketRange, ticket: int
) -> dict[str, Any]:
    held = piece.orderid is not None
    return {
        "id": ticket,
        "contingentid": contingent_id,
        "state": piece.counter,
        "orderid": piece.orderid,
        "pricetypeid": piece.of if held else None,
        "locktypeid": None if held else piece.of,
        "barcode": inventory.barcode(ticket, piece.orderid),
        **said_of(ticket, inventory),
    }


def said_of(ticket: int, inventory: Inventory) -> dict[str, Any]:
    """What is known of a ticket beside who holds it."""
    said = inventory.state.get("tickets", {}).get(str(ticket), {})
    return {
        "seatrankid": said.get("seatrankid"),
        **inventory.scan_of(ticket),
        "properties": said.get("properties", {}),
        **{name: value for name, value in said.items() if name.startswith("c_")},
    }
