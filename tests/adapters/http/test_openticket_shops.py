"""Which shop sells which Ticket, and when an Event of these clients goes live."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.talk import FLOOR, changed, for_sale, made, moved, now
from tests.adapters.http.vendor_tutorial import Tutorial, done


def sold_on(client: TestClient, tutorial: Tutorial) -> list[int | None]:
    """The channels that the native document has a price for."""
    event = now(client, f"/v1/events/{tutorial.event['guid']}").json()
    types = event["prices"]["contingents"][0]["pricetypes"]
    return [one["saleschannelid"] for price in types for one in price["saleschannels"]]


def shops_of(tutorial: Tutorial, ticket: str) -> list[str]:
    return [shop["guid"] for shop in tutorial.get(f"/ticket/{ticket}/shops")]


def status(tutorial: Tutorial) -> Any:
    return tutorial.get(tutorial.url("ticket"))["status"]


def test_a_ticket_is_for_sale_in_the_shops_that_it_is_attached_to(web: TestClient) -> None:
    tutorial = Tutorial(web)
    ticket, first = tutorial.ticket["guid"], tutorial.shop["guid"]
    second = tutorial.create("/shop", name="Second")["guid"]

    assert sold_on(web, tutorial) == []
    for shops in ([first], [first, second]):
        tutorial.attach(f"/shop/{shops[-1]}/tickets/{ticket}")
        assert shops_of(tutorial, ticket) == shops
        assert len(sold_on(web, tutorial)) == len(shops)
    tutorial.attach(f"/shop/{second}/tickets/{ticket}")
    for gone, rest in ((first, [second]), (second, []), (second, [])):
        tutorial.detach(f"/shop/{gone}/tickets/{ticket}")
        assert shops_of(tutorial, ticket) == rest
    assert sold_on(web, tutorial) == []
    assert tutorial.put(f"/ticket/{ticket}", min_price=500)["min_price"] == 500
    assert shops_of(tutorial, ticket) == []
    tutorial.attach(f"/shop/{first}/tickets/{ticket}")
    assert shops_of(tutorial, ticket) == [first]


def test_a_price_for_everyone_is_in_every_shop_until_it_is_detached_there(web: TestClient) -> None:
    tutorial = Tutorial(web)
    event = for_sale(web)
    ticket = tutorial.get(f"/event/{event['guid']}/ticket")[0]["guid"]
    shops = {shop["guid"] for shop in tutorial.get("/shop")}

    tutorial.detach(f"/shop/{tutorial.shop['guid']}/tickets/{ticket}")

    assert set(shops_of(tutorial, ticket)) == shops - {tutorial.shop["guid"]}
    tutorial.attach(f"/shop/{tutorial.shop['guid']}/tickets/{ticket}")
    assert set(shops_of(tutorial, ticket)) == shops | {tutorial.shop["guid"]}


def test_a_price_of_a_list_is_hidden_from_one_shop_and_shown_to_another(web: TestClient) -> None:
    tutorial = Tutorial(web)
    web_shop = next(s for s in tutorial.get("/shop") if s["name"] == "Web")["guid"]
    prices = {"prices": [{"pricetypeid": 1, "prices": [12.5], "saleschannels": [2]}]}
    listed = made(web, "/v1/catalog/pricelists", name="Concerts", prices=prices)
    lot = {"name": "Floor", "amount": 5, "pricelistid": listed["id"]}
    event = for_sale(web, contingents=[lot])
    ticket = tutorial.get(f"/event/{event['guid']}/ticket")[0]

    assert (ticket["min_price"], shops_of(tutorial, ticket["guid"])) == (1250, [web_shop])
    tutorial.attach(f"/shop/{tutorial.shop['guid']}/tickets/{ticket['guid']}")
    assert shops_of(tutorial, ticket["guid"]) == [web_shop, tutorial.shop["guid"]]
    tutorial.detach(f"/shop/{web_shop}/tickets/{ticket['guid']}")
    assert shops_of(tutorial, ticket["guid"]) == [tutorial.shop["guid"]]


def test_a_ticket_without_a_price_is_sold_by_no_shop(web: TestClient) -> None:
    tutorial = Tutorial(web)
    event = for_sale(web, contingents=[{"name": "Floor", "amount": 5}])
    ticket = tutorial.get(f"/event/{event['guid']}/ticket")[0]

    problem = done(web.post(f"/shop/{tutorial.shop['guid']}/tickets/{ticket['guid']}"), 406)

    assert list(problem["fields"]) == ["min_price"]
    assert tutorial.put(f"/ticket/{ticket['guid']}", min_price=100)["min_price"] == 100
    tutorial.attach(f"/shop/{tutorial.shop['guid']}/tickets/{ticket['guid']}")


def test_a_shop_joins_the_channels_that_an_event_names(web: TestClient) -> None:
    tutorial = Tutorial(web)
    event = for_sale(web, saleschannels=[{"saleschannelid": 2}])
    ticket = tutorial.get(f"/event/{event['guid']}/ticket")[0]["guid"]

    tutorial.attach(f"/shop/{tutorial.shop['guid']}/tickets/{ticket}")

    assert tutorial.shop["guid"] in shops_of(tutorial, ticket)


@pytest.mark.parametrize("last", ["date", "shop"])
def test_an_event_goes_live_once_it_has_a_name_a_date_and_a_ticket_in_a_shop(
    web: TestClient, last: str
) -> None:
    tutorial = Tutorial(web)
    if last == "shop":
        assert tutorial.date
    else:
        tutorial.attach(f"/shop/{tutorial.shop['guid']}/tickets/{tutorial.ticket['guid']}")

    assert status(tutorial) == "not_sold_right_now"
    tutorial.on_sale()

    assert status(tutorial) == "available"
    tutorial.put(tutorial.url("ticket"), available_stock=0)
    assert status(tutorial) == "sold_out"
    over = tutorial.put(tutorial.url("ticket"), status_overrule="not_sold_right_now")
    assert over["status"] == "not_sold_right_now"


def test_an_event_that_was_made_elsewhere_is_published_there(web: TestClient) -> None:
    tutorial = Tutorial(web)
    event = for_sale(web)
    ticket = tutorial.get(f"/event/{event['guid']}/ticket")[0]["guid"]

    tutorial.attach(f"/shop/{tutorial.shop['guid']}/tickets/{ticket}")
    tutorial.put(f"/ticket/{ticket}", min_price=100)

    assert now(web, f"/v1/events/{event['id']}").json()["currentstatus"] == 19001


def test_a_closed_event_is_archived_and_refuses(web: TestClient) -> None:
    tutorial = Tutorial(web)
    event = moved(web, for_sale(web, contingents=[FLOOR]), "publish", "close")
    ticket = tutorial.get(f"/event/{event['guid']}/ticket")[0]["guid"]

    assert tutorial.get(f"/event/{event['guid']}")["status"] == "archived"
    problem = done(web.put(f"/ticket/{ticket}", json={"min_price": 1}), 409)

    assert problem["error_code"] == "event-closed"


def test_a_ticket_attached_to_no_date_is_valid_on_all(web: TestClient) -> None:
    tutorial = Tutorial(web)
    ticket, date = tutorial.url("ticket"), tutorial.date["guid"]
    second = tutorial.create(
        "/eventdate",
        event_id=tutorial.event["guid"],
        start="2026-12-19T21:00:00Z",
        end="2026-12-19T22:00:00Z",
    )["guid"]

    def dates() -> list[str]:
        return [one["guid"] for one in tutorial.get(f"{ticket}/dates")]

    for attached in ([date], [date, second], [date, second]):
        tutorial.attach(f"{ticket}/dates/{attached[-1]}")
        assert dates() == attached
    for gone, rest in ((date, [second]), (date, [second]), (second, [])):
        tutorial.detach(f"{ticket}/dates/{gone}")
        assert dates() == rest


def test_a_viewer_reads_and_a_stranger_does_not(web: TestClient) -> None:
    tutorial = Tutorial(web)
    path, token = tutorial.url("event"), {"Authorization": "Bearer sb_viewer-token"}

    assert done(web.get(path, headers=token))["guid"] == tutorial.event["guid"]
    assert done(web.put(path, json={}, headers=token), 403)["error_code"] == "forbidden"
    other = {"Authorization": "Bearer sb_admin-token-other"}
    done(web.get(path, headers=other), 404)
    done(web.get(path, headers={"Authorization": "Bearer x"}), 401)
    changed(web, f"/v1/events/{tutorial.event['guid']}", name="Other")
    assert tutorial.get(path)["name"] == "Other"
