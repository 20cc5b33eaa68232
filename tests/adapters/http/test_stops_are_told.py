"""Whatever stops the event loop or the writer has a line in the log and a count in the metrics."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import Response

from adapters import logs
from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from adapters.watching import stalls
from application import locations
from tests.adapters.http.talk import a_location, book_of, opened
from tests.adapters.http.test_metrics_route import Told
from tests.conftest import add_keys

Lines = Callable[[str], list[dict[str, Any]]]
LONGEST = 0.05
PAUSE = 3 * LONGEST


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines so far."""
    before, read = structlog.get_config(), []
    logs.configure("info")
    monkeypatch.setattr(stalls, "log", structlog.get_logger())

    def told(event: str) -> list[dict[str, Any]]:
        read.extend(map(json.loads, capsys.readouterr().err.splitlines()))
        return [line for line in read if line["event"] == event]

    yield told
    structlog.configure(**before)


@pytest.fixture
def watched(settings: Settings) -> Iterator[TestClient]:
    """An application whose shortest stop that is told is short."""
    book = bootstrap(settings)
    book.start()
    add_keys(book)
    book.close()
    app = make_app(settings.model_copy(update={"stall_seconds": LONGEST}))

    async def slow(_: Request) -> Response:
        time.sleep(PAUSE)  # noqa: ASYNC251 - as a mistake would
        return Response()

    app.router.routes.insert(0, APIRoute("/slow/{number}", slow))
    with opened(app) as client:
        yield client


def test_a_request_that_blocks_the_loop_is_told(watched: TestClient, lines: Lines) -> None:
    story = {"X-Correlation-ID": "story"}
    assert watched.get("/slow/7?q=Jane", headers=story).status_code == 200

    told = Told(watched)
    line = max(lines("the event loop stood still"), key=lambda line: line["seconds"])

    assert line["seconds"] >= PAUSE
    assert line["ran"][0].endswith(".slow")
    assert (line["route"], line["method"]) == ("/slow/{number}", "GET")
    assert line["correlation"] == "story"
    assert "Jane" not in str(line)
    assert told("stagebook_stall_seconds_sum", where="loop") >= PAUSE


def test_a_store_that_is_slow_stops_the_writer(
    watched: TestClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = book_of(watched).store
    append = store.append

    def slow(*facts: Any) -> Any:
        time.sleep(PAUSE)
        return append(*facts)

    monkeypatch.setattr(store, "append", slow)
    a_location(watched)
    monkeypatch.undo()

    told = Told(watched)
    line = max(lines("the writer stood still"), key=lambda line: line["storing"])

    assert line["storing"] >= PAUSE
    assert line["command"] == "create_location"
    assert told("stagebook_stall_seconds_sum", where="writer") >= PAUSE


def test_a_command_that_is_slow_stops_the_writer(
    watched: TestClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = locations.create_location

    def slow(*arguments: Any, **named: Any) -> Any:
        until = time.thread_time() + PAUSE
        while time.thread_time() < until:
            pass
        return create(*arguments, **named)

    monkeypatch.setattr(locations, "create_location", slow)
    a_location(watched, name="Jane's")

    (line,) = [one for one in lines("the writer stood still") if one["deciding"] >= PAUSE]

    assert line["command"] == "create_location"
    assert line["account"]
    assert "Jane" not in str(line)


def test_nobody_watches_where_the_setting_is_0(tmp_path: Any, lines: Lines) -> None:
    app = make_app(Settings(store=str(tmp_path / "data"), stall_seconds=0))

    async def slow(_: Request) -> Response:
        time.sleep(PAUSE)  # noqa: ASYNC251 - as a mistake would
        return Response()

    app.router.routes.insert(0, APIRoute("/slow", slow))
    with opened(app) as client:
        assert client.get("/slow").status_code == 200
        told = Told(client)

    assert told("stagebook_stall_seconds_count") == 0
    assert lines("the event loop stood still") == []
