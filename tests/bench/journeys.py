"""What one request goes through: project functions called, files entered, one-line forwarders.

python -m tests.bench.journeys [--calls NAME]

Counted in one process on SQLite, in every thread, after the same request was answered before.
`--calls` prints each function of one request with its number of calls, in the order of the first.
"""

import argparse
import ast
import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from domain.registry import Role
from tests.conftest import TOKENS, add_keys

ROOT = Path(__file__).parents[2]
ROOMS = tuple(
    str(ROOT / room) + "/" for room in ("adapters", "application", "domain", "projections")
)
INLINE = ("<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>", "<lambda>", "<module>")
ASIDE = ("live-worker", "signals")
"""Threads that work after the answer, or for other requests."""


class Journey:
    """The calls of project functions while it is recorded, thread by thread."""

    def __init__(self) -> None:
        self.calls: list[CodeType] = []
        self.changes = 0
        self._file: dict[int, str] = {}
        self.recording = False

    def profile(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if threading.current_thread().name in ASIDE:
            return
        if not (self.recording and event == "call" and code.co_filename.startswith(ROOMS)):
            return
        if code.co_name in INLINE:
            return
        self.calls.append(code)
        thread = threading.get_ident()
        before = self._file.get(thread)
        self._file[thread] = code.co_filename
        self.changes += before != code.co_filename

    @contextmanager
    def recorded(self) -> Iterator[None]:
        self.calls, self.changes, self._file = [], 0, {}
        self.recording = True
        try:
            yield
        finally:
            self.recording = False


class Counts(NamedTuple):
    """A row of the table."""

    calls: int
    functions: int
    files: int
    changes: int
    forwarders: int


def counts(journey: Journey) -> Counts:
    functions = set(journey.calls)
    return Counts(
        len(journey.calls),
        len(functions),
        len({code.co_filename for code in functions}),
        journey.changes,
        sum(is_forwarder(code) for code in functions),
    )


def is_forwarder(code: CodeType) -> bool:
    """Whether a function only calls another one with names that it has."""
    return code.co_firstlineno in forwarders(code.co_filename)


@cache
def forwarders(file: str) -> frozenset[int]:
    """The first lines (of the `def`, or of its first decorator) of a file's forwarders."""
    tree = ast.parse(Path(file).read_text())
    defs = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(
        min([made.lineno, *(d.lineno for d in made.decorator_list)])
        for made in defs
        if forwards(made)
    )


def forwards(made: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = made.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if len(body) != 1 or not isinstance(body[0], ast.Return | ast.Expr):
        return False
    value = body[0].value
    if isinstance(value, ast.Await):
        value = value.value
    return isinstance(value, ast.Call) and all(
        isinstance(one, ast.Name | ast.Attribute | ast.Starred)
        for one in (*value.args, *(keyword.value for keyword in value.keywords))
    )


Request = Callable[[], Any]


def requests(client: TestClient) -> dict[str, Request]:
    """The requests that are counted, each with things of its own to work on."""
    hall = client.post("/v1/locations", json={"name": "Hall"}).json()["id"]
    body = {
        "name": "Show",
        "locationid": hall,
        "startts": "2030-06-01T19:00:00Z",
        "endts": "2030-06-01T23:00:00Z",
        "contingents": [{"name": "Standing", "amount": 1000, "prices": {"1": 30}}],
    }
    event = client.post("/v1/events", json=body).json()
    path = f"/v1/events/{event['id']}"
    client.post(f"{path}/publish")
    take = {"contingentid": event["contingents"][0]["id"], "amount": 1}
    order = {"saleschannelid": 2, "take": [take]}
    return {
        "GET /v1/events/{id}": lambda: client.get(path),
        "GET /v1/events/{id}/availability": lambda: client.get(f"{path}/availability"),
        "GET /v1/events?limit=50": lambda: client.get("/v1/events?limit=50"),
        "PATCH /v1/events/{id}": lambda: client.patch(path, json={"subtitle": "Extra night"}),
        "POST /v1/events": lambda: client.post("/v1/events", json=body),
        "POST /v1/orders": lambda: client.post("/v1/orders", json=order),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--calls", metavar="NAME", help="a request as the table names it")
    asked = parser.parse_args(arguments)
    journey = Journey()
    with tempfile.TemporaryDirectory(prefix="stagebook-journeys-") as store:
        settings = Settings(store=store, secret_key="k" * 32)
        book = bootstrap(settings)
        book.start()
        add_keys(book)
        book.close()
        threading.setprofile(journey.profile)
        sys.setprofile(journey.profile)
        headers = {"Authorization": f"Bearer {TOKENS[Role.ADMIN]}"}
        with TestClient(make_app(settings), headers=headers) as client:
            print(
                f"{'':34}{'calls':>7}{'functions':>11}{'files':>7}{'changes':>9}{'forwarders':>12}"
            )
            for name, send in requests(client).items():
                for _ in range(3):
                    send()
                with journey.recorded():
                    answer = send()
                answer.raise_for_status()
                print(f"{name:34}" + "{:>7}{:>11}{:>7}{:>9}{:>12}".format(*counts(journey)))
                if name == asked.calls:
                    for code, times in Counter(journey.calls).items():
                        place = code.co_filename.removeprefix(f"{ROOT}/")
                        print(f"  {times:>4}  {place}:{code.co_firstlineno} {code.co_qualname}")
        threading.setprofile(None)
        sys.setprofile(None)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads that are still profiled do not outlive their interpreter: it crashes
