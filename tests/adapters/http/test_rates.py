"""How often may be asked: windows that end, large limits counted by the hundred, bounded memory."""

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from uvicorn.middleware.proxy_headers import _TrustedHosts

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.http.proxies import Proxies
from adapters.http.rates import STEP, Rate, Rates, network
from adapters.settings import Settings
from domain.registry import Role
from tests.adapters.http.talk import AS, refused
from tests.conftest import add_keys, running


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_after_so_many_requests_one_waits_until_the_window_is_over() -> None:
    clock = Clock()
    rate = Rate("key", "3/10 seconds", clock=clock)

    waits = [rate.wait(1) for _ in range(4)]
    clock.now += 4
    later, other = rate.wait(1), rate.wait(2)
    clock.now += 6

    assert waits == [0, 0, 0, 10]
    assert (later, other) == (6, 0)
    assert [rate.wait(1) for _ in range(4)] == [0, 0, 0, 10]


def test_of_two_limits_both_hold() -> None:
    clock = Clock()
    rate = Rate("key", "2/second; 3/minute", clock=clock)

    first = [rate.wait(1) for _ in range(3)]
    clock.now += 1
    second = [rate.wait(1) for _ in range(2)]

    assert first == [0, 0, 1]
    assert second == [59, 59]


def test_a_large_limit_is_exact_to_a_hundred() -> None:
    rate = Rate("key", "20000/10 seconds", clock=Clock())

    answered = next(n for n in range(30_000) if rate.wait(1))

    assert 20_000 <= answered < 20_000 + STEP


@pytest.mark.parametrize("notation", ["100/10 seconds", "20000/10 seconds"])
def test_however_many_ask_only_some_are_remembered(notation: str) -> None:
    clock = Clock()
    rate = Rate("address", notation, most=50, clock=clock)

    for n in range(40):
        assert rate.wait(f"10.0.0.{n}") == 0
    waits = [rate.wait(f"10.1.{n >> 8}.{n & 255}") for n in range(1_000)]

    held = (rate._counts, rate._closed, rate._limiter.storage._windows)  # type: ignore[attr-defined]
    assert all(len(each) <= 51 for each in held)
    if notation == "100/10 seconds":
        assert any(waits), "those who are not counted apart share a window"
        assert rate.wait("10.0.0.1") == 0, "who was there before is not among them"
        clock.now += 10
        assert rate.wait("10.9.9.9") == 0


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix:", "others"),
        ("x" * 10_000, "others"),
    ],
)
def test_of_an_ipv6_address_its_network_is_counted(address: str, counted: str) -> None:
    assert network(address) == counted


@pytest.mark.parametrize("notation", ["10", "0/second", "5/week", "x", "5/second;", "-1/second"])
def test_a_setting_that_is_no_rate_is_refused(notation: str) -> None:
    with pytest.raises(ValidationError):
        Settings(rate_of_key=notation)


def test_an_empty_setting_limits_nothing(settings: Settings) -> None:
    off = {"rate_without_key": "", "rate_of_key": "", "rate_of_account": ""}
    rates = Rates(settings.model_copy(update=off), lambda _: None)
    scope = {"client": ("192.0.2.7", 1), "path": "/v1/events"}

    assert all(rates.meet_stranger(scope) for _ in range(5_000))


@pytest.mark.parametrize(
    ("limit", "others"), [("rate_of_key", Role.VIEWER), ("rate_of_account", None)]
)
def test_a_key_and_an_account_that_ask_too_often_are_told_when_to_come_back(
    settings: Settings, limit: str, others: Role | None
) -> None:
    small = settings.model_copy(update={limit: "3/hour"})
    book = bootstrap(small)
    book.start()
    add_keys(book)
    add_keys(book, "other", "-other")
    book.close()
    for client in running(make_app(small)):
        checked(client, others)


def checked(client: TestClient, others: Role | None) -> None:
    elsewhere = {"Authorization": "Bearer sb_admin-token-other"}
    for path in ("/v1/events", "/v1/events/1", "/event"):
        assert client.get(path).status_code in (200, 404)

    answer = client.get("/v1/events")
    openticket = client.get("/event")

    problem = refused(answer, 429, "too-many-requests")
    assert 0 < int(answer.headers["Retry-After"]) == problem["retryafter"] <= 3_600
    assert problem["rate"] == "3/hour"
    assert openticket.json()["error_code"] == "too-many-requests"
    assert openticket.headers["Retry-After"]
    assert client.get("/health/live").status_code == 200
    assert client.get("/v1/events", headers=elsewhere).status_code == 200
    if others:
        assert client.get("/v1/events", headers=AS[others]).status_code == 200
    else:
        refused(client.get("/v1/events", headers=AS[Role.VIEWER]), 429, "too-many-requests")
    name = "key" if others else "account"
    assert f'stagebook_requests_refused_total{{limit="{name}"}}' in client.get("/metrics").text


@pytest.mark.parametrize(
    ("named", "address", "many"),
    [
        ("127.0.0.1, 10.0.0.0/8", "10.1.2.3", True),
        ("127.0.0.1,10.0.0.0/8", "11.1.2.3", False),
        ("2001:db8::/32", "2001:db8:1::7", True),
        ("::1", "0:0:0:0:0:0:0:1", True),
        ("127.0.0.1", "unix:", False),
        ("unix:", "unix:", True),
        ("*", "192.0.2.7", True),
        ("", "127.0.0.1", False),
    ],
)
def test_proxies_are_named_by_address_by_network_or_all(
    named: str, address: str, *, many: bool
) -> None:
    assert (address in Proxies(named)) is many
    assert (address in _TrustedHosts(named)) is many, "as uvicorn reads it"
