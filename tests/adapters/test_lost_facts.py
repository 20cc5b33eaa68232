"""A store whose facts are gone beside what was made of them: nothing starts or is made."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from adapters.bootstrap import bootstrap
from adapters.cli import app
from adapters.settings import Settings
from adapters.stores.opening import StoreLost, open_store
from tests.adapters.test_put_back_stores import add, names
from tests.copies import Copy, remove

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("STAGEBOOK_STORE", settings.store)

    def invoke(*arguments: str, **variables: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env=variables)

    return invoke


def emptied(settings: Settings) -> None:
    """The facts go, their file or table stays."""
    if settings.is_postgres:
        with psycopg.connect(settings.store, autocommit=True) as connection:
            connection.execute("TRUNCATE stored_events")
    else:
        remove(settings, "facts")
        (settings.folder / "facts.sqlite").touch()


def removed(settings: Settings) -> None:
    remove(settings, "facts")


GONE = pytest.mark.parametrize("gone", [emptied, removed])


@GONE
@pytest.mark.parametrize("command", ["serve", "work", "demo", "check", "identity"])
def test_no_command_takes_it_for_an_empty_store(
    settings: Settings, run: Run, gone: Callable[[Settings], None], command: str
) -> None:
    add(settings, "Hall")
    gone(settings)

    refused = run(command, STAGEBOOK_PORT="0")

    assert refused.exit_code == 1
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"stagebook: STAGEBOOK_STORE: the facts of {settings.place} are gone")
    assert " is at position " in line
    assert line.endswith("to begin with an empty store, start once with STAGEBOOK_LOST_STORE=begin")
    assert "put a copy of the facts back, or import an export" in line


def test_nothing_is_made_where_they_were(settings: Settings, run: Run) -> None:
    add(settings, "Hall")
    removed(settings)

    run("keys", "add", "--account", "house", "--role", "admin")

    if settings.is_postgres:
        with psycopg.connect(settings.store) as connection:
            there = connection.execute("SELECT to_regclass('stored_events')").fetchone()
        assert there == (None,)
    else:
        assert not [*settings.folder.glob("facts.sqlite*")]


@GONE
def test_an_empty_one_begins_where_the_settings_say_so(
    settings: Settings, gone: Callable[[Settings], None]
) -> None:
    add(settings, "Hall", "Garden")
    gone(settings)
    beginning = settings.model_copy(update={"lost_store": "begin"})

    assert names(beginning) == []
    add(settings, "New")  # once was enough: nothing is left of the old one
    assert names(settings) == ["New"]


def test_a_copy_that_is_put_back_is_served(settings: Settings, tmp_path: Path) -> None:
    add(settings, "Hall")
    copy = Copy(settings, tmp_path / "copy")
    emptied(settings)
    with pytest.raises(StoreLost):
        open_store(settings)

    copy.put_back()

    assert names(settings) == ["Hall"]


def test_an_export_is_imported_where_the_facts_are_gone(
    settings: Settings, run: Run, tmp_path: Path
) -> None:
    add(settings, "Hall")
    export = tmp_path / "book.jsonl"
    export.write_text(run("export", "--all").stdout)
    emptied(settings)

    imported = run("import", str(export))

    assert imported.exit_code == 0, imported.stderr
    assert names(settings) == ["Hall"]


def test_an_answer_alone_tells_that_there_were_facts(settings: Settings) -> None:
    with closing(bootstrap(settings)) as book:
        insert = (
            "INSERT INTO kept_answers"
            " (account, key, request, time, status, headers, body, position)"
            " VALUES (1, 'k', '', '', 200, '{}', '', 7) RETURNING 1"
        )
        book.store._written(insert, ())  # type: ignore[union-attr]

    with pytest.raises(StoreLost, match="an answer is kept of position 7"):
        open_store(settings)


def test_a_store_that_never_had_facts_is_empty_and_no_more(settings: Settings) -> None:
    for _ in range(2):
        assert names(settings) == []
