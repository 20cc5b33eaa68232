import io
import sys

import pytest
from structlog import get_logger

from adapters import logs


def test_a_log_that_nobody_can_read_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure("info")
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)

    get_logger().warning("nobody reads this")

    heard = io.StringIO()
    monkeypatch.setattr(sys, "stderr", heard)
    get_logger().warning("somebody reads this")
    assert '"event": "somebody reads this"' in heard.getvalue()
