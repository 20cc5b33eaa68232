"""`/event`: translates, and nothing else."""

from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from adapters.bootstrap import CATALOG, EVENTS, LOCATIONS
from adapters.http.auth import Permission
from adapters.http.openticket import fields
from adapters.http.openticket.documents import (
    ONCE,
    Held,
    date_shown,
    event_shown,
    just_made,
    location_shown,
    sales_shown,
    shop_shown,
    ticket_shown,
)
from adapters.http.openticket.fields import anew, invalid, model, native, required, run
from adapters.http.openticket.lookup import events_where, held, number_in, reading, shops
from adapters.http.openticket.making import blocked, many, words
from adapters.http.openticket.models import (
    DateShown,
    EventCreated,
    EventShown,
    LocationShown,
    SalesStats,
    ShopShown,
    TicketShown,
    shaped,
)
from adapters.http.openticket.spec import Guid, answers
from adapters.http.openticket.wire import (
    OpenTicketRoute,
    base_of,
    caller,
    command,
    json_response,
    sent,
    text,
)
from adapters.views.select import Condition
from application import events
from application.as_of import ShownEvent
from application.keyring import Principal
from application.shop_tickets import go_live, sold_by
from application.unit_of_work import UnitOfWork
from domain.base import State
from domain.event import Event
from domain.event_fields import ACTIVE, CLOSED, DRAFT, EventBody
from domain.ids import Kind
from domain.inventory import Inventory
from domain.location import Location
from domain.values import microseconds, stamp
from projections.event_documents import FOREVER

router = APIRouter(tags=["OpenTicket"], route_class=OpenTicketRoute)

SENT = (*fields.EVENT, "currency")


async def create_at(request: Request, place: str) -> Response:
    """Creates an Event at a Location."""
    principal = caller(request, Permission.COMMAND)
    location = number_in(place, Kind.LOCATION, principal)
    body = _spelled(await sent(request))
    required(body, "name", "locale", "currency")
    _check_currency(body, principal)
    said = {"type": ONCE} | native(body, fields.EVENT) | {"locationid": location}
    made = model(EventBody, said, fields.EVENT)

    def decide(work: UnitOfWork) -> ShownEvent:
        work.load(Location, location).require()
        return events.create_event(work, made)

    def answer(shown: ShownEvent) -> State:
        return shaped(EventCreated, event_shown(just_made(shown, principal), principal))

    return await run(request, principal, fields.EVENT, decide, answer)


def _spelled(body: State) -> State:
    """`auto-prune` is `auto_prune` in other places."""
    if "auto_prune" in body:
        body.setdefault("auto-prune", body["auto_prune"])
    return body


def _check_currency(body: State, principal: Principal) -> None:
    said = body.get("currency")
    if said not in (None, "") and text("currency", said).strip().upper() != principal.currency:
        raise invalid([("currency", f"expected {principal.currency}, which the company has")])


@words(router, "/event", "ot_events", EventShown, "normal", "past", "upcoming", "archived", "all")
async def list_events(request: Request, word: str) -> Response:
    """The Events of the company. What is over is past, what is not is upcoming: both have a date.
    A closed Event is archived."""
    principal = caller(request, Permission.READ)
    now = microseconds(stamp(datetime.now(UTC)))
    dated: Condition = ("starts", "<", FOREVER)
    where: dict[str, Sequence[Condition]] = {
        "normal": [("status", "in", (DRAFT, ACTIVE))],
        "past": [dated, ("ends", "<", now)],
        "upcoming": [dated, ("ends", ">=", now)],
        "archived": [("status", "=", CLOSED)],
        "all": [],
    }
    found = await reading(request, lambda book: events_where(book, principal, *where[word]))
    return json_response([shaped(EventShown, event_shown(one, principal)) for one in found])


async def the_event(request: Request, guid: str) -> tuple[Held, Principal]:
    principal = caller(request, Permission.READ)
    number = number_in(guid, Kind.EVENT, principal)
    return await reading(request, lambda book: held(book, number, principal)), principal


@router.get("/event/{guid}", name="ot_event", **answers(EventShown))
async def get_event(request: Request, guid: Guid) -> Response:
    """One Event, with its Location."""
    found, principal = await the_event(request, guid)
    return json_response(shaped(EventShown, event_shown(found, principal)))


@router.put(
    "/event/{guid}",
    name="ot_change_event",
    **answers(EventShown, fields=(*SENT, "location_id")),
)
async def change_event(request: Request, guid: Guid) -> Response:
    """Changes what is sent; `location_id` moves it."""
    principal = caller(request, Permission.COMMAND)
    number = number_in(guid, Kind.EVENT, principal)
    body = _spelled(await sent(request))
    _check_currency(body, principal)
    model(EventBody, native(body, fields.EVENT), fields.EVENT)
    place = None
    if body.get("location_id") not in (None, ""):
        place = number_in(body["location_id"], Kind.LOCATION, principal)

    def decide(work: UnitOfWork) -> ShownEvent:
        event = work.load(Event, number).require()
        if place is not None:
            work.load(Location, place).require()
        shown = event_shown(just_made(events.shown(work, event), principal), principal)
        said = native(anew(body, shown), fields.EVENT)
        if place is not None:
            said["locationid"] = place
        change = model(EventBody, said, fields.EVENT)
        changed = events.change_event(work, number, change)
        go_live(work, number)
        return changed

    def answer(shown: ShownEvent) -> State:
        return shaped(EventShown, event_shown(just_made(shown, principal), principal))

    return await run(request, principal, fields.EVENT, decide, answer)


@router.delete("/event/{guid}", name="ot_delete_event", **answers(None, status=204))
async def delete_event(request: Request, guid: Guid) -> Response:
    """Deletes an Event that has neither EventDates nor Tickets."""
    principal = caller(request, Permission.COMMAND)
    number = number_in(guid, Kind.EVENT, principal)

    def decide(work: UnitOfWork) -> None:
        event = work.load(Event, number).require()
        dates = [(Kind.DATE, date["id"]) for date in event.state["dates"].values()]
        lots = work.load(Inventory, number).contingents()
        if found := [*dates, *((Kind.CONTINGENT, lot["id"]) for lot in lots)]:
            raise blocked("event", principal.account, found)
        if event.status == ACTIVE:
            events.change_status(work, number, "redraft")
        events.delete_event(work, number)

    return await command(request, principal, decide)


@router.get("/event/{guid}/location", name="ot_location_of_event", **answers(LocationShown))
async def location_of_event(request: Request, guid: Guid) -> Response:
    """The Location of the Event."""
    found, principal = await the_event(request, guid)
    return json_response(shaped(LocationShown, location_shown(found.location, principal)))


async def _dates(request: Request, guid: str) -> list[State]:
    found, principal = await the_event(request, guid)
    return [shaped(DateShown, date_shown(found, date, principal)) for date in found.dates()]


@router.get("/event/{guid}/dates", name="ot_dates_of_event", **answers(many(DateShown)))
async def dates_of_event(request: Request, guid: Guid) -> Response:
    """The EventDates of the Event."""
    return json_response(await _dates(request, guid))


@router.get("/event/{guid}/dates/products", name="ot_dates_products", **answers(many(DateShown)))
async def dates_with_products(request: Request, guid: Guid) -> Response:
    """The EventDates of the Event; there are no products in this version."""
    return json_response([date | {"products": []} for date in await _dates(request, guid)])


@router.post("/event/{guid}/salesstats", name="ot_sales_of_event", **answers(SalesStats))
async def sales_of_event(request: Request, guid: Guid) -> Response:
    """How many tickets of each type are sold, pending, reserved and left."""
    found, principal = await the_event(request, guid)
    return json_response(shaped(SalesStats, sales_shown(found, principal)))


async def tickets_of(request: Request, guid: str) -> list[State]:
    found, principal = await the_event(request, guid)
    now = stamp(datetime.now(UTC))
    lots = found.contingents()
    return [shaped(TicketShown, ticket_shown(found, lot, principal, now)) for lot in lots]


@words(
    router, "/event/{guid}/ticket", "ot_tickets_of_event", TicketShown, "normal", "archived", "all"
)
async def tickets_of_event(request: Request, guid: Guid, word: str) -> Response:
    """The Tickets of the Event; none is ever archived."""
    found = await tickets_of(request, guid)
    return json_response([] if word == "archived" else found)


@router.get("/event/{guid}/ticket/products", name="ot_products", **answers(many(TicketShown)))
async def tickets_with_products(request: Request, guid: Guid) -> Response:
    """The Tickets of the Event; there are no products in this version."""
    found = await tickets_of(request, guid)
    return json_response([ticket | {"products": []} for ticket in found])


async def _sold(request: Request, guid: str) -> tuple[Held, list[State], Principal]:
    principal = caller(request, Permission.READ)
    number = number_in(guid, Kind.EVENT, principal)
    found, channels = await reading(
        request,
        lambda book: (held(book, number, principal), shops(book, principal)),
        EVENTS,
        LOCATIONS,
        CATALOG,
    )
    return found, channels, principal


def sellers(found: Held, lot: State, channels: Sequence[State]) -> list[State]:
    """The shops that have a Ticket."""
    return [c for c in channels if sold_by(found.event, lot, found.lists, c["id"])]


@router.get("/event/{guid}/ticket/shops", name="ot_tickets_shops", **answers(many(TicketShown)))
async def tickets_with_shops(request: Request, guid: Guid) -> Response:
    """The Tickets of the Event, each with the shops that have it."""
    found, channels, principal = await _sold(request, guid)
    now = stamp(datetime.now(UTC))
    shown, base = [], base_of(request)
    for lot in found.contingents():
        ticket = shaped(TicketShown, ticket_shown(found, lot, principal, now))
        by = [
            shaped(ShopShown, shop_shown(c, principal, base)) for c in sellers(found, lot, channels)
        ]
        shown.append(ticket | {"shops": by})
    return json_response(shown)


@router.get("/event/{guid}/shops", name="ot_shops_of_event", **answers(many(ShopShown)))
async def shops_of_event(request: Request, guid: Guid) -> Response:
    """The shops that have a Ticket of the Event."""
    found, channels, principal = await _sold(request, guid)
    selling = {c["id"] for lot in found.contingents() for c in sellers(found, lot, channels)}
    shown = [shop_shown(c, principal, base_of(request)) for c in channels if c["id"] in selling]
    return json_response([shaped(ShopShown, one) for one in shown])
