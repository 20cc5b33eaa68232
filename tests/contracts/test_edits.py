"""The edits of an Inventory are read without a look at its sales, the same on every store."""

import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.sql import EDITS, PLACES
from adapters.stores.sqlite import SqliteStore
from application.ports import Store
from domain.event import Event
from domain.event_facts import EventCreated, EventRelocated
from domain.ids import Kind, guid
from domain.inventory import Inventory
from domain.tickets import SALES
from tests.application.desk import Desk
from tests.spec import ACCOUNT


def test_edits_are_all_but_what_sales_make(store: Store) -> None:
    desk = Desk(store)
    event, lot = desk.on_sale()
    for _ in range(3):
        desk.sold(event, lot)
        desk.lock(event, contingentid=lot)
    desk.close()
    inventory = Inventory.id_of(ACCOUNT, event)
    everything = store.stream(inventory)
    edits = [r for r in everything if r.fact.TOPIC not in SALES]

    assert store.stream(inventory, edits=True) == edits
    assert store.stream(inventory, edits=True, newest_first=True, limit=2) == edits[:-3:-1]
    assert store.stream(inventory, edits=True, upto=3) == [
        r for r in edits if r.fact.originator_version <= 3
    ]
    assert len(edits) < len(everything)


def test_a_stream_is_read_by_topics(store: Store) -> None:
    desk = Desk(store)
    event = desk.event()
    desk.change(event, subtitle="After")
    desk.change(event, locationid=desk.location())
    desk.close()
    topics = (EventCreated.TOPIC, EventRelocated.TOPIC)

    found = store.stream(Event.id_of(ACCOUNT, event), topics=topics)

    assert [r.fact.TOPIC for r in found] == [*topics]
    newest = store.stream(Event.id_of(ACCOUNT, event), topics=topics, newest_first=True, limit=1)
    assert newest == found[1:]


@pytest.mark.parametrize(
    ("index", "facts", "topic"),
    [("stored_edits", EDITS, "inventory."), ("stored_places", PLACES, "event.relocated")],
)
def test_both_databases_have_an_index_of_a_few_facts(
    store: Store, index: str, facts: str, topic: str
) -> None:
    if isinstance(store, SqliteStore):
        plan = store._rows(
            "EXPLAIN QUERY PLAN SELECT topic FROM stored_events WHERE originator_id = ?"  # noqa: S608 - a constant
            f" AND originator_version > 0 AND {facts} ORDER BY originator_version DESC LIMIT 10",
            (guid(ACCOUNT, Kind.INVENTORY, 1).hex,),
        )
        assert index in str([tuple(row) for row in plan])
    if isinstance(store, PostgresStore):
        query = f"SELECT indexdef FROM pg_indexes WHERE indexname = '{index}'"  # noqa: S608 - a constant
        assert topic in str(store._rows(query))
