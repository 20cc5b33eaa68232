"""Each file and each table is damaged in each way: what is read then is what was read before, or it
is refused and told with its place; never a traceback, never another answer."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
import typer
from psycopg.conninfo import conninfo_to_dict

from adapters.bootstrap import EVENTS, bootstrap
from adapters.http.app import make_app
from adapters.opening import opened as opened_for
from adapters.opening import prepare_views, require_undamaged
from adapters.rebuilding import Renewal
from adapters.settings import Settings
from projections.rebuilding import rebuild
from tests.adapters.damage.spoiling import command, pages, turned
from tests.adapters.http.talk import FLOOR, PNG, book_of, for_sale, opened
from tests.conftest import add_keys
from tests.processes.program import eventually

ONCE = {"Idempotency-Key": "taken-once"}
TAKE = {"saleschannelid": 1, "take": [{"eventid": 1, "contingentid": 1, "amount": 1}]}
PATHS = (
    "/v1/events",
    "/v1/events/1",
    "/v1/events/1?version=1",
    "/v1/events/1/history?limit=5",
    "/v1/events/1/availability",
    "/v1/locations",
    "/v1/orders/1",
    "/v1/changes?limit=5",
)
Answers = dict[str, tuple[int, bytes]]


class Filled(NamedTuple):
    """A store that has something of everything, and what is read of it."""

    place: str
    answers: Answers


def fill(settings: Settings) -> Answers:
    with closing(bootstrap(settings)) as book:
        book.start()
        add_keys(book)
        assert book.catch_up(30)
        rebuild(EVENTS, book.store, book.views, lambda *_: None)  # one before is kept
        book.ledger().begin()
    with opened(make_app(settings)) as client:
        for_sale(client, contingents=[{**FLOOR, "amount": 50}])
        sent = {"Content-Type": "image/png"}
        assert client.put("/v1/events/1/image", content=PNG, headers=sent).status_code == 200
        assert client.post("/v1/events/1/publish").status_code == 200
        assert client.post("/v1/orders", json=TAKE, headers=ONCE).status_code == 201
        assert book_of(client).catch_up(30)
        read = {path: client.get(path) for path in PATHS}
        image = read["/v1/events/1"].json()["image"]
        read[image] = client.get(image)
    return {path: (answer.status_code, answer.content) for path, answer in read.items()}


def reads(settings: Settings, right: Answers) -> list[Answers] | None:
    """What is read at once, and when every view came back by itself; None: nothing started."""
    try:
        with opened_for(settings, make=True) as book:
            require_undamaged(book)
            prepare_views(book)
    except typer.Exit:
        return None
    with opened(make_app(settings)) as client:
        book = book_of(client)
        renewal = Renewal(book, 1)
        renewal.start()
        read = []
        try:
            for _ in range(2):
                answers = {path: client.get(path) for path in right}
                read.append({p: (one.status_code, one.content) for p, one in answers.items()})
                eventually(lambda: not book.outdated() and book.catch_up(10))
        finally:
            renewal.stop()
    return read


def holds(settings: Settings, right: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    checked = command(settings, "check")
    capsys.readouterr()
    read = reads(settings, right)
    said = capsys.readouterr().err + checked.stderr
    assert "Traceback" not in said
    if read is None:
        assert [line for line in said.splitlines() if line.startswith("stagebook: ")]
        assert checked.exit_code == 1
        return
    for answers in read:
        wrong = {p: a for p, a in answers.items() if a != right[p] and a[0] == 200}
        assert not wrong, checked.output
    if read[-1] != right:  # some of it is lost, and `check` said so
        assert checked.exit_code == 1


# -- files


def cut(file: Path) -> None:
    with file.open("r+b") as open_file:
        open_file.truncate(file.stat().st_size // 2)


def in_page(table: str, at: int) -> Callable[[Path], None]:
    return lambda file: turned(file, pages(file, table)[0] + at, 0x41)


WAYS: dict[str, Callable[[Path], object]] = {
    "cut": cut,
    "emptied": lambda file: file.write_bytes(b""),
    "removed": lambda file: file.unlink(),
    "first byte": partial(turned, at=0, by=0xC1),
    "a later byte": lambda file: turned(file, file.stat().st_size // 2, 0xC1),
}
IN_FACTS: dict[str, Callable[[Path], object]] = {
    "page size": partial(turned, at=16, by=0x30),
    "reserved bytes": partial(turned, at=20, by=0x05),
    "the schema": partial(turned, at=4_000, by=0x41),
    "head of the table": in_page("stored_events", 0),
    "count of the table's rows": in_page("stored_events", 4),
    "a row's offset": in_page("stored_events", 9),
    "head of the index": in_page("sqlite_autoindex_stored_events_1", 0),
    "an entry of the index": in_page("sqlite_autoindex_stored_events_1", 4_000),
    "the numbers": in_page("numbers", 4_090),
    "the usage": in_page("account_usage", 4_080),
}
FILES = (
    *("facts.sqlite", "secret.key", "webhooks.sqlite"),
    *(f"views/events/{name}" for name in ("LIVE", "BEFORE", "NEWEST", "STORE", "RUN", "*.sqlite")),
)
CASES = [(file, way, WAYS[way]) for file in FILES for way in WAYS]
CASES += [("facts.sqlite", way, IN_FACTS[way]) for way in IN_FACTS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    place = tmp_path_factory.mktemp("matrix") / "data"
    settings = Settings(store=str(place), view_wait=10, webhook_hosts="127.0.0.0/8")
    answers = fill(settings)
    signing = ("--role", "admin", "--kind", "signing", "--name", "signer")
    assert command(settings, "keys", "add", "--account", "demo", *signing).exit_code == 0
    with closing(bootstrap(settings)) as book:
        book.start_worker()
        assert book.catch_up(30)
    for file in place.rglob("*.sqlite"):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Filled(str(place), answers)


@pytest.mark.parametrize(
    ("name", "damage"),
    [pytest.param(name, damage, id=f"{name} {way}") for name, way, damage in CASES],
)
def test_a_damaged_file_is_healed_or_told(
    folder: Filled,
    tmp_path: Path,
    name: str,
    damage: Callable[[Path], object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = tmp_path / "data"
    shutil.copytree(folder.place, place, ignore=shutil.ignore_patterns("signals"))
    settings = Settings(store=str(place), view_wait=10)
    for file in sorted(place.glob(name)):
        damage(file)

    holds(settings, folder.answers, capsys)


# -- tables


@pytest.fixture(scope="module")
def filled_database(new_database: Callable[[], str]) -> Filled:
    url = new_database()
    return Filled(url, fill(Settings(store=url, connections=4, view_wait=10)))


@pytest.fixture
def database(filled_database: Filled, postgres: str) -> Iterator[str]:
    """The URL of a copy of the filled one."""
    source = conninfo_to_dict(filled_database.place)["dbname"]
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {source}_copy TEMPLATE {source}".encode())
    yield filled_database.place.replace(f"/{source}?", f"/{source}_copy?")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {source}_copy WITH (FORCE)".encode())


LIVE = "view_events_2_"
STORE = (
    *("stored_events", "stored_snapshots", "numbers", "account_usage", "blobs", "trials"),
    *("store_identity", "views", "webhook_progress", "webhook_deliveries", "kept_answers"),
)
VIEW = (f"{LIVE}terms", f"{LIVE}parked", f"{LIVE}progress", f"{LIVE}documents")
STATEMENTS = [
    *(f"DROP TABLE {table}" for table in (*STORE, *VIEW)),
    *(f"TRUNCATE {table}" for table in (*STORE, *VIEW)),
    "DELETE FROM stored_events WHERE originator_version = 2",
    "UPDATE stored_events SET topic = 'nothing' WHERE notification_id = 20",
    "UPDATE stored_events SET state = '' WHERE notification_id = 20",
    "UPDATE blobs SET data = ''",
    "UPDATE numbers SET next = 1",
    "UPDATE account_usage SET amount = 0",
    "DELETE FROM views WHERE name = 'events'",
    "ALTER TABLE stored_events DROP CONSTRAINT stored_events_pkey",
    "ALTER TABLE numbers DROP CONSTRAINT numbers_pkey",
    "ALTER TABLE blobs DROP CONSTRAINT blobs_pkey",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_damaged_table_is_healed_or_told(
    filled_database: Filled, database: str, statement: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(statement.encode())

    holds(Settings(store=database, connections=4, view_wait=10), filled_database.answers, capsys)
