"""The wire of Ticketmatic's clients: who is calling, and how errors, bodies and times are read."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.http.ticketmatic import times
from adapters.http.ticketmatic.signing import signature
from adapters.http.ticketmatic.wire import lenient
from adapters.sealing import Seal
from adapters.settings import Settings
from application.keyring import NewKey, adding_key, adding_signing_key, granting_key
from domain.errors import Invalid
from domain.event_fields import EventBody
from domain.registry import Role

ME = "/api/1/demo/tools/account"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def signed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """An application with the signing key `ak` of the account `demo`, granted `other`, too: the
    tests only ask, so that one of each store is enough."""
    if request.param == "postgres":
        store = request.getfixturevalue("new_database")()
    else:
        store = str(tmp_path_factory.mktemp("signed"))
    keyed = Settings(store=store, connections=4, secret_key="k" * 32)
    made = bootstrap(keyed)
    made.start()
    adding = adding_signing_key(
        NewKey("demo", Role.EDITOR, timezone="Europe/Brussels"), "ak", Seal(keyed).seal("ak", "sk")
    )
    for command in (
        adding,
        adding_key(NewKey("other", Role.VIEWER), "t"),
        granting_key(1, "other", Role.VIEWER),
    ):
        made.execute(command, account=0, actor="tests")
    made.close()
    with TestClient(make_app(keyed), raise_server_exceptions=False) as client:
        yield client


def header(account: str = "demo", secret: str = "sk", minutes: int = 0, key: str = "ak") -> Any:
    ts = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")
    sign = signature(key, secret.encode(), account, ts)
    return {"Authorization": f"TM-HMAC-SHA256 key={key} ts={ts} sign={sign}"}


def basic(said: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(said.encode()).decode()}"}


def test_the_known_answer_of_a_signature() -> None:
    sign = signature("ak", b"sk", "qa", "2026-11-21T19:04:45")

    assert sign == "c50dbce48fcd9f78c1d63cddd741269dd2daf34f9b42cfaa2c77746541eb1ec0"


def test_a_signature_and_basic_say_who_is_calling(signed: TestClient) -> None:
    for said in (header(), header(minutes=29), header(minutes=-29), basic("ak:sk")):
        answer = signed.get(ME, headers=said)

        assert answer.status_code == 200, answer.text
        assert answer.json()["shortname"] == "demo"
        assert answer.json()["timezone"] == "Europe/Brussels"


@pytest.mark.parametrize(
    "said",
    [
        dict,
        lambda: {"Authorization": "Bearer t"},
        lambda: {"Authorization": "TM-HMAC-SHA256 key=ak ts=2026 sign=00"},
        lambda: {"Authorization": "Basic %%%"},
        lambda: header(minutes=31),
        lambda: header(minutes=-31),
        lambda: header(secret="other"),
        lambda: header(account="other"),
        lambda: header(key="nobody"),
        lambda: basic("ak:other"),
        lambda: basic("nobody:sk"),
        lambda: basic("ak"),
    ],
)
def test_whoever_cannot_be_told_is_not_let_in(
    signed: TestClient, said: Callable[[], dict[str, str]]
) -> None:
    answer = signed.get(ME, headers=said())

    assert answer.status_code == answer.json()["code"] == 401
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert isinstance(answer.json()["message"], str)


def test_a_key_acts_in_the_accounts_that_it_was_granted_and_no_other(signed: TestClient) -> None:
    everywhere = signed.get("/api/1/_/tools/accounts", headers=header(account=""))
    other = signed.get("/api/1/other/tools/account", headers=header(account="other"))
    nowhere = signed.get("/api/1/third/tools/account", headers=header(account="third"))

    assert [one["shortname"] for one in everywhere.json()] == ["demo", "other"]
    assert other.json()["shortname"] == "other"
    assert (nowhere.status_code, nowhere.json()["code"]) == (403, 403)


def test_the_time_is_told_to_anybody(signed: TestClient) -> None:
    answer = signed.get("/api/1/anything/diagnostics/time")

    told = datetime.fromisoformat(answer.json()["systemtime"])
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)


@pytest.mark.parametrize("path", ["/api/1/demo/nothing", "/api/1/", "/api/1/demo/events/1/undo"])
def test_a_path_that_is_not_there_is_told_in_the_words_of_the_surface(
    signed: TestClient, path: str
) -> None:
    answer = signed.get(path, headers=header())

    assert (answer.status_code, answer.json()["code"]) == (404, 404)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2024-01-02 03:04:05", "2024-01-02T02:04:05.000000Z"),
        ("2024-01-02T03:04:05.123456", "2024-01-02T02:04:05.123456Z"),
        ("2024-07-02T03:04:05", "2024-07-02T01:04:05.000000Z"),
        ("2024-01-02", "2024-01-01T23:00:00.000000Z"),
        ("2024-01-02T03:04", "2024-01-02T02:04:00.000000Z"),
        ("2024-01-02T03:04:05+0000", "2024-01-02T03:04:05.000000Z"),
        ("2024-01-02T03:04:05+00:00", "2024-01-02T03:04:05.000000Z"),
        ("2024-01-02 03:04:05+00:00", "2024-01-02T03:04:05.000000Z"),
        ("2024-01-02 03:04:05 00:00", "2024-01-02T03:04:05.000000Z"),
        ("2024-01-02T03:04:05+02", "2024-01-02T01:04:05.000000Z"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05.000000Z"),
        ('"2024-01-02T03:04:05"', "2024-01-02T02:04:05.000000Z"),
        (
            {"date": "2024-01-02 03:04:05.000000", "timezone_type": 3, "timezone": "UTC"},
            "2024-01-02T03:04:05.000000Z",
        ),
        (
            {"date": "2024-01-02 03:04:05.000000", "timezone_type": 1, "timezone": "+02:00"},
            "2024-01-02T01:04:05.000000Z",
        ),
        (
            '{"date":"2024-01-02 03:04:05","timezone_type":3,"timezone":"America/New_York"}',
            "2024-01-02T08:04:05.000000Z",
        ),
    ],
)
def test_every_form_of_a_time_that_clients_write_is_read(said: Any, meant: str) -> None:
    assert times.read("startts", said, "Europe/Brussels") == meant


@pytest.mark.parametrize(
    "said", ["", "tomorrow", "2024-13-01", "2024-01-02T25:00:00", 5, [], {}, '"', '""x', "{}", True]
)
def test_what_is_no_time_is_refused_with_its_path(said: Any) -> None:
    with pytest.raises(Invalid, match=r"^contingents\.0\.startts: "):
        times.read("contingents.0.startts", said, "UTC")


def test_what_the_schema_does_not_know_is_left_out_at_every_depth() -> None:
    body = {
        "name": "Night",
        "nonsense": 1,
        "c_genre": ["jazz"],
        "c_": 1,
        "contingents": [{"name": "Floor", "amount": 5, "colour": "red", "locks": []}],
        "saleschannels": [{"saleschannelid": 1, "eventid": 7, "x": {}}],
    }

    made = lenient(EventBody, body)

    assert made.own()["c_genre"] == ["jazz"]
    assert made.contingents[0].patch() == {"name": "Floor", "amount": 5, "locks": []}  # type: ignore[index]
