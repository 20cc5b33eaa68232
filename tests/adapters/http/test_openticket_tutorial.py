"""What OpenTicket's tutorial does works, whichever of its samples is followed."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.http.openticket.documents import company_id
from domain.ids import account_number
from tests.adapters.http.talk import now
from tests.adapters.http.vendor_tutorial import END, START, WAYS, Tutorial, done

COMPANY = company_id(account_number("demo"))
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
KEYS = {
    "location": "name capacity address company_id guid updated_at created_at seated",
    "event": "status name type currency locale location_id company_id guid updated_at created_at",
    "date": "start end event_id guid updated_at created_at seated",
    "ticket": """increment min_orderable_amount_per_order max_orderable_amount_per_order
        availability_margin percentage_service_costs_in_ticket swappable name vat_percentage
        event_id company_id guid updated_at created_at status seated include_service_cost_in_price
        reserved_count pending_count""",
    "shop": """name company_id guid updated_at created_at global_terms currency reservation_time
        seats_public_key""",
    "tracker": "name type shop_id code guid updated_at created_at",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("prefix", ["", "/3.0.0"])
def test_every_sample_makes_the_same(web: TestClient, way: str, prefix: str) -> None:
    tutorial = Tutorial(web, lambda c, path, said: WAYS[way](c, prefix + path, said))

    for name, keys in KEYS.items():
        made = getattr(tutorial, name)
        assert list(made) == keys.split(), name
        assert made.get("company_id", COMPANY) == COMPANY
        assert TIME.fullmatch(made["created_at"])
        assert made["created_at"] == made["updated_at"]
    assert tutorial.location["capacity"] == 952
    assert tutorial.location["seated"] is False
    assert (tutorial.event["status"], tutorial.event["type"]) == ("normal", "once")
    assert tutorial.event["location_id"] == tutorial.location["guid"]
    assert (tutorial.date["start"], tutorial.date["end"]) == (START, END)
    assert tutorial.date["event_id"] == tutorial.event["guid"]
    assert tutorial.ticket["vat_percentage"] == 21
    assert isinstance(tutorial.ticket["vat_percentage"], int)
    defaults = {"increment": 1, "min_orderable_amount_per_order": 1, "availability_margin": 0}
    defaults |= {"max_orderable_amount_per_order": 20, "swappable": True, "status": None}
    defaults |= {"reserved_count": 0, "pending_count": 0, "seated": False}
    assert tutorial.ticket | defaults == tutorial.ticket
    assert tutorial.shop["currency"] == "EUR"
    assert tutorial.tracker["type"] == "Facebook"


def test_what_was_made_is_read_back_with_everything(client: TestClient) -> None:
    tutorial = Tutorial(client).on_sale()

    for name in KEYS:
        made, shown = getattr(tutorial, name), tutorial.get(tutorial.url(name))
        moving = {"status", "updated_at", "start", "end"}
        for key in made.keys() - moving:
            assert shown[key] == made[key], (name, key)
    event = tutorial.get(tutorial.url("event"))
    assert event["location"] == tutorial.get(tutorial.url("location"))
    assert (event["start"], event["end"]) == (
        "2026-12-18T19:00:00+00:00",
        "2026-12-18T21:00:00+00:00",
    )


def test_the_same_event_is_complete_in_the_native_dialect_and_for_sale(client: TestClient) -> None:
    tutorial = Tutorial(client).on_sale()
    tutorial.put(tutorial.url("ticket"), min_price=2550, available_stock="500")

    event = now(client, f"/v1/events/{tutorial.event['guid']}").json()

    assert event["currentstatus"] == 19002
    assert (event["type"], event["locale"], event["locationname"]) == (
        "once",
        "nl_NL",
        "Concert hall",
    )
    (lot,) = event["contingents"]
    assert (lot["amount"], lot["vat_percentage"]) == (500, 21.0)
    (price,) = event["prices"]["contingents"][0]["pricetypes"]
    (sold,) = price["saleschannels"]
    channel = now(client, f"/v1/catalog/saleschannels/{tutorial.shop['guid']}").json()
    assert (sold["price"], sold["saleschannelid"]) == (25.5, channel["id"])
    assert channel["basketseconds"] == 480
    take = [{"eventid": event["id"], "contingentid": lot["id"], "amount": 3}]
    order = {"saleschannelid": channel["id"], "take": take}
    made = client.post("/v1/orders", json=order)
    assert made.status_code == 201, made.text
    counters = {"reserved_count": 3, "pending_count": 0}
    shown = tutorial.get(tutorial.url("ticket"))
    assert shown | counters == shown
    client.post(f"/v1/orders/{made.json()['id']}/confirm")
    shown = tutorial.get(tutorial.url("ticket"))
    assert (shown["reserved_count"], shown["pending_count"]) == (0, 3)
    history = client.get(f"/v1/events/{event['id']}/history").json()["data"]
    assert {entry["actor"] for entry in history} == {"admin-5"}


def test_who_is_calling_has_three_names(web: TestClient) -> None:
    first, *others = (done(web.get(path)) for path in ("/users/me", "/user/me", "/3.0.0/me"))

    assert others == [first, first]
    assert list(first) == [
        "guid",
        "default_company_id",
        "whitelabel_id",
        "name",
        "email",
        "phone",
        "updated_at",
        "created_at",
    ]
    assert (first["default_company_id"], first["name"]) == (COMPANY, "admin-5")


# -- what a newcomer meets


@pytest.mark.parametrize("body", [b"", b'""', b"{}", b"null", b"[]"])
def test_a_body_that_says_nothing_names_every_field_that_is_required(
    web: TestClient, body: bytes
) -> None:
    tutorial = Tutorial(web)
    paths = {
        "/location": ["address", "capacity", "name"],
        f"/location/{tutorial.location['guid']}/event": ["currency", "locale", "name"],
        "/eventdate": ["end", "event_id", "start"],
        f"/event/{tutorial.event['guid']}/ticket": ["name", "vat_percentage"],
        "/shop": ["name"],
        "/trackers": ["name", "shop_id", "type"],
    }
    for path, fields in paths.items():
        problem = done(web.post(path, content=body), 406)
        assert sorted(problem["fields"]) == fields, path


@pytest.mark.parametrize(
    "time", ["2026-12-18T21=>00=>00+02=>00", "2026-12-18", "18 Dec 2026", "2026-13-18T21:00:00Z", 5]
)
def test_a_mangled_time_gives_a_clear_error(web: TestClient, time: Any) -> None:
    event = Tutorial(web).event["guid"]

    body = {"event_id": event, "start": time, "end": END}
    problem = done(web.post("/eventdate", json=body), 406)

    assert list(problem["fields"]) == ["start"]
    assert "time" in problem["fields"]["start"][0]


def test_a_plus_that_a_form_turned_into_a_space_is_forgiven(web: TestClient) -> None:
    event = Tutorial(web).event["guid"]
    raw = f"event_id={event}&start={START}&end={END}"

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    date = done(web.post("/eventdate", content=raw, headers=form))

    assert (date["start"], date["end"]) == (START, END)


def test_the_locale_of_the_prose_and_an_event_without_a_type_are_taken(web: TestClient) -> None:
    tutorial = Tutorial(web)
    path = f"/location/{tutorial.location['guid']}/event"

    event = tutorial.create(path, name="Live", locale="NL_nl", currency="eur")

    assert (event["locale"], event["type"], event["currency"]) == ("NL_nl", "once", "EUR")


def test_unknown_fields_are_passed_over(web: TestClient) -> None:
    tutorial = Tutorial(web)
    fields = {"name": "Hall", "capacity": 0, "address": "", "whatever": {"a": [1]}}

    problem = done(web.post("/location", json=fields), 406)
    made = tutorial.create("/location", **fields | {"address": "Here"})

    assert list(problem["fields"]) == ["address"]
    assert made["capacity"] == 0


def test_texts_become_what_their_fields_are(web: TestClient) -> None:
    tutorial = Tutorial(web, WAYS["multipart"])
    fields = {
        "min_price": "1250",
        "available_stock": "300",
        "swappable": "0",
        "hide_without_coupon": "true",
        "percentage_service_costs_in_ticket": "12.5",
        "available_from": "2026-10-01T10:00:00+02:00",
        "increment": "2",
        "class": "vip",
    }
    path = f"/event/{tutorial.event['guid']}/ticket"

    made = tutorial.create(path, name="Seat", vat_percentage="6.5", **fields)
    shown = tutorial.get(f"/ticket/{made['guid']}")

    assert (made["vat_percentage"], made["increment"], made["swappable"]) == (6.5, 2, False)
    typed = {"min_price": 1250, "available_stock": 300, "hide_without_coupon": True}
    typed |= {"percentage_service_costs_in_ticket": 12.5, "class": "vip"}
    assert shown | typed == shown
    assert shown["available_from"] == "2026-10-01T08:00:00+00:00"


@pytest.mark.parametrize("price", [None, 2550])
def test_the_flow_ends_with_a_sold_ticket(web: TestClient, price: int | None) -> None:
    tutorial = Tutorial(web, WAYS["multipart"]).on_sale()
    if price is not None:
        tutorial.put(tutorial.url("ticket"), min_price=price)
    shop, ticket = f"/storefront/{tutorial.shop['guid']}", tutorial.ticket["guid"]
    nobody = {"Authorization": ""}

    shown = done(web.get(f"{shop}/data", headers=nobody))
    reserved = done(web.get(f"{shop}/reserve/ticket/{ticket}", headers=nobody))
    tickets = [{"guid": ticket, "reservation": reserved["reservation"], "products": []}]
    receiver = {"email": "ann@example.org", "firstname": "Ann", "lastname": "Peeters"}
    body = {"receiver": receiver | {"locale": "nl_NL"}, "currency": "EUR", "tickets": tickets}
    ordered = done(web.post(f"{shop}/order", json=body, headers=nobody))

    assert shown["tickets"][ticket]["status"] == "available"
    assert [event["guid"] for event in shown["events"]] == [tutorial.event["guid"]]
    assert ordered["amount"] == (price or 0)
    counted = tutorial.get(tutorial.url("ticket"))
    assert counted["reserved_count"] == 0
    assert counted["pending_count"] == (1 if price else 0)
