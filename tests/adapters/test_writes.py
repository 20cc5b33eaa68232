"""A store that takes no writes is told of by health and metrics, also where nothing is sold."""

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest
from fastapi.testclient import TestClient

from adapters import writes
from adapters.settings import Settings
from adapters.stores.memory import MemoryStore
from adapters.writes import Writes
from application.ports import OutcomeUnknown, Store, StoreUnavailable
from tests.processes.program import eventually

NoWrites = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def no_writes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> NoWrites:
    """While inside: a disk that has no room, a database that is read-only."""
    monkeypatch.setattr(writes, "TRIAL_SECONDS", 0.05)
    return read_only(settings.store) if settings.is_postgres else no_room


@contextmanager
def no_room() -> Iterator[None]:
    """As a quota says it: no file may grow any more."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


def read_only(url: str) -> NoWrites:
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def set_to(value: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute("SET default_transaction_read_only = off")
            change = f"ALTER DATABASE {name} SET default_transaction_read_only = {value}"
            connection.execute(change.encode())
            if value == "on":
                connection.execute(others)

    @contextmanager
    def inside() -> Iterator[None]:
        set_to("on")
        try:
            yield
        finally:
            set_to("off")

    return inside


def test_it_is_told_within_seconds_and_recovers_by_itself(
    client: TestClient, no_writes: NoWrites
) -> None:
    eventually(lambda: client.get("/health/ready").status_code == 200)
    assert "stagebook_store_writable 1.0" in client.get("/metrics").text

    def status() -> str:
        return str(client.get("/health/ready").json().get("status"))

    with no_writes():
        eventually(lambda: status() == "store takes no writes")
        ready = client.get("/health/ready")
        assert ready.status_code == 503
        assert any(word in ready.json()["error"] for word in ("I/O error", "read-only"))
        assert "stagebook_store_writable 0.0" in client.get("/metrics").text
        assert client.get("/v1/locations").status_code == 200

    eventually(lambda: status() == "ready")
    assert client.post("/v1/locations", json={"name": "Hall"}).status_code == 201


def test_a_trial_changes_no_fact(store: Store) -> None:
    store.try_writing()

    assert store.position() == 0


def test_a_commit_that_failed_is_believed_rather_than_a_trial() -> None:
    known = Writes(MemoryStore())

    known.heard(StoreUnavailable("database or disk is full"))
    known.look()
    assert known.refusal == "database or disk is full"

    known.heard(None)
    assert known.refusal is None


def test_an_outcome_that_is_not_known_says_nothing_of_the_store() -> None:
    known = Writes(MemoryStore())

    known.heard(OutcomeUnknown("the connection was lost"))

    assert known.refusal is None


def test_what_it_is_that_runs_is_in_the_metrics(client: TestClient, settings: Settings) -> None:
    told = client.get("/metrics").text

    store = "postgres" if settings.is_postgres else "sqlite"
    assert f'store="{store}",version="0.1.0"}} 1.0' in told
    assert client.get("/health/live").json() == {"status": "live", "version": "0.1.0"}
