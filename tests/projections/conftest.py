"""Views of any projection, each in a file of its own."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from adapters.views.sqlite import SqliteView
from projections.base import Projection

MakeView = Callable[[Projection], SqliteView]


def new_view(projection: Projection, path: Path) -> SqliteView:
    path.touch()
    view = SqliteView(projection, path)
    with view.writing() as c:
        view.create_whole(c)
    return view


def planned_view(projection: Projection, path: Path) -> SqliteView:
    """One that is to be built in bulk."""
    path.touch()
    view = SqliteView(projection, path)
    with view.writing() as c:
        view.create_planned(c)
    return view


@pytest.fixture
def make_view(tmp_path: Path) -> Iterator[MakeView]:
    made: list[SqliteView] = []
    names = count()

    def make(projection: Projection) -> SqliteView:
        made.append(new_view(projection, tmp_path / f"{projection.name}{next(names)}.sqlite"))
        return made[-1]

    yield make
    for view in made:
        view.close()
