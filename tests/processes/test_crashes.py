"""kill -9, cut connections, rebuilds that die: what was answered is there, and views are right."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from adapters.bootstrap import LOCATIONS, PROJECTIONS, Stagebook
from adapters.check import faults
from application.locations import change_location, create_location
from application.unit_of_work import UnitOfWork
from domain.ids import account_number
from domain.location import LocationFields
from projections.rebuilding import rebuild
from tests.conftest import ACCOUNT
from tests.processes.program import Place, Server, eventually, start
from tests.processes.writers import Writer, check_told

pytestmark = pytest.mark.slow


@contextmanager
def under_load(place: Place, server: list[Server]) -> Iterator[list[Writer]]:
    """Eight writers at work; at the end each has its last answer."""
    client = server[0].client()
    location = client.made("/v1/locations", name="Hall")["id"]
    writers = [Writer(f"w{n}", location, lambda: server[0].port) for n in range(8)]
    with ExitStack() as stopping:
        for writer in writers:
            stopping.callback(writer.stop)
            writer.start()
        yield writers


def answers(writers: list[Writer]) -> int:
    return sum(len(told.versions) for writer in writers for told in writer.told)


def check_views(book: Stagebook) -> None:
    """Sound as the program says, and byte for byte what a rebuild makes."""
    assert list(faults(book)) == []
    for projection in PROJECTIONS:
        live = book.view(projection).whole()
        rebuild(projection, book.store, book.views, lambda _position, _head: None)
        rebuilt = book.view(projection).whole()
        assert rebuilt[1] == live[1], projection.name
        assert live[0] <= rebuilt[0] == book.store.position()


def test_what_was_answered_before_a_kill_is_there_after_it(place: Place) -> None:
    server = [place.serve()]

    with under_load(place, server) as writers:
        for _ in range(2):
            enough = answers(writers) + 60
            eventually(lambda enough=enough: answers(writers) >= enough)  # type: ignore[misc]
            time.sleep(random.uniform(0, 0.05))  # noqa: S311 - the moment must not matter
            server[0].kill()
            with place.book() as book:
                head = book.store.position()
                assert all(book.view(p).position() <= head for p in PROJECTIONS)
            server[:] = [place.serve()]

    client = server[0].client()
    last = client.made("/v1/locations", name="last")
    assert last["version"] == 1
    with place.book() as book:
        head = book.store.position()
    check_told(writers, client, head)
    assert sum(writer.unanswered for writer in writers) > 0
    assert server[0].stop() == 0
    with place.book() as book:
        check_views(book)
        assert all(book.view(p).position() == head for p in PROJECTIONS)


def test_connections_that_are_cut_under_load_cost_nothing_that_was_answered(
    database: str, tmp_path: Path
) -> None:
    with ExitStack() as closing:
        place = Place(database, tmp_path)
        closing.callback(place.close)
        place.add_keys()
        server = [place.serve()]

        with under_load(place, server) as writers:
            for _ in range(4):
                enough = answers(writers) + 40
                eventually(lambda enough=enough: answers(writers) >= enough)  # type: ignore[misc]
                cut_connections(database)

        client = server[0].client()
        with place.book() as book:
            head = book.store.position()
        check_told(writers, client, head)
        eventually(lambda: client("GET", "/health/ready").status == 200)
        assert set().union(*(writer.statuses for writer in writers)) <= {200, 201, 503}
        assert sum(writer.unanswered for writer in writers) == 0
        assert server[0].stop() == 0
        with place.book() as book:
            check_views(book)


def cut_connections(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_rebuild_that_is_killed_leaves_the_served_view_whole(place: Place) -> None:
    with place.book() as book:
        book.start()
        fill(book)
        eventually(lambda: book.view(LOCATIONS).position() == book.store.position())
    with place.book() as book:
        before = book.view(LOCATIONS).whole()
        assert len(before[1]) == 50

        killed = start("rebuild", "locations", store=place.store)
        eventually(lambda: rebuilding(place) or killed.poll() is not None)
        killed.kill()

        assert killed.wait(10) == -9, "it was over before it could be killed"
        assert book.view(LOCATIONS).whole() == before
        done = place.run("rebuild", "locations")
        assert done.returncode == 0, done.stderr
        assert book.view(LOCATIONS).whole() == before
    assert place.run("check").stdout == "sound\n"


def fill(book: Stagebook) -> None:
    """Fifty Locations with a long past."""
    account = account_number(ACCOUNT)

    def decide(work: UnitOfWork) -> None:
        for _ in range(50):
            number = create_location(work, LocationFields(name="Hall")).number
            for capacity in range(1, 60):
                change_location(work, number, LocationFields(capacity=capacity))

    book.execute(decide, account=account, actor="tests")


def rebuilding(place: Place) -> bool:
    """Whether a generation is being built beside the live one."""
    if not place.settings.is_postgres:
        folder = place.settings.folder / "views" / LOCATIONS.name
        return len(list(folder.glob("*.sqlite-wal"))) > 1
    with psycopg.connect(place.store) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'view_locations_%_progress'"
        ).fetchone()
    return bool(row and row[0] > 1)
