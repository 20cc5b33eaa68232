"""Bad bodies: a clear error that names the place, nothing recorded, never a 500."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import BaseModel

from adapters.http.body import MAX_BODY
from domain.base import Fields
from domain.event import DateFields
from domain.event_fields import EventBody
from domain.location import LocationFields
from projections.texts import sort_key
from tests.adapters.http.talk import (
    COMMANDS,
    END,
    START,
    Json,
    Route,
    Scene,
    a_location,
    an_event,
    made,
    now,
    paths,
    position,
    refused,
)

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def location(web: TestClient) -> int:
    number: int = a_location(web)["id"]
    return number


def post(web: TestClient, body: bytes | str, path: str = "/v1/events") -> Response:
    return web.post(path, content=body, headers=JSON)


NO_JSON: list[tuple[bytes, str]] = [
    (b"{", "line 1 column 2"),
    (b'{"name": }', "line 1 column 10"),
    (b"{'name': 1}", "double quotes"),
    (b'{"name": "x"} x', "Extra data"),
    (b'{"name": "a\x00b"}', "control character"),
    (b'{"name": "a\nb"}', "control character"),
    (b'{"name": "\\x41"}', "escape"),
    (b'{"name": 01}', "delimiter"),
    (b"name=x", "Expecting value"),
    (b"\xff\xfe", "UTF-8"),
    (b'{"name": "\xe9"}', "UTF-8"),
    (b'{"name": "\xed\xa0\x80"}', "UTF-8"),
    ('{"name": "x"}'.encode("utf-16"), "UTF-8"),
    (b"\xef\xbb\xbf{}", "Expecting value"),
    (b"[" * 10_000 + b"]" * 10_000, "levels"),
    (b'{"c_a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "levels"),
    (b'{"c_a":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001, "levels"),
    (b'{"c_a":' + b'{"\\u0061":' * 500 + b"1" + b"}" * 501, "levels"),
    (b'{"c_a":' + b"[" * 900 + b"NaN" + b"]" * 900 + b"}", "levels"),
    (b'{"c_a":' + b"[" * 64 + b"]" * 64 + b"}", "levels"),
    (b'{"unknown":' + b"[" * 200 + b"]" * 200 + b"}", "levels"),
    (b"[" * 10_000, "levels"),
    (b'{"a": NaN, ', "double quotes"),
]


@pytest.mark.parametrize(("body", "says"), NO_JSON, ids=lambda value: repr(value)[:40])
def test_what_is_no_json_is_refused_as_that(web: TestClient, body: bytes, says: str) -> None:
    before = position(web)

    problem = refused(post(web, body), 400, "malformed")

    assert says in problem["detail"]
    assert position(web) == before


UNFIT: list[tuple[str, str, str]] = [
    ('{"name":"a","name":"b"}', "name", "twice"),
    ('{"c_a":{"b":[{"x":1,"y":2,"x":3}]}}', "c_a.b.0.x", "twice"),
    ('{"\\ud800":1,"\\ud800":2}', "?", "twice"),
    ('{"totalmaxtickets":NaN}', "totalmaxtickets", "NaN"),
    ('{"c_a":[1,Infinity]}', "c_a.1", "Infinity"),
    ('{"c_a":{"b":-Infinity}}', "c_a.b", "Infinity"),
    ('{"c_a":1e999}', "c_a", "finite"),
    ('{"c_a":-1e999}', "c_a", "finite"),
    (f'{{"c_a":{"9" * 400}}}', "c_a", "64 bits"),
    (f'{{"c_a":{"9" * 5_000}.0}}', "c_a", "finite"),
    ('{"c_a":9223372036854775808}', "c_a", "64 bits"),
    ('{"locationid":-9223372036854775809}', "locationid", "64 bits"),
    ('{"name":"a\\u0000b"}', "name", "NUL"),
    ('{"c_a":{"b":["\\u0000"]}}', "c_a.b.0", "NUL"),
    ('{"c_a":{"b\\u0000":1}}', "c_a", "NUL"),
    ('{"\\u0000":1}', "body", "NUL"),
    ('{"name":"\\ud800"}', "name", "surrogate"),
    ('{"name":"\\udc00\\ud800"}', "name", "surrogate"),
    ('{"tags":["a","\\udfff"]}', "tags.1", "surrogate"),
    ('{"c_a":{"b":["x",{"y":"\\ud83c"}]}}', "c_a.b.1.y", "surrogate"),
    ('{"c_a":[{"\\udead":1}]}', "c_a.0", "surrogate"),
    ("NaN", "body", "NaN"),
]


@pytest.mark.parametrize(("body", "path", "says"), UNFIT, ids=lambda value: repr(value)[:40])
def test_json_that_cannot_be_kept_is_refused_by_its_path(
    web: TestClient, body: str, path: str, says: str
) -> None:
    before = position(web)

    problem = refused(post(web, body), 422, "invalid")

    assert paths(problem) == [path]
    assert says in problem["errors"][0]["message"]
    assert position(web) == before


WITH_BODY = [route for route in COMMANDS if route.body]


@pytest.mark.parametrize("route", WITH_BODY, ids=str)
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"),
        (b"null", "application/json"),
        (b"[]", "application/json"),
        (b'"x"', "application/json"),
        (b"5", "application/json"),
        (b"{}", "text/plain"),
        (b"{}", "application/x-www-form-urlencoded"),
        (b"{}", "json"),
        (b"{}", ""),
        (b"{}", "application/json2"),
    ],
)
def test_what_is_no_object_sent_as_json_is_refused(
    web: TestClient, route: Route, content: bytes, kind: str
) -> None:
    scene = Scene(web)
    before = position(web)

    answer = web.request(
        route.method, scene.url(route), content=content, headers={"Content-Type": kind}
    )

    problem = refused(answer, 422, "invalid")
    assert problem["errors"][0]["message"] == "expected a JSON object, sent as application/json"
    assert position(web) == before


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/merge-patch+json",
        "application/json;q=1",
    ],
)
def test_json_goes_by_several_names(web: TestClient, kind: str) -> None:
    answer = web.post("/v1/locations", content=b'{"name":"x"}', headers={"Content-Type": kind})

    assert answer.status_code == 201


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("route", [*WITH_BODY, COMMANDS[7]], ids=str)
def test_a_body_over_a_mebibyte_is_too_large(
    web: TestClient, route: Route, *, chunked: bool
) -> None:
    scene = Scene(web)
    before = position(web)
    body = b'{"name":"' + b"x" * MAX_BODY + b'"}'
    sent: Any = iter([body[start : start + 65_536] for start in range(0, len(body), 65_536)])

    answer = web.request(
        route.method,
        scene.url(route),
        content=sent if chunked else body,
        headers={**JSON, "Idempotency-Key": "too-large"},
    )

    assert refused(answer, 413, "too-large")["limit"] == MAX_BODY
    assert position(web) == before


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_a_mebibyte_is_read(web: TestClient, *, chunked: bool) -> None:
    body = b'{"name":"x","c_a":"' + b"x" * (MAX_BODY - 21) + b'"}'
    assert len(body) == MAX_BODY

    answer = web.post("/v1/locations", content=iter([body]) if chunked else body, headers=JSON)

    assert answer.status_code == 201
    assert len(answer.json()["c_a"]) == MAX_BODY - 21


def wrong(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """For every field a value of each JSON type that its schema does not name."""
    values = {
        "string": "\N{SNOWMAN}",
        "integer": 5,
        "number": 5.5,
        "boolean": True,
        "array": [[]],
        "object": {"\N{SNOWMAN}": 1},
    }
    for name, schema in model.model_json_schema()["properties"].items():
        kind = schema["anyOf"][0].get("type", "object")
        allowed = {kind, "integer"} if kind == "number" else {kind}
        if kind in ("array", "object"):
            allowed = set()
        yield from ((name, value) for other, value in values.items() if other not in allowed)


CASES: list[tuple[str, type[Fields], list[tuple[str, Any]]]] = [
    ("/v1/events", EventBody, [*wrong(EventBody)]),
    ("/v1/locations", LocationFields, [*wrong(LocationFields)]),
    ("/v1/events/{}/dates", DateFields, [*wrong(DateFields)]),
]


LACKING = {path: model.REQUIRED for path, model, _ in CASES}


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [(path, name, value) for path, _, cases in CASES for name, value in cases],
)
def test_a_value_of_the_wrong_type_is_refused_by_its_path(
    web: TestClient, location: int, path: str, name: str, value: Any
) -> None:
    event = an_event(web, locationid=location)["id"] if "{}" in path else None
    before = position(web)

    problem = refused(web.post(path.format(event), json={name: value}), 422, "invalid")

    assert {found.split(".")[0] for found in paths(problem)} == {name, *LACKING[path]}
    assert position(web) == before


def limits(model: type[BaseModel]) -> Iterator[tuple[str, Any, Any]]:
    """For every limited field what is just within, and what is just beyond."""
    for name, schema in model.model_json_schema()["properties"].items():
        kind = schema["anyOf"][0]
        if "maxLength" in kind and "format" not in kind and name != "timezone":
            yield name, "x" * kind["maxLength"], "x" * (kind["maxLength"] + 1)
        if "minLength" in kind:
            yield name, "x", ""
        if "maximum" in kind:
            yield name, int(kind["maximum"]), int(kind["maximum"]) + 1
        if "minimum" in kind:
            yield name, int(kind["minimum"]), int(kind["minimum"]) - 1
        if "maxItems" in kind:
            item = {"string": "x", "integer": 1}.get(kind["items"].get("type"))
            yield name, [item] * kind["maxItems"] if item else None, [item] * (kind["maxItems"] + 1)


LIMITS = [(path, *limit) for path, model, _ in CASES for limit in limits(model)]


@pytest.mark.parametrize(
    ("path", "name", "within", "beyond"), LIMITS, ids=[f"{case[0]} {case[1]}" for case in LIMITS]
)
def test_a_limit_is_reached_and_not_passed(
    web: TestClient, location: int, path: str, name: str, within: Any, beyond: Any
) -> None:
    base: Json = {"name": "x"}
    if path == "/v1/events":
        base["locationid"] = location
    elif "dates" in path:
        base |= {"start": START, "end": END}
        path = path.format(an_event(web, locationid=location)["id"])

    before = position(web)
    problem = refused(web.post(path, json=base | {name: beyond}), 422, "invalid")
    assert {found.split(".")[0] for found in paths(problem)} == {name}
    assert position(web) == before

    if within is not None and name != "locationid":
        assert made(web, path, **base | {name: within})[name] == within


TIMES = [
    "2026-11-21T20:00:00",
    "2026-11-21 20:00:00+01:00",
    "2026-11-21T20:00+01:00",
    "2026-11-21",
    "20:00:00Z",
    "1795291200",
    "",
    "tomorrow",
    "2026-11-21T20:00:00 +01:00",
    "2026-11-21T20:00:00+0100",
    "2026-11-21T20:00:00+01",
    "2026-11-21T20:00:00+24:00",
    "2026-11-21T20:00:00+01:60",
    "2026-11-21T20:00:00,5Z",
    "2026-02-30T20:00:00Z",
    "2026-13-01T20:00:00Z",
    "2026-00-01T20:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T23:59:60Z",
    "2026-11-21T20:61:00Z",
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "-2026-11-21T20:00:00Z",
    "9999-12-31T23:59:59-01:00",
    "0001-01-01T00:00:00+01:00",
    "2026-W47-6T20:00:00Z",
    "\N{FULLWIDTH DIGIT TWO}026-11-21T20:00:00Z",
    "2026-11-21T20:00:00Z\n",
    "2026-11-21T20:00:00Z" + "0" * 40,
]


@pytest.mark.parametrize("time", TIMES)
def test_a_time_without_an_offset_or_that_never_comes_is_refused(
    web: TestClient, location: int, time: str
) -> None:
    before = position(web)
    body = {
        "locationid": location,
        "startts": time,
        "saleschannels": [{"saleschannelid": 1, "saleendts": time}],
    }

    problem = refused(web.post("/v1/events", json=body), 422, "invalid")

    assert sorted(paths(problem)) == ["saleschannels.0.saleendts", "startts"]
    assert position(web) == before


FIELDS: list[tuple[str, Json, str]] = [
    ("events", {"startts": END, "endts": START}, "endts"),
    ("events", {"salestartts": END, "saleendts": START}, "saleendts"),
    ("events", {"nmae": "x"}, "nmae"),
    ("events", {"": 1}, "body"),
    ("events", {"Name": "x"}, "Name"),
    ("events", {"c_": 1}, "c_"),
    ("events", {"c_é": 1}, "c_é"),
    ("events", {"c_" + "x" * 31: 1}, "c_" + "x" * 31),
    ("events", {"C_x": 1}, "C_x"),
    ("events", {"c_a": [[[[[[[[[]]]]]]]]]}, "c_a"),
    ("events", {"currentstatus": 19004}, "currentstatus"),
    ("events", {"currentstatus": "19001"}, "currentstatus"),
    ("events", {"layout": {"color": "112233"}}, "layout.color"),
    ("events", {"layout": {"color": "#11223g"}}, "layout.color"),
    ("events", {"previews": [{"type": 30004, "url": "x"}]}, "previews.0.type"),
    ("events", {"previews": [{"type": 30001}]}, "previews.0.url"),
    ("events", {"saleschannels": [{"saleschannelid": 1}] * 2}, "saleschannels"),
    ("events", {"tags": ["x" * 101]}, "tags.0"),
    ("events", {"servicemailids": [-1]}, "servicemailids.0"),
    ("events", {"translations": {"name": "x"}}, "translations"),
    ("events", {"translations": {"nameFR": "x"}}, "translations"),
    ("events", {"translations": {"codefr": "x"}}, "translations"),
    ("events", {"translations": {"namefr": None}}, "translations.namefr"),
    ("events", {"contingents": [{"amount": 10_000_001}]}, "contingents.0.amount"),
    ("events", {"contingents": [{"amount": 1.0}]}, "contingents.0.amount"),
    ("events", {"contingents": [{"locks": [{"amount": 1}]}]}, "contingents.0.locks.0.locktypeid"),
    (
        "events",
        {"seatingplaneventspecificprices": {"prices": [{"pricetypeid": 1, "prices": [0.0000001]}]}},
        "seatingplaneventspecificprices.prices.0.prices.0",
    ),
    ("events", {"locationid": None}, "locationid"),
    ("locations", {"name": None}, "name"),
    ("locations", {"countrycode": "be"}, "countrycode"),
    ("locations", {"countrycode": "BEL"}, "countrycode"),
    ("locations", {"timezone": "Mars/Olympus"}, "timezone"),
    ("locations", {"timezone": "../../etc/passwd"}, "timezone"),
    ("locations", {"timezone": "europe/brussels"}, "timezone"),
    ("locations", {"timezone": ""}, "timezone"),
    ("locations", {"lat": 90.1}, "lat"),
    ("locations", {"long": -180.1}, "long"),
    ("locations", {"translations": {"cityfr": "x"}}, "translations"),
    ("locations", {"translations": {f"name{'x' * 9}": "x"}}, "translations"),
]


@pytest.mark.parametrize(("kind", "body", "path"), FIELDS, ids=str)
def test_a_bad_value_is_refused_by_its_path(
    web: TestClient, location: int, kind: str, body: Json, path: str
) -> None:
    before = position(web)
    base = {"name": "x"} if kind == "locations" else {"locationid": location}

    problem = refused(web.post(f"/v1/{kind}", json=base | body), 422, "invalid")

    assert paths(problem) == [path]
    assert position(web) == before


def test_a_hundred_and_one_custom_fields_are_one_too_many(web: TestClient, location: int) -> None:
    fields = {f"c_{number}": number for number in range(101)}

    problem = refused(
        web.post("/v1/events", json={"locationid": location, **fields}), 422, "invalid"
    )

    assert "100 custom fields" in problem["detail"]
    del fields["c_0"]
    assert made(web, "/v1/events", locationid=location, **fields)["c_100"] == 100


def test_a_patch_is_judged_as_a_whole(web: TestClient, location: int) -> None:
    event = an_event(web, locationid=location)
    before = position(web)

    answer = web.patch(
        f"/v1/events/{event['id']}", json={"name": "New", "endts": "2000-01-01T00:00:00Z"}
    )

    assert paths(refused(answer, 422, "invalid")) == ["endts"]
    assert position(web) == before


TEXTS = [
    "a\N{ZERO WIDTH JOINER}",
    "a\tb\nc",
    "\x01\x7fa",
    "\u202eright to left",
    "\N{MUSICAL SYMBOL G CLEF}" * 255,
    "e\u0301",
    "\ufeffa",
    "\uffff",
    "\U0010ffff",
    "'; DROP TABLE",
    "<script>",
    "%s%n?",
    "{}",
]


def turned(client: TestClient, query: str) -> Iterator[Json]:
    page = client.get(query).json()
    yield page
    while page["next"]:
        page = client.get(f"{query}&after={page['next']}").json()
        yield page


def test_every_other_text_is_kept_as_it_came(client: TestClient) -> None:
    for name in TEXTS:
        document = a_location(client, name=name, c_a={name: name})

        assert document["name"] == name
        assert document["c_a"] == {name: name}
    listed = now(client, "/v1/locations?orderby=id").json()["data"]
    assert [location["name"] for location in listed] == TEXTS
    for name in TEXTS:
        found = client.get("/v1/locations", params={"q": name[:100], "limit": 1})
        assert found.status_code == 200
    by_name = [
        page["data"][0]["name"] for page in turned(client, "/v1/locations?orderby=name&limit=1")
    ]
    assert by_name == sorted(TEXTS, key=sort_key)


def test_a_number_survives_as_it_was_written(web: TestClient) -> None:
    numbers = [0, -1, 2**63 - 1, -(2**63 - 1), 1.5, -0.0, 1e308, 5e-324, 0.1]

    document = a_location(web, c_numbers=numbers)

    assert json.dumps(document["c_numbers"]) == json.dumps(numbers)
