"""Places for real processes."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.processes.program import Place


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place with keys, on both stores; its servers do not outlive the test."""
    on_sqlite = request.param == "sqlite"
    store = str(tmp_path / "data") if on_sqlite else request.getfixturevalue("database")
    with closing(Place(store, tmp_path)) as made:
        made.add_keys()
        yield made
