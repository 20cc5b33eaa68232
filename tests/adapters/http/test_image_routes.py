"""The image of an Event, and where images are served."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.registry import Role
from tests.adapters.http.talk import (
    AS,
    PNG,
    Json,
    an_event,
    moved,
    now,
    png,
    position,
    refused,
)
from tests.spec import PRICED


def pictured(client: TestClient, event: Json, data: bytes = PNG, **headers: str) -> Json:
    answer = client.put(f"/v1/events/{event['id']}/image", content=data, headers=headers)
    assert answer.status_code == 200, answer.text
    shown: Json = answer.json()
    return shown


def test_an_image_is_shown_by_its_event_and_served_to_anyone_for_ever(client: TestClient) -> None:
    event = pictured(client, an_event(client))

    assert now(client, f"/v1/events/{event['id']}").json() == event
    served = client.get(event["image"], headers={"Authorization": ""})
    assert served.content == PNG
    assert served.headers["content-type"] == "image/png"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
    held = {"If-None-Match": served.headers["etag"]}
    assert client.get(event["image"] + "?any=1", headers=held).status_code == 304


def test_the_past_shows_the_image_of_then(client: TestClient) -> None:
    event = an_event(client)
    path = f"/v1/events/{event['id']}"
    first = pictured(client, event)
    second = pictured(client, event, png(3, 3))
    gone = client.delete(f"{path}/image").json()

    shown = [client.get(f"{path}?version={n}").json()["image"] for n in (1, 2, 3, 4)]
    assert shown == [None, first["image"], second["image"], None] == [*shown[:3], gone["image"]]
    diff = client.get(f"{path}/diff?from=2&to=3").json()["changes"]
    assert {"path": "image", "before": first["image"], "after": second["image"]} in diff
    entry = client.get(f"{path}/history?limit=1").json()["data"][0]
    change = {"path": "image", "before": second["image"], "after": None}
    assert (entry["fact"], entry["changes"]) == ("EventImageChanged", [change])
    back = client.post(f"{path}/revert", json={"version": 2}).json()
    assert back["image"] == first["image"]
    assert client.get(first["image"]).content == PNG


def test_the_same_image_again_records_nothing(web: TestClient) -> None:
    event = an_event(web)
    pictured(web, event)
    before = position(web)

    pictured(web, event)

    assert position(web) == before


def test_an_image_is_larger_than_any_other_body_may_be(web: TestClient) -> None:
    event, ten = an_event(web), 10 * 2**20
    path = f"/v1/events/{event['id']}"

    pictured(web, event, PNG.ljust(ten, b"\0"))
    refused(web.put(f"{path}/image", content=PNG.ljust(ten + 1, b"\0")), 413, "too-large")
    chunks = iter([PNG, bytes(ten)])
    refused(web.put(f"{path}/image", content=chunks), 413, "too-large")
    refused(web.patch(path, content=b" " * (2**20 + 1)), 413, "too-large")


@pytest.mark.parametrize("data", [b"", b"text", b"GIF89a", PNG[:-30]])
def test_what_is_no_image_is_refused_and_nothing_is_kept(web: TestClient, data: bytes) -> None:
    event = an_event(web)
    before = position(web)

    answer = web.put(f"/v1/events/{event['id']}/image", content=data)

    problem = refused(answer, 422, "invalid")
    assert problem["errors"][0]["path"] == "image"
    assert position(web) == before


def test_an_image_is_put_with_a_key_and_a_version_like_any_change(web: TestClient) -> None:
    event = an_event(web)
    path = f"/v1/events/{event['id']}/image"

    one = pictured(web, event, PNG, **{"Idempotency-Key": "once", "If-Match": '"1"'})
    again = pictured(web, event, PNG, **{"Idempotency-Key": "once", "If-Match": '"1"'})

    assert one == again
    refused(web.put(path, content=PNG, headers={"If-Match": '"1"'}), 412, "version-mismatch")
    other: dict[str, Any] = {"content": png(9, 9), "headers": {"Idempotency-Key": "once"}}
    refused(web.put(path, **other), 422, "key-reused")


def test_a_closed_event_keeps_its_image_and_a_viewer_changes_none(web: TestClient) -> None:
    event = moved(web, an_event(web, contingents=[{"amount": 1, **PRICED}]), "publish", "close")
    path = f"/v1/events/{event['id']}/image"

    refused(web.put(path, content=PNG), 409, "event-closed")
    refused(web.put(path, content=PNG, headers=AS[Role.VIEWER]), 403, "forbidden")
    refused(web.put("/v1/events/999999/image", content=PNG), 404, "not-found")


def test_only_an_image_s_own_address_leads_to_it(web: TestClient) -> None:
    url: str = pictured(web, an_event(web))["image"]

    for wrong in (
        url.replace(".png", ".jpg"),
        url.replace("/images/2a", "/images/2b"),
        url[:-6] + "00.png",
        "/images/x/y",
        "/images/00000000000\N{FULLWIDTH DIGIT ONE}/" + url.rpartition("/")[2],
    ):
        if wrong != url:
            refused(web.get(wrong), 404, "not-found")
