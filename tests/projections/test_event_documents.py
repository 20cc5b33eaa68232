"""The document of an Event, folded from the facts of three aggregates."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic_core import from_json

from adapters.views.select import Select
from domain.catalog_item import (
    CatalogItemArchived,
    CatalogItemChanged,
    CatalogItemCreated,
    CatalogItemRestored,
)
from domain.contingents import COUNTERS, ContingentChanged, ContingentRemoved
from domain.event import DateFields
from domain.event_facts import (
    DateChanged,
    DateRemoved,
    EventDeleted,
    EventDetailsChanged,
    EventLinksChanged,
    EventRelocated,
    EventRescheduled,
    EventRestored,
    EventSalePeriodChanged,
    StatusChanged,
)
from domain.event_fields import ACTIVE, CLOSED, DRAFT
from domain.hosting import EventHosted
from domain.ids import Kind
from domain.location import LocationChanged, LocationDeleted
from domain.ticket_types import TicketType
from domain.values import microseconds
from projections.event_documents import FOREVER, SHAPE, EventDocuments
from projections.texts import words
from tests.projections.conftest import MakeView
from tests.projections.facts import FIRST, LAST, LATER, Facts, event
from tests.spec import ACCOUNT, Projected, at, given_facts

Documents = Callable[[Facts], Projected]
BATCHES = [1, 2, 500]


@pytest.fixture(params=BATCHES)
def documents(make_view: MakeView, request: pytest.FixtureRequest) -> Documents:
    """Folds facts in batches of every size: the documents are the same."""
    projection = EventDocuments()

    def fold(facts: Facts) -> Projected:
        folded = given_facts(projection, make_view(projection), facts, request.param)
        assert folded.view.parked() == {}
        return folded

    return fold


def hosted() -> Facts:
    return Facts().location(1, name="Concert hall").location(2, name="Elsewhere")


def test_a_new_event_shows_all_55_fields(documents: Documents) -> None:
    facts = hosted().event(5, name="Live", tags=["jazz"])

    shown = documents(facts).body(event(5))

    assert shown == SHAPE | {
        "id": 5,
        "name": "Live",
        "tags": ["jazz"],
        "code": "123456789012",
        "currentstatus": DRAFT,
        "locationid": 1,
        "locationname": "Concert hall",
        "createdts": at(3),
        "lastupdatets": at(3),
        "guid": str(event(5)),
        "version": 1,
        "dates": [],
    }
    assert list(shown) == list(SHAPE)
    assert list(SHAPE)[55:58] == ["guid", "version", "dates"]


def test_every_change_shows(documents: Documents) -> None:
    facts = (
        hosted()
        .event(5, name="Live", subtitle="With band")
        .add(EventDetailsChanged, 5, changed={"name": "Other", "subtitle": None, "c_a": [1]})
        .add(EventLinksChanged, 5, changed={"productionid": 3})
        .add(EventSalePeriodChanged, 5, changed={"saleschannels": [{"saleschannelid": 1}]})
    )

    shown = documents(facts).body(event(5))

    assert (shown["name"], shown["subtitle"], shown["productionid"]) == ("Other", None, 3)
    assert shown["saleschannels"] == [{"eventid": 5, "saleschannelid": 1}]
    assert shown["c_a"] == [1]
    assert (shown["version"], shown["createdts"], shown["lastupdatets"]) == (4, at(3), at(6))


def test_a_custom_field_that_is_cleared_is_gone(documents: Documents) -> None:
    facts = hosted().event(5, c_a=1, c_b=0).add(EventDetailsChanged, 5, changed={"c_a": None})

    shown = documents(facts).body(event(5))

    assert [name for name in shown if name.startswith("c_")] == ["c_b"]


def test_the_status_and_the_time_of_publishing_show(documents: Documents) -> None:
    facts = hosted().event(5)
    for status in (ACTIVE, CLOSED, ACTIVE):
        facts.add(StatusChanged, 5, currentstatus=status)

    shown = documents(facts).body(event(5))

    assert (shown["currentstatus"], shown["publishedts"]) == (ACTIVE, at(4))


# -- dates


def test_dates_show_in_the_order_of_their_ids(documents: Documents) -> None:
    facts = hosted().event(5).date(5, 8).date(5, 7).date(5, 9)
    facts.add(DateRemoved, 5, dateid=8)
    facts.add(DateChanged, 5, dateid=7, changed={"name": "Saturday", "end": LAST})
    facts.date(5, 8)

    shown = documents(facts).body(event(5))

    assert [(d["id"], d["name"], d["start"], d["end"]) for d in shown["dates"]] == [
        (7, "Saturday", FIRST, LAST),
        (8, None, FIRST, LATER),
        (9, None, FIRST, LATER),
    ]
    assert list(shown["dates"][0]) == ["id", "guid", "eventid", *DateFields.model_fields]


def test_start_and_end_are_the_events_own_or_those_of_its_dates(documents: Documents) -> None:
    facts = hosted().event(5).date(5, 7, LATER, LAST).date(5, 8, FIRST, LATER)
    facts.event(6).event(7, startts=LATER).date(7, 9, FIRST, LAST)

    shown = documents(facts)

    times = [(d["startts"], d["endts"]) for d in map(shown.body, map(event, (5, 6, 7)))]
    assert times == [(FIRST, LAST), (None, None), (LATER, LAST)]


# -- the Location


def test_a_rename_of_the_location_reaches_its_events(documents: Documents) -> None:
    facts = hosted().event(5).event(6).event(7, locationid=2)
    before = documents(facts).etag(event(5))
    facts.add(LocationChanged, 1, changed={"name": "New name", "city": "Gent"})

    shown = documents(facts)

    names = [shown.body(event(n))["locationname"] for n in (5, 6, 7)]
    assert names == ["New name", "New name", "Elsewhere"]
    assert shown.etag(event(5)) != before
    assert shown.body(event(5))["version"] == 1
    assert shown.body(event(5))["lastupdatets"] == at(6)


def test_other_changes_of_the_location_leave_its_events(documents: Documents) -> None:
    facts = hosted().event(5)
    before = documents(facts)
    etag, body = before.etag(event(5)), before.body(event(5))
    facts.add(LocationChanged, 1, changed={"city": "Gent", "info": "name"})
    facts.add(EventHosted, 1, eventid=5)

    shown = documents(facts)

    assert (shown.etag(event(5)), shown.body(event(5))) == (etag, body)


def test_a_rename_finds_an_event_that_came_and_one_that_left_just_now(
    documents: Documents,
) -> None:
    facts = hosted().event(5).event(6, locationid=2)
    facts.add(EventRelocated, 5, changed={"locationid": 2})
    facts.add(EventRelocated, 6, changed={"locationid": 1})
    facts.add(LocationChanged, 1, changed={"name": "One"})
    facts.add(LocationChanged, 2, changed={"name": "Two"})

    shown = documents(facts)

    assert [shown.body(event(n))["locationname"] for n in (5, 6)] == ["Two", "One"]


def test_an_event_that_moves_shows_the_name_of_its_new_location(documents: Documents) -> None:
    facts = hosted().event(5)
    facts.add(LocationChanged, 2, changed={"name": "Two"})
    facts.add(EventRelocated, 5, changed={"locationid": 2})

    shown = documents(facts).body(event(5))

    assert (shown["locationid"], shown["locationname"]) == (2, "Two")


def test_a_rename_stays_in_its_account(documents: Documents, make_view: MakeView) -> None:
    ours, theirs = hosted().event(5), Facts(account=ACCOUNT + 1).location(1, name="Theirs").event(5)
    ours.append([r.fact for r in theirs.read(0, 10)])
    ours.account = ACCOUNT + 1
    ours._versions = theirs._versions
    ours.add(LocationChanged, 1, changed={"name": "Renamed"})

    shown = documents(ours)

    assert shown.body(event(5))["locationname"] == "Concert hall"
    assert shown.body(event(5, ACCOUNT + 1))["locationname"] == "Renamed"


# -- gone and back


def test_a_deleted_event_is_shown_nowhere(documents: Documents) -> None:
    facts = hosted().event(5, name="Live", tags=["jazz"]).event(6)
    facts.add(EventDeleted, 5)

    shown = documents(facts)

    assert shown.body(event(5)) is None
    assert listed(shown) == [6]
    assert listed(shown, prefixes=("word:li",)) == []
    assert listed(shown, exact=("tag:jazz",)) == []


def test_an_event_comes_back_with_what_happened_meanwhile(documents: Documents) -> None:
    facts = hosted().event(5, name="Live").contingent(5, 98, amount=10)
    facts.add(EventDeleted, 5)
    facts.add(LocationChanged, 1, changed={"name": "New name"})
    facts.add(EventRestored, 5)

    shown = documents(facts).body(event(5))

    assert (shown["name"], shown["locationname"], shown["version"]) == ("Live", "New name", 3)
    assert [c["amount"] for c in shown["contingents"]] == [10]


def test_a_location_has_no_page_among_the_events(documents: Documents) -> None:
    facts = hosted().event(5).add(EventDeleted, 5).add(LocationDeleted, 1)

    shown = documents(facts)

    assert listed(shown) == []
    assert all(row[3] is None for row in shown.rows() if isinstance(row[0], bytes) and len(row) > 5)


# -- contingents


def test_contingents_are_joined_by_their_sort(documents: Documents) -> None:
    facts = hosted().event(5)
    facts.contingent(5, 99, name="Balcony", amount=50).locked(5, 99, 46, 50)
    facts.contingent(5, 98, name="Floor", amount=100, pricelistid=6)
    facts.contingent(5, 97, seated=True, name="Seats")

    shown = documents(facts).body(event(5))

    assert shown["contingents"] == [
        TicketType.defaults()
        | {
            "id": 98,
            "name": "Floor",
            "amount": 100,
            "pricelistid": 6,
            "eventspecificprices": None,
            "locks": [],
            "withimportedbarcodes": False,
            "dateids": [],
            "translations": {},
            "eventid": 5,
        },
        TicketType.defaults()
        | {
            "id": 99,
            "name": "Balcony",
            "amount": 50,
            "pricelistid": None,
            "eventspecificprices": None,
            "locks": [{"amount": 5, "locktypeid": 1, "tickettypeid": 99}],
            "withimportedbarcodes": False,
            "dateids": [],
            "translations": {},
            "eventid": 5,
        },
    ]
    assert [c["id"] for c in shown["seated_contingents"]] == [97]
    counters = ("tickettypeid", "free", "locked_hard", "total")
    assert [tuple(a[name] for name in counters) for a in shown["availability"]] == [
        (97, 0, 0, 0),
        (98, 100, 0, 100),
        (99, 45, 5, 50),
    ]


def test_a_change_of_contingents_changes_the_etag_and_the_time_but_not_the_version(
    documents: Documents,
) -> None:
    facts = hosted().event(5).contingent(5, 98, amount=100)
    before = documents(facts)
    facts.add(ContingentChanged, 5, contingentid=98, changed={"amount": 90})
    facts.contingent(5, 99).add(ContingentRemoved, 5, contingentid=99)

    after = documents(facts)

    shown = after.body(event(5))
    assert [(c["id"], c["amount"]) for c in shown["contingents"]] == [(98, 90)]
    assert (shown["version"], shown["lastupdatets"]) == (1, at(7))
    assert shown["availability"][0]["lastupdatets"] == at(5)
    assert before.etag(event(5)) != after.etag(event(5))


def test_the_counters_of_a_contingent_sum_to_its_total(documents: Documents) -> None:
    facts = hosted().event(5).contingent(5, 98, amount=840).locked(5, 98, 801, 840)
    facts.taken(5, 98, 1, 5).settled(5, 98, 1, 3, "sold_unpaid")
    facts.settled(5, 98, 2, 2, "sold_paid", source="sold_unpaid")
    facts.settled(5, 98, 3, 3, "complimentary", source="sold_unpaid")

    (counters,) = documents(facts).body(event(5))["availability"]

    assert {name: counters[name] for name in COUNTERS} == {
        "complimentary": 1,
        "free": 795,
        "locked_hard": 40,
        "locked_soft": 0,
        "reserved": 2,
        "sold_paid": 1,
        "sold_unpaid": 1,
        "total": 840,
    }
    assert sum(counters[name] for name in COUNTERS if name != "total") == 840
    assert counters["lastupdatets"] == at(9)


def test_a_sale_changes_the_etag_and_the_time_but_neither_version_nor_contingents(
    documents: Documents,
) -> None:
    facts = hosted().event(5).contingent(5, 98, amount=100)
    before = documents(facts)
    etag, body = before.etag(event(5)), before.body(event(5))

    after = documents(facts.taken(5, 98, 1, 2))

    shown = after.body(event(5))
    assert (shown["version"], shown["lastupdatets"]) == (1, at(5))
    assert (shown["contingents"], shown["prices"]) == (body["contingents"], body["prices"])
    assert after.etag(event(5)) != etag


# -- prices


def priced(amount: float, **more: Any) -> dict[str, Any]:
    """A price as facts hold it."""
    said = {"availabilities": [True], "saleschannels": None, "conditions": [], "position": None}
    return {"pricetypeid": 1, "prices": [amount], **said, **more}


def prices(*them: dict[str, Any]) -> dict[str, Any]:
    return {"prices": list(them), "seatrankids": None}


def sold_at(shown: Any) -> list[tuple[int, int | None, float]]:
    """Price type, channel and price, as the document has them."""
    return [
        (of_type["pricetypeid"], channel["saleschannelid"], channel["price"])
        for contingent in shown["prices"]["contingents"]
        for of_type in contingent["pricetypes"]
        for channel in of_type["saleschannels"]
    ]


def a_list(facts: Facts, number: int, *them: dict[str, Any]) -> Facts:
    fields = {"name": "Concerts", "prices": prices(*them)}
    return facts.add(CatalogItemCreated, number, kind=Kind.PRICE_LIST, number=number, fields=fields)


def test_prices_are_those_of_the_contingent_and_of_its_list(documents: Documents) -> None:
    own = prices(priced(30.0, saleschannels=[2]), priced(0.0, pricetypeid=3, position=1))
    facts = a_list(hosted(), 6, priced(20.0), priced(10.0, pricetypeid=2)).event(5)
    facts.contingent(5, 98, amount=1, pricelistid=6, eventspecificprices=own)
    facts.contingent(5, 99, amount=1)

    shown = documents(facts).body(event(5))

    assert sold_at(shown) == [(1, 2, 30.0), (1, None, 20.0), (3, None, 0.0), (2, None, 10.0)]
    of_98, of_99 = shown["prices"]["contingents"]
    assert (of_98["contingentid"], of_99) == (98, {"contingentid": 99, "pricetypes": []})
    assert of_98["pricetypes"][0] == {
        "pricetypeid": 1,
        "tickettypepriceid": 98_000_001,
        "saleschannels": [
            {
                "saleschannelid": channel,
                "tickettypepriceid": 98_000_001,
                "price": price,
                "servicecharge": 0.0,
                "costs": [],
                "conditions": [],
            }
            for channel, price in ((2, 30.0), (None, 20.0))
        ],
    }


def test_a_change_of_a_price_list_reaches_the_events_that_use_it(documents: Documents) -> None:
    facts = a_list(a_list(hosted(), 6, priced(20.0)), 7, priced(50.0)).event(5).event(6).event(7)
    for number, price_list in ((5, 6), (6, 7), (7, 7)):
        facts.contingent(number, 90 + number, amount=1, pricelistid=price_list)
    facts.add(ContingentChanged, 7, contingentid=97, changed={"pricelistid": 6})
    before = documents(facts).etag(event(5))
    changed = {"prices": prices(priced(25.0))}
    facts.add(CatalogItemChanged, 6, kind=Kind.PRICE_LIST, changed=changed)

    shown = documents(facts)

    assert [sold_at(shown.body(event(n))) for n in (5, 6, 7)] == [
        [(1, None, 25.0)],
        [(1, None, 50.0)],
        [(1, None, 25.0)],
    ]
    assert shown.etag(event(5)) != before
    assert (shown.body(event(5))["version"], shown.body(event(5))["lastupdatets"]) == (1, at(12))


def test_a_list_that_comes_after_its_number_was_named_is_shown(documents: Documents) -> None:
    facts = hosted().event(5).contingent(5, 98, amount=1, pricelistid=6)

    shown = documents(a_list(facts, 6, priced(20.0)))

    assert sold_at(shown.body(event(5))) == [(1, None, 20.0)]


def test_a_change_of_a_price_list_stays_in_its_account(documents: Documents) -> None:
    ours = a_list(hosted(), 6, priced(20.0)).event(5).contingent(5, 98, amount=1, pricelistid=6)
    theirs = a_list(Facts(account=ACCOUNT + 1), 6, priced(99.0))
    ours.append([r.fact for r in theirs.read(0, 10)])

    assert sold_at(documents(ours).body(event(5))) == [(1, None, 20.0)]


def test_an_archived_list_sells_nothing_until_it_comes_back(documents: Documents) -> None:
    facts = a_list(hosted(), 6, priced(20.0)).event(5).contingent(5, 98, amount=1, pricelistid=6)
    facts.add(CatalogItemArchived, 6, kind=Kind.PRICE_LIST)
    archived = sold_at(documents(facts).body(event(5)))
    facts.add(CatalogItemRestored, 6, kind=Kind.PRICE_LIST)

    shown = documents(facts).body(event(5))

    assert archived == []
    assert sold_at(shown) == [(1, None, 20.0)]


# -- the ETag


CHANGES: list[Callable[[Facts], Facts]] = [
    lambda f: f.add(EventDetailsChanged, 5, changed={"name": "Other"}),
    lambda f: f.date(5, 7),
    lambda f: f.add(StatusChanged, 5, currentstatus=ACTIVE),
    lambda f: f.contingent(5, 98, amount=3, pricelistid=6),
    lambda f: f.taken(5, 98, 1, 1),
    lambda f: a_list(f, 6, priced(20.0)),
    lambda f: f.add(CatalogItemChanged, 6, kind=Kind.PRICE_LIST, changed={"prices": prices()}),
    lambda f: f.add(LocationChanged, 1, changed={"name": "New"}),
    lambda f: f.add(EventRelocated, 5, changed={"locationid": 2}),
]


def test_the_etag_changes_with_everything_that_the_body_shows(make_view: MakeView) -> None:
    facts = hosted().event(5)
    shown = given_facts(EventDocuments(), make_view(EventDocuments()), facts)
    seen = [(shown.etag(event(5)), shown.body(event(5)))]

    for change in CHANGES:
        change(facts)
        shown.follow()
        seen.append((shown.etag(event(5)), shown.body(event(5))))

    assert len({etag for etag, _ in seen}) == len(seen)
    assert all(etag.partition(".")[0] == f'"{body["version"]}' for etag, body in seen if etag)


# -- what lists find it by


def listed(shown: Projected, *where: Any, **which: Any) -> list[int]:
    page = shown.view.page(Select(ACCOUNT, where, **which))
    return [document["id"] for document in map(from_json, page.bodies)]


@pytest.fixture
def shelf(documents: Documents) -> Projected:
    facts = hosted()
    facts.event(5, name="Bonobo Live", subtitle="live band", startts=FIRST, endts=LATER)
    facts.event(6, locationid=2, name="bonobos", tags=["jazz", "Jazz"], productionid=3)
    facts.event(7, name="ÉTÉ Straße", startts=LATER)
    facts.add(StatusChanged, 5, currentstatus=ACTIVE)
    return documents(facts)


def test_events_are_found_by_their_columns(shelf: Projected) -> None:
    assert listed(shelf, ("status", "in", (ACTIVE,))) == [5]
    assert listed(shelf, ("locationid", "=", 2)) == [6]
    assert listed(shelf, ("productionid", "=", 3)) == [6]
    assert listed(shelf, ("updated", ">=", microseconds(at(5)))) == [5, 7]
    assert listed(shelf, ("starts", "<", FOREVER)) == [5, 7]
    assert listed(shelf, ("ends", "<=", microseconds(LATER))) == [5, 7]
    assert listed(shelf, order="starts") == [5, 7, 6]
    assert listed(shelf, order="name") == [5, 6, 7]


def test_events_are_found_by_the_beginnings_of_words_and_by_whole_tags(shelf: Projected) -> None:
    assert listed(shelf, prefixes=("word:bono",)) == [5, 6]
    assert listed(shelf, prefixes=("word:bonobo", "word:ba")) == [5]
    assert listed(shelf, prefixes=words("été")) == [7]
    assert listed(shelf, prefixes=("word:strasse",)) == [7]
    assert listed(shelf, exact=("tag:jazz",)) == [6]
    assert listed(shelf, exact=("tag:jaz",)) == []


def test_an_event_is_found_by_its_words_of_today(documents: Documents) -> None:
    facts = hosted().event(5, name="Old name").event(6, name="Other")
    facts.add(EventDetailsChanged, 5, changed={"name": "New name", "tags": ["t"]})
    facts.add(EventRescheduled, 5, changed={"startts": FIRST})

    shown = documents(facts)

    assert listed(shown, prefixes=("word:old",)) == []
    assert listed(shown, prefixes=("word:new", "word:name")) == [5]
    assert listed(shown, exact=("tag:t",)) == [5]


def test_long_words_that_begin_alike_do_no_harm(documents: Documents) -> None:
    facts = hosted().event(5, name=f"{'a' * 110}x {'a' * 110}y A", subtitle="a")

    shown = documents(facts)

    assert listed(shown, prefixes=(f"word:{'a' * 100}",)) == [5]
