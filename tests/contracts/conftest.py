"""Places that keep facts or views, opened once or as by several processes."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SqliteStore
from adapters.views.postgres import PostgresViews
from adapters.views.sqlite import SqliteViews
from application.ports import Store
from projections.base import Projection

KINDS = ("sqlite", "postgres")

Views = SqliteViews | PostgresViews


class Place(Protocol):
    """One place; whatever is opened on it shares what is kept there, as processes do."""

    kind: str
    where: str

    def store(self) -> Store: ...
    def views(self, *projections: Projection) -> Views: ...


class SqlitePlace:
    kind = "sqlite"

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self.where = str(folder)
        self._opened = opened

    def store(self) -> Store:
        path = Path(self.where) / "facts.sqlite"
        return self._opened.enter_context(closing(SqliteStore(path)))

    def views(self, *projections: Projection) -> Views:
        made = SqliteViews(Path(self.where) / "views", projections)
        return self._opened.enter_context(closing(made))


class PostgresPlace:
    kind = "postgres"

    def __init__(self, url: str, opened: ExitStack) -> None:
        self.where = url
        self._opened = opened

    def store(self) -> PostgresStore:
        return self._opened.enter_context(closing(PostgresStore(self.where, connections=2)))

    def views(self, *projections: Projection) -> Views:
        made = PostgresViews(self.store().datastore, projections)
        return self._opened.enter_context(closing(made))


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """An empty place on each store that outlives its process."""
    with ExitStack() as opened:
        if request.param == "sqlite":
            folder = request.getfixturevalue("tmp_path")
            yield SqlitePlace(folder, opened)
        else:
            yield PostgresPlace(request.getfixturevalue("database"), opened)
