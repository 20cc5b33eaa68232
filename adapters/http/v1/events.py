"""`/v1/events` and their dates: translates, and nothing else."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import from_json, to_json
from starlette.responses import Response

from adapters.bootstrap import AVAILABILITY, EVENTS
from adapters.http import reads, requests
from adapters.http.auth import May, allowed, stagebook
from adapters.http.body import StrictRoute
from adapters.http.commands import document, execute, gone
from adapters.http.v1.filters import EventQuery
from adapters.http.v1.past import Revert, past_event_response
from adapters.http.v1.spec import AS_OF, CHANGES, CREATES, DELETES, READS, TRANSITION
from adapters.views.select import Select
from application import events
from application.history import ShownEvent
from application.ports import Answer
from domain.errors import NotFound
from domain.event import DateFields
from domain.event_fields import ACTIVE, CLOSED, DRAFT, EventBody
from domain.ids import Kind
from projections.event_documents import COUNTERS, date_document, event_document, event_etag

router = APIRouter(prefix="/events", tags=["Events"], route_class=StrictRoute)


def answer(shown: ShownEvent, status: int = 200) -> Answer:
    states = (shown.event.state, shown.inventory.state, shown.location.state)
    body = to_json(event_document(*states, shown.event.account))
    place = f"/v1/events/{shown.event.number}" if status == 201 else None  # noqa: PLR2004
    return document(body, event_etag(*states), status=status, place=place)


def date_answer(shown: ShownEvent, date_id: int, status: int = 200) -> Answer:
    event = shown.event
    body = to_json(date_document(event.date(date_id), event.number, event.account))
    etag = event_etag(event.state, shown.inventory.state, shown.location.state)
    place = f"/v1/events/{event.number}/dates/{date_id}" if status == 201 else None  # noqa: PLR2004
    return document(body, etag, status=status, place=place)


@router.post("", status_code=201, openapi_extra=CREATES)
async def create_event(request: Request, body: EventBody) -> Response:
    """Creates an Event as a Draft. Needs a Location of the account."""
    return await execute(
        request, partial(events.create_event, body=body), partial(answer, status=201)
    )


@router.get("", openapi_extra=READS)
async def list_events(request: Request, query: EventQuery) -> Response:
    """The Events of the account."""
    who = allowed(request, May.READ)
    select, of = query.select(who.account)
    return await reads.listed(request, EVENTS, select, of, who)


@router.get("/{id}", openapi_extra=AS_OF)
async def get_event(request: Request, id: str) -> Response:  # noqa: A002 - the path's name
    """One Event, now, at a version or at a moment."""
    if request.scope["query_string"]:
        return await past_event_response(request, id)
    who = allowed(request, May.READ)
    number = requests.number_of(id, Kind.EVENT, who)
    return await reads.stored(request, EVENTS, Kind.EVENT, number, who)


@router.patch("/{id}", openapi_extra=CHANGES)
async def change_event(request: Request, id: str, body: EventBody) -> Response:  # noqa: A002
    """Changes the fields that are sent; null clears one. Each group of fields is one fact."""
    who = allowed(request, May.COMMAND)
    version, contingents_version = requests.if_match(request)
    decide = partial(
        events.change_event,
        number=requests.number_of(id, Kind.EVENT, who),
        body=body,
        version=version,
        contingents_version=contingents_version,
    )
    return await execute(request, decide, answer, who=who)


@router.delete("/{id}", status_code=204, openapi_extra=DELETES)
async def delete_event(request: Request, id: str) -> Response:  # noqa: A002
    """Deletes an Event that is not Active."""
    who = allowed(request, May.COMMAND)
    decide = partial(
        events.delete_event,
        number=requests.number_of(id, Kind.EVENT, who),
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, gone, who=who)


def transition(name: str, status: int, says: str) -> None:
    """A route that moves an Event to a status."""

    async def change_status(request: Request, id: str) -> Response:  # noqa: A002
        who = allowed(request, May.COMMAND)
        decide = partial(
            events.change_status,
            number=requests.number_of(id, Kind.EVENT, who),
            status=status,
            version=requests.if_match(request)[0],
        )
        return await execute(request, decide, answer, who=who)

    router.add_api_route(
        f"/{{id}}/{name}",
        change_status,
        methods=["POST"],
        name=name,
        description=says,
        operation_id=f"{name}_event",
        openapi_extra=TRANSITION,
    )


transition("publish", ACTIVE, "Draft → Active; needs a name, a start and an end.")
transition("redraft", DRAFT, "Active → Draft.")
transition("close", CLOSED, "Active → Closed; a closed Event refuses edits.")
transition("reopen", ACTIVE, "Closed → Active.")


@router.post("/{id}/revert", openapi_extra=CHANGES)
async def revert_event(request: Request, id: str, body: Revert) -> Response:  # noqa: A002
    """Records what brings fields, dates, contingents and status back to a version."""
    who = allowed(request, May.COMMAND)
    decide = partial(
        events.revert_event,
        number=requests.number_of(id, Kind.EVENT, who),
        to=body.version,
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, answer, who=who, reason=body.checked_reason())


@router.get("/{id}/availability", openapi_extra=READS)
async def get_availability(request: Request, id: str) -> Response:  # noqa: A002
    """The counters of each contingent, and of the whole Event."""
    who = allowed(request, May.READ)
    number = requests.number_of(id, Kind.EVENT, who)
    await reads.seen(request, AVAILABILITY)
    await reads.body_of(request, EVENTS, Kind.EVENT, number, who)
    select = Select(
        who.account,
        (("eventid", "=", number),),
        order="contingentid",
        then="contingentid",
        limit=1_000,
    )
    view = stagebook(request).view(AVAILABILITY)
    page = await reads.blocking(view.page, select)
    contingents = [from_json(body) for body in page.bodies]
    total = {n: sum(c[n] for c in contingents) for n in COUNTERS}
    return Response(
        to_json({"contingents": contingents, "total": total}), media_type="application/json"
    )


# -- dates


@router.post("/{id}/dates", status_code=201, openapi_extra=CREATES, tags=["Dates"])
async def add_date(request: Request, id: str, body: DateFields) -> Response:  # noqa: A002
    """Adds a date to an Event."""
    who = allowed(request, May.COMMAND)
    decide = partial(
        events.add_date,
        number=requests.number_of(id, Kind.EVENT, who),
        fields=body,
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, lambda made: date_answer(*made, status=201), who=who)


@router.get("/{id}/dates", openapi_extra=READS, tags=["Dates"])
async def list_dates(request: Request, id: str) -> Response:  # noqa: A002
    """All dates of an Event, in the order they were added."""
    dates = await _dates(request, id)
    body = {"data": dates, "next": None, "total": len(dates)}
    return Response(to_json(body), media_type="application/json")


@router.get("/{id}/dates/{dateid}", openapi_extra=READS, tags=["Dates"])
async def get_date(request: Request, id: str, dateid: str) -> Response:  # noqa: A002
    """One date of an Event."""
    number = requests.number_of(dateid, Kind.DATE, allowed(request, May.READ))
    for date in await _dates(request, id):
        if date["id"] == number:
            return Response(to_json(date), media_type="application/json")
    raise NotFound(f"Event {id} has no date {number}", id=number)


async def _dates(request: Request, event_id: str) -> list[dict[str, Any]]:
    who = allowed(request, May.READ)
    number = requests.number_of(event_id, Kind.EVENT, who)
    body = await reads.body_of(request, EVENTS, Kind.EVENT, number, who)
    dates: list[dict[str, Any]] = from_json(body)["dates"]
    return dates


@router.patch("/{id}/dates/{dateid}", openapi_extra=CHANGES, tags=["Dates"])
async def change_date(request: Request, id: str, dateid: str, body: DateFields) -> Response:  # noqa: A002
    """Changes the fields of a date that are sent."""
    who = allowed(request, May.COMMAND)
    date_id = requests.number_of(dateid, Kind.DATE, who)
    decide = partial(
        events.change_date,
        number=requests.number_of(id, Kind.EVENT, who),
        date_id=date_id,
        fields=body,
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, partial(date_answer, date_id=date_id), who=who)


@router.delete("/{id}/dates/{dateid}", status_code=204, openapi_extra=DELETES, tags=["Dates"])
async def remove_date(request: Request, id: str, dateid: str) -> Response:  # noqa: A002
    """Removes a date; an Active Event keeps a start and an end."""
    who = allowed(request, May.COMMAND)
    decide = partial(
        events.remove_date,
        number=requests.number_of(id, Kind.EVENT, who),
        date_id=requests.number_of(dateid, Kind.DATE, who),
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, gone, who=who)
