"""What a review found: what was counted twice, undone in silence, or said in other words."""

from dataclasses import asdict
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from adapters.stores.memory import MemoryStore
from application import contingents
from application.history import history_of_one
from domain.base import Snapshot
from domain.contingents import (
    ContingentAdded,
    ContingentBody,
    ContingentChanged,
    fold_contingents,
)
from domain.errors import Invalid, SoldOut, VersionMismatch
from domain.inventory import Inventory
from domain.order import Order
from domain.ticket_fields import TicketsPatch
from tests.application.box_office import ENDS, STARTS, AtOnce, BoxOffice, ticket
from tests.application.desk import taking
from tests.spec import ACCOUNT, metadata

HARD = 1


@pytest.fixture
def event(office: BoxOffice) -> int:
    return office.event(startts=STARTS, endts=ENDS)


def test_a_contingent_that_names_a_date_twice_is_counted_on_it_once(
    office: BoxOffice, event: int
) -> None:
    date = office.date(event, STARTS, ENDS, capacity=10)
    lot = office.contingent(event, dateids=[date, date])
    office.status(event, "publish")

    office.order(taking(event, lot, 10))

    with office.refuses(SoldOut, limit="date", left=0):
        office.order(taking(event, lot))


class CountsLoading(MemoryStore):
    loaded = 0

    def snapshot(
        self, aggregate: UUID, upto: int | None = None, topic: str = Snapshot.TOPIC
    ) -> Snapshot | None:
        self.loaded += 1
        return super().snapshot(aggregate, upto, topic)


def test_overdue_orders_are_not_ended_in_vain_for_what_they_do_not_hold() -> None:
    store = CountsLoading()
    office = BoxOffice(store, writer=AtOnce)
    event = office.event(startts=STARTS, endts=ENDS)
    full, other = office.contingent(event, amount=1), office.contingent(event)
    office.status(event, "publish")
    office.confirm(office.order(taking(event, full)))
    office.order(taking(event, other, 5))
    office.now, store.loaded = 3_000, 0

    with office.refuses(SoldOut, limit="contingent", left=0):
        office.order(taking(event, full))

    assert store.loaded == 0  # nothing was taken back: the Event's tickets stayed in memory


def test_locks_made_since_are_not_undone_by_whoever_has_not_seen_them(
    office: BoxOffice, event: int
) -> None:
    lot = office.contingent(event)
    seen = office.in_memory(Inventory, event)[event]["version"]
    office.lock(event, HARD, contingentid=lot, amount=10)
    change = partial(
        contingents.change_contingent,
        number=event,
        contingent_id=lot,
        body=ContingentBody(name="Floor", locks=[]),
    )

    with office.refuses(VersionMismatch):
        office.do(partial(change, contingents_version=seen))

    assert office.counters(event, lot)["locked_hard"] == 10


def test_a_barcode_that_another_ticket_has_is_refused(office: BoxOffice, event: int) -> None:
    lot = office.contingent(event, amount=3)

    def name(**barcodes: str | None) -> None:
        said = [{"id": ticket(lot, int(k[1:])), "barcode": code} for k, code in barcodes.items()]
        body = TicketsPatch.model_validate({"tickets": said})
        office.do(partial(contingents.change_tickets, number=event, tickets=body.tickets))

    name(t1="A", t2="B")
    with office.refuses(
        Invalid,
        errors=[
            {"path": "tickets.1.barcode", "message": f"ticket {ticket(lot, 2)} has that barcode"}
        ],
    ):
        name(t1="C", t3="B")
    name(t1="B", t2="A")  # they may be exchanged
    name(t2=None, t3="A")


def test_a_barcode_of_a_ticket_that_is_gone_may_be_given_again(
    office: BoxOffice, event: int
) -> None:
    lot, later = office.contingent(event, amount=2), office.contingent(event, amount=1)

    def name(number: int) -> None:
        body = TicketsPatch.model_validate({"tickets": [{"id": number, "barcode": "A"}]})
        office.do(partial(contingents.change_tickets, number=event, tickets=body.tickets))

    name(ticket(lot, 2))
    office.change_contingent(event, lot, amount=1)
    name(ticket(lot, 1))
    office.remove_contingent(event, lot)
    name(ticket(later, 1))


def test_the_history_of_an_order_tells_money_as_its_document_does(
    office: BoxOffice, event: int
) -> None:
    lot = office.contingent(event, price=12.5)
    office.status(event, "publish")
    order = office.order(taking(event, lot, 2))
    office.confirm(order)
    office.pay(order, 25.0)

    entries = history_of_one(Order, office.store, office.account, order, 10).entries

    paid, _, created = ({c.path: c.after for c in entry.changes} for entry in entries)
    assert paid["amountpaid"] == 25.0
    assert paid["payments.1"]["amount"] == 25.0
    assert [line["price"] for line in created["tickets"]] == [12.5]


def test_too_many_decimals_are_refused_by_the_name_that_was_sent(
    office: BoxOffice, event: int
) -> None:
    message = "expected at most 2 decimals, as EUR has"

    with office.refuses(Invalid, errors=[{"path": "price", "message": message}]):
        office.contingent(event, price=25.001)


def test_locks_that_the_first_version_only_noted_are_not_shown() -> None:
    """It recorded them as a field of the contingent, and locked nothing."""
    state: dict[str, Any] = {}
    noted = {"name": "Floor", "amount": 10, "locks": [{"amount": 5, "locktypeid": 1}] * 2}
    place = {"originator_id": Inventory.id_of(ACCOUNT, 1), **asdict(metadata())}

    fold_contingents(
        state,
        ContingentAdded(**place, originator_version=1, contingentid=1, seated=False, fields=noted),
    )
    fold_contingents(
        state,
        ContingentChanged(
            **place, originator_version=2, contingentid=1, changed={"locks": noted["locks"]}
        ),
    )

    assert state["contingents"]["1"]["locks"] == []
