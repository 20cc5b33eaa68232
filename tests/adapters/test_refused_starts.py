"""What cannot be started is refused in one line, which names the setting and the reason."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from adapters.bootstrap import bootstrap
from adapters.cli import app
from adapters.settings import Settings
from tests.processes.program import ROOT, environment

Run = Callable[..., Result]
HEAVY = (
    "fastapi",
    "uvicorn",
    "psycopg",
    "psycopg_pool",
    "sqlglot",
    "cryptography",
    "prometheus_client",
    "opentelemetry",
    "httpx2",
    "adapters.bootstrap",
)
"""What takes long to import, and what no listing of keys needs."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def invoke(*arguments: str, **variables: str) -> Result:
        for name, value in variables.items():
            monkeypatch.setenv(f"STAGEBOOK_{name.upper()}", value)
        return CliRunner().invoke(app, list(arguments))

    return invoke


def line_of(refused: Result) -> str:
    assert refused.exit_code == 1
    (line,) = refused.stderr.splitlines()
    return line


@pytest.mark.parametrize("command", [("keys", "list"), ("serve",), ("check",), ("work",)])
@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("store", "mysql://x/y", "expected a folder, or postgresql://…, not mysql:"),
        ("store", "", "expected a folder, or postgresql://…"),
        ("store", "postgres:/x", "expected a folder, or postgresql://…, not postgres:"),
        ("log_level", "loud", "Input should be 'debug', 'info', 'warning' or 'error'"),
        ("port", "99999", "Input should be less than or equal to 65535"),
        ("timezone", "Mars", "expected an IANA time zone, such as Europe/Brussels"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_every_command(
    run: Run, command: tuple[str, ...], setting: str, value: str, reason: str
) -> None:
    refused = run(*command, **{setting: value})

    assert line_of(refused) == f"stagebook: STAGEBOOK_{setting.upper()}: {reason}"


@pytest.mark.parametrize("command", [("keys", "list"), ("serve",), ("export", "--account", "a")])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda url: url.replace("/postgres?", "/nope?"), 'database "nope" does not exist'),
        (lambda url: url.replace("postgres:@", "nobody:@"), 'role "nobody" does not exist'),
    ],
)
def test_a_database_that_refuses_is_quoted(
    run: Run, postgres: str, command: tuple[str, ...], change: Callable[[str], str], reason: str
) -> None:
    refused = run(*command, store=change(postgres))

    assert "STAGEBOOK_STORE" in line_of(refused)
    assert reason in line_of(refused)


def test_a_host_that_nobody_knows_is_named(run: Run) -> None:
    refused = line_of(run("keys", "list", store="postgresql://me:secret@nowhere.invalid/book"))

    assert "STAGEBOOK_STORE: the store postgresql://me@nowhere.invalid/book" in refused
    assert "nowhere.invalid'" in refused
    assert "secret" not in refused


def test_a_file_is_no_folder_and_a_text_is_no_database(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "facts.sqlite").write_text("a text " * 200)

    refused = [line_of(run("check", store=str(tmp_path / name))) for name in ("file", "text")]

    assert "expected a folder, not a file" in refused[0]
    assert "file is not a database" in refused[1]


def test_commands_that_read_make_no_store(run: Run, settings: Settings) -> None:
    reading = (
        ("keys", "list"),
        ("keys", "revoke", "1"),
        ("history", "event", "1", "--account", "house"),
        ("export", "--account", "house"),
        ("check",),
        ("rebuild", "--all"),
        ("parked",),
    )
    refused = [line_of(run(*command, store=settings.store)) for command in reading]

    what = f"STAGEBOOK_STORE: there is no store in {settings.place}"
    assert {what in line for line in refused} == {True}
    if settings.is_postgres:
        with psycopg.connect(settings.store) as connection:
            found = connection.execute("SELECT to_regclass('stored_events')").fetchone()
            assert found == (None,)
    else:
        assert not settings.folder.exists()


def test_a_port_that_is_taken_is_refused_before_anything_starts(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("serve", "--port", str(port), store=str(tmp_path / "book"))

    says = f"stagebook: STAGEBOOK_PORT: 127.0.0.1:{port}: Address already in use"
    assert line_of(refused) == says
    assert not (tmp_path / "book").exists()


def test_a_setting_that_nobody_knows_is_warned_of(run: Run, settings: Settings) -> None:
    bootstrap(settings).close()

    warned = run("keys", "list", store=settings.store, prot="8123", zzzzzz="1")

    assert warned.exit_code == 0
    assert warned.stderr.splitlines() == [
        "stagebook: STAGEBOOK_PROT is no setting; did you mean STAGEBOOK_PORT?",
        "stagebook: STAGEBOOK_ZZZZZZ is no setting",
    ]


def test_the_program_says_what_it_is_and_its_version(run: Run) -> None:
    told, helped = run("--version"), run("--help")

    assert told.stdout == "stagebook 0.1.0\n"
    assert "the book of record for venues, events and tickets" in helped.stdout
    assert "STAGEBOOK_STORE" in helped.stdout


def test_help_and_a_listing_of_keys_import_nothing_heavy(tmp_path: Path) -> None:
    store = str(tmp_path / "book")
    bootstrap(Settings(store=store)).close()
    listing = (
        "import sys; from adapters import cli\n"
        "try: cli.app(sys.argv[1:])\n"
        f"except SystemExit: print([m for m in {HEAVY!r} if m in sys.modules])"
    )

    def imported(*arguments: str) -> str:
        command = [sys.executable, "-c", listing, *arguments]
        own = {"cwd": ROOT, "env": environment(store), "text": True}
        return subprocess.run(command, capture_output=True, check=True, **own).stdout  # type: ignore[call-overload,no-any-return]

    assert imported("--help").splitlines()[-1] == "[]"
    assert imported("keys", "list").splitlines()[-1] == "[]"


def test_files_of_a_store_are_their_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        book = bootstrap(Settings(store=str(tmp_path / "book")))
        book.start()
        book.close()
    finally:
        os.umask(before)

    made = [tmp_path / "book", *(tmp_path / "book").rglob("*")]
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in made}
    assert modes == {(True, 0o700), (False, 0o600)}


@pytest.mark.parametrize("name", ["storefront", "Command Line", "stagebook", "command-line", ""])
def test_a_key_has_no_name_of_what_acts_without_one(
    run: Run, settings: Settings, name: str
) -> None:
    add = ("keys", "add", "--account", "house", "--role", "viewer", "--name", name)

    assert "name" in line_of(run(*add, store=settings.store))


@pytest.mark.parametrize("secret", ["a", "secret", "a" * 40, "short but mixed"])
def test_a_secret_that_can_be_guessed_is_refused(run: Run, settings: Settings, secret: str) -> None:
    add = ("keys", "add", "--account", "house", "--role", "viewer", "--kind", "signing")

    refused = run(*add, "--secret-key", secret, store=settings.store, secret_key="k" * 32)

    assert "expected at least 16 characters, 6 of them different" in line_of(refused)


def test_a_key_is_revoked_by_its_name(run: Run, settings: Settings) -> None:
    for account, name in (("house", "anna"), ("club", "anna"), ("club", "bob")):
        add = ("keys", "add", "--account", account, "--role", "viewer", "--name", name)
        assert run(*add, store=settings.store).exit_code == 0

    several, nobody = run("keys", "revoke", "anna"), run("keys", "revoke", "eve")
    revoked = [run("keys", "revoke", "bob"), run("keys", "revoke", "anna", "--account", "club")]

    assert "several keys have the name anna: 1 of house, 2 of club" in line_of(several)
    assert "no valid key has the name eve" in line_of(nobody)
    assert [one.exit_code for one in revoked] == [0, 0]
    listed = run("keys", "list").stdout.splitlines()[1:]
    assert [line.count("Z") for line in listed] == [1, 2, 2]
