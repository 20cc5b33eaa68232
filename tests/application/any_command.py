"""Any command, with any arguments: given at the box office, and told to the oracle."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize
from pydantic_core import from_json

from application.ports import CommandResult
from domain import ranges
from domain.catalog import LockType, PriceType, SalesChannel
from domain.errors import Refusal
from tests.application.at_random import (
    Choices,
    amounts,
    any_locks,
    capacities,
    channels,
    command,
    holds,
    lock_types,
    pick,
    places,
    rarely,
    sizes,
    some,
    which,
    wishes,
)
from tests.application.box_office import ENDS, STARTS, BoxOffice, price
from tests.application.oracle import Oracle, Wish
from tests.application.plain_stock import (
    BASKET,
    CAP,
    EXTERNAL,
    FIRST,
    FREE,
    HARD,
    HELD,
    LOCKED,
    NORMAL,
    PRICES,
    REDUCED,
    REDUCED_AN_ORDER,
    REDUCED_IN_ALL,
    REDUCED_ON,
    SOFT,
    Event,
    Lot,
    Reasons,
)

T = TypeVar("T")
EVERYTHING = [
    price(NORMAL, PRICES[NORMAL] / 100),
    price(
        REDUCED,
        PRICES[REDUCED] / 100,
        saleschannels=[REDUCED_ON],
        conditions={"ticketlimit": REDUCED_IN_ALL, "orderticketlimit": REDUCED_AN_ORDER},
    ),
    price(FREE, PRICES[FREE] / 100),
]
CATALOG = {
    "channel": (SalesChannel, EXTERNAL),
    "price": (PriceType, REDUCED),
    "lock": (LockType, SOFT),
}


OPEN = ("unconfirmed", "confirmed")
DUE = "2026-06-01T12:00:00Z"


def counted(locks: dict[int, int]) -> list[dict[str, int]]:
    return [{"locktypeid": lock, "amount": amount} for lock, amount in locks.items()]


def unlocked(answer: CommandResult | int) -> list[int]:
    """The tickets that an answer tells."""
    return [*ranges.numbers(from_json(answer.body))] if isinstance(answer, CommandResult) else []


class AnyCommand(Choices, RuleBasedStateMachine):
    """What can be done. One rule of a test gives all of it, by a chance that hypothesis gives to
    each run: its own choices repeat themselves too often to reach far in so few runs."""

    chance: Random

    def __init__(self, office: BoxOffice, outcomes: Counter[str]) -> None:
        super().__init__()
        self.office = office
        self.oracle = Oracle()
        self.outcomes = outcomes
        """How many commands were done, and how many refused for each reason."""

    def teardown(self) -> None:
        self.office.close()

    # -- doing

    def done(self, command: Callable[[], Any], expected: Callable[[Any], Reasons]) -> None:
        """Gives the command, then asks the oracle, who is told what was made by it."""
        refused, position = None, self.office.store.position()
        try:
            made: Any = command()
        except Refusal as refusal:
            made, refused = 0, type(refusal).__name__
        reasons = expected(made)
        self.outcomes[refused or "done"] += 1
        if refused is None:
            assert not reasons, f"done, and not refused as {reasons}"
        else:
            assert refused in reasons, f"{refused}, not {reasons or 'done'}"
            assert self.office.facts(position) == []

    @initialize(seed=st.binary(min_size=8, max_size=8))
    def opened(self, seed: bytes) -> None:
        """Two Events on sale, a date of each, and four lots, some of them with locks."""
        self.chance = chance = Random(seed)  # noqa: S311 - which command comes is no secret
        capacity, basket, hold = chance.choice([0, 9]), chance.choice([0, 3]), chance.choice(holds)
        lots = [chance.choice([None, *range(4, 10)]) for _ in range(4)]
        for room in (capacity, 0):
            self.oracle.locations[self.office.location(capacity=room)] = room
        self.hold_for(hold)
        for number, amount in enumerate(lots):
            if number % 2 == 0:
                self.new_event()
                self.limit_event(number // 2, 0, basket)
            else:
                self.add_date(1, 0)
            self.add_lot(
                number // 2, amount, [number], 1 if amount else 0, 2 if amount else 0, priced=True
            )
        for event in range(2):
            self.transit(event, "publish")

    # -- Events, dates, Locations, the catalog

    @command(1)
    def new_event(self) -> None:
        location = min(self.oracle.locations)
        made = self.office.event(locationid=location, startts=STARTS, endts=ENDS)
        self.oracle.events[made] = Event(location)

    @command(1, event=which)
    def delete_event(self, event: int) -> None:
        number = self.some_event(event)
        self.done(lambda: self.office.delete(number), lambda _: self.oracle.delete(number))

    @command(
        3,
        event=which,
        name=["publish", "publish", "redraft", "close", "reopen", "reopen"],
    )
    def transit(self, event: int, name: str) -> None:
        number = self.some_event(event)
        self.done(
            lambda: self.office.status(number, name), lambda _: self.oracle.transit(number, name)
        )

    @command(2, event=which, most=capacities, basket=[0, 0, 2, 5])
    def limit_event(self, event: int, most: int, basket: int) -> None:
        number = self.some_event(event)
        limits = {"totalmaxtickets": most, "maxnbrofticketsperbasket": basket}
        self.done(
            lambda: self.office.change(number, **limits),
            lambda _: self.oracle.limit(number, most, basket),
        )

    @command(1, event=which, location=which)
    def move_event(self, event: int, location: int) -> None:
        number, there = self.some_event(event), pick(list(self.oracle.locations), location)
        self.done(
            lambda: self.office.change(number, locationid=there),
            lambda _: self.oracle.move(number, there),
        )

    @command(2, location=which, capacity=capacities)
    def change_location(self, location: int, capacity: int) -> None:
        number = pick(list(self.oracle.locations), location)
        self.done(
            lambda: self.office.change_location(number, capacity=capacity),
            lambda _: self.oracle.change_location(number, capacity),
        )

    @command(2, event=which, capacity=capacities)
    def add_date(self, event: int, capacity: int) -> None:
        number = self.some_event(event)
        self.done(
            lambda: self.office.date(number, STARTS, ENDS, capacity=capacity),
            lambda made: self.oracle.set_date(number, made, capacity),
        )

    @command(1, date=which, capacity=capacities)
    def change_date(self, date: int, capacity: int) -> None:
        event, number = pick(self.dated(), date)
        self.done(
            lambda: self.office.change_date(event, number, capacity=capacity),
            lambda _: self.oracle.set_date(event, number, capacity),
        )

    @command(2, date=which)
    def remove_date(self, date: int) -> None:
        event, number = pick(self.dated(), date)
        self.done(
            lambda: self.office.remove_date(event, number),
            lambda _: self.oracle.remove_date(event, number),
        )

    @command(1, kind=sorted(CATALOG))
    def archive_or_restore(self, kind: str) -> None:
        cls, number = CATALOG[kind]
        archived = (kind, number) not in self.oracle.archived
        self.done(
            lambda: self.office.archive(cls, number, archived=archived),
            lambda _: self.oracle.archive_or_restore(kind, number),
        )

    @command(2, seconds=holds)
    def hold_for(self, seconds: int) -> None:
        self.office.hold_for(EXTERNAL, seconds)
        self.oracle.hold = seconds

    # -- lots

    @command(
        3,
        event=which,
        amount=sizes,
        dates=some(which, 2),
        hard=[0, 1],
        soft=[0, 2],
        priced=[True, True, False],
    )
    def add_lot(
        self,
        event: int,
        amount: int | None,
        dates: list[int],
        hard: int,
        soft: int,
        *,
        priced: bool,
    ) -> None:
        number = self.some_event(event)
        valid, locks = self.some_dates(number, dates), {HARD: hard, SOFT: soft}
        self.done(
            lambda: self.office.lot(
                number,
                *(EVERYTHING if priced else []),
                amount=amount,
                dateids=sorted(valid),
                locks=counted(locks),
            ),
            lambda made: self.oracle.add_lot(made, Lot(number, amount, priced, valid), locks),
        )

    @command(3, lot=which, amount=sizes, locks=[None, None, (0, 0), (1, 0), (2, 1), (0, 3)])
    def resize_lot(self, lot: int, amount: int | None, locks: tuple[int, int] | None) -> None:
        number = self.some_lot(lot)
        wanted = dict(zip((HARD, SOFT), locks, strict=True)) if locks else None
        said = {} if wanted is None else {"locks": counted(wanted)}
        self.done(
            lambda: self.change_lot(number, amount=amount, **said),
            lambda _: self.oracle.resize(number, amount, wanted),
        )

    @command(2, lot=which, dates=some(which, 2))
    def validate_lot(self, lot: int, dates: list[int]) -> None:
        lots, dated = self.oracle.lots, {event for event, _ in self.dated()}
        number = pick(list(lots), lot, [n for n in lots if lots[n].event in dated])
        valid = self.some_dates(self.oracle.lots[number].event, dates)
        self.done(
            lambda: self.change_lot(number, dateids=sorted(valid)),
            lambda _: self.oracle.validate(number, valid),
        )

    @command(1, lot=which)
    def remove_lot(self, lot: int) -> None:
        number = self.some_lot(lot)
        event = self.oracle.lots[number].event
        self.done(
            lambda: self.office.remove_contingent(event, number),
            lambda _: self.oracle.remove_lot(number),
        )

    def change_lot(self, lot: int, **fields: Any) -> Any:
        return self.office.change_contingent(self.oracle.lots[lot].event, lot, **fields)

    # -- locks

    @command(1, lot=which, amount=amounts, lock=lock_types)
    def lock(self, lot: int, amount: int, lock: int) -> None:
        number = self.some_lot(lot)
        event = self.oracle.lots[number].event
        self.done(
            lambda: self.office.lock(event, lock, contingentid=number, amount=amount),
            lambda _: self.oracle.lock(number, amount, lock),
        )

    @command(1, lot=which, places=places, lock=lock_types)
    def lock_these(self, lot: int, places: list[int], lock: int) -> None:
        event, tickets = self.named(lot, places)
        self.done(
            lambda: self.office.lock(event, lock, tickets=tickets),
            lambda _: self.oracle.lock_these(tickets, lock),
        )

    @command(2, lot=which, amount=[1, 1, 2, 3], lock=any_locks)
    def unlock(self, lot: int, amount: int, lock: int | None) -> None:
        number = self.some_lot(lot, *LOCKED.values())
        event = self.oracle.lots[number].event
        self.done(
            lambda: self.office.unlock(event, contingentid=number, amount=amount, locktypeid=lock),
            lambda made: self.oracle.unlock(number, amount, lock, unlocked(made)),
        )

    @command(1, lot=which, places=places, lock=any_locks)
    def unlock_these(self, lot: int, places: list[int], lock: int | None) -> None:
        event, tickets = self.named(lot, places, *LOCKED.values())
        self.done(
            lambda: self.office.unlock(event, tickets=tickets, locktypeid=lock),
            lambda _: self.oracle.unlock_these(tickets, lock),
        )

    # -- orders

    @command(12, channel=channels, said=wishes)
    def order(self, channel: int, said: list[Any]) -> None:
        self.order_these(channel, self.wished(said))

    def order_these(self, channel: int, wanted: list[Wish]) -> None:
        takes = self.takes(wanted)
        self.done(
            lambda: self.office.order(*takes, channel=channel),
            lambda made: self.oracle.order(made, channel, wanted),
        )

    @command(1, channel=channels)
    def empty_order(self, channel: int) -> None:
        self.done(
            lambda: self.office.order(channel=channel),
            lambda made: self.oracle.order(made, channel, []),
        )

    @command(4, order=which, said=wishes)
    def add_tickets(self, order: int, said: list[Any]) -> None:
        number, wanted = self.some_order(order, *OPEN), self.wished(said)
        takes = self.takes(wanted)
        self.done(
            lambda: self.office.add(number, *takes), lambda _: self.oracle.add(number, wanted)
        )

    @command(3, order=which, those=some(which, 3))
    def give_tickets_back(self, order: int, those: list[int]) -> None:
        number = self.some_order(order, pick(OPEN, those[0]))
        tickets = self.tickets_of(number, those)
        self.done(
            lambda: self.office.remove(number, *tickets),
            lambda _: self.oracle.give_back(number, tickets),
        )

    @command(7, order=which)
    def confirm(self, order: int) -> None:
        number = self.some_order(order, "unconfirmed")
        self.done(lambda: self.office.confirm(number), lambda _: self.oracle.confirm(number))

    @command(5, order=which, share=["all", "part", "part", "too much"])
    def pay(self, order: int, share: str) -> None:
        number = self.some_order(order, "confirmed")
        total = self.oracle.orders[number].total or 700
        amount = {"all": total, "part": total // 2, "too much": total + 1}[share]
        self.done(
            lambda: self.office.pay(number, amount / 100), lambda _: self.oracle.pay(number, amount)
        )

    @command(
        1,
        order=which,
        amount=[1, 1, 500, 5_000],
        of=[None, None, 0, 1, 2],
    )
    def refund(self, order: int, amount: int, of: int | None) -> None:
        number = self.some_order(order, "confirmed")
        self.done(
            lambda: self.office.refund(number, amount / 100, of),
            lambda _: self.oracle.refund(number, amount, of),
        )

    @command(1, order=which)
    def cancel(self, order: int) -> None:
        number = self.some_order(order, *OPEN)
        self.done(lambda: self.office.cancel(number), lambda _: self.oracle.cancel(number))

    @command(3, order=which, those=some(which, 3))
    def split(self, order: int, those: list[int]) -> None:
        number = self.some_order(order, *OPEN)
        tickets = self.tickets_of(number, those)
        self.done(
            lambda: self.office.split(number, *tickets),
            lambda made: self.oracle.split(number, made, tickets),
        )

    @command(4, order=which, those=some(which, 3), price=[NORMAL, REDUCED, REDUCED, FREE])
    def reprice(self, order: int, those: list[int], price: int) -> None:
        number = self.some_order(order, pick(OPEN, those[0]))
        tickets = self.tickets_of(number, those)
        self.done(
            lambda: self.office.reprice(number, price, *tickets),
            lambda _: self.oracle.reprice(number, tickets, price),
        )

    @command(2, order=which, those=some(which, 2), name=["Ann", "Bo", None])
    def name_holders(self, order: int, those: list[int], name: str | None) -> None:
        number = self.some_order(order, *OPEN)
        names = dict.fromkeys(self.tickets_of(number, those), name)
        self.done(
            lambda: self.office.name_holders(number, names),
            lambda _: self.oracle.name(number, names),
        )

    @command(
        2,
        order=which,
        said=[
            {"paymentscenarioid": 2},
            {"paymentscenarioid": None, "c_note": "gift"},
            {"c_note": None},
            {"expiryts": DUE},
            {"expiryts": None, "paymentscenarioid": 3},
        ],
    )
    def change_order(self, order: int, said: dict[str, Any]) -> None:
        number = self.some_order(order, *OPEN)
        self.done(
            lambda: self.office.change_order(number, **said),
            lambda _: self.oracle.change(number, said),
        )

    @command(4, lot=which, places=places, way=["in", "in", "out"])
    def scan(self, lot: int, places: list[int], way: str) -> None:
        event, tickets = self.named(lot, places, *HELD[1:])
        self.done(
            lambda: self.office.scan(event, way, tickets=tickets),
            lambda _: self.oracle.scan(tickets, way),
        )

    @command(1, event=which)
    def scan_everyone_out(self, event: int) -> None:
        number = self.some_event(event)
        inside = self.oracle.of_event(number)
        self.done(
            lambda: self.office.scan_out(number),
            lambda _: self.oracle.scan([t for t in inside if t in self.oracle.inside], "out"),
        )

    @command(1, order=which)
    def sweep(self, order: int) -> None:
        number = self.some_order(order, "unconfirmed")
        self.done(lambda: self.office.lapse(number), lambda _: self.oracle.lapse(number))

    @command(2, order=which, more=[0, 0, 1, 2], by_name=rarely, in_time=rarely)
    def take_when_it_is_late(self, order: int, more: int, *, by_name: bool, in_time: bool) -> None:
        """All that is free of a lot and some of what an order holds that is due by now, or would
        be if it had not been extended."""
        late = self.some_order(order, "unconfirmed")
        self.wait_until_an_order_is_due(order, CAP if in_time else 0)
        for ticket in sorted(self.oracle.orders[late].tickets)[:1]:
            lot, free = ticket // FIRST, self.oracle.of_lot(ticket // FIRST, "free")
            named = (ticket,) if by_name else ()
            wish = Wish(lot, 1 if by_name else len(free) + more, None, named)
            if wish.amount:
                self.order_these(REDUCED_ON, [wish])

    # -- time

    @command(3, seconds=[1, 60, 60, 600, 1_199])
    def wait(self, seconds: int) -> None:
        self.oracle.now += seconds
        self.office.now = self.oracle.now

    @command(1, order=which, early=[0, 1])
    def wait_until_an_order_is_due(self, order: int, early: int) -> None:
        waiting = self.oracle.orders[self.some_order(order, "unconfirmed")]
        until = waiting.since + BASKET if early == CAP else waiting.expiry - early
        self.oracle.now = max(self.oracle.now, until)
        self.office.now = self.oracle.now
