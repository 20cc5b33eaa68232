"""A full disk: 503, nothing half recorded, and all is well when there is space again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import EVENTS, Stagebook
from adapters.check import faults
from adapters.settings import Settings
from adapters.stores.sqlite import SqliteStore
from adapters.views.sqlite import SqliteView
from projections import worker
from tests.processes.program import eventually

Full = Callable[[str], AbstractContextManager[None]]
LARGE = {"info": "x" * 60_000}


@pytest.fixture
def full(client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Full:
    """Fills the disk under the `facts` or the `views` while inside."""
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0.05)
    return on_postgres(settings.store) if settings.is_postgres else on_sqlite(client)


def on_sqlite(client: TestClient) -> Full:
    """As far as SQLite can tell: the file may not grow."""

    @contextmanager
    def full(what: str) -> Iterator[None]:
        grow(client, what, 0)
        yield
        grow(client, what, 100_000)

    return full


def grow(client: TestClient, what: str, pages: int) -> None:
    book: Stagebook = client.app.state.stagebook  # type: ignore[attr-defined]
    if what == "facts":
        assert isinstance(book.store, SqliteStore)
        with book.store._recorder.datastore.get_connection(commit=True) as held, held.cursor() as c:
            size = c.execute("PRAGMA page_count").fetchone()[0]
            c.execute(f"PRAGMA max_page_count = {size + pages}")
        return
    view = book.views.live(EVENTS)
    assert isinstance(view, SqliteView)
    with view._writing:
        size = view._writer.execute("PRAGMA page_count").fetchone()[0]
        view._writer.execute(f"PRAGMA max_page_count = {size + pages}")


def on_postgres(url: str) -> Full:
    """As PostgreSQL says it when a table cannot be extended."""

    @contextmanager
    def full(what: str) -> Iterator[None]:
        table = "stored_events" if what == "facts" else "view_events_1_documents"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$"
                " BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
            )
            connection.execute(
                "CREATE TRIGGER full_disk AFTER INSERT OR UPDATE ON"
                f" {table} FOR EACH ROW EXECUTE FUNCTION full_disk()".encode()
            )
            yield
            connection.execute(f"DROP TRIGGER full_disk ON {table}".encode())

    return full


def test_a_full_disk_refuses_changes_for_now_and_records_nothing_of_them(
    client: TestClient, full: Full
) -> None:
    made = client.post("/v1/locations", json={"name": "Hall"})
    path = f"/v1/locations/{made.json()['id']}"
    after = {"Stagebook-After": made.headers["Stagebook-Position"]}
    assert client.get(path, headers=after).content == made.content

    with full("facts"):
        for _ in range(2):
            refused = client.patch(path, json=LARGE, headers={"Idempotency-Key": "large"})

            assert refused.status_code == 503
            assert refused.headers["Retry-After"] == "1"
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["type"] == "urn:stagebook:problem:store-unavailable"
            assert refused.json()["detail"] == "Nothing was recorded; try again"
        unready = client.get("/health/ready")
        assert (unready.status_code, unready.json()["status"]) == (503, "store takes no writes")
        assert unready.json()["error"]
        assert "stagebook_store_writable 0.0" in client.get("/metrics").text
        assert client.get(path).content == made.content
        assert client.get(f"{path}/history").json()["data"][0]["version"] == 1

    changed = client.patch(path, json=LARGE, headers={"Idempotency-Key": "large"})
    assert changed.status_code == 200
    assert changed.json()["version"] == 2
    assert client.get("/health/ready").json()["status"] != "store takes no writes"
    after = {"Stagebook-After": changed.headers["Stagebook-Position"]}
    assert client.get(path, headers=after).content == changed.content


def test_a_view_on_a_full_disk_stays_behind_for_now_and_catches_up(
    client: TestClient, full: Full, settings: Settings
) -> None:
    location = client.post("/v1/locations", json={"name": "Hall"}).json()["id"]
    made = client.post("/v1/events", json={"name": "Live", "locationid": location})
    path = f"/v1/events/{made.json()['id']}"
    after = {"Stagebook-After": made.headers["Stagebook-Position"]}
    assert client.get(path, headers=after).status_code == 200

    with full("views"):
        changed = client.patch(path, json={"webremark": "x" * 60_000})
        assert changed.status_code == 200
        eventually(lambda: client.get("/health/ready").status_code == 503)
        assert client.get(path).json() == made.json()

    after = {"Stagebook-After": changed.headers["Stagebook-Position"]}
    eventually(lambda: client.get(path, headers=after).status_code == 200)
    assert client.get(path).content == changed.content
    eventually(lambda: client.get("/health/ready").status_code == 200)
    book: Stagebook = client.app.state.stagebook  # type: ignore[attr-defined]
    assert list(faults(book)) == []
