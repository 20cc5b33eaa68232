"""The floor: what a bare FastAPI route does with the same body model under the same server.

python -m tests.bench.floor PORT FILE    serves it; `FILE` holds the bytes that a GET answers
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from adapters import serving
from adapters.http import connections
from adapters.settings import Settings
from domain.event_fields import EventBody
from domain.taking import OrderBody

FILE = "BENCH_FLOOR_FILE"


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
    yield connections.state(Settings(), lambda _reason: None)


def create() -> FastAPI:
    app = FastAPI(lifespan=lifespan)
    stored = Path(os.environ[FILE]).read_bytes()

    @app.post("/floor", status_code=201)
    async def create_event(body: EventBody) -> Response:
        return JSONResponse({"id": body.locationid}, 201)

    @app.post("/floor/orders", status_code=201)
    async def create_order(body: OrderBody) -> Response:
        return JSONResponse({"id": body.saleschannelid}, 201)

    @app.patch("/floor/{id}")
    async def change_event(id: int, body: EventBody) -> Response:  # noqa: A002 - as in the program
        return JSONResponse({"id": id})

    @app.get("/floor/{id}")
    async def get_event(id: int) -> Response:  # noqa: A002 - as in the program
        return Response(stored, media_type="application/json")

    return app


if __name__ == "__main__":
    os.environ[FILE] = sys.argv[2]
    serving.APPLICATION = (
        "tests.bench.floor:create"  # so that uvicorn runs exactly as it does there
    )
    settings = Settings(port=int(sys.argv[1]), workers=1, serve_worker=False)
    with serving.bound(settings) as listener:
        serving.run(settings, listener, identity="none")
