"""What comes in with orders: tickets to take, tickets named by id, money."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from domain.base import State, Value
from domain.marks import Personal
from domain.money import PositiveMoney
from domain.offers import of_price_id
from domain.order import MAX_TICKETS
from domain.order_fields import OrderFields
from domain.prices import Promocode
from domain.tickets import contingent_of
from domain.values import MAX_ID, Line, Reference

MAX_SCANNED = 100
Barcode = Annotated[str, StringConstraints(min_length=1, max_length=100)]


def each_once(tickets: list[int]) -> list[int]:
    if len(set(tickets)) < len(tickets):
        message = "expected each ticket once"
        raise ValueError(message)
    return tickets


TicketIds = Annotated[
    list[Annotated[int, Field(ge=1, le=MAX_ID)]],
    Field(min_length=1, max_length=MAX_TICKETS, description="Tickets by id"),
    AfterValidator(each_once),
]


class Take(Value):
    """Tickets of one Event: so many of a contingent, so many at a price, or these very ones."""

    eventid: Reference | None = Field(None, description="The Event", examples=[125])
    contingentid: Reference | None = Field(None, description="The contingent", examples=[98])
    tickettypepriceid: Reference | None = Field(
        None, description="A price as the Event's `prices` show it: contingent and price type"
    )
    tickets: TicketIds | None = Field(None, description="These very tickets, by id")
    amount: Annotated[int, Field(ge=1, le=MAX_TICKETS)] | None = Field(
        None, description="How many; without it, 1", examples=[2]
    )
    pricetypeid: Reference | None = Field(
        None, description="The price type; without it, the first one that is for sale", examples=[1]
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (self.contingentid, self.tickettypepriceid, self.tickets)
        if sum(way is not None for way in ways) != 1:
            message = "expected one of contingentid, tickettypepriceid and tickets"
            raise ValueError(message)
        return self

    @field_validator("amount")
    @classmethod
    def _as_named(cls, amount: int | None, said: ValidationInfo) -> int | None:
        named = said.data.get("tickets")
        if named is not None and amount not in (None, len(named)):
            message = "the tickets are named one by one"
            raise ValueError(message)
        return amount

    @field_validator("pricetypeid")
    @classmethod
    def _as_priced(cls, price_type: int | None, said: ValidationInfo) -> int | None:
        price = said.data.get("tickettypepriceid")
        if price is not None and price_type not in (None, of_price_id(price)[1]):
            message = "the tickettypepriceid is of another price type"
            raise ValueError(message)
        return price_type

    @property
    def price_type(self) -> int | None:
        if self.tickettypepriceid is None:
            return self.pricetypeid
        return of_price_id(self.tickettypepriceid)[1]

    @property
    def way(self) -> str:
        """The field that says what is taken."""
        ways = ("contingentid", "tickettypepriceid", "tickets")
        return next(name for name in ways if getattr(self, name) is not None)

    @property
    def contingent(self) -> int:
        """The contingent that it speaks of, the first one where it names tickets."""
        if self.contingentid is not None:
            return self.contingentid
        if self.tickettypepriceid is not None:
            return of_price_id(self.tickettypepriceid)[0]
        return contingent_of((self.tickets or [0])[0])


def few_enough(takes: list[Take]) -> list[Take]:
    """What no order has room for is not planned."""
    if sum(len(take.tickets) if take.tickets else take.amount or 1 for take in takes) > MAX_TICKETS:
        message = f"expected at most {MAX_TICKETS} tickets in all"
        raise ValueError(message)
    return takes


Takes = Annotated[
    list[Take],
    Field(max_length=100, description="Tickets to take"),
    AfterValidator(few_enough),
]
Promocodes = Annotated[
    list[Promocode], Field(max_length=20, description="Codes that a price may ask for")
]


class OrderBody(OrderFields):
    """A new order: whose it is, and what it takes at once."""

    READ_ONLY: ClassVar[frozenset[str]] = OrderFields.READ_ONLY - {"saleschannelid"}
    REQUIRED: ClassVar[tuple[str, ...]] = ("saleschannelid",)

    saleschannelid: Reference = Field(description="The sales channel", examples=[2])
    take: Takes = Field(default=[])
    promocodes: Promocodes = Field(default=[])

    def own(self) -> State:
        """The fields that the order keeps."""
        beside = ("saleschannelid", "take", "promocodes")
        return {name: value for name, value in self.patch().items() if name not in beside}


class TakeBody(Value):
    """Tickets that an order takes."""

    take: Annotated[Takes, Field(min_length=1)]
    promocodes: Promocodes = Field(default=[])


class TicketsBody(Value):
    """Tickets of an order."""

    tickets: TicketIds


class PaymentBody(Value):
    """Money that was paid."""

    amount: PositiveMoney = Field(description="In the account's currency", examples=[50.0])
    paymentmethodid: Reference | None = Field(
        None, description="How it was paid, a number of the house", examples=[1]
    )


class RefundBody(Value):
    """Money that was given back."""

    amount: PositiveMoney = Field(description="In the account's currency", examples=[50.0])
    paymentid: Reference | None = Field(
        None, description="Which payment is given back", examples=[1]
    )


class Holder(Value):
    """Who comes with a ticket. Unset means leave, null means clear."""

    id: Annotated[int, Field(ge=1, le=MAX_ID, description="The ticket", examples=[9800000001])]
    ticketholderid: Reference | None = Field(None, description="A contact", examples=[17])
    ticketname: Personal[Line] | None = Field(
        None, description="The name on the ticket", examples=["Ann"]
    )

    def patch(self) -> State:
        said: State = self.model_dump(include=self.model_fields_set)
        return said


def holders_once(holders: list[Holder]) -> list[Holder]:
    if len({holder.id for holder in holders}) < len(holders):
        message = "expected each ticket once"
        raise ValueError(message)
    return holders


class HoldersBody(Value):
    """Tickets of an order, and who comes with them."""

    tickets: Annotated[
        list[Holder],
        Field(min_length=1, max_length=MAX_TICKETS, description="The tickets"),
        AfterValidator(holders_once),
    ]


class PriceTypeBody(Value):
    """Tickets of an order, and the price type that they get."""

    tickets: TicketIds
    pricetypeid: Reference = Field(description="The price type", examples=[2])
    promocodes: Promocodes = Field(default=[])


class Scan(Value):
    """Tickets that go through a door: by their barcodes, or by id."""

    barcodes: Annotated[list[Barcode], Field(min_length=1, max_length=MAX_SCANNED)] | None = Field(
        None, description="What is read off them", examples=[["KZNFE3ZAMJSGC4TT"]]
    )
    tickets: Annotated[TicketIds, Field(max_length=MAX_SCANNED)] | None = Field(
        None, description="These very tickets, by id"
    )
    direction: Literal["in", "out"] = Field(description="Which way", examples=["in"])
    scandeviceid: Reference | None = Field(None, description="The device that read them")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.barcodes is None) == (self.tickets is None):
            message = "expected one of barcodes and tickets"
            raise ValueError(message)
        if self.barcodes and len(set(self.barcodes)) < len(self.barcodes):
            message = "expected each barcode once"
            raise ValueError(message)
        return self
