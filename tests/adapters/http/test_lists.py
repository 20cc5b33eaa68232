"""Lists: filters, orders, pages."""

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from adapters.http import reads
from adapters.http.requests import encode_cursor
from tests.adapters.http.talk import (
    a_location,
    an_event,
    changed,
    for_sale,
    made,
    moved,
    now,
    paths,
    position,
    refused,
)

HALL, BARN = "Concert hall", "Barn"


@pytest.fixture(scope="module")
def full(web: TestClient) -> TestClient:
    """Three Locations and six Events of the account, and some of another account."""
    hall, barn = a_location(web, name=HALL), a_location(web, name=BARN)
    a_location(web, name="the old Concert Café")
    events: list[dict[str, Any]] = [
        {"name": "Bonobo Live", "subtitle": "with Friends", "tags": ["jazz"], "productionid": 1},
        {"name": "Zappa", "tags": ["jazz", "Rock & Roll"], "productionid": 2},
        {"name": "élan", "subtitle": "BONanza"},
        {"name": "abba", "startts": None, "endts": None},
        {"name": "Abba", "startts": "2026-01-01T10:00:00Z", "endts": "2026-01-01T11:00:00Z"},
        {"name": None, "startts": None, "endts": None},
    ]
    documents = [
        for_sale(web, locationid=(hall if index < 4 else barn)["id"], **fields)
        for index, fields in enumerate(events)
    ]
    dates = f"/v1/events/{documents[5]['id']}/dates"
    made(web, dates, start="2026-03-01T10:00:00Z", end="2026-03-01T11:00:00Z")
    made(web, dates, start="2026-02-01T10:00:00Z", end="2026-02-01T11:00:00Z")
    moved(web, documents[0], "publish")
    moved(web, documents[1], "publish", "close")
    gone = an_event(web, locationid=hall["id"], name="Bonobo gone")
    web.delete(f"/v1/events/{gone['id']}")
    other = {"Authorization": "Bearer sb_admin-token-other"}
    place = web.post("/v1/locations", json={"name": HALL}, headers=other).json()["id"]
    web.post("/v1/events", json={"name": "Bonobo", "locationid": place}, headers=other)
    now(web, "/v1/events")
    return web


def names(web: TestClient, path: str, **query: Any) -> list[Any]:
    page = web.get(f"{path}?{urlencode(query, doseq=True)}").json()
    assert page["total"] == len(page["data"])
    assert page["next"] is None
    return [document["name"] for document in page["data"]]


EVERY = ["Bonobo Live", "Zappa", "élan", "abba", "Abba", None]
FILTERS: list[tuple[dict[str, Any], list[Any]]] = [
    ({}, EVERY),
    ({"status": "19002"}, ["Bonobo Live"]),
    ({"status": ["19002", "19003"]}, ["Bonobo Live", "Zappa"]),
    ({"status": "19001"}, ["élan", "abba", "Abba", None]),
    ({"locationid": 1}, ["Bonobo Live", "Zappa", "élan", "abba"]),
    ({"locationid": 2}, ["Abba", None]),
    ({"locationid": 99}, []),
    ({"productionid": 2}, ["Zappa"]),
    ({"tag": "jazz"}, ["Bonobo Live", "Zappa"]),
    ({"tag": "Rock & Roll"}, ["Zappa"]),
    ({"tag": "jaz"}, []),
    ({"q": "bon"}, ["Bonobo Live", "élan"]),
    ({"q": "LIVE"}, ["Bonobo Live"]),
    ({"q": "friends bonobo"}, ["Bonobo Live"]),
    ({"q": "onobo"}, []),
    ({"q": "él"}, ["élan"]),
    ({"q": "%"}, []),
    ({"q": "_bba"}, []),
    ({"q": "  "}, EVERY),
    ({"from": "2026-11-21T22:00:00Z"}, ["Bonobo Live", "Zappa", "élan"]),
    ({"from": "2026-11-21T22:00:01Z"}, []),
    ({"to": "2026-01-01T10:00:00Z"}, ["Abba"]),
    ({"to": "2026-01-01T09:59:59Z"}, []),
    ({"from": "2026-02-15T00:00:00Z", "to": "2026-02-16T00:00:00Z"}, [None]),
    ({"from": "2026-01-01T12:00:00+01:00", "to": "2026-02-01T10:00:00Z"}, ["Abba", None]),
    ({"updatedsince": "2020-01-01T00:00:00Z"}, EVERY),
    ({"updatedsince": "2999-01-01T00:00:00Z"}, []),
    ({"status": "19002", "tag": "jazz", "q": "bonobo", "locationid": 1}, ["Bonobo Live"]),
    ({"orderby": "-id"}, EVERY[::-1]),
    ({"orderby": "name"}, [None, "abba", "Abba", "Bonobo Live", "élan", "Zappa"]),
    ({"orderby": "-name"}, ["Zappa", "élan", "Bonobo Live", "Abba", "abba", None]),
    ({"orderby": "startts"}, ["Abba", None, "Bonobo Live", "Zappa", "élan", "abba"]),
    ({"orderby": "-startts"}, ["abba", "élan", "Zappa", "Bonobo Live", None, "Abba"]),
    ({"orderby": "name", "status": "19001", "locationid": 1}, ["abba", "élan"]),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS, ids=str)
def test_a_list_has_what_is_asked_for_in_its_order(
    full: TestClient, query: dict[str, Any], expected: list[Any]
) -> None:
    assert names(full, "/v1/events", **query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [HALL, BARN, "the old Concert Café"]),
        ({"q": "conc"}, [HALL, "the old Concert Café"]),
        ({"q": "conc hal"}, [HALL]),
        ({"orderby": "name"}, [BARN, HALL, "the old Concert Café"]),
        ({"orderby": "-name", "q": "conc"}, ["the old Concert Café", HALL]),
        ({"updatedsince": "2999-01-01T00:00:00Z"}, []),
    ],
    ids=str,
)
def test_locations_are_listed_likewise(
    full: TestClient, query: dict[str, Any], expected: list[Any]
) -> None:
    assert names(full, "/v1/locations", **query) == expected


def pages(web: TestClient, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    while True:
        page = web.get(f"{path}?{urlencode(query)}").json()
        yield page
        if page["next"] is None:
            return
        query["after"] = page["next"]


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7])
@pytest.mark.parametrize("orderby", ["id", "-id", "name", "-name", "startts", "-startts"])
def test_pages_put_together_are_the_list(full: TestClient, orderby: str, limit: int) -> None:
    whole = full.get(f"/v1/events?orderby={orderby}").json()["data"]

    turned = list(pages(full, "/v1/events", orderby=orderby, limit=limit))

    assert [document for page in turned for document in page["data"]] == whole
    assert {page["total"] for page in turned} == {6}
    assert all(len(page["data"]) == limit for page in turned[:-1])


def test_a_list_shows_the_documents_that_a_read_shows(client: TestClient) -> None:
    events = [an_event(client, name=name) for name in ("B", "a", "C")]
    documents = [now(client, f"/v1/events/{event['id']}").json() for event in events]

    page = client.get("/v1/events?orderby=name&limit=2").json()
    rest = client.get(f"/v1/events?orderby=name&limit=2&after={page['next']}").json()

    assert page["data"] == [documents[1], documents[0]]
    assert rest == {"data": [documents[2]], "next": None, "total": 3}


def test_a_page_goes_on_behind_what_was_added_before_it(web: TestClient) -> None:
    place = a_location(web)["id"]
    for name in ("b", "d", "f"):
        an_event(web, name=name, locationid=place)
    query = f"/v1/events?locationid={place}&orderby=name&limit=2"
    first = now(web, query).json()

    an_event(web, name="a", locationid=place)
    an_event(web, name="e", locationid=place)
    second = now(web, f"{query}&after={first['next']}").json()

    assert [e["name"] for e in first["data"]] == ["b", "d"]
    assert [e["name"] for e in second["data"]] == ["e", "f"]
    assert second["total"] == 5


def test_a_cursor_carries_the_longest_name(web: TestClient) -> None:
    place = a_location(web)["id"]
    long = "\N{GREEK SMALL LETTER UPSILON WITH DIALYTIKA AND TONOS}" * 255
    for name in (long, "\N{MUSICAL SYMBOL G CLEF}" * 255):
        an_event(web, name=name, locationid=place)
    query = {"locationid": place, "orderby": "name", "limit": 1}
    now(web, "/v1/events")

    turned = list(pages(web, "/v1/events", **query))

    assert [page["data"][0]["name"][0] for page in turned] == ["\N{MUSICAL SYMBOL G CLEF}", long[0]]


def test_a_list_changes_with_its_documents(web: TestClient) -> None:
    place = a_location(web)["id"]
    event = an_event(web, locationid=place, name="Old", tags=["x"])
    path = f"/v1/events/{event['id']}"
    changed(web, path, name="New", tags=["y"])
    now(web, "/v1/events")

    def found(**query: Any) -> list[Any]:
        return names(web, "/v1/events", locationid=place, **query)

    assert found(q="old") == found(tag="x") == []
    assert found(q="new") == found(tag="y") == ["New"]


CURSORS = [
    ("/v1/events?limit=1", "/v1/locations?limit=1"),
    ("/v1/locations?limit=1", "/v1/events?limit=1"),
    ("/v1/events?limit=1", "/v1/events?limit=1&orderby=-id"),
    ("/v1/events?limit=1&orderby=name", "/v1/events?limit=1&orderby=startts"),
    ("/v1/events?limit=1", "/v1/events?limit=1&status=19001"),
    ("/v1/events?limit=1&tag=jazz", "/v1/events?limit=1&q=jazz"),
    ("/v1/events/1/history?limit=1", "/v1/events/2/history?limit=1"),
    ("/v1/events/1/history?limit=1", "/v1/locations/1/history?limit=1"),
    ("/v1/events?limit=1", "/v1/events/1/history?limit=1"),
    ("/v1/events/1/history?limit=1", "/v1/events?limit=1"),
]


@pytest.mark.parametrize(("of", "used_on"), CURSORS)
def test_a_cursor_of_another_list_is_refused(full: TestClient, of: str, used_on: str) -> None:
    cursor = full.get(of).json()["next"]
    assert full.get(f"{of}&after={cursor}").status_code == 200

    problem = refused(full.get(f"{used_on}&after={cursor}"), 422, "invalid")

    assert paths(problem) == ["after"]


BY_NAME = 'events{"orderby": "name"}'
FORGED = [
    "",
    "x",
    "é",
    "====",
    "bnVsbA",
    "W10",
    "MQ",
    "e30",
    "x" * 4_001,
    encode_cursor(BY_NAME, ("a",)),
    encode_cursor(BY_NAME, ("a", 1, 1)),
    encode_cursor(BY_NAME, (1, "a")),
    encode_cursor(BY_NAME, ("a", True)),
    encode_cursor(BY_NAME, ("a", 1.5)),
    encode_cursor(BY_NAME, ("a", None)),
    encode_cursor(BY_NAME, ("a", 2**63)),
    encode_cursor(BY_NAME, ("a\0", 1)),
    "WyI2ZTYzZGE3ZmQxIiwiXHVkODAwIiwxXQ",  # half a surrogate pair
]


@pytest.mark.parametrize("cursor", FORGED)
def test_a_cursor_that_was_made_up_is_refused(web: TestClient, cursor: str) -> None:
    answer = web.get("/v1/events", params={"orderby": "name", "after": cursor})

    assert paths(refused(answer, 422, "invalid")) == ["after"]


QUERIES = [
    ("/v1/events?limit=0", "limit"),
    ("/v1/events?limit=1001", "limit"),
    ("/v1/events?limit=-1", "limit"),
    ("/v1/events?limit=x", "limit"),
    ("/v1/events?limit=", "limit"),
    ("/v1/events?limit=1.5", "limit"),
    ("/v1/events?limit=%D9%A3", "limit"),
    ("/v1/events?limit=1&limit=1", "limit"),
    ("/v1/events?q=a&q=b", "q"),
    ("/v1/events?q=%00", "q"),
    (f"/v1/events?q={'x' * 201}", "q"),
    ("/v1/events?tag=%00", "tag"),
    (f"/v1/events?tag={'x' * 101}", "tag"),
    ("/v1/events?status=1", "status"),
    ("/v1/events?status=19001&status=Drafts", "status"),
    ("/v1/events?locationid=-1", "locationid"),
    ("/v1/events?locationid=9007199254740992", "locationid"),
    ("/v1/events?productionid=x", "productionid"),
    ("/v1/events?from=2026-11-21", "from"),
    ("/v1/events?from=2026-02-30T00:00:00Z", "from"),
    ("/v1/events?to=2026-11-21T20:00:00", "to"),
    (f"/v1/events?to={'2' * 41}", "to"),
    ("/v1/events?updatedsince=yesterday", "updatedsince"),
    ("/v1/events?orderby=city", "orderby"),
    ("/v1/events?orderby=", "orderby"),
    ("/v1/events?nmae=x", "nmae"),
    ("/v1/events?Limit=1", "Limit"),
    ("/v1/events?from_=2026-11-21T20:00:00Z", "from_"),
    ("/v1/events?%00=1", "\0"),
    ("/v1/locations?status=19001", "status"),
    ("/v1/locations?orderby=startts", "orderby"),
    ("/v1/locations?limit=1001", "limit"),
    ("/v1/changes?limit=1001", "limit"),
    ("/v1/changes?after=-1", "after"),
    ("/v1/changes?after=x", "after"),
    ("/v1/changes?after=4611686018427387905", "after"),
    ("/v1/changes?after=1&after=2", "after"),
    ("/v1/changes?kind=date", "kind"),
    ("/v1/changes?fact=%00", "fact"),
    ("/v1/changes?actor=%00", "actor"),
    ("/v1/changes?since=now", "since"),
    ("/v1/changes?until=2026-13-01T00:00:00Z", "until"),
    ("/v1/changes?tag=x", "tag"),
    ("/v1/events/1/history?limit=0", "limit"),
    ("/v1/events/1/history?after=", "after"),
    ("/v1/events/1/history?by=ann", "by"),
    ("/v1/events/1/diff?to=1", "from"),
    ("/v1/events/1/diff?from=0&to=1", "from"),
    ("/v1/events/1/diff?from=1&to=x", "to"),
    ("/v1/events/1/diff?from=1&to=1&to=1", "to"),
    ("/v1/events/1/diff?from=1&to=1&deep=1", "deep"),
    ("/v1/events/1?version=0", "version"),
    ("/v1/events/1?version=%D9%A3", "version"),
    ("/v1/events/1?version=99999999999999999999", "version"),
    ("/v1/events/1?version=", "version"),
    ("/v1/events/1?version=1&version=2", "version"),
    ("/v1/events/1?version=1&at=2026-11-21T20:00:00Z", "query"),
    ("/v1/events/1?at=2026-11-21T20:00:00", "at"),
    ("/v1/events/1?fields=name", "fields"),
    ("/v1/locations/1?version=x", "version"),
]


@pytest.mark.parametrize(("asked", "path"), QUERIES)
def test_a_bad_query_is_refused_by_its_parameter(full: TestClient, asked: str, path: str) -> None:
    before = position(full)

    problem = refused(full.get(asked), 422, "invalid")

    assert paths(problem) == [path]
    assert position(full) == before


def test_the_largest_page_is_allowed(full: TestClient) -> None:
    assert full.get("/v1/events?limit=1000").status_code == 200


@pytest.mark.parametrize("plus", ["+", "%2B"])
def test_a_plus_that_a_url_turned_into_a_space_is_still_an_offset(
    full: TestClient, plus: str
) -> None:
    page = full.get(f"/v1/events?to=2026-01-01T11:00:00{plus}01:00").json()

    assert [event["name"] for event in page["data"]] == ["Abba"]


def test_a_page_of_large_documents_is_made_beside_the_event_loop(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_event(client, name="Small")
    small, large = "/v1/events?limit=1", "/v1/events?limit=10"
    for number in range(4):
        an_event(client, name=f"Large {number}", webremark="x" * 65_000)
    before = now(client, large).json()["data"]
    threads: list[str] = []
    shown = reads.in_language

    def noted(*arguments: Any) -> Any:
        threads.append(threading.current_thread().name)
        return shown(*arguments)

    monkeypatch.setattr(reads, "in_language", noted)
    for path in (small, large):
        assert client.get(path, headers={"Accept-Language": "nl"}).status_code == 200

    here, *beside = [name.startswith("reader") for name in threads]
    assert (here, beside) == (False, [True] * 5)
    assert client.get(large).json()["data"] == before
