"""What tests of damage share."""

import pytest

from adapters import rebuilding


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever renews views looks for damage more often than every few seconds."""
    monkeypatch.setattr(rebuilding, "LOOK_SECONDS", 0.05)
