"""The fields of the other vendor, on the native surface; and Location 0."""

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.talk import (
    END,
    FLOOR,
    START,
    a_location,
    after,
    an_event,
    changed,
    for_sale,
    made,
    now,
    paths,
    refused,
)

LISTING = {
    "type": "recurring",
    "locale": "nl_NL",
    "website": "https://example.org",
    "category": "Music",
    "subcategories": ["Jazz", "Live"],
    "retrievable_after": "2026-11-20T12:00:00Z",
    "auto_prune": True,
}
TYPE = {
    "class": "ticket",
    "description": "Standing",
    "vat_percentage": 21.0,
    "available_from": START,
    "available_until": END,
    "availability_margin": 5,
    "increment": 2,
    "min_orderable_amount_per_order": 2,
    "max_orderable_amount_per_order": 20,
    "percentage_service_costs_in_ticket": 12.5,
    "include_service_cost_in_price": True,
    "swappable": False,
    "hide_without_coupon": True,
    "late_personalization": True,
    "combines_products": True,
    "status_overrule": "sold_out",
}


def test_a_listing_is_shown_changed_as_one_fact_and_cleared(client: TestClient) -> None:
    event = an_event(client)
    path = f"/v1/events/{event['id']}"

    shown = changed(client, path, **LISTING).json()

    assert shown | LISTING == shown
    entry = client.get(f"{path}/history?limit=1").json()["data"][0]
    assert entry["fact"] == "EventListingChanged"
    assert {change["path"] for change in entry["changes"]} == LISTING.keys()
    cleared = changed(client, path, **dict.fromkeys(LISTING)).json()
    assert {name: cleared[name] for name in LISTING} == {name: event[name] for name in LISTING}


def test_a_ticket_type_keeps_and_shows_all_its_fields(client: TestClient) -> None:
    event = for_sale(client, contingents=[FLOOR | TYPE])
    (lot,) = event["contingents"]
    path = f"/v1/events/{event['id']}/contingents/{lot['id']}"

    assert lot | TYPE == lot
    answer = changed(client, path, **{"class": None, "swappable": None, "vat_percentage": 6})
    shown = client.get(path, headers=after(answer)).json()
    assert (shown["class"], shown["swappable"], shown["vat_percentage"]) == (None, True, 6.0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "always"),
        ("locale", "n"),
        ("locale", "nl NL"),
        ("website", "x" * 2_001),
        ("subcategories", "Jazz"),
        ("retrievable_after", "tomorrow"),
        ("auto_prune", "yes"),
    ],
)
def test_a_listing_with_a_wrong_value_is_refused(
    web: TestClient, field: str, value: object
) -> None:
    event = an_event(web)

    problem = refused(web.patch(f"/v1/events/{event['id']}", json={field: value}), 422, "invalid")

    assert paths(problem) == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("class", 5),
        ("vat_percentage", 101),
        ("vat_percentage", "21"),
        ("increment", 0),
        ("available_until", "2026-11-21T19:00:00Z"),
        ("max_orderable_amount_per_order", -1),
        ("swappable", 1),
    ],
)
def test_a_ticket_type_with_a_wrong_value_is_refused(
    web: TestClient, field: str, value: object
) -> None:
    event = an_event(web)
    body = {"available_from": START, field: value}

    answer = web.post(f"/v1/events/{event['id']}/contingents", json=body)

    assert paths(refused(answer, 422, "invalid")) == [field]


def test_a_date_and_a_location_have_theirs(web: TestClient) -> None:
    keys = {"seats_event_key": "live", "facebook_event_id": "1234"}
    hall = a_location(web, seats_chart_key="hall-1")
    room = a_location(web, parent_guid=hall["guid"])
    event = an_event(web, locationid=room["id"])

    date = made(web, f"/v1/events/{event['id']}/dates", start=START, end=END, **keys)

    assert date | keys == date
    assert (hall["seats_chart_key"], room["parent_guid"]) == ("hall-1", hall["guid"])
    refused(web.post("/v1/locations", json={"name": "x", "parent_guid": "hall"}), 422, "invalid")


def test_location_0_is_there_once_an_event_is(client: TestClient) -> None:
    refused(client.get("/v1/locations/0"), 404, "not-found")
    event = an_event(client, locationid=0)

    shown = now(client, "/v1/locations/0").json()

    assert (shown["id"], shown["name"]) == (0, "To be announced")
    assert client.get(f"/v1/locations/{shown['guid']}").json() == shown
    assert [one["id"] for one in now(client, "/v1/locations").json()["data"]] == [0]
    assert now(client, "/v1/events?locationid=0").json()["data"] == [event]
    refused(client.delete("/v1/locations/0"), 409, "location-in-use")
    assert changed(client, "/v1/locations/0", name="Soon").json()["name"] == "Soon"
    assert client.get("/v1/changes").json()["data"][-1]["id"] == 0
    assert client.get("/v1/locations/0/history").status_code == 200


def test_a_duplicate_is_found_where_it_says(web: TestClient) -> None:
    event = for_sale(web, subtitle="With band")

    answer = web.post(f"/v1/events/{event['id']}/duplicate")

    assert answer.status_code == 201
    shown = web.get(answer.headers["Location"], headers=after(answer)).json()
    assert shown == answer.json()
    assert (shown["subtitle"], shown["id"] != event["id"]) == ("With band", True)
