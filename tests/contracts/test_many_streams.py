"""Many aggregates are read together: what comes is what each of them says by itself."""

from functools import partial
from typing import Any

import pytest

from application import contingents
from application.as_of import SHORT, load, load_many
from application.group_commit import GroupCommit
from application.locations import change_location
from application.ports import Store
from domain.location import Location, LocationFields
from domain.order import Order
from domain.order_facts import HeldTicketsChanged
from domain.ticket_fields import TicketFields
from tests.application.box_office import BoxOffice, ticket
from tests.application.desk import Desk
from tests.spec import ACCOUNT

ORDERS = 60


def test_those_with_a_short_past_come_as_they_are_and_the_others_not_at_all(store: Store) -> None:
    desk = Desk(store)
    short, long, other = desk.location(), desk.location(), desk.location()
    for number in range(SHORT - 1):
        fields = LocationFields(name=f"Club {number}")
        desk.do(partial(change_location, number=long, fields=fields))
    desk.do(partial(change_location, number=short, fields=LocationFields(name="Old hall")))
    desk.close()
    ids = [Location.id_of(ACCOUNT, number) for number in (other, long, short, 1_000)]

    together = {one.number: (one.version, one.state) for one in load_many(store, Location, ids)}

    alone = {n: load(store, Location, Location.id_of(ACCOUNT, n)) for n in (short, other)}
    assert together == {n: (one.version, one.state) for n, one in alone.items()}


@pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)
def test_a_change_of_tickets_of_many_orders_that_are_not_in_memory_takes_a_few_statements(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = BoxOffice(store)
    event, lot = office.on_sale(ORDERS)
    orders = [office.sold(event, lot) for _ in range(ORDERS)]
    office.close()
    later = BoxOffice(store, writer=GroupCommit)
    changes = [TicketFields(id=ticket(lot, n), c_gate="north") for n in range(1, ORDERS + 1)]
    asked: list[str] = []
    rows = store._rows  # type: ignore[attr-defined]

    def counted(query: str, params: Any = ()) -> Any:
        asked.append(query)
        return rows(query, params)

    monkeypatch.setattr(store, "_rows", counted)
    later.do(partial(contingents.change_tickets, number=event, tickets=changes))
    later.close()

    assert len(asked) < ORDERS / 2, asked
    newest = [
        store.stream(Order.id_of(ACCOUNT, number), newest_first=True, limit=1)[0].fact
        for number in orders
    ]
    assert all(isinstance(fact, HeldTicketsChanged) for fact in newest)
