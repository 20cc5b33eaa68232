"""`/location`: translates, and nothing else."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from adapters.bootstrap import EVENTS, LOCATIONS
from adapters.http.addresses import written_as_text
from adapters.http.auth import Permission
from adapters.http.openticket import events as event_routes
from adapters.http.openticket import fields
from adapters.http.openticket.documents import date_shown, event_shown, location_shown
from adapters.http.openticket.fields import anew, invalid, model, native, required, run
from adapters.http.openticket.lookup import document, events_where, every, number_in, reading
from adapters.http.openticket.making import blocked, creates, many, words
from adapters.http.openticket.models import (
    DateShown,
    EventCreated,
    EventShown,
    LocationCreated,
    LocationShown,
    shaped,
)
from adapters.http.openticket.spec import Guid, answers
from adapters.http.openticket.wire import OpenTicketRoute, caller, command, json_response, sent
from application import locations
from application.unit_of_work import UnitOfWork
from domain.base import State
from domain.hosting import Hosting
from domain.ids import Kind
from domain.location import Location, LocationFields
from projections.location_documents import location_document

MOST_NORTH = 85
"""Degrees of latitude that this vendor has, north and south; the native surface has both poles."""

router = APIRouter(tags=["OpenTicket"], route_class=OpenTicketRoute)


def check_latitude(body: State) -> None:
    """Refuses what lies beyond the map of this vendor, where the body asks for it."""
    degrees = native(body, fields.LOCATION).get("lat")
    if degrees is not None and abs(degrees) > MOST_NORTH:
        raise invalid([("latitude", f"expected -{MOST_NORTH} to {MOST_NORTH} degrees")])


@creates(
    router,
    "/location",
    "ot_create_location",
    LocationCreated,
    fields.LOCATION,
    ("name", "capacity", "address"),
)
async def create_location(request: Request) -> Response:
    """A new Location: where Events are. Its capacity of 0 is no limit."""
    principal = caller(request, Permission.COMMAND)
    body = await sent(request)
    required(body, "name", "capacity", "address")
    check_latitude(body)
    made = model(LocationFields, native(body, fields.LOCATION), fields.LOCATION)

    def answer(location: Location) -> State:
        shown = location_shown(location_document(location.state, principal.account), principal)
        return shaped(LocationCreated, shown)

    decide = partial(locations.create_location, fields=made)
    return await run(request, principal, fields.LOCATION, decide, answer)


@words(router, "/location", "ot_locations", LocationShown, "normal", "archived", "all")
async def list_locations(request: Request, word: str) -> Response:
    """The Locations of the company; none is ever archived."""
    principal = caller(request, Permission.READ)
    found = await reading(request, lambda book: [*every(book, LOCATIONS, principal)], LOCATIONS)
    shown = [] if word == "archived" else found
    return json_response([shaped(LocationShown, location_shown(one, principal)) for one in shown])


@router.get("/location/{guid}", name="ot_location", **answers(LocationShown))
async def get_location(request: Request, guid: Guid) -> Response:
    """One Location."""
    principal = caller(request, Permission.READ)
    number = number_in(guid, Kind.LOCATION, principal)
    found = await reading(
        request, lambda book: document(book, LOCATIONS, Kind.LOCATION, number, principal), LOCATIONS
    )
    return json_response(shaped(LocationShown, location_shown(found, principal)))


@router.put(
    "/location/{guid}",
    name="ot_change_location",
    **answers(LocationShown, fields=tuple(fields.LOCATION)),
)
async def change_location(request: Request, guid: Guid) -> Response:
    """Changes what is sent."""
    principal = caller(request, Permission.COMMAND)
    number = number_in(guid, Kind.LOCATION, principal)
    body = await sent(request)
    model(LocationFields, native(body, fields.LOCATION), fields.LOCATION)

    def decide(work: UnitOfWork) -> Location:
        now = work.load(Location, number).require().state
        new = anew(body, location_shown(location_document(now, principal.account), principal))
        check_latitude(new)
        said = written_as_text(native(new, fields.LOCATION), now)
        change = model(LocationFields, said, fields.LOCATION)
        return locations.change_location(work, number, change)

    def answer(location: Location) -> State:
        shown = location_shown(location_document(location.state, principal.account), principal)
        return shaped(LocationShown, shown)

    return await run(request, principal, fields.LOCATION, decide, answer)


@router.delete("/location/{guid}", name="ot_delete_location", **answers(None, status=204))
async def delete_location(request: Request, guid: Guid) -> Response:
    """Deletes a Location that has no Events."""
    principal = caller(request, Permission.COMMAND)
    number = number_in(guid, Kind.LOCATION, principal)

    def decide(work: UnitOfWork) -> None:
        work.load(Location, number).require()
        hosted = work.load(Hosting, number).state.get("events", {})
        if hosted:
            found = [(Kind.EVENT, int(event)) for event in hosted]
            raise blocked("location", principal.account, found)
        locations.delete_location(work, number)

    return await command(request, principal, decide)


@creates(
    router,
    "/location/{guid}/event",
    "ot_create_event",
    EventCreated,
    event_routes.SENT,
    ("name", "locale", "currency"),
)
async def create_event(request: Request, guid: Guid) -> Response:
    """A new Event at the Location."""
    return await event_routes.create_at(request, guid)


@router.get("/location/{guid}/event", name="ot_events_there", **answers(many(EventShown)))
async def events_there(request: Request, guid: Guid) -> Response:
    """The Events at the Location."""
    principal = caller(request, Permission.READ)
    number = number_in(guid, Kind.LOCATION, principal)
    found = await reading(
        request, lambda book: events_where(book, principal, ("locationid", "=", number))
    )
    return json_response([shaped(EventShown, event_shown(one, principal)) for one in found])


@router.get("/location/{guid}/dates", name="ot_dates_there", **answers(many(DateShown)))
async def dates_there(request: Request, guid: Guid) -> Response:
    """The EventDates at the Location."""
    principal = caller(request, Permission.READ)
    number = number_in(guid, Kind.LOCATION, principal)
    found = await reading(
        request,
        lambda book: events_where(book, principal, ("locationid", "=", number)),
        EVENTS,
        LOCATIONS,
    )
    shown = [date_shown(held, date, principal) for held in found for date in held.dates()]
    return json_response([shaped(DateShown, one) for one in shown])
