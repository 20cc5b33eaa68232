"""What a history can be asked for, and the links to what changed elsewhere."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.selling import Sale, ok, on_sale, prices
from tests.adapters.http.talk import (
    Json,
    a_location,
    an_event,
    changed,
    made,
    moved,
    now,
    paths,
    refused,
)


def entries(web: TestClient, url: str, /, **asked: Any) -> list[Json]:
    return ok(web.get(f"{url}/history", params=asked))["data"]  # type: ignore[no-any-return]


def listed(web: TestClient) -> tuple[Sale, Json]:
    """An Event on sale at the prices of a list."""
    entry = {"pricetypeid": 1, "prices": [50.0]}
    of = made(web, "/v1/catalog/pricelists", name="Concerts", prices={"prices": [entry]})
    draft = an_event(web)
    lot = made(
        web, f"/v1/events/{draft['id']}/contingents", name="Floor", amount=9, pricelistid=of["id"]
    )
    moved(web, draft, "publish")
    return Sale(web, draft["id"], lot["id"]), of


def test_who_changed_a_price_is_found_wherever_it_changed(web: TestClient) -> None:
    sale, of = listed(web)
    sale.order(1, "confirm")
    entry = {"pricetypeid": 1, "prices": [75.0]}
    path = f"/v1/catalog/pricelists/{of['id']}"
    repriced = changed(web, path, prices={"prices": [entry]}).json()

    (newest, *_) = entries(web, sale.url(), path="price")

    assert newest["of"] == {
        "kind": "pricelist",
        "id": of["id"],
        "guid": of["guid"],
        "version": repriced["version"],
    }
    price = {"path": f"contingents.{sale.contingent}.prices.1", "before": 50.0, "after": 75.0}
    assert newest["changes"] == [price]
    assert newest["version"] == now(web, sale.url()).json()["version"]
    assert entries(web, sale.url(), kind="pricelist") == [newest]
    assert "TicketsTaken" not in {e["fact"] for e in entries(web, sale.url())}
    assert "TicketsTaken" in {e["fact"] for e in entries(web, sale.url(), sales="true")}


def test_two_prices_of_which_one_changes_are_one_path(web: TestClient) -> None:
    both = [{"pricetypeid": 1, "prices": [30.0]}, {"pricetypeid": 2, "prices": [20.0]}]
    sale = on_sale(web, 9, **prices(*both))
    later = prices({"pricetypeid": 1, "prices": [35.0]}, both[1])
    changed(web, sale.url(f"/contingents/{sale.contingent}"), **later)

    (newest, *_) = entries(web, sale.url(), path=f"contingents.{sale.contingent}.prices.1")

    path = f"contingents.{sale.contingent}.prices.1"
    assert newest["changes"] == [{"path": path, "before": 30.0, "after": 35.0}]
    assert newest["of"] is None
    assert newest["inventoryversion"] == sale.availability()["inventoryversion"]


def test_the_feed_shows_a_price_by_its_price_type_too(web: TestClient) -> None:
    sale = on_sale(web, 9, **prices({"pricetypeid": 1, "prices": [30.0]}))
    later = prices({"pricetypeid": 1, "prices": [35.0]})
    changed(web, sale.url(f"/contingents/{sale.contingent}"), **later)
    gone = changed(web, sale.url(f"/contingents/{sale.contingent}"), price=None)

    feed = now(web, f"/v1/changes?fact=ContingentChanged&since={sale_time(web, sale)}").json()
    told = [c["changes"] for c in feed["data"] if c["id"] == sale.event]

    path = f"contingents.{sale.contingent}.prices.1"
    assert gone.status_code == 200
    assert told == [
        [{"path": path, "before": 30.0, "after": 35.0}],
        [{"path": path, "before": 35.0, "after": None}],
    ]


def sale_time(web: TestClient, sale: Sale) -> str:
    created: str = now(web, sale.url()).json()["createdts"]
    return created


def test_histories_of_all_kinds_are_filtered_alike(web: TestClient) -> None:
    place = a_location(web, city="Gent")
    path = f"/v1/locations/{place['id']}"
    one = changed(web, path, city="Brugge").json()
    changed(web, path, name="Barn")
    bought = on_sale(web).order(1, "confirm")
    scale = "/v1/catalog/pricetypes/1"
    changed(web, scale, remark="Newly said")

    assert [e["version"] for e in entries(web, path, path="city")] == [2, 1]
    assert [e["version"] for e in entries(web, path, since=one["lastupdatets"])] == [3, 2]
    assert [e["version"] for e in entries(web, path, until=one["lastupdatets"])] == [2, 1]
    assert [e["fact"] for e in entries(web, bought.url(), fact="OrderConfirmed")] == [
        "OrderConfirmed"
    ]
    assert entries(web, bought.url(), actor="nobody") == []
    assert [e["fact"] for e in entries(web, scale, path="remark")] == ["CatalogItemChanged"]


BAD = [
    ("fact=PriceChanged", "fact"),
    ("since=yesterday", "since"),
    ("until=2026", "until"),
    ("kind=ticket", "kind"),
    ("by=ann", "by"),
    ("limit=0", "limit"),
]


@pytest.mark.parametrize(("query", "path"), BAD)
def test_what_no_history_has_is_refused(web: TestClient, query: str, path: str) -> None:
    sale = on_sale(web)
    things = (sale.url(), f"/v1/orders/{sale.order(1).number}", "/v1/catalog/pricetypes/1")

    for thing in things:
        problem = refused(web.get(f"{thing}/history?{query}"), 422, "invalid")
        assert paths(problem) == [path]


def test_an_unknown_fact_is_refused_with_those_there_are(web: TestClient) -> None:
    problem = refused(web.get(on_sale(web).url("/history?fact=PriceChanged")), 422, "invalid")

    assert "ContingentChanged, " in problem["detail"]
    assert "EventCreated" in problem["detail"]
    assert "OrderCreated" not in problem["detail"]


def test_a_page_goes_on_for_the_same_question_only(web: TestClient) -> None:
    sale = on_sale(web)
    page = ok(web.get(sale.url("/history?limit=1&actor=admin-5")))

    rest = web.get(sale.url(f"/history?limit=1&actor=admin-5&after={page['next']}"))
    other = web.get(sale.url(f"/history?limit=1&after={page['next']}"))

    assert rest.status_code == 200
    assert rest.json()["data"][0]["position"] < page["data"][0]["position"]
    assert paths(refused(other, 422, "invalid")) == ["after"]
