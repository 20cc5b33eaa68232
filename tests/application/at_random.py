"""What commands are given, at random: which Event, which tickets, how many, how often."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

from tests.application.oracle import Oracle, Wish
from tests.application.plain_stock import (
    BASKET,
    CAP,
    EXTERNAL,
    FIRST,
    FREE,
    LOCKED,
    REDUCED,
    REDUCED_ON,
)

T = TypeVar("T")


class NothingThere(Exception):  # noqa: N818 - a command that has nothing to be given to
    pass


Said = Sequence[Any] | Callable[[Random], Any]
"""One of these, or what is made of chance."""
COMMANDS: dict[str, tuple[int, dict[str, Said]]] = {}
M = TypeVar("M", bound=Callable[..., None])


def command(often: int, **said: Said) -> Callable[[M], M]:
    """A command that is given so often among the others, with such arguments."""

    def marked(method: M) -> M:
        COMMANDS[method.__name__] = (often, said)
        return method

    return marked


def any_command(chance: Random) -> tuple[str, dict[str, Any]]:
    often = [often for often, _ in COMMANDS.values()]
    (name,) = chance.choices(list(COMMANDS), often)
    options = COMMANDS[name][1]
    return name, {n: o(chance) if callable(o) else chance.choice(o) for n, o in options.items()}


def pick(those: Sequence[T], number: int, better: Sequence[T] = ()) -> T:
    """One of them, counted round; mostly one of the better ones, where there are some."""
    found = better if better and number % 4 else those
    if not found:
        raise NothingThere
    return found[number % len(found)]


def some(those: Sequence[Any], most: int) -> Said:
    return lambda chance: chance.sample(those, chance.randint(1, most))


def wishes(chance: Random) -> list[tuple[int, int, int | None, bool]]:
    """A lot, how many, at which price, and whether they are named."""
    prices = [None, None, None, REDUCED, REDUCED, FREE]
    return [
        (chance.choice(which), chance.choice(amounts), chance.choice(prices), chance.choice(rarely))
        for _ in range(chance.randint(1, 2))
    ]


which = range(24)
"""Which of those that there are, counted round."""
amounts = [1, 2, 2, 3, 4]
sizes = [None, *range(9)]
capacities = [0, 0, 0, 2, 5, 9]
lock_types = list(LOCKED)
any_locks = [None, *LOCKED]
places = some(range(1, 10), 3)
rarely = [False] * 7 + [True]
holds = [60, BASKET, CAP]
channels = [REDUCED_ON, REDUCED_ON, EXTERNAL]


class Choices:
    """Picks of what the oracle knows."""

    oracle: Oracle

    def some_event(self, number: int) -> int:
        return pick(list(self.oracle.events), number)

    def some_lot(self, number: int, *counters: str) -> int:
        """Mostly one with such tickets, of an Active Event when they are free."""
        lots, oracle = self.oracle.lots, self.oracle
        better = [n for n in lots if counters and oracle.of_lot(n, *counters)]
        if "free" in counters:
            better = [n for n in lots if oracle.events[lots[n].event].status == "Active"]
        return pick(list(lots), number, better)

    def some_order(self, number: int, *statuses: str) -> int:
        """Mostly one that has tickets and is in such a status, and in time."""
        orders, due = self.oracle.orders, self.oracle.due
        live = [n for n, order in orders.items() if order.tickets and not due(n)]
        return pick(list(orders), number, [n for n in live if orders[n].status in statuses])

    def dated(self) -> list[tuple[int, int]]:
        """Every Event with each of its dates."""
        return [(number, date) for number, e in self.oracle.events.items() for date in e.dates]

    def named(self, lot: int, places: Sequence[int], *counters: str) -> tuple[int, list[int]]:
        """The Event, and tickets of the lot: mostly such ones, or they are there or not."""
        number = self.some_lot(lot, *counters)
        found = self.oracle.of_lot(number, *counters) if counters and lot % 3 else []
        tickets = [pick(found or [number * FIRST + place], place) for place in places]
        return self.oracle.lots[number].event, list(dict.fromkeys(tickets))

    def some_dates(self, event: int, numbers: Sequence[int]) -> set[int]:
        """Of the Event, or one that was never there; none where it has none, as a rule."""
        known = list(self.oracle.events[event].dates)
        return {999 if number == 20 else pick(known, number) for number in numbers if known}

    def tickets_of(self, order: int, numbers: Sequence[int]) -> list[int]:
        """Of the order; any one when it holds none."""
        mine = sorted(self.oracle.orders[order].tickets) or [1 * FIRST + 1]
        return list(dict.fromkeys(pick(mine, number) for number in numbers))

    def wished(self, said: Sequence[tuple[int, int, int | None, bool]]) -> list[Wish]:
        made = []
        for number, amount, price_type, by_name in said:
            lot = self.some_lot(number, "free")
            named = self.named(number, [amount, number], "free")[1] if by_name else []
            made.append(Wish(lot, len(named) or amount, price_type, tuple(named)))
        return made

    def takes(self, wanted: Sequence[Wish]) -> list[dict[str, Any]]:
        found = []
        for wish in wanted:
            take: dict[str, Any] = {"eventid": self.oracle.lots[wish.lot].event}
            if wish.named:
                take["tickets"] = list(wish.named)
            else:
                take |= {"contingentid": wish.lot, "amount": wish.amount}
            found.append(take | ({"pricetypeid": wish.price} if wish.price else {}))
        return found
