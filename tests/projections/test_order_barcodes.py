"""Orders by the barcodes of their tickets: from whatever fact they come, and mended alone."""

from typing import Any
from uuid import UUID

import pytest

from adapters.views.sql import THERE
from application.ports import Recorded
from domain.ids import Kind, guid
from domain.order_facts import OrderConfirmed, OrderCreated, OrderSplit
from domain.tickets import PLACES, BarcodesSeeded, TicketsChanged, barcode
from projections.inspection import heal, look
from projections.order_barcodes import barcode_term
from projections.orders import Orders
from projections.verification import verify
from tests.projections.conftest import MakeView
from tests.projections.facts import LAST, Facts
from tests.spec import ACCOUNT, Projected, given_facts

ORDERS = Orders()
SEED = "5eed" * 8
EVENT = guid(ACCOUNT, Kind.EVENT, 1).bytes


class Sales(Facts):
    """Facts of orders of the contingent 1 of Event 1, which sells beside."""

    reads = 0

    def ordered(self, number: int, first: int, last: int, root: int | None = None) -> "Sales":
        line = {
            "eventid": 1,
            "contingentid": 1,
            "pricetypeid": 1,
            "price": 2500,
            "complimentary": False,
            "tickets": [[PLACES + first, PLACES + last]],
        }
        return self.add(
            OrderCreated,
            number,
            number=number,
            saleschannelid=1,
            currency="EUR",
            expiryts=LAST,
            heldsince=LAST,
            root=root or number,
            splitfrom=root,
            lines=[line],
        ).taken(1, 1, first, last, number)

    def imported(self, place: int, code: str | None) -> "Sales":
        return self.add(TicketsChanged, 1, tickets=[{"id": PLACES + place, "barcode": code}])

    def stream(self, aggregate: UUID, **which: Any) -> list[Recorded]:
        found = super().stream(aggregate, **which)
        self.reads += len(found)
        return found


def order(number: int) -> bytes:
    return guid(ACCOUNT, Kind.ORDER, number).bytes


def found(shown: Projected, code: str) -> list[bytes]:
    return shown.view.keys_with(barcode_term(code), ACCOUNT)


def generated(place: int, root: int) -> str:
    return barcode(SEED, PLACES + place, root)


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_a_secret_and_imported_barcodes_reach_the_orders_of_before(
    make_view: MakeView, batch: int
) -> None:
    facts = Sales().ordered(1, 1, 2).ordered(2, 3, 3).add(OrderConfirmed, 1).imported(3, "A-3")
    facts.add(BarcodesSeeded, 1, seed=SEED).imported(2, "A-2").imported(4, "A-4")
    shown = given_facts(ORDERS, make_view(ORDERS), facts, batch)

    assert found(shown, generated(1, 1)) == found(shown, "A-2") == [order(1)]
    assert found(shown, generated(2, 1)) == []
    assert found(shown, "A-3") == [order(2)]
    assert found(shown, "A-4") == []
    facts.add(OrderConfirmed, 2).imported(3, None).imported(2, None)
    shown.follow(batch)
    assert found(shown, generated(3, 2)) == [order(2)]
    assert found(shown, generated(2, 1)) == [order(1)]
    assert found(shown, "A-3") == found(shown, "A-2") == []


def test_tickets_that_were_split_off_keep_their_barcodes(make_view: MakeView) -> None:
    facts = Sales().add(BarcodesSeeded, 1, seed=SEED).ordered(1, 1, 2).add(OrderConfirmed, 1)
    facts.ordered(2, 2, 2, root=1).add(OrderConfirmed, 2)
    facts.add(OrderSplit, 1, toorderid=2, tickets=[[PLACES + 2, PLACES + 2]])
    shown = given_facts(ORDERS, make_view(ORDERS), facts)

    assert found(shown, generated(1, 1)) == [order(1)]
    assert found(shown, generated(2, 1)) == [order(2)]


def test_sales_write_nothing_beside_the_orders(make_view: MakeView) -> None:
    facts = Sales().taken(1, 1, 1, 2).settled(1, 1, 1, 2, "sold_paid")
    facts.add(TicketsChanged, 1, tickets=[{"id": PLACES + 1, "properties": {"row": "A"}}])

    assert list(given_facts(ORDERS, make_view(ORDERS), facts).rows()) == []


@pytest.mark.parametrize(
    ("key", "reads"), [(EVENT, 2), (order(1), 2 + 2)], ids=["Inventory", "order"]
)
def test_what_was_lost_is_mended_alone_without_a_look_at_the_sales(
    make_view: MakeView, key: bytes, reads: int
) -> None:
    facts = Sales().add(BarcodesSeeded, 1, seed=SEED).imported(2, "A-2")
    facts.ordered(1, 1, 2).add(OrderConfirmed, 1).ordered(2, 3, 3)
    shown = given_facts(ORDERS, make_view(ORDERS), facts)
    before = list(shown.rows())
    with shown.view.writing() as c:
        c.execute(f"DELETE FROM {shown.view.terms} WHERE {THERE}")  # noqa: S608 - ours
        c.execute(
            f"UPDATE {shown.view.documents} SET state = ? WHERE key = ?",  # noqa: S608
            (b'{"seed":null,"imported":{}}', EVENT),
        )
    (verdict,) = verify([ORDERS], facts, lambda _: shown.view)
    assert verdict.found.differing == {
        EVENT: ("state",),
        order(1): ("terms",),
        order(2): ("terms",),
    }
    facts.reads = 0

    assert heal(ORDERS, facts, shown.view, key)
    assert look(ORDERS, facts, lambda _: shown.view, key).what == ()
    assert facts.reads == 2 * reads, "the secret, one import, and the order's own"
    for each in (EVENT, order(1), order(2)):
        heal(ORDERS, facts, shown.view, each)
    assert list(shown.rows()) == before
    (verdict,) = verify([ORDERS], facts, lambda _: shown.view)
    assert (verdict.found.documents, verdict.found.differing) == (3, {})
    assert found(shown, "A-2") == [order(1)]


def test_tickets_with_one_barcode_are_found_by_it_once(make_view: MakeView) -> None:
    history = Sales()
    history.imported(1, "A-1").imported(2, "A-1").ordered(1, 1, 2)

    shown = given_facts(ORDERS, make_view(ORDERS), history)

    assert found(shown, "A-1") == [order(1)]
