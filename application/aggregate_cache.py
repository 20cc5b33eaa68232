"""A cache of aggregates that is bounded by bytes, and shared fairly between accounts.

An aggregate weighs what its state takes as JSON and as objects, measured when it is loaded. Every
fact that is recorded adds its own weight; an aggregate that has doubled so is measured again, so
what is measured is in proportion to what is recorded, however large the aggregate is.

Where all together weigh too much, the accounts that hold most give back those of theirs that were
used longest ago, until they hold no more than the others: no account displaces what is less.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from domain.base import Aggregate, DomainEvent, own_fields

Key = tuple[int, int, int]
"""Account, kind and number: what aggregates are held under, because a UUID is slow to look up."""

EMPTY = 2_000
"""Bytes of an aggregate beside its state."""
A_VALUE, A_CONTAINER = 60, 100
"""Bytes of an object beside its text: one stands before each comma, one within each bracket."""
A_MOVE, A_RANGE = 600, 180
"""Bytes of tickets that move, and of each range of them."""
LEAST_GROWTH = 2**16
KEPT = 15 / 16
"""What is left of the bound when something is given back: it is not given back one by one."""


def weight(value: Any) -> int:
    """About the bytes that JSON values take in memory, at the speed of encoding them."""
    encoded = to_json(value)
    containers = encoded.count(b"{") + encoded.count(b"[")
    return len(encoded) + A_VALUE * encoded.count(b",") + A_CONTAINER * containers


def weight_of_fact(fact: DomainEvent) -> int:
    """What a state grows by at most when it takes this fact, about."""
    moves = getattr(fact, "moves", None)
    if moves is not None:  # what is sold: cheaper, for it happens most
        return sum(A_MOVE + A_RANGE * len(move["tickets"]) for move in moves)
    fact_class: Any = type(fact)
    return weight([getattr(fact, name) for name in own_fields(fact_class)])


@dataclass(slots=True)
class Held:
    aggregate: Aggregate
    weight: int
    measured: int


@dataclass(slots=True)
class Share:
    """What is held of one account, that which was used last at the end."""

    held: OrderedDict[Key, Held] = field(default_factory=OrderedDict)
    weight: int = 0


class AggregateCache:
    def __init__(self, limit: int) -> None:
        """`limit`: bytes."""
        self._limit = limit
        self._shares: dict[int, Share] = {}
        self.weight = 0
        self.evicted = 0
        """How many aggregates were given back since the start."""

    def __len__(self) -> int:
        return sum(len(share.held) for share in self._shares.values())

    def get(self, key: Key) -> Aggregate | None:
        share = self._shares.get(key[0])
        held = share and share.held.get(key)
        return held.aggregate if held else None

    def use(self, key: Key, aggregate: Aggregate) -> None:
        """Holds it as the last that was used, in the place of another one of that key."""
        share = self._shares.get(key[0])
        if share is None:
            share = self._shares[key[0]] = Share()
        held = share.held.get(key)
        if held is not None and held.aggregate is aggregate:
            share.held.move_to_end(key)
            return
        self.drop(key)
        measured = EMPTY + weight(aggregate.state) if aggregate.version else EMPTY
        self._shares.setdefault(key[0], share).held[key] = Held(aggregate, measured, measured)
        self._add(share, measured)

    def grow(self, key: Key, fact: DomainEvent) -> None:
        """The aggregate has taken a fact."""
        share = self._shares.get(key[0])
        held = share and share.held.get(key)
        if not share or not held:
            return
        more = weight_of_fact(fact)
        if held.weight + more > 2 * held.measured + LEAST_GROWTH:
            held.measured = EMPTY + weight(held.aggregate.state)
            more = held.measured - held.weight
        held.weight += more
        self._add(share, more)

    def drop(self, key: Key) -> None:
        share = self._shares.get(key[0])
        if share and (held := share.held.pop(key, None)):
            self._add(share, -held.weight)
            if not share.held:
                del self._shares[key[0]]

    def clear(self) -> None:
        self._shares.clear()
        self.weight = 0

    def shrink(self, used: Collection[Key] = ()) -> None:
        """Gives back what is over the bound, but for what was `used` just now: who asks for it
        again would load it at once, however large it is."""
        if self.weight <= self._limit:
            return
        bound = self._limit * KEPT
        level = fair_level([share.weight for share in self._shares.values()], bound)
        for share in [*self._shares.values()]:
            while share.weight > level:
                key = next((key for key in share.held if key not in used), None)
                if key is None:
                    break
                self.drop(key)
                self.evicted += 1

    def _add(self, share: Share, weight: int) -> None:
        share.weight += weight
        self.weight += weight


def fair_level(weights: Iterable[int], bound: float) -> float:
    """The most that each may keep so that all together keep no more than the bound."""
    ordered: Sequence[int] = sorted(weights)
    left = bound
    for index, one in enumerate(ordered):
        level = left / (len(ordered) - index)
        if one > level:
            return level
        left -= one
    return bound
