"""A desk, and a box office, over the store in memory."""

from collections.abc import Iterator

import pytest

from tests.application.box_office import BoxOffice
from tests.application.desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


@pytest.fixture
def office() -> Iterator[BoxOffice]:
    made = BoxOffice()
    yield made
    made.close()
