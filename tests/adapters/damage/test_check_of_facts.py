"""`check` names each damaged place of the facts, and the command that repairs what can be."""

from contextlib import closing
from pathlib import Path

import pytest

from adapters.bootstrap import bootstrap
from adapters.settings import Settings
from application.ports import StoreDamaged
from domain.location import Location
from tests.adapters.damage.spoiling import (
    ACCOUNT,
    PAGE,
    command,
    execute,
    filled,
    id_in,
    pages,
    turned,
)

KEY = "sqlite_autoindex_stored_events_1"
PUT_BACK = "put back a copy of the store"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=str(tmp_path / "data"))


@pytest.fixture
def file(settings: Settings) -> Path:
    return settings.folder / "facts.sqlite"


def contents(settings: Settings) -> list[tuple[int, str]]:
    with closing(bootstrap(settings)) as book:
        return [(one.position, repr(one.fact)) for one in book.store.read(0, 1_000)]


def test_a_damaged_index_is_named_and_made_again_by_one_command(
    settings: Settings, file: Path
) -> None:
    filled(settings)
    before = contents(settings)
    turned(file, id_in(file, pages(file, KEY)[0]) + 20)

    checked, repaired = command(settings, "check"), command(settings, "repair-index")

    assert checked.exit_code == 1
    of_an_index = [line for line in checked.stdout.splitlines() if KEY in line]
    assert of_an_index
    assert all("to make the indexes again: stagebook repair-index" in line for line in of_an_index)
    assert repaired.stdout == "the indexes are what the facts say\n"
    assert command(settings, "check").stdout == "sound\n"
    assert contents(settings) == before


def test_a_fact_that_is_of_another_aggregate_is_named_and_no_index_hides_it(
    settings: Settings, file: Path
) -> None:
    filled(settings)
    turned(file, id_in(file, pages(file, "stored_events")[0]) + 31)  # the first row is the last

    checked, repaired = command(settings, "check"), command(settings, "repair-index")

    for found in (checked, repaired):
        assert found.exit_code == 1
        (line,) = [one for one in found.stdout.splitlines() if one.startswith("position ")][:1]
        assert "has version " in line
        assert line.endswith(PUT_BACK)
    assert "stagebook repair-index" not in checked.stdout
    assert "missing from index" in command(settings, "check").stdout  # it was not made again


def test_pages_that_cannot_be_read_are_named_by_their_positions_and_the_rest_is_read(
    settings: Settings, file: Path
) -> None:
    filled(settings, facts=60)
    _, broken, *_ = pages(file, "stored_events")
    turned(file, broken, by=0xFF)

    checked, recounted = command(settings, "check"), command(settings, "recount")

    lines = checked.stdout.splitlines()
    first, next_, *_ = lines
    assert first.startswith("positions ")
    assert f" cannot be read: database disk image is malformed; {PUT_BACK}" in first
    last = int(first.split(" to ")[1].split()[0])
    assert f"position {last + 1}: LocationChanged" in next_  # what is behind is read
    assert any(line.startswith("facts.sqlite: ") for line in lines)
    assert "stagebook recount" not in checked.stdout  # it would hide what is lost
    assert recounted.exit_code == 1
    assert recounted.stdout.splitlines()[0] == first


def test_facts_that_were_taken_out_are_named_by_their_position(settings: Settings) -> None:
    filled(settings, facts=4)
    execute(settings, "DELETE FROM stored_events WHERE rowid = 3")

    checked = command(settings, "check")

    assert f"the facts at position 3 are lost; {PUT_BACK}" in checked.stdout
    assert "position 4: LocationChanged of " in checked.stdout


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("state = x'7b'", "which cannot be read"),
        ("state = NULL", "which cannot be read"),
        ("originator_version = 'three'", "position 3 cannot be read"),
        ("originator_id = x'ff'", "position 3 cannot be read"),
        ("originator_id = 'nobody'", "position 3 cannot be read"),
        ("topic = CAST(x'ff' AS TEXT)", "position 3 cannot be read"),
    ],
)
def test_a_row_that_is_no_fact_is_named_by_its_position(
    settings: Settings, change: str, says: str
) -> None:
    filled(settings)
    execute(settings, f"UPDATE stored_events SET {change} WHERE rowid = 3")  # noqa: S608 - ours

    checked = command(settings, "check")

    assert checked.exit_code == 1
    line = checked.stdout.splitlines()[0]
    assert line.startswith("position 3")
    assert says in line


def test_a_server_does_not_start_on_an_index_that_hides_facts(
    settings: Settings, file: Path
) -> None:
    filled(settings)
    turned(file, id_in(file, pages(file, KEY)[0]) + 20)

    refused = command(settings, "serve", "--port", "0")

    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[-1].startswith(
        "stagebook: the store is damaged: facts.sqlite"
    )
    assert "STAGEBOOK_CHECK_AT_START=never" in refused.stderr


def test_facts_that_an_index_hides_are_told_by_what_is_left_of_their_stream(
    settings: Settings, file: Path
) -> None:
    filled(settings)
    turned(file, id_in(file, pages(file, KEY)[0]) + 31)  # its first fact is of number 0

    with closing(bootstrap(settings)) as book:
        place = Location.id_of(ACCOUNT, 1)
        for read in (
            lambda: book.store.stream(place),
            lambda: book.store.stream(place, newest_first=True),
            lambda: list(book.store.between(place, place, 100)),
        ):
            with pytest.raises(StoreDamaged, match="version 1 is not found"):
                read()


def test_a_file_that_is_no_database_is_refused_in_one_line(settings: Settings, file: Path) -> None:
    filled(settings)
    file.write_bytes(b"a text " * PAGE)

    checked = command(settings, "check")

    assert checked.exit_code == 1
    assert checked.stderr.startswith("stagebook: STAGEBOOK_STORE: ")
    assert "facts.sqlite is damaged: file is not a database" in checked.stderr
    assert checked.stderr.count("\n") == 1


def test_answers_that_were_emptied_are_told_and_one_goes_on_without(settings: Settings) -> None:
    filled(settings)
    assert command(settings, "check").stdout == "sound\n"
    execute(settings, "DELETE FROM kept_answers")

    checked, counted = command(settings, "check"), command(settings, "recount")

    assert checked.exit_code == 1
    assert checked.stdout.startswith("table kept_answers was emptied: ")
    assert checked.stdout.endswith("or to go on without: stagebook recount\n")
    assert counted.exit_code == 0
    assert command(settings, "check").stdout == "sound\n"


def test_the_row_that_kept_answers_begin_with_is_nobodys_answer(settings: Settings) -> None:
    filled(settings)

    with closing(bootstrap(settings)) as book:
        assert [*book.store.kept_answers(0)] == []
        assert book.store.answered_ahead() == 0
