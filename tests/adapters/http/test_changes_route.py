"""`/v1/changes`: the feed that other systems follow."""

from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import CHANGES
from domain.base import UnknownFact
from domain.ids import account_number, guid
from domain.registry import Role
from projections.changes import SHOWN, Changes
from projections.rebuilding import rebuild
from tests.adapters.http.talk import (
    AS,
    Json,
    a_location,
    an_event,
    book_of,
    changed,
    for_sale,
    key_of,
    moved,
    now,
    position,
)
from tests.conftest import ACCOUNT

GIFT = 99
"""A kind of a newer version."""


def follow(client: TestClient, start: int = 0, limit: int = 3, **filters: Any) -> list[Json]:
    """Everything from there to the end, page by page."""
    seen: list[Json] = []
    while True:
        query = urlencode({"after": start, "limit": limit, **filters})
        page = client.get(f"/v1/changes?{query}").json()
        seen += page["data"]
        if not page["data"]:
            return seen
        assert page["next"] > start
        start = page["next"]


def test_the_feed_has_every_change_in_the_order_of_commits(client: TestClient) -> None:
    since = position(client)
    location = a_location(client)
    event = for_sale(client, locationid=location["id"])
    moved(client, event, "publish", "redraft")
    client.delete(f"/v1/events/{event['id']}")
    client.delete(f"/v1/locations/{location['id']}")
    now(client, "/v1/changes")

    changes = follow(client, since)

    assert [(c["kind"], c["fact"]) for c in changes] == [
        ("location", "LocationCreated"),
        ("event", "EventCreated"),
        ("event", "ContingentAdded"),
        ("event", "BarcodesSeeded"),
        ("event", "StatusChanged"),
        ("event", "StatusChanged"),
        ("event", "EventDeleted"),
        ("location", "LocationDeleted"),
    ]
    positions = [c["position"] for c in changes]
    assert positions == sorted(set(positions))
    assert changes[0]["id"] == location["id"]
    assert changes[0]["guid"] == location["guid"]
    assert changes[0]["actor"] == key_of(Role.ADMIN)
    assert changes[0]["data"] == {"number": location["id"], "fields": {"name": "Concert hall"}}
    assert changes[3]["data"] == {}
    assert changes[4]["data"] == {"currentstatus": 19002}
    assert {c["id"] for c in changes[1:7]} == {event["id"]}
    assert {c["guid"] for c in changes[1:7]} == {event["guid"]}


def test_a_follower_sees_every_change_once_while_many_write(client: TestClient) -> None:
    begin = since = position(client)
    path = f"/v1/events/{an_event(client)['id']}"

    def write(writer: int) -> None:
        for number in range(8):
            changed(client, path, **{f"c_{writer}": number})

    seen: list[Json] = []
    with ThreadPoolExecutor(4) as together:
        writing = [together.submit(write, writer) for writer in range(4)]
        while not all(w.done() for w in writing):
            page = client.get(f"/v1/changes?after={since}&limit=5").json()
            seen += page["data"]
            assert page["next"] >= since
            since = page["next"]
    for writer in writing:
        writer.result()
    now(client, "/v1/changes")
    seen += follow(client, since)

    recorded = [c["position"] for c in follow(client, begin)]
    assert [c["position"] for c in seen] == recorded
    assert len(recorded) == 2 + 4 * 8


def test_next_is_there_to_go_on_from_when_there_is_nothing_new(web: TestClient) -> None:
    a_location(web)
    page = now(web, "/v1/changes?limit=1000").json()

    again = web.get(f"/v1/changes?after={page['next']}").json()
    a_location(web, name="New")
    behind = now(web, f"/v1/changes?after={again['next']}").json()

    assert page["data"][-1]["position"] <= page["next"] <= position(web)
    assert (again["data"], again["next"]) == ([], page["next"])
    assert [c["data"]["fields"]["name"] for c in behind["data"]] == ["New"]


def test_a_position_that_the_store_never_had_is_refused_with_where_it_stands(
    web: TestClient,
) -> None:
    head = position(web)

    answer = web.get(f"/v1/changes?after={head + 1_000}")

    assert answer.status_code == HTTPStatus.CONFLICT
    assert answer.json()["type"] == "urn:stagebook:problem:ahead-of-store"
    assert answer.json()["position"] == head


@pytest.fixture(scope="module")
def busy(web: TestClient) -> tuple[TestClient, int, list[Json]]:
    """Changes of two actors, and where they begin."""
    since = position(web)
    event = an_event(web)
    changed(web, f"/v1/events/{event['id']}", headers=AS[Role.EDITOR], name="New")
    changed(web, f"/v1/locations/{event['locationid']}", headers=AS[Role.EDITOR], city="Gent")
    web.delete(f"/v1/events/{event['id']}")
    now(web, "/v1/changes")
    return web, since, follow(web, since)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (
            {},
            [
                "LocationCreated",
                "EventCreated",
                "EventDetailsChanged",
                "LocationChanged",
                "EventDeleted",
            ],
        ),
        ({"kind": "event"}, ["EventCreated", "EventDetailsChanged", "EventDeleted"]),
        ({"kind": "location"}, ["LocationCreated", "LocationChanged"]),
        ({"kind": "saleschannel"}, []),
        ({"fact": "EventDeleted"}, ["EventDeleted"]),
        ({"fact": "Nothing"}, []),
        ({"actor": key_of(Role.EDITOR)}, ["EventDetailsChanged", "LocationChanged"]),
        ({"actor": key_of(Role.EDITOR), "kind": "event"}, ["EventDetailsChanged"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("limit", [1, 100])
def test_the_auditor_searches_by_kind_fact_and_actor(
    busy: tuple[TestClient, int, list[Json]],
    filters: dict[str, str],
    expected: list[str],
    limit: int,
) -> None:
    web, since, _ = busy

    found = follow(web, since, limit, **filters)

    assert [c["fact"] for c in found] == expected


def test_nothing_is_told_behind_what_is_parked_for_it_would_come_too_late(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, begin = a_location(client)["id"], position(client)
    with monkeypatch.context() as broken:
        broken.setattr(Changes, "fold", failing_at("Nowhere"))
        changed(client, f"/v1/locations/{first}", city="Gent")
        changed(client, f"/v1/locations/{first}", city="Nowhere")
        a_location(client, name="Later")
        until_parked(client)
    held = client.get(f"/v1/changes?after={begin}").json()
    behind = client.get(f"/v1/changes?after={position(client)}").json()

    book = book_of(client)
    rebuild(CHANGES, book.store, book.views, lambda *_: None)

    assert [c["data"] for c in held["data"]] == [{"changed": {"city": "Gent"}}]
    assert held["next"] == held["data"][-1]["position"]
    assert (behind["data"], behind["next"]) == ([], position(client))
    rest = follow(client, held["next"])
    assert [c["fact"] for c in rest] == ["LocationChanged", "LocationCreated"]


def test_what_only_a_newer_version_can_show_is_waited_for_by_its_followers(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = position(client)
    a_location(client)
    given = UnknownFact(
        originator_id=guid(account_number(ACCOUNT), GIFT, 1),
        originator_version=1,
        topic="gift.given",
        payload=b"{}",
        why="recorded by a newer version",
        time="",
        actor="eve",
        correlation="",
        causation=None,
        reason=None,
    )
    with monkeypatch.context() as newer:
        newer.setitem(SHOWN, GIFT, "gift")
        book_of(client).store.append([given])
        at = position(client)
        a_location(client, name="Later")
        assert book_of(client).catch_up(30.0)
    held = client.get(f"/v1/changes?after={begin}").json()
    still = client.get(f"/v1/changes?after={held['next']}").json()
    monkeypatch.setitem(SHOWN, GIFT, "gift")

    assert [c["fact"] for c in held["data"]] == ["LocationCreated"]
    assert (held["next"], still) == (at - 1, {"data": [], "next": at - 1})
    rest = follow(client, held["next"])
    assert [c["fact"] for c in rest] == ["gift.given", "LocationCreated"]


def failing_at(city: str) -> Any:
    fold = Changes.fold

    def failing(self: Changes, documents: Any, recorded: Any) -> None:
        if getattr(recorded.fact, "changed", {}).get("city") == city:
            raise ValueError(city)
        fold(self, documents, recorded)

    return failing


def until_parked(client: TestClient) -> None:
    now(client, "/v1/changes")
    assert book_of(client).view(CHANGES).parked()


def test_an_account_s_feed_begins_with_its_catalog(client: TestClient) -> None:
    now(client, "/v1/changes")

    channels = follow(client, kind="saleschannel")

    assert [(c["id"], c["fact"], c["data"]["fields"]["name"]) for c in channels] == [
        (1, "CatalogItemCreated", "Desk"),
        (2, "CatalogItemCreated", "Web"),
        (3, "CatalogItemCreated", "External"),
    ]
    assert client.get(f"/v1/catalog/saleschannels/{channels[0]['guid']}").json()["name"] == "Desk"


def test_the_auditor_searches_by_time(busy: tuple[TestClient, int, list[Json]]) -> None:
    web, since, changes = busy
    times = [c["time"] for c in changes]

    from_third = follow(web, since, since=times[2])
    upto_third = follow(web, since, until=times[2])
    only_third = follow(web, since, since=times[2], until=times[2])

    assert from_third == changes[2:]
    assert upto_third == changes[:3]
    assert only_third == changes[2:3]


def test_another_account_s_changes_are_not_there(web: TestClient) -> None:
    other = {"Authorization": "Bearer sb_admin-token-other"}
    since = position(web)
    web.post("/v1/locations", json={"name": "Theirs"}, headers=other)
    now(web, "/v1/changes")

    mine = web.get(f"/v1/changes?after={since}").json()
    theirs = web.get(f"/v1/changes?after={since}", headers=other).json()

    assert mine["data"] == []
    assert [c["data"]["fields"]["name"] for c in theirs["data"]] == ["Theirs"]
    assert book_of(web).store.position() == mine["next"] == theirs["next"]


def test_an_index_that_leads_to_another_account_s_facts_shows_none(client: TestClient) -> None:
    other = {"Authorization": "Bearer sb_admin-token-other"}
    since = position(client)
    client.post("/v1/locations", json={"name": "Theirs"}, headers=other)
    a_location(client, name="Mine")
    now(client, "/v1/changes")
    view = book_of(client).views.live(CHANGES)
    with view.writing() as c:  # as a store that was restored gives positions again
        c.execute(
            f"UPDATE {view.documents} SET account = ? WHERE position > ?",  # noqa: S608
            (account_number(ACCOUNT), since),
        )

    found = follow(client, since)

    assert [c["data"]["fields"]["name"] for c in found] == ["Mine"]
