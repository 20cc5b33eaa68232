"""Nothing is kept of a picture that is refused."""

from fastapi.testclient import TestClient
from ticketmatic.client import Client

from application.ports import Store
from domain.ids import account_number
from tests.adapters.http.talk import PNG, an_event, png
from tests.adapters.http.test_ticketmatic_events import raw
from tests.adapters.http.vendors import Served

HOUSE = account_number("demo")


def kept(client: TestClient) -> list[str]:
    store: Store = client.app.state.stagebook.store  # type: ignore[attr-defined]
    return [*store.blobs(HOUSE)]


def test_a_picture_of_an_event_that_does_not_exist_is_not_kept(web: TestClient) -> None:
    before = kept(web)

    answer = web.put("/v1/events/999999/image", content=png(5, 7))

    assert answer.status_code == 404, answer.text
    assert kept(web) == before


def test_the_same_on_the_ticketmatic_surface(tm: Client, served: Served) -> None:
    answer = raw(tm, "POST", "/events/999999/image", content=png(5, 7))

    store: Store = served.app.state.stagebook.store
    assert answer.status_code == 404, answer.text
    assert [*store.blobs(account_number(tm.account_code))] == []


def test_a_picture_for_an_older_version_is_not_kept(web: TestClient) -> None:
    path, before = f"/v1/events/{an_event(web)['id']}/image", kept(web)

    answer = web.put(path, content=png(6, 7), headers={"If-Match": '"9.9"'})

    assert answer.status_code in (412, 422), answer.text
    assert kept(web) == before


def test_two_events_with_the_same_picture_keep_it_once_and_a_repeated_request_too(
    web: TestClient,
) -> None:
    paths = [f"/v1/events/{an_event(web)['id']}/image" for _ in range(2)]
    before = kept(web)
    headers = {"Idempotency-Key": "picture-1"}

    first = web.put(paths[0], content=png(8, 7), headers=headers)
    again = web.put(paths[0], content=png(8, 7), headers=headers)
    other = web.put(paths[1], content=png(8, 7))

    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json()["image"] == again.json()["image"] == other.json()["image"]
    assert len(kept(web)) == len(before) + 1
    assert web.get(other.json()["image"]).content == png(8, 7) != PNG
