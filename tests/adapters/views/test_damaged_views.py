"""A view whose files are damaged is named by `check`, and made again by `rebuild` or by itself."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.bootstrap import EVENTS, Stagebook, bootstrap
from adapters.cli import app
from adapters.rebuilding import Renewal
from adapters.settings import Settings
from application import locations
from domain.location import LocationFields
from tests.processes.program import Place, eventually

Damage = Callable[[Path], object]


def live(folder: Path) -> Path:
    return folder / (folder / "LIVE").read_text()


def cut(folder: Path) -> None:
    file = live(folder)
    with file.open("r+b") as open_file:
        open_file.truncate(file.stat().st_size // 2)


def scrambled(folder: Path) -> None:
    """Garbage in the middle: the file has its size and its head."""
    file = live(folder)
    with file.open("r+b") as open_file:
        open_file.seek(8_192)
        open_file.write(b"\xff" * (file.stat().st_size - 8_192))


DAMAGES: dict[str, Damage] = {
    "cut": cut,
    "emptied": lambda folder: live(folder).write_bytes(b""),
    "gone": lambda folder: live(folder).unlink(),
    "no database": lambda folder: live(folder).write_bytes(b"a text " * 4_000),
    "pointer empty": lambda folder: (folder / "LIVE").write_text(""),
    "pointer wrong": lambda folder: (folder / "LIVE").write_text("../../etc/passwd"),
    "pointer leads nowhere": lambda folder: (folder / "LIVE").write_text("v1-99.sqlite"),
    "number empty": lambda folder: (folder / "NEWEST").write_text(""),
    "scrambled": scrambled,
}
UNSEEN = {"number empty"}
"""What harms no reader."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=str(tmp_path / "data"))


@pytest.fixture
def filled(settings: Settings) -> Path:
    """The folder of the view of Events."""
    with closing(bootstrap(settings)) as book:
        book.start()
        location = partial(locations.create_location, fields=LocationFields(name="Hall"))
        book.execute(location, account=1, actor="anna")
        assert book.catch_up(30)
    for path in (settings.folder / "views" / "events").glob("*-wal"):
        assert not path.stat().st_size
    return settings.folder / "views" / "events"


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("STAGEBOOK_STORE", settings.store)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("damage", DAMAGES)
def test_check_says_what_to_do_and_a_rebuild_mends_it(
    filled: Path, run: Callable[..., Result], damage: str
) -> None:
    DAMAGES[damage](filled)

    checked, proven = run("check"), run("check", "--views")
    rebuilt, again = run("rebuild", "events"), run("check")

    told = "; run: stagebook rebuild events"
    for found in () if damage in UNSEEN else (checked, proven):
        assert found.exit_code == 1
        (line,) = [line for line in found.stdout.splitlines() if "is damaged" in line]
        assert line.startswith("view events is damaged: ")
        assert line.endswith(told)
    assert (rebuilt.exit_code, rebuilt.exception) == (0, None), rebuilt.stderr
    assert again.stdout == "sound\n"


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name not in UNSEEN])
def test_a_worker_that_starts_mends_it_by_itself(
    filled: Path, settings: Settings, damage: str
) -> None:
    DAMAGES[damage](filled)

    with closing(bootstrap(settings)) as book:
        renewal = Renewal(book, 1)
        renewal.start()
        eventually(lambda: whole(book))
        renewal.stop()


def whole(book: Stagebook) -> bool:
    return book.views.up_to_date(EVENTS) and not book.views.damage(EVENTS, thoroughly=True)


@pytest.mark.slow
def test_a_server_starts_on_a_damaged_view_and_serves_it_again(tmp_path: Path) -> None:
    with closing(Place(str(tmp_path / "data"), tmp_path)) as place:
        place.add_keys()
        server = place.serve()
        client = server.client()
        location = client.made("/v1/locations", name="Hall")["id"]
        event = client.made("/v1/events", name="Live", locationid=location)["id"]
        assert client.read(f"/v1/events/{event}", after=3)["name"] == "Live"
        assert server.stop() == 0

        cut(tmp_path / "data" / "views" / "events")
        server = place.serve()

        assert server.client().read(f"/v1/events/{event}", after=3)["name"] == "Live"
        assert server.stop() == 0
