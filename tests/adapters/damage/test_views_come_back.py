"""A damaged view answers 503 until it is rebuilt by itself, never as if it were empty."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import EVENTS, LOCATIONS, Stagebook, bootstrap
from adapters.http.app import make_app
from adapters.rebuilding import Renewal
from adapters.settings import Settings
from tests.adapters.damage.spoiling import command, execute, pages, turned
from tests.adapters.http.talk import a_location, book_of, opened, refused
from tests.conftest import add_keys
from tests.processes.program import eventually

PATHS = ("/v1/locations", "/v1/locations/1", "/v1/events")


def live(settings: Settings) -> Path:
    folder = settings.folder / "views" / "locations"
    return folder / (folder / "LIVE").read_text()


def broken_page(settings: Settings) -> None:
    turned(live(settings), pages(live(settings), "documents")[0], by=0xFF)


def empty(settings: Settings, table: str) -> None:
    with closing(sqlite3.connect(live(settings))) as connection:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        connection.commit()


IN_FILES: dict[str, Callable[[Settings], object]] = {
    "the pointer is gone": lambda its: (live(its).parent / "LIVE").unlink(),
    "the pointer is no text": lambda its: (live(its).parent / "LIVE").write_bytes(b"\xff1-1"),
    "what is built is no JSON": lambda its: (live(its).parent / "RUN").write_bytes(b"\xff{"),
    "whose store it is is no text": lambda its: (live(its).parent / "STORE").write_bytes(b"\xff"),
    "a page cannot be read": broken_page,
    "the documents were emptied": lambda its: empty(its, "documents"),
    "the terms were emptied": lambda its: empty(its, "terms"),
}
GENERATION = "view_locations_1_"
IN_TABLES = {
    "the row is gone": "DELETE FROM views WHERE name = 'locations'",
    "the table of views is gone": "DROP TABLE views",
    "the documents are gone": f"DROP TABLE {GENERATION}documents",
    "the documents were emptied": f"TRUNCATE {GENERATION}documents",
    "the terms were emptied": f"TRUNCATE {GENERATION}terms",
    "the terms are gone": f"DROP TABLE {GENERATION}terms",
    "the position is gone": f"DELETE FROM {GENERATION}progress",  # noqa: S608 - ours
    "the table of the position is gone": f"DROP TABLE {GENERATION}progress",
}


def served(settings: Settings) -> dict[str, tuple[int, bytes]]:
    """What is read at the end, when every view has come to the head by itself."""
    with opened(make_app(settings)) as client:
        book = book_of(client)
        renewal = Renewal(book, 1)
        renewal.start()
        try:
            seen = [reads(client)]
            eventually(lambda: not book.outdated() and book.catch_up(10))
            seen.append(reads(client))
        finally:
            renewal.stop()
    for path, (status, body) in seen[0].items():
        assert status == 503 or (status, body) == seen[1][path]
    return seen[1]


def reads(client: TestClient) -> dict[str, tuple[int, bytes]]:
    answers = {path: client.get(path) for path in PATHS}
    return {path: (answer.status_code, answer.content) for path, answer in answers.items()}


def filled(settings: Settings) -> dict[str, tuple[int, bytes]]:
    with closing(bootstrap(settings)) as book:
        book.start()
        add_keys(book)
    with opened(make_app(settings)) as client:
        a_location(client)
        assert book_of(client).catch_up(30)
        return reads(client)


@pytest.mark.parametrize("damage", IN_FILES)
def test_a_view_whose_files_are_damaged_comes_back_by_itself(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(store=str(tmp_path / "data"), view_wait=10)
    right = filled(settings)
    IN_FILES[damage](settings)

    assert served(settings) == right
    assert command(settings, "check").stdout == "sound\n"
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("damage", IN_TABLES)
def test_a_view_whose_tables_are_damaged_comes_back_by_itself(
    database: str, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(store=database, connections=4, view_wait=10)
    right = filled(settings)
    execute(settings, IN_TABLES[damage])

    assert served(settings) == right
    assert command(settings, "check").stdout == "sound\n"
    assert "Traceback" not in capsys.readouterr().err


def test_a_view_that_is_only_being_made_is_not_shown_as_if_it_were_empty(
    client: TestClient,
) -> None:
    a_location(client)
    book: Stagebook = book_of(client)
    assert book.catch_up(30)

    book.views.reset(LOCATIONS)

    for path in ("/v1/locations", "/v1/locations/1"):
        refused(client.get(path), 503, "not-yet")
    assert client.get("/v1/events").status_code == 200
    assert book.view(EVENTS).position() == book.store.position()
