"""`/v1/events/{id}/availability`: the counters now, then, and over time."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from adapters.bootstrap import AVAILABILITY
from adapters.http import reads, requests
from adapters.http.auth import Permission, authorize, stagebook
from adapters.http.routes import ReviewRoute, StrictRoute
from adapters.http.v1.order_documents import AvailabilityDocument, SeriesDocument
from adapters.http.v1.past import NAMES, Shown, past_response
from adapters.http.v1.past_filters import SeriesQuery
from adapters.http.v1.spec import TICKETS_VERSION, Id, finds, remembers
from application import as_of
from application.as_of import PastMoment
from application.keyring import Principal
from domain.ids import Kind
from projections.availability import availability_document, availability_etag, summed

router = APIRouter(prefix="/v1/events", tags=["Availability"], route_class=StrictRoute)
audited = APIRouter(prefix="/v1/events", tags=["Availability"], route_class=ReviewRoute)


@router.get("/{id}/availability", **remembers(AvailabilityDocument, TICKETS_VERSION))
async def get_availability(request: Request, id: Id) -> Response:
    """The counters by contingent, by date and together: now, or at a version of the Event
    or of its tickets, a moment, a position."""
    if request.scope["query_string"]:
        names = (*NAMES, "inventoryversion")
        return await past_response(request, id, Kind.EVENT, availability_at, names=names)
    principal = authorize(request, Permission.READ)
    number = requests.number_of(id, Kind.EVENT, principal)
    return await reads.stored(request, AVAILABILITY, Kind.EVENT, number, principal)


@audited.get("/{id}/availability/series", **finds(SeriesDocument))
async def availability_series(request: Request, id: Id, query: SeriesQuery) -> Response:
    """The counters of the whole Event, or of one contingent, at every step between two moments; the
    last 30 days by day, when nothing else is asked for."""
    principal = authorize(request, Permission.REVIEW)
    number = requests.number_of(id, Kind.EVENT, principal)
    times = query.times(datetime.now(UTC))
    await reads.seen(request, None)
    store = stagebook(request).store
    samples = await reads.blocking(
        series, store, principal.account, number, times, query.contingentid
    )
    return Response(to_json({"data": samples}), media_type="application/json")


def series(
    store: Any, account: int, number: int, times: list[str], contingent: int | None
) -> list[dict[str, Any]]:
    states = as_of.inventory_at_each(store, account, number, times)
    return [
        {
            "time": time,
            **summed(
                c
                for c in inventory.get("contingents", {}).values()
                if contingent in (None, c["id"])
            ),
        }
        for time, inventory in zip(times, states, strict=True)
    ]


def availability_at(
    request: Request, principal: Principal, number: int, asked: PastMoment
) -> Shown:
    store = stagebook(request).store
    event, inventory = as_of.past_availability(store, principal.account, number, **asked)
    document = availability_document(event.state["dates"].values(), inventory.state)
    etag = availability_etag(event.version, inventory.state)
    return Shown(document, etag, as_of.place_of(store, event, inventory))
