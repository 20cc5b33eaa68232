"""The past of all that is shown under an Event and an order: by version, moment, position."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from domain.registry import Role
from tests.adapters.http.selling import Sale, nothing_recorded, ok, on_sale
from tests.adapters.http.talk import AS, END, LATER, START, changed, made, now, paths, refused

PARTS = ("", "/contingents", "/contingents/{lot}", "/dates", "/dates/{date}", "/tickets")


def scene(web: TestClient) -> tuple[Sale, int, list[str]]:
    """An Event with a date, and the addresses of its parts."""
    sale = on_sale(web, 5)
    date = made(web, sale.url("/dates"), start=START, end=END)["id"]
    return sale, date, [sale.url(p.format(lot=sale.contingent, date=date)) for p in PARTS]


def edits(web: TestClient, sale: Sale, date: int) -> None:
    """Changes every part: the contingent, the date, a ticket, who holds some."""
    changed(web, sale.url(f"/contingents/{sale.contingent}"), price=35)
    changed(web, sale.url(f"/dates/{date}"), end=LATER)
    ok(web.patch(sale.url("/tickets"), json={"tickets": [{"id": sale.ticket(1), "c_x": 1}]}))
    sale.order(2, "confirm")


@pytest.mark.parametrize("by", ["version", "at", "position"])
def test_each_part_of_an_event_is_shown_as_it_was(web: TestClient, by: str) -> None:
    sale, date, urls = scene(web)
    then = web.get(sale.url("?version=3"))
    moments = {
        "version": then.json()["version"],
        "at": then.headers["Stagebook-As-Of"],
        "position": then.headers["Stagebook-Position"],
    }
    before = [now(web, url) for url in urls]
    edits(web, sale, date)

    past = [web.get(url, params={by: moments[by]}) for url in urls]

    assert [r.status_code for r in past] == [200] * len(urls)
    assert [r.content for r in past] == [r.content for r in before]
    assert [now(web, url).content != r.content for url, r in zip(urls, before, strict=True)] == [
        True
    ] * len(urls)
    assert {r.headers["Stagebook-As-Of"] for r in past} == {moments["at"]}
    assert {r.headers["Stagebook-Position"] for r in past} == {moments["position"]}


def test_tickets_are_found_by_their_own_version_too(web: TestClient) -> None:
    sale, _, _ = scene(web)
    version = sale.availability()["inventoryversion"]
    before = now(web, sale.url("/tickets?state=free"))
    sale.order(2)

    query = f"?inventoryversion={version}"
    past = web.get(sale.url(f"/tickets{query}&state=free"))

    assert past.content == before.content
    assert past.text.count("\n") == 5
    assert sale.availability(query)["inventoryversion"] == version
    assert len(sale.tickets("?state=free")) == 3


def test_the_tickets_of_an_order_are_shown_as_they_were(web: TestClient) -> None:
    sale = on_sale(web, 5)
    bought = sale.order(2)
    url = bought.url("/tickets")
    before = now(web, url).json()
    shown = web.get(bought.url("?version=1"))
    bought.did("confirm")
    ok(web.patch(sale.url("/tickets"), json={"tickets": [{"id": sale.ticket(1), "c_x": 1}]}))
    bought.did("tickets", {"tickets": [sale.ticket(2)]}, method="DELETE")

    pasts: list[Response] = [
        web.get(url, params={"version": 1}),
        web.get(url, params={"at": shown.headers["Stagebook-As-Of"]}),
        web.get(url, params={"position": shown.headers["Stagebook-Position"]}),
    ]

    for past in pasts:
        assert past.status_code == 200, past.text
        assert [t["id"] for t in past.json()["data"]] == [sale.ticket(1), sale.ticket(2)]
        assert past.json()["data"][0].get("c_x") is None
        assert past.json()["data"] == [t | {"barcode": t["barcode"]} for t in before["data"]]
    assert len(now(web, url).json()["data"]) == 1


BAD = ["version=0", "at=then", "position=0", "position=9999999999", "version=1&position=1", "x=1"]


@pytest.mark.parametrize("query", BAD)
def test_what_is_no_past_is_refused_everywhere(web: TestClient, query: str) -> None:
    sale, _, urls = scene(web)
    bought = sale.order(1)

    for url in (*urls, sale.url("/availability"), bought.url(), bought.url("/tickets")):
        refused(web.get(f"{url}?{query}"), 422, "invalid")


def test_a_part_that_was_not_there_yet_is_not_found_then(web: TestClient) -> None:
    sale, _, urls = scene(web)

    for url in (urls[2], urls[4]):
        refused(web.get(f"{url}?version=1"), 404, "not-found")
    refused(web.get(sale.url("/tickets?at=2020-01-01T00:00:00Z")), 404, "not-found")


def test_a_position_gives_the_answer_that_has_it_again(web: TestClient) -> None:
    sale, date, _ = scene(web)
    edits(web, sale, date)
    newest = now(web, sale.url()).json()["version"]

    for version in range(1, newest + 1):
        then = web.get(sale.url(f"?version={version}"))
        again = web.get(sale.url(), params={"position": then.headers["Stagebook-Position"]})
        assert again.content == then.content
        assert again.headers["Stagebook-As-Of"] == then.headers["Stagebook-As-Of"]


def test_a_difference_says_what_was_asked_for_and_where_that_is(web: TestClient) -> None:
    sale, date, _ = scene(web)
    first = web.get(sale.url("?version=1"))
    edits(web, sale, date)
    at, position = first.headers["Stagebook-As-Of"], first.headers["Stagebook-Position"]

    def side(asked: str) -> dict[str, Any]:
        return ok(web.get(sale.url("/diff"), params={"from": asked}))

    by_version, by_time, by_position = side("1"), side(at), side(f"position:{position}")

    assert by_time["from"] == {"asked": at, "version": 1, "position": int(position), "time": at}
    assert by_version["changes"] == by_time["changes"] == by_position["changes"]
    assert by_position["from"]["asked"] == f"position:{position}"
    assert by_version["to"] == by_time["to"]
    assert by_version["to"]["asked"] is None
    assert by_version["to"]["version"] == now(web, sale.url()).json()["version"]
    problem = refused(web.get(sale.url("/diff?from=position:x")), 422, "invalid")
    assert paths(problem) == ["from"]


def test_a_series_is_of_the_last_thirty_days_by_day(web: TestClient) -> None:
    sale = on_sale(web, 5)
    with nothing_recorded(web):
        samples = ok(web.get(sale.url("/availability/series")))["data"]

    assert len(samples) == 31
    assert samples[-1]["time"][10:] == samples[0]["time"][10:]
    assert samples[-1]["free"] == 5
    assert samples[0]["total"] == 0


def test_an_editor_sees_the_past_of_what_an_editor_may_edit(web: TestClient) -> None:
    sale, _, urls = scene(web)
    place = now(web, sale.url()).json()["locationid"]
    bought = sale.order(1)
    editor, seller = AS[Role.EDITOR], AS[Role.SELLER]

    pasts = [f"{url}?version=3" for url in urls]
    pasts += [sale.url("/history"), sale.url("/diff?from=1"), sale.url("/availability/series")]
    pasts += [f"/v1/locations/{place}/history", "/v1/catalog/pricetypes/1/history"]

    for url in pasts:
        assert web.get(url, headers=editor).status_code == 200, url
        refused(web.get(url, headers=seller), 403, "forbidden")
    for url in (bought.url("/history"), bought.url("?version=1"), bought.url("/tickets?version=1")):
        refused(web.get(url, headers=editor), 403, "forbidden")
