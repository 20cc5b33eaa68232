"""What can happen to an order."""

from dataclasses import dataclass
from typing import TypedDict

from domain.base import DomainEvent, State
from domain.marks import Minor, Personal
from domain.ranges import Ranges
from domain.tickets import TicketChange


class Line(TypedDict):
    """Tickets of a contingent at a price each."""

    eventid: int
    contingentid: int
    pricetypeid: int
    price: Minor
    complimentary: bool
    tickets: Ranges


class NamedHolder(TypedDict, total=False):
    """Who comes with a ticket."""

    id: int
    ticketholderid: int | None
    ticketname: Personal[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCreated(DomainEvent, topic="order.created"):
    """`root`: the order that it was split from in the end, or itself; `guid`: what everybody knows
    it by, which nobody can guess. Orders of before have none of their own."""

    number: int
    guid: str | None = None
    saleschannelid: int
    currency: str
    expiryts: str
    heldsince: str
    root: int
    splitfrom: int | None
    lines: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsAdded(DomainEvent, topic="order.tickets-added"):
    lines: list[Line]
    expiryts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsMerged(DomainEvent, topic="order.tickets-merged"):
    """The tickets of another order, at what they were taken at: `lines` as in `OrderCreated`."""

    fromorderid: int
    lines: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMerged(DomainEvent, topic="order.merged"):
    """All its tickets went to another order, and it ended."""

    toorderid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsRemoved(DomainEvent, topic="order.tickets-removed"):
    tickets: Ranges
    expiryts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRepriced(DomainEvent, topic="order.tickets-repriced"):
    """Tickets that it holds got another price type: `lines` as in `OrderCreated`."""

    lines: list[Line]
    expiryts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldersNamed(DomainEvent, topic="order.holders-named"):
    """Who comes with which ticket; what is not named was not said."""

    tickets: list[NamedHolder]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTicketsChanged(DomainEvent, topic="order.held-tickets-changed"):
    """What is known of tickets that it holds became otherwise, or they went through a door. The
    Inventory owns that; the order shows it."""

    tickets: list[TicketChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(DomainEvent, topic="order.changed"):
    """`expiryts`: by when it is to be paid."""

    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmed(DomainEvent, topic="order.confirmed"):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAdded(DomainEvent, topic="order.payment-added"):
    paymentid: int
    amount: Minor
    paymentmethodid: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAdded(DomainEvent, topic="order.refund-added"):
    """`of`: the payment that is given back, None for money of any."""

    paymentid: int
    amount: Minor
    of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSplit(DomainEvent, topic="order.split"):
    toorderid: int
    tickets: Ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(DomainEvent, topic="order.cancelled"):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLapsed(DomainEvent, topic="order.lapsed"):
    """It was to be confirmed by `duets`, and was not."""

    duets: str
