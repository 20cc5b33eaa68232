"""Keys that the command line adds and revokes beside a server that runs."""

import base64
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import Stagebook, bootstrap
from adapters.http.app import KEY_REFRESH_SECONDS, make_app
from adapters.http.new_keys import LOOKS_A_SECOND
from adapters.http.ticketmatic.signing import signature
from adapters.sealing import Seal
from adapters.settings import Settings
from application.keyring import (
    REGISTRY_ID,
    NewKey,
    adding_key,
    adding_signing_key,
    revoking_key,
)
from domain.registry import Role
from tests.adapters.http.talk import opened
from tests.conftest import ACCOUNT

GUESSES = 200


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"secret_key": "k" * 32})


@pytest.fixture
def elsewhere(settings: Settings) -> Iterator[Stagebook]:
    """The command line on the same store."""
    with closing(bootstrap(settings)) as book:
        book.start_writer()
        book.execute(adding_key(NewKey(ACCOUNT, Role.ADMIN), "first"), account=0, actor="tests")
        yield book


@pytest.fixture
def client(settings: Settings, elsewhere: Stagebook) -> Iterator[TestClient]:
    assert elsewhere
    with opened(make_app(settings), "first") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_new_key_works_with_its_first_request(client: TestClient, elsewhere: Stagebook) -> None:
    for number in range(3):
        adding = adding_key(NewKey(ACCOUNT, Role.VIEWER), f"new{number}")
        elsewhere.execute(adding, account=0, actor="tests")

        assert client.get("/v1/events", headers=bearer(f"new{number}")).status_code == 200


def test_a_new_signing_key_works_with_its_first_request(
    client: TestClient, elsewhere: Stagebook
) -> None:
    ts = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    seal = Seal(elsewhere.settings).seal
    for name, said in (
        ("ak1", "Basic " + base64.b64encode(b"ak1:sk").decode()),
        ("ak2", f"TM-HMAC-SHA256 key=ak2 ts={ts} sign={signature('ak2', b'sk', ACCOUNT, ts)}"),
    ):
        adding = adding_signing_key(NewKey(ACCOUNT, Role.VIEWER), name, seal(name, "sk"))
        elsewhere.execute(adding, account=0, actor="tests")

        answer = client.get(f"/api/1/{ACCOUNT}/events", headers={"Authorization": said})
        assert answer.status_code == 200, answer.text


def test_a_revoked_key_is_refused_within_a_second(client: TestClient, elsewhere: Stagebook) -> None:
    adding = adding_key(NewKey(ACCOUNT, Role.VIEWER), "short")
    name = elsewhere.execute(adding, account=0, actor="tests")
    assert client.get("/v1/events", headers=bearer("short")).status_code == 200
    elsewhere.keyring.refresh()
    (key,) = [key["id"] for key in elsewhere.keyring.every_key() if key["name"] == name]

    elsewhere.execute(revoking_key(key), account=0, actor="tests")
    revoked = time.monotonic()
    while client.get("/v1/events", headers=bearer("short")).status_code == 200:
        assert time.monotonic() < revoked + 30

    assert KEY_REFRESH_SECONDS < 0.5  # and a look takes milliseconds: less than a second in all


def test_guesses_share_a_few_looks_into_the_store(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, looks = client.app.state.stagebook.store, 0  # type: ignore[attr-defined]
    stream = store.stream

    def counting(aggregate: Any, **options: Any) -> Any:
        nonlocal looks
        looks += aggregate == REGISTRY_ID
        return stream(aggregate, **options)

    monkeypatch.setattr(store, "stream", counting)
    begun = time.monotonic()
    with ThreadPoolExecutor(20) as guessers:
        guesses = [bearer(f"guess{number}") for number in range(GUESSES)]
        answers = guessers.map(lambda headers: client.get("/v1/events", headers=headers), guesses)
        assert {answer.status_code for answer in answers} == {401}
    seconds = time.monotonic() - begun

    assert looks <= (LOOKS_A_SECOND + 1 / KEY_REFRESH_SECONDS) * (seconds + 1)
    assert looks < GUESSES / 2


@pytest.mark.parametrize("sent", ["Bearer ", "Basic !!!", " "])
def test_a_header_that_names_no_key_counts_for_its_address(settings: Settings, sent: str) -> None:
    limited = settings.model_copy(update={"rate_without_key": "3/hour"})

    with TestClient(make_app(limited), client=("192.0.2.1", 1)) as client:
        answers = [client.get("/v1/events", headers={"Authorization": sent}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
