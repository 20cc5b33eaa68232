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
from adapters.views.served_files import ViewDamaged
from application.ports import StoreDamaged

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
    if broken := book.continuity.broken:
        return _unserved(book, "store replaced", broken)
    if damaged := book.damage.first:
        return _unserved(book, "store damaged", str(damaged))
    try:
        head, views = standings(book)
    except ViewDamaged as error:
        return _unserved(book, "view damaged", str(error))
    except StoreDamaged as error:
        return _unserved(book, "store damaged", str(error))
    dead = [view.name for view in views if view.state == "dead"]
    status, why = "ready", book.writes.refusal
    if why is not None:
        status = "store takes no writes"
    elif dead:
        status, why = "views stand still", f"no worker keeps {', '.join(dead)}"
    return {
        "status": status,
        "error": why,
        "position": head,
        "views": {view.name: _health(view) for view in views},
        "store": str(book.identity),
    }


def _unserved(book: Stagebook, status: str, error: str) -> dict[str, Any]:
    position, store = book.continuity.position, str(book.identity)
    return {"status": status, "error": error, "position": position, "views": {}, "store": store}


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
