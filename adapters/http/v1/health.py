"""Whether the process lives, and whether it is ready to answer."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from adapters.bootstrap import Stagebook
from adapters.http.auth import stagebook
from adapters.http.readers import watching
from adapters.http.routes import PublicRoute
from adapters.http.v1.documents import Liveness, Readiness
from adapters.standing import Standing, standings
from adapters.version import version

router = APIRouter(prefix="/health", tags=["Health"], route_class=PublicRoute)


@router.get("/live", responses={200: {"model": Liveness}})
async def live(_: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "live", "version": version()})


@router.get("/ready", responses={200: {"model": Readiness}, 503: {"model": Readiness}})
async def ready(request: Request) -> Response:
    """The store answers and takes writes, and the views move; each view's position, lag and number
    of parked documents."""
    report = await watching(readiness, stagebook(request))
    return JSONResponse(report, 200 if report["status"] == "ready" else 503)


def readiness(book: Stagebook) -> dict[str, Any]:
    """As `Readiness` says."""
    of = {"store": str(book.identity)}
    if broken := book.continuity.broken:
        at = book.continuity.position
        return {"status": "store replaced", "error": broken, "position": at, "views": {}, **of}
    head, views = standings(book)
    dead = [view.name for view in views if view.state == "dead"]
    status, error = "ready", book.writes.refusal
    if error is not None:
        status = "store takes no writes"
    elif dead:
        status, error = "views stand still", f"no worker keeps {', '.join(dead)}"
    return {
        "status": status,
        "error": error,
        "position": head,
        "views": {view.name: _health(view) for view in views},
        **of,
    }


def _health(view: Standing) -> dict[str, Any]:
    return {
        "state": view.state,
        "position": view.position,
        "lag": view.lag,
        "lagseconds": _rounded(view.lagseconds),
        "heartbeat": _rounded(view.heartbeat),
        "parked": len(view.parked),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
