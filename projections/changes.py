"""The index of changes: every fact of an account about what a reader knows, in the order of
commits, with what an auditor searches by. What an entry says is in the fact: it is not kept twice.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID

from domain.base import DomainEvent, State
from domain.contingents import ContingentChanged
from domain.differences import Difference, differences
from domain.editing import PRICES
from domain.ids import Kind, guid, unpack
from domain.offers import own_prices
from domain.outside import Outside, said_of
from domain.registry import FactDiscarded
from domain.values import microseconds
from projections.base import Column, Columns, Documents, Indexes, RecordedFact, Row

SHOWN: dict[int, str] = {
    Kind.LOCATION: "location",
    Kind.EVENT: "event",
    Kind.INVENTORY: "event",
    Kind.PRICE_TYPE: "pricetype",
    Kind.PRICE_LIST: "pricelist",
    Kind.SALES_CHANNEL: "saleschannel",
    Kind.LOCK_TYPE: "locktype",
    Kind.CUSTOM_FIELD: "customfield",
    Kind.SEAT_RANK: "seatrank",
    Kind.ORDER: "order",
    Kind.CONTACT: "contact",
    Kind.SEATING_PLAN: "seatingplan",
    Kind.CUSTOM_FIELD_VALUE: "customfieldvalue",
    Kind.PAYMENT_SCENARIO: "paymentscenario",
    Kind.TRACKER: "tracker",
    Kind.PAYMENT_METHOD: "paymentmethod",
    Kind.DELIVERY_SCENARIO: "deliveryscenario",
    Kind.RELATION_TYPE: "relationtype",
    Kind.CONTACT_TITLE: "contacttitle",
    Kind.CONTACT_ADDRESS_TYPE: "contactaddresstype",
    Kind.PHONE_NUMBER_TYPE: "phonenumbertype",
    Kind.WEBHOOK: "webhook",
}
"""The kind a reader knows the changed thing by: an Event's contingents are part of the Event."""

KINDS = frozenset(Kind)


def is_shown(fact: DomainEvent) -> bool:
    """Whether it is about what readers of this version know."""
    return unpack(_about(fact)).kind in SHOWN


def change(recorded: RecordedFact, outside: Outside) -> dict[str, Any]:
    """One entry of the feed. An Event's tickets have a count of versions of their own."""
    fact = recorded.fact
    about = _about(fact)
    kind, number, shown = changed_thing(about)
    of_tickets = unpack(about).kind == Kind.INVENTORY
    return {
        "position": recorded.position,
        "kind": kind,
        "id": number,
        "guid": shown,
        "version": None if of_tickets else _version(fact),
        "inventoryversion": _version(fact) if of_tickets else None,
        "time": fact.time,
        "actor": fact.actor,
        "reason": fact.reason,
        "correlation": fact.correlation,
        "causation": fact.causation,
        "fact": fact.name,
        "data": said_of(fact, outside),
        "changes": [change._asdict() for change in _prices(fact)],
    }


def _prices(fact: DomainEvent) -> Iterator[Difference]:
    """How the own prices of a contingent changed, by price type."""
    if isinstance(fact, ContingentChanged) and PRICES in fact.changed:
        before = own_prices(fact.contingentid, fact.pricesbefore)
        yield from differences(before, own_prices(fact.contingentid, fact.changed[PRICES]))


@lru_cache(8_192)
def changed_thing(aggregate: UUID) -> tuple[str, int, str]:
    """What a reader knows it by: kind, number and guid."""
    account, kind, number = unpack(aggregate)
    shown = Kind.EVENT if kind == Kind.INVENTORY else kind
    return SHOWN[kind], number, str(guid(account, shown, number))


def _about(fact: DomainEvent) -> UUID:
    """Whose history it belongs to: that of the thing whose fact was discarded, too."""
    return UUID(fact.aggregateid) if isinstance(fact, FactDiscarded) else fact.originator_id


def _version(fact: DomainEvent) -> int:
    return fact.aggregateversion if isinstance(fact, FactDiscarded) else fact.originator_version


class Changes:
    name: ClassVar = "changes"
    version: ClassVar = 3
    kinds: ClassVar[frozenset[int]] = frozenset(range(1 << 12)) - (KINDS - {*SHOWN, Kind.REGISTRY})
    """Those of newer versions, too: which of them are shown is not known here."""
    beside: ClassVar[frozenset[int]] = frozenset()
    columns: ClassVar[Columns] = (
        Column("position", "int"),
        Column("kind", "text"),
        Column("number", "int"),
        Column("fact", "text"),
        Column("actor", "text"),
        Column("reason", "text"),
        Column("time", "int"),
    )
    indexes: ClassVar[Indexes] = (("account", "position"),)

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        about = _about(fact)
        kind = unpack(about).kind
        return (about.bytes,) if kind in SHOWN or kind not in KINDS else ()

    def key_of(self, recorded: RecordedFact) -> bytes:
        return recorded.position.to_bytes(16)

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        fact = recorded.fact
        account, kind, number = unpack(_about(fact))
        if kind not in SHOWN:
            return  # a newer version knows whether it is shown
        columns = (
            recorded.position,
            SHOWN[kind],
            number,
            fact.name,
            fact.actor,
            fact.reason,
            microseconds(fact.time or None),
        )
        documents.add(Row(self.key_of(recorded), account, None, None, columns=columns))

    def row(self, key: bytes, state: State) -> Row:
        raise NotImplementedError  # every row is added whole
