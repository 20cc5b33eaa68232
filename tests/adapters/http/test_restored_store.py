"""A store that is restored from an export of everything answers as the one that was exported."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from adapters.cli import app
from adapters.http.app import make_app
from adapters.settings import Settings
from tests.adapters.http.talk import PNG

SIGNS = "what a signing key signs with"


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Settings:
    """An empty place of the same sort."""
    if settings.is_postgres:
        return Settings(store=request.getfixturevalue("new_database")(), connections=4)
    return Settings(store=str(tmp_path / "restored"))


@pytest.fixture
def secret(tmp_path: Path) -> str:
    return str(tmp_path / "secret.key")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, secret: str) -> Callable[..., Result]:
    """Commands on a store, with one file for the secret key."""
    monkeypatch.setenv("STAGEBOOK_SECRET_KEY_FILE", secret)

    def invoke(store: Settings, *arguments: str, data: str | None = None) -> Result:
        monkeypatch.setenv("STAGEBOOK_STORE", store.store)
        return CliRunner().invoke(app, list(arguments), input=data)

    return invoke


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def signed() -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'ak:{SIGNS}'.encode()).decode()}"}


def fill(client: TestClient, token: str) -> None:
    """An Event with an image, of which two tickets are reserved, and which has another name now."""
    house = bearer(token)

    def post(path: str, body: Any = None, **headers: str) -> Any:
        answer = client.post(f"/v1{path}", json=body, headers=house | headers)
        assert answer.is_success, answer.text
        return answer

    post("/locations", {"name": "Hall"})
    post("/events", {"name": "Before", "locationid": 1})
    post("/events/1/contingents", {"name": "Stalls", "amount": 5, "price": 20})
    dates = {"start": "2027-12-04T20:00:00+01:00", "end": "2027-12-04T23:00:00+01:00"}
    post("/events/1/dates", dates)
    post("/events/1/publish")
    take = {"saleschannelid": 2, "take": [{"eventid": 1, "contingentid": 1, "amount": 2}]}
    post("/orders", take, **{"Idempotency-Key": "k-1"})
    image = client.put("/v1/events/1/image", content=PNG, headers=house)
    assert image.is_success, image.text
    renamed = client.patch("/v1/events/1", json={"name": "After"}, headers=house)
    assert renamed.is_success
    after = {"Stagebook-After": renamed.headers["Stagebook-Position"]}
    for path in PATHS:
        assert client.get(path, headers=house | after).is_success


PATHS = (
    "/v1/locations/1",
    "/v1/events/1",
    "/v1/events/1?version=2",
    "/v1/events/1/availability",
    "/v1/events/1/history",
    "/v1/orders/1",
    "/v1/catalog/pricetypes",
)


def answers(client: TestClient, token: str) -> list[tuple[int, bytes, str]]:
    asked = [client.get(path, headers=bearer(token)) for path in PATHS]
    return [(one.status_code, one.content, one.headers.get("ETag", "")) for one in asked]


def test_ids_versions_the_past_tokens_signing_keys_and_answers_are_the_same(
    settings: Settings, elsewhere: Settings, run: Callable[..., Result], secret: str
) -> None:
    add = ("keys", "add", "--account", "house", "--role", "admin")
    token = run(settings, *add, "--name", "anna").stdout.strip()
    pair = ("--kind", "signing", "--access-key", "ak", "--secret-key", SIGNS, "--name", "site")
    assert run(settings, *add, *pair).exit_code == 0
    gone = run(settings, *add, "--name", "gone").stdout.strip()
    assert run(settings, "keys", "revoke", "gone").exit_code == 0
    assert run(settings, "keys", "add", "--account", "club", "--role", "viewer").exit_code == 0
    keyed = settings.model_copy(update={"secret_key_file": secret})
    with TestClient(make_app(keyed)) as client:
        fill(client, token)
        before = answers(client, token)

    exported = run(settings, "export", "--all")
    assert "keep STAGEBOOK_SECRET_KEY" in exported.stderr
    imported = run(elsewhere, "import", "-", data=exported.stdout)

    assert imported.exit_code == 0, imported.stderr
    assert "cannot be used here" not in imported.stderr
    assert run(elsewhere, "keys", "list").stdout == run(settings, "keys", "list").stdout
    assert run(elsewhere, "check").stdout == "sound\n"
    keyed = elsewhere.model_copy(update={"secret_key_file": secret})
    with TestClient(make_app(keyed)) as client:
        assert client.app.state.stagebook.catch_up(30)  # type: ignore[attr-defined]
        assert answers(client, token) == before
        assert client.get("/v1/events/1", headers=bearer(gone)).status_code == 401
        assert client.get("/api/1/house/tools/account", headers=signed()).status_code == 200
        house = bearer(token)
        take = {"saleschannelid": 2, "take": [{"eventid": 1, "contingentid": 1, "amount": 2}]}
        again = client.post("/v1/orders", json=take, headers=house | {"Idempotency-Key": "k-1"})
        assert again.json()["id"] == 1
        assert client.post("/v1/orders", json=take, headers=house).json()["id"] > 1
