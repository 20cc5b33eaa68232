"""`updatedsince` finds an Event whenever anything that it shows changed, here or elsewhere."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.talk import Json, a_location, an_event, changed, made, now


def scene(web: TestClient) -> tuple[Json, dict[str, str]]:
    """An Event at a Location, at the prices of a list, and where both are."""
    place = a_location(web)
    entry = {"pricetypeid": 1, "prices": [50.0]}
    of = made(web, "/v1/catalog/pricelists", name="Concerts", prices={"prices": [entry]})
    event = an_event(web, locationid=place["id"], contingents=[{"pricelistid": of["id"]}])
    return event, {
        "place": f"/v1/locations/{place['id']}",
        "prices": f"/v1/catalog/pricelists/{of['id']}",
    }


PRICES = {"prices": {"prices": [{"pricetypeid": 1, "prices": [75.0]}]}}


@pytest.mark.parametrize(("what", "fields"), [("place", {"name": "Barn"}), ("prices", PRICES)])
def test_an_event_is_found_that_shows_what_changed(
    web: TestClient, what: str, fields: dict[str, Any]
) -> None:
    event, urls = scene(web)
    path = f"/v1/events/{event['id']}"
    before = now(web, path)

    since = changed(web, urls[what], **fields).json()["lastupdatets"]

    after = now(web, path)
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.json()["lastupdatets"] == since > before.json()["lastupdatets"]
    found = now(web, f"/v1/events?updatedsince={since}").json()["data"]
    assert [one["id"] for one in found] == [event["id"]]
    then = web.get(path, params={"at": since})
    assert then.content == after.content


def test_an_event_is_not_found_for_what_it_does_not_show(web: TestClient) -> None:
    event, urls = scene(web)
    path = f"/v1/events/{event['id']}"
    before = now(web, path)

    since = changed(web, urls["place"], city="Gent").json()["lastupdatets"]

    assert now(web, path).content == before.content
    assert now(web, f"/v1/events?updatedsince={since}").json()["data"] == []
