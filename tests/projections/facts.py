"""A log of facts, written down one by one."""

from collections import Counter
from typing import Any, Self
from uuid import UUID

from adapters.stores.memory import MemoryStore
from domain.base import DomainEvent, State
from domain.contingents import ContingentAdded
from domain.event import DateFields
from domain.event_facts import DateAdded, EventCreated
from domain.hosting import Hosting
from domain.ids import Kind, guid
from domain.location import LocationCreated
from domain.registry import Registry
from domain.tickets import PLACES, TicketsLocked, TicketsSettled, TicketsTaken, movement
from tests.spec import ACCOUNT, at

KINDS = {
    "location": Kind.LOCATION,
    "event": Kind.EVENT,
    "inventory": Kind.INVENTORY,
    "hosting": Hosting.KIND,
    "usage": Kind.USAGE,
    "customkeys": Kind.CUSTOMKEYS,
    "order": Kind.ORDER,
    "registry": Registry.KIND,
}
FIRST, LATER, LAST = "2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z", "2026-11-22T00:00:00Z"


def event(number: int, account: int = ACCOUNT) -> UUID:
    return guid(account, Kind.EVENT, number)


def location(number: int, account: int = ACCOUNT) -> UUID:
    return guid(account, Kind.LOCATION, number)


class Facts(MemoryStore):
    """Each fact has the next version of its aggregate, and a second of its own."""

    def __init__(self, account: int = ACCOUNT) -> None:
        super().__init__()
        self.account = account
        self._versions: Counter[UUID] = Counter()

    def add(
        self, cls: type[DomainEvent], number: int, /, *, kind: Kind | None = None, **says: Any
    ) -> Self:
        """Records that this happened to the aggregate of that number."""
        aggregate = guid(self.account, kind or KINDS[cls.TOPIC.partition(".")[0]], number)
        self._versions[aggregate] += 1
        self.append(
            [
                cls(
                    originator_id=aggregate,
                    originator_version=self._versions[aggregate],
                    time=at(self.position() + 1),
                    actor="ann",
                    correlation="request",
                    causation=f"command-{self.position() + 1}",
                    reason=None,
                    **says,
                )
            ]
        )
        return self

    # -- the ones that stand at every beginning

    def location(self, number: int, **fields: Any) -> Self:
        return self.add(LocationCreated, number, number=number, fields=fields)

    def event(self, number: int, locationid: int = 1, **fields: Any) -> Self:
        all_fields = {"locationid": locationid, **fields}
        return self.add(EventCreated, number, number=number, code="123456789012", fields=all_fields)

    def date(self, number: int, date_id: int, start: str = FIRST, end: str = LATER) -> Self:
        fields = DateFields.defaults() | {"start": start, "end": end}
        return self.add(DateAdded, number, dateid=date_id, fields=fields)

    def contingent(
        self, number: int, contingent_id: int, *, seated: bool = False, **fields: Any
    ) -> Self:
        return self.add(
            ContingentAdded, number, contingentid=contingent_id, seated=seated, fields=fields
        )

    # -- tickets, by their places in the contingent, from 1

    def taken(self, number: int, contingent_id: int, first: int, last: int, order: int = 1) -> Self:
        moves = moved(contingent_id, 1, "free", "reserved", first, last)
        says = {"orderid": order, "root": order, "expiryts": LAST}
        return self.add(TicketsTaken, number, **says, moves=moves)

    def settled(
        self,
        number: int,
        contingent_id: int,
        first: int,
        last: int,
        target: str,
        source: str = "reserved",
        order: int = 1,
    ) -> Self:
        moves = moved(contingent_id, 1, source, target, first, last)
        return self.add(TicketsSettled, number, orderid=order, moves=moves)

    def locked(self, number: int, contingent_id: int, first: int, last: int) -> Self:
        moves = moved(contingent_id, None, "free", "locked_hard", first, last)
        return self.add(TicketsLocked, number, locktypeid=1, moves=moves)


def moved(
    contingent_id: int, price_type: int | None, source: str, target: str, first: int, last: int
) -> list[State]:
    places = [[contingent_id * PLACES + first, contingent_id * PLACES + last]]
    return [movement(contingent_id, price_type, source, target, places)]
