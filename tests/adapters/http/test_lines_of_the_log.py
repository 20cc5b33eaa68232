"""Every line of the log that is about a request says which, what it belongs to, and whose it is."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient

from adapters import logs
from adapters.http import watched
from adapters.http.app import make_app
from adapters.settings import Settings
from application import events
from tests.adapters.http.talk import an_event, now, opened
from tests.conftest import ACCOUNT, TOKENS

Lines = Callable[[], list[dict[str, Any]]]
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What was written since it was last asked."""
    before = structlog.get_config()
    logs.configure("info")
    monkeypatch.setattr(watched, "log", structlog.get_logger())  # one keeps the level it began with
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.configure(**before)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can change an Event."""

    def faulty(*_: Any, **__: Any) -> None:
        message = "a bug"
        raise RuntimeError(message)

    monkeypatch.setattr(events, "change_event", faulty)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("headers", "correlation"),
    [
        ({"X-Correlation-ID": "import-42", "traceparent": PARENT}, "import-42"),
        ({"traceparent": PARENT}, TRACE),
        ({"traceparent": PARENT.replace(TRACE, "0" * 32)}, None),
        ({}, None),
    ],
    ids=["its own", "a trace", "a bad trace", "none"],
)
def test_a_request_that_fails_is_one_story(
    client: TestClient, lines: Lines, headers: dict[str, str], correlation: str | None
) -> None:
    event = an_event(client)["id"]

    answer = client.patch(f"/v1/events/{event}", json={"name": "x"}, headers=headers)

    assert answer.status_code == 500
    told = [line for line in lines() if line["level"] == "error"]
    assert [line["event"] for line in told] == ["command failed", "request failed", "unexpected"]
    assert len({line["request"] for line in told}) == 1
    assert {line["correlation"] for line in told} == {correlation or told[0]["request"]}
    assert len({line["actor"] for line in told}) == 1
    assert {line["account"] for line in told[1:]} == {ACCOUNT}
    assert told[0]["command"] == "change_event"
    assert "a bug" in told[0]["exception"]
    assert (told[1]["status"], told[1]["route"]) == (500, "/v1/events/{id}")
    assert told[1]["seconds"] > 0


def test_facts_carry_the_trace_that_the_caller_is_in(client: TestClient) -> None:
    event = an_event(client)["id"]

    client.patch(f"/v1/events/{event}", json={"name": "1"}, headers={"traceparent": PARENT})
    client.patch(f"/v1/events/{event}", json={"name": "2"}, headers={"traceparent": "nonsense"})

    own, traced, *_ = now(client, f"/v1/events/{event}/history").json()["data"]
    assert traced["correlation"] == TRACE
    assert own["correlation"] == own["causation"]
    assert len(own["correlation"]) == len(TRACE)


def test_a_line_about_no_request_names_none(lines: Lines) -> None:
    structlog.get_logger().warning("nobody asked")

    (line,) = lines()
    assert not {"request", "correlation", "account", "actor"} & line.keys()


def asked(tmp_path: Path, lines: Lines, **settings: Any) -> list[dict[str, Any]]:
    """The lines of two requests: of nobody, and of a stranger."""
    with opened(make_app(Settings(store=str(tmp_path / "data"), **settings))) as client:
        client.get("/health/live")
        client.get("/v1/events/1?secret=x", headers={"Authorization": f"Bearer {TOKENS}"})
    return [line for line in lines() if "status" in line]


def test_a_request_gets_a_line_where_that_is_set(tmp_path: Path, lines: Lines) -> None:
    live, refused = asked(tmp_path, lines, access_log=True)

    assert (live["event"], live["level"], live["status"]) == ("request", "info", 200)
    assert (live["method"], live["path"], live["route"]) == ("GET", "/health/live", "/health/live")
    assert (refused["status"], refused["path"]) == (401, "/v1/events/1")
    assert live["request"] != refused["request"]
    assert "secret" not in json.dumps(refused)


def test_a_slow_request_gets_a_line(tmp_path: Path, lines: Lines) -> None:
    told = asked(tmp_path, lines, slow_seconds=0)

    assert {line["event"] for line in told} == {"slow request"}


def test_other_requests_write_nothing(tmp_path: Path, lines: Lines) -> None:
    assert asked(tmp_path, lines, slow_seconds=60) == []
