"""`/v1/events` and their dates: translates, and nothing else."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from adapters.bootstrap import EVENTS
from adapters.http import reads, requests
from adapters.http.auth import Permission, authorize
from adapters.http.commands import document, execute, gone
from adapters.http.routes import StrictRoute
from adapters.http.v1.documents import (
    DateDocument,
    DatePage,
    EventDocument,
    EventPage,
)
from adapters.http.v1.filters import EventQuery
from adapters.http.v1.past import Revert, event_parts, past_event_response
from adapters.http.v1.spec import (
    LANGUAGE,
    DateId,
    Id,
    changes,
    creates,
    deletes,
    lists,
    remembers,
    shows,
)
from application import events
from application.as_of import ShownEvent
from application.ports import CommandResult
from application.unit_of_work import UnitOfWork
from domain.errors import (
    DateInUse,
    EventActive,
    EventClosed,
    EventHasTickets,
    NotFound,
    NotPublishable,
    Refusal,
    SoldOut,
    TicketsInUse,
    TooManyDates,
    UnknownLocation,
    UnpaidOrders,
    WrongStatus,
)
from domain.event import DateFields, NewEvent
from domain.event_fields import EventBody
from domain.ids import Kind
from projections.event_documents import date_document, event_document, event_etag

router = APIRouter(prefix="/v1/events", tags=["Events"], route_class=StrictRoute)

PUBLISHES = (WrongStatus, NotPublishable)
EDITS = (EventClosed, UnknownLocation, *PUBLISHES, TicketsInUse, DateInUse, UnpaidOrders)


def answer(shown: ShownEvent, status: int = 200) -> CommandResult:
    body = to_json(event_document(*shown.states, shown.event.account))
    place = f"/v1/events/{shown.event.number}" if status == 201 else None
    return document(body, event_etag(*shown.states), status=status, place=place)


def present(work: UnitOfWork, number: int) -> dict[str, Any]:
    """The Event's document as it is before a command."""
    shown = events.present_event(work, number)
    return event_document(*shown.states, shown.event.account)


def present_date(work: UnitOfWork, number: int, date_id: int) -> dict[str, Any]:
    event = events.present_event(work, number).event
    return date_document(event.date(date_id), event.number, event.account)


def date_answer(shown: ShownEvent, date_id: int, status: int = 200) -> CommandResult:
    event = shown.event
    body = to_json(date_document(event.date(date_id), event.number, event.account))
    etag = event_etag(*shown.states)
    place = f"/v1/events/{event.number}/dates/{date_id}" if status == 201 else None
    return document(body, etag, status=status, place=place)


@router.post("", **creates(EventDocument, UnknownLocation, *PUBLISHES, SoldOut))
async def create_event(request: Request, body: NewEvent) -> Response:
    """Creates an Event as a Draft, with its dates and contingents. Needs a Location."""
    return await execute(
        request, partial(events.create_event, body=body), partial(answer, status=201)
    )


@router.get("/{id}", **shows(EventDocument))
async def get_event(request: Request, id: Id) -> Response:
    """One Event, now, at a version or at a moment."""
    if request.scope["query_string"]:
        return await past_event_response(request, id)
    principal = authorize(request, Permission.READ)
    number = requests.number_of(id, Kind.EVENT, principal)
    return await reads.stored(request, EVENTS, Kind.EVENT, number, principal)


@router.patch("/{id}", **changes(EventDocument, *EDITS, SoldOut))
async def change_event(request: Request, id: Id, body: EventBody) -> Response:
    """Changes an Event: the fields that are sent; null clears one. Each group of fields is one
    fact."""
    principal = authorize(request, Permission.COMMAND)
    number = requests.number_of(id, Kind.EVENT, principal)
    version, contingents_version = requests.if_match(request)
    decide = partial(
        events.change_event,
        number=number,
        body=body,
        version=version,
        contingents_version=contingents_version,
    )
    was = partial(present, number=number)
    return await execute(request, decide, answer, principal=principal, present=was)


@router.get("", **lists(EventPage, LANGUAGE))
async def list_events(request: Request, query: EventQuery) -> Response:
    """The Events of the account."""
    principal = authorize(request, Permission.READ)
    select, of = query.select(principal.account)
    return await reads.listed(request, EVENTS, select, of, principal, query.only(EventDocument))


@router.delete("/{id}", **deletes(EventActive, EventHasTickets))
async def delete_event(request: Request, id: Id) -> Response:
    """Deletes an Event that is not Active, and of which no order holds tickets."""
    principal = authorize(request, Permission.COMMAND)
    decide = partial(
        events.delete_event,
        number=requests.number_of(id, Kind.EVENT, principal),
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, gone, principal=principal)


def transition(name: str, says: str, *refusals: type[Refusal]) -> None:
    """A route that moves an Event from one status to another."""

    async def change_status(request: Request, id: Id) -> Response:
        principal = authorize(request, Permission.COMMAND)
        decide = partial(
            events.change_status,
            number=requests.number_of(id, Kind.EVENT, principal),
            transition=name,
            version=requests.if_match(request)[0],
        )
        return await execute(request, decide, answer, principal=principal)

    router.add_api_route(
        f"/{{id}}/{name}",
        change_status,
        methods=["POST"],
        name=f"{name}_event",
        description=says,
        **changes(EventDocument, *refusals, body=False),
    )


transition(
    "publish",
    "Publishes an Event: Draft → Active; needs a name, a start, an end and a price.",
    *PUBLISHES,
)
transition("redraft", "Makes an Event a Draft again: Active → Draft.", WrongStatus)
transition(
    "close",
    "Closes an Event: Active → Closed, paid for; a closed Event refuses edits.",
    WrongStatus,
    UnpaidOrders,
)
transition("reopen", "Opens a closed Event again: Closed → Active.", *PUBLISHES)


@router.post("/{id}/duplicate", **creates(EventDocument, inside=True))
async def duplicate_event(request: Request, id: Id) -> Response:
    """Duplicates an Event as another Draft: fields, dates, contingents with prices, image."""
    principal = authorize(request, Permission.COMMAND)
    decide = partial(
        events.duplicate_event,
        number=requests.number_of(id, Kind.EVENT, principal),
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, partial(answer, status=201), principal=principal)


@router.post("/{id}/revert", **changes(EventDocument, *EDITS))
async def revert_event(request: Request, id: Id, body: Revert) -> Response:
    """Reverts an Event: records what brings fields, dates, contingents and status back to a
    version."""
    principal = authorize(request, Permission.COMMAND)
    version, contingents_version = requests.if_match(request)
    decide = partial(
        events.revert_event,
        number=requests.number_of(id, Kind.EVENT, principal),
        to=body.version,
        version=version,
        contingents_version=contingents_version,
    )
    return await execute(request, decide, answer, principal=principal, reason=body.checked_reason())


# -- dates


@router.post(
    "/{id}/dates",
    tags=["Dates"],
    **creates(DateDocument, EventClosed, TooManyDates, TicketsInUse, inside=True),
)
async def add_date(request: Request, id: Id, body: DateFields) -> Response:
    """Adds a date to an Event."""
    principal = authorize(request, Permission.COMMAND)
    decide = partial(
        events.add_date,
        number=requests.number_of(id, Kind.EVENT, principal),
        fields=body,
        version=requests.if_match(request)[0],
    )
    return await execute(
        request, decide, lambda made: date_answer(*made, status=201), principal=principal
    )


@router.get("/{id}/dates", tags=["Dates"], **remembers(DatePage))
async def list_dates(request: Request, id: Id) -> Response:
    """All dates of an Event, in the order they were added; now or then."""
    event, headers = await event_parts(request, id)
    dates = event["dates"]
    body = to_json({"data": dates, "next": None, "total": len(dates)})
    return reads.unless_held(request, body, headers)


@router.get("/{id}/dates/{dateid}", tags=["Dates"], **remembers(DateDocument))
async def get_date(request: Request, id: Id, dateid: DateId) -> Response:
    """One date of an Event, now or then."""
    number = requests.number_of(dateid, Kind.DATE, authorize(request, Permission.READ))
    event, headers = await event_parts(request, id)
    for date in event["dates"]:
        if date["id"] == number:
            return reads.unless_held(request, to_json(date), headers)
    raise NotFound(f"Event {id} has no date {number}", id=number)


@router.patch(
    "/{id}/dates/{dateid}",
    tags=["Dates"],
    **changes(DateDocument, EventClosed, NotPublishable, TicketsInUse),
)
async def change_date(request: Request, id: Id, dateid: DateId, body: DateFields) -> Response:
    """Changes a date: the fields that are sent."""
    principal = authorize(request, Permission.COMMAND)
    number = requests.number_of(id, Kind.EVENT, principal)
    date_id = requests.number_of(dateid, Kind.DATE, principal)
    version = requests.if_match(request)[0]
    decide = partial(
        events.change_date, number=number, date_id=date_id, fields=body, version=version
    )
    shown = partial(date_answer, date_id=date_id)
    was = partial(present_date, number=number, date_id=date_id)
    return await execute(request, decide, shown, principal=principal, present=was)


@router.delete(
    "/{id}/dates/{dateid}",
    tags=["Dates"],
    **deletes(EventClosed, NotPublishable, DateInUse, TicketsInUse),
)
async def remove_date(request: Request, id: Id, dateid: DateId) -> Response:
    """Removes a date; an Active Event keeps a start and an end."""
    principal = authorize(request, Permission.COMMAND)
    decide = partial(
        events.remove_date,
        number=requests.number_of(id, Kind.EVENT, principal),
        date_id=requests.number_of(dateid, Kind.DATE, principal),
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, gone, principal=principal)
