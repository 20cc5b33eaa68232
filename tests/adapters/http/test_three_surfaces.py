"""One Event, three surfaces: whichever it was made, changed or sold through, the others have it."""

from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

import pytest
from ticketmatic.endpoints import events, orders
from ticketmatic.models.event import EventQuery

from adapters.settings import Settings
from domain.ids import unpack
from tests.adapters.http.conftest import PATIENCE
from tests.adapters.http.surfaces import (
    MAKERS,
    READERS,
    SAID,
    WEB,
    Counted,
    House,
    Json,
    Known,
    by_openticket,
    by_ticketmatic,
    instant,
)
from tests.adapters.http.vendor_tutorial import done
from tests.adapters.http.vendors import Served, serving

HARD, PAID_AT_ONCE = 1, 1


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest) -> Iterator[Served]:
    """A server on each store."""
    if request.param == "sqlite":
        yield request.getfixturevalue("served")
        return
    store = request.getfixturevalue("new_database")()
    own = Settings(store=store, connections=4, view_wait=PATIENCE, secret_key="k" * 32)
    with serving(own) as made:
        yield made


@pytest.fixture
def house(server: Served) -> Iterator[House]:
    made = House(server)
    yield made
    made.close()


# -- made


@pytest.mark.parametrize("maker", MAKERS)
def test_an_event_is_the_same_on_every_surface(house: House, maker: str) -> None:
    event = MAKERS[maker](house)

    for name, reader in READERS.items():
        seen = reader(house, event)
        assert seen == {known: SAID[known] for known in seen}, name
    assert {entry["actor"] for entry in house.history(event)} == {maker}
    assert event.number in [one.id for one in events.get_list(house.tm).data]
    assert event.guid in [one["guid"] for one in house.openticket("/event/upcoming")]
    shop = house.server.http.get(f"/storefront/{house.web_shop()}/data").json()
    assert [one["guid"] for one in shop["events"]] == [event.guid]
    assert shop["events"][0]["location"]["address"] == SAID["address"]
    assert [(one["name"], one["min_price"], one["status"]) for one in shop["tickets"].values()] == [
        ("Standing", 2550, "available"),
        ("Balcony", 4000, "available"),
    ]


@pytest.mark.parametrize("maker", ["desk", "page"])
def test_dates_are_the_same_where_there_are_dates(house: House, maker: str) -> None:
    event = MAKERS[maker](house)
    more = {"start": "2026-12-19T20:00:00Z", "end": "2026-12-19T22:00:00Z", "capacity": 300}
    house.native(f"/events/{event.number}/dates", more)

    natively = house.native(f"/events/{event.number}/dates")["data"]
    paged = house.openticket(f"/event/{event.guid}/dates")

    def times(dates: list[Json]) -> list[Any]:
        return [(d["guid"], instant(d["start"]), instant(d["end"]), d["capacity"]) for d in dates]

    assert times(natively) == times(paged)
    assert [times([house.openticket(f"/eventdate/{one['guid']}")]) for one in natively] == [
        [one] for one in times(natively)
    ]
    until = instant(events.get(house.tm, event.number).endts)
    assert until == "2026-12-19T22:00:00+00:00"


# -- changed


def test_a_location_that_changes_is_read_everywhere(house: House) -> None:
    event = by_ticketmatic(house)
    place = house.openticket(f"/event/{event.guid}/location")["guid"]

    house.tutorial.put(f"/location/{place}", name="The hall", address="Kerkstraat 2")

    for reader in READERS.values():
        seen = reader(house, event)
        assert (seen["place"], seen["address"]) == ("The hall", "Kerkstraat 2")
    history = house.native(f"/locations/{unpack(UUID(place)).number}/history")["data"]
    assert [entry["actor"] for entry in history] == ["page", "till"]


def test_what_is_deleted_through_one_is_gone_from_all(house: House) -> None:
    hall = house.native("/locations", {"name": "Hall"})["id"]
    first, second, third = (
        Known(house.native("/events", {"name": "Night", "locationid": hall})["guid"])
        for _ in range(3)
    )

    events.delete(house.tm, first.number)
    house.tutorial.detach(f"/event/{second.guid}")
    assert [one["guid"] for one in house.openticket("/event")] == [third.guid]
    drafts = EventQuery.from_dict({"simplefilter": {"status": [19001]}})
    assert [one.id for one in events.get_list(house.tm, drafts).data] == [third.number]
    assert [one["id"] for one in house.native("/events")["data"]] == [third.number]

    assert [house.history(one)[-1]["actor"] for one in (first, second)] == ["till", "page"]


def test_the_history_names_the_key_of_every_change(house: House) -> None:
    event = by_openticket(house)
    before = len(house.history(event))

    events.update(house.tm, event.number, {"subtitle": "With guests"})
    house.native(f"/events/{event.number}", {"description": "Sold soon"}, "PATCH")
    house.tutorial.put(f"/event/{event.guid}", website="https://example.org/live")
    events.translate(house.tm, event.number, {"namenl": "Bonobo in het echt"})
    lot = house.native(f"/events/{event.number}")["contingents"][0]["id"]
    lock = {"locktypeid": HARD, "contingentid": lot, "amount": 10}
    house.native(f"/events/{event.number}/tickets/lock", lock)

    changes = house.history(event)[before:]
    assert [(entry["actor"], entry["fact"]) for entry in changes] == [
        ("till", "EventDetailsChanged"),
        ("desk", "EventDetailsChanged"),
        ("page", "EventListingChanged"),
        ("till", "EventDetailsChanged"),
        ("desk", "TicketsLocked"),
    ]
    assert [entry["changes"][0]["path"] for entry in changes[:3]] == [
        "subtitle",
        "description",
        "website",
    ]
    seen = house.openticket(f"/event/{event.guid}")
    assert (seen["description"], seen["website"]) == ("Sold soon", "https://example.org/live")
    assert events.get(house.tm, event.number).description == "Sold soon"


# -- sold


@pytest.mark.parametrize("maker", MAKERS)
def test_sales_through_each_surface_add_up_on_all(house: House, maker: str) -> None:
    event = MAKERS[maker](house)
    counted = Counted(house, event)
    shop = f"/storefront/{house.web_shop()}"
    visitor = house.server.http

    first = [counted.lot * 100_000_000 + place for place in range(1, 11)]
    events.lock_tickets(house.tm, event.number, {"locktypeid": HARD, "ticketids": first})
    assert counted() == {"free": 490, "locked_hard": 10}

    take = [{"eventid": event.number, "contingentid": counted.lot, "amount": 2}]
    native = house.native("/orders", {"saleschannelid": WEB, "take": take})
    shown: Any = events.get(house.tm, event.number)
    sold_at = shown.prices.contingents[0].pricetypes[0]
    theirs: Any = orders.create(house.tm, {"saleschannelid": WEB})
    tickets = [{"tickettypepriceid": sold_at.tickettypepriceid}] * 3
    orders.add_tickets(house.tm, theirs.orderid, {"tickets": tickets})
    held = done(cast("Any", visitor.get(f"{shop}/reserve/ticket/{counted.ticket}")))
    assert counted() == {"free": 484, "locked_hard": 10, "reserved": 6}

    house.native(f"/orders/{native['id']}/confirm", {})
    orders.confirm(house.tm, theirs.orderid)
    ticket = {"guid": counted.ticket, "reservation": held["reservation"]}
    body = {"receiver": {"email": "ann@example.org"}, "tickets": [ticket]}
    placed = done(cast("Any", visitor.post(f"{shop}/order", json=body)))
    assert counted() == {"free": 484, "locked_hard": 10, "sold_unpaid": 6}

    house.native(f"/orders/{native['id']}/payments", {"amount": 51.0})
    paid = {"amount": 76.5, "paymentmethodid": PAID_AT_ONCE}
    assert orders.add_payments(house.tm, theirs.orderid, paid).paymentstatus == 1
    assert counted() == {"free": 484, "locked_hard": 10, "sold_unpaid": 1, "sold_paid": 5}
    *_, last = house.native("/orders")["data"]
    assert (last["totalamount"], placed["amount"]) == (25.5, 2550)
    orders.add_payments(house.tm, last["id"], {"amount": 25.5, "paymentmethodid": PAID_AT_ONCE})
    assert done(cast("Any", visitor.get(f"{shop}/order/{placed['guid']}")))["status"] == "paid"

    unlocked = house.native(f"/events/{event.number}/tickets/unlock", {"tickets": first[:4]})
    assert unlocked
    orders.delete(house.tm, native["id"])
    assert counted() == {"free": 490, "locked_hard": 6, "sold_paid": 4}
    history = house.history(event)
    told = [(one["actor"], one["fact"]) for one in history if one["fact"].startswith("Tickets")]
    assert told == [
        ("till", "TicketsLocked"),
        ("desk", "TicketsTaken"),
        ("till", "TicketsTaken"),
        ("storefront", "TicketsTaken"),
        ("desk", "TicketsSettled"),
        ("till", "TicketsSettled"),
        ("storefront", "TicketsSettled"),
        ("desk", "TicketsSettled"),
        ("till", "TicketsSettled"),
        ("till", "TicketsSettled"),
        ("desk", "TicketsUnlocked"),
        ("till", "TicketsReleased"),
    ]
