"""`/eventdate`: translates, and nothing else."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from adapters.http.auth import Permission
from adapters.http.openticket import fields
from adapters.http.openticket.documents import date_shown, event_shown, just_made, location_shown
from adapters.http.openticket.fields import anew, model, native, required, run
from adapters.http.openticket.lookup import events_where, held_with, number_in, reading
from adapters.http.openticket.making import blocked, creates, words
from adapters.http.openticket.models import (
    DateCreated,
    DateShown,
    EventShown,
    LocationShown,
    shaped,
)
from adapters.http.openticket.spec import Guid, answers
from adapters.http.openticket.wire import OpenTicketRoute, caller, command, json_response, sent
from application import events
from application.as_of import ShownEvent
from application.keyring import Principal
from application.shop_tickets import go_live
from application.unit_of_work import UnitOfWork
from domain.base import State
from domain.event import DateFields, Event
from domain.event_fields import ACTIVE
from domain.ids import Kind
from domain.inventory import Inventory
from domain.values import microseconds, stamp

router = APIRouter(tags=["OpenTicket"], route_class=OpenTicketRoute)


def as_sent(said: State, shown: State) -> State:
    """The times of an answer in the offsets that they were sent with."""
    times = {
        name: datetime.fromisoformat(fields.time(name, said[name]).upper()).replace(microsecond=0)
        for name in ("start", "end")
        if said.get(name)
    }
    offsets = {n: t.replace(tzinfo=UTC) if t.tzinfo is None else t for n, t in times.items()}
    return shown | {name: time.isoformat() for name, time in offsets.items()}


@creates(
    router,
    "/eventdate",
    "ot_create_date",
    DateCreated,
    (*fields.DATE, "event_id"),
    ("event_id", "start", "end"),
)
async def create_date(request: Request) -> Response:
    """A new EventDate of an Event. Answered in the offset that it was sent with."""
    principal = caller(request, Permission.COMMAND)
    body = await sent(request)
    required(body, "event_id", "start", "end")
    said = native(body, fields.DATE)
    made = model(DateFields, said, fields.DATE)
    event = number_in(body["event_id"], Kind.EVENT, principal)

    def decide(work: UnitOfWork) -> tuple[ShownEvent, int]:
        _, date_id = events.add_date(work, event, made)
        go_live(work, event)
        return events.shown(work, work.load(Event, event)), date_id

    def answer(added: tuple[ShownEvent, int]) -> State:
        shown, date_id = added
        full = date_shown(just_made(shown, principal), shown.event.date(date_id), principal)
        capacity = {"capacity": full["capacity"]} if made.capacity is not None else {}
        return as_sent(said, shaped(DateCreated, full)) | capacity

    return await run(request, principal, fields.DATE, decide, answer)


@words(router, "/eventdate", "ot_dates", DateShown, "normal", "past", "upcoming")
async def list_dates(request: Request, word: str) -> Response:
    """The EventDates of the company."""
    principal = caller(request, Permission.READ)
    found = await reading(request, lambda book: events_where(book, principal))
    now = microseconds(stamp(datetime.now(UTC))) or 0
    kept = [
        date_shown(held, date, principal)
        for held in found
        for date in held.dates()
        if word == "normal" or ((microseconds(date["end"]) or 0) < now) == (word == "past")
    ]
    return json_response([shaped(DateShown, one) for one in kept])


async def _the_date(
    request: Request, guid: str, principal: Principal
) -> tuple[State, State, State]:
    """The date, its Event and its Location."""
    number = number_in(guid, Kind.DATE, principal)
    held = await reading(request, lambda book: held_with(book, Kind.DATE, number, principal))
    date = shaped(DateShown, date_shown(held, held.event["dates"][str(number)], principal))
    event = shaped(EventShown, event_shown(held, principal))
    return date, event, shaped(LocationShown, location_shown(held.location, principal))


@router.get("/eventdate/{guid}", name="ot_date", **answers(DateShown))
async def get_date(request: Request, guid: Guid) -> Response:
    """One EventDate."""
    date, _, _ = await _the_date(request, guid, caller(request, Permission.READ))
    return json_response(date)


@router.get("/eventdate/{guid}/event", name="ot_event_of_date", **answers(EventShown))
async def event_of_date(request: Request, guid: Guid) -> Response:
    """The Event of an EventDate."""
    _, event, _ = await _the_date(request, guid, caller(request, Permission.READ))
    return json_response(event)


@router.get("/eventdate/{guid}/location", name="ot_location_of_date", **answers(LocationShown))
async def location_of_date(request: Request, guid: Guid) -> Response:
    """The Location of an EventDate."""
    _, _, location = await _the_date(request, guid, caller(request, Permission.READ))
    return json_response(location)


async def event_of(request: Request, kind: Kind, number: int, principal: Principal) -> int:
    """The number of the Event that a date or a Ticket is of."""
    found = await reading(request, lambda book: held_with(book, kind, number, principal))
    return int(found.event["number"])


@router.put(
    "/eventdate/{guid}",
    name="ot_change_date",
    **answers(DateShown, fields=tuple(fields.DATE)),
)
async def change_date(request: Request, guid: Guid) -> Response:
    """Changes what is sent."""
    principal = caller(request, Permission.COMMAND)
    number = number_in(guid, Kind.DATE, principal)
    sent_body = await sent(request)
    said = native(sent_body, fields.DATE)
    model(DateFields, said, fields.DATE)
    event = await event_of(request, Kind.DATE, number, principal)

    def decide(work: UnitOfWork) -> None:
        held = just_made(events.shown(work, work.load(Event, event).require()), principal)
        date = work.load(Event, event).date(number)
        new = native(anew(sent_body, date_shown(held, date, principal)), fields.DATE)
        body = model(DateFields, new, fields.DATE)
        events.change_date(work, event, number, body)

    await run(request, principal, fields.DATE, decide)
    date, _, _ = await _the_date(request, guid, principal)
    return json_response(as_sent(said, date))


@router.delete("/eventdate/{guid}", name="ot_delete_date", **answers(None, status=204))
async def delete_date(request: Request, guid: Guid) -> Response:
    """Deletes an EventDate that no Ticket is attached to. An Event without a time is not for sale
    any more: with its last date it goes back to being a draft."""
    principal = caller(request, Permission.COMMAND)
    number = number_in(guid, Kind.DATE, principal)
    event_number = await event_of(request, Kind.DATE, number, principal)

    def decide(work: UnitOfWork) -> None:
        event = work.load(Event, event_number).require()
        event.date(number)
        lots = work.load(Inventory, event_number).contingents()
        if found := [(Kind.CONTINGENT, lot["id"]) for lot in lots if number in lot["dateids"]]:
            raise blocked("eventDate", principal.account, found)
        timeless = not event.state.get("startts") or not event.state.get("endts")
        if event.status == ACTIVE and len(event.state["dates"]) == 1 and timeless:
            events.change_status(work, event_number, "redraft")
        events.remove_date(work, event_number, number)

    return await command(request, principal, decide)
