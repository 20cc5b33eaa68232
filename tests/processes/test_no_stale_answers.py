"""Two servers on one store: what one has answered, every later answer of both knows, while views
are rebuilt, switched and gone back from, while documents park and are taken up again, and while
workers and servers die and come back."""

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from structlog.testing import capture_logs

from adapters.check import faults
from tests.processes.disturbing import Disturbances
from tests.processes.editing import PARK, Editor, Tally
from tests.processes.program import BOUND, Place

pytestmark = pytest.mark.slow

EDITORS = 12


async def crowd(editors: list[Editor], is_enough: Callable[[], bool]) -> None:
    """All of them at work until it is enough, or one has seen something wrong."""
    apart = PARK // len(editors)  # they take turns at what they seldom do
    await asyncio.gather(*(e.edit(n * apart + 1, is_enough) for n, e in enumerate(editors)))


def test_what_one_server_has_written_the_other_reads(
    place: Place, pytestconfig: pytest.Config
) -> None:
    wanted: int = pytestconfig.getoption("pairs")
    servers, tally = [place.launch(), place.launch()], Tally()
    for server in servers:
        server.ready()
    with closing(servers[0].client()) as client:
        location = client.made("/v1/locations", name="Hall")["id"]
        live = [f"live{number}x" for number in range(EDITORS)]
        made = [client.made("/v1/events", name=name, locationid=location) for name in live]

    disturbances = Disturbances(place, servers)
    began = time.monotonic()
    editors = [Editor(event, place, servers, tally) for event in made]

    def is_enough() -> bool:
        return disturbances.all_were_there and tally.parked > 0 and tally.pairs >= wanted

    with capture_logs(), disturbances.going_on():
        asyncio.run(crowd(editors, is_enough))
    seconds = time.monotonic() - began
    sys.stdout.write(f"{seconds:.1f} s, {tally}, {disturbances.counted}\n")  # shown with -rP

    for server in place.servers:
        assert "unexpected" not in server.log.read_text()
    with place.book() as book:
        book.start_worker()
        assert book.catch_up(BOUND)
        assert list(faults(book)) == []
