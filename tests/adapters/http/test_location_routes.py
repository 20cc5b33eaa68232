"""`/v1/locations` on both stores."""

import pytest
from fastapi.testclient import TestClient

from domain.ids import Kind, account_number, guid
from domain.location import LocationFields
from tests.adapters.http.talk import (
    a_location,
    after,
    an_event,
    changed,
    now,
    paths,
    position,
    refused,
)
from tests.conftest import ACCOUNT

EVERYTHING = {
    "name": "Concert hall",
    "capacity": 840,
    "address": "Kerkstraat 1, 9000 Gent",
    "description": "A hall",
    "info": "Lockers in the basement",
    "street1": "Kerkstraat",
    "street2": "1",
    "street3": "left",
    "street4": "upstairs",
    "zip": "9000",
    "city": "Gent",
    "state": "Oost-Vlaanderen",
    "countrycode": "BE",
    "lat": 51.05,
    "long": -3.72,
    "timezone": "Europe/Brussels",
    "public": True,
    "geostatus": 1,
    "seats_chart_key": "hall-1",
    "parent_guid": str(guid(account_number(ACCOUNT), Kind.LOCATION, 1)),
    "translations": {"namefr": "Salle de concert"},
    "c_seats": {"rows": [10, 12.5, None, True, "é𝄞"]},
}


def test_a_created_location_is_answered_whole_and_found_where_it_says(client: TestClient) -> None:
    a_location(client)  # the one that it is a part of
    response = client.post("/v1/locations", json=EVERYTHING)

    assert response.status_code == 201
    document = response.json()
    assert document | EVERYTHING == document
    assert document["version"] == 1
    assert document["createdts"] == document["lastupdatets"]
    assert response.headers["Location"] == f"/v1/locations/{document['id']}"
    assert response.headers["ETag"] == '"1"'
    assert int(response.headers["Stagebook-Position"]) == position(client)
    got = client.get(response.headers["Location"], headers=after(response))
    assert got.status_code == 200
    assert got.content == response.content
    assert got.headers["ETag"] == response.headers["ETag"]
    assert got.headers["content-type"] == "application/json"


def test_every_writable_field_is_in_the_example() -> None:
    named = {name for name in EVERYTHING if not name.startswith("c_")}

    assert named == LocationFields.model_fields.keys()


def test_a_location_of_a_name_alone_shows_every_field(web: TestClient) -> None:
    document = a_location(web, name="Barn")

    assert LocationFields.model_fields.keys() <= document.keys()
    assert document["capacity"] == 0
    assert document["timezone"] == "UTC"
    assert document["public"] is False
    assert document["translations"] == {}
    assert document["city"] is None


def test_a_patch_changes_what_it_names_and_null_clears(client: TestClient) -> None:
    a_location(client)
    document = a_location(client, **EVERYTHING)

    response = changed(
        client,
        f"/v1/locations/{document['id']}",
        city=None,
        capacity=None,
        timezone=None,
        public=None,
        c_seats=None,
        name="Barn",
    )

    shown = response.json()
    expected = document | {"name": "Barn", "version": 2, "lastupdatets": shown["lastupdatets"]}
    expected |= {"city": None, "capacity": 0, "timezone": "UTC", "public": False}
    del expected["c_seats"]
    assert shown == expected
    got = client.get(f"/v1/locations/{document['id']}", headers=after(response))
    assert got.content == response.content
    assert got.headers["ETag"] == response.headers["ETag"] == '"2"'


@pytest.mark.parametrize("body", [{}, {"name": "Concert hall"}, {"version": 1}])
def test_a_patch_that_changes_nothing_records_nothing(web: TestClient, body: object) -> None:
    document = a_location(web)
    before = position(web)

    response = web.patch(f"/v1/locations/{document['id']}", json=body)

    assert response.status_code == 200
    assert response.json() == document
    assert response.headers["ETag"] == '"1"'
    assert position(web) == before


def test_a_deleted_location_is_gone_for_readers_and_writers(client: TestClient) -> None:
    path = f"/v1/locations/{a_location(client)['id']}"

    response = client.delete(path)

    assert response.status_code == 204
    assert response.content == b""
    refused(client.get(path, headers=after(response)), 404, "not-found")
    refused(client.patch(path, json={"city": "Gent"}), 404, "not-found")
    refused(client.delete(path), 404, "not-found")
    assert client.get("/v1/locations").json() == {"data": [], "next": None, "total": 0}


def test_a_location_that_hosts_events_tells_which_ones_keep_it(client: TestClient) -> None:
    location = a_location(client)
    events = [an_event(client, locationid=location["id"])["id"] for _ in range(2)]
    path = f"/v1/locations/{location['id']}"

    problem = refused(client.delete(path), 409, "location-in-use")

    assert problem["blockedby"] == events
    assert problem["count"] == 2
    assert now(client, path).status_code == 200
    for number in events:
        client.delete(f"/v1/events/{number}")
    assert client.delete(path).status_code == 204


def test_numbers_are_given_once(web: TestClient) -> None:
    first = a_location(web)
    web.delete(f"/v1/locations/{first['id']}")

    second = a_location(web)

    assert second["id"] > first["id"]


def test_a_location_keeps_its_name(web: TestClient) -> None:
    path = f"/v1/locations/{a_location(web)['id']}"

    problem = refused(web.patch(path, json={"name": None}), 422, "invalid")

    assert problem["errors"] == [{"path": "name", "message": "cannot be cleared"}]


def test_a_location_is_part_of_one_that_is_there(web: TestClient) -> None:
    hall, gone = a_location(web), a_location(web)
    web.delete(f"/v1/locations/{gone['id']}")
    room = a_location(web, parent_guid=hall["guid"])
    path = f"/v1/locations/{room['id']}"
    account = account_number(ACCOUNT)
    nothing = [
        str(guid(account, Kind.LOCATION, 999_999)),
        str(guid(account_number("other"), Kind.LOCATION, 1)),
        str(guid(account, Kind.EVENT, hall["id"])),
        gone["guid"],
        "0f8fad5b-d9cb-469f-a165-70867728950e",
    ]

    before = position(web)
    for parent in nothing:
        for answer in (
            web.post("/v1/locations", json={"name": "Room", "parent_guid": parent}),
            web.patch(path, json={"parent_guid": parent}),
        ):
            assert paths(refused(answer, 422, "invalid")) == ["parent_guid"]
        room_of = {"name": "Room", "capacity": 5, "address": "Here", "parent_guid": parent}
        dialect = web.post("/location", json=room_of)
        assert (dialect.status_code, "parent_guid" in dialect.text) == (406, True)
    assert paths(refused(web.patch(path, json={"parent_guid": room["guid"]}), 422, "invalid"))
    assert position(web) == before

    web.delete(f"/v1/locations/{hall['id']}")
    kept = changed(web, path, name="Room", parent_guid=hall["guid"]).json()  # it is sent back
    assert kept["parent_guid"] == hall["guid"]
    assert changed(web, path, parent_guid=None).json()["parent_guid"] is None
