"""The HTTP application: one Stagebook, its routers, its refusals, its OpenAPI."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from structlog import get_logger

from adapters import continuity, heap, logs
from adapters.bootstrap import GC_THRESHOLDS, Stagebook, bootstrap
from adapters.http import connections, errors
from adapters.http.cors import Cors
from adapters.http.draining import when_told_to_stop
from adapters.http.feed import Feed
from adapters.http.freshness import Freshness
from adapters.http.named_store import NamedStore
from adapters.http.new_keys import NewKeys
from adapters.http.openapi import TITLE, every_route, openapi
from adapters.http.openapi_served import OpenApi
from adapters.http.openticket.routes import surface as openticket
from adapters.http.pages import routes as pages
from adapters.http.paths import Paths
from adapters.http.rates import Rates
from adapters.http.readers import DOCUMENTS, readers
from adapters.http.streams import Followers
from adapters.http.surface import Surface
from adapters.http.sweeper import AT_ONCE, sweep
from adapters.http.ticketmatic.routes import surface as ticketmatic
from adapters.http.v1 import (
    availability,
    catalog,
    events,
    health,
    images,
    locations,
    metrics,
    orders,
    past,
    projections,
    tickets,
)
from adapters.http.watched import Watched, request_in
from adapters.http.writer import LoopWriter
from adapters.settings import Settings
from adapters.version import version
from adapters.watching.watcher import Watcher
from application.group_commit import settle_futures
from application.unit_of_work import PendingCommand

log = get_logger()

KEY_REFRESH_SECONDS = 0.4
"""How often it is looked for keys that were revoked: they are refused within a second."""
FLUSH_SECONDS, MINUTE = 1.0, 60.0
SWEEP_SECONDS, SWEEP_PAUSE_SECONDS = 1.0, 0.05
SWITCH_SECONDS = 0.0005
"""How long the event loop and the writer may keep the interpreter from each other: the default,
ten times as long, is paid at every statement of the writer while requests come in."""


def make_app(settings: Settings, *, worker: bool = True) -> FastAPI:
    """The application of one server process, with a live worker in it or elsewhere."""
    watcher, stopping = Watcher(settings), asyncio.Event()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        book = app.state.stagebook = await asyncio.to_thread(bootstrap, settings)
        book.watch = watcher
        watcher.heard = book.writes.heard
        book.damage.counted = watcher.metrics.damage_met
        book.writes.start()
        app.state.exposition = metrics.Exposition(watcher, book)
        if worker:
            await asyncio.to_thread(book.start_worker)
        await _start_writer(book)
        feed = app.state.feed = Feed(book)
        app.state.freshness = await asyncio.to_thread(Freshness, book, DOCUMENTS)
        readers().share(settings.reads_waiting, local=not book.reads_block)
        app.state.openapi = OpenApi()
        if not worker:  # a server process: nobody is to wait for them
            app.state.openapi.start()
        stopping.clear()
        when_told_to_stop(stopping)
        gc.collect()
        gc.freeze()
        watcher.store = str(book.identity).encode()
        watcher.broken = None
        watcher.watch_loop(request_in)
        keep = _keep(book, watcher, ends=not worker)
        always = (keep, _sweep(book), feed.watch(), _end_waiting(book, stopping))
        keeping = [asyncio.create_task(task) for task in always]
        try:
            yield connections.state(settings, watcher.metrics.connection_closed)
        finally:
            stopping.set()
            for task in keeping:
                task.cancel()
            if isinstance(book.writer, LoopWriter):
                book.writer.close()  # its futures are the loop's
            await app.state.openapi.close()
            feed.close()
            await asyncio.to_thread(book.close)
            watcher.close()

    app = FastAPI(
        title=TITLE,
        version=version(),
        lifespan=lifespan,
        openapi_url=None,  # served from bytes that are made once, see openapi_served.py
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # asked for at every request
    )
    app.state.stopping = stopping
    limit(app, settings, watcher.metrics.request_refused)
    app.add_middleware(NewKeys, app.state.rates)
    app.add_middleware(Paths)
    app.add_middleware(NamedStore, watcher)
    app.add_middleware(Cors, settings.origins)
    app.add_middleware(Watched, watcher, settings, stopping)
    errors.install(app)
    add_routes(app)
    return app


def limit(app: FastAPI, settings: Settings, refused: Callable[[str], None]) -> None:
    """What may be asked of it, and followed, and who counts what is refused."""
    app.state.rates = Rates(settings, refused)
    app.state.followers = Followers(settings, refused)
    app.state.refused = refused


def described() -> FastAPI:
    """An application that nobody runs: what OpenAPI is made of."""
    app = FastAPI(title=TITLE, version=version())
    add_routes(app)
    return app


def add_routes(app: FastAPI) -> None:
    """Every surface's routes, and the pages."""
    # Routes are tried one by one: the busiest first, and only those under the path's own prefix.
    native: dict[str, list[BaseRoute]] = {}
    for router in (
        orders.router,
        availability.router,
        tickets.selling,
        tickets.router,
        events.router,
        availability.audited,
        orders.audited,
        locations.router,
        past.router,
        past.audited,
        health.router,
        metrics.router,
        projections.router,
        images.router,
        images.served,
        catalog.audited,
        catalog.router,
        catalog.personal,
    ):
        native.setdefault(router.prefix, []).extend(router.routes)
    app.include_router(health.router, prefix="/v1", include_in_schema=False)
    app.include_router(pages.router)
    app.router.routes[:0] = [Surface(prefix, routes) for prefix, routes in native.items()]
    app.router.routes += [ticketmatic(), openticket()]
    for route in every_route(app):
        if isinstance(route, APIRoute):
            route.operation_id = route.name
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]


async def _start_writer(book: Stagebook) -> None:
    """On the event loop where a commit is a matter of this machine, as a thread otherwise."""
    if not book.reads_block:
        book.writer = LoopWriter(book.store, **book.writer_options())
        return
    loop = asyncio.get_running_loop()

    def settle(batch: Sequence[PendingCommand]) -> None:
        with suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(settle_futures, batch)

    await asyncio.to_thread(book.start_writer, settle)


def create() -> FastAPI:
    """The application as the server's workers make it: configured by the environment."""
    settings = Settings()
    logs.configure(settings.log_level, serving=True)
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*GC_THRESHOLDS)
    heap.bound()
    heap.keep_trimmed()
    return make_app(settings, worker=False)


async def _end_waiting(book: Stagebook, stopping: asyncio.Event) -> None:
    """Refuses the questions that wait for their turn as soon as the server is to stop: each of
    those before them may take two seconds."""
    await stopping.wait()
    book.queries.turns.close()


async def _keep(book: Stagebook, watcher: Watcher, *, ends: bool) -> None:
    """What is done now and then: it is looked whether the store still is the same, revoked keys
    are looked for, what was counted is told every second, old answers are forgotten every minute;
    and one server process of several does not outlive the one that started them all."""
    parent, flushed = os.getppid(), time.monotonic()
    forgotten = flushed
    while True:
        await asyncio.sleep(KEY_REFRESH_SECONDS)
        now = time.monotonic()
        if now - flushed >= FLUSH_SECONDS:
            flushed = now
            watcher.flush()
        if book.settings.workers > 1 and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
        try:
            if watcher.broken is None:
                watcher.broken = await asyncio.to_thread(book.continuity.look)
                if watcher.broken and ends:
                    loop, seconds = asyncio.get_running_loop(), continuity.TELLING_SECONDS
                    loop.call_later(seconds, _end, book.settings.workers)
            await asyncio.to_thread(book.keyring.refresh)
            if now - forgotten >= MINUTE:
                forgotten = now
                await asyncio.to_thread(book.forget_answers)
        except Exception:  # a key that is revoked later must still be seen
            log.exception("keys are not refreshed")


def _end(processes: int) -> None:
    """The store was replaced: what started this server starts it on what is there. Of several
    processes none is started by itself: nobody would look what the views are of."""
    if processes > 1:
        os.kill(os.getppid(), continuity.REPLACED)
        return
    continuity.ended.append("store replaced")
    os.kill(os.getpid(), signal.SIGTERM)


async def _sweep(book: Stagebook) -> None:
    """Every second, and at once again while there is more than one sweep's worth."""
    while True:
        found = 0
        try:
            found = await sweep(book)
        except Exception:  # a sweep that comes later is as good
            log.exception("orders are not swept")
        await asyncio.sleep(SWEEP_SECONDS if found < AT_ONCE else SWEEP_PAUSE_SECONDS)
