"""`/v1/projections`: where every view stands, and asking for a rebuild."""

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import AVAILABILITY, LOCATIONS, ORDERS, PROJECTIONS
from adapters.watching.views import rebuilds
from domain.registry import Role
from projections.rebuilding import rebuild
from tests.adapters.http.talk import AS, Json, a_location, book_of, now, position, refused
from tests.adapters.http.vendors import Served
from tests.followers import following

PATH = "/v1/projections"
REBUILD = f"{PATH}/orders/rebuild"
OPERATOR = AS[Role.OPERATOR]


def shown(client: TestClient, name: str) -> Json:
    document: Json = client.get(f"{PATH}/{name}").json()
    return document


def test_every_projection_tells_its_version_and_how_far_it_is(client: TestClient) -> None:
    a_location(client)
    for path in ("/v1/locations", "/v1/changes"):
        now(client, path)

    every = client.get(PATH).json()["data"]

    assert [one["name"] for one in every] == [projection.name for projection in PROJECTIONS]
    assert [one["version"] for one in every] == [projection.version for projection in PROJECTIONS]
    locations = next(one for one in every if one["name"] == "locations")
    generation = locations["generation"]
    assert (generation["number"], generation["version"]) == (1, LOCATIONS.version)
    assert shown(client, "locations").keys() == locations.keys()
    assert (locations["position"], locations["lag"]) == (position(client), 0)
    assert (locations["lagseconds"], locations["parked"]) == (0.0, 0)
    assert locations["state"] == "current"
    assert locations["before"] is locations["asked"] is locations["rebuild"] is None


def test_a_rebuild_tells_what_it_has_done(client: TestClient) -> None:
    a_location(client)
    now(client, "/v1/locations")
    book = book_of(client)
    seen: list[Json] = []
    measured: list[dict[str, float]] = []

    def look(*_: object) -> None:
        seen.append(shown(client, "locations"))
        measured.append(rebuilds(book))

    rebuild(LOCATIONS, book.store, book.views, look)

    assert 0 < measured[0]["locations"] <= 1
    assert rebuilds(book) == {}
    first, last = seen[0]["rebuild"], shown(client, "locations")
    assert (first["phase"], first["finishedts"], first["generation"]) == ("building", None, 2)
    assert 0 < first["done"] <= first["facts"]
    assert (seen[0]["generation"]["number"], last["generation"]["number"]) == (1, 2)
    assert last["before"]["number"] == 1
    done = last["rebuild"]
    assert (done["phase"], done["error"], done["askedby"]) == ("done", None, None)
    assert done["done"] == done["facts"] > 0
    assert first["startedts"] == done["startedts"] <= done["finishedts"]


class BrokenError(Exception):
    """What a rebuild fails of here."""


def test_a_rebuild_that_failed_tells_why(client: TestClient) -> None:
    a_location(client)
    book = book_of(client)

    def fail(*_: object) -> None:
        raise BrokenError("no good")

    with pytest.raises(BrokenError):
        rebuild(LOCATIONS, book.store, book.views, fail)

    told = shown(client, "locations")["rebuild"]
    assert (told["phase"], told["error"]) == ("failed", "BrokenError('no good')")


def test_a_rebuild_that_was_killed_is_told_as_stopped(client: TestClient) -> None:
    a_location(client)
    book = book_of(client)

    def die(*_: object) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        rebuild(LOCATIONS, book.store, book.views, die)

    assert shown(client, "locations")["rebuild"]["phase"] == "stopped"


def test_a_rebuild_is_asked_for_once(client: TestClient) -> None:
    asked = client.post(REBUILD, headers=OPERATOR)

    assert asked.status_code == 202
    assert asked.headers["Location"] == f"{PATH}/orders"
    wish = asked.json()["asked"]
    assert shown(client, "orders")["asked"] == wish
    assert wish["by"] == "operator-6"
    again = refused(client.post(REBUILD, headers=OPERATOR), 409, "being-rebuilt")
    assert (again["by"], again["since"]) == (wish["by"], wish["since"])
    assert client.post(f"{PATH}/events/rebuild", headers=OPERATOR).status_code == 202


def test_while_one_runs_no_other_is_asked_for(client: TestClient) -> None:
    book = book_of(client)
    with book.views.rebuilding(ORDERS):
        book.views.build(ORDERS)

        problem = refused(client.post(REBUILD, headers=OPERATOR), 409, "being-rebuilt")

    assert problem["process"] == shown(client, "orders")["rebuild"]["process"]
    assert f"process {problem['process']} on " in problem["detail"]
    assert shown(client, "orders")["asked"] is None


def test_what_was_asked_for_is_done_by_any_rebuild_that_begins_later(client: TestClient) -> None:
    client.post(REBUILD, headers=OPERATOR)
    book = book_of(client)

    rebuild(ORDERS, book.store, book.views, lambda *_: None)

    told = shown(client, "orders")
    assert (told["asked"], told["rebuild"]["askedby"]) == (None, "operator-6")
    assert shown(client, "events")["asked"] is None


@pytest.mark.parametrize("name", ["nothing", "ORDERS", "orders%20", "..", "%00"])
def test_there_are_no_others(web: TestClient, name: str) -> None:
    for answer in (web.get(f"{PATH}/{name}"), web.post(f"{PATH}/{name}/rebuild", headers=OPERATOR)):
        assert answer.status_code == 404


def test_auditors_look_and_only_an_operator_of_the_store_rebuilds(web: TestClient) -> None:
    for role in (Role.VIEWER, Role.SELLER, Role.EDITOR):
        for path in (PATH, f"{PATH}/orders"):
            refused(web.get(path, headers=AS[role]), 403, "forbidden")
    for role in (Role.AUDITOR, Role.ADMIN, Role.OPERATOR):
        assert web.get(PATH, headers=AS[role]).status_code == 200
    for role in {*Role} - {Role.OPERATOR}:
        problem = refused(web.post(REBUILD, headers=AS[role]), 403, "forbidden")
        assert problem["detail"] == f"the role {role} does not include operate: operator does"
    refused(web.get(PATH, headers={"Authorization": "Bearer x"}), 401, "unauthorized")


def test_it_is_streamed_as_it_changes(served: Served) -> None:
    headers = served.token("watched")
    token = headers["Authorization"].removeprefix("Bearer ")
    with following(served.port, PATH, token) as stream, served.session(headers) as http:
        before = next(stream)
        rebuild(AVAILABILITY, served.book.store, served.book.views, lambda *_: None)
        later = next(one for one in stream if phases(one.data).get("availability") == "done")

        assert before.name == later.name == "projections"
        assert [one["name"] for one in before.data["data"]] == [p.name for p in PROJECTIONS]
        assert http.get(PATH).json()["data"][2] == later.data["data"][2]


def phases(told: Json) -> dict[str, str]:
    return {one["name"]: one["rebuild"]["phase"] for one in told["data"] if one["rebuild"]}
