"""`/v1/projections`: where the views stand, as it is and as it moves, and rebuilds of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.sse import format_sse_event
from pydantic_core import to_json
from starlette.responses import Response
from structlog import get_logger

from adapters import report
from adapters.bootstrap import Stagebook
from adapters.http import reads, streams
from adapters.http.auth import ROLE_PERMISSIONS, Permission, authorize, stagebook
from adapters.http.errors import BeingRebuilt
from adapters.http.routes import StoreRoute
from adapters.http.streams import KEEP_ALIVE_SECONDS, RETRY_MILLISECONDS
from adapters.http.v1.documents import ProjectionDocument, ProjectionPage
from adapters.http.v1.spec import ViewName, names, orders, watches
from application.keyring import Principal
from application.ports import StoreUnavailable

EVERY_SECONDS = 1.0

router = APIRouter(prefix="/v1/projections", tags=["Projections"], route_class=StoreRoute)
log = get_logger()


@router.get("", **watches(ProjectionPage))
async def projections(request: Request) -> Response:
    """Where every projection stands: versions, lag, parked documents, rebuilds. With
    `Accept: text/event-stream` it is sent again about once a second while something changes."""
    account = sees(authorize(request, Permission.MONITOR))
    book = stagebook(request)
    if streams.asked(request):
        lasts = streams.lasting(request, Permission.MONITOR)
        return streams.EventStream(moving(book, account, lasts), lasts, request.app.state.followers)
    body = await reads.blocking(told, book, account)
    return Response(body, headers={"Vary": "Accept"}, media_type="application/json")


@router.get("/{name}", **names(ProjectionDocument))
async def projection(request: Request, name: ViewName) -> Response:
    """Where one projection stands."""
    account = sees(authorize(request, Permission.MONITOR))
    found = await reads.blocking(report.of, stagebook(request), report.named(name), account)
    return Response(to_json(found), media_type="application/json")


@router.post("/{name}/rebuild", **orders(ProjectionDocument, BeingRebuilt))
async def rebuild_projection(request: Request, name: ViewName) -> Response:
    """Asks for a rebuild beside what is served, of the documents of every account: for operators.
    The worker starts it within a second or two, and goes on with it after whatever was killed,
    until it is done."""
    principal = authorize(request, Permission.OPERATE)
    found = await reads.blocking(request_rebuild, stagebook(request), name, principal.actor)
    place = {"Location": f"/v1/projections/{name}"}
    return Response(to_json(found), 202, place, "application/json")


def sees(principal: Principal) -> int | None:
    """The account whose parked documents the caller sees; None: those of every account."""
    return None if Permission.OPERATE in ROLE_PERMISSIONS[principal.role] else principal.account


def request_rebuild(book: Stagebook, name: str, by: str) -> dict[str, Any]:
    wanted = report.named(name)
    runs = book.views.runs
    run = runs.last(wanted)
    if run and not run.over and book.views.is_rebuilt(wanted):
        detail = f"{name} is being rebuilt by {run}"
        raise BeingRebuilt(detail, host=run.host, process=run.pid, startedts=run.startedts)
    if not runs.request_rebuild(wanted, by) and (rebuild_request := runs.rebuild_request(wanted)):
        detail = f"{rebuild_request.by} asked for a rebuild of {name} at {rebuild_request.since}"
        raise BeingRebuilt(detail, by=rebuild_request.by, since=rebuild_request.since)
    return report.of(book, wanted)


def told(book: Stagebook, account: int | None) -> bytes:
    return to_json({"data": report.every(book, account)})


async def moving(
    book: Stagebook, account: int | None, lasts: Callable[[], bool]
) -> AsyncIterator[bytes]:
    """What is told, whenever it is something else than before."""
    before, spoken = b'{"data":[]}', time.monotonic()
    retry = RETRY_MILLISECONDS
    while lasts():
        try:
            now = await reads.blocking(told, book, account)
        except StoreUnavailable as error:
            log.warning("a stream waits for the store", reason=str(error))
            now = before
        if now != before or time.monotonic() - spoken >= KEEP_ALIVE_SECONDS:
            yield format_sse_event(data_str=now.decode(), event="projections", retry=retry)
            before, spoken = now, time.monotonic()
        await asyncio.sleep(EVERY_SECONDS)
