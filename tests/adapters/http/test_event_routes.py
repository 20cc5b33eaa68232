"""`/v1/events` on both stores."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.http.v1.documents import EventDocument
from domain.contingents import COUNTERS
from domain.event_fields import READ_ONLY, EventBody
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
    made,
    moved,
    now,
    paths,
    position,
    refused,
)

SEED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "seed_event.json").read_text(encoding="utf-8")
)


ASSIGNED = {"id", "eventid"}
"""What the parts of the example have from the system that it was read from."""


PARENTS = {*ASSIGNED, "tickettypeid"}


def writable(event: Json) -> Json:
    """The example without what its system set."""
    return {name: part(value) for name, value in event.items() if name not in READ_ONLY}


def part(sent: Any) -> Any:
    if isinstance(sent, dict):
        return {name: part(value) for name, value in sent.items() if name not in PARENTS}
    return [*map(part, sent)] if isinstance(sent, list) else sent


def within(sent: Any, shown: Any) -> bool:
    """Whether everything that was sent is shown, beside defaults and ids of our own."""
    if isinstance(sent, dict):
        return all(within(v, shown[name]) for name, v in sent.items() if name not in ASSIGNED)
    if isinstance(sent, list):
        return len(sent) == len(shown) and all(map(within, sent, shown))
    return bool(sent == shown)


def test_the_complete_example_comes_back_in_every_writable_field(client: TestClient) -> None:
    location = a_location(client)

    response = client.post("/v1/events", json=writable(SEED) | {"locationid": location["id"]})

    assert response.status_code == 201
    shown = response.json()
    for name in EventBody.model_fields.keys() & SEED.keys() - {"locationid"}:
        assert within(SEED[name], shown[name]), name
    got = client.get(response.headers["Location"], headers=after(response))
    assert got.content == response.content
    assert got.headers["ETag"] == response.headers["ETag"]


def test_the_read_only_fields_of_a_new_event_are_ours(web: TestClient) -> None:
    location = a_location(web)
    whole = SEED | {"locationid": location["id"]}

    problem = refused(web.post("/v1/events", json=whole), 422, "invalid")
    shown = made(web, "/v1/events", **writable(whole))

    assert SEED.keys() >= READ_ONLY
    assert {*paths(problem)} >= {name for name in READ_ONLY if SEED[name] is not None}
    assert shown["locationname"] == "Concert hall"
    assert shown["code"] != SEED["code"]
    assert shown["publishedts"] is None
    for name in ("image", "seatingplanlocktemplate"):
        assert shown[name] is None
    assert shown["seatingplancontingents"] == []
    lots = [lot["id"] for lot in shown["contingents"] + shown["seated_contingents"]]
    assert shown["prices"] == {
        "contingents": [{"contingentid": lot, "pricetypes": []} for lot in sorted(lots)]
    }
    assert shown["createdts"] != SEED["createdts"]
    EventDocument.model_validate(shown)


def test_a_document_that_was_read_can_be_sent_back(web: TestClient) -> None:
    layout = {"color": "#112233", "maxImage": True}
    event = an_event(web, contingents=[{"name": "Tickets", "amount": 100}], c_x=1, layout=layout)
    made(web, f"/v1/events/{event['id']}/dates", start=START, end=END)
    document = now(web, f"/v1/events/{event['id']}").json()
    before = position(web)

    response = web.patch(f"/v1/events/{event['id']}", json=document)

    assert response.json() == document
    assert position(web) == before


def test_an_event_of_a_location_alone_shows_all_55_fields(web: TestClient) -> None:
    location = a_location(web)

    shown = made(web, "/v1/events", locationid=location["id"])

    assert len(SEED) == 55
    assert SEED.keys() <= shown.keys()
    assert shown["currentstatus"] == DRAFT
    said = {"currentstatus", "locationid", "locationname", "createdts", "lastupdatets"}
    empty = {"prices": {"contingents": []}, "seated_chartkey": ""}
    for name in SEED.keys() - said - {"id", "code"}:
        assert shown[name] in (None, False, [], {}, empty.get(name)), name


def test_one_patch_over_three_groups_is_three_facts_of_one_command(client: TestClient) -> None:
    event = an_event(client)
    path = f"/v1/events/{event['id']}"

    response = changed(
        client, path, subtitle="With band", totalmaxtickets=5, productionid=7, tags=None
    )

    assert response.json()["version"] == 4
    entries = client.get(f"{path}/history").json()["data"]
    assert {e["fact"] for e in entries[:3]} == {
        "EventDetailsChanged",
        "EventLimitsChanged",
        "EventLinksChanged",
    }
    assert len({e["causation"] for e in entries[:3]}) == 1
    got = client.get(path, headers=after(response))
    assert got.content == response.content


def test_null_clears_a_field_back_to_what_it_was_when_nothing_was_said(web: TestClient) -> None:
    event = an_event(web, tags=["a"], layout={"color": "#112233"}, seatselection=True, info="x")

    nulls = dict.fromkeys(("tags", "layout", "seatselection", "info", "name"))
    shown = changed(web, f"/v1/events/{event['id']}", **nulls).json()

    assert shown["tags"] == []
    assert shown["layout"] == {}
    assert shown["seatselection"] is False
    assert shown["info"] is None
    assert shown["name"] is None


def test_an_event_goes_from_draft_to_closed_and_back(client: TestClient) -> None:
    event = for_sale(client)
    path = f"/v1/events/{event['id']}"

    published = client.post(f"{path}/publish")
    closed = client.post(f"{path}/close")
    reopened = client.post(f"{path}/reopen")
    redrafted = client.post(f"{path}/redraft")

    statuses = [r.json()["currentstatus"] for r in (published, closed, reopened, redrafted)]
    assert statuses == [ACTIVE, CLOSED, ACTIVE, DRAFT]
    assert published.json()["publishedts"] == published.json()["lastupdatets"]
    assert redrafted.json()["publishedts"] == published.json()["publishedts"]
    assert redrafted.headers["ETag"].startswith('"5.')
    got = client.get(path, headers=after(redrafted))
    assert got.content == redrafted.content


def test_publishing_names_what_is_missing(web: TestClient) -> None:
    bare = made(web, "/v1/events", locationid=a_location(web)["id"])

    problem = refused(web.post(f"/v1/events/{bare['id']}/publish"), 409, "not-publishable")

    assert problem["missing"] == ["name", "startts", "endts", "price"]


UNSOLD = {"prices": [{"pricetypeid": 1, "prices": [25], "availabilities": [False]}]}


@pytest.mark.parametrize(
    "contingents",
    [
        [],
        [{"amount": 100}],
        [{"amount": 100, "pricelistid": 9_999}],
        [{"amount": 100, "eventspecificprices": {"prices": []}}],
        [{"amount": 100, "eventspecificprices": UNSOLD}],
    ],
    ids=str,
)
def test_an_event_that_costs_nothing_that_is_known_is_not_published(
    web: TestClient, contingents: list[Any]
) -> None:
    event = an_event(web, contingents=contingents)
    path = f"/v1/events/{event['id']}"
    before = position(web)

    by_transition = web.post(f"{path}/publish")
    by_field = web.patch(path, json={"currentstatus": ACTIVE, "contingents": contingents})

    for answer in (by_transition, by_field):
        assert refused(answer, 409, "not-publishable")["missing"] == ["price"]
    assert position(web) == before
    assert changed(web, path, contingents=[FLOOR], currentstatus=ACTIVE).status_code == 200


def test_the_price_may_come_from_a_list(web: TestClient) -> None:
    prices = FLOOR["eventspecificprices"]
    price_list = made(web, "/v1/catalog/pricelists", name="Concerts", prices=prices)
    event = an_event(web, contingents=[{"amount": 1, "pricelistid": price_list["id"]}])
    archive = f"/v1/catalog/pricelists/{price_list['id']}/archive"
    web.post(archive)
    archived = web.post(f"/v1/events/{event['id']}/publish")
    web.post(archive.replace("archive", "restore"))

    shown = moved(web, event, "publish")

    refused(archived, 409, "not-publishable")
    (lot,) = shown["prices"]["contingents"]
    assert lot["pricetypes"][0]["saleschannels"][0]["price"] == 25.0


def sold(web: TestClient) -> tuple[Json, Json]:
    """An Active Event, and a confirmed order of one of its tickets."""
    event = moved(web, for_sale(web), "publish")
    take = [{"eventid": event["id"], "contingentid": event["contingents"][0]["id"]}]
    order = made(web, "/v1/orders", saleschannelid=2, take=take)
    web.post(f"/v1/orders/{order['id']}/confirm")
    return event, order


def test_an_event_is_not_closed_before_it_is_paid_for(web: TestClient) -> None:
    event, order = sold(web)
    path = f"/v1/events/{event['id']}"
    before = position(web)

    answers = [web.post(f"{path}/close"), web.patch(path, json={"currentstatus": CLOSED})]
    unchanged = position(web)
    web.post(f"/v1/orders/{order['id']}/payments", json={"amount": 25})

    for answer in answers:
        problem = refused(answer, 409, "unpaid-orders")
        assert (problem["orders"], problem["count"]) == ([order["id"]], 1)
    assert unchanged == before
    assert moved(web, event, "close")["currentstatus"] == CLOSED


def test_an_event_with_sold_tickets_is_not_deleted(web: TestClient) -> None:
    event, order = sold(web)
    path = f"/v1/events/{event['id']}"
    moved(web, event, "redraft")

    answer = web.delete(path)
    web.post(f"/v1/orders/{order['id']}/cancel")

    assert refused(answer, 409, "event-has-tickets")["count"] == 1
    assert web.delete(path).status_code == 204


def test_an_event_may_be_published_on_the_times_of_its_dates(web: TestClient) -> None:
    event = for_sale(web, startts=None, endts=None)
    made(web, f"/v1/events/{event['id']}/dates", start=END, end=LATER)
    made(web, f"/v1/events/{event['id']}/dates", start=START, end=END)

    shown = moved(web, event, "publish")

    assert (shown["startts"], shown["endts"]) == (START, LATER)


@pytest.mark.parametrize(
    ("steps", "then"),
    [((), "close"), (("publish", "close"), "redraft")],
)
def test_a_status_follows_only_its_neighbours(
    web: TestClient, steps: tuple[str, ...], then: str
) -> None:
    event = moved(web, for_sale(web), *steps)

    problem = refused(web.post(f"/v1/events/{event['id']}/{then}"), 409, "wrong-status")

    assert problem["currentstatus"] == event["currentstatus"]


def test_a_closed_event_refuses_every_edit(web: TestClient) -> None:
    event = for_sale(web)
    path = f"/v1/events/{event['id']}"
    date = made(web, f"{path}/dates", start=START, end=END)
    moved(web, event, "publish", "close")
    before = position(web)

    answers = [
        web.patch(path, json={"name": "New"}),
        web.patch(path, json={"contingents": []}),
        web.post(f"{path}/contingents", json={"amount": 1}),
        web.patch(f"{path}/contingents/{event['contingents'][0]['id']}", json={"amount": 1}),
        web.delete(f"{path}/contingents/{event['contingents'][0]['id']}"),
        web.patch(path, json={"c_x": 1}),
        web.post(f"{path}/dates", json={"start": START, "end": END}),
        web.patch(f"{path}/dates/{date['id']}", json={"name": "x"}),
        web.delete(f"{path}/dates/{date['id']}"),
    ]

    for answer in answers:
        refused(answer, 409, "event-closed")
    assert position(web) == before


def test_an_active_event_keeps_what_it_was_published_with(web: TestClient) -> None:
    event = for_sale(web, startts=None, endts=None)
    path = f"/v1/events/{event['id']}"
    date = made(web, f"{path}/dates", start=START, end=END)
    moved(web, event, "publish")

    last_date = web.delete(f"{path}/dates/{date['id']}")
    name = web.patch(path, json={"name": None})
    whole = web.delete(path)

    assert refused(last_date, 409, "not-publishable")["missing"] == ["startts", "endts"]
    assert refused(name, 409, "not-publishable")["missing"] == ["name"]
    refused(whole, 409, "event-active")


def test_the_status_can_be_sent_with_the_fields(web: TestClient) -> None:
    event = for_sale(web)

    shown = changed(web, f"/v1/events/{event['id']}", currentstatus=ACTIVE, name="New").json()

    assert (shown["currentstatus"], shown["name"], shown["version"]) == (ACTIVE, "New", 3)


def test_contingents_are_saved_with_the_event_and_shown_in_it(client: TestClient) -> None:
    tickets = {"name": "Tickets", "amount": 100, "pricelistid": 6}
    event = an_event(client, contingents=[tickets], seated_contingents=[{"name": "Hall"}])
    path = f"/v1/events/{event['id']}"
    first = event["contingents"][0]

    response = changed(
        client, path, contingents=[{"id": first["id"], "amount": 90}, {"name": "Late", "amount": 5}]
    )

    shown = response.json()
    assert [(c["name"], c["amount"]) for c in shown["contingents"]] == [
        ("Tickets", 90),
        ("Late", 5),
    ]
    assert shown["seated_contingents"] == event["seated_contingents"]
    assert shown["contingents"][0] == first | {"amount": 90}
    totals = {a["tickettypeid"]: (a["total"], a["free"]) for a in shown["availability"]}
    hall = event["seated_contingents"][0]["id"]
    assert totals == {first["id"]: (90, 90), hall: (0, 0), shown["contingents"][1]["id"]: (5, 5)}
    got = client.get(path, headers=after(response))
    assert got.content == response.content
    availability = client.get(f"{path}/availability", headers=after(response)).json()
    assert availability["contingents"] == [a | UNTOUCHED for a in shown["availability"]]
    counters = dict.fromkeys(COUNTERS, 0) | {"free": 95, "total": 95}
    assert availability["total"] == counters | UNTOUCHED
    facts = [e["fact"] for e in client.get(f"{path}/history").json()["data"]]
    assert facts[:2] == ["ContingentAdded", "ContingentChanged"]


UNTOUCHED = {"percentsold": 0.0}


def test_a_contingent_that_is_not_named_goes(web: TestClient) -> None:
    event = an_event(web, contingents=[{"name": "A"}, {"name": "B"}])
    path = f"/v1/events/{event['id']}"

    shown = changed(web, path, contingents=[{"id": event["contingents"][1]["id"]}]).json()

    assert [c["name"] for c in shown["contingents"]] == ["B"]
    availability = now(web, f"{path}/availability").json()["contingents"]
    assert availability == [a | UNTOUCHED for a in shown["availability"]]


@pytest.mark.parametrize(
    ("contingents", "path"),
    [([{"id": 99_999}], "contingents.0.id"), ([{}, {"id": 99_999}], "contingents.1.id")],
)
def test_an_unknown_contingent_is_refused_by_its_path(
    web: TestClient, contingents: object, path: str
) -> None:
    event = an_event(web)
    before = position(web)

    problem = refused(
        web.patch(f"/v1/events/{event['id']}", json={"contingents": contingents, "name": "New"}),
        422,
        "invalid",
    )

    assert problem["errors"][0]["path"] == path
    assert position(web) == before


def test_an_event_moves_to_another_location(client: TestClient) -> None:
    event = an_event(client)
    barn = a_location(client, name="Barn")
    path = f"/v1/events/{event['id']}"

    response = changed(client, path, locationid=barn["id"])

    assert response.json()["locationname"] == "Barn"
    got = client.get(path, headers=after(response))
    assert got.content == response.content
    assert client.delete(f"/v1/locations/{event['locationid']}").status_code == 204
    refused(client.delete(f"/v1/locations/{barn['id']}"), 409, "location-in-use")


@pytest.mark.parametrize("locationid", [99_999, 2**53 - 1])
def test_a_location_that_is_not_there_takes_no_event(web: TestClient, locationid: int) -> None:
    event = an_event(web)
    before = position(web)

    created = web.post("/v1/events", json={"locationid": locationid})
    went = web.patch(f"/v1/events/{event['id']}", json={"locationid": locationid})

    for answer in (created, went):
        problem = refused(answer, 422, "unknown-location")
        assert problem["errors"][0]["path"] == "locationid"
    assert position(web) == before


def test_another_account_s_location_takes_no_event(web: TestClient) -> None:
    location = a_location(web)
    other = {"Authorization": AS[Role.ADMIN]["Authorization"] + "-other"}

    answer = web.post("/v1/events", json={"locationid": location["id"]}, headers=other)

    refused(answer, 422, "unknown-location")


def test_a_deleted_location_takes_no_event(web: TestClient) -> None:
    location = a_location(web)
    web.delete(f"/v1/locations/{location['id']}")

    answer = web.post("/v1/events", json={"locationid": location["id"]})

    refused(answer, 422, "unknown-location")


def test_a_rename_of_the_location_reaches_its_events(client: TestClient) -> None:
    location = a_location(client)
    events = [an_event(client, locationid=location["id"]) for _ in range(2)]
    elsewhere = an_event(client)

    response = changed(client, f"/v1/locations/{location['id']}", name="Big hall")

    for event in events:
        got = client.get(f"/v1/events/{event['id']}", headers=after(response))
        moved_at = got.json()["lastupdatets"]
        assert moved_at > event["lastupdatets"]
        assert got.json() == event | {"locationname": "Big hall", "lastupdatets": moved_at}
    untouched = client.get(f"/v1/events/{elsewhere['id']}", headers=after(response))
    assert untouched.json() == elsewhere


def test_a_deleted_event_is_gone_for_readers_and_writers(client: TestClient) -> None:
    event = an_event(client)
    path = f"/v1/events/{event['id']}"

    response = client.delete(path)

    assert response.status_code == 204
    assert response.content == b""
    refused(client.get(path, headers=after(response)), 404, "not-found")
    for answer in (
        client.patch(path, json={"name": "New"}),
        client.post(f"{path}/publish"),
        client.post(f"{path}/dates", json={"start": START, "end": END}),
        client.get(f"{path}/availability", headers=after(response)),
        client.get(f"{path}/dates", headers=after(response)),
        client.delete(path),
    ):
        refused(answer, 404, "not-found")
    assert client.get("/v1/events").json()["total"] == 0


def test_custom_fields_take_any_json(web: TestClient) -> None:
    custom = {"c_a": None, "c_b": [1, {"x": [[]]}], "c_C9_": "é", "c_d": -1.5, "c_e": False}

    shown = an_event(web, **custom)

    assert "c_a" not in shown
    assert {n: shown[n] for n in custom if n != "c_a"} == {
        n: v for n, v in custom.items() if n != "c_a"
    }
