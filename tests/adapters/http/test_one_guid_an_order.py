"""One guid an order, on every way."""

from contextlib import closing

from ticketmatic.endpoints import orders

from adapters.bootstrap import ORDERS, bootstrap
from adapters.http.order_guids import with_guids
from adapters.settings import Settings
from application.sales import create_order
from application.unit_of_work import UnitOfWork
from domain.base import State
from domain.order import Hold, Order
from domain.outside import Outside
from domain.taking import OrderBody
from projections.changes import change
from tests.adapters.http.surfaces import WEB, House, by_native
from tests.adapters.http.vendors import Served


def ordered(house: House) -> State:
    event = by_native(house).number
    (lot, _) = house.native(f"/events/{event}/contingents")["data"]
    take = [{"eventid": event, "contingentid": lot["id"], "amount": 2}]
    order: State = house.native("/orders", {"saleschannelid": WEB, "take": take})
    return order


def test_every_way_says_the_same_guid(served: Served) -> None:
    house = House(served)
    position = served.book.store.position()
    order = ordered(house)
    path = f"/orders/{order['id']}"
    other = house.native(f"{path}/split", {"tickets": [order["tickets"][0]["id"]]})
    house.native(f"{path}/confirm", {})

    feed = house.native(f"/changes?after={position}&kind=order")["data"]
    assert {one["id"]: one["guid"] for one in feed} == {
        order["id"]: order["guid"],
        other["id"]: other["guid"],
    }
    assert {one["guid"] for one in house.native("/orders")["data"]} == {
        order["guid"],
        other["guid"],
    }
    assert house.native(f"/orders/{order['guid']}")["guid"] == order["guid"]
    assert orders.get(house.tm, order["id"]).code == order["guid"]
    assert served.http.get(f"/order/{order['guid']}").json()["guid"] == order["guid"]
    house.close()


def an_order(work: UnitOfWork) -> Order:
    return create_order(work, OrderBody(saleschannelid=WEB), Hold(60, 60))


def test_an_order_that_its_view_lacks_has_its_guid_all_the_same(settings: Settings) -> None:
    with closing(bootstrap(settings)) as book:
        book.start_writer()  # and no worker: no view moves
        made = book.execute(an_order, account=1, actor="ann")
        (created,) = book.store.stream(made.id)

        (entry,) = with_guids(book, [change(created, Outside("EUR"))])

        assert book.view(ORDERS).position() == 0
        assert (entry["id"], entry["guid"]) == (made.number, made.state["guid"])
