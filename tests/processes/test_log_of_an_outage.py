"""The log while the database is away: a few plain lines, all of them JSON; and what begins it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest

from tests.processes.program import UNANSWERED, Place, Server, eventually

pytestmark = pytest.mark.slow


def lines_of(server: Server) -> list[dict[str, Any]]:
    """Every line, which has to be JSON."""
    return [json.loads(line) for line in server.log.read_text().splitlines()]


@contextmanager
def away(url: str) -> Iterator[None]:
    """Nobody gets into the database."""
    with psycopg.connect(url, autocommit=True) as own:
        name = own.info.dbname
        parts = own.info.get_parameters() | {"dbname": "postgres"}
    with psycopg.connect(**parts, autocommit=True) as admin:
        allow = f"ALTER DATABASE {name} ALLOW_CONNECTIONS %s"
        admin.execute((allow % "false").encode())
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            admin.execute((allow % "true").encode())


@pytest.fixture
def served(database: str, request: pytest.FixtureRequest) -> Iterator[Server]:
    place = Place(database, request.getfixturevalue("tmp_path"))
    place.add_keys()
    try:
        yield place.serve(log_level="info")
    finally:
        place.close()


AWAY_REASONS = (
    "is not currently accepting connections",
    "terminating connection",
    "server closed the connection",
)


def test_a_database_that_is_away_is_one_line_a_process_and_comes_back(served: Server) -> None:
    client = served.client()
    client.made("/v1/locations", name="Hall")
    before = len(lines_of(served))

    with away(served.store):
        until = time.monotonic() + 3
        while time.monotonic() < until:
            with suppress(*UNANSWERED):
                answer = client("GET", "/v1/locations/1")
                assert answer.status == 503
                assert "Nothing was recorded" not in answer.json()["detail"]
        eventually(lambda: client("GET", "/health/ready").status == 503)
    eventually(lambda: client("GET", "/health/ready").status == 200)

    told = lines_of(served)[before:]
    outage = [line for line in told if line["event"] == "the store is unavailable"]
    assert 1 <= len(outage) <= 2  # the server's and the worker's
    assert all(any(reason in line["reason"] for reason in AWAY_REASONS) for line in outage), outage
    assert not [line for line in told if "exception" in line]
    assert len(told) < 40, told
    assert client.made("/v1/locations", name="Again")["id"] == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_line_says_what_is_served_and_where(place: Place, workers: int) -> None:
    server = place.serve(log_level="info", workers=workers, prot="8000")

    first, *others = lines_of(server)
    assert first["event"] == "starting"
    assert first["address"] == f"http://127.0.0.1:{server.port}"
    assert (first["version"], first["processes"]) == ("0.1.0", workers)
    assert first["store"] in (place.store, place.store.partition("?")[0].replace(":@", "@"))
    said = "STAGEBOOK_PROT is no setting; did you mean STAGEBOOK_PORT?"
    assert [line["level"] for line in others if line["event"] == said] == ["warning"]
    assert server.stop() == 0


def test_refused_tokens_are_counted_and_told_of_once_and_streams_are_not_slow(place: Place) -> None:
    server = place.serve(log_level="info", slow_seconds=0.2)
    stranger, client = server.client("sb_guess"), server.client()

    for _ in range(5):
        assert stranger("GET", "/v1/events").status == 401
    client.send("GET", "/v1/projections", Accept="text/event-stream")
    time.sleep(0.5)
    client.close()

    counted = "stagebook_credentials_refused_total 5.0"
    eventually(lambda: counted in server.client()("GET", "/metrics").body.decode())
    eventually(
        lambda: any(line["event"] == "credentials were refused" for line in lines_of(server))
    )
    assert server.stop() == 0
    told = [line for line in lines_of(server) if line["event"] == "credentials were refused"]
    assert sum(line["count"] for line in told) <= 5
    assert [set(line["addresses"]) for line in told] == [{"127.0.0.1"}]
    slow = [line for line in lines_of(server) if line["event"] == "slow request"]
    assert "/v1/projections" not in [line["route"] for line in slow]
