"""What is known of a ticket is the Inventory's; the order that shows it records that it changed."""

from functools import partial
from typing import Any

import pytest

from application import sales
from application.admission import rank_tickets
from application.as_of import past_order
from application.history import history_of_one
from application.payloads import check_payload
from application.unit_of_work import UnitOfWork
from domain.base import DomainEvent
from domain.ids import Kind
from domain.order import Order
from domain.order_facts import HeldTicketsChanged
from domain.seating import SeatRank, SeatRankFields
from domain.taking import OrderBody
from domain.tickets import TicketsChanged
from tests.application.box_office import BoxOffice, ticket
from tests.application.desk import HOLD, taking
from tests.spec import at


def shown_by(office: BoxOffice, after: int) -> dict[int, list[int]]:
    """The tickets of which orders recorded something, by order."""
    found: dict[int, list[int]] = {}
    for recorded in office.recorded(after):
        fact = recorded.fact
        if isinstance(fact, HeldTicketsChanged):
            order = Order(fact.originator_id).number
            found.setdefault(order, []).extend(one["id"] for one in fact.tickets)
    return found


def changes_of(office: BoxOffice, order: int) -> dict[str, tuple[Any, Any]]:
    """What the newest entry of its history says."""
    (entry,) = history_of_one(Order, office.store, office.account, order, 1).entries
    assert entry.recorded.fact.name == "HeldTicketsChanged"
    return {change.path: (change.before, change.after) for change in entry.changes}


def test_an_order_records_what_became_of_its_tickets(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    order = office.sold(event, lot, 2)
    one = ticket(lot, 1)
    office.now += 60

    office.change_ticket(event, one, properties={"colour": "red"}, barcode="A-1", c_gate="north")
    assert changes_of(office, order) == {
        f"tickets.{one}.properties.colour": (None, "red"),
        f"tickets.{one}.barcode": (None, "A-1"),
        f"tickets.{one}.c_gate": (None, "north"),
    }
    assert office.order_document(order)["lastupdatets"] == at(office.now)

    office.change_ticket(event, one, properties={"colour": "blue"}, c_gate=None)
    assert changes_of(office, order) == {
        f"tickets.{one}.properties.colour": ("red", "blue"),
        f"tickets.{one}.c_gate": ("north", None),
    }


def test_what_is_so_already_moves_no_order(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    office.sold(event, lot)
    office.change_ticket(event, ticket(lot, 1), properties={"row": 3})
    position = office.store.position()

    office.change_ticket(event, ticket(lot, 1), properties={"row": 3})

    assert office.facts(position) == []


def test_the_way_through_a_door_is_in_the_history_of_the_order(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    order = office.sold(event, lot)
    one = ticket(lot, 1)

    office.scan(event, tickets=[one], scandeviceid=7)
    entered = at(office.now)
    assert changes_of(office, order) == {
        f"tickets.{one}.accesscontrolstatus": (0, 1),
        f"tickets.{one}.accesscontrollastenteredts": (None, entered),
        f"tickets.{one}.accesscontrollastenteredscandeviceid": (None, 7),
    }

    office.now += 60
    assert office.scan_out(event) == [one]
    assert changes_of(office, order) == {
        f"tickets.{one}.accesscontrolstatus": (1, 2),
        f"tickets.{one}.accesscontrollastexitts": (None, at(office.now)),
    }


def test_each_order_records_what_became_of_its_own_tickets_and_nobody_of_free_ones(
    office: BoxOffice,
) -> None:
    event, lot = office.on_sale(8)
    first, second = office.sold(event, lot, 2), office.sold(event, lot)
    office.lock(event, contingentid=lot, amount=1)
    rank = office.made_item(SeatRank, SeatRankFields(name="Front"))
    position = office.store.position()

    everyone = [ticket(lot, place) for place in range(1, 9)]
    office.do(partial(rank_tickets, number=event, seatrankid=rank, tickets=everyone))

    assert shown_by(office, position) == {first: everyone[:2], second: everyone[2:3]}


def test_a_ticket_moves_the_order_that_holds_it_now(office: BoxOffice) -> None:
    event, lot = office.on_sale(8)
    first = office.sold(event, lot, 3)
    one, two, three = (ticket(lot, place) for place in (1, 2, 3))
    office.scan(event, tickets=[one, two, three])  # from here on it is known who holds them

    second = office.split(first, two)
    office.remove(first, three)
    other = office.sold(event, lot, 1)  # buys the third one, which was given back
    position = office.store.position()
    for number in (one, two, three):
        office.change_ticket(event, number, properties={"row": 1})

    assert shown_by(office, position) == {first: [one], second: [two], other: [three]}
    assert changes_of(office, other) == {f"tickets.{three}.properties.row": (None, 1)}
    office.cancel(other)
    position = office.store.position()
    office.change_ticket(event, three, properties={"row": 2})
    assert office.facts(position) == ["TicketsChanged"]


def test_a_merged_order_holds_the_tickets_of_both(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    first, second = (office.order(taking(event, lot)) for _ in range(2))
    office.change_ticket(event, ticket(lot, 2), properties={"row": 1})

    office.do(partial(sales.merge_orders, number=first, others=[second]))
    position = office.store.position()
    office.change_ticket(event, ticket(lot, 2), properties={"row": 2})

    assert shown_by(office, position) == {first: [ticket(lot, 2)]}


def test_a_refused_sale_leaves_nobody_else_with_the_tickets(office: BoxOffice) -> None:
    event, lot = office.on_sale(3)
    office.sold(event, lot)
    office.scan(event, tickets=[ticket(lot, 1)])
    body = OrderBody.model_validate({"saleschannelid": 2, "take": [taking(event, lot)]})

    def sell_and_fail(work: UnitOfWork) -> None:
        sales.create_order(work, body, HOLD)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        office.do(sell_and_fail)
    buyer = office.sold(event, lot)
    position = office.store.position()
    office.scan(event, tickets=[ticket(lot, 2)])

    assert shown_by(office, position) == {buyer: [ticket(lot, 2)]}


def test_the_order_of_then_shows_its_tickets_of_then(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    order = office.sold(event, lot)
    one = ticket(lot, 1)
    versions = []
    for row in (1, 2):
        office.change_ticket(event, one, properties={"row": row})
        versions.append(office.order_document(order)["version"])

    for row, version in enumerate(versions, 1):
        past, inventories = past_order(office.store, office.account, order, version=version)
        assert (past.version, inventories[event].known(one)["properties"]) == (
            version,
            {"row": row},
        )


def test_what_an_order_recorded_of_its_tickets_can_be_imported(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    office.sold(event, lot)
    office.scan(event, tickets=[ticket(lot, 1)])
    fact: DomainEvent = office.recorded()[-1].fact
    assert isinstance(fact, HeldTicketsChanged)

    check_payload(HeldTicketsChanged, Kind.ORDER, {"tickets": fact.tickets} | common(fact))


def test_the_rank_of_a_seat_can_be_imported(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    rank = office.made_item(SeatRank, SeatRankFields(name="Front"))
    office.do(partial(rank_tickets, number=event, seatrankid=rank, tickets=[ticket(lot, 1)]))
    fact: DomainEvent = office.recorded()[-1].fact
    assert isinstance(fact, TicketsChanged)

    says = {"tickets": fact.tickets, "before": fact.before}
    check_payload(TicketsChanged, Kind.INVENTORY, says | common(fact))


def common(fact: DomainEvent) -> dict[str, Any]:
    return {n: getattr(fact, n) for n in ("time", "actor", "correlation", "causation", "reason")}
