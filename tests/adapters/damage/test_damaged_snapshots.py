"""What is kept beside the facts and damaged is not used, though it is well formed."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from adapters.settings import Settings
from adapters.stores.opening import open_store
from application.as_of import load
from application.ports import CommandResult, IdempotentResult, Store, StoreDamaged
from domain.ids import Kind, guid
from domain.location import Location
from tests.adapters.damage.spoiling import execute
from tests.contracts.facts import history, snapshot
from tests.spec import ACCOUNT

THIS = guid(ACCOUNT, Kind.LOCATION, 1)
KEPT = IdempotentResult(ACCOUNT, "key", "asked", "2026", CommandResult(201, {}, b'{"id":1}'), 0)
CHANGES = {
    "its state": (
        "state = CAST(replace(CAST(state AS TEXT), 'Barn', 'Bard') AS BLOB)",
        "state = convert_to(replace(convert_from(state, 'UTF8'), 'Barn', 'Bard'), 'UTF8')",
    ),
    "its version": ("originator_version = 2",) * 2,
    "all of it": ("state = x''", "state = ''"),
}


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with closing(open_store(settings)) as made:
        yield made


@pytest.mark.parametrize("change", CHANGES)
def test_a_damaged_snapshot_is_passed_over(settings: Settings, store: Store, change: str) -> None:
    facts = history(1, 4)
    kept = replace(snapshot(1, 4, city="Barn"), shape=Location.SHAPE)
    store.append(facts, [kept])
    assert load(store, Location, THIS).state["city"] == "Barn"

    change = CHANGES[change][settings.is_postgres]
    execute(settings, f"UPDATE stored_snapshots SET {change}")  # noqa: S608 - ours

    right = Location(THIS)
    for fact in facts:
        right.apply(fact)
    assert load(store, Location, THIS).state == right.state


@pytest.mark.parametrize("change", ["status = 200", "request = 'other'", "headers = '{}'"])
def test_a_damaged_answer_is_not_given_again(settings: Settings, store: Store, change: str) -> None:
    store.append(history(1, 1), answers=[KEPT])
    assert store.kept_answer(ACCOUNT, "key") == ("asked", KEPT.answer)

    execute(settings, f"UPDATE kept_answers SET {change}")  # noqa: S608 - ours

    with pytest.raises(StoreDamaged, match=r"the kept answer to the Idempotency-Key key of"):
        store.kept_answer(ACCOUNT, "key")
