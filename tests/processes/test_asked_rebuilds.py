"""A rebuild that is asked for over HTTP: the worker runs it, and it is done whatever is killed."""

import os
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import psutil
import pytest

from adapters.bootstrap import CATALOG, LOCATIONS, ORDERS, Stagebook
from adapters.rebuild_requests import LOOK_SECONDS
from adapters.views.runs import Run
from application.locations import change_location, create_location
from application.unit_of_work import UnitOfWork
from domain.ids import account_number
from domain.location import LocationFields
from domain.registry import Role
from tests.conftest import ACCOUNT, TOKENS
from tests.followers import Told, following
from tests.processes.program import BOUND, Place, Server, eventually

pytestmark = pytest.mark.slow

HALLS, CHANGES, COMMANDS = 100, 60, 2


def fill(book: Stagebook) -> None:
    """Locations with a long past."""

    def decide(work: UnitOfWork) -> None:
        for _ in range(HALLS):
            number = create_location(work, LocationFields(name="Hall")).number
            for capacity in range(1, CHANGES):
                change_location(work, number, LocationFields(capacity=capacity))

    for _ in range(COMMANDS):
        book.execute(decide, account=account_number(ACCOUNT), actor="tests")


def held_still(book: Stagebook) -> Run:
    """The rebuild, stopped as soon as some of it is built."""
    deadline = time.monotonic() + BOUND
    while (run := book.views.runs.last(LOCATIONS)) is None or not begun(book, run):
        assert time.monotonic() < deadline, "it never began"
        time.sleep(0.001)
    os.kill(run.pid, signal.SIGSTOP)
    return run


def begun(book: Stagebook, run: Run) -> bool:
    with book.views.built(LOCATIONS, run.generation) as view:
        made = view.made() if view else None
        return made is not None and made.done > 0


def worker_of(server: Server) -> psutil.Process:
    children = psutil.Process(server.process.pid).children()
    return next(child for child in children if "work" in child.cmdline())


def rebuilds(stream: Iterator[Told]) -> Iterator[dict[str, Any]]:
    """What is told of the view of Locations."""
    for told in stream:
        yield next(one for one in told.data["data"] if one["name"] == LOCATIONS.name)


def ask(server: Server, name: str = LOCATIONS.name) -> int:
    client = server.client(TOKENS[Role.OPERATOR])
    return client("POST", f"/v1/projections/{name}/rebuild").status


def served(server: Server, at: int) -> Any:
    return server.client().read(f"/v1/locations?limit={HALLS}", after=at)


def test_a_rebuild_outlives_the_worker_that_ran_it_and_nobody_notices(place: Place) -> None:
    server = place.serve()
    with place.book() as book:
        book.start_writer()
        fill(book)
        at = book.store.position()
        before = served(server, at)
        with following(server.port, "/v1/projections", TOKENS[Role.AUDITOR]) as stream:
            told = rebuilds(stream)
            assert next(told)["generation"]["number"] == 1

            assert ask(server) == 202
            run = held_still(book)
            under_way = next(one for one in told if one["rebuild"] and one["rebuild"]["done"])
            assert ask(server) == 409
            assert served(server, at) == before
            worker_of(server).kill()
            os.kill(run.pid, signal.SIGKILL)
            done = next(one for one in told if one["asked"] is None)

    assert under_way["rebuild"]["phase"] == "building"
    assert under_way["rebuild"]["done"] < under_way["rebuild"]["facts"]
    assert (done["rebuild"]["phase"], done["rebuild"]["askedby"]) == ("done", "operator-6")
    assert done["rebuild"]["process"] != run.pid
    assert (done["generation"]["number"], done["before"]["number"]) == (run.generation, 1)
    assert served(server, at) == before


def test_rebuilds_stand_in_line_whichever_worker_is_free(place: Place) -> None:
    one, other = place.serve(), place.serve()
    line = (LOCATIONS, CATALOG, ORDERS)
    with place.book() as book:
        book.start_writer()
        fill(book)
        assert ask(one) == 202
        run = held_still(book)
        assert [ask(server, p.name) for server, p in zip((other, one), line[1:], strict=True)] == [
            202,
            202,
        ]
        client = one.client(TOKENS[Role.OPERATOR])
        told = {v["name"]: v for v in client("GET", "/v1/projections").json()["data"]}
        time.sleep(3 * LOOK_SECONDS)
        waiting = [book.views.runs.last(p) for p in line[1:]]
        os.kill(run.pid, signal.SIGCONT)
        eventually(lambda: not book.views.runs.line(line), one.log)
        runs = [book.views.runs.last(p) for p in line]

    assert [told[p.name]["asked"]["place"] for p in line] == [1, 2, 3]
    assert waiting == [None, None]
    begun_and_done = [(run.startedts, run.finishedts or "") for run in runs if run]
    assert len(begun_and_done) == 3
    for before, after in pairwise(begun_and_done):
        assert before[1] <= after[0], "the next begins when the one before is done"
