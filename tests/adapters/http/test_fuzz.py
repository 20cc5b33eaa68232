"""Whatever comes in: an answer or a problem document, never a 500."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.catalog import CATALOG
from domain.event import DateFields
from domain.event_fields import EventBody
from domain.location import LocationFields
from tests.adapters.http.talk import ALIKE, COMMANDS, ROUTES, Route, Scene

NAMES = [
    *EventBody.model_fields,
    *LocationFields.model_fields,
    *DateFields.model_fields,
    *(name for cls in CATALOG.values() for name in cls.FIELDS.model_fields),
    *("amount", "locks", "prices", "conditions", "type", "value", "datetype", "url", "color"),
    *("version", "reason", "dates", "guid", "c_x", "c_", "namefr", "saleschannelid", "pricetypeid"),
]
TEXTS = st.text() | st.sampled_from(
    ["2026-11-21T20:00:00Z", "2026-11-21T22:00:00+01:00", "UTC", "BE", "#112233", "promocode"]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, 2, 19001, 19002, 19003, 30001])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
BODIES = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), VALUES, max_size=6)
FUZZ = settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def scene(web: TestClient) -> Scene:
    """What the paths lead to, until something that came in deletes it."""
    return Scene(web)


def check(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["type"].startswith("urn:stagebook:problem:")
        assert problem["detail"]


@FUZZ
@given(
    route=st.sampled_from([r for r in [*COMMANDS, *ALIKE] if r.body]),
    body=BODIES,
    real=st.booleans(),
)
def test_any_json_is_answered(
    web: TestClient, scene: Scene, route: Route, body: dict[str, Any], *, real: bool
) -> None:
    body = {**(route.body or {}), **body} if real else body

    answer = web.request(
        route.method,
        scene.url(route),
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )

    check(answer)


@FUZZ
@given(route=st.sampled_from([r for r in COMMANDS if r.body]), body=st.binary(max_size=200))
def test_any_bytes_are_answered(web: TestClient, scene: Scene, route: Route, body: bytes) -> None:
    answer = web.request(
        route.method,
        scene.url(route),
        content=body,
        headers={"Content-Type": "application/json"},
    )

    check(answer)


PARAMETERS = ["q", "status", "locationid", "tag", "from", "to", "orderby", "limit", "after"]
PARAMETERS += ["updatedsince", "version", "at", "kind", "fact", "actor", "since", "until"]


@FUZZ
@given(
    route=st.sampled_from([r for r in ROUTES if r.method == "GET"]),
    query=st.lists(st.tuples(st.sampled_from(PARAMETERS) | st.text(), TEXTS | NUMBERS), max_size=3),
)
def test_any_query_is_answered(
    web: TestClient, scene: Scene, route: Route, query: list[tuple[str, Any]]
) -> None:
    check(web.get(scene.url(route).split("?")[0], params=query))


@FUZZ
@given(
    path=st.lists(
        st.sampled_from(["v1", "events", "locations", "1", "dates", "history", "changes"])
        | st.binary(max_size=4).map(lambda raw: "".join(f"%{byte:02X}" for byte in raw)),
        max_size=5,
    ),
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT"]),
)
def test_any_path_is_answered(web: TestClient, path: list[str], method: str) -> None:
    check(web.request(method, "http://testserver/" + "/".join(path)))


HEADERS = ["If-Match", "If-None-Match", "Idempotency-Key", "Stagebook-After", "Accept-Language"]
HEADERS += ["Stagebook-Reason", "X-Correlation-ID", "Authorization", "Content-Type"]


@FUZZ
@given(
    route=st.sampled_from([r for r in ROUTES if r.method != "DELETE"]),
    headers=st.dictionaries(st.sampled_from(HEADERS), TEXTS, max_size=3),
)
def test_any_header_is_answered(
    web: TestClient, scene: Scene, route: Route, headers: dict[str, str]
) -> None:
    plain = {n: "".join(c for c in v if c.isprintable()).encode() for n, v in headers.items()}

    check(web.request(route.method, scene.url(route), json=route.body, headers=plain))
