"""Running the server: its processes, the worker beside them, and how they all end.

SIGTERM drains: connections that are busy are told to close with their next answer, what was asked
is answered, what was decided is committed, the worker saves where the views are. In ten seconds.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import socket
from types import FrameType
from typing import Any

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from adapters.settings import Settings
from adapters.work import WorkerProcess

APPLICATION = "adapters.http.app:create"
SHUTDOWN_SECONDS = 3
"""How long answers may take that are under way when the server stops."""
HEALTHCHECK_SECONDS = 30
"""How long a server process of several may be too busy to answer before it is taken for dead."""


def run(settings: Settings, announce: str | None) -> None:
    """Runs the server; worker processes read the same settings from the environment."""
    signal.signal(signal.SIGTERM, _leave)
    with _counting(settings) as its:
        for name, value in its.model_dump().items():
            if value is not None:
                os.environ[f"STAGEBOOK_{name.upper()}"] = str(value)
        worker = WorkerProcess() if its.serve_worker else None
        try:
            _serve(its, announce)
        finally:
            if worker:
                worker.stop()


def _serve(settings: Settings, announce: str | None) -> None:
    options: dict[str, Any] = {
        "factory": True,
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        "loop": "uvloop",
        "http": "httptools",
        "access_log": False,
        "log_level": "warning",
        "lifespan": "on",
        "timeout_worker_healthcheck": HEALTHCHECK_SECONDS,
        "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
        "server_header": False,
    }
    if settings.workers > 1:
        if announce:
            print(announce, flush=True)
        config = uvicorn.Config(APPLICATION, **options)
        Several(config, sockets=[config.bind_socket()]).run()
        return
    server = Announcing(uvicorn.Config(APPLICATION, **options), announce)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise typer.Exit(1)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """What was asked for is no failure; the server hands the signal on when it has drained."""
    raise SystemExit(0)


@contextmanager
def _counting(settings: Settings) -> Iterator[Settings]:
    """With a folder where all processes count."""
    if settings.metrics_folder:
        yield settings
        return
    made = tempfile.mkdtemp(prefix="stagebook-metrics-")
    try:
        yield settings.model_copy(update={"metrics_folder": made})
    finally:
        shutil.rmtree(made, ignore_errors=True)


class Several(Multiprocess):
    """Server processes that nobody can connect to any more once they are told to stop."""

    def terminate_all(self) -> None:
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


class Announcing(uvicorn.Server):
    """A server that says something once it answers."""

    def __init__(self, config: uvicorn.Config, announce: str | None) -> None:
        super().__init__(config)
        self.announce = announce

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.announce:
            print(self.announce, flush=True)
