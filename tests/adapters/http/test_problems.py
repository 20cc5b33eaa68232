"""Refusals as RFC 9457 problem documents, one `type` each."""

import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from adapters.http.errors import STATUS, slug
from adapters.http.errors import refused as answer_to
from application import events
from application.ports import OutcomeUnknown, StoreDamaged, StoreReplaced, StoreUnavailable
from domain.errors import Invalid, Refusal
from tests.adapters.http.talk import (
    a_location,
    an_event,
    book_of,
    changed,
    paths,
    position,
    refused,
)

COUNTING = SimpleNamespace(state=SimpleNamespace(refused=lambda _limit: None))
NOBODY = Request({"type": "http", "app": COUNTING})
STORE = {StoreUnavailable, OutcomeUnknown, StoreReplaced, StoreDamaged}


def refusals(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for refusal in of.__subclasses__():
        if not refusal.__module__.startswith("tests"):
            yield refusal
        yield from refusals(refusal)


def test_every_refusal_has_a_status_and_a_type_of_its_own() -> None:
    assert {*refusals()} == STATUS.keys() - STORE
    assert len({slug(refusal) for refusal in STATUS}) == len(STATUS)
    assert all(400 <= status < 600 for status in STATUS.values())


@pytest.mark.parametrize("refusal", [*refusals()], ids=slug)
def test_every_refusal_is_a_problem_document(refusal: type[Refusal]) -> None:
    takes = len(inspect.signature(refusal).parameters)
    made = refusal("name", "expected more") if issubclass(refusal, Invalid) else refusal("why", a=1)

    answer = answer_to(NOBODY, made)

    assert takes >= 1
    assert answer.status_code == STATUS[refusal]
    assert answer.media_type == "application/problem+json"
    problem = bytes(answer.body).decode()
    assert f'"type":"urn:stagebook:problem:{slug(refusal)}","title":"{refusal.title}"' in problem
    assert f'"detail":"{made.detail}"' in problem
    assert ('"a":1' in problem) != ('"path":"name"' in problem)


def test_every_bad_field_is_named(web: TestClient) -> None:
    body = {
        "nmae": "x",
        "name": 5,
        "layout": {"color": "red", "size": 1},
        "tags": ["ok", "", 5],
        "previews": [{"type": 1, "url": "x"}, 5],
        "contingents": [{"amount": -1, "eventspecificprices": {"prices": [{"prices": ["x"]}]}}],
        "translations": {"namefr": 1},
        "c_x-y": 1,
        "locationid": 1,
    }

    problem = refused(web.post("/v1/events", json=body), 422, "invalid")

    assert {*paths(problem)} == {
        "nmae",
        "name",
        "layout.color",
        "layout.size",
        "tags.1",
        "tags.2",
        "previews.0.type",
        "previews.1",
        "contingents.0.amount",
        "contingents.0.eventspecificprices.prices.0.pricetypeid",
        "contingents.0.eventspecificprices.prices.0.prices.0",
        "translations.namefr",
        "c_x-y",
    }
    assert all(error["message"] for error in problem["errors"])
    assert all(path in problem["detail"] for path in paths(problem))


CONDITIONS: list[tuple[Any, list[str]]] = [
    ({"type": "promocode", "value": 5}, ["value", "value"]),
    ({"type": "promocode", "value": ["", 1]}, ["value", "value.0", "value.1"]),
    ({"type": "voucherids", "value": ["a"]}, ["value.0"]),
    (
        {"type": "date", "value": {"datetype": "absolute", "absoluteStart": "x"}},
        ["value.absoluteStart"],
    ),
    ({"type": "date", "value": {"datetype": "never"}}, ["value"]),
    ({"type": "ticketlimit"}, ["value"]),
    ({"type": "ticketlimit", "value": 1, "more": 2}, ["more"]),
    ({"type": "moon"}, [""]),
    ({}, [""]),
    (5, [""]),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS, ids=str)
def test_a_path_names_fields_and_not_the_kinds_they_may_be_of(
    web: TestClient, condition: Any, expected: list[str]
) -> None:
    prices = [{"pricetypeid": 1, "prices": [1], "conditions": [condition]}]
    body = {"locationid": 1, "seatingplaneventspecificprices": {"prices": prices}}

    problem = refused(web.post("/v1/events", json=body), 422, "invalid")

    stem = "seatingplaneventspecificprices.prices.0.conditions.0"
    assert paths(problem) == [f"{stem}.{path}".rstrip(".") for path in expected]


def test_of_very_many_bad_fields_a_hundred_are_named(web: TestClient) -> None:
    body = {f"unknown{number}": 1 for number in range(5_000)}

    problem = refused(web.post("/v1/events", json=body), 422, "invalid")

    assert len(problem["errors"]) == 100
    assert len(problem["detail"]) <= 2_000


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v2/events",
        "/v1/events/a%2Fb",
        "//v1/events",
        "/v1/Events",
        "/v1/events/1/dates/1/x",
        "/v1/%00",
        "/v1/events%00",
    ],
)
def test_an_unknown_path_is_a_problem_document(web: TestClient, path: str) -> None:
    refused(web.get(f"http://testserver{path}"), 404, "no-such-path")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/events", "GET, HEAD, POST"),
        ("DELETE", "/v1/locations", "GET, HEAD, POST"),
        ("OPTIONS", "/v1/events", "GET, HEAD, POST"),
        ("PUT", "/v1/events/1", "GET, HEAD, PATCH, DELETE"),
        ("POST", "/v1/events/1", "GET, HEAD, PATCH, DELETE"),
        ("GET", "/v1/events/1/publish", "POST"),
        ("PATCH", "/v1/events/1/dates", "GET, HEAD, POST"),
        ("POST", "/v1/events/1/dates/1", "GET, HEAD, PATCH, DELETE"),
        ("POST", "/v1/changes", "GET, HEAD"),
        ("DELETE", "/v1/events/1/history", "GET, HEAD"),
        ("BREW", "/v1/events", "GET, HEAD, POST"),
    ],
)
def test_an_unknown_method_is_told_the_known_ones(
    web: TestClient, method: str, path: str, allow: str
) -> None:
    answer = web.request(method, path)

    refused(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == allow


def test_a_store_that_is_away_is_said_to_be_and_comes_back(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = an_event(client)
    path = f"/v1/events/{event['id']}"
    before = position(client)

    def full(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("disk full")

    with monkeypatch.context() as away:
        away.setattr(book_of(client).store, "append", full)
        answer = client.patch(path, json={"name": "New"})

    refused(answer, 503, "store-unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "disk" not in answer.text
    assert position(client) == before
    assert changed(client, path, name="New").json()["version"] == 2


def test_a_fault_of_ours_harms_nobody_else_and_tells_no_secret(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = an_event(client)
    path = f"/v1/events/{event['id']}"
    before = position(client)

    def faulty(*_: Any, **__: Any) -> None:
        message = "secret"
        raise RuntimeError(message)

    with monkeypatch.context() as broken:
        broken.setattr(events, "change_event", faulty)
        answer = client.patch(path, json={"name": "New"})

    refused(answer, 500, "unexpected")
    assert "secret" not in answer.text
    assert position(client) == before
    assert changed(client, path, name="New").json()["version"] == 2


def test_a_refused_command_harms_no_other(client: TestClient) -> None:
    location = a_location(client)

    answers = [
        client.patch(f"/v1/locations/{location['id']}", json={"capacity": number, "name": name})
        for number, name in ((1, "A"), (2, None), (3, "B"))
    ]

    assert [answer.status_code for answer in answers] == [200, 422, 200]
    assert answers[2].json()["version"] == 3
