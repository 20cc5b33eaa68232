"""`check` on PostgreSQL names lost indexes, and an index that lacks what its table has."""

import pytest

from adapters.settings import Settings
from tests.adapters.damage.spoiling import command, execute, filled

REPAIR = "to make the indexes again: stagebook repair-index"


@pytest.fixture
def settings(database: str) -> Settings:
    settings = Settings(store=database, connections=2)
    filled(settings)
    return settings


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "ALTER TABLE stored_events DROP CONSTRAINT stored_events_pkey",
            "table stored_events has no index of originator_id, originator_version",
        ),
        ("ALTER TABLE numbers DROP CONSTRAINT numbers_pkey", "table numbers has no index"),
    ],
)
def test_a_lost_index_is_named_and_made_again(
    settings: Settings, statement: str, says: str
) -> None:
    execute(settings, statement)

    checked, repaired = command(settings, "check"), command(settings, "repair-index")

    assert checked.exit_code == 1
    assert says in checked.stdout
    assert REPAIR in checked.stdout
    assert repaired.stdout == "the indexes are what the facts say\n"
    assert command(settings, "check").stdout == "sound\n"


def test_an_index_that_lacks_a_fact_is_named_and_made_again(settings: Settings) -> None:
    ready = "UPDATE pg_index SET indisready = {} WHERE indexrelid = 'stored_events_pkey'::regclass"
    execute(
        settings,
        "CREATE TABLE moved AS SELECT * FROM stored_events WHERE originator_version = 4",
        "DELETE FROM stored_events WHERE originator_version = 4",
        ready.format("false"),
    )
    execute(settings, "INSERT INTO stored_events SELECT * FROM moved", "DROP TABLE moved")
    execute(settings, ready.format("true"))

    checked, repaired = command(settings, "check"), command(settings, "repair-index")

    assert checked.exit_code == 1
    of_the_index = "the index of originator_id, originator_version of table stored_events"
    assert f"{of_the_index} has other facts than the table: " in checked.stdout
    assert REPAIR in checked.stdout
    assert repaired.stdout == "the indexes are what the facts say\n"
    assert command(settings, "check").stdout == "sound\n"


def test_facts_that_are_lost_are_named_and_nothing_is_made_again(settings: Settings) -> None:
    execute(settings, "DELETE FROM stored_events WHERE originator_version = 2")

    checked, repaired = command(settings, "check"), command(settings, "repair-index")

    assert "has version 3, expected 2; put back a copy of the store" in checked.stdout
    assert repaired.exit_code == 1
    assert "has version 3, expected 2" in repaired.stdout
