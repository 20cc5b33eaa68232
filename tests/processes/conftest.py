"""Places for real processes."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.processes.pair import Pair
from tests.processes.program import Place


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place with keys, on both stores; its servers do not outlive the test."""
    on_sqlite = request.param == "sqlite"
    store = str(tmp_path / "data") if on_sqlite else request.getfixturevalue("database")
    with closing(Place(store, tmp_path)) as made:
        made.add_keys()
        yield made


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def running_pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Two servers on each store, for all the races: they start slowly and nobody kills them."""
    folder = tmp_path_factory.mktemp("pair")
    store = str(folder / "data")
    if request.param == "postgres":
        store = request.getfixturevalue("new_database")()
    with closing(Place(store, folder)) as place:
        place.add_keys()
        with closing(Pair(place)) as pair:
            yield pair


@pytest.fixture
def pair(running_pair: Pair) -> Pair:
    """The pair, whatever an earlier test has found wrong in its ledger."""
    running_pair.ledger.follow().faults.clear()
    return running_pair
