"""A ticket that changes, or goes through a door, moves the order that shows it: its ETag, its last
update, the lists that ask for what changed, its history, the feed, and its webhooks."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ticketmatic.endpoints import orders, tools

from adapters.settings import Settings
from tests.adapters.http.conftest import PATIENCE
from tests.adapters.http.surfaces import WEB, House, Json, by_native, price
from tests.adapters.http.test_ticketmatic_events import raw
from tests.adapters.http.vendors import serving


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """An account on a server of each store."""
    if request.param == "sqlite":
        made = House(request.getfixturevalue("served"))
        yield made
        made.close()
        return
    store = request.getfixturevalue("new_database")()
    own = Settings(store=store, connections=4, view_wait=PATIENCE, secret_key="k" * 32)
    with serving(own) as server:
        made = House(server)
        yield made
        made.close()


def sold(house: House) -> tuple[str, Json]:
    """The path of an Event, and a confirmed order of one of its tickets."""
    event = by_native(house).number
    lot = {"name": "Pit", "amount": 5, **price(30)}
    of = house.native(f"/events/{event}/contingents", lot)["id"]
    take = [{"eventid": event, "contingentid": of}]
    order = house.native("/orders", {"saleschannelid": WEB, "take": take})
    return f"/events/{event}", house.native(f"/orders/{order['id']}/confirm", {})


def scan(house: House, event: str, ticket: int) -> Any:
    body = {"tickets": [ticket], "direction": "in", "scandeviceid": 7}
    return house.native(f"{event}/tickets/scan", body)


def describe(house: House, event: str, ticket: int) -> Any:
    body = {"tickets": [{"id": ticket, "properties": {"colour": "red"}}]}
    return house.native(f"{event}/tickets", body, method="PATCH")


SCANNED: list[tuple[str, Any]] = [
    ("accesscontrolstatus", 1),
    ("accesscontrollastenteredscandeviceid", 7),
]
DESCRIBED: list[tuple[str, Any]] = [("properties", {"colour": "red"})]
Way = Callable[[House, str, int], Any]


@pytest.mark.parametrize(("way", "shown"), [(scan, SCANNED), (describe, DESCRIBED)])
def test_an_order_moves_with_its_tickets(
    house: House, way: Way, shown: list[tuple[str, Any]]
) -> None:
    event, order = sold(house)
    path, ticket = f"/orders/{order['id']}", order["tickets"][0]["id"]
    sold(house)  # another order, which is newer until then
    before = house.server.http.get(f"/v1{path}", headers=house.desk)
    position = house.server.book.store.position()

    way(house, event, ticket)

    after = house.server.http.get(f"/v1{path}", headers=house.desk)
    since = after.json()["lastupdatets"]
    assert since > before.json()["lastupdatets"]
    assert after.headers["ETag"] != before.headers["ETag"]
    unchanged = {"version", "lastupdatets"}
    assert {n: v for n, v in after.json().items() if n not in unchanged} == {
        n: v for n, v in before.json().items() if n not in unchanged
    }
    (held,) = house.native(f"{path}/tickets")["data"]
    assert [(name, held[name]) for name, _ in shown] == shown
    (of_vendor,) = raw(house.tm, "GET", f"/orders/{order['id']}").json()["tickets"]
    assert [(name, of_vendor[name]) for name, _ in shown] == shown
    found_in_lists(house, order["id"], since)
    told(house, order, position, shown)


def found_in_lists(house: House, order: int, since: str) -> None:
    assert house.native(f"/orders?updatedsince={since}")["data"][-1]["id"] == order
    listed = orders.get_list(house.tm, {"lastupdatesince": since}).data
    assert [one.orderid for one in listed] == [order]
    newest = {"query": "select id from tm.order order by lastupdatets desc", "limit": 1}
    assert [row["id"] for row in tools.queries(house.tm, newest).results] == [order]


def told(house: House, order: Json, position: int, shown: list[tuple[str, Any]]) -> None:
    """The feed has an entry of the order, and its history says what changed."""
    feed = house.native(f"/changes?after={position}")["data"]
    (entry,) = (one for one in feed if one["kind"] == "order")
    assert (entry["id"], entry["fact"]) == (order["id"], "HeldTicketsChanged")
    newest = house.native(f"/orders/{order['id']}/history")["data"][0]
    assert newest["fact"] == "HeldTicketsChanged"
    said = {change["path"]: change["after"] for change in newest["changes"]}
    ticket = order["tickets"][0]["id"]
    for name, value in shown:
        parts = value if isinstance(value, dict) else {None: value}
        for part, after in parts.items():
            path = f"tickets.{ticket}.{name}" + (f".{part}" if part else "")
            assert said[path] == after
