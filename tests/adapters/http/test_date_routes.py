"""`/v1/events/{id}/dates` on both stores."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from application.unit_of_work import UnitOfWork
from domain.event import MAX_DATES, DateFields, Event
from domain.ids import Kind, account_number
from tests.adapters.http.talk import (
    END,
    LATER,
    START,
    after,
    an_event,
    book_of,
    changed,
    made,
    now,
    position,
    refused,
)


def test_a_date_is_added_changed_and_removed(client: TestClient) -> None:
    event = an_event(client, startts=None, endts=None)
    path = f"/v1/events/{event['id']}/dates"

    added = client.post(path, json={"start": START, "end": END, "name": "Saturday"})

    date = added.json()
    assert added.status_code == 201
    assert date | {"start": START, "end": END, "name": "Saturday", "capacity": 0} == date
    assert date["eventid"] == event["id"]
    assert added.headers["Location"] == f"{path}/{date['id']}"
    shown = client.get(f"/v1/events/{event['id']}", headers=after(added))
    assert shown.headers["ETag"] == added.headers["ETag"]
    assert shown.json()["dates"] == [date]
    assert (shown.json()["startts"], shown.json()["endts"]) == (START, END)
    assert client.get(path).json() == {"data": [date], "next": None, "total": 1}
    assert client.get(f"{path}/{date['id']}").json() == date

    response = changed(client, f"{path}/{date['id']}", end=LATER, name=None)

    assert response.json() == date | {"end": LATER, "name": None}
    shown = client.get(f"/v1/events/{event['id']}", headers=after(response))
    assert shown.json()["dates"] == [response.json()]
    assert shown.json()["endts"] == LATER

    removed = client.delete(f"{path}/{date['id']}")

    assert removed.status_code == 204
    assert client.get(path, headers=after(removed)).json()["data"] == []
    refused(client.get(f"{path}/{date['id']}"), 404, "not-found")
    refused(client.patch(f"{path}/{date['id']}", json={"name": "x"}), 404, "not-found")
    refused(client.delete(f"{path}/{date['id']}"), 404, "not-found")


def test_a_date_has_the_etag_of_its_event(web: TestClient) -> None:
    event = an_event(web)
    path = f"/v1/events/{event['id']}/dates"
    added = web.post(path, json={"start": START, "end": END})
    one = f"{path}/{added.json()['id']}"

    etags = {now(web, p).headers["ETag"] for p in (one, path, f"/v1/events/{event['id']}")}

    assert etags == {added.headers["ETag"]}
    for held in (one, path):
        assert web.get(held, headers={"If-None-Match": added.headers["ETag"]}).status_code == 304
    changed(web, one, headers={"If-Match": added.headers["ETag"]}, name="Saturday")
    assert now(web, one, **{"If-None-Match": added.headers["ETag"]}).json()["name"] == "Saturday"


def test_times_are_the_same_instants_in_utc(web: TestClient) -> None:
    event = an_event(web)

    date = made(
        web,
        f"/v1/events/{event['id']}/dates",
        start="2026-11-21T20:00:00+01:00",
        end="2026-11-21T23:30:00.5-00:30",
    )

    assert (date["start"], date["end"]) == ("2026-11-21T19:00:00Z", "2026-11-22T00:00:00.500000Z")


def test_a_date_of_another_event_is_not_found(web: TestClient) -> None:
    mine, other = an_event(web), an_event(web)
    date = made(web, f"/v1/events/{other['id']}/dates", start=START, end=END)
    path = f"/v1/events/{mine['id']}/dates/{date['id']}"

    answers = [now(web, path), web.patch(path, json={"name": "x"}), web.delete(path)]

    for answer in answers:
        refused(answer, 404, "not-found")


BAD_DATES: list[tuple[dict[str, Any], str]] = [
    ({}, "start end"),
    ({"start": START}, "end"),
    ({"start": None, "end": END}, "start"),
    ({"start": START, "end": START}, "end"),
    ({"start": END, "end": START}, "end"),
    ({"start": "2026-11-21T20:00:00+01:00", "end": "2026-11-21T19:00:00Z"}, "end"),
    ({"start": "2026-11-21T20:00:00", "end": END}, "start"),
    ({"start": START, "end": END, "capacity": -1}, "capacity"),
    ({"start": START, "end": END, "name": "x" * 256}, "name"),
    ({"start": START, "end": END, "c_x": 1}, "c_x"),
]


@pytest.mark.parametrize(("body", "path"), BAD_DATES, ids=str)
def test_a_bad_date_is_refused_by_its_path(
    web: TestClient, body: dict[str, Any], path: str
) -> None:
    event = an_event(web)
    before = position(web)

    problem = refused(web.post(f"/v1/events/{event['id']}/dates", json=body), 422, "invalid")

    assert [error["path"] for error in problem["errors"]] == path.split()
    assert position(web) == before


@pytest.mark.parametrize("body", [{"end": START}, {"start": LATER}, {"start": None}])
def test_a_change_leaves_the_end_later_than_the_start(
    web: TestClient, body: dict[str, Any]
) -> None:
    event = an_event(web)
    date = made(web, f"/v1/events/{event['id']}/dates", start=START, end=END)
    before = position(web)

    answer = web.patch(f"/v1/events/{event['id']}/dates/{date['id']}", json=body)

    refused(answer, 422, "invalid")
    assert position(web) == before


def test_an_event_has_ten_thousand_dates_and_not_one_more(web: TestClient) -> None:
    event = an_event(web)
    path = f"/v1/events/{event['id']}"

    def fill(work: UnitOfWork) -> None:
        aggregate = work.load(Event, event["id"])
        fields = DateFields(start=START, end=END)
        for _ in range(MAX_DATES):
            aggregate.add_date(work.next_number(Kind.DATE), fields, work.metadata)

    elsewhere = bootstrap(book_of(web).settings)
    elsewhere.start_writer()
    elsewhere.execute(fill, account=account_number("demo"), actor="filler")
    elsewhere.close()

    dates = now(web, f"{path}/dates")
    assert dates.json()["total"] == MAX_DATES == 10_000
    before = position(web)
    answer = web.post(f"{path}/dates", json={"start": START, "end": END})
    problem = refused(answer, 409, "too-many-dates")
    assert problem["limit"] == MAX_DATES
    assert position(web) == before
    last = dates.json()["data"][-1]["id"]
    assert changed(web, f"{path}/dates/{last}", end=LATER).json()["end"] == LATER
    assert web.delete(f"{path}/dates/{last}").status_code == 204
