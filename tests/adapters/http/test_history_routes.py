"""The past: histories, as of a version or a moment, differences, reverts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from domain.registry import Role
from tests.adapters.http.talk import (
    ACTIVE,
    AS,
    CLOSED,
    DRAFT,
    END,
    FLOOR,
    LATER,
    START,
    Json,
    a_location,
    after,
    an_event,
    changed,
    for_sale,
    key_of,
    made,
    moved,
    now,
    paths,
    position,
    refused,
)

Step = Callable[[], Response]


def a_life(client: TestClient) -> tuple[str, list[Response]]:
    """An Event that lives through everything, and what a read answered after each command, with
    the command's position."""
    location = a_location(client)
    barn = a_location(client, name="Barn")
    tickets = [{"name": "Tickets", "amount": 100}]
    event = an_event(client, locationid=location["id"], contingents=tickets, c_x={"a": [1]})
    path = f"/v1/events/{event['id']}"

    def a_date() -> str:
        return f"{path}/dates/{now(client, f'{path}/dates').json()['data'][0]['id']}"

    def lot() -> int:
        return int(now(client, path).json()["contingents"][0]["id"])

    def order() -> int:
        return int(now(client, "/v1/orders?orderby=-id").json()["data"][0]["id"])

    steps: list[Step] = [
        lambda: client.patch(path, json={"subtitle": "2", "totalmaxtickets": 5, "tags": ["a"]}),
        lambda: client.post(f"{path}/dates", json={"start": START, "end": END}),
        lambda: client.patch(path, json={"contingents": [FLOOR | {"amount": 5}]}),
        lambda: client.patch(f"/v1/locations/{location['id']}", json={"name": "Big hall"}),
        lambda: client.patch(a_date(), json={"end": LATER}),
        lambda: client.post(f"{path}/publish"),
        lambda: client.post(f"{path}/tickets/lock", json={"contingentid": lot(), "locktypeid": 2}),
        lambda: client.post(
            "/v1/orders", json={"saleschannelid": 2, "take": [{"contingentid": lot()}]}
        ),
        lambda: client.patch(path, json={"locationid": barn["id"], "c_x": None}),
        lambda: client.patch(path, json={"layout": {"color": "#112233"}, "info": "Lockers"}),
        lambda: client.patch(f"/v1/locations/{barn['id']}", json={"name": "Great barn"}),
        lambda: client.delete(a_date()),
        lambda: client.post(f"{path}/close"),
        lambda: client.post(f"{path}/reopen"),
        lambda: client.post(f"{path}/redraft"),
        lambda: client.post(f"{path}/tickets/unlock", json={"contingentid": lot()}),
        lambda: client.post(f"/v1/orders/{order()}/cancel"),
    ]
    shown = [now(client, path)]
    shown[0].headers["x-position"] = str(position(client))
    for step in steps:
        response = step()
        assert response.status_code < 300, response.text
        shown.append(client.get(path, headers=after(response)))
        shown[-1].headers["x-position"] = response.headers["Stagebook-Position"]
    return path, shown


def test_every_version_is_what_a_read_answered_right_after_it(client: TestClient) -> None:
    path, shown = a_life(client)

    first_of: dict[int, Response] = {}
    for answer in shown:
        first_of.setdefault(answer.json()["version"], answer)
    assert len(first_of) > 9
    for version, answer in first_of.items():
        then = client.get(f"{path}?version={version}")
        assert then.status_code == 200
        assert then.content == answer.content
        assert then.headers["ETag"] == answer.headers["ETag"]
        assert then.headers["Stagebook-As-Of"] <= answer.json()["lastupdatets"]


def test_every_moment_is_what_a_read_answered_then(client: TestClient) -> None:
    path, shown = a_life(client)

    changes = now(client, "/v1/changes").json()["data"]
    for answer in shown:
        upto = int(answer.headers["x-position"])
        at = [change["time"] for change in changes if change["position"] <= upto][-1]
        then = client.get(path, params={"at": at})
        assert then.content == answer.content
        assert then.headers["ETag"] == answer.headers["ETag"]
    by_now = client.get(path, params={"at": datetime.now(UTC).isoformat()})
    assert by_now.content == shown[-1].content


@pytest.mark.parametrize(
    "asked",
    [
        "?at={later}",
        "?position=999999999",
        "/diff?from={later}",
        "/diff?from=1&to={later}",
        "/diff?from=position:999999999",
        "/contingents?at={later}",
        "/availability?at={later}",
        "/tickets?at={later}",
    ],
)
def test_what_has_not_come_yet_is_asked_for_in_vain(client: TestClient, asked: str) -> None:
    path = f"/v1/events/{an_event(client)['id']}"
    a_clock_ahead = datetime.now(UTC) + timedelta(seconds=30)
    later = "2999-01-01T00:00:00Z"

    (name,) = paths(refused(client.get(path + asked.format(later=later)), 422, "invalid"))

    assert name in asked
    at = a_clock_ahead.isoformat().replace("+00:00", "Z")
    assert client.get(path, params={"at": at}).status_code == 200


def test_a_deleted_event_still_has_its_past(client: TestClient) -> None:
    event = an_event(client, name="Old")
    path = f"/v1/events/{event['id']}"
    alive = changed(client, path, name="New")

    gone = client.delete(path)

    assert client.get(f"{path}?version=2").content == alive.content
    assert client.get(path, params={"at": alive.json()["lastupdatets"]}).json()["name"] == "New"
    history = client.get(f"{path}/history", headers=after(gone)).json()["data"]
    assert [e["fact"] for e in history] == ["EventDeleted", "EventDetailsChanged", "EventCreated"]
    assert history[0]["changes"] == [{"path": "deleted", "before": False, "after": True}]
    difference = client.get(f"{path}/diff?from=1&to=2").json()["changes"]
    assert {"path": "name", "before": "Old", "after": "New"} in difference
    refused(client.get(f"{path}?version=3"), 404, "not-found")
    refused(client.get(path, params={"at": datetime.now(UTC).isoformat()}), 404, "not-found")

    back = client.post(f"{path}/revert", json={"version": 1, "reason": "A mistake"})

    assert back.status_code == 200
    assert back.json() == event | {n: back.json()[n] for n in ("version", "lastupdatets")}
    assert client.get(path, headers=after(back)).content == back.content
    assert client.delete(f"/v1/locations/{event['locationid']}").status_code == 409


def test_a_deleted_location_still_has_its_past(client: TestClient) -> None:
    location = a_location(client, city="Gent")
    path = f"/v1/locations/{location['id']}"
    changed(client, path, city="Brugge")
    gone = client.delete(path)

    versions = [client.get(f"{path}?version={n}").json()["city"] for n in (1, 2)]
    history = client.get(f"{path}/history", headers=after(gone)).json()["data"]
    difference = client.get(f"{path}/diff?from=1&to=2").json()["changes"]
    back = client.post(f"{path}/revert", json={"version": 1})

    assert versions == ["Gent", "Brugge"]
    assert [e["fact"] for e in history] == [
        "LocationDeleted",
        "LocationChanged",
        "LocationCreated",
    ]
    assert {d["path"] for d in difference} == {"city", "version", "lastupdatets"}
    assert back.json()["city"] == "Gent"
    assert client.get(path, headers=after(back)).content == back.content
    assert an_event(client, locationid=location["id"])["locationname"] == "Concert hall"


def test_a_history_says_who_changed_what_when_and_why(client: TestClient) -> None:
    event = an_event(client, name="Old")
    path = f"/v1/events/{event['id']}"
    why = {"Stagebook-Reason": b"Typing error", "X-Correlation-ID": "import-42"}

    response = changed(client, path, headers=why | AS[Role.EDITOR], name="New", tags=["a"])

    entry, creation = client.get(f"{path}/history", headers=after(response)).json()["data"]
    assert entry == {
        "version": 2,
        "inventoryversion": None,
        "position": int(response.headers["Stagebook-Position"]),
        "time": response.json()["lastupdatets"],
        "actor": key_of(Role.EDITOR),
        "reason": "Typing error",
        "correlation": "import-42",
        "causation": entry["causation"],
        "fact": "EventDetailsChanged",
        "of": None,
        "changes": [
            {"path": "name", "before": "Old", "after": "New"},
            {"path": "tags", "before": [], "after": ["a"]},
        ],
    }
    assert entry["causation"] not in (None, "import-42", creation["causation"])
    assert creation["fact"] == "EventCreated"
    assert creation["actor"] == key_of(Role.ADMIN)
    assert creation["reason"] is None
    assert creation["correlation"] == creation["causation"]
    assert {"path": "name", "before": None, "after": "Old"} in creation["changes"]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_a_history_put_together_are_the_history(web: TestClient, limit: int) -> None:
    path, _ = a_life(web)
    whole = now(web, f"{path}/history?limit=1000").json()

    turned: list[Json] = []
    query = f"{path}/history?limit={limit}"
    page = web.get(query).json()
    while True:
        turned += page["data"]
        if page["next"] is None:
            break
        page = web.get(f"{query}&after={page['next']}").json()

    assert turned == whole["data"]
    assert whole["next"] is None
    positions = [e["position"] for e in turned]
    assert positions == sorted(positions, reverse=True)
    assert turned[-1]["fact"] == "EventCreated"
    assert {"ContingentAdded", "ContingentRemoved", "DateAdded"} <= {e["fact"] for e in turned}


def resolved(document: Any, path: str) -> Any:
    """The value at a path of a difference, None where there is none."""
    for part in path.split("."):
        if isinstance(document, list):
            ids = ("id", "tickettypeid", "saleschannelid")
            found = [d for d in document if str(next(d[n] for n in ids if n in d)) == part]
            document = found[0] if found else None
        else:
            document = (document or {}).get(part)
    return document


def test_a_difference_is_exactly_the_paths_that_differ(client: TestClient) -> None:
    path, _ = a_life(client)
    newest = client.get(path).json()["version"]

    for one, other in ((1, newest), (newest, 1), (2, 5), (4, 4)):
        answer = client.get(f"{path}/diff?from={one}&to={other}").json()
        before = client.get(f"{path}?version={one}")
        then = client.get(f"{path}?version={other}")

        for side, version, shown in (("from", one, before), ("to", other, then)):
            assert answer[side] == {
                "asked": str(version),
                "version": version,
                "position": int(shown.headers["Stagebook-Position"]),
                "time": shown.headers["Stagebook-As-Of"],
            }
        for change in answer["changes"]:
            assert change["before"] == resolved(before.json(), change["path"])
            assert change["after"] == resolved(then.json(), change["path"])
            assert change["before"] != change["after"]
        fields = {change["path"].split(".")[0] for change in answer["changes"]}
        both = before.json().keys() | then.json().keys()
        assert fields == {n for n in both if before.json().get(n) != then.json().get(n)}


def test_a_difference_takes_moments_too(web: TestClient) -> None:
    event = an_event(web, name="Old")
    path = f"/v1/events/{event['id']}"
    later = changed(web, path, name="New").json()

    asked = {"from": event["lastupdatets"], "to": later["lastupdatets"]}
    answer = web.get(f"{path}/diff", params=asked).json()

    assert (answer["from"]["version"], answer["to"]["version"]) == (1, 2)
    assert {"path": "name", "before": "Old", "after": "New"} in answer["changes"]


def test_a_revert_records_what_brings_everything_back(client: TestClient) -> None:
    path, shown = a_life(client)
    wanted = shown[2].json()
    before = position(client)

    response = client.post(f"{path}/revert", json={"version": wanted["version"], "reason": "Why"})

    assert response.status_code == 200
    back = response.json()
    passing = ("version", "lastupdatets", "publishedts", "locationname", "availability")
    assert back == wanted | {name: back[name] for name in passing}
    assert client.get(path, headers=after(response)).content == response.content
    assert position(client) > before
    reasons = {e["reason"] for e in client.get(f"{path}/history").json()["data"]}
    assert "Why" in reasons


def test_a_revert_to_today_records_nothing(web: TestClient) -> None:
    path = f"/v1/events/{an_event(web)['id']}"
    version = changed(web, path, subtitle="2").json()["version"]
    before = position(web)

    response = web.post(f"{path}/revert", json={"version": version})

    assert response.status_code == 200
    assert position(web) == before


def test_a_revert_is_refused_by_the_rules_of_today(web: TestClient) -> None:
    place = a_location(web)
    event = an_event(web, locationid=place["id"])
    path = f"/v1/events/{event['id']}"
    changed(web, path, locationid=a_location(web)["id"])
    web.delete(f"/v1/locations/{place['id']}")
    before = position(web)

    answer = web.post(f"{path}/revert", json={"version": 1})

    refused(answer, 422, "unknown-location")
    assert position(web) == before


def test_a_revert_brings_the_status_back(web: TestClient) -> None:
    event = for_sale(web)
    path = f"/v1/events/{event['id']}"
    moved(web, event, "publish", "close")

    statuses = [
        web.post(f"{path}/revert", json={"version": version}).json()["currentstatus"]
        for version in (2, 1)
    ]

    assert (CLOSED, statuses) == (19003, [ACTIVE, DRAFT])


BAD_REVERTS: list[tuple[Any, str]] = [
    ({}, "version"),
    ({"version": 0}, "version"),
    ({"version": 99}, "version"),
    ({"version": "1"}, "version"),
    ({"version": True}, "version"),
    ({"version": 1.0}, "version"),
    ({"version": 2**53}, "version"),
    ({"version": 1, "reason": 5}, "reason"),
    ({"version": 1, "reason": "x" * 1_001}, "reason"),
    ({"version": 1, "reason": "a\nb"}, "reason"),
    ({"version": 1, "why": "x"}, "why"),
]


@pytest.mark.parametrize("kind", ["events", "locations"])
@pytest.mark.parametrize(("body", "path"), BAD_REVERTS, ids=str)
def test_a_bad_revert_is_refused_by_its_path(
    web: TestClient, kind: str, body: Any, path: str
) -> None:
    thing = an_event(web) if kind == "events" else a_location(web)
    before = position(web)

    problem = refused(web.post(f"/v1/{kind}/{thing['id']}/revert", json=body), 422, "invalid")

    assert [error["path"] for error in problem["errors"]] == [path]
    assert position(web) == before


@pytest.mark.parametrize("kind", ["events", "locations"])
@pytest.mark.parametrize(
    "asked",
    [
        "?version=99",
        "?at=2020-01-01T00:00:00Z",
        "/diff?from=1&to=99",
        "/diff?from=2020-01-01T00:00:00Z&to=1",
    ],
)
def test_what_never_was_is_not_found(web: TestClient, kind: str, asked: str) -> None:
    thing = an_event(web) if kind == "events" else a_location(web)

    refused(web.get(f"/v1/{kind}/{thing['id']}{asked}"), 404, "not-found")


@pytest.mark.parametrize("kind", ["events", "locations"])
@pytest.mark.parametrize("asked", ["?version=1", "/history", "/diff?from=1&to=1"])
def test_the_past_of_what_never_was_is_not_found(web: TestClient, kind: str, asked: str) -> None:
    refused(web.get(f"/v1/{kind}/99999{asked}"), 404, "not-found")


def test_an_open_moment_of_the_past_is_not_modified(web: TestClient) -> None:
    event = an_event(web)
    path = f"/v1/events/{event['id']}?version=1"
    etag = web.get(path).headers["ETag"]

    assert web.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_the_past_of_a_location_stands_beside_its_present(client: TestClient) -> None:
    path = f"/v1/locations/{a_location(client, city='Gent')['id']}"
    first = now(client, path)
    made(client, "/v1/locations", name="Elsewhere")
    second = changed(client, path, city="Brugge")

    versions = [client.get(f"{path}?version={n}") for n in (1, 2)]

    assert [v.content for v in versions] == [first.content, second.content]
    assert [v.headers["ETag"] for v in versions] == ['"1"', '"2"']
    at = {"at": first.json()["lastupdatets"]}
    assert client.get(path, params=at).content == first.content
