"""What each fact is heard as."""

from typing import Any

import pytest

from domain.base import DomainEvent
from domain.catalog_item import CatalogItemArchived, CatalogItemCreated
from domain.contingents import ContingentAdded, ContingentChanged
from domain.event_facts import (
    DateAdded,
    DateRemoved,
    EventCreated,
    EventDeleted,
    EventDetailsChanged,
    EventRelocated,
    EventSalePeriodChanged,
)
from domain.ids import Kind, guid, unpack
from domain.location import LocationChanged
from domain.order_facts import OrderConfirmed, OrderCreated, OrderLapsed, PaymentAdded
from domain.tickets import (
    BarcodesSeeded,
    TicketsChanged,
    TicketsScanned,
    TicketsTaken,
    first_ticket,
    movement,
)
from domain.webhook_triggers import FIRES, KIND_OF, becomes_paid, occasions
from tests.golden.examples import EXAMPLES
from tests.spec import ACCOUNT, at


def fact(cls: Any, kind: Kind = Kind.EVENT, **says: Any) -> DomainEvent:
    made: DomainEvent = cls(
        originator_id=guid(ACCOUNT, kind, 5),
        originator_version=2,
        time=at(1),
        actor="ann",
        correlation="",
        causation=None,
        reason=None,
        **says,
    )
    return made


def heard(*said: Any, **says: Any) -> list[str]:
    return [f"{o.resource} {o.number} {o.trigger}" for o in occasions(fact(*said, **says))]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (heard(EventCreated, number=5, code="", fields={}), ["event 5 create"]),
        (heard(EventDetailsChanged, changed={}), ["event 5 update"]),
        (heard(EventRelocated, changed={}), ["event 5 update", "event 5 relation"]),
        (heard(EventSalePeriodChanged, changed={"salestartts": None}), ["event 5 update"]),
        (
            heard(EventSalePeriodChanged, changed={"saleschannels": []}),
            ["event 5 update", "event 5 relation"],
        ),
        (heard(EventDeleted), ["event 5 delete"]),
        (heard(DateAdded, dateid=7, fields={}), ["eventdate 7 create"]),
        (heard(DateRemoved, dateid=7), ["eventdate 7 delete"]),
        (heard(LocationChanged, Kind.LOCATION, changed={}), ["location 5 update"]),
        (
            heard(ContingentAdded, Kind.INVENTORY, contingentid=8, seated=False, fields={}),
            ["ticket 8 create"],
        ),
        (
            heard(ContingentChanged, Kind.INVENTORY, contingentid=8, changed={"dateids": [7]}),
            ["ticket 8 update", "ticket 8 relation"],
        ),
        (heard(CatalogItemArchived, Kind.SALES_CHANNEL), ["shop 5 delete"]),
        (
            heard(OrderConfirmed, Kind.ORDER),
            ["order 5 update", "order 5 placed", "order 5 paid"],
        ),
        (heard(OrderLapsed, Kind.ORDER, duets=""), ["order 5 update"]),
    ],
    ids=lambda said: said[0],
)
def test_a_fact_is_heard_as_a_change_of_a_thing(said: list[str], expected: list[str]) -> None:
    revision = expected[0].rpartition(" ")[0] + " revision"

    assert said == [*expected, revision]


def test_tickets_that_move_are_revisions_of_their_contingents() -> None:
    moves = [movement(n, 1, "free", "reserved", [[1, 2]]) for n in (8, 9, 8)]

    taken = heard(TicketsTaken, Kind.INVENTORY, orderid=1, root=1, expiryts="", moves=moves)
    changed = heard(
        TicketsChanged,
        Kind.INVENTORY,
        tickets=[{"id": first_ticket(8)}, {"id": first_ticket(9)}, {"id": first_ticket(9) + 1}],
    )

    assert taken == changed == ["ticket 8 revision", "ticket 9 revision"]


def test_a_scan_is_heard_of_its_contingent() -> None:
    tickets = [first_ticket(8), first_ticket(8) + 1]

    scanned = heard(
        TicketsScanned, Kind.INVENTORY, tickets=tickets, direction="in", scandeviceid=None
    )

    assert scanned == ["ticket 8 scan", "ticket 8 revision"]


def test_what_is_nobodys_business_is_not_heard() -> None:
    assert heard(BarcodesSeeded, Kind.INVENTORY, seed="") == []
    assert heard(CatalogItemCreated, Kind.PRICE_TYPE, number=5, fields={}) == []


def test_every_fact_about_what_can_be_heard_of_is_heard() -> None:
    silent = {"buyers", "customkeys", "hosting", "registry", "usage", "webhook"}

    for example in EXAMPLES:
        kind = unpack(example.originator_id).kind
        of_shop = kind in (Kind.SALES_CHANNEL, *KIND_OF.values())
        expected = example.TOPIC.partition(".")[0] not in silent and (
            not example.TOPIC.startswith("catalog.") or of_shop
        )
        assert bool(list(occasions(example))) is (
            expected and not isinstance(example, BarcodesSeeded)
        ), example.name


def test_the_table_names_facts_by_their_resource() -> None:
    assert {resource for resource, *_ in FIRES.values()} == {
        n for n, kind in KIND_OF.items() if kind
    }
    assert all(len(set(triggers)) == len(triggers) for _, *triggers in FIRES.values())
    assert FIRES[OrderCreated] == ("order", "create")
    assert FIRES[PaymentAdded] == ("order", "update", "paid")


LINE = {"price": 1_000, "tickets": [[1, 2]]}


@pytest.mark.parametrize(
    ("before", "after", "paid"),
    [
        ((21002, 0), (21002, 2_000), True),
        ((21002, 0), (21002, 2_500), True),
        ((21002, 0), (21002, 1_999), False),
        ((21002, 2_000), (21002, 2_500), False),
        ((21001, 2_000), (21002, 2_000), True),
        ((21002, 2_000), (21003, 2_000), False),
    ],
)
def test_an_order_becomes_paid_once(
    before: tuple[int, int], after: tuple[int, int], *, paid: bool
) -> None:
    was, is_ = (
        {"status": status, "amountpaid": amount, "lines": [LINE]}
        for status, amount in (before, after)
    )

    assert becomes_paid(was, is_) is paid
    assert not becomes_paid({}, was) or before == (21002, 2_000)
