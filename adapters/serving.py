"""Running the server: its processes, the worker beside them, and how they all end.

SIGTERM drains: connections that are busy are told to close with their next answer, what was asked
is answered, what was decided is committed, the worker saves where the views are. In ten seconds.
"""

import errno
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import typer
import uvicorn
from structlog import get_logger
from uvicorn.supervisors import Multiprocess

from adapters import continuity
from adapters.opening import fail
from adapters.settings import Settings, unknown
from adapters.version import version
from adapters.work import WorkerProcess

APPLICATION = "adapters.http.app:create"
SHUTDOWN_SECONDS = 3
"""How long answers may take that are under way when the server stops."""
HEALTHCHECK_SECONDS = 30
"""How long a server process of several may be too busy to answer before it is taken for dead."""

log = get_logger()


@contextmanager
def bound(settings: Settings) -> Iterator[socket.socket]:
    """The socket that the server will listen on; where it cannot be had, nothing starts."""
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
    except OSError as error:
        fail(f"STAGEBOOK_HOST: {where}: {error.strerror}")
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            setting = "HOST" if error.errno == errno.EADDRNOTAVAIL else "PORT"
            fail(f"STAGEBOOK_{setting}: {where}: {error.strerror}")
        yield listener  # not inherited: a child would keep it open when the server closes it


def address(settings: Settings, listener: socket.socket) -> str:
    """Where the server answers."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


def run(
    settings: Settings, listener: socket.socket, announce: str | None = None, *, identity: str
) -> None:
    """Runs the server; worker processes read the same settings from the environment."""
    signal.signal(signal.SIGTERM, _leave)
    where, store = address(settings, listener), settings.place
    counts = {"processes": settings.workers, "worker": settings.serve_worker}
    place = {"address": where, "version": version(), "store": store, "identity": identity}
    log.info("starting", **place, **counts)
    for line in unknown(os.environ):
        log.warning(line)
    with _counting(settings) as its:
        for name, value in its.model_dump().items():
            if value is not None:
                os.environ[f"STAGEBOOK_{name.upper()}"] = str(value)
        worker = WorkerProcess(its.worker_seconds) if its.serve_worker else None
        try:
            _serve(its, listener, announce)
        finally:
            if worker:
                worker.stop()


def _serve(settings: Settings, listener: socket.socket, announce: str | None) -> None:
    options: dict[str, Any] = {
        "factory": True,
        "workers": settings.workers,
        "loop": "uvloop",
        "http": "adapters.http.connections:BoundedProtocol",
        "ws": "none",
        "timeout_keep_alive": settings.idle_seconds,
        "access_log": False,
        "log_config": None,
        "log_level": "warning",
        "lifespan": "on",
        "timeout_worker_healthcheck": HEALTHCHECK_SECONDS,
        "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
        "server_header": False,
        "proxy_headers": bool(settings.proxies),
        "forwarded_allow_ips": settings.proxies,
    }
    if settings.workers > 1:
        if announce:
            print(announce, flush=True)
        config = uvicorn.Config(APPLICATION, **options)
        Several(config, sockets=[listener]).run()
        if continuity.ended:
            raise typer.Exit(os.EX_SOFTWARE)
        return
    server = Announcing(uvicorn.Config(APPLICATION, **options), announce)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    if not server.started:
        raise typer.Exit(1)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """What was asked for is no failure; the server hands the signal on when it has drained."""
    raise SystemExit(os.EX_SOFTWARE if continuity.ended else 0)


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
    """Server processes that nobody can connect to any more once they are told to stop, and that end
    together when their store was replaced."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        signal.signal(continuity.REPLACED, self._replaced)

    def _replaced(self, _number: int, _frame: FrameType | None) -> None:
        continuity.ended.append("store replaced")
        self.should_exit.set()

    def terminate_all(self) -> None:
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


class Announcing(uvicorn.Server):
    """A server that says something once it answers."""

    def __init__(self, config: uvicorn.Config, announce: str | None) -> None:
        super().__init__(config)
        self.announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.announce:
            print(self.announce, flush=True)
