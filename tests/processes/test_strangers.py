"""Requests without a key that is known are limited by address; a proxy says for whom it asks."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.processes.program import Place, Server

pytestmark = pytest.mark.slow

PROXY, DIRECT = "127.0.0.1", "127.0.0.2"
MOST = 5
GUESS = {"Authorization": "Bearer sb_a-guess"}


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("strangers")
    with closing(Place(str(folder / "data"), folder)) as place:
        place.add_keys()
        yield place.serve(rate_without_key=f"{MOST}/hour", proxies=PROXY)


def ask(server: Server, path: str, source: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.port, timeout=30, source_address=(source, 0)
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(connection):
        connection.request("GET", path, headers=named)
        answer = connection.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        return answer


def statuses(server: Server, source: str, *headers: dict[str, str]) -> list[int]:
    return [ask(server, "/v1/events", source, **each).status for each in headers]


def test_an_address_may_guess_so_often_and_no_header_of_its_own_helps(server: Server) -> None:
    known = {"Authorization": "Bearer sb_admin-token"}
    spoofs = [{"X_Forwarded_For": f"198.51.100.{n}"} for n in range(3)]

    first = statuses(server, DIRECT, *[GUESS] * (MOST - 1), {})
    after = statuses(server, DIRECT, GUESS, {}, *[GUESS | spoof for spoof in spoofs])

    assert (first, after) == ([401] * MOST, [429] * 5)
    assert statuses(server, DIRECT, known) == [200]
    assert statuses(server, PROXY, *[GUESS] * (2 * MOST)) == [401] * 2 * MOST
    assert ask(server, "/health/ready", DIRECT).status == 200
    for path, shape in (("/api/1/demo/events", "applicationcode"), ("/event", "error_code")):
        answer = ask(server, path, DIRECT)
        assert (answer.status, shape in json.loads(answer.body)) == (429, True)  # type: ignore[attr-defined]
        assert 0 < int(answer.headers["Retry-After"]) <= 3_600
    told = ask(server, "/metrics", DIRECT).body.decode()  # type: ignore[attr-defined]
    assert 'stagebook_requests_refused_total{limit="address"}' in told


def test_who_asks_through_a_proxy_is_counted_by_the_address_that_the_proxy_saw(
    server: Server,
) -> None:
    def through(seen: str) -> dict[str, str]:
        return GUESS | {"X_Forwarded_For": seen}

    first = statuses(server, PROXY, *[through("203.0.113.9")] * MOST)
    spoofed = [through(f"192.0.2.{n}, 203.0.113.9") for n in range(3)]

    assert first == [401] * MOST
    assert statuses(server, PROXY, *spoofed, through("203.0.113.9")) == [429] * 4
    assert statuses(server, PROXY, through("203.0.113.8")) == [401]
    bad = ["no address", "x" * 5_000, ",", "1.2.3.4.5", "[::1", "\xff"]
    answers = [statuses(server, PROXY, through(each))[0] for each in bad]
    assert {*answers} <= {401, 429}
