"""All reasons at once, names as well as numbers, POST as well as DELETE; and work in proportion to
what is reported."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.http import validation
from adapters.http.routes import read
from domain.errors import Invalid
from domain.event_fields import EventBody
from domain.images import jpeg_size
from tests.adapters.http.talk import (
    Scene,
    a_location,
    an_event,
    made,
    now,
    paths,
    position,
    refused,
)


@pytest.fixture(scope="module")
def scene(web: TestClient) -> Scene:
    return Scene(web)


def test_publishing_says_everything_that_is_missing(web: TestClient) -> None:
    event = made(web, "/v1/events", locationid=a_location(web)["id"])
    path = f"/v1/events/{event['id']}"
    gaps = ["name", "startts", "endts", "price"]

    for answer in (
        web.post(f"{path}/publish"),
        web.patch(path, json={"currentstatus": "active"}),
        web.post("/v1/events", json={"locationid": event["locationid"], "currentstatus": 19002}),
    ):
        assert refused(answer, 409, "not-publishable")["missing"] == gaps

    priced = web.patch(path, json={"currentstatus": 19002, "contingents": [{"price": 5}]})
    assert refused(priced, 409, "not-publishable")["missing"] == gaps[:3]


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/v1/locations", {"lat": 100, "capacity": "many"}, ["capacity", "lat", "name"]),
        ("/v1/locations", {"name": None, "long": 200}, ["long", "name"]),
        ("/v1/locations", {"name": 5}, ["name"]),
        ("/v1/locations", {}, ["name"]),
        ("/v1/events", {"name": 5}, ["locationid", "name"]),
        ("/v1/orders", {"customerid": "ann"}, ["customerid", "saleschannelid"]),
        ("/v1/catalog/pricetypes", {"typeid": 1}, ["name", "typeid"]),
        ("/v1/catalog/trackers", {}, ["name", "saleschannelid", "type"]),
    ],
)
def test_a_new_thing_is_told_all_that_is_wrong_and_missing(
    web: TestClient, path: str, body: Any, wrong: list[str]
) -> None:
    problem = refused(web.post(path, json=body), 422, "invalid")

    assert sorted(paths(problem)) == wrong


def test_statuses_have_names(scene: Scene) -> None:
    client, event = scene.client, scene.event["id"]
    path = f"/v1/events/{event}"

    published = client.patch(path, json={"currentstatus": "active"})
    assert published.json()["currentstatus"] == 19002
    found = now(client, "/v1/events?status=active&limit=1000").json()["data"]
    assert event in {one["id"] for one in found}
    assert {one["currentstatus"] for one in found} == {19002}
    an_event(client)
    both = now(client, "/v1/events?status=active&status=19001&limit=1000").json()["total"]
    assert both > len(found)
    for query in ("status=unconfirmed", "status=archived", "paymentstatus=overpaid"):
        assert now(client, f"/v1/orders?{query}").status_code == 200
    assert client.get("/v1/events?status=open").status_code == 422


@pytest.mark.parametrize("name", ["draft", "Draft", "DRAFT"])
def test_a_status_has_its_name_in_any_case(scene: Scene, name: str) -> None:
    client = scene.client
    drafts = now(client, "/v1/events?status=19001&limit=1000").json()["total"]

    event = made(client, "/v1/events", locationid=a_location(client)["id"], currentstatus=name)

    assert event["currentstatus"] == 19001
    assert now(client, f"/v1/events?status={name}&limit=1000").json()["total"] == drafts + 1
    for query in ("status=Confirmed", "paymentstatus=Paid"):
        assert now(client, f"/v1/orders?{query}").status_code == 200


def test_a_status_that_is_none_is_refused_with_all_there_are(scene: Scene) -> None:
    path = f"/v1/events/{scene.event['id']}"

    problem = refused(scene.client.patch(path, json={"currentstatus": "open"}), 422, "invalid")

    expected = "expected 19001, 19002, 19003, draft, active or closed"
    assert problem["errors"] == [{"path": "currentstatus", "message": expected}]


def test_an_order_has_its_customer_from_the_start(web: TestClient) -> None:
    contact = made(web, "/v1/catalog/contacts", email="ann@example.org")["id"]

    order = made(web, "/v1/orders", saleschannelid=2, customerid=contact, c_note="window")

    assert (order["customerid"], order["c_note"]) == (contact, "window")
    body = {"saleschannelid": 2, "customerid": 999_999}
    before = position(web)
    assert paths(refused(web.post("/v1/orders", json=body), 422, "invalid")) == ["customerid"]
    assert position(web) == before


def test_tickets_are_given_back_by_post_as_well(web: TestClient) -> None:
    scene = Scene(web, "publish")
    order = scene.thing("order")

    answer = web.post(
        f"/v1/orders/{order['id']}/tickets/release", json={"tickets": [scene.ticket["id"]]}
    )

    assert answer.status_code == 200, answer.text
    assert [ticket["id"] for ticket in answer.json()["tickets"]] == [scene.second["id"]]


def test_a_jpeg_of_markers_is_walked_no_further_than_an_image_needs() -> None:
    class Counted(bytes):
        looked = 0

        def __getitem__(self, at: Any) -> Any:
            Counted.looked += 1
            return super().__getitem__(at)

    assert jpeg_size(Counted(b"\xff\xd8\xff" + b"\xff" * 2**20)) is None
    assert jpeg_size(Counted(b"\xff\xd8" + b"\xff\xe0\0\2" * 2**18)) is None
    assert Counted.looked < 50_000


def test_of_very_many_unknown_fields_few_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are reported, and of those a few for what may be meant."""
    told: list[Any] = []
    meant: list[str] = []
    message, closest = validation.message, validation.closest
    monkeypatch.setattr(validation, "message", lambda e: told.append(e) or message(e))
    monkeypatch.setattr(validation, "closest", lambda n, k: meant.append(n) or closest(n, k))
    body = json.dumps({f"unknown{number}": 1 for number in range(40_000)}).encode()

    with pytest.raises(Invalid) as refusal:
        read(EventBody, body)

    assert len(refusal.value.details["errors"]) == len(told) == validation.MOST
    assert len(meant) == validation.SUGGESTED
