"""`ETag`, `If-None-Match` and `If-Match`: who decides on what they have seen."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.talk import (
    COMMANDS,
    END,
    FLOOR,
    LATER,
    SALES,
    START,
    TAKE,
    Json,
    Route,
    Scene,
    a_location,
    after,
    an_event,
    changed,
    made,
    moved,
    now,
    position,
    refused,
)

LISTED, CHEAPER = ({"prices": [{"pricetypeid": 2, "prices": [price]}]} for price in (15, 12.5))


def test_the_etag_changes_with_everything_that_the_body_shows(client: TestClient) -> None:
    location = a_location(client)
    event = an_event(client, locationid=location["id"])
    path = f"/v1/events/{event['id']}"
    barn = a_location(client, name="Barn")

    def dates_path() -> str:
        return f"{path}/dates/{client.get(f'{path}/dates').json()['data'][0]['id']}"

    changes = [
        lambda: client.patch(path, json={"subtitle": "2"}),
        lambda: client.patch(path, json={"c_x": {"a": 1}}),
        lambda: client.post(f"{path}/dates", json={"start": START, "end": END}),
        lambda: client.patch(dates_path(), json={"end": LATER}),
        lambda: client.patch(path, json={"contingents": [{"name": "A", "amount": 1}]}),
        lambda: client.patch(path, json={"contingents": [FLOOR | {"pricelistid": 1}]}),
        lambda: client.post("/v1/catalog/pricelists", json={"name": "P", "prices": LISTED}),
        lambda: client.patch("/v1/catalog/pricelists/1", json={"prices": CHEAPER}),
        lambda: client.patch(path, json={"seated_contingents": [{"name": "C"}]}),
        lambda: client.patch(f"/v1/locations/{location['id']}", json={"name": "Big hall"}),
        lambda: client.post(f"{path}/publish"),
        lambda: client.post("/v1/orders", json={"saleschannelid": 2, **take(client, path)}),
        lambda: client.post("/v1/orders/1/confirm"),
        lambda: client.post("/v1/orders/1/cancel"),
        lambda: client.patch(path, json={"locationid": barn["id"]}),
        lambda: client.patch(f"/v1/locations/{barn['id']}", json={"name": "Great barn"}),
        lambda: client.delete(dates_path()),
        lambda: client.post(f"{path}/revert", json={"version": 2}),
    ]
    seen = [now(client, path)]
    for change in changes:
        response = change()
        assert response.status_code < 300, response.text
        seen.append(client.get(path, headers=after(response)))

    assert len({got.content for got in seen}) == len(seen)
    assert len({got.headers["ETag"] for got in seen}) == len(seen)


def take(client: TestClient, path: str) -> Json:
    lots = client.get(path).json()["contingents"]
    return {"take": [{"contingentid": lots[0]["id"]}]}


def test_the_etag_stays_when_the_body_does(client: TestClient) -> None:
    event = an_event(client)
    path = f"/v1/events/{event['id']}"
    before = now(client, path)

    changed(client, f"/v1/locations/{event['locationid']}", capacity=5)
    changed(client, path, name="Live")

    got = now(client, path)
    assert got.content == before.content
    assert got.headers["ETag"] == before.headers["ETag"]


@pytest.mark.parametrize("held", ["{etag}", "W/{etag}", '"0", {etag}', "*"])
@pytest.mark.parametrize("kind", ["events", "locations"])
def test_who_has_the_document_is_told_so(web: TestClient, kind: str, held: str) -> None:
    made = an_event(web) if kind == "events" else a_location(web)
    path = f"/v1/{kind}/{made['id']}"
    etag = now(web, path).headers["ETag"]

    got = web.get(path, headers={"If-None-Match": held.format(etag=etag)})

    assert got.status_code == 304
    assert got.content == b""
    assert got.headers["ETag"] == etag


def test_who_has_an_older_document_gets_the_new_one(web: TestClient) -> None:
    path = f"/v1/events/{an_event(web)['id']}"
    etag = now(web, path).headers["ETag"]
    changed(web, path, name="New")

    got = now(web, path, **{"If-None-Match": etag})

    assert got.status_code == 200
    assert got.json()["name"] == "New"


CONDITIONAL = [r for r in [*COMMANDS, *SALES] if "{" in r.path]


@pytest.mark.parametrize("route", CONDITIONAL, ids=str)
def test_every_change_refuses_what_was_decided_on_an_older_version(
    web: TestClient, route: Route
) -> None:
    scene = Scene(web, *route.steps)
    path = scene.url(Route("GET", route.path[: route.path.index("}") + 1]))
    older = now(web, path)
    if "close" in route.steps:  # what is closed takes no edit
        moved(web, scene.event, "reopen", "close")
    elif "{order}" in route.path:
        assert web.post(f"{path}/tickets", json=scene.filled(TAKE)).status_code == 200
    else:
        changed(web, path, c_touched=True)
    newer = now(web, path)
    scene.filled(route.body)
    before = position(web)

    answer = scene.ask(route, {"If-Match": older.headers["ETag"]})

    problem = refused(answer, 412, "version-mismatch")
    assert problem["version"] == newer.json()["version"]
    assert position(web) == before
    assert scene.ask(route, {"If-Match": newer.headers["ETag"]}).status_code in (200, 201, 204)


def test_what_moved_beside_the_aggregate_does_not_refuse_its_change(web: TestClient) -> None:
    event = an_event(web)
    path = f"/v1/events/{event['id']}"
    seen = now(web, path).headers["ETag"]
    changed(web, f"/v1/locations/{event['locationid']}", name="Renamed")
    changed(web, path, contingents=[{"name": "Tickets"}])

    response = changed(web, path, headers={"If-Match": seen}, subtitle="New")

    assert response.headers["ETag"] != seen


@pytest.mark.parametrize("header", ["*", 'W/"1.0.1"', '"1.0.1-fr"', '"1"', ' "1.0.1" '])
def test_every_form_of_the_version_counts(web: TestClient, header: str) -> None:
    event = an_event(web)

    response = changed(
        web, f"/v1/events/{event['id']}", headers={"If-Match": header}, subtitle="New"
    )

    assert response.json()["version"] == 2


def test_a_version_of_the_future_is_refused(web: TestClient) -> None:
    path = f"/v1/locations/{a_location(web)['id']}"

    answer = web.patch(path, json={"city": "Gent"}, headers={"If-Match": '"2"'})

    assert refused(answer, 412, "version-mismatch")["version"] == 1


def test_of_two_who_change_the_contingents_they_saw_the_second_is_refused(
    client: TestClient,
) -> None:
    event = an_event(client, contingents=[{"name": "Tickets", "amount": 100}])
    path = f"/v1/events/{event['id']}"
    seen = {"If-Match": now(client, path).headers["ETag"]}
    own = event["contingents"][0]["id"]

    first = client.patch(path, json={"contingents": [{"id": own, "amount": 90}]}, headers=seen)
    second = client.patch(path, json={"contingents": [{"id": own, "amount": 80}]}, headers=seen)

    assert first.status_code == 200
    refused(second, 412, "version-mismatch")
    assert now(client, path).json()["contingents"][0]["amount"] == 90


def test_of_many_at_once_one_wins(client: TestClient) -> None:
    event = an_event(client, contingents=[{"name": "Tickets", "amount": 100}])
    path = f"/v1/events/{event['id']}"
    seen = {"If-Match": now(client, path).headers["ETag"]}
    own = event["contingents"][0]["id"]

    def change(amount: int) -> int:
        body = {"contingents": [{"id": own, "amount": amount}], "totalmaxtickets": amount}
        return client.patch(path, json=body, headers=seen).status_code

    with ThreadPoolExecutor(8) as together:
        statuses = list(together.map(change, range(8)))

    assert sorted(statuses) == [200] + [412] * 7
    shown = now(client, path).json()
    assert shown["totalmaxtickets"] == shown["contingents"][0]["amount"] == statuses.index(200)


def test_a_date_shows_the_version_of_its_event(web: TestClient) -> None:
    event = an_event(web)
    path = f"/v1/events/{event['id']}/dates"
    added = web.post(path, json={"start": START, "end": END})
    made(web, path, start=START, end=LATER)

    answer = web.patch(
        f"{path}/{added.json()['id']}",
        json={"name": "x"},
        headers={"If-Match": added.headers["ETag"]},
    )

    assert refused(answer, 412, "version-mismatch")["version"] == 3
