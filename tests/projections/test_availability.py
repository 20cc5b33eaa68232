"""The availability of each contingent: total = free = amount, until tickets are sold."""

from typing import Any

from pydantic_core import from_json

from adapters.views.select import Select
from domain.contingents import ContingentChanged, ContingentRemoved
from projections.availability import Availability
from projections.event_documents import COUNTERS
from tests.projections.conftest import MakeView
from tests.projections.facts import Facts, contingent
from tests.spec import ACCOUNT, Projected, at, given_facts


def availability(make_view: MakeView, facts: Facts) -> Projected:
    projection = Availability()
    return given_facts(projection, make_view(projection), facts)


def of_event(shown: Projected, number: int) -> list[tuple[int, int, int]]:
    select = Select(ACCOUNT, (("eventid", "=", number),), order="contingentid", then="contingentid")
    bodies: list[Any] = [from_json(body) for body in shown.view.page(select).bodies]
    return [(b["tickettypeid"], b["free"], b["total"]) for b in bodies]


def test_all_tickets_of_a_contingent_are_free(make_view: MakeView) -> None:
    facts = Facts().contingent(5, 98, amount=840)

    shown = availability(make_view, facts).body(contingent(98))

    assert shown == {
        "tickettypeid": 98,
        "complimentary": 0,
        "free": 840,
        "locked_hard": 0,
        "locked_soft": 0,
        "reserved": 0,
        "sold_paid": 0,
        "sold_unpaid": 0,
        "total": 840,
        "lastupdatets": at(1),
    }


def test_a_contingent_without_an_amount_has_no_tickets(make_view: MakeView) -> None:
    shown = availability(make_view, Facts().contingent(5, 98)).body(contingent(98))

    assert {name: shown[name] for name in COUNTERS} == dict.fromkeys(COUNTERS, 0)


def test_availability_follows_the_amount_and_keeps_it_when_something_else_changes(
    make_view: MakeView,
) -> None:
    facts = Facts().contingent(5, 98, amount=840)
    facts.add(ContingentChanged, 5, contingentid=98, changed={"amount": 900})
    facts.add(ContingentChanged, 5, contingentid=98, changed={"name": "Floor"})

    shown = availability(make_view, facts).body(contingent(98))

    assert (shown["free"], shown["total"], shown["lastupdatets"]) == (900, 900, at(3))


def test_the_contingents_of_one_event_are_listed(make_view: MakeView) -> None:
    facts = Facts().contingent(5, 99, amount=1, seated=True).contingent(6, 97, amount=2)
    facts.contingent(5, 98, amount=3).contingent(5, 96, amount=4)
    facts.add(ContingentRemoved, 5, contingentid=96)

    shown = availability(make_view, facts)

    assert of_event(shown, 5) == [(98, 3, 3), (99, 1, 1)]
    assert of_event(shown, 6) == [(97, 2, 2)]


def test_a_contingent_that_comes_back_is_listed_again(make_view: MakeView) -> None:
    facts = Facts().contingent(5, 98, amount=3)
    facts.add(ContingentRemoved, 5, contingentid=98).contingent(5, 98, amount=4)

    assert of_event(availability(make_view, facts), 5) == [(98, 4, 4)]
