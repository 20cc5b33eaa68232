"""`Idempotency-Key`: a retry has one effect and gets the first answer."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from adapters.http.app import make_app
from adapters.settings import Settings
from tests.adapters.http.talk import (
    COMMANDS,
    MOVES,
    SALES,
    Route,
    Scene,
    a_location,
    an_event,
    changed,
    for_sale,
    opened,
    position,
    refused,
)


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


EVERY = [*COMMANDS, *SALES, *MOVES]


@pytest.mark.parametrize("route", EVERY, ids=str)
def test_a_retry_gets_the_first_answer_byte_for_byte(web: TestClient, route: Route) -> None:
    scene, headers = Scene(web, *route.steps), key()
    first = scene.ask(route, headers)
    before = position(web)

    retry = scene.ask(route, headers)

    assert first.status_code in (200, 201, 204), first.text
    assert retry.status_code == first.status_code
    assert retry.content == first.content
    assert dict(retry.headers) == {**first.headers, "idempotent-replayed": "true"}
    assert position(web) == before


@pytest.mark.parametrize("route", [r for r in EVERY if r.body], ids=str)
def test_the_same_key_with_another_body_is_refused(web: TestClient, route: Route) -> None:
    scene, headers = Scene(web, *route.steps), key()
    scene.ask(route, headers)
    before = position(web)

    problem = refused(scene.ask(route, headers, body=route.other), 422, "key-reused")

    assert problem["key"] == headers["Idempotency-Key"]
    assert position(web) == before


def test_the_same_key_on_another_route_is_refused(web: TestClient) -> None:
    path, headers = f"/v1/events/{for_sale(web)['id']}", key()
    web.post(f"{path}/publish", headers=headers)

    for answer in (
        web.post(f"{path}/redraft", headers=headers),
        web.delete(path, headers=headers),
        web.post(f"/v1/events/{an_event(web)['id']}/publish", headers=headers),
    ):
        refused(answer, 422, "key-reused")


def test_the_first_answer_stands_though_the_book_went_on(web: TestClient) -> None:
    path, headers = f"/v1/events/{an_event(web)['id']}", key()
    first = web.patch(path, json={"subtitle": "1"}, headers=headers)
    changed(web, path, subtitle="2")
    web.delete(path)

    retry = web.patch(path, json={"subtitle": "1"}, headers=headers)

    assert (retry.status_code, retry.content) == (200, first.content)


def test_a_key_is_remembered_after_a_restart(client: TestClient, settings: Settings) -> None:
    location, headers = a_location(client), key()
    body = {"locationid": location["id"], "name": "Live"}
    first = client.post("/v1/events", json=body, headers=headers)

    with opened(make_app(settings)) as restarted:
        before = position(restarted)
        retry = restarted.post("/v1/events", json=body, headers=headers)

        assert (retry.status_code, retry.content) == (first.status_code, first.content)
        assert dict(retry.headers) == {**first.headers, "idempotent-replayed": "true"}
        other = restarted.post("/v1/events", json=body | {"name": "x"}, headers=headers)
        refused(other, 422, "key-reused")
        assert position(restarted) == before


def test_a_key_used_many_times_at_once_has_one_effect(client: TestClient) -> None:
    body, headers = {"name": "Concert hall"}, key()

    def create(_: int) -> bytes:
        return client.post("/v1/locations", json=body, headers=headers).content

    with ThreadPoolExecutor(8) as together:
        answers = set(together.map(create, range(8)))

    assert len(answers) == 1
    assert (
        client.get("/v1/locations", headers={"Stagebook-After": str(position(client))}).json()[
            "total"
        ]
        == 1
    )


def test_a_refused_command_leaves_its_key_free(web: TestClient) -> None:
    path, headers = f"/v1/events/{for_sale(web, name=None)['id']}", key()
    refused(web.post(f"{path}/publish", headers=headers), 409, "not-publishable")
    changed(web, path, name="Live")

    answer = web.post(f"{path}/publish", headers=headers)

    assert answer.status_code == 200


def test_keys_of_two_accounts_never_meet(web: TestClient) -> None:
    headers = key()
    other = {**headers, "Authorization": "Bearer sb_admin-token-other"}

    mine = web.post("/v1/locations", json={"name": "Mine"}, headers=headers)
    theirs = web.post("/v1/locations", json={"name": "Theirs"}, headers=other)

    assert (mine.json()["name"], theirs.json()["name"]) == ("Mine", "Theirs")


def test_a_command_that_changed_nothing_keeps_its_answer_too(web: TestClient) -> None:
    path, headers = f"/v1/locations/{a_location(web)['id']}", key()
    first = web.patch(path, json={}, headers=headers)
    changed(web, path, city="Gent")

    retry = web.patch(path, json={}, headers=headers)

    assert retry.content == first.content
    assert dict(retry.headers) == {**first.headers, "idempotent-replayed": "true"}
