"""What orders, tickets and their counters look like, for OpenAPI alone."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from adapters.http.v1.documents import (
    AS_SHOWN,
    AS_SHOWN_CUSTOM,
    ContingentAvailability,
    ContingentDocument,
    Counters,
    Guid,
    Moment,
    Number,
    Version,
)
from domain.base import CustomizableFields
from domain.marks import Personal

Amount = Annotated[
    float, Field(description="In the order's currency, at most its digits", examples=[50.0])
]


class OrderTicket(BaseModel):
    """A ticket of an order."""

    model_config = AS_SHOWN

    id: Number
    eventid: Number
    contingentid: Number
    pricetypeid: Number
    tickettypepriceid: Annotated[Number, Field(description="Contingent and price type in one")]
    price: Amount


class Scanned(BaseModel):
    """How a ticket last went through a door."""

    model_config = AS_SHOWN

    accesscontrolstatus: Literal[0, 1, 2] = Field(description="0 never scanned, 1 in, 2 out")
    accesscontrollastenteredts: Moment | None = Field(description="When it last went in")
    accesscontrollastenteredscandeviceid: int | None = Field(description="By which device")
    accesscontrollastexitts: Moment | None = Field(description="When it last went out")
    accesscontrollastexitscandeviceid: int | None = Field(description="By which device")


class ScannedTicket(Scanned):
    """A ticket that went through a door."""

    model_config = AS_SHOWN

    id: Number


class ScannedTickets(BaseModel):
    """All tickets that were scanned."""

    tickets: list[ScannedTicket] = Field(description="As they were named")


class HeldTicket(OrderTicket, Scanned, CustomizableFields):
    """A ticket of an order, with what is known of it at the door."""

    model_config = AS_SHOWN_CUSTOM

    state: Literal["reserved", "sold_unpaid", "sold_paid", "complimentary"] = Field(
        description="Where it is counted"
    )
    barcode: Personal[str] | None = Field(description="Unguessable, or imported")
    ticketholderid: int | None = Field(description="Who comes with it: a contact")
    ticketname: Personal[str] | None = Field(description="The name on it")
    seatrankid: int | None = Field(description="The rank of its seat")
    properties: dict[str, Any] = Field(description="Anything, by name")


class HeldTickets(BaseModel):
    """All tickets of an order."""

    data: list[HeldTicket] = Field(description="As the order has them")
    next: None = Field(description="There is one page only")
    total: int = Field(ge=0, description="How many there are")


class OrderPayment(BaseModel):
    """A payment, or a refund."""

    model_config = AS_SHOWN

    id: Number
    amount: Annotated[Amount, Field(description="Negative: money that was given back")]
    ts: Moment
    paymentmethodid: int | None = Field(description="How it was paid")
    refundof: int | None = Field(description="The payment that was given back")


class TicketHolder(BaseModel):
    """Who comes with a ticket."""

    model_config = AS_SHOWN

    id: Number
    ticketholderid: int | None = Field(description="A contact")
    ticketname: Personal[str] | None = Field(description="The name on the ticket")


class OrderDocument(CustomizableFields):
    """Tickets that were taken together."""

    model_config = AS_SHOWN_CUSTOM

    id: Number
    guid: Guid
    version: Version
    status: Literal[21001, 21002, 21003] = Field(
        description="21001 Unconfirmed, 21002 Confirmed, 21003 Archived"
    )
    ended: Literal["lapsed", "cancelled", "merged"] | None = Field(description="How it ended")
    saleschannelid: Number
    customerid: int | None = Field(description="Whose order it is: a contact")
    deliveryscenarioid: int | None = Field(description="How it is delivered")
    paymentscenarioid: int | None = Field(description="How it is to be paid")
    rappelts: Moment | None = Field(description="When to remind of the payment")
    tickets: list[OrderTicket] = Field(description="What it holds")
    holders: list[TicketHolder] = Field(description="Who comes with a ticket, where it was said")
    totalamount: Amount
    amountpaid: Amount
    currency: str = Field(description="Currency of ISO 4217", examples=["EUR"])
    paymentstatus: Literal[0, 1, 2] = Field(description="0 incomplete, 1 fully paid, 2 overpaid")
    payments: list[OrderPayment] = Field(description="Payments and refunds, in their order")
    expiryts: Moment | None = Field(
        description="Unconfirmed: until when it is held. Confirmed: by when it is to be paid"
    )
    confirmedts: Moment | None = Field(description="When it was confirmed")
    splitfrom: int | None = Field(description="The order that it was split from")
    mergedinto: int | None = Field(description="The order that all its tickets went to")
    createdts: Moment
    lastupdatets: Moment


class OrderPage(BaseModel):
    """A page of orders."""

    data: list[OrderDocument] = Field(description="The orders")
    next: str | None = Field(description="Cursor of the next page, null on the last")
    total: int = Field(ge=0, description="How many there are in all pages")


Percentage = Annotated[
    float, Field(ge=0, le=100, description="Sold and given away, of all tickets; two decimals")
]


class CountersSold(Counters):
    """Numbers of tickets, and how much of them is sold."""

    model_config = AS_SHOWN

    percentsold: Percentage


class ContingentSold(ContingentAvailability):
    """The tickets of one contingent."""

    model_config = AS_SHOWN

    percentsold: Percentage


class DateSold(CountersSold):
    """The tickets that are valid on one date."""

    model_config = AS_SHOWN

    id: Number
    capacity: int = Field(ge=0, description="How many it has room for; 0 = no limit")


class AvailabilityDocument(BaseModel):
    """The tickets of each contingent, of each date, and of the whole Event."""

    model_config = AS_SHOWN

    inventoryversion: int = Field(ge=0, description="The version of the Event's tickets")
    contingents: list[ContingentSold] = Field(description="One by one")
    dates: list[DateSold] = Field(description="Those valid on each date")
    total: CountersSold = Field(description="All together")


class Sample(Counters):
    """The counters at one moment."""

    model_config = AS_SHOWN

    time: Moment


class SeriesDocument(BaseModel):
    """Counters over time."""

    model_config = AS_SHOWN

    data: list[Sample] = Field(description="Step by step")


class ContingentPage(BaseModel):
    """All contingents of an Event."""

    data: list[ContingentDocument] = Field(description="By id")
    next: None = Field(description="There is one page only")
    total: int = Field(ge=0, description="How many there are")


class TicketRanges(BaseModel):
    """Which tickets were locked or unlocked."""

    amount: int = Field(ge=0, description="How many")
    tickets: list[list[int]] = Field(description="First and last of neighbouring ids")


class TicketDocument(Scanned, CustomizableFields):
    """A ticket."""

    model_config = AS_SHOWN_CUSTOM

    id: Number
    contingentid: Number
    state: str = Field(description="One of the seven counters", examples=["free"])
    orderid: int | None = Field(description="The order that holds it")
    pricetypeid: int | None = Field(description="The price type that it was taken at")
    locktypeid: int | None = Field(description="The lock type that it is locked by")
    barcode: Personal[str] | None = Field(description="Unguessable, or imported")
    seatrankid: int | None = Field(description="The rank of its seat")
    properties: dict[str, Any] = Field(description="Anything, by name")


class TicketsChangedDocument(BaseModel):
    """How many tickets were named."""

    changed: int = Field(ge=0, description="How many")
