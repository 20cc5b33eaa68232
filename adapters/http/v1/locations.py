"""`/v1/locations`: translates, and nothing else."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from adapters.bootstrap import LOCATIONS
from adapters.http import reads, requests
from adapters.http.auth import Permission, authorize
from adapters.http.commands import document, execute, gone
from adapters.http.routes import StrictRoute
from adapters.http.v1.documents import LocationDocument, LocationPage
from adapters.http.v1.filters import LocationQuery
from adapters.http.v1.past import Revert, past_location_response
from adapters.http.v1.spec import LANGUAGE, Id, changes, creates, deletes, lists, shows
from application import locations
from application.ports import CommandResult
from application.unit_of_work import UnitOfWork
from domain.errors import LocationInUse, TicketsInUse
from domain.ids import Kind
from domain.location import Location, LocationFields
from projections.location_documents import location_document, location_etag

router = APIRouter(prefix="/v1/locations", tags=["Locations"], route_class=StrictRoute)


def answer(location: Location, status: int = 200) -> CommandResult:
    body = to_json(location_document(location.state, location.account))
    place = f"/v1/locations/{location.number}" if status == 201 else None
    return document(body, location_etag(location.state), status=status, place=place)


def present(work: UnitOfWork, number: int) -> dict[str, Any]:
    """The document as it is before a command."""
    location = work.load(Location, number).require()
    return location_document(location.state, location.account)


@router.post("", **creates(LocationDocument))
async def create_location(request: Request, body: LocationFields) -> Response:
    """Creates a Location. Needs a name."""
    decide = partial(locations.create_location, fields=body)
    return await execute(request, decide, partial(answer, status=201))


@router.get("", **lists(LocationPage, LANGUAGE))
async def list_locations(request: Request, query: LocationQuery) -> Response:
    """The Locations of the account."""
    principal = authorize(request, Permission.READ)
    select, of = query.select(principal.account)
    return await reads.listed(
        request, LOCATIONS, select, of, principal, query.only(LocationDocument)
    )


@router.get("/{id}", **shows(LocationDocument))
async def get_location(request: Request, id: Id) -> Response:
    """One Location, now, at a version or at a moment."""
    if request.scope["query_string"]:
        return await past_location_response(request, id)
    principal = authorize(request, Permission.READ)
    number = requests.number_of(id, Kind.LOCATION, principal)
    return await reads.stored(request, LOCATIONS, Kind.LOCATION, number, principal)


@router.patch("/{id}", **changes(LocationDocument, TicketsInUse))
async def change_location(request: Request, id: Id, body: LocationFields) -> Response:
    """Changes a Location: the fields that are sent; null clears one."""
    principal = authorize(request, Permission.COMMAND)
    number = requests.number_of(id, Kind.LOCATION, principal)
    decide = partial(
        locations.change_location,
        number=number,
        fields=body,
        version=requests.if_match(request)[0],
    )
    was = partial(present, number=number)
    return await execute(request, decide, answer, principal=principal, present=was)


@router.delete("/{id}", **deletes(LocationInUse))
async def delete_location(request: Request, id: Id) -> Response:
    """Deletes a Location that hosts no Event."""
    principal = authorize(request, Permission.COMMAND)
    decide = partial(
        locations.delete_location,
        number=requests.number_of(id, Kind.LOCATION, principal),
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, gone, principal=principal)


@router.post("/{id}/revert", **changes(LocationDocument, TicketsInUse))
async def revert_location(request: Request, id: Id, body: Revert) -> Response:
    """Reverts a Location: records what brings its fields back to a version."""
    principal = authorize(request, Permission.COMMAND)
    decide = partial(
        locations.revert_location,
        number=requests.number_of(id, Kind.LOCATION, principal),
        to=body.version,
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, answer, principal=principal, reason=body.checked_reason())
