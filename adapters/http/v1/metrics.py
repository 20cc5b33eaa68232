"""Metrics, for whoever watches many processes."""

import asyncio
import time

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from adapters.bootstrap import Stagebook
from adapters.http.auth import stagebook
from adapters.http.readers import watching
from adapters.watching.watcher import Watcher
from domain.errors import NotFound

router = APIRouter(prefix="/metrics", tags=["Health"])

SHARE = 0.1
"""How much of a processor all who ask for metrics get, however many they are and how often."""
LONGEST_PAUSE = 1.0


class Exposition:
    """The metrics as text, one computation at a time. It answers all who asked before it began, so
    no answer is older than its question; then it pauses in proportion to the time it took."""

    def __init__(self, watcher: Watcher, book: Stagebook) -> None:
        self._watcher, self._book = watcher, book
        self._turn = asyncio.Lock()
        self._free_at = 0.0
        self._next: asyncio.Task[bytes] | None = None

    async def text(self) -> bytes:
        if self._next is None:
            self._next = asyncio.create_task(self._compute())
        return await asyncio.shield(self._next)

    async def _compute(self) -> bytes:
        async with self._turn:
            await asyncio.sleep(self._free_at - time.monotonic())
            self._next = None
            began = time.monotonic()
            try:
                return await watching(self._watcher.told, self._book)
            finally:
                took = time.monotonic() - began
                pause = min(took * (1 / SHARE - 1), LONGEST_PAUSE)
                self._free_at = time.monotonic() + pause


@router.get("", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """What all processes of this machine have counted, and where the views stand, for Prometheus;
    names nobody. Not here when it has a port of its own."""
    if stagebook(request).settings.metrics_port is not None:
        raise NotFound("metrics are told at a port of their own")
    exposition: Exposition = request.app.state.exposition
    return Response(await exposition.text(), media_type=CONTENT_TYPE_LATEST)
