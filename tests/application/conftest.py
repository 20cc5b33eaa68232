"""A desk over the store in memory."""

from collections.abc import Iterator

import pytest

from tests.application.desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()
