"""Every bound has its setting, its counter and its line in the documentation."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.http.bodies import Bodies, Held
from adapters.http.connections import BOUNDS, Connections, refusal
from adapters.http.readers import PAYER
from adapters.settings import Settings
from domain.errors import TooBusy
from tests.adapters.http.talk import PNG, a_location, an_event, opened, refused
from tests.adapters.http.test_metrics_route import Told
from tests.conftest import add_keys

DEPLOYING = Path(__file__).parents[3] / "docs/operations/postgresql.md"
CONNECTIONS = Path(__file__).parents[3] / "adapters/http/connections.py"


def test_every_reason_to_close_a_connection_is_documented_with_its_setting() -> None:
    section = DEPLOYING.read_text().partition("## Connections")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([a-z ]+) \| `(\w+)` \|", section, re.MULTILINE)

    assert rows == [(reason, setting.upper()) for reason, setting in BOUNDS.items()]
    assert set(BOUNDS.values()) <= set(Settings.model_fields)
    assert "stagebook_connections_closed_total" in section


def test_no_connection_is_closed_for_a_reason_that_has_no_setting() -> None:
    code = CONNECTIONS.read_text()
    closed = re.findall(r'(?:_close\(\w+, |give_up\(|give_up, |return )"([a-z ]+)"', code)

    assert set(closed) == set(BOUNDS)


@pytest.mark.parametrize(
    ("status", "reason"), [(431, "head"), (414, "target"), (503, "connections")]
)
def test_a_refusal_names_the_setting(status: int, reason: str) -> None:
    assert f"STAGEBOOK_{BOUNDS[reason].upper()}".encode() in refusal(status, reason)


def test_connections_of_one_ipv6_network_are_those_of_one_address() -> None:
    limits = Settings(connections_per_address=2, max_connections=100, proxies="2001:db8:0:1::9")
    connections = Connections(limits)
    household = [f"2001:db8:0:1::{n}" for n in (1, 2, 3)]

    told = [connections.opened(one) for one in household]

    assert told == [None, None, "connections of an address"]
    assert [connections.opened("2001:db8:0:1::9") for _ in range(5)] == [None] * 5  # a proxy
    assert connections.opened("2001:db8:0:2::1") is None
    for one in (*household, *["2001:db8:0:1::9"] * 5, "2001:db8:0:2::1"):
        connections.closed(one)
    assert (connections.number, not connections.by_address) == (0, True)


# -- refusals


@pytest.mark.parametrize("path", ["/v1/locations", "/location"])
def test_a_body_that_is_too_large_is_counted_whichever_surface_refuses_it(
    client: TestClient, path: str
) -> None:
    headers = {"Content-Type": "application/json"}

    client.post(path, content=b'{"name":"' + b"x" * 2**20 + b'"}', headers=headers)

    assert Told(client)("stagebook_requests_refused_total", limit="body") == 1


def test_whatever_is_refused_because_of_a_bound_says_which() -> None:
    root = Path(__file__).parents[3]
    files = [f for d in ("adapters", "application", "domain") for f in (root / d).rglob("*.py")]
    raised = [m for f in files for m in re.findall(r"raise TooBusy\((.*)\)", f.read_text())]

    assert len(raised) >= 6
    assert [said for said in raised if 'limit="' not in said] == []


# -- bodies


def test_one_account_has_half_of_the_room_for_bodies_and_everybody_gives_it_back() -> None:
    counted: list[int] = []
    bodies = Bodies(100, lambda: counted.append(1))
    requests = [Held(bodies) for _ in range(4)]

    def hold(number: int, account: int, size: int) -> None:
        PAYER.set(account)
        requests[number].add(size)

    hold(0, 7, 30)
    hold(0, 7, 20)
    with pytest.raises(TooBusy, match="50 bytes"):
        hold(1, 7, 1)
    hold(1, 8, 49)
    with pytest.raises(TooBusy, match="100 bytes"):
        hold(2, 9, 2)
    assert (bodies.bytes, len(counted)) == (99, 2)

    requests[0].release()
    requests[0].release()
    hold(3, 7, 50)
    assert bodies.bytes == 99


@pytest.fixture
def narrow(tmp_path: Any) -> Iterator[TestClient]:
    """A server that holds no more than 2,000 bytes of bodies, 1,000 of one account."""
    settings = Settings(store=str(tmp_path / "data"), max_bodies=2_000)
    with closing(bootstrap(settings)) as book:
        book.start()
        add_keys(book)
    with opened(make_app(settings)) as client:
        yield client


def test_a_body_without_room_is_refused_and_may_be_sent_again(narrow: TestClient) -> None:
    event, before = an_event(narrow), Told(narrow)

    large = narrow.put(f"/v1/events/{event['id']}/image", content=PNG + b"\0" * 1_000)
    for _ in range(20):  # what was read is given back with each answer
        a_location(narrow, name="x" * 200)

    refused(large, 503, "too-busy")
    assert large.headers["retry-after"] == "1"
    told = Told(narrow)
    assert large.json()["limit"] == "bodies"
    assert "STAGEBOOK_MAX_BODIES" in large.json()["detail"]
    assert told("stagebook_requests_refused_total", limit="bodies") == 1
    counter = "stagebook_bodies_refused_total"
    assert (before(counter), told(counter)) == (0, 1)
