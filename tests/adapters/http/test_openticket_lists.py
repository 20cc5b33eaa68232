"""Lists, changes and what leaves the lists."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.talk import a_location, an_event, for_sale, made, moved
from tests.adapters.http.vendor_tutorial import Tutorial, done

PAST = {"start": "2020-01-01T20:00:00Z", "end": "2020-01-01T22:00:00Z"}
AHEAD = {"start": "2090-01-01T20:00:00Z", "end": "2090-01-01T22:00:00Z"}


def names(found: list[dict[str, Any]]) -> list[str]:
    return [one["name"] for one in found]


def test_events_are_listed_by_words(client: TestClient) -> None:
    tutorial = Tutorial(client)
    hall = f"/location/{tutorial.location['guid']}/event"
    for name, when in (("Over", PAST), ("Ahead", AHEAD), ("Undated", None)):
        said = {"name": name, "locale": "nl_NL", "currency": "EUR"}
        event = tutorial.create(hall, **said)
        if when:
            tutorial.create("/eventdate", event_id=event["guid"], **when)
    closed = for_sale(client, name="Closed", startts=PAST["start"], endts=PAST["end"])
    moved(client, closed, "publish", "close")

    lists = {
        word: names(tutorial.get(f"/event{word}"))
        for word in ("", "/normal", "/past", "/upcoming", "/archived", "/all")
    }

    assert lists == {
        "": ["Over", "Ahead", "Undated"],
        "/normal": ["Over", "Ahead", "Undated"],
        "/past": ["Over", "Closed"],
        "/upcoming": ["Ahead"],
        "/archived": ["Closed"],
        "/all": ["Over", "Ahead", "Undated", "Closed"],
    }
    assert names(tutorial.get(hall)) == ["Over", "Ahead", "Undated"]
    dates = {word: len(tutorial.get(f"/eventdate/{word}")) for word in ("normal", "past")}
    assert dates == {"normal": 2, "past": 1}
    assert [d["start"] for d in tutorial.get("/eventdate/upcoming")] == [
        "2090-01-01T20:00:00+00:00"
    ]
    assert len(tutorial.get(f"{hall.removesuffix('/event')}/dates")) == 2


def test_a_shop_that_is_deleted_leaves_the_list(web: TestClient) -> None:
    tutorial = Tutorial(web)
    shop = tutorial.shop

    assert shop["name"] in names(tutorial.get("/shop"))
    done(web.delete(f"/shop/{shop['guid']}"), 204)

    assert shop["name"] not in names(tutorial.get("/shop/normal"))
    assert shop["name"] in names(tutorial.get("/shop/archived"))
    done(web.post(f"/shop/{shop['guid']}/tickets/{tutorial.ticket['guid']}"), 404)


def test_what_belongs_to_what_is_found_from_both_sides(web: TestClient) -> None:
    tutorial = Tutorial(web).on_sale()
    event, ticket, date = (tutorial.url(name) for name in ("event", "ticket", "date"))
    shop = tutorial.url("shop")

    def guids(path: str) -> list[str]:
        return [one["guid"] for one in tutorial.get(path)]

    assert guids(f"{event}/dates") == guids(f"{ticket}/dates") == [tutorial.date["guid"]]
    assert guids(f"{event}/dates/products") == [tutorial.date["guid"]]
    for path in ("ticket", "ticket/normal", "ticket/all", "ticket/products", "ticket/shops"):
        assert guids(f"{event}/{path}") == [tutorial.ticket["guid"]]
    assert guids(f"{event}/ticket/archived") == []
    assert guids(f"{event}/shops") == guids(f"{ticket}/shops") == [tutorial.shop["guid"]]
    assert guids(f"{shop}/tickets") == [tutorial.ticket["guid"]]
    assert guids(f"{shop}/trackers") == []
    assert tutorial.tracker["guid"] in guids(f"{shop}/trackers")
    assert tutorial.tracker["guid"] in guids("/trackers")
    assert tutorial.get(f"{event}/location")["guid"] == tutorial.location["guid"]
    assert tutorial.get(f"{date}/event")["guid"] == tutorial.event["guid"]
    assert tutorial.get(f"{date}/location")["guid"] == tutorial.location["guid"]
    for path in ("products", "groups", "groups/products"):
        assert tutorial.get(f"{ticket}/{path}") == []
    for path in ("products", "metadata"):
        assert tutorial.get(f"{shop}/{path}") == []
    ways = tutorial.get(f"{shop}/payment_methods")
    assert [list(way) for way in ways] == [["guid", "name"]] * len(ways)
    assert "Bank transfer" in names(ways)
    done(web.get(f"{event}/tickets"), 404)


def test_changes_are_partial_and_answered_whole(web: TestClient) -> None:
    tutorial = Tutorial(web).on_sale()
    barn = tutorial.create("/location", name="Barn", capacity=0, address="Field")
    said: dict[str, dict[str, Any]] = {
        "location": {"latitude": 51.05, "public": "1", "description": "A hall"},
        "event": {"auto-prune": True, "subcategories": ["Jazz"], "location_id": barn["guid"]},
        "date": {"capacity": "40", "end": "2026-12-19T01:00:00+02:00"},
        "ticket": {"min_price": 990, "description": "Standing"},
        "shop": {"max_tickets_per_order": "4", "reservation_time": 5, "description": "Ours"},
    }
    for name, fields in said.items():
        before = tutorial.get(tutorial.url(name))
        changed = tutorial.put(tutorial.url(name), **fields)
        typed = {n: int(v) if str(v).isdigit() and n != "public" else v for n, v in fields.items()}
        typed |= {"public": True} if name == "location" else {}
        assert changed | typed == changed, name
        assert changed.keys() == before.keys()
        assert changed["created_at"] == before["created_at"]
        if name != "date":
            assert tutorial.get(tutorial.url(name)) | {"updated_at": 0} == changed | {
                "updated_at": 0
            }
    assert tutorial.get(tutorial.url("event"))["location"]["name"] == "Barn"


def test_times_are_shown_in_the_zone_of_the_location(web: TestClient) -> None:
    hall = a_location(web, timezone="Europe/Brussels")
    event = an_event(web, locationid=hall["id"])
    made(web, f"/v1/events/{event['id']}/dates", **PAST)

    shown = Tutorial(web).get(f"/event/{event['guid']}/dates")

    assert shown[0]["start"] == "2020-01-01T21:00:00+01:00"


# -- deleting


def test_things_are_deleted_in_the_order_that_they_need_each_other(web: TestClient) -> None:
    tutorial = Tutorial(web).on_sale()
    location, event, date, ticket = (
        tutorial.url(name) for name in ("location", "event", "date", "ticket")
    )

    def blocked_by(path: str) -> list[str]:
        problem = done(web.delete(path), 409)
        assert problem["error_code"] == "blocked"
        assert isinstance(problem["error_description"], str)
        return [one["guid"] for one in problem["blocked_by"]]

    made = {name: tutorial.made[name]["guid"] for name in tutorial.made}
    assert blocked_by(location) == [made["event"]]
    assert blocked_by(event) == [made["date"], made["ticket"]]
    assert blocked_by(date) == [made["ticket"]]
    assert blocked_by(ticket) == [made["shop"]]
    tutorial.detach(f"/shop/{made['shop']}/tickets/{made['ticket']}")
    tutorial.detach(f"{ticket}/dates/{made['date']}")
    for path in (date, ticket, event, location):
        tutorial.detach(path)
        done(web.get(path), 404)
        done(web.delete(path), 404)
    listed = {one["guid"] for path in ("/event/all", "/location") for one in tutorial.get(path)}
    assert not {made["event"], made["location"]} & listed


def test_a_ticket_that_is_reserved_cannot_be_deleted(web: TestClient) -> None:
    tutorial = Tutorial(web).on_sale()
    event = web.get(f"/v1/events/{tutorial.event['guid']}").json()
    channel = web.get(f"/v1/catalog/saleschannels/{tutorial.shop['guid']}").json()
    take = [{"eventid": event["id"], "contingentid": event["contingents"][0]["id"]}]
    made(web, "/v1/orders", saleschannelid=channel["id"], take=take)
    ticket = tutorial.url("ticket")
    tutorial.detach(f"{tutorial.url('shop')}/tickets/{tutorial.ticket['guid']}")

    problem = done(web.delete(ticket), 409)

    assert problem["error_code"] == "tickets-in-use"


# -- refusals


@pytest.mark.parametrize(
    ("path", "fields", "wrong"),
    [
        ("/location", {"capacity": "many"}, "capacity"),
        ("/location", {"capacity": -1}, "capacity"),
        ("/location", {"name": "n" * 256}, "name"),
        ("/location", {"latitude": "north"}, "latitude"),
        ("/location", {"longitude": 181}, "longitude"),
        ("/location", {"public": "perhaps"}, "public"),
        ("/location", {"parent_guid": "parent"}, "parent_guid"),
        ("{event}", {"type": "often"}, "type"),
        ("{event}", {"currency": "USD"}, "currency"),
        ("{event}", {"locale": "n"}, "locale"),
        ("{event}", {"start": "today"}, "start"),
        ("{event}", {"auto-prune": 2}, "auto-prune"),
        ("/eventdate", {"end": "2026-12-18T21:00:00+02:00"}, "end"),
        ("/eventdate", {"capacity": 10**10}, "capacity"),
        ("{ticket}", {"vat_percentage": "a fifth"}, "vat_percentage"),
        ("{ticket}", {"vat_percentage": 101}, "vat_percentage"),
        ("{ticket}", {"min_price": 12.5}, "min_price"),
        ("{ticket}", {"min_price": -1}, "min_price"),
        ("{ticket}", {"available_stock": "-1"}, "available_stock"),
        ("{ticket}", {"max_orderable_amount_per_order": 1, "increment": 0}, "increment"),
        ("/shop", {"reservation_time": 500}, "reservation_time"),
        ("/shop", {"max_tickets_per_order": "x"}, "max_tickets_per_order"),
        ("/trackers", {"type": "Myspace"}, "type"),
    ],
)
def test_bad_input_is_406_with_the_field_by_its_own_name(
    web: TestClient, path: str, fields: dict[str, Any], wrong: str
) -> None:
    tutorial = Tutorial(web)
    valid: dict[str, dict[str, Any]] = {
        "/location": {"name": "Hall", "capacity": 1, "address": "Here"},
        "{event}": {"name": "Live", "locale": "nl_NL", "currency": "EUR"},
        "/eventdate": {"start": "2026-12-18T21:00:00+02:00", "end": "2026-12-18T23:00:00+02:00"},
        "{ticket}": {"name": "Standing", "vat_percentage": 21},
        "/shop": {"name": "Shop"},
        "/trackers": {"name": "Spring", "type": "Other"},
    }
    body = valid[path] | fields
    if path == "/eventdate":
        body["event_id"] = tutorial.event["guid"]
    if path == "/trackers":
        body["shop_id"] = tutorial.shop["guid"]
    hall = f"/location/{tutorial.location['guid']}/event"
    at = path.format(event=hall, ticket=f"/event/{tutorial.event['guid']}/ticket")

    problem = done(web.post(at, json=body), 406)

    assert list(problem["fields"]) == [wrong]
    assert problem["status_code"] == 406
    assert isinstance(problem["error_description"], str)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/location/{0}"),
        ("GET", "/event/{0}"),
        ("GET", "/event/{0}/ticket"),
        ("GET", "/eventdate/{0}"),
        ("GET", "/ticket/{0}"),
        ("GET", "/shop/{0}"),
        ("GET", "/trackers/{0}"),
        ("POST", "/location/{0}/event"),
        ("POST", "/event/{0}/ticket"),
        ("POST", "/ticket/{0}/dates/{0}"),
        ("POST", "/shop/{0}/tickets/{0}"),
        ("PUT", "/ticket/{0}"),
        ("DELETE", "/eventdate/{0}"),
    ],
)
@pytest.mark.parametrize("guid", ["nothing", "1", "2a97516c-354b-8099-8000-000000000001", "{}"])
def test_what_is_not_there_is_404(web: TestClient, method: str, path: str, guid: str) -> None:
    said = {"name": "n", "locale": "nl", "currency": "EUR", "vat_percentage": 1}

    problem = done(web.request(method, path.format(guid), json=said), 404)

    assert problem["error_code"] == "not-found"


def test_a_ticket_goes_on_dates_of_its_own_event_only(web: TestClient) -> None:
    one, other = Tutorial(web), Tutorial(web)

    problem = done(web.post(f"{one.url('ticket')}/dates/{other.date['guid']}"), 406)

    assert list(problem["fields"]) == ["eventdate"]
    body = {"event_id": "2a97516c-354b-8003-8000-0000000fffff", "start": "x", "end": "y"}
    body |= {"start": "2026-12-18T21:00:00Z", "end": "2026-12-18T22:00:00Z"}
    done(web.post("/eventdate", json=body), 404)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"no form"),
        ("application/x-www-form-urlencoded", b"name=%FF"),
        ("application/json", b"{"),
        ("text/plain", b"name=Hall"),
        ("application/json", b'{"name": NaN}'),
    ],
)
def test_a_body_that_cannot_be_read_is_406(web: TestClient, kind: str, body: bytes) -> None:
    problem = done(web.post("/location", content=body, headers={"Content-Type": kind}), 406)

    assert problem["error_code"] in ("invalid", "malformed")
