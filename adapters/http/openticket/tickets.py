"""`/ticket`: a Ticket is a contingent. Translates, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from adapters.bootstrap import CATALOG, EVENTS, LOCATIONS
from adapters.http.auth import Permission
from adapters.http.openticket import fields
from adapters.http.openticket.dates import event_of
from adapters.http.openticket.documents import (
    Held,
    date_shown,
    just_made,
    shop_shown,
    ticket_shown,
)
from adapters.http.openticket.events import sellers
from adapters.http.openticket.fields import anew, invalid, model, native, required, run
from adapters.http.openticket.lookup import held_with, number_in, reading, shops
from adapters.http.openticket.making import blocked, creates, many
from adapters.http.openticket.models import (
    DateShown,
    Nothing,
    ShopShown,
    TicketCreated,
    TicketShown,
    shaped,
)
from adapters.http.openticket.spec import Guid, answers
from adapters.http.openticket.wire import (
    OpenTicketRoute,
    base_of,
    caller,
    command,
    integer,
    json_response,
    sent,
    text,
)
from application import contingents, events
from application.as_of import ShownEvent
from application.keyring import Principal
from application.shop_tickets import go_live, is_sold_by, new_price, set_price
from application.unit_of_work import UnitOfWork
from domain.base import State
from domain.contingents import ContingentBody
from domain.event import Event
from domain.ids import Kind
from domain.inventory import Inventory
from domain.money import MAX_AMOUNT, number
from domain.values import stamp

router = APIRouter(tags=["OpenTicket"], route_class=OpenTicketRoute)

SENT = (*fields.TICKET, "min_price")
MOST_PER_ORDER = 20
"""What an order may have of a Ticket when nothing is said, as the vendor has it."""


def cents(body: State, currency: str) -> int | None:
    """The price in minor units, if it is said."""
    if body.get("min_price") in (None, ""):
        return None
    said = integer("min_price", body["min_price"])
    if said < 0 or number(said, currency) > MAX_AMOUNT:
        raise invalid([("min_price", "expected an amount in minor units, 0 or more")])
    return said


@creates(
    router,
    "/event/{guid}/ticket",
    "ot_create_ticket",
    TicketCreated,
    SENT,
    ("name", "vat_percentage"),
)
async def create_ticket(request: Request, guid: Guid) -> Response:
    """A new type of tickets. Without `available_stock` there are as many as are asked for; without
    `min_price`, in minor units, they cost nothing. It is for sale once it is attached to a shop."""
    principal = caller(request, Permission.COMMAND)
    event = number_in(guid, Kind.EVENT, principal)
    body = await sent(request)
    required(body, "name", "vat_percentage")
    said = {"amount": None, "max_orderable_amount_per_order": MOST_PER_ORDER}
    said |= native(body, fields.TICKET)
    price = new_price(cents(body, principal.currency), principal.currency)
    made = model(ContingentBody, said | {"eventspecificprices": {"prices": [price]}}, fields.TICKET)

    def decide(work: UnitOfWork) -> tuple[ShownEvent, int]:
        _, _, lot = contingents.add_contingent(work, event, made)
        return events.shown(work, work.load(Event, event)), lot

    def answer(added: tuple[ShownEvent, int]) -> State:
        shown, lot_id = added
        lot = shown.inventory.contingent(lot_id)
        full = ticket_shown(just_made(shown, principal), lot, principal, stamp(datetime.now(UTC)))
        return shaped(TicketCreated, full | {"status": None})

    return await run(request, principal, fields.TICKET, decide, answer)


async def _the_ticket(request: Request, guid: str) -> tuple[Held, State, list[State], Principal]:
    """The Event, the contingent, and the shops that there are."""
    principal = caller(request, Permission.READ)
    lot = number_in(guid, Kind.CONTINGENT, principal)
    held, channels = await reading(
        request,
        lambda book: (held_with(book, Kind.CONTINGENT, lot, principal), shops(book, principal)),
        EVENTS,
        LOCATIONS,
        CATALOG,
    )
    return held, held.inventory["contingents"][str(lot)], channels, principal


@router.get("/ticket/{guid}", name="ot_ticket", **answers(TicketShown))
async def get_ticket(request: Request, guid: Guid) -> Response:
    """One type of tickets, with its counters as they are."""
    held, lot, _, principal = await _the_ticket(request, guid)
    now = stamp(datetime.now(UTC))
    return json_response(shaped(TicketShown, ticket_shown(held, lot, principal, now)))


@router.put("/ticket/{guid}", name="ot_change_ticket", **answers(TicketShown, fields=SENT))
async def change_ticket(request: Request, guid: Guid) -> Response:
    """Changes what is sent; `min_price` in minor units."""
    principal = caller(request, Permission.COMMAND)
    lot = number_in(guid, Kind.CONTINGENT, principal)
    body = await sent(request)
    model(ContingentBody, native(body, fields.TICKET), fields.TICKET)
    price = cents(body, principal.currency)
    event = await event_of(request, Kind.CONTINGENT, lot, principal)

    def decide(work: UnitOfWork) -> None:
        held = just_made(events.shown(work, work.load(Event, event).require()), principal)
        work.load(Inventory, event).require_contingent(lot)
        state = held.inventory["contingents"][str(lot)]
        said = anew(body, ticket_shown(held, state, principal, work.metadata.time))
        change = model(ContingentBody, native(said, fields.TICKET), fields.TICKET)
        contingents.change_contingent(work, event, lot, change)
        if "min_price" in said and said["min_price"] != "":
            set_price(work, event, lot, price)
            go_live(work, event)

    await run(request, principal, fields.TICKET, decide)
    return await get_ticket(request, guid)


@router.delete("/ticket/{guid}", name="ot_delete_ticket", **answers(None, status=204))
async def delete_ticket(request: Request, guid: Guid) -> Response:
    """Deletes a type of tickets that no shop has and of which none is reserved or sold."""
    principal = caller(request, Permission.COMMAND)
    held, lot, channels, _ = await _the_ticket(request, guid)
    event = held.event["number"]

    def decide(work: UnitOfWork) -> None:
        found = [c for c in channels if is_sold_by(work, event, lot["id"], c["id"])]
        if found:
            raise blocked(
                "ticket", principal.account, [(Kind.SALES_CHANNEL, c["id"]) for c in found]
            )
        contingents.remove_contingent(work, event, lot["id"])

    return await command(request, principal, decide)


Those = Callable[[list[int]], list[int]]


async def _dated(request: Request, guid: str, dateguid: str, those: Those) -> Response:
    """Changes the dates that a Ticket is attached to."""
    principal = caller(request, Permission.COMMAND)
    lot = number_in(guid, Kind.CONTINGENT, principal)
    date = number_in(dateguid, Kind.DATE, principal)
    event = await event_of(request, Kind.CONTINGENT, lot, principal)
    if await event_of(request, Kind.DATE, date, principal) != event:
        raise invalid([("eventdate", "expected an EventDate of the Event of the ticket")])

    def decide(work: UnitOfWork) -> None:
        inventory = work.load(Inventory, event)
        inventory.require_contingent(lot)
        body = ContingentBody(dateids=those(inventory.contingent(lot)["dateids"]))
        contingents.change_contingent(work, event, lot, body)

    return await run(request, principal, {"eventdate": ("dateids", text)}, decide)


@router.post("/ticket/{guid}/dates/{dateguid}", name="ot_attach_date", **answers(None, status=204))
async def attach_date(request: Request, guid: Guid, dateguid: Guid) -> Response:
    """Makes the Ticket valid on the EventDate; one that is attached to none is on all of them."""
    date = number_in(dateguid, Kind.DATE, caller(request, Permission.COMMAND))
    return await _dated(request, guid, dateguid, lambda had: sorted({*had, date}))


@router.delete(
    "/ticket/{guid}/dates/{dateguid}", name="ot_detach_date", **answers(None, status=204)
)
async def detach_date(request: Request, guid: Guid, dateguid: Guid) -> Response:
    """The Ticket is not valid on the EventDate any more."""
    date = number_in(dateguid, Kind.DATE, caller(request, Permission.COMMAND))
    return await _dated(request, guid, dateguid, lambda had: [one for one in had if one != date])


@router.get("/ticket/{guid}/dates", name="ot_dates_of_ticket", **answers(many(DateShown)))
async def dates_of_ticket(request: Request, guid: Guid) -> Response:
    """The EventDates that the Ticket is attached to."""
    held, lot, _, principal = await _the_ticket(request, guid)
    shown = [date_shown(held, d, principal) for d in held.dates() if d["id"] in lot["dateids"]]
    return json_response([shaped(DateShown, one) for one in shown])


@router.get("/ticket/{guid}/shops", name="ot_shops_of_ticket", **answers(many(ShopShown)))
async def shops_of_ticket(request: Request, guid: Guid) -> Response:
    """The shops that have the Ticket."""
    held, lot, channels, principal = await _the_ticket(request, guid)
    shown = [
        shop_shown(channel, principal, base_of(request)) for channel in sellers(held, lot, channels)
    ]
    return json_response([shaped(ShopShown, one) for one in shown])


async def nothing(request: Request, guid: Guid) -> Response:
    """There are none in this version."""
    await _the_ticket(request, guid)
    return json_response([])


for what in ("products", "groups", "groups/products"):
    name = f"ot_{what.replace('/', '_')}_of_ticket"
    router.get(f"/ticket/{{guid}}/{what}", name=name, **answers(Nothing))(nothing)
