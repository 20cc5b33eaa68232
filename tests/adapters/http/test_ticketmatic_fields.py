"""What is a caller's own passes untouched; languages, pictures and pages, field by field."""

from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from ticketmatic.client import Client
from ticketmatic.endpoints import events
from ticketmatic.endpoints.settings.events import event_locations

from adapters.http.ticketmatic.forms import Form, Reader, places_of
from adapters.http.v1.catalog_documents import PaymentScenarioDocument
from domain.event_fields import EventBody
from tests.adapters.http.talk import an_event, now, png
from tests.adapters.http.test_ticketmatic_events import floor, made, published, raw
from tests.adapters.http.vendors import Served

OWN = {
    "start": "2027-01-01 10:00:00",
    "locationid": 0,
    "startts": "2027-01-01T10:00:00Z",
    "absoluteEnd": None,
    "translations": {"namenl": "x"},
    "image": "/mine.png",
    "contingents": [{"name": "", "endts": "2027-01-01T10:00:00Z", "saleschannels": None}],
}
DUTCH = {"Accept-Language": "nl"}


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_custom_value_passes_untouched_in_both_directions(tm: Client) -> None:
    event = made(tm)

    put = ok(raw(tm, "PUT", f"/events/{event.id}", json={"c_own": OWN}))
    read = ok(raw(tm, "GET", f"/events/{event.id}"))
    again = ok(raw(tm, "PUT", f"/events/{event.id}", json=read))

    assert put["c_own"] == read["c_own"] == again["c_own"] == OWN
    assert ok(raw(tm, "GET", '/events?simplefilter={"status":[19001]}'))["data"] == [read]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/settings/events/eventlocations", {"name": "Hall"}),
        ("/settings/pricing/pricetypes", {"name": "Student"}),
        ("/settings/pricing/pricelists", {"name": "List"}),
        ("/contacts", {"lastname": "Peeters"}),
    ],
)
def test_a_custom_value_of_every_other_thing_too(
    tm: Client, path: str, body: dict[str, Any]
) -> None:
    new = ok(raw(tm, "POST", path, json={**body, "c_own": OWN}))

    read = ok(raw(tm, "GET", f"{path}/{new['id']}"))
    assert new["c_own"] == read["c_own"] == OWN
    assert ok(raw(tm, "PUT", f"{path}/{new['id']}", json=read))["c_own"] == OWN


def test_what_a_ticket_or_a_scenario_keeps_under_names_of_its_own(tm: Client) -> None:
    event = published(tm)
    ticket, *_ = events.get_tickets(tm, event.id)
    own = {"startts": "2027-01-01T10:00:00Z"}
    body = [{"id": ticket["id"], "properties": own, "c_own": OWN}]
    scenario = {"name": "Later", "typeid": 2705, "overdueparameters": own}

    ok(raw(tm, "PUT", f"/events/{event.id}/tickets/batch", json=body))
    new = ok(raw(tm, "POST", "/settings/ticketsales/paymentscenarios", json=scenario))

    found = next(t for t in events.get_tickets(tm, event.id) if t["id"] == ticket["id"])
    assert (found["properties"], found["c_own"]) == (own, OWN)
    assert new["overdueparameters"] == own


def test_a_custom_value_of_an_order(tm: Client) -> None:
    order = ok(raw(tm, "POST", "/orders", json={"saleschannelid": 1}))
    number = order["orderid"]

    ok(raw(tm, "PUT", f"/orders/{number}", json={"c_own": OWN}))

    (log,) = (i for i in ok(raw(tm, "GET", f"/orders/{number}/logs")) if i["typeid"] == 18016)
    assert ok(raw(tm, "GET", f"/orders/{number}"))["c_own"] == OWN
    assert ok(raw(tm, "GET", "/orders"))["data"][0]["c_own"] == OWN
    assert log["info"]["c_own"] == OWN


def test_a_batch_leaves_custom_values_alone(tm: Client) -> None:
    event = made(tm)
    fields = [
        {"key": "c_own", "value": OWN},
        {"key": "startts", "value": "2026-12-04 19:00:00"},
    ]
    body = {"ids": [event.id], "operation": "update", "parameters": {"updatefields": fields}}

    ok(raw(tm, "POST", "/events/batch", json=body))

    found = ok(raw(tm, "GET", f"/events/{event.id}"))
    assert (found["c_own"], found["startts"]) == (OWN, "2026-12-04T19:00:00+01:00")


def test_times_are_where_the_schema_has_them() -> None:
    places = places_of(EventBody)

    assert places["startts"] is True
    assert places["saleschannels"] == {"salestartts": True, "saleendts": True}
    prices = places["contingents"]["eventspecificprices"]["prices"]
    assert prices["conditions"]["value"] == {"absoluteStart": True, "absoluteEnd": True}
    assert not {name for name in places if name.startswith("c_")}


def test_a_form_shows_times_in_the_zone_of_its_reader() -> None:
    time = "2024-07-01T18:00:00.123456Z"
    document = {"createdts": time, "c_ts": time, "availability": {"startts": time}, "name": time}

    shown = Form(PaymentScenarioDocument).show(dict(document), Reader("Europe/Brussels", "en"))

    assert shown == document | {"createdts": "2024-07-01T20:00:00.123456+02:00"}


# -- languages


def test_a_contingents_name_in_dutch_leaves_the_base_name_alone(tm: Client) -> None:
    event = made(tm)
    path = f"/events/{event.id}"
    (lot,) = event.contingents
    body = {"name": "Nacht", "contingents": [{"id": lot.id, "name": "Parterre"}]}

    dutch = ok(raw(tm, "PUT", path, json=body, headers=DUTCH))
    base = ok(raw(tm, "GET", path))

    assert (dutch["name"], dutch["contingents"][0]["name"]) == ("Nacht", "Parterre")
    assert (base["name"], base["contingents"][0]["name"]) == ("Night", "Floor")
    assert base["contingents"][0]["amount"] == 10
    assert base["contingents"][0]["translations"] == {"namenl": "Parterre"}
    assert ok(raw(tm, "GET", path, headers=DUTCH)) == dutch


def test_a_dutch_document_that_is_sent_back_in_dutch_changes_nothing(tm: Client) -> None:
    event = made(tm)
    path = f"/events/{event.id}"
    ok(raw(tm, "PUT", path, json={"contingents": [floor(name="Vloer")]}, headers=DUTCH))
    read = ok(raw(tm, "GET", path, headers=DUTCH))

    again = ok(raw(tm, "PUT", path, json=read, headers=DUTCH))

    assert again == read


def test_a_new_contingent_in_dutch_has_its_name_in_both(tm: Client) -> None:
    event = made(tm, contingents=[])
    path = f"/events/{event.id}"

    ok(raw(tm, "PUT", path, json={"contingents": [floor(name="Vloer")]}, headers=DUTCH))

    (lot,) = ok(raw(tm, "GET", path))["contingents"]
    assert (lot["name"], lot["translations"]) == ("Vloer", {"namenl": "Vloer"})


def test_the_native_surface_shows_contingents_in_the_language_too(web: TestClient) -> None:
    lot = {"name": "Floor", "amount": 1, "translations": {"namenl": "Vloer"}}
    event = an_event(web, contingents=[lot])

    now(web, f"/v1/events/{event['id']}")
    shown = web.get(f"/v1/events/{event['id']}", headers=DUTCH)

    assert shown.headers["Content-Language"] == "nl"
    assert shown.json()["contingents"][0]["name"] == "Vloer"


@pytest.mark.parametrize("wanted", ["fil", "fil-PH, tlh", "xnl", "nlx-BE"])
def test_a_language_of_three_letters_is_none_of_two(tm: Client, wanted: str) -> None:
    event = made(tm, translations={"namefi": "Yö", "namenl": "Nacht"})
    headers = {"Accept-Language": wanted}

    put = ok(raw(tm, "PUT", f"/events/{event.id}", json={"subtitle": "Live"}, headers=headers))

    assert (put["name"], put["subtitle"]) == ("Night", "Live")
    assert "subtitlefi" not in put["translations"]


def test_translations_have_the_base_language_too(tm: Client) -> None:
    event = made(tm, translations={"namenl": "Nacht"})
    path = f"/events/{event.id}"
    texts = {"nameen": "Night", "namenl": "Nacht"}

    assert ok(raw(tm, "GET", path))["translations"] == texts
    assert ok(raw(tm, "GET", path, headers=DUTCH))["translations"] == texts
    assert ok(raw(tm, "GET", f"{path}/translate")) == texts


def test_a_text_that_is_changed_wins_over_its_old_translation(tm: Client) -> None:
    path = f"/events/{made(tm).id}"
    read = ok(raw(tm, "GET", path))

    renamed = ok(raw(tm, "PUT", path, json=read | {"name": "Dawn"}))
    translated = ok(raw(tm, "PUT", path, json={"translations": {"nameen": "Dusk"}}))

    assert (renamed["name"], renamed["translations"]) == ("Dawn", {"nameen": "Dawn"})
    assert (translated["name"], translated["translations"]) == ("Dusk", {"nameen": "Dusk"})


def test_the_base_text_can_be_changed_while_another_language_is_spoken(tm: Client) -> None:
    path = f"/events/{made(tm).id}"
    body = {"name": "Nacht", "translations": {"nameen": "Dusk", "namefr": "Nuit"}}

    put = ok(raw(tm, "PUT", path, json=body, headers=DUTCH))

    assert put["name"] == "Nacht"
    assert put["translations"] == {"nameen": "Dusk", "namefr": "Nuit", "namenl": "Nacht"}


def test_a_location_shows_its_base_texts_among_its_translations(tm: Client) -> None:
    hall = event_locations.create(tm, {"name": "Hall", "info": "Tram 1"})

    read = ok(raw(tm, "GET", f"/settings/events/eventlocations/{hall.id}"))

    assert read["translations"] == {"nameen": "Hall", "infoen": "Tram 1"}
    assert ok(raw(tm, "PUT", f"/settings/events/eventlocations/{hall.id}", json=read)) == read


# -- pictures and pages


def test_a_picture_has_a_whole_address(tm: Client, served: Served) -> None:
    event = made(tm)

    address = events.save_image(tm, event.id, png())

    shown = events.get(tm, event.id).image
    (listed,) = ok(raw(tm, "GET", '/events?simplefilter={"status":[19001]}'))["data"]
    assert shown == listed["image"] == address
    assert shown.startswith(f"{served.url}/images/")
    assert httpx.get(shown).content == png()


@pytest.mark.parametrize("path", ["/events", "/orders", "/contacts"])
def test_a_page_of_nothing_says_how_many_there_are(tm: Client, path: str) -> None:
    published(tm)
    ok(raw(tm, "POST", "/orders", json={"saleschannelid": 1}))
    ok(raw(tm, "POST", "/contacts", json={"lastname": "Peeters"}))

    assert ok(raw(tm, "GET", f"{path}?limit=0")) == {"data": [], "nbrofresults": 1}
    for name in ("limit", "offset"):
        refused = raw(tm, "GET", f"{path}?{name}=-1")
        assert refused.status_code == 400
        assert name in refused.json()["message"]
