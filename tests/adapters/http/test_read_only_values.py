"""What only Stagebook sets: a document that was read can be sent back, and a value that differs is
refused with where it is changed. Nothing that was sent is left aside."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.talk import (
    CATALOG,
    END,
    LATER,
    START,
    Json,
    Scene,
    a_location,
    an_event,
    changed,
    made,
    now,
    paths,
    position,
    refused,
)

KINDS = ["event", "location", "order", "contingent", "date", *CATALOG]
WRITABLE_PARTS = ("contingents", "seated_contingents")


@pytest.fixture(scope="module")
def scene(web: TestClient) -> Scene:
    return Scene(web, "publish", "confirm")


def path_of(scene: Scene, kind: str) -> str:
    event = f"/v1/events/{scene.event['id']}"
    match kind:
        case "event":
            return event
        case "contingent":
            return f"{event}/contingents/{scene.contingent['id']}"
        case "date":
            return f"{event}/dates/{scene.date['id']}"
        case "location" | "order":
            return f"/v1/{kind}s/{scene.thing(kind)['id']}"
        case _:
            return f"/v1/catalog/{kind}/{scene.thing(kind)['id']}"


def shown(scene: Scene, kind: str) -> tuple[str, Json]:
    path = path_of(scene, kind)
    document: Json = now(scene.client, path).json()
    return path, document


def other(value: Any) -> Any:
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}x"
        case list():
            return [*value, {"id": 1}]
        case dict():
            return {**value, "x": 1}
        case _:
            return 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_that_was_read_can_be_sent_back(scene: Scene, kind: str) -> None:
    path, document = shown(scene, kind)
    before = position(scene.client)

    answer = scene.client.patch(path, json=document)

    assert answer.status_code == 200, answer.text
    assert position(scene.client) == before


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_that_is_not_changed_here_is_refused(scene: Scene, kind: str) -> None:
    path, document = shown(scene, kind)
    before = position(scene.client)
    ignored = []
    for name, value in document.items():
        answer = scene.client.patch(path, json={name: other(value)})
        if answer.status_code == 200 and answer.json()[name] != other(value):
            ignored.append(name)
        if position(scene.client) != before:
            scene.client.patch(path, json={name: value})
            before = position(scene.client)

    assert ignored == []


@pytest.mark.parametrize(
    ("kind", "name", "value", "where"),
    [
        ("event", "id", 5, "Stagebook sets it"),
        ("event", "dates", [], "/v1/events/{id}/dates"),
        ("event", "image", "https://example.org/y.png", "PUT /v1/events/{id}/image"),
        ("event", "availability", [], "contingents, locks and orders"),
        ("event", "version", 1, "Stagebook sets it"),
        ("event", "createdts", START, "Stagebook sets it"),
        ("order", "status", 21003, "/v1/orders/{id}/confirm or /cancel"),
        ("order", "totalamount", 1, "tickets/pricetype"),
        ("order", "tickets", [], "/v1/orders/{id}/tickets"),
        ("order", "payments", [{"id": 1}], "/v1/orders/{id}/payments"),
        ("location", "guid", "x", "Stagebook sets it"),
        ("contingent", "eventid", 1_000, "Stagebook sets it"),
        ("date", "id", 1_000, "Stagebook sets it"),
        ("trackers", "clicks", 7, "Stagebook sets it"),
        ("saleschannels", "isarchived", True, "archive"),
    ],
)
def test_a_refusal_says_where_it_is_changed(
    scene: Scene, kind: str, name: str, value: Any, where: str
) -> None:
    problem = refused(scene.client.patch(path_of(scene, kind), json={name: value}), 422, "invalid")

    assert paths(problem) == [name]
    assert where in problem["errors"][0]["message"]


def test_a_value_in_a_part_of_the_body_is_looked_at_as_well(scene: Scene) -> None:
    path, document = shown(scene, "event")
    lot = {**document["contingents"][0], "eventid": document["id"] + 1}
    lock = {"locktypeid": 1, "amount": 0, "tickettypeid": lot["id"] + 1}

    problem = refused(
        scene.client.patch(path, json={"contingents": [{**lot, "locks": [lock]}]}), 422, "invalid"
    )

    assert paths(problem) == ["contingents.0.eventid", "contingents.0.locks.0.tickettypeid"]


def test_a_time_and_a_number_may_be_written_in_another_way(scene: Scene) -> None:
    path, document = shown(scene, "order")
    created = document["createdts"].replace("Z", "+00:00")

    changed(scene.client, path, createdts=created, totalamount=int(document["totalamount"]))


def test_a_new_thing_has_no_values_of_ours(web: TestClient) -> None:
    place = a_location(web)["id"]
    for path, body, at in (
        ("/v1/events", {"name": "Live", "locationid": place, "image": "http://x/y.png"}, "image"),
        ("/v1/events", {"locationid": place, "contingents": [{"id": 5}]}, "contingents.0.id"),
        ("/v1/events", {"locationid": place, "dates": [{"id": 5, **WHEN}]}, "dates.0.id"),
        ("/v1/locations", {"name": "Hall", "guid": "x"}, "guid"),
        ("/v1/catalog/pricetypes", {"name": "Students", "isarchived": True}, "isarchived"),
    ):
        before = position(web)
        assert paths(refused(web.post(path, json=body), 422, "invalid")) == [at]
        assert position(web) == before


def test_null_is_nothing_in_a_new_thing(web: TestClient) -> None:
    assert made(web, "/v1/locations", name="Hall", id=None, guid=None)["name"] == "Hall"


def test_a_stale_document_is_refused_for_its_version_first(web: TestClient) -> None:
    event = an_event(web)
    path = f"/v1/events/{event['id']}"
    etag = web.get(path, headers={"Stagebook-After": str(position(web))}).headers["etag"]
    changed(web, path, subtitle="Late")

    refused(web.patch(path, json=event, headers={"If-Match": etag}), 412, "version-mismatch")


# -- dates of a new Event

WHEN: Json = {"start": START, "end": END}


def test_an_event_is_created_with_its_dates(web: TestClient) -> None:
    place = a_location(web)["id"]
    before = position(web)
    event = made(
        web,
        "/v1/events",
        name="Nights",
        locationid=place,
        dates=[{**WHEN, "name": "First"}, {"start": START, "end": LATER}],
        contingents=[{"name": "Floor", "amount": 5, "prices": {"1": 30}}],
        currentstatus=19002,
    )

    assert [date["name"] for date in event["dates"]] == ["First", None]
    assert (event["startts"], event["endts"]) == (START, LATER)
    assert event["currentstatus"] == 19002
    history = now(web, f"/v1/events/{event['id']}/history").json()["data"]
    assert len({entry["causation"] for entry in history}) == 1
    assert position(web) > before


def test_a_date_of_a_new_event_is_judged_like_any_other(web: TestClient) -> None:
    place, before = a_location(web)["id"], position(web)
    body = {"name": "Nights", "locationid": place, "dates": [WHEN, {"start": END, "end": START}]}

    problem = refused(web.post("/v1/events", json=body), 422, "invalid")

    assert paths(problem) == ["dates.1.end"]
    assert position(web) == before + 0
