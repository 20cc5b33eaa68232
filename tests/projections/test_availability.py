"""The availability of an Event: eight counters by contingent, by date and together."""

from typing import Any

import pytest

from domain.contingents import COUNTERS, ContingentChanged, ContingentRemoved
from domain.event_facts import DateChanged, DateRemoved, EventDeleted, EventRestored
from projections.availability import Availability
from tests.projections.conftest import MakeView
from tests.projections.facts import Facts, event
from tests.spec import Projected, at, given_facts


def availability(make_view: MakeView, facts: Facts, batch: int = 500) -> Projected:
    projection = Availability()
    return given_facts(projection, make_view(projection), facts, batch)


def counted(shown: Any) -> dict[str, float]:
    """The counters that are not 0."""
    return {name: shown[name] for name in (*COUNTERS, "percentsold") if shown[name]}


def test_all_tickets_of_a_new_contingent_are_free(make_view: MakeView) -> None:
    facts = Facts().event(5).contingent(5, 98, amount=840)

    shown = availability(make_view, facts).body(event(5))

    counters = dict.fromkeys(COUNTERS, 0) | {"free": 840, "total": 840, "percentsold": 0.0}
    assert shown == {
        "inventoryversion": 1,
        "contingents": [{"tickettypeid": 98, **counters, "lastupdatets": at(2)}],
        "dates": [],
        "total": counters,
    }


def test_an_event_without_contingents_has_no_tickets(make_view: MakeView) -> None:
    shown = availability(make_view, Facts().event(5)).body(event(5))

    counters = dict.fromkeys(COUNTERS, 0) | {"percentsold": 0.0}
    assert shown == {"inventoryversion": 0, "contingents": [], "dates": [], "total": counters}


def test_a_contingent_without_an_amount_has_no_tickets(make_view: MakeView) -> None:
    shown = availability(make_view, Facts().event(5).contingent(5, 98)).body(event(5))

    assert counted(shown["total"]) == {}


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_tickets_are_counted_where_they_are(make_view: MakeView, batch: int) -> None:
    facts = Facts().event(5).contingent(5, 98, amount=100).contingent(5, 97, amount=20, seated=True)
    facts.taken(5, 98, 1, 10).settled(5, 98, 1, 3, "sold_unpaid").locked(5, 98, 91, 100)
    facts.settled(5, 98, 1, 1, "sold_paid", source="sold_unpaid").taken(5, 97, 1, 1, order=2)
    facts.settled(5, 97, 1, 1, "complimentary", order=2)

    shown = availability(make_view, facts, batch).body(event(5))

    seats, floor = shown["contingents"]
    assert counted(seats) == {"complimentary": 1, "free": 19, "total": 20, "percentsold": 5.0}
    assert counted(floor) == {
        "free": 80,
        "locked_hard": 10,
        "reserved": 7,
        "sold_paid": 1,
        "sold_unpaid": 2,
        "total": 100,
        "percentsold": 3.0,
    }
    assert counted(shown["total"]) == {
        "complimentary": 1,
        "free": 99,
        "locked_hard": 10,
        "reserved": 7,
        "sold_paid": 1,
        "sold_unpaid": 2,
        "total": 120,
        "percentsold": 3.33,
    }
    assert [c["lastupdatets"] for c in (seats, floor)] == [at(9), at(7)]
    assert shown["inventoryversion"] == 8


def test_a_contingent_without_an_end_grows_with_what_is_taken(make_view: MakeView) -> None:
    facts = Facts().event(5).contingent(5, 98, amount=None).taken(5, 98, 1, 3)

    shown = availability(make_view, facts).body(event(5))

    assert counted(shown["total"]) == {"reserved": 3, "total": 3}


def test_a_contingent_is_counted_on_the_dates_it_is_valid_on(make_view: MakeView) -> None:
    facts = Facts().event(5).date(5, 8).date(5, 7).date(5, 9)
    facts.contingent(5, 97, amount=10).contingent(5, 98, amount=5, dateids=[7, 8])
    facts.contingent(5, 99, amount=1, dateids=[8]).taken(5, 98, 1, 2).taken(5, 97, 1, 1)
    facts.add(DateChanged, 5, dateid=7, changed={"capacity": 12})
    facts.add(DateChanged, 5, dateid=8, changed={"name": "Saturday"})
    facts.add(DateRemoved, 5, dateid=9)

    shown = availability(make_view, facts).body(event(5))

    on_dates = [(d["id"], d["capacity"], counted(d)) for d in shown["dates"]]
    assert on_dates == [
        (7, 12, {"free": 12, "reserved": 3, "total": 15}),
        (8, 0, {"free": 13, "reserved": 3, "total": 16}),
    ]
    assert counted(shown["total"]) == {"free": 13, "reserved": 3, "total": 16}


def test_the_amount_makes_tickets_and_takes_out_free_ones(make_view: MakeView) -> None:
    facts = Facts().event(5).contingent(5, 98, amount=840).taken(5, 98, 1, 10)
    seen = []
    for changed in ({"amount": 900}, {"name": "Floor"}, {"amount": 20}):
        facts.add(ContingentChanged, 5, contingentid=98, changed=changed)
        (shown,) = availability(make_view, facts).body(event(5))["contingents"]
        seen.append((shown["free"], shown["reserved"], shown["total"], shown["lastupdatets"]))

    assert seen == [(890, 10, 900, at(4)), (890, 10, 900, at(5)), (10, 10, 20, at(6))]


def test_contingents_show_in_the_order_of_their_ids_as_long_as_they_are_there(
    make_view: MakeView,
) -> None:
    facts = Facts().event(5).event(6).contingent(5, 99, amount=1).contingent(6, 97, amount=2)
    facts.contingent(5, 98, amount=3).contingent(5, 96, amount=4)
    facts.add(ContingentRemoved, 5, contingentid=96)
    before = of_event(availability(make_view, facts), 5)
    facts.contingent(5, 96, amount=5)

    shown = availability(make_view, facts)

    assert before == [(98, 3), (99, 1)]
    assert of_event(shown, 5) == [(96, 5), (98, 3), (99, 1)]
    assert of_event(shown, 6) == [(97, 2)]


def of_event(shown: Projected, number: int) -> list[tuple[int, int]]:
    return [(c["tickettypeid"], c["free"]) for c in shown.body(event(number))["contingents"]]


def test_a_deleted_event_has_no_availability_until_it_comes_back(make_view: MakeView) -> None:
    facts = Facts().event(5).event(6).contingent(5, 98, amount=3).add(EventDeleted, 5)
    shown = availability(make_view, facts)
    gone = shown.body(event(5))

    facts.add(EventRestored, 5)
    shown.follow()

    assert gone is None
    assert of_event(shown, 5) == [(98, 3)]


def test_the_etag_changes_with_tickets_and_dates(make_view: MakeView) -> None:
    facts = Facts().event(5).contingent(5, 98, amount=3)
    shown = availability(make_view, facts)
    etags = [shown.etag(event(5))]

    for change in (lambda f: f.taken(5, 98, 1, 1), lambda f: f.date(5, 7)):
        change(facts)
        shown.follow()
        etags.append(shown.etag(event(5)))

    assert etags == ['"1.1"', '"2.1"', '"2.2"']


def test_a_location_has_no_availability(make_view: MakeView) -> None:
    assert list(availability(make_view, Facts().location(1, name="Hall")).rows()) == []
