"""Bad headers, and bodies where none is expected."""

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from adapters.http import requests
from domain.errors import Invalid
from tests.adapters.http.talk import (
    COMMANDS,
    MOVES,
    SALES,
    Route,
    Scene,
    a_location,
    an_event,
    now,
    paths,
    position,
    refused,
)

HEADERS = [
    ("If-Match", "x"),
    ("If-Match", "1"),
    ("If-Match", ""),
    ("If-Match", '"1.5.x'),
    ("If-Match", ", ,"),
    ("If-Match", '"1" "2"'),
    ("If-Match", '"1", *'),
    ("If-Match", ", ".join(['"1"'] * 21)),
    ("Idempotency-Key", ""),
    ("Idempotency-Key", "a b"),
    ("Idempotency-Key", "é"),
    ("Idempotency-Key", "x" * 256),
    ("Stagebook-Reason", "x" * 1_001),
    ("Stagebook-Reason", "a\tb"),
    ("Stagebook-Reason", "\u202e"),
    ("X-Correlation-ID", ""),
    ("X-Correlation-ID", "a b"),
    ("X-Correlation-ID", "é"),
    ("X-Correlation-ID", "x" * 101),
]
NO_TAGS_OF_IT = ['""', '"x"', '"-1"', '"1x"', '"1.2.3.4.5"', '"٣"', f'"{"9" * 30}"', '"x", "7"']
CONDITIONAL = [route for route in [*COMMANDS, *SALES] if "{" in route.path]


@pytest.mark.parametrize(("name", "value"), HEADERS, ids=lambda value: value[:20])
def test_a_bad_header_is_refused_by_its_name(web: TestClient, name: str, value: str) -> None:
    event = an_event(web)
    before = position(web)

    answer = web.patch(
        f"/v1/events/{event['id']}", json={"name": "New"}, headers={name: value.encode()}
    )

    assert paths(refused(answer, 422, "invalid")) == [name]
    assert position(web) == before


@pytest.mark.parametrize("tags", NO_TAGS_OF_IT, ids=lambda value: value[:20])
def test_entity_tags_of_other_things_do_not_match(web: TestClient, tags: str) -> None:
    event = an_event(web)
    before = position(web)

    answer = web.patch(
        f"/v1/events/{event['id']}", json={"name": "New"}, headers={"If-Match": tags.encode()}
    )

    refused(answer, 412, "version-mismatch")
    assert position(web) == before


@pytest.mark.parametrize("tags", ['"7", "1"', '"1","x"', ', "x" ,, W/"1", ', '"1.9.9", "1.0.0"'])
def test_one_entity_tag_of_several_is_enough(web: TestClient, tags: str) -> None:
    location = a_location(web)

    answer = web.patch(
        f"/v1/locations/{location['id']}", json={"city": "Gent"}, headers={"If-Match": tags}
    )

    assert answer.status_code == 200, answer.text


def test_a_key_with_white_space_around_it_is_the_key(web: TestClient) -> None:
    first = web.post("/v1/locations", json={"name": "Hall"}, headers={"Idempotency-Key": "k-9 "})
    again = web.post("/v1/locations", json={"name": "Hall"}, headers={"Idempotency-Key": "k-9"})

    assert first.status_code == 201
    assert again.content == first.content


@pytest.mark.parametrize("route", [*CONDITIONAL, *MOVES], ids=str)
def test_every_change_reads_the_headers(web: TestClient, route: Route) -> None:
    scene = Scene(web, *route.steps)
    scene.url(route)
    scene.filled(route.body)
    before = position(web)

    headers = ("Idempotency-Key", "X-Correlation-ID", "If-Match")
    for name in headers if route in CONDITIONAL else headers[:2]:
        assert paths(refused(scene.ask(route, {name: ""}), 422, "invalid")) == [name]
    assert position(web) == before


def test_a_reason_that_is_not_utf_8_is_refused() -> None:
    request = Request({"type": "http", "headers": [(b"stagebook-reason", b"\xff")]})

    with pytest.raises(Invalid, match="UTF-8"):
        requests.reason(request)


@pytest.mark.parametrize("reason", ["Été 2026, déplacé 𝄞", "x" * 1_000])
def test_a_reason_is_kept_in_the_facts(web: TestClient, reason: str) -> None:
    path = f"/v1/locations/{a_location(web)['id']}"

    web.patch(path, json={"city": "Gent"}, headers={"Stagebook-Reason": reason.encode()})

    assert now(web, f"{path}/history").json()["data"][0]["reason"] == reason


def test_the_longest_headers_are_taken(web: TestClient) -> None:
    path = f"/v1/locations/{a_location(web)['id']}"
    headers = {"Idempotency-Key": "~" * 255, "X-Correlation-ID": "!" * 100}

    answer = web.patch(path, json={"city": "Gent"}, headers=headers)

    assert answer.status_code == 200
    assert now(web, f"{path}/history").json()["data"][0]["correlation"] == "!" * 100


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[]", b"x" * 5_000])
@pytest.mark.parametrize("route", [r for r in [*COMMANDS, *SALES] if not r.body], ids=str)
def test_a_body_where_none_is_expected_says_nothing(
    web: TestClient, route: Route, content: bytes
) -> None:
    scene = Scene(web, *route.steps)

    answer = web.request(route.method, scene.url(route), content=content)

    assert answer.status_code in (200, 201, 204)


def test_a_body_on_a_read_says_nothing(web: TestClient) -> None:
    answer = web.request("GET", "/v1/events", content=b"{", headers={"Content-Type": "text/x"})

    assert answer.status_code == 200
