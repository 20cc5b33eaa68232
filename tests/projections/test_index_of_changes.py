"""The index of changes: every fact about what a reader knows, in the order of commits."""

from typing import Any, get_args

from adapters.http.v1.past_filters import ChangedKind
from adapters.views.select import Select
from domain.catalog import CATALOG
from domain.catalog_item import CatalogItemCreated
from domain.contingents import ContingentChanged
from domain.event_facts import EventDeleted, EventDetailsChanged
from domain.hosting import EventHosted, HostingOpened
from domain.location import LocationDeleted
from domain.registry import KeyRevoked
from domain.values import microseconds
from projections.changes import SHOWN, Changes
from tests.projections.conftest import MakeView
from tests.projections.facts import Facts, event, location
from tests.spec import ACCOUNT, Projected, at, given_facts


def index(make_view: MakeView, facts: Facts, batch: int = 500) -> Projected:
    projection = Changes()
    return given_facts(projection, make_view(projection), facts, batch)


def listed(shown: Projected, *where: Any, **which: Any) -> list[Any]:
    select = Select(ACCOUNT, where, order="position", then="position", **which)
    return shown.entries(select)


def busy() -> Facts:
    facts = Facts().location(5, name="Hall").add(HostingOpened, 5)
    facts.add(EventHosted, 5, eventid=6).event(6, locationid=5).contingent(6, 98, amount=3)
    facts.add(ContingentChanged, 6, contingentid=98, changed={"amount": 4})
    facts.add(EventDeleted, 6).add(LocationDeleted, 5).add(KeyRevoked, 1, keyid=1)
    return facts


def test_every_fact_about_locations_and_events_is_there_in_order(make_view: MakeView) -> None:
    for batch in (1, 2, 500):
        entries = listed(index(make_view, busy(), batch))

        said = [
            (e["position"], e["kind"], e["id"], e["version"] or e["inventoryversion"], e["fact"])
            for e in entries
        ]
        assert said == [
            (1, "location", 5, 1, "LocationCreated"),
            (4, "event", 6, 1, "EventCreated"),
            (5, "event", 6, 1, "ContingentAdded"),
            (6, "event", 6, 2, "ContingentChanged"),
            (7, "event", 6, 2, "EventDeleted"),
            (8, "location", 5, 2, "LocationDeleted"),
        ]


def test_an_entry_says_who_when_why_and_what(make_view: MakeView) -> None:
    facts = Facts().event(6).add(EventDetailsChanged, 6, changed={"name": "Live"})

    _, entry = listed(index(make_view, facts))

    assert entry == {
        "position": 2,
        "kind": "event",
        "id": 6,
        "guid": str(event(6)),
        "version": 2,
        "inventoryversion": None,
        "time": at(2),
        "actor": "ann",
        "reason": None,
        "correlation": "request",
        "causation": "command-2",
        "fact": "EventDetailsChanged",
        "data": {"changed": {"name": "Live"}},
        "changes": [],
    }


def test_a_contingent_is_a_part_of_its_event(make_view: MakeView) -> None:
    (entry,) = listed(index(make_view, Facts().contingent(6, 98, amount=3)))

    assert entry["guid"] == str(event(6))
    assert entry["data"] == {"contingentid": 98, "seated": False, "fields": {"amount": 3}}


def test_a_thing_of_the_catalog_has_a_kind_of_its_own(make_view: MakeView) -> None:
    facts = Facts()
    for cls in CATALOG.values():
        facts.add(CatalogItemCreated, 5, kind=cls.KIND, number=5, fields={"name": "A"})

    entries = listed(index(make_view, facts))

    assert [entry["kind"] for entry in entries] == [
        "pricetype",
        "pricelist",
        "saleschannel",
        "locktype",
        "customfield",
        "seatrank",
        "contact",
        "seatingplan",
        "customfieldvalue",
        "paymentscenario",
        "tracker",
        "paymentmethod",
        "deliveryscenario",
        "relationtype",
        "contacttitle",
        "contactaddresstype",
        "phonenumbertype",
    ]
    assert [e["guid"] for e in entries] == [str(c.id_of(ACCOUNT, 5)) for c in CATALOG.values()]


def test_every_kind_that_is_shown_can_be_asked_for() -> None:
    assert {*SHOWN.values()} == {*get_args(ChangedKind)}


def test_entries_are_found_by_what_an_auditor_asks(make_view: MakeView) -> None:
    shown = index(make_view, busy())

    def found(*where: Any, **which: Any) -> list[int]:
        return [entry["position"] for entry in listed(shown, *where, **which)]

    assert found(("kind", "=", "location")) == [1, 8]
    assert found(("fact", "in", ("EventCreated", "EventDeleted"))) == [4, 7]
    assert found(("actor", "=", "bob")) == []
    assert found(("time", ">=", microseconds(at(5))), ("time", "<", microseconds(at(8)))) == [
        5,
        6,
        7,
    ]
    assert found(after=(5,), limit=2) == [6, 7]


def test_accounts_do_not_see_each_others_changes(make_view: MakeView) -> None:
    theirs = Facts(account=ACCOUNT + 1).location(5, name="Theirs")

    shown = index(make_view, theirs)

    assert listed(shown) == []
    assert location(5) != location(5, ACCOUNT + 1)
