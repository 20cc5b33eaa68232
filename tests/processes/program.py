"""The program as its users run it: real processes on a real place, asked over HTTP."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any

from adapters.bootstrap import Stagebook, bootstrap
from adapters.settings import Settings
from domain.registry import Role
from tests.conftest import ACCOUNT, TOKENS, add_keys

ROOT = Path(__file__).parents[2]
BOUND = 60.0
"""Seconds that anything may take here: far more than it does."""
STANDS_SECONDS = 0.25
"""Processor time that nothing may take of an event loop or a writer at once."""
UNANSWERED = (OSError, http.client.HTTPException)

_names = count(1)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def position(self) -> int:
        return int(self.headers["stagebook-position"])


class Client:
    """One connection of an admin; not to be shared by threads."""

    def __init__(self, port: int, token: str = TOKENS[Role.ADMIN]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND)
        self._token = token

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Asks, or raises one of `UNANSWERED`. `If_Match=` is the header `If-Match`."""
        try:
            self.send(method, path, body, **headers)
            answer = self._connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())
        except UNANSWERED:
            self._connection.close()
            raise

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> None:
        """Asks, and does not wait for the answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["Authorization"] = f"Bearer {self._token}"
        data = None
        if body is not None:
            named["Content-Type"] = "application/json"
            data = json.dumps(body)
        self._connection.request(method, path, data, named)

    def made(self, path: str, **body: Any) -> Any:
        """The document that a POST makes."""
        answer = self("POST", path, body)
        assert answer.status == 201, answer
        return answer.json()

    def read(self, path: str, *, after: int = 0) -> Any:
        """The document, once its view has that position."""
        deadline = time.monotonic() + BOUND
        while (answer := self("GET", path, Stagebook_After=str(after))).status == 503:
            assert time.monotonic() < deadline, answer
        assert answer.status == 200, answer
        return answer.json()

    def close(self) -> None:
        self._connection.close()


class Server:
    """A server process."""

    def __init__(self, store: str, log: Path, settings: Mapping[str, object]) -> None:
        self.store, self.log = store, log
        self.port = free_port()
        self._clients: list[Client] = []
        with log.open("ab") as stderr:
            own = environment(store, self.port, settings)
            self.process = start("serve", store=store, environ=own, stderr=stderr)

    def client(self, token: str = TOKENS[Role.ADMIN]) -> Client:
        made = Client(self.port, token)
        self._clients.append(made)
        return made

    def ready(self) -> "Server":
        eventually(self._answers, self.log)
        return self

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            with closing(Client(self.port)) as client:
                return client("GET", "/health/ready").status == 200
        except UNANSWERED:
            return False

    def kill(self) -> None:
        for client in self._clients:
            client.close()
        self.process.kill()
        self.process.wait(BOUND)

    def stop(self) -> int:
        """Stops as Ctrl-C does; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(BOUND)


class Place:
    """A store with keys, and the servers that run on it."""

    def __init__(self, store: str, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.settings = Settings(store=store, connections=4)
        self.servers: list[Server] = []
        self.workers: list[Any] = []

    def launch(self, **settings: object) -> Server:
        """Starts a server, without waiting until it answers."""
        server = Server(self.store, self.folder / f"{next(_names)}.log", settings)
        self.servers.append(server)
        return server

    def serve(self, **settings: object) -> Server:
        return self.launch(**settings).ready()

    def work(self) -> None:
        """Starts a worker apart from the servers."""
        with (self.folder / "worker.log").open("ab") as stderr:
            self.workers.append(start("work", store=self.store, stderr=stderr))

    def add_keys(self) -> None:
        with self.book() as book:
            book.start_writer()
            add_keys(book, ACCOUNT)

    @contextmanager
    def book(self) -> Iterator[Stagebook]:
        """The place as a command finds it, in this process."""
        with closing(bootstrap(self.settings)) as book:
            yield book

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A command from start to end."""
        command = [sys.executable, "-m", "adapters.cli", *arguments]
        return subprocess.run(  # noqa: PLW1510 - what it returns is asserted
            command,
            cwd=ROOT,
            env=environment(self.store) | variables,
            capture_output=True,
            text=True,
            timeout=2 * BOUND,
        )

    def close(self) -> None:
        for server in self.servers:
            server.kill()
        for worker in self.workers:
            worker.kill()
            worker.wait(BOUND)
        assert [stop for server in self.servers for stop in long_stops(server.log)] == []


def long_stops(log: Path) -> list[str]:
    """The lines about stops for which a loop or a writer computed for too long, by the processor's
    time: the machine does other things meanwhile."""
    lines = [line for line in log.read_text().splitlines() if "stood still" in line]
    return [line for line in lines if computed(json.loads(line)) > STANDS_SECONDS]


def computed(stop: Mapping[str, Any]) -> float:
    seconds: float = stop.get("running", 0) + stop.get("deciding", 0)
    return seconds


def start(
    command: str,
    *arguments: str,
    store: str,
    environ: Mapping[str, str] | None = None,
    **files: IO[bytes],
) -> Any:
    return subprocess.Popen(
        [sys.executable, "-m", "adapters.cli", command, *arguments],
        cwd=ROOT,
        env=environ or environment(store),
        stdout=subprocess.DEVNULL,
        **{"stderr": subprocess.DEVNULL, **files},  # type: ignore[dict-item]
    )


NOTHING_SET: Mapping[str, object] = {}


def environment(
    store: str, port: int = 0, settings: Mapping[str, object] = NOTHING_SET
) -> dict[str, str]:
    own = {n: v for n, v in os.environ.items() if not n.startswith("STAGEBOOK_")}
    said = {"store": store, "port": port, "connections": 4, "log_level": "warning", **settings}
    return own | {f"STAGEBOOK_{name.upper()}": str(value) for name, value in said.items()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(holds: Callable[[], bool], log: Path | None = None) -> None:
    deadline = time.monotonic() + BOUND
    while not holds():
        assert time.monotonic() < deadline, log.read_text() if log else "it did not come to hold"
        time.sleep(0.01)
