import io
import sys

import pytest
from python_multipart import FormParser
from python_multipart.exceptions import MultipartParseError
from structlog import get_logger

from adapters import logs
from application.ports import StoreUnavailable
from projections.base import ViewUnread


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


def test_whoever_sends_a_form_that_is_none_writes_nothing_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logs.configure("info")
    form = FormParser("multipart/form-data", None, None, boundary=b"x")

    with pytest.raises(MultipartParseError):
        form.write(b'{"name": "Hall"}')

    assert caplog.messages == []


def test_a_view_that_cannot_be_read_while_the_store_is_away_is_told_in_one_line() -> None:
    away = StoreUnavailable("terminating connection due to administrator command")
    unread = ViewUnread(repr(away))
    unread.__cause__ = away
    line = {"event": "views stand still", "exc_info": unread}

    written = logs.InPlainWords()(None, "error", line)

    assert written["event"] == logs.AWAY
    assert "terminating connection" in written["reason"]
    assert "exc_info" not in written
