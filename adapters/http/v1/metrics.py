"""Metrics, for whoever watches many processes."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from adapters.http.auth import stagebook
from adapters.http.reads import blocking
from adapters.watching.watcher import Watcher
from domain.errors import NotFound

router = APIRouter(prefix="/metrics", tags=["Health"])


@router.get("", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """What all processes of this machine have counted, and where the views stand, for Prometheus;
    names nobody. Not here when it has a port of its own."""
    book = stagebook(request)
    watcher = book.watch
    if book.settings.metrics_port is not None or not isinstance(watcher, Watcher):
        raise NotFound("metrics are told at a port of their own")
    told = await blocking(watcher.told, book)
    return Response(told, media_type=CONTENT_TYPE_LATEST)
