"""Whether the process lives, and whether it is ready to answer."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from adapters.bootstrap import PROJECTIONS
from adapters.http.auth import stagebook
from adapters.http.reads import blocking
from adapters.http.v1.documents import Liveness, Readiness

router = APIRouter(prefix="/health", tags=["Health"])


@router.get("/live", responses={200: {"model": Liveness}})
async def live() -> Response:
    """The process answers."""
    return JSONResponse({"status": "live"})


@router.get("/ready", responses={200: {"model": Readiness}, 503: {"model": Readiness}})
async def ready(request: Request) -> Response:
    """The store answers and the views move; each view's position, lag and parked documents."""
    report = await blocking(_report, request)
    return JSONResponse(report, 200 if report["status"] == "ready" else 503)


def _report(request: Request) -> dict[str, Any]:
    book = stagebook(request)
    head = book.store.position()
    views = {}
    for projection in PROJECTIONS:
        view = book.view(projection)
        position = view.position()
        parked = [
            {"key": p.key.hex(), "position": p.position, "error": p.error}
            for p in view.parked().values()
        ]
        views[projection.name] = {
            "position": position,
            "lag": max(0, head - position),
            "parked": parked,
        }
    kept = all(book.kept(projection) for projection in PROJECTIONS)
    error = None if kept else "no worker keeps the views"
    status = "ready" if kept else "views stand still"
    return {"status": status, "error": error, "position": head, "views": views}
