"""Tickets: their ids, their barcodes, and the facts that move them.

A ticket's id says its contingent, so none is ever used twice and no list of them is kept:

    id = contingent's id * 100,000,000 + place in the contingent, from 1

A fact names the tickets it moves as ranges: `{"contingentid", "pricetypeid", "from", "to",
"tickets": [[first, last], …]}`, `from` and `to` being two of the counters.
"""

import base64
import hmac
from dataclasses import dataclass
from typing import ClassVar, TypedDict

from domain import ranges
from domain.base import DomainEvent, State
from domain.marks import Personal
from domain.ranges import Ranges

PLACES = 100_000_000


def first_ticket(contingent_id: int) -> int:
    return contingent_id * PLACES + 1


def last_ticket(contingent_id: int) -> int:
    return first_ticket(contingent_id) + PLACES - 2


def contingent_of(ticket_id: int) -> int:
    return ticket_id // PLACES


def tickets_of(contingent_id: int, tickets: Ranges) -> Ranges:
    """Those of the contingent."""
    return ranges.common(tickets, [[first_ticket(contingent_id), last_ticket(contingent_id)]])


def barcode(seed: str, ticket_id: int, root: int) -> str:
    """Sixteen characters nobody can guess. Whoever bought a ticket that was given back holds
    another one than its next buyer: `root` is the order it was first taken by, 0 if it is free."""
    return base64.b32encode(digest(bytes.fromhex(seed), ticket_id, root)).decode()


def digest(seed: bytes, ticket_id: int, root: int) -> bytes:
    """What a barcode is made of: ten bytes."""
    return hmac.digest(seed, f"{ticket_id}.{root}".encode(), "sha256")[:10]


IN, OUT = 1, 2
NEVER_SCANNED: State = {
    "accesscontrolstatus": 0,
    "accesscontrollastenteredts": None,
    "accesscontrollastenteredscandeviceid": None,
    "accesscontrollastexitts": None,
    "accesscontrollastexitscandeviceid": None,
}
"""How a ticket is shown that came to no door: 0 none, 1 in, 2 out."""


def movement(
    contingent_id: int, price_type: int | None, source: str, target: str, tickets: Ranges
) -> State:
    """One move of a fact."""
    said = {} if price_type is None else {"pricetypeid": price_type}
    return {"contingentid": contingent_id, **said, "from": source, "to": target, "tickets": tickets}


class KnownTicket(TypedDict, total=False):
    """What is known of a ticket; custom fields stand beside."""

    id: int
    barcode: Personal[str] | None
    properties: State
    seatrankid: int | None


class TicketChange(TypedDict):
    """What changed of a ticket: of its fields, the way it went through doors among them."""

    id: int
    before: KnownTicket
    after: KnownTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsTaken(DomainEvent, topic="inventory.tickets-taken"):
    """Out of the free ones, into an order. `expiryts`: until when it is held, unconfirmed."""

    orderid: int
    root: int
    expiryts: str | None
    moves: list[State]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsReleased(DomainEvent, topic="inventory.tickets-released"):
    """Back to the free ones: removed from the order, or the order was cancelled."""

    orderid: int
    expiryts: str | None
    moves: list[State]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsLapsed(DomainEvent, topic="inventory.tickets-lapsed"):
    """Back to the free ones: the order was not confirmed by the time it was due."""

    orderid: int
    duets: str
    moves: list[State]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsSettled(DomainEvent, topic="inventory.tickets-settled"):
    """The order was confirmed, paid, or refunded."""

    orderid: int
    moves: list[State]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsRepriced(DomainEvent, topic="inventory.tickets-repriced"):
    """Tickets of an order got another price type: each move says `topricetypeid`, too."""

    orderid: int
    expiryts: str | None
    moves: list[State]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsHandedOver(DomainEvent, topic="inventory.tickets-handed-over"):
    """From one order to another that was split off."""

    orderid: int
    toorderid: int
    root: int
    expiryts: str | None
    moves: list[State]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsLocked(DomainEvent, topic="inventory.tickets-locked"):
    locktypeid: int
    moves: list[State]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsUnlocked(DomainEvent, topic="inventory.tickets-unlocked"):
    locktypeid: int
    moves: list[State]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsChanged(DomainEvent, topic="inventory.tickets-changed"):
    """What is known of single tickets; what is not named was not said. `before`: the same fields as
    they were. Facts of before have none."""

    tickets: list[KnownTicket]
    before: list[KnownTicket] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsScanned(DomainEvent, topic="inventory.tickets-scanned"):
    """At a door: `direction` is `in` or `out`. `before`: how each ticket last went through one.
    Facts of before have none."""

    tickets: list[int]
    direction: str
    scandeviceid: int | None
    before: list[State] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BarcodesSeeded(DomainEvent, topic="inventory.barcodes-seeded"):
    """What the barcodes of this Event are made from. It is shown to nobody."""

    SECRET: ClassVar[frozenset[str]] = frozenset({"seed"})
    seed: str


def scanned(fact: TicketsScanned) -> State:
    """What a scan says of its tickets."""
    inside = fact.direction == "in"
    way = "entered" if inside else "exit"
    return {
        "accesscontrolstatus": IN if inside else OUT,
        f"accesscontrollast{way}ts": fact.time,
        f"accesscontrollast{way}scandeviceid": fact.scandeviceid,
    }


SALES = tuple(
    fact.TOPIC
    for fact in (
        TicketsTaken,
        TicketsReleased,
        TicketsLapsed,
        TicketsSettled,
        TicketsRepriced,
        TicketsHandedOver,
        TicketsScanned,
    )
)
"""What buyers make, thousands of times an Event; every other fact of an Inventory is an edit."""
