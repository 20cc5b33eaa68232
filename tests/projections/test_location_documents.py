"""The document of a Location."""

from typing import Any

from pydantic_core import from_json

from adapters.views.select import Select
from domain.event_facts import EventDetailsChanged
from domain.location import LocationChanged, LocationDeleted, LocationFields, LocationRestored
from projections.location_documents import LocationDocuments
from tests.projections.conftest import MakeView
from tests.projections.facts import Facts, location
from tests.spec import ACCOUNT, Projected, at, given_facts


def documents(make_view: MakeView, facts: Facts) -> Projected:
    projection = LocationDocuments()
    return given_facts(projection, make_view(projection), facts)


def listed(shown: Projected, **which: Any) -> list[int]:
    return [from_json(body)["id"] for body in shown.view.page(Select(ACCOUNT, **which)).bodies]


def test_a_new_location_shows_every_field(make_view: MakeView) -> None:
    facts = Facts().location(5, name="Concert hall", lat=51.05, c_a=[1])

    shown = documents(make_view, facts).body(location(5))

    assert shown == {
        "id": 5,
        "guid": str(location(5)),
        "version": 1,
        **LocationFields.defaults(),
        "name": "Concert hall",
        "lat": 51.05,
        "createdts": at(1),
        "lastupdatets": at(1),
        "c_a": [1],
    }


def test_a_change_shows_with_its_version_and_time(make_view: MakeView) -> None:
    facts = Facts().location(5, name="Hall", city="Gent", c_a=1)
    facts.add(LocationChanged, 5, changed={"name": "New", "city": None, "c_a": None})

    projected = documents(make_view, facts)

    shown = projected.body(location(5))
    assert (shown["name"], shown["city"], shown["version"]) == ("New", None, 2)
    assert (shown["createdts"], shown["lastupdatets"]) == (at(1), at(2))
    assert "c_a" not in shown
    assert projected.etag(location(5)) == '"2"'


def test_what_happens_to_its_events_leaves_a_location(make_view: MakeView) -> None:
    facts = Facts().location(5, name="Hall").event(5, locationid=5)
    facts.add(EventDetailsChanged, 5, changed={"name": "Live"})

    projected = documents(make_view, facts)

    assert projected.body(location(5))["version"] == 1
    assert listed(projected) == [5]


def test_a_deleted_location_is_shown_nowhere_until_it_comes_back(make_view: MakeView) -> None:
    facts = Facts().location(5, name="Hall").location(6, name="Other hall")
    facts.add(LocationDeleted, 5)
    projected = documents(make_view, facts)

    gone = (projected.body(location(5)), listed(projected), listed(projected, prefixes=("word:h",)))
    facts.add(LocationRestored, 5).add(LocationChanged, 5, changed={"city": "Gent"})
    projected.follow()

    assert gone == (None, [6], [6])
    shown = projected.body(location(5))
    assert (shown["name"], shown["city"], shown["version"]) == ("Hall", "Gent", 4)
    assert listed(projected, order="name") == [5, 6]
