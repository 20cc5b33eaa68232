"""What clients of the vendors send wrong: told in their words, and nothing is recorded."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from ticketmatic.client import Client

from tests.adapters.http.test_ticketmatic_events import made, raw
from tests.adapters.http.vendors import Served

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LAST = "9999-12-31T23:30:00Z"


@pytest.mark.parametrize("capacity", ["--5", "-", "٣", "1e3", "9" * 400])
def test_a_number_that_is_none(web: TestClient, capacity: str) -> None:
    answer = web.post("/location", data={"name": "Hall", "capacity": capacity, "address": "x"})

    assert (answer.status_code, list(answer.json()["fields"])) == (406, ["capacity"])


def test_a_form_in_utf_8_needs_no_percent_signs(web: TestClient) -> None:
    answer = web.post("/location", content="name=Café&capacity=1&address=x".encode(), headers=FORM)

    assert answer.json()["name"] == "Café"


@pytest.mark.parametrize("name", [b"Caf\xe9", b"Caf%E9", b"%ED%A0%80"])
def test_a_form_in_another_encoding(web: TestClient, name: bytes) -> None:
    answer = web.post("/location", content=b"capacity=1&address=x&name=" + name, headers=FORM)

    assert (answer.status_code, list(answer.json()["fields"])) == (406, ["body"])


@pytest.mark.parametrize("translations", [["a"], "a", 5])
def test_translations_that_are_no_map(tm: Client, translations: Any) -> None:
    body, dutch = {"name": "Night", "translations": translations}, {"Accept-Language": "nl"}

    answer = raw(tm, "POST", "/events", json=body, headers=dutch)

    assert (answer.status_code, answer.json()["applicationdata"]["errors"][0]["path"]) == (
        400,
        "translations",
    )


def test_a_batch_tells_of_each_event_though_a_value_fits_only_some(tm: Client) -> None:
    titled, untitled = made(tm), made(tm)
    raw(tm, "PUT", f"/events/{titled.id}", json={"subtitle": "text"})
    fields = [{"key": "subtitle", "updatetype": "add", "value": "x"}]

    answer = raw(
        tm,
        "POST",
        "/events/batch",
        json={
            "ids": [untitled.id, titled.id],
            "operation": "update",
            "parameters": {"updatefields": fields},
        },
    )

    assert answer.status_code == 200, answer.text
    assert [one["succeeded"] for one in answer.json()["results"]] == [False, False]


def test_a_batch_adds_all_that_is_to_be_added(tm: Client) -> None:
    event = made(tm)
    fields = [{"key": "c_tags", "updatetype": "add", "value": tag} for tag in ("a", "b")]
    body = {"ids": [event.id], "operation": "update", "parameters": {"updatefields": fields}}

    raw(tm, "POST", "/events/batch", json=body)

    assert raw(tm, "GET", f"/events/{event.id}").json()["c_tags"] == ["a", "b"]


def test_a_batch_of_orders_adds_all_that_is_to_be_added(tm: Client) -> None:
    order = raw(tm, "POST", "/orders", json={"saleschannelid": 1}).json()["orderid"]
    fields = [{"key": "c_tags", "updatetype": "add", "value": tag} for tag in ("a", "b")]
    body = {"ids": [order], "operation": "update", "parameters": {"updatefields": fields}}

    raw(tm, "POST", "/orders/batch", json=body)

    assert raw(tm, "GET", f"/orders/{order}").json()["c_tags"] == ["a", "b"]


@pytest.mark.parametrize(
    ("path", "parameter", "name"),
    [
        ("/events", "simplefilter", "statuses"),
        ("/events", "context", "channel"),
        ("/orders", "simplefilter", "searchterm"),
        ("/events/{id}/tickets", "simplefilter", "contingentid"),
    ],
)
def test_a_filter_that_is_not_known_does_not_let_everything_through(
    tm: Client, path: str, parameter: str, name: str
) -> None:
    asked = path.format(id=made(tm).id)

    answer = raw(tm, "GET", asked, params={parameter: f'{{"{name}": 1}}'})

    assert (answer.status_code, answer.json()["applicationdata"]["errors"][0]["path"]) == (
        400,
        f"{parameter}.{name}",
    )


def test_times_where_the_calendar_ends_are_shown(served: Served, tm: Client) -> None:
    token = served.token(tm.account_code)
    event = raw(tm, "POST", "/events", json={"name": "Last", "startts": LAST}).json()
    date = {"event_id": event["guid"], "start": "9999-12-31T23:00:00Z", "end": LAST}
    served.http.post("/eventdate", json=date, headers=token)

    listed = raw(tm, "GET", "/events", params={"simplefilter": '{"status":[19001]}'})
    answers = [
        listed,
        raw(tm, "GET", f"/events/{event['id']}"),
        *(served.http.get(path, headers=token) for path in ("/event", "/eventdate")),
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert event["startts"] == "9999-12-31T23:30:00+00:00"
