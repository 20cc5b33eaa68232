"""The HTTP application: one Stagebook, its routers, its refusals, its OpenAPI."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from adapters import logs
from adapters.bootstrap import Stagebook, bootstrap
from adapters.http import errors
from adapters.http.v1 import events, health, locations, past
from adapters.http.v1.spec import PROBLEM_SCHEMA
from adapters.settings import Settings
from application.group_commit import Job, settle_futures
from application.ports import StoreUnavailable

KEY_REFRESH_SECONDS = 1.0
HOUR = 3_600


def make_app(settings: Settings) -> FastAPI:
    """The application of one server process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        book = app.state.stagebook = await asyncio.to_thread(bootstrap, settings)
        loop = asyncio.get_running_loop()

        def settle(batch: Sequence[Job]) -> None:
            with suppress(RuntimeError):  # the loop is gone: nobody waits any more
                loop.call_soon_threadsafe(settle_futures, batch)

        await asyncio.to_thread(book.start, settle)
        keeping = asyncio.create_task(_keep(book))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.to_thread(book.close)

    app = FastAPI(
        title="Stagebook",
        version="0.1.0",
        lifespan=lifespan,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        description="The book of record for venues, events and tickets.",
    )
    errors.install(app)
    app.include_router(health.router)
    for router in (locations.router, events.router, past.router, health.router):
        app.include_router(router, prefix="/v1", include_in_schema=router is not health.router)
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    return app


def create() -> FastAPI:
    """The application as the server's workers make it: configured by the environment."""
    settings = Settings()
    logs.configure(settings.log_level)
    return make_app(settings)


async def _keep(book: Stagebook) -> None:
    """What is done now and then: fresh keys every second, old answers forgotten every hour."""
    seconds = 0
    while True:
        await asyncio.sleep(KEY_REFRESH_SECONDS)
        seconds += 1
        with suppress(StoreUnavailable):
            await asyncio.to_thread(book.keyring.refresh)
            if seconds % HOUR == 0:
                await asyncio.to_thread(book.forget_answers)


def openapi(app: FastAPI) -> dict[str, Any]:
    """The generated document, with the bearer scheme and the problem document."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        components = made["components"]
        components["schemas"]["Problem"] = PROBLEM_SCHEMA
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        for path, operations in made["paths"].items():
            for operation in operations.values():
                if not path.startswith("/health"):
                    operation["security"] = [{"token": []}]
        app.openapi_schema = made
    return app.openapi_schema
