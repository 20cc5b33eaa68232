"""The history of an Event: edits without sales, what it shows of others, what a page costs."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from application.catalog import change_item, create_item
from application.event_history import event_history
from application.events import change_event
from application.history import Filter, HistoryEntry, along, history_of_one
from application.ports import Store
from domain.catalog import PriceList, PriceListFields
from domain.event_fields import EventBody
from domain.order import Order
from tests.application.desk import Desk
from tests.application.faults import TroubledStore
from tests.spec import ACCOUNT, metadata


def entries(desk: Desk, event: int, limit: int = 100, **asked: Any) -> Sequence[HistoryEntry]:
    return event_history(desk.store, ACCOUNT, event, limit, asked=Filter(**asked)).entries


def names(found: Sequence[HistoryEntry]) -> list[str]:
    return [entry.recorded.fact.name for entry in found]


def changes(entry: HistoryEntry) -> dict[str, tuple[Any, Any]]:
    return {change.path: (change.before, change.after) for change in entry.changes}


def price(amount: float, price_type: int = 1, **more: Any) -> dict[str, Any]:
    return {"pricetypeid": price_type, "prices": [amount], **more}


def priced(*prices: dict[str, Any]) -> dict[str, Any]:
    return {"eventspecificprices": {"prices": [*prices]}}


def a_list(desk: Desk, amount: float) -> int:
    fields = PriceListFields.model_validate(
        {"name": "Concerts", "prices": {"prices": [price(amount)]}}
    )
    made: PriceList = desk.decided(partial(create_item, cls=PriceList, fields=fields))
    return made.number


def reprice(desk: Desk, number: int, amount: float, actor: str = "ann") -> None:
    fields = PriceListFields.model_validate({"prices": {"prices": [price(amount)]}})
    decide = partial(change_item, cls=PriceList, number=number, fields=fields)
    desk.do(decide, cause=metadata(actor))


def test_sales_do_not_stand_between_edits(store: Store) -> None:
    desk = Desk(store)
    event, lot = desk.on_sale()
    for _ in range(3):
        desk.sold(event, lot)
    desk.change(event, subtitle="After")
    desk.lock(event, contingentid=lot, amount=2)
    desk.close()

    edits, everything = names(entries(desk, event)), names(entries(desk, event, sales=True))

    assert edits[:2] == ["TicketsLocked", "EventDetailsChanged"]
    assert {"TicketsTaken", "TicketsSettled"}.isdisjoint(edits)
    assert everything.count("TicketsTaken") == 3
    assert [name for name in everything if name in edits] == edits
    assert names(entries(desk, event, fact="TicketsTaken")) == ["TicketsTaken"] * 3


def test_a_price_is_shown_by_its_contingent_and_price_type(desk: Desk) -> None:
    event = desk.event()
    lot = desk.contingent(event, name="Floor", amount=9, **priced(price(30), price(20, 2)))
    both = priced(price(35), price(20, 2, saleschannels=[1]))
    desk.change_contingent(event, lot, **both)

    (newest, *_) = entries(desk, event)

    assert changes(newest) == {
        f"contingents.{lot}.prices.1": (30, 35),
        f"contingents.{lot}.priceterms.2": (None, {"saleschannels": [1]}),
    }


def test_a_price_that_differs_by_channel_is_shown_by_channel(desk: Desk) -> None:
    event = desk.event()
    lot = desk.contingent(event, amount=9, **priced(price(30, saleschannels=[1]), price(40)))

    desk.change_contingent(event, lot, **priced(price(30, saleschannels=[1]), price(45)))

    changed = changes(entries(desk, event)[0])
    assert changed[f"contingents.{lot}.prices.1.saleschannels.other"] == (40, 45)


def test_a_price_of_a_list_that_changes_is_in_the_history_of_the_events_that_show_it(
    store: Store,
) -> None:
    desk = Desk(store)
    prices, other = a_list(desk, 50), a_list(desk, 1)
    event = desk.event()
    lot = desk.contingent(event, name="Floor", amount=9, pricelistid=prices, price=None)
    reprice(desk, prices, 75, "bob")
    reprice(desk, other, 2)
    desk.change_contingent(event, lot, pricelistid=other)
    reprice(desk, prices, 80)
    reprice(desk, other, 3)
    desk.close()

    linked = [entry for entry in entries(desk, event) if entry.linked]

    assert [(entry.recorded.fact.actor, changes(entry)) for entry in linked] == [
        ("ann", {f"contingents.{lot}.prices.1": (2, 3)}),
        ("bob", {f"contingents.{lot}.prices.1": (50, 75)}),
    ]
    moved = next(e for e in entries(desk, event) if "pricelistid" in str(changes(e)))
    assert changes(moved)[f"contingents.{lot}.prices.1"] == (75, 2)


def test_a_name_of_a_location_is_in_the_history_of_the_events_that_are_there(desk: Desk) -> None:
    hall, barn = desk.location(name="Hall"), desk.location(name="Barn")
    event = desk.event(locationid=hall)
    desk.change_location(hall, name="Great hall", city="Gent")
    desk.change_location(hall, city="Brugge")
    desk.change_location(barn, name="Old barn")
    desk.change(event, locationid=barn)
    desk.change_location(hall, name="Hall again")
    desk.change_location(barn, name="New barn")

    found = entries(desk, event)

    assert [(changes(e), e.version) for e in found if e.linked] == [
        ({"locationname": ("Old barn", "New barn")}, 2),
        ({"locationname": ("Hall", "Great hall")}, 1),
    ]
    positions = [entry.recorded.position for entry in found]
    assert positions == sorted(positions, reverse=True)


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize("sales", [False, True])
def test_pages_of_an_event_with_links_and_sales_are_the_whole(
    desk: Desk, limit: int, *, sales: bool
) -> None:
    prices = a_list(desk, 50)
    event = desk.event()
    lot = desk.contingent(event, amount=20, pricelistid=prices, price=None)
    desk.change(event, startts="2026-11-21T20:00:00Z", endts="2026-11-21T22:00:00Z")
    desk.publish(event)
    for amount in (51, 52, 53):
        reprice(desk, prices, amount)
        desk.sold(event, lot)
        desk.change(event, subtitle=f"{amount}")
    asked = Filter(sales=sales)
    whole = event_history(desk.store, ACCOUNT, event, 100, asked=asked)

    found: list[HistoryEntry] = []
    start = None
    while True:
        page = event_history(desk.store, ACCOUNT, event, limit, start, asked)
        found += page.entries
        if (start := page.following) is None:
            break

    assert whole.following is None
    assert found == whole.entries


def test_a_history_is_filtered_by_who_when_what_and_where(desk: Desk) -> None:
    event = desk.event(subtitle="0")
    for number, actor in enumerate(("ann", "bob", "ann", "bob"), 1):
        desk.do(partial(_subtitle, event, str(number)), cause=metadata(actor))
    lot = desk.contingent(event, amount=5, **priced(price(30)))
    desk.change_contingent(event, lot, **priced(price(35)))
    times = [entry.recorded.fact.time for entry in entries(desk, event)]

    def subtitles(**asked: Any) -> list[Any]:
        found = entries(desk, event, **asked)
        return [changes(e)["subtitle"][1] for e in found if "subtitle" in changes(e)]

    assert subtitles(actor="bob") == ["4", "2"]
    assert subtitles(actor="bob", fact="EventDetailsChanged") == ["4", "2"]
    priced_by = ["ContingentChanged", "ContingentAdded"]
    assert names(entries(desk, event, path="price")) == priced_by
    assert names(entries(desk, event, path=f"contingents.{lot}.prices.1")) == priced_by
    assert names(entries(desk, event, path=f"contingents.{lot}.prices.2")) == []
    assert len(entries(desk, event, since=times[1])) == len([t for t in times if t >= times[1]])
    assert len(entries(desk, event, until=times[-1])) == times.count(times[-1])
    assert entries(desk, event, actor="carl") == []


def _subtitle(event: int, text: str, work: Any) -> Any:
    return change_event(work, event, EventBody(subtitle=text))


def test_a_filter_that_finds_little_goes_on_on_the_next_page(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.history.MOST_READ", 4)
    event = desk.event(subtitle="0")
    for number in range(10):
        desk.do(
            partial(_subtitle, event, f"S{number}"), cause=metadata("bob" if number < 2 else "ann")
        )

    pages, start = [], None
    for _ in range(9):
        page = event_history(desk.store, ACCOUNT, event, 5, start, Filter(actor="bob"))
        pages.append(len(page.entries))
        if (start := page.following) is None:
            break

    assert start is None
    assert sum(pages) == 2
    assert pages[0] == 0


def test_what_a_page_costs_does_not_grow_with_what_was_sold() -> None:
    read: dict[int, int] = {}
    for orders in (10, 80):
        store = TroubledStore()
        desk = Desk(store)
        event, lot = desk.on_sale(1_000)
        desk.change(event, subtitle="Before")
        for _ in range(orders):
            desk.sold(event, lot)
        desk.change(event, subtitle="After")
        desk.close()
        store.streamed = 0
        page = event_history(store, ACCOUNT, event, 10)
        rest = event_history(store, ACCOUNT, event, 10, page.entries[0].recorded.position)
        read[orders] = store.streamed
        assert names(page.entries)[:2] == ["EventDetailsChanged"] * 2
        assert names(rest.entries) == names(page.entries)[1:]

    assert read[80] - read[10] < 10  # a search by halves takes a few steps more


def test_the_history_of_an_order_has_the_words_of_its_document(desk: Desk) -> None:
    event, lot = desk.on_sale()
    order = desk.sold(event, lot, 2)
    desk.pay(order, 50)
    desk.refund(order, 10)
    first, second = desk.tickets(order)
    new = desk.split(order, second)

    told: dict[str, Any] = {}
    for number in (order, new):
        for entry in history_of_one(Order, desk.store, ACCOUNT, number, 100).entries:
            told |= {f"{number}.{path}": after for path, (_, after) in changes(entry).items()}

    inner = {"lines", "root", "heldsince", "duets", "method"}
    assert {part for path in told for part in path.split(".")}.isdisjoint(inner)
    assert told[f"{order}.payments.2"]["refundof"] is None
    assert told[f"{order}.payments.2"]["amount"] == -10.0
    assert "paymentmethodid" in told[f"{order}.payments.1"]
    assert told[f"{new}.splitfrom"] == order
    assert told[f"{new}.tickets"][0]["tickets"] == [[second, second]]
    assert told[f"{order}.tickets"][0]["price"] == 25.0
    assert told[f"{order}.expiryts"] is None or f"{order}.expiryts" in told
    assert first != second


@pytest.mark.parametrize(
    ("path", "asked", "there"),
    [
        ("contingents.2.prices.1", "price", True),
        ("contingents.2.prices.1", "prices.1", True),
        ("contingents.2.prices.10", "prices.1", True),
        ("contingents.2.prices.1", "contingents.2", True),
        ("contingents.2.prices.1", "contingent.2", False),
        ("contingents.2.prices.1", "2.prices.1.x", False),
        ("subtitle", "title", False),
        ("dates.5.start", "dates.5.start", True),
    ],
)
def test_a_path_is_asked_for_by_a_part_of_it(path: str, asked: str, *, there: bool) -> None:
    assert along(path, asked) == there
