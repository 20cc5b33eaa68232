"""Following the feed of changes: whoever is cut off goes on where it was, and misses nothing."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice

import pytest
from pydantic_core import from_json, to_json

from adapters.bootstrap import CHANGES, Stagebook
from application.locations import change_location, create_location
from application.unit_of_work import UnitOfWork
from domain.ids import account_number
from domain.location import LocationFields
from domain.registry import Role
from projections.changes import change
from tests.conftest import ACCOUNT, TOKENS
from tests.followers import Told, changes, following
from tests.processes.program import BOUND, Place, eventually
from tests.spec import ALL

pytestmark = pytest.mark.slow

CHANGED, RECONNECTS, AT_ONCE, WRITERS = 20_000, 50, 40, 2
STOP_SECONDS = 10


def write(book: Stagebook, commands: int) -> None:
    """One Location after another, each with a past."""

    def decide(work: UnitOfWork) -> None:
        number = create_location(work, LocationFields(name="Hall")).number
        for capacity in range(1, AT_ONCE):
            change_location(work, number, LocationFields(capacity=capacity))

    for _ in range(commands):
        book.execute(decide, account=account_number(ACCOUNT), actor="tests")


@contextmanager
def writing(book: Stagebook) -> Iterator[list[threading.Thread]]:
    """Writers beside the server, until they have written it all."""
    commands = CHANGED // AT_ONCE // WRITERS
    writers = [threading.Thread(target=write, args=(book, commands)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        for writer in writers:
            writer.join(2 * BOUND)


def test_who_is_cut_off_again_and_again_misses_nothing(place: Place) -> None:
    dice = random.Random()  # noqa: S311 - the moment must not matter
    server = place.serve()
    seen: list[Told] = []

    def follow(count: int) -> None:
        """So many changes, with others on the way when it hangs up."""
        last = seen[-1].id if seen else 0
        with following(server.port, "/v1/changes", TOKENS[Role.AUDITOR], last) as stream:
            seen.extend(islice(changes(stream), count))

    with place.book() as book:
        book.start_writer()
        with writing(book):
            for left in range(RECONNECTS, 0, -1):
                follow(dice.randrange(1 + 2 * (CHANGED - len(seen)) // (left + 1)))
        eventually(lambda: book.view(CHANGES).position() == book.store.position())
        facts = book.store.facts_of(account_number(ACCOUNT))
        recorded = [from_json(to_json(change(one, ALL))) for one in facts if CHANGES.keys(one.fact)]
    follow(len(recorded) - len(seen))

    assert len(recorded) > CHANGED
    assert [one.id for one in seen] == [one["position"] for one in recorded]
    assert [one.data for one in seen] == recorded


def test_a_server_that_is_stopped_ends_its_streams_and_is_gone_soon(place: Place) -> None:
    server = place.serve()
    with ExitStack() as open_:
        streams = [
            open_.enter_context(following(server.port, "/v1/changes", TOKENS[Role.AUDITOR]))
            for _ in range(8)
        ]
        first = [next(changes(stream)).id for stream in streams]
        started = time.monotonic()

        server.process.terminate()

        ended = [list(stream) for stream in streams]
        server.process.wait(BOUND)
        assert time.monotonic() - started < STOP_SECONDS
    assert len({*first}) == 1
    assert len({len(rest) for rest in ended}) == 1
