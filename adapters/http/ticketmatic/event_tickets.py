"""`/events/{id}/tickets`: the tickets of an Event, one by one."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json, to_json
from starlette.responses import Response

from adapters.bootstrap import ORDERS, Stagebook
from adapters.http import reads, requests
from adapters.http.auth import Permission, stagebook
from adapters.http.ticketmatic import wire
from adapters.http.ticketmatic.forms import Form, Reader
from adapters.http.ticketmatic.signing import caller
from adapters.http.ticketmatic.spec import Account, Id, answers
from adapters.http.ticketmatic.wire import PREFIX, TicketmaticRoute, command
from adapters.http.v1.order_documents import Scanned
from adapters.http.v1.spec import Lines, in_chunks
from adapters.http.v1.tickets import said_of
from adapters.views.select import Select
from application import admission, as_of, contingents
from application.keyring import Principal
from domain.contingents import SOLD
from domain.errors import Invalid
from domain.ids import Kind
from domain.inventory import Inventory
from domain.marks import Personal
from domain.offers import price_id
from domain.single_tickets import TicketRange
from domain.ticket_fields import MAX_CHANGED, Lock, TicketFields, TicketsPatch, Unlock
from domain.values import Reference

router = APIRouter(prefix=PREFIX, tags=["Ticketmatic"], route_class=TicketmaticRoute)

TICKETS = "/{accountname}/events/{id}/tickets"
MOST = 100
"""Tickets a call locks or unlocks."""


class LockTickets(BaseModel):
    """Tickets to lock."""

    model_config = ConfigDict(strict=True)

    locktypeid: int = Field(description="The lock type")
    ticketids: list[int] = Field(min_length=1, max_length=MOST, description="The tickets")


class UnlockTickets(BaseModel):
    """Tickets to unlock."""

    model_config = ConfigDict(strict=True)

    ticketids: list[int] = Field(min_length=1, max_length=MOST, description="The tickets")


class RankTickets(UnlockTickets):
    """Tickets of a rank."""

    seatrankid: Reference | None = Field(description="The seat rank")


class ScanOut(BaseModel):
    """Which tickets to scan out."""

    model_config = ConfigDict(strict=True)

    tickettypeids: list[int] | None = Field(None, max_length=500, description="The contingents")


class EventTicket(Scanned):
    """A ticket of an Event."""

    model_config = ConfigDict(extra="allow")

    id: int = Field(description="Its number")
    orderid: int | None = Field(description="The order that holds it")
    orderfee: float | None = Field(description="Nothing, in this version")
    bundleid: None = Field(description="Nothing, in this version")
    vouchercodeid: None = Field(description="Nothing, in this version")
    ticketholderid: int | None = Field(description="Who comes with it: a contact")
    seatid: None = Field(description="Nothing, in this version")
    seatdescription: None = Field(description="Nothing, in this version")
    seatrownumber: None = Field(description="Nothing, in this version")
    seatseatnumber: None = Field(description="Nothing, in this version")
    seatzoneid: None = Field(description="Nothing, in this version")
    seatzonename: None = Field(description="Nothing, in this version")
    seatpriority: None = Field(description="Nothing, in this version")
    tickettypeid: int = Field(description="The contingent")
    tickettypepriceid: int | None = Field(description="The price that it was taken at")
    price: float | None = Field(description="What it was taken for")
    locktypeid: int | None = Field(description="The lock type that it is locked by")
    barcode: Personal[str] | None = Field(
        description="Unguessable, from the confirmation of its order on; an imported one before, "
        "too, but for tickets in a basket"
    )
    ticketname: Personal[str] | None = Field(description="The name on it")
    tickettypename: str = Field(description="The contingent's name")
    seatrankid: int | None = Field(description="The rank of its seat")
    properties: dict[str, Any] = Field(description="Anything, by name")


TICKET_FORM = Form(EventTicket)


@router.get(
    TICKETS,
    name="tm_event_tickets",
    **answers(EventTicket, parameters=("simplefilter",), lines=True),
)
async def list_tickets(request: Request, accountname: Account, id: Id) -> Response:
    """Every ticket, one JSON object a line."""
    principal = caller(request, accountname, Permission.READ)
    number = requests.number_of(id, Kind.EVENT, principal)
    of = wire.json_parameter(request, "simplefilter", "tickettypeid").get("tickettypeid")
    if of is not None and type(of) is not int:
        raise Invalid("simplefilter.tickettypeid", "expected an integer")
    await reads.fresh(request, ORDERS)
    book = stagebook(request)
    inventory = await reads.blocking(as_of.inventory_now, book.store, principal.account, number)
    bought = await reads.blocking(known_of, book, principal.account, number)
    reader = wire.reader_of(request, principal)
    return Lines(lines(_tickets(inventory, bought, of), reader))


class Bought(NamedTuple):
    """What an order says of one of its tickets."""

    price: float
    ticketholderid: int | None
    ticketname: str | None


NOT_BOUGHT = Bought(0.0, None, None)
NO_SEAT = dict.fromkeys(
    (
        "bundleid",
        "vouchercodeid",
        "seatid",
        "seatdescription",
        "seatrownumber",
        "seatseatnumber",
        "seatzoneid",
        "seatzonename",
        "seatpriority",
    )
)
"""What a ticket has not, here."""


def known_of(book: Stagebook, account: int, event: int) -> dict[int, Bought]:
    """What orders say of the tickets of an Event."""
    found: dict[int, Bought] = {}
    for body in book.view(ORDERS).every(Select(account, exact=(f"event:{event}",))):
        order = from_json(body)
        holders = {holder["id"]: holder for holder in order["holders"]}
        for ticket in order["tickets"]:
            holder = holders.get(ticket["id"], {})
            found[ticket["id"]] = Bought(
                ticket["price"], holder.get("ticketholderid"), holder.get("ticketname")
            )
    return found


def lines(tickets: Iterator[dict[str, Any]], reader: Reader) -> Iterator[bytes]:
    return in_chunks(to_json(TICKET_FORM.show(ticket, reader)) + b"\n" for ticket in tickets)


def _tickets(
    inventory: Inventory, bought: Mapping[int, Bought], of: int | None
) -> Iterator[dict[str, Any]]:
    for lot in inventory.contingents():
        if of not in (None, lot["id"]):
            continue
        for piece in inventory.pieces(lot["id"]):
            held = piece.orderid is not None
            for ticket in range(piece.first, piece.last + 1):
                its = bought.get(ticket, NOT_BOUGHT)
                yield {
                    "id": ticket,
                    "orderid": piece.orderid,
                    "tickettypeid": lot["id"],
                    "tickettypepriceid": price_id(lot["id"], piece.of or 0) if held else None,
                    "price": its.price if held else None,
                    "orderfee": 0.0 if held else None,
                    "locktypeid": None if held else piece.of,
                    "barcode": barcode_of(inventory, ticket, piece),
                    "ticketholderid": its.ticketholderid,
                    "ticketname": its.ticketname,
                    "tickettypename": lot["name"],
                    **NO_SEAT,
                    **said_of(ticket, inventory),
                }


def barcode_of(inventory: Inventory, ticket: int, piece: TicketRange) -> str | None:
    """A ticket has its barcode from the confirmation of its order on. One that was imported is
    there before, and not in a basket."""
    if piece.counter in SOLD:
        return inventory.barcode(ticket, piece.orderid)
    return inventory.imported(ticket) if piece.orderid is None else None


@router.put(f"{TICKETS}/lock", name="tm_lock_tickets", **answers(None, body=LockTickets))
async def lock_tickets(request: Request, accountname: Account, id: Id) -> Response:
    """Keeps free tickets out of sale."""
    principal = caller(request, accountname, Permission.SELL)
    said = LockTickets.model_validate(await wire.sent_object(request, principal))
    body = named(Lock, said.ticketids, locktypeid=said.locktypeid)
    return await changed(request, principal, id, partial(contingents.lock_tickets, body=body))


@router.put(f"{TICKETS}/unlock", name="tm_unlock_tickets", **answers(None, body=UnlockTickets))
async def unlock_tickets(request: Request, accountname: Account, id: Id) -> Response:
    """Brings locked tickets back into sale."""
    principal = caller(request, accountname, Permission.SELL)
    said = UnlockTickets.model_validate(await wire.sent_object(request, principal))
    body = named(Unlock, said.ticketids)
    return await changed(request, principal, id, partial(contingents.unlock_tickets, body=body))


@router.put(f"{TICKETS}/batch", name="tm_batch_tickets", **answers(None, body=list[TicketFields]))
async def batch_tickets(request: Request, accountname: Account, id: Id) -> Response:
    """Changes barcodes, properties and custom fields; what else is sent is ignored."""
    principal = caller(request, accountname, Permission.COMMAND)
    said = await wire.sent(request, principal)
    if not isinstance(said, list) or not 1 <= len(said) <= MAX_CHANGED:
        raise Invalid("body", f"expected a list of 1 to {MAX_CHANGED} tickets")
    tickets = [wire.lenient(TicketFields, settable(index, one)) for index, one in enumerate(said)]
    body = TicketsPatch(tickets=tickets)
    return await changed(
        request, principal, id, partial(contingents.change_tickets, tickets=body.tickets)
    )


@router.put(f"{TICKETS}/seatrank", name="tm_rank_tickets", **answers(None, body=RankTickets))
async def rank_tickets(request: Request, accountname: Account, id: Id) -> Response:
    """The rank of the tickets' seats; of an Active Event only."""
    principal = caller(request, accountname, Permission.COMMAND)
    said = RankTickets.model_validate(await wire.sent_object(request, principal))
    tickets = list(dict.fromkeys(said.ticketids))
    decide = partial(admission.rank_tickets, seatrankid=said.seatrankid, tickets=tickets)
    return await changed(request, principal, id, decide)


@router.put(f"{TICKETS}/scanout", name="tm_scan_out", **answers(list[int], body=ScanOut))
async def scan_out(request: Request, accountname: Account, id: Id) -> Response:
    """Scans out who is inside, of some contingents or of all. Answers the tickets."""
    principal = caller(request, accountname, Permission.SELL)
    said = ScanOut.model_validate(await wire.sent_object(request, principal))
    number = requests.number_of(id, Kind.EVENT, principal)
    contingents = list(dict.fromkeys(said.tickettypeids or ()))
    decide = partial(admission.scan_out, number=number, contingents=contingents)
    return await wire.in_turns(request, principal, decide, to_json)


def settable(index: int, ticket: Any) -> dict[str, Any]:
    """A ticket that is sent back holds null for what it has not."""
    if not isinstance(ticket, dict):
        raise Invalid(f"{index}", "expected a JSON object")
    return {
        name: value
        for name, value in ticket.items()
        if (name in ("id", "barcode", "properties") and value is not None) or name.startswith("c_")
    }


def named(model: Any, tickets: list[int], **said: int) -> Any:
    return model.model_validate({"tickets": list(dict.fromkeys(tickets)), **said})


async def changed(request: Request, principal: Principal, id_: str, decide: Any) -> Response:
    number = requests.number_of(id_, Kind.EVENT, principal)
    return await command(request, principal, partial(decide, number=number))
