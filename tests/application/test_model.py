"""All commands in any order, against an oracle in plain Python: what one refuses the other refuses,
what one does the other does, and after every fact everything adds up and every limit holds."""

from collections import Counter
from contextlib import suppress
from itertools import count

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from application.ports import Store
from domain.inventory import Inventory
from tests.application.any_command import AnyCommand
from tests.application.at_random import NothingThere, any_command
from tests.application.box_office import AtOnce, BoxOffice
from tests.application.prefixes import Prefixes
from tests.spec import at

ACCOUNTS = count(1)


class Selling(AnyCommand):
    """Each run has an account of its own in the store."""

    def __init__(self, store: Store, outcomes: Counter[str]) -> None:
        super().__init__(BoxOffice(store, next(ACCOUNTS), writer=AtOnce), outcomes)
        self.prefixes = Prefixes(self.office.account)
        self.position = store.position()

    @rule()
    def give(self) -> None:
        name, said = any_command(self.chance)
        note(f"{name} {said}")
        with suppress(NothingThere):
            getattr(self, name)(**said)

    # -- what is always so

    @invariant()
    def every_fact_leaves_everything_right(self) -> None:
        for recorded in self.office.recorded(self.position):
            self.prefixes.follow(recorded)
            self.position = recorded.position

    @invariant()
    def the_record_says_what_the_oracle_says(self) -> None:
        for event in self.oracle.events:
            for lot in self.oracle.lots_of(event):
                said = self.prefixes.tickets(event, lot)
                assert said == {
                    number: (ticket.counter, ticket.order, ticket.of)
                    for number, ticket in self.oracle.tickets.items()
                    if ticket.lot == lot
                }
        for number, order in self.oracle.orders.items():
            shown = self.prefixes.order(number)
            assert {t["id"]: t["pricetypeid"] for t in shown["tickets"]} == order.tickets
            assert shown["totalamount"] == order.total / 100
            assert shown["amountpaid"] == order.paid / 100
            status = {"unconfirmed": 21001, "confirmed": 21002}.get(order.status, 21003)
            ended = order.status if status == 21003 else None
            assert (shown["status"], shown["ended"]) == (status, ended)
            due = order.said.get("expiryts")
            assert shown["expiryts"] == (at(order.expiry) if status == 21001 else due)
            for name in ("deliveryscenarioid", "paymentscenarioid", "c_note"):
                assert shown.get(name) == order.said.get(name)
            assert self.prefixes.named(number) == order.named

    @invariant()
    def inside_is_who_went_in_and_not_out_again(self) -> None:
        there = {t for held in self.prefixes.inventories.values() for t in held.inside()}
        assert there == self.oracle.inside

    @invariant()
    def the_writer_holds_in_memory_what_the_record_says(self) -> None:
        held = self.office.in_memory(Inventory, *self.prefixes.inventories)
        assert held == {n: replayed.state for n, replayed in self.prefixes.inventories.items()}


RUNS = {"memory": (80, 60), "sqlite": (12, 40), "postgres": (12, 40)}
"""How many, and how many commands each."""
REFUSALS = {
    "BasketLimit",
    "CatalogItemInUse",
    "DateInUse",
    "EventActive",
    "EventClosed",
    "EventHasTickets",
    "Invalid",
    "NotAdmitted",
    "NotOnSale",
    "NotPublishable",
    "OrderEmpty",
    "OrderEnded",
    "OrderNotConfirmed",
    "PriceNotOffered",
    "RefundTooLarge",
    "SoldOut",
    "TicketNotFree",
    "TicketsInUse",
    "UnpaidOrders",
    "WrongStatus",
}


def test_any_commands_in_any_order(store: Store, request: pytest.FixtureRequest) -> None:
    kind = request.node.callspec.params["store"]
    runs, commands = RUNS[kind]
    outcomes: Counter[str] = Counter()

    class Here(Selling):
        def __init__(self) -> None:
            super().__init__(store, outcomes)

    always_the_same = settings(
        max_examples=runs,
        stateful_step_count=commands,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Here, settings=always_the_same)

    assert outcomes["done"] > runs * commands / 3
    if kind == "memory":
        assert outcomes.keys() == REFUSALS | {"done"}
