"""Views that another version has made, ways back, and rebuilds by several processes: the program as
it is run."""

import json
from contextlib import closing
from functools import partial
from typing import Any

import psycopg
import pytest

from adapters import rebuilding
from adapters.bootstrap import EVENTS, LOCATIONS, PROJECTIONS
from adapters.check import faults
from application.locations import create_location
from domain.ids import account_number
from domain.location import LocationFields
from projections.base import Projection
from tests.conftest import ACCOUNT
from tests.processes.program import BOUND, Place, Server, eventually

pytestmark = pytest.mark.slow


def made_by_another_version(place: Place, projection: Projection) -> None:
    """As a release leaves it whose projection had another version."""
    with place.book() as book:
        live = book.views.live(projection)
        if book.settings.is_postgres:
            with psycopg.connect(place.store) as connection:
                connection.execute(
                    "UPDATE views SET version = 0 WHERE name = %s", (projection.name,)
                )
            return
        folder = book.settings.folder / "views" / projection.name
        name = f"v0-{live.generation}.sqlite"
    for path in list(folder.glob("v*.sqlite*")):
        path.rename(folder / path.name.replace(path.name.partition(".")[0], name[:-7]))
    (folder / "LIVE").write_text(name)


def shown(server: Server) -> Any:
    with closing(server.client()) as client:
        return client("GET", "/v1/locations/1").json()


@pytest.fixture
def filled(place: Place) -> Place:
    with place.book() as book:
        book.start()
        for number in range(1, 6):
            hall = LocationFields(name=f"Hall {number}")
            creating = partial(create_location, fields=hall)
            book.execute(creating, account=account_number(ACCOUNT), actor="tests")
        assert book.catch_up(BOUND)
    return place


def test_an_outdated_view_is_served_and_renews_itself(filled: Place) -> None:
    made_by_another_version(filled, LOCATIONS)

    server = filled.serve()

    assert shown(server)["name"] == "Hall 1"
    with filled.book() as book:
        eventually(lambda: book.views.up_to_date(LOCATIONS))
        assert list(faults(book)) == []
    assert shown(server)["name"] == "Hall 1"


def test_nothing_starts_on_an_outdated_view_where_that_is_set(filled: Place) -> None:
    made_by_another_version(filled, LOCATIONS)

    for command in ("serve", "work"):
        refused = filled.run(command, STAGEBOOK_OUTDATED_VIEWS="refuse")

        assert refused.returncode == 1
        assert "stagebook rebuild locations" in refused.stderr


def test_the_way_back_has_what_was_written_since(filled: Place) -> None:
    server = filled.serve()
    assert filled.run("rebuild", "locations", "events").returncode == 0
    written = server.client()("PATCH", "/v1/locations/1", {"name": "Later"})

    back = filled.run("rebuild", "locations", "--rollback")

    assert back.returncode == 0, back.stderr
    client = server.client()
    assert client.read("/v1/locations/1", after=written.position)["name"] == "Later"
    again = client("PATCH", "/v1/locations/1", {"name": "Latest"})
    assert client.read("/v1/locations/1", after=again.position)["name"] == "Latest"
    assert filled.run("check").stdout.endswith("sound\n")


def test_what_is_pruned_is_no_way_back(filled: Place) -> None:
    assert filled.run("rebuild", "locations").returncode == 0
    assert "one before is kept" in filled.run("rebuild", "locations", "--dry-run").stdout

    assert filled.run("rebuild", "locations", "--prune").returncode == 0

    refused = filled.run("rebuild", "locations", "--rollback")
    assert refused.returncode == 1
    assert "no generation of locations is kept" in refused.stderr
    assert filled.run("check").stdout.endswith("sound\n")


def test_several_processes_build_what_one_would(
    filled: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "SMALL", 0)
    with filled.book() as book:
        before = {p.name: book.views.live(p).whole()[1] for p in PROJECTIONS}
        told: list[tuple[str, int, int]] = []

        rebuilding.rebuild(
            book, PROJECTIONS, workers=2, rate=50_000, progress=lambda *one: told.append(one)
        )

        assert {p.name: book.views.live(p).whole()[1] for p in PROJECTIONS} == before
        assert book.views.before(EVENTS) is not None
        assert {name for name, _, _ in told} == {p.name for p in PROJECTIONS}


def test_a_dry_run_changes_nothing(filled: Place) -> None:
    def kept() -> str:
        with filled.book() as book:
            return json.dumps([list(book.views.generations(p)) for p in PROJECTIONS])

    before = kept()

    told = filled.run("rebuild", "--all", "--dry-run")

    assert "locations: 5 facts to fold" in told.stdout
    assert kept() == before
