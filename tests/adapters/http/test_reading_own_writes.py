"""`Stagebook-After`: a read that must not be older than a write."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from adapters.http.app import make_app
from tests.adapters.http.talk import (
    AUDITS,
    READS,
    SALES_AUDITS,
    SALES_READS,
    Route,
    Scene,
    a_location,
    after,
    book_of,
    changed,
    opened,
    paths,
    position,
    refused,
)

GETS = [*READS, *AUDITS, *SALES_READS, *SALES_AUDITS]


def test_who_wrote_reads_it_at_once(client: TestClient) -> None:
    path = f"/v1/locations/{a_location(client)['id']}"

    for number in range(20):
        written = changed(client, path, capacity=number + 1)
        document = client.get(path, headers=after(written))
        listed = client.get("/v1/locations", headers=after(written))
        feed = client.get("/v1/changes?limit=1000", headers=after(written))

        assert document.content == written.content
        assert listed.json()["data"] == [written.json()]
        assert feed.json()["data"][-1]["version"] == written.json()["version"]


def test_a_read_waits_for_what_is_still_to_come(client: TestClient) -> None:
    path = f"/v1/locations/{a_location(client)['id']}"

    with ThreadPoolExecutor(1) as beside:
        ahead = {"Stagebook-After": str(position(client) + 1)}
        reading = beside.submit(client.get, path, headers=ahead)
        changed(client, path, capacity=5)

        assert reading.result().json()["capacity"] == 5


@pytest.fixture(scope="module")
def hasty(web: TestClient) -> Iterator[TestClient]:
    """Another process on the same store, whose reads hardly wait."""
    settings = book_of(web).settings.model_copy(update={"view_wait": 0.02})
    with opened(make_app(settings, worker=False)) as client:
        yield client


@pytest.mark.parametrize("route", GETS, ids=str)
def test_a_position_that_the_store_never_had_is_said_to_be_one(
    web: TestClient, hasty: TestClient, route: Route
) -> None:
    path = Scene(web, *route.steps).url(route)
    never = {"Stagebook-After": str(position(web) + 1_000)}

    answer = hasty.get(path, headers=never)

    problem = refused(answer, 409, "ahead-of-store")
    assert problem["position"] <= position(web)
    assert problem["store"] == answer.headers["Stagebook-Store"]


@pytest.mark.parametrize(
    "header", ["", "x", "-1", "1.5", "٣", "1 ", "+1", "4611686018427387905", "9" * 30]
)
@pytest.mark.parametrize(
    "path", ["/v1/events", "/v1/events/1", "/v1/changes", "/v1/events/1/history"]
)
def test_a_bad_position_is_refused(web: TestClient, path: str, header: str) -> None:
    answer = web.get(path, headers={"Stagebook-After": header.encode()})

    assert paths(refused(answer, 422, "invalid")) == ["Stagebook-After"]


def test_a_position_of_long_ago_is_there_already(web: TestClient) -> None:
    document = a_location(web)

    answers = [
        web.get(f"/v1/locations/{document['id']}", headers={"Stagebook-After": str(at)})
        for at in (position(web), 1, 0)
    ]

    assert {answer.status_code for answer in answers} == {200}
