"""A read without any header: what it shows at least, and what it says when it cannot."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from application.keyring import NewKey, adding_key
from domain.ids import Kind, account_number, guid
from domain.registry import Role
from tests.adapters.http.talk import (
    AS,
    END,
    START,
    a_location,
    an_event,
    book_of,
    changed,
    for_sale,
    made,
    moved,
    opened,
    position,
    refused,
)
from tests.conftest import ACCOUNT, add_keys

HOUSE = account_number(ACCOUNT)
ROUNDS = 8
WHATEVER = {"Stagebook-After": "0"}


def at(response: Response) -> int:
    return int(response.headers["Stagebook-Position"])


def ok(response: Response) -> Any:
    assert response.status_code == 200, response.text
    assert "Stagebook-Lag" not in response.headers
    return response.json()


def test_who_wrote_reads_it_everywhere(client: TestClient) -> None:
    event = moved(client, for_sale(client), "publish")
    path, place = f"/v1/events/{event['id']}", f"/v1/locations/{event['locationid']}"
    take = {"eventid": event["id"], "contingentid": event["contingents"][0]["id"], "amount": 2}

    for number in range(ROUNDS):
        name = f"round{number}"
        written = changed(client, path, name=name)
        document, listed = client.get(path), client.get(f"/v1/events?q={name}")
        feed = client.get(f"/v1/changes?after={at(written) - 1}")
        other = client.get(f"/event/{event['guid']}")

        assert ok(document) == written.json()
        assert [one["name"] for one in ok(listed)["data"]] == [name]
        assert ok(feed)["data"][0]["position"] == at(written)
        assert ok(other)["name"] == name
        assert min(map(at, (document, listed, feed, other))) >= at(written)

        changed(client, place, name=f"Hall {number}")
        assert ok(client.get(path))["locationname"] == f"Hall {number}"
        history = ok(client.get(f"{path}/history?limit=1"))["data"][0]
        assert history["changes"][0]["after"] in (name, f"Hall {number}")

        order = made(client, "/v1/orders", saleschannelid=2, take=[take])
        availability = ok(client.get(f"{path}/availability"))
        assert ok(client.get(f"/v1/orders/{order['id']}")) == order
        assert ok(client.get("/v1/orders"))["data"][-1]["id"] == order["id"]
        assert availability["total"]["reserved"] == 2 * (number + 1)
        assert len(ok(client.get(f"/v1/orders/{order['id']}/tickets"))["data"]) == 2


def test_what_another_process_committed_to_a_document_is_in_it(
    client: TestClient, settings: Settings
) -> None:
    with opened(make_app(settings, worker=False)) as other:
        event = an_event(other)
        for number in range(ROUNDS):
            written = changed(client, f"/v1/events/{event['id']}", subtitle=str(number))
            assert ok(other.get(f"/v1/events/{event['id']}")) == written.json()
            date = made(client, f"/v1/events/{event['id']}/dates", start=START, end=END)
            assert ok(other.get(f"/v1/events/{event['id']}/dates/{date['id']}")) == date
        place = a_location(client)
        assert ok(other.get(f"/v1/locations/{place['id']}")) == place


# -- views that stand still


@pytest.fixture
def still(settings: Settings) -> Iterator[TestClient]:
    """An application whose views came so far as to show an Event, and that no worker keeps."""
    settings = settings.model_copy(update={"view_wait": 0.03})
    with closing(bootstrap(settings)) as book:
        book.start()
        add_keys(book)
    with opened(make_app(settings)) as client:
        moved(client, for_sale(client), "publish")
        assert book_of(client).catch_up(30)
    with opened(make_app(settings, worker=False)) as client:
        yield client


def test_a_view_that_is_behind_shows_what_it_has_and_says_so(still: TestClient) -> None:
    before, head = still.get("/v1/events/1").json(), position(still)
    changed(still, "/v1/events/1", name="New")

    for path in ("/v1/events/1", "/v1/events", "/v1/changes", "/v1/events/1/dates"):
        answer = still.get(path)
        assert answer.status_code == 200, answer.text
        assert at(answer) == head
        assert 0 <= float(answer.headers["Stagebook-Lag"]) < 30
    assert still.get("/v1/events/1").json() == before
    assert still.get("/v1/events").json()["data"] == [before]

    shown = still.get(f"/event/{guid(HOUSE, Kind.EVENT, 1)}")
    assert (shown.json()["name"], at(shown)) == (before["name"], head)
    assert float(shown.headers["Stagebook-Lag"]) >= 0


def test_what_was_given_out_is_never_said_not_to_exist(still: TestClient) -> None:
    head, place = position(still), a_location(still)
    take = {"eventid": 1, "contingentid": 1, "amount": 1}
    order = made(still, "/v1/orders", saleschannelid=2, take=[take])
    gone = ("/v1/locations/404", "/v1/orders/404", "/v1/events/404/availability")

    for path in (f"/v1/locations/{place['id']}", f"/v1/orders/{order['id']}"):
        for headers in ({}, WHATEVER, AS[Role.ADMIN]):
            answer = still.get(path, headers=headers)
            problem = refused(answer, 503, "not-yet")
            assert int(answer.headers["Retry-After"]) >= 1
            assert problem["position"] == head
    answer = still.get(f"/location/{place['guid']}")
    assert (answer.status_code, answer.json()["error_code"]) == (503, "not-yet")
    for path in gone:
        refused(still.get(path), 404, "not-found")


def test_whatever_is_there_is_not_waited_for(still: TestClient) -> None:
    before = still.get("/v1/events/1").json()
    changed(still, "/v1/events/1", name="New")

    for path, shown in (("/v1/events/1", before), ("/v1/events", None), ("/v1/changes", None)):
        answer = still.get(path, headers=WHATEVER)
        assert "Stagebook-Lag" not in answer.headers
        assert ok(answer) == (shown or ok(answer))


def test_a_list_is_as_new_as_what_its_key_was_answered(still: TestClient) -> None:
    changed(still, "/v1/events/1", name="New")

    lists = [still.get("/v1/events", headers=AS[role]) for role in (Role.ADMIN, Role.VIEWER)]
    documents = [still.get("/v1/events/1", headers=AS[role]) for role in (Role.ADMIN, Role.VIEWER)]

    assert ["Stagebook-Lag" in one.headers for one in lists] == [True, False]
    assert ["Stagebook-Lag" in one.headers for one in documents] == [True, True]


def test_who_has_seen_a_change_finds_it_elsewhere(still: TestClient) -> None:
    """A seller's own order, by the hand of another: once it was shown, the list is not older."""
    changed(still, "/v1/locations/1", name="Moved")
    viewer = AS[Role.VIEWER]
    assert "Stagebook-Lag" not in still.get("/v1/locations", headers=viewer).headers

    with closing(bootstrap(book_of(still).settings)) as beside:
        beside.start_worker()
        assert beside.catch_up(30)
    ok(still.get("/v1/locations/1", headers=viewer))
    changed(still, "/v1/locations/1", name="Again")

    assert "Stagebook-Lag" not in still.get("/v1/locations", headers=viewer).headers


# -- what every answer says


def test_every_answer_says_its_position(web: TestClient) -> None:
    event = moved(web, for_sale(web), "publish")
    channel = made(web, "/v1/catalog/saleschannels", name="Shop", typeid=3002)
    head = position(web)
    house = f"/api/1/{ACCOUNT}"

    for method, path, status in (
        ("GET", f"/v1/events/{event['id']}", 200),
        ("GET", "/v1/events", 200),
        ("GET", f"/v1/events/{event['id']}/history", 200),
        ("GET", f"/v1/events/{event['id']}/tickets", 200),
        ("GET", "/v1/projections", 200),
        ("GET", "/v1/events/99999", 404),
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/events", 405),
        ("POST", "/v1/events", 422),
        ("PATCH", f"/v1/events/{event['id']}", 200),
        ("POST", f"/v1/events/{event['id']}/redraft", 200),
        ("GET", "/health/live", 200),
        ("GET", "/health/ready", 200),
        ("GET", f"{house}/events", 401),
        ("GET", "/event", 200),
        ("GET", "/event/nothing", 404),
        ("GET", f"/storefront/{channel['guid']}/data", 200),
        ("GET", f"/storefront/{event['guid']}", 404),
    ):
        answer = web.request(method, path, json={} if method == "PATCH" else None)
        shown = (answer.status_code, path, at(answer) >= head, answer.text[:200])
        assert shown[:3] == (status, path, True), shown
    unknown = web.get("/v1/events", headers={"Authorization": "Bearer nobody"})
    assert (unknown.status_code, at(unknown) >= head) == (401, True)


# -- keys


def test_a_key_that_was_just_added_elsewhere_works_at_once(client: TestClient) -> None:
    with closing(bootstrap(book_of(client).settings)) as elsewhere:
        elsewhere.start_writer()
        for number in range(3):
            token = f"new-{number}"
            adding = adding_key(NewKey(ACCOUNT, Role.VIEWER), token)
            elsewhere.execute(adding, account=0, actor="tests")
            bearer = {"Authorization": f"Bearer {token}"}
            assert client.get("/v1/events", headers=bearer).status_code == 200
