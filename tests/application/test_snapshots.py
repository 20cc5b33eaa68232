"""Cost does not grow with history: an aggregate is replayed from its newest snapshot."""

from functools import partial

import pytest

from application import locations
from application.as_of import load, past_event, past_location
from application.group_commit import SNAPSHOT_EVERY
from domain.event import Event
from domain.inventory import Inventory
from domain.location import Location, LocationFields
from tests.application.desk import Desk
from tests.application.faults import TroubledStore
from tests.spec import ACCOUNT


@pytest.fixture(scope="module")
def long_lived() -> tuple[TroubledStore, int]:
    """A Location of a thousand facts, changed in batches of every size."""
    store = TroubledStore()
    desk = Desk(store)
    location = desk.location()
    changes = [
        partial(locations.change_location, number=location, fields=LocationFields(city=f"C{n}"))
        for n in range(2, 1001)
    ]
    while changes:
        batch, changes = changes[: len(changes) % 50 + 1], changes[len(changes) % 50 + 1 :]
        desk.together(*[desk.job(change) for change in batch])
    desk.close()
    return store, location


def test_a_thousand_facts_are_loaded_by_reading_fewer_than_250(
    long_lived: tuple[TroubledStore, int],
) -> None:
    store, number = long_lived
    store.streamed = 0

    location = load(store, Location, Location.id_of(ACCOUNT, number))

    assert (location.version, location.state["city"]) == (1000, "C1000")
    assert store.streamed < 250


@pytest.mark.parametrize("version", [1, 2, 199, 200, 201, 399, 400, 401, 750, 999, 1000])
def test_any_past_version_is_loaded_by_reading_fewer_than_250(
    long_lived: tuple[TroubledStore, int], version: int
) -> None:
    store, number = long_lived
    store.streamed = 0

    past = past_location(store, ACCOUNT, number, version=version)

    assert past.version == version
    assert past.state.get("city") == (f"C{version}" if version > 1 else None)
    assert store.streamed < 250


def test_any_moment_is_found_by_bisection(long_lived: tuple[TroubledStore, int]) -> None:
    store, number = long_lived
    (recorded,) = store.stream(Location.id_of(ACCOUNT, number), after=676, upto=677)
    store.streamed = 0

    past = past_location(store, ACCOUNT, number, time=recorded.fact.time)

    assert past.version == 677
    assert store.streamed < 250


def test_a_new_writer_starts_from_the_snapshots(long_lived: tuple[TroubledStore, int]) -> None:
    store, number = long_lived
    desk = Desk(store)
    store.streamed = 0

    version = desk.decided(lambda work: work.load(Location, number).version)
    desk.close()

    assert version == 1000
    assert store.streamed < 250


def test_a_snapshot_is_the_state_at_its_version(long_lived: tuple[TroubledStore, int]) -> None:
    store, number = long_lived
    location = Location(Location.id_of(ACCOUNT, number))
    states = {}
    for recorded in store.stream(location.id):
        location.apply(recorded.fact)
        states[location.version] = location.capture().state

    found = [
        store.snapshot(location.id, upto) for upto in range(SNAPSHOT_EVERY, 1001, SNAPSHOT_EVERY)
    ]

    assert all(s is not None and s.state == states[s.originator_version] for s in found)
    assert len({s.originator_version for s in found if s}) == 10


def test_an_event_and_its_contingents_are_loaded_from_their_snapshots() -> None:
    store = TroubledStore()
    desk = Desk(store)
    event = desk.event(contingents=[{"name": "Floor", "amount": 0}])
    (contingent,) = load(store, Inventory, Inventory.id_of(ACCOUNT, event)).state["contingents"]
    for n in range(1, 250):
        desk.change(event, subtitle=f"S{n}", contingents=[{"id": int(contingent), "amount": n}])
    desk.close()
    store.streamed = 0

    past = past_event(store, ACCOUNT, event, version=240)

    assert past.event.state["subtitle"] == "S239"
    assert past.inventory.contingents(seated=False)[0]["amount"] == 239
    assert store.snapshot(Event.id_of(ACCOUNT, event)) is not None
    assert store.streamed < 150


def test_an_inventory_that_grows_with_every_order_has_snapshots() -> None:
    store = TroubledStore()
    desk = Desk(store)
    event, contingent = desk.on_sale(amount=700)
    jobs = [{"eventid": event, "contingentid": contingent} for _ in range(600)]
    for take in jobs:
        desk.order(take)
    desk.close()
    store.streamed = 0

    inventory = load(store, Inventory, Inventory.id_of(ACCOUNT, event))

    assert inventory.count("reserved") == 600
    assert store.streamed <= 150
