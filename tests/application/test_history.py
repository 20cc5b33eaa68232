"""Who changed what and when, and how it looked then: straight from the store."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from application import events, locations
from application.as_of import past_event, past_location
from application.catalog import change_item, create_item
from application.event_history import event_history
from application.history import Filter, HistoryEntries, location_history
from application.ports import Store
from domain.catalog import PriceList, PriceListFields
from domain.errors import NotFound
from domain.event import DateFields
from domain.event_fields import ACTIVE, EventBody
from domain.location import LocationFields
from projections.event_documents import event_document
from tests.application.desk import Desk, rendered
from tests.spec import ACCOUNT, PRICED, at, metadata

EIGHT, TEN = "2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z"
FLOOR = {"name": "Floor", "amount": 100, **PRICED}


def document(store: Store, number: int, **moment: Any) -> dict[str, Any]:
    return event_document(*past_event(store, ACCOUNT, number, **moment).states, ACCOUNT)


def everything(
    store: Store, number: int, of: Callable[..., HistoryEntries], limit: int
) -> list[Any]:
    """All pages of a history, one after the other."""
    entries: list[Any] = []
    start = None
    while True:
        page = of(store, ACCOUNT, number, limit, start)
        entries += page.entries
        assert len(page.entries) <= limit
        if page.following is None:
            return entries
        start = page.following


def changes(entry: Any) -> dict[str, tuple[Any, Any]]:
    return {d.path: (d.before, d.after) for d in entry.changes}


# -- as of


def test_every_version_is_shown_as_it_was_answered(store: Store) -> None:
    desk = Desk(store)
    event = desk.event(contingents=[FLOOR])
    answers = [
        desk.change(event, subtitle="One"),
        desk.change(event, subtitle="Two", productionid=3, contingents=[FLOOR | {"amount": 90}]),
        desk.change(event, c_a={"deep": [1]}, startts=EIGHT, endts=TEN, currentstatus=ACTIVE),
    ]
    desk.close()

    bodies = [rendered(past_event(store, ACCOUNT, event, version=version)) for version in (2, 4, 7)]

    assert bodies == [answer.body for answer in answers]


def test_every_moment_is_shown_as_it_was(desk: Desk) -> None:
    event = desk.event()
    location = document(desk.store, event, version=1)["locationid"]
    commands = [
        partial(events.change_event, number=event, body=EventBody(subtitle="One")),
        partial(locations.change_location, number=location, fields=LocationFields(name="New")),
        partial(events.change_event, number=event, body=EventBody(subtitle="Two")),
    ]
    for second, command in enumerate(commands):
        desk.do(command, cause=metadata(time=at(1_000_000_000 + second)))

    shown = [
        document(desk.store, event, time=at(1_000_000_000 + seconds))
        for seconds in (-0.000001, 0, 0.999999, 1, 2, 1_000)
    ]

    assert [(d["subtitle"], d["locationname"]) for d in shown] == [
        (None, "Concert hall"),
        ("One", "Concert hall"),
        ("One", "Concert hall"),
        ("One", "New"),
        ("Two", "New"),
        ("Two", "New"),
    ]


def test_a_version_shows_the_name_that_the_location_had_then(desk: Desk) -> None:
    location = desk.location(name="Old name")
    event = desk.event(locationid=location)
    desk.change_location(location, name="New name")
    desk.change(event, subtitle="After")

    names = [document(desk.store, event, version=v)["locationname"] for v in (1, 2)]

    assert names == ["Old name", "New name"]


def test_a_version_shows_where_the_event_was_then(desk: Desk) -> None:
    here, there = desk.location(name="Here"), desk.location(name="There")
    event = desk.event(locationid=here)
    desk.change(event, locationid=there)

    places = [document(desk.store, event, version=v)["locationname"] for v in (1, 2)]

    assert places == ["Here", "There"]


def test_a_version_shows_the_contingents_of_its_own_command_and_no_later_ones(
    desk: Desk,
) -> None:
    event = desk.event(contingents=[FLOOR])
    desk.change(event, contingents=[{"name": "Balcony", "amount": 1}])
    desk.change(event, subtitle="S", contingents=[])

    shown = [document(desk.store, event, version=v)["contingents"] for v in (1, 2)]

    assert [[c["name"] for c in contingents] for contingents in shown] == [["Floor"], []]


def test_a_version_shows_the_prices_that_its_list_had_then(desk: Desk) -> None:
    prices = [PriceListFields.model_validate({"name": "A", "prices": {"prices": []}})]
    for amount in (20.0, 30.0):
        of_type = {"prices": [{"pricetypeid": 1, "prices": [amount]}]}
        prices.append(PriceListFields.model_validate({"prices": of_type}))
    desk.do(partial(create_item, cls=PriceList, fields=prices[0]))
    event = desk.event(contingents=[{"name": "Floor", "pricelistid": 1}])
    for fields in prices[1:]:
        desk.do(partial(change_item, cls=PriceList, number=1, fields=fields))
        desk.change(event, subtitle=f"After {fields.patch()}")

    shown = [document(desk.store, event, version=v)["prices"]["contingents"] for v in (1, 2, 3)]

    types = [[t["saleschannels"][0]["price"] for t in c["pricetypes"]] for (c,) in shown]
    assert types == [[], [20.0], [30.0]]


def test_commands_of_one_batch_are_told_apart(desk: Desk) -> None:
    event = desk.event()
    bodies = [
        EventBody.model_validate({"subtitle": f"S{n}", "contingents": [FLOOR | {"amount": n}]})
        for n in range(3)
    ]
    desk.together(
        *[desk.job(partial(events.change_event, number=event, body=body)) for body in bodies]
    )

    shown = [document(desk.store, event, version=v) for v in (2, 3, 4)]

    assert [(d["subtitle"], d["contingents"][0]["amount"]) for d in shown] == [
        ("S0", 0),
        ("S1", 1),
        ("S2", 2),
    ]


def test_a_deleted_event_has_a_past(desk: Desk) -> None:
    event = desk.event()
    desk.delete(event)

    assert document(desk.store, event, version=1)["name"] == "Live"
    with pytest.raises(NotFound, match="at version 2"):
        past_event(desk.store, ACCOUNT, event, version=2)
    with pytest.raises(NotFound, match="at 2099"):
        past_event(desk.store, ACCOUNT, event, time="2099-01-01T00:00:00.000000Z")


@pytest.mark.parametrize("version", [0, -1, 2, 10**15])
def test_a_version_that_never_was_is_not_found(desk: Desk, version: int) -> None:
    event = desk.event()
    location = document(desk.store, event, version=1)["locationid"]

    with pytest.raises(NotFound):
        past_event(desk.store, ACCOUNT, event, version=version)
    with pytest.raises(NotFound):
        past_location(desk.store, ACCOUNT, location, version=version)


def test_before_it_was_there_is_nothing(desk: Desk) -> None:
    event = desk.event()
    location = document(desk.store, event, version=1)["locationid"]
    early = "2020-01-01T00:00:00.000000Z"

    for of, number in ((past_event, event), (past_location, location), (past_event, 10**6)):
        with pytest.raises(NotFound, match="did not exist at 2020"):
            of(desk.store, ACCOUNT, number, time=early)


def test_a_location_is_shown_at_every_version_and_moment(store: Store) -> None:
    desk = Desk(store)
    location = desk.location(city="Gent")
    for n in range(4):
        change = partial(
            locations.change_location, number=location, fields=LocationFields(city=f"C{n}")
        )
        desk.do(change, cause=metadata(time=at(2_000_000_000 + n)))
    desk.close()

    by_version = [past_location(store, ACCOUNT, location, version=v) for v in range(1, 6)]
    by_time = [
        past_location(store, ACCOUNT, location, time=at(2_000_000_000 + n)) for n in range(4)
    ]

    assert [loc.state["city"] for loc in by_version] == ["Gent", "C0", "C1", "C2", "C3"]
    assert [loc.state["city"] for loc in by_time] == ["C0", "C1", "C2", "C3"]


# -- history


def test_a_history_tells_who_when_why_and_what(desk: Desk) -> None:
    event = desk.event(subtitle="Before")
    cause = metadata("bob", reason="a typing error")
    body = EventBody(subtitle="After", tags=["jazz"])
    desk.do(partial(events.change_event, number=event, body=body), cause=cause)

    newest, _ = event_history(desk.store, ACCOUNT, event, 10).entries

    fact = newest.recorded.fact
    assert (fact.name, fact.actor, fact.time, fact.reason, fact.correlation, fact.causation) == (
        "EventDetailsChanged",
        "bob",
        cause.time,
        "a typing error",
        cause.correlation,
        cause.causation,
    )
    assert newest.version == 2
    assert changes(newest) == {"subtitle": ("Before", "After"), "tags": ([], ["jazz"])}


def test_the_history_of_an_event_includes_its_dates_status_and_contingents(desk: Desk) -> None:
    event = desk.event(contingents=[FLOOR])
    date = desk.date(event, EIGHT, TEN)
    desk.do(partial(events.change_status, number=event, transition="publish"))
    (contingent,) = document(desk.store, event, version=3)["contingents"]
    desk.change(event, contingents=[{"id": contingent["id"], "amount": 90}])

    entries = event_history(desk.store, ACCOUNT, event, 100).entries

    number = contingent["id"]
    told = [(e.recorded.fact.name, e.version, changes(e)) for e in entries[:3]]
    assert told == [
        (
            "ContingentChanged",
            3,
            {
                f"contingents.{number}.amount": (100, 90),
            },
        ),
        (
            "StatusChanged",
            3,
            {"currentstatus": (19001, 19002), "publishedts": (None, fact_time(entries[1]))},
        ),
        (
            "DateAdded",
            2,
            {
                f"dates.{date}": (
                    None,
                    {"id": date, **DateFields.defaults(), "start": EIGHT, "end": TEN},
                )
            },
        ),
    ]
    assert [e.recorded.fact.name for e in entries[3:]] == [
        "BarcodesSeeded",
        "ContingentAdded",
        "EventCreated",
    ]


def test_the_history_of_an_event_counts_its_tickets(desk: Desk) -> None:
    event, contingent = desk.on_sale()
    desk.lock(event, contingentid=contingent, amount=3)
    order = desk.sold(event, contingent, 2)
    desk.pay(order, 50)

    asked = Filter(sales=True)
    entries = event_history(desk.store, ACCOUNT, event, 4, asked=asked).entries[::-1]

    counters = f"contingents.{contingent}."
    told = [
        (e.recorded.fact.name, {n.removeprefix(counters): v for n, v in changes(e).items()})
        for e in entries
    ]
    assert told == [
        (
            "TicketsLocked",
            {
                "counters.free": (100, 97),
                "counters.locked_hard": (0, 3),
                "locks": ([], [{"amount": 3, "locktypeid": 1}]),
            },
        ),
        ("TicketsTaken", {"counters.free": (97, 95), "counters.reserved": (0, 2)}),
        ("TicketsSettled", {"counters.reserved": (2, 0), "counters.sold_unpaid": (0, 2)}),
        ("TicketsSettled", {"counters.sold_unpaid": (2, 0), "counters.sold_paid": (0, 2)}),
    ]


def fact_time(entry: Any) -> str:
    time: str = entry.recorded.fact.time
    return time


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20, 100])
def test_paging_gives_every_fact_once_newest_first(busy: tuple[Desk, int, int], limit: int) -> None:
    desk, event, location = busy
    facts = [(r.position, r.fact.TOPIC.partition(".")[0]) for r in desk.store.read(0, 1_000)]

    of_event = everything(desk.store, event, event_history, limit)
    of_location = everything(desk.store, location, location_history, limit)

    assert [e.recorded.position for e in reversed(of_event)] == [
        position for position, kind in facts if kind in ("event", "inventory")
    ]
    assert [e.recorded.position for e in reversed(of_location)] == [
        position for position, kind in facts if kind == "location"
    ]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_a_page_says_the_same_whatever_its_size(busy: tuple[Desk, int, int], limit: int) -> None:
    desk, event, _ = busy

    def told(size: int) -> list[Any]:
        entries = everything(desk.store, event, event_history, size)
        return [(e.recorded.position, e.version, changes(e)) for e in entries]

    assert told(limit) == told(17)


@pytest.fixture(scope="module")
def busy() -> Any:
    """An Event of 40 facts and more, contingents between them, and its Location."""
    desk = Desk()
    location = desk.location()
    event = desk.event(locationid=location)
    for n in range(6):
        desk.change(event, subtitle=f"S{n}", productionid=n)
        desk.change(event, contingents=[{"name": f"A{n}"}, {"name": f"B{n}", "amount": n}])
        desk.change_location(location, city=f"C{n}")
    yield desk, event, location
    desk.close()


def test_the_changes_of_a_history_add_up_to_the_document(busy: tuple[Desk, int, int]) -> None:
    desk, event, _ = busy

    entries = everything(desk.store, event, event_history, 5)[::-1]

    told: dict[str, Any] = {}
    for entry in entries:
        for path, (before, after) in changes(entry).items():
            assert told.get(path, before) == before
            told[path] = after
    now = document(desk.store, event, version=13)
    assert (told["subtitle"], told["productionid"]) == (now["subtitle"], now["productionid"])


def test_a_history_that_grows_while_it_is_paged_repeats_and_skips_nothing(desk: Desk) -> None:
    event = desk.event()
    for n in range(5):
        desk.change(event, subtitle=f"S{n}")
    first = event_history(desk.store, ACCOUNT, event, 2)
    for n in range(5, 8):
        desk.change(event, subtitle=f"S{n}", contingents=[FLOOR])

    rest = event_history(desk.store, ACCOUNT, event, 100, first.following)

    versions = [e.recorded.fact.originator_version for e in [*first.entries, *rest.entries]]
    assert versions == [6, 5, 4, 3, 2, 1]
    assert rest.following is None


def test_a_deleted_event_has_a_history(desk: Desk) -> None:
    event = desk.event()
    desk.delete(event)

    newest, _ = event_history(desk.store, ACCOUNT, event, 10).entries

    assert newest.recorded.fact.name == "EventDeleted"
    assert changes(newest) == {"deleted": (False, True)}


def test_what_never_was_has_no_history(desk: Desk) -> None:
    with pytest.raises(NotFound):
        event_history(desk.store, ACCOUNT, 99, 10)
    with pytest.raises(NotFound):
        location_history(desk.store, ACCOUNT, 99, 10)


def test_a_history_is_of_its_account(desk: Desk) -> None:
    event = desk.event()

    with pytest.raises(NotFound):
        event_history(desk.store, 8, event, 10)
