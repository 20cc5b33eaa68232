"""Which ticket a barcode may be of: what an Inventory looks barcodes up in, beside its state.

The state says which barcode a ticket has, and not the other way round. What is looked up here is
checked against the state by the caller, so an outdated entry does no harm:

    imported    from the first look on
    generated   made from a secret; each has to be made once before it can be looked up, which is
                dear for a hundred thousand: some at a time, from the first look on
"""

import base64
import binascii
import sys
from collections import deque
from collections.abc import Sequence

from domain.base import State
from domain.tickets import TicketsChanged, digest

GENERATED = 16
"""Characters of a generated barcode, all of base32."""
ALL = sys.maxsize


class Barcodes:
    def __init__(self) -> None:
        self._imported: dict[str, list[int]] | None = None
        self._generated: dict[bytes, int] = {}
        self._unlearned: deque[tuple[int, int, int]] | None = None
        """The first and the last of neighbouring tickets, and the order that first took them; None:
        nothing was looked up yet."""

    def changed(self, fact: TicketsChanged) -> None:
        if self._imported is not None:
            for ticket in fact.tickets:
                if code := ticket.get("barcode"):
                    self._imported.setdefault(code, []).append(ticket["id"])

    def taken(self, root: int, moves: Sequence[State]) -> None:
        if self._unlearned is not None:
            self._unlearned += [
                (first, last, root) for move in moves for first, last in move["tickets"]
            ]

    def imported(self, state: State, code: str) -> Sequence[int]:
        """The tickets that were given this barcode."""
        if self._imported is None:
            self._imported = {}
            for ticket, known in state.get("tickets", {}).items():
                if known.get("barcode"):
                    self._imported.setdefault(known["barcode"], []).append(int(ticket))
        return self._imported.get(code, ())

    def generated(self, code: str) -> int | None:
        """The ticket that this barcode was made for, of those that were learned."""
        return self._generated.get(decoded(code))

    def learn(self, state: State, most: int) -> int:
        """Makes the barcodes of so many tickets in orders that were not made yet. Returns how
        many are left."""
        if "seed" not in state:
            return 0
        if self._unlearned is None:
            self._unlearned = deque(
                (first, last, holding["root"])
                for holding in state.get("orders", {}).values()
                for line in holding["lines"]
                for first, last in line[3]
            )
        seed, unlearned = bytes.fromhex(state["seed"]), self._unlearned
        while unlearned and most > 0:
            first, last, root = unlearned.popleft()
            end = min(last, first + most - 1)
            for ticket in range(first, end + 1):
                self._generated[digest(seed, ticket, root)] = ticket
            if end < last:
                unlearned.appendleft((end + 1, last, root))
            most -= end - first + 1
        return sum(last - first + 1 for first, last, _ in unlearned)


def decoded(code: str) -> bytes:
    """What a generated barcode is made of; nothing where it cannot be one."""
    try:
        return base64.b32decode(code) if len(code) == GENERATED else b""
    except (binascii.Error, ValueError):
        return b""
