"""Prices and their conditions, as they stand in a contingent or a seating plan."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from domain.base import State, Value
from domain.money import minor
from domain.values import Price, Reference, Timestamp

Promocode = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Limit = Annotated[int, Field(ge=0, le=1_000_000)]
Days = Annotated[int, Field(ge=-36_500, le=36_500)]


class TicketLimit(Value):
    type: Literal["ticketlimit"]
    value: Limit


class OrderTicketLimit(Value):
    type: Literal["orderticketlimit"]
    value: Limit


class PromocodeCondition(Value):
    type: Literal["promocode"]
    value: Promocode | Annotated[list[Promocode], Field(max_length=1_000)]


class VoucherCondition(Value):
    type: Literal["voucherids"]
    value: Annotated[list[Reference], Field(max_length=1_000)]


class AbsolutePeriod(Value):
    datetype: Literal["absolute"]
    absoluteStart: Timestamp | None = None  # noqa: N815 - the vendor's spelling
    absoluteEnd: Timestamp | None = None  # noqa: N815 - the vendor's spelling


class RelativePeriod(Value):
    datetype: Literal["relative_eventdate"]
    relativeStart: Days | None = None  # noqa: N815 - the vendor's spelling
    relativeEnd: Days | None = None  # noqa: N815 - the vendor's spelling


class DateCondition(Value):
    type: Literal["date"]
    value: Annotated[AbsolutePeriod | RelativePeriod, Field(discriminator="datetype")]


Condition = Annotated[
    TicketLimit | OrderTicketLimit | PromocodeCondition | VoucherCondition | DateCondition,
    Field(discriminator="type"),
]


class PricelistPrice(Value):
    """One price type's prices: one, or one per seat rank (null = not sold in that rank)."""

    pricetypeid: Reference = Field(description="The price type")
    prices: Annotated[
        list[Price | None], Field(max_length=100, description="In the account's currency")
    ]
    availabilities: Annotated[
        list[bool], Field(max_length=100, description="For sale, price by price")
    ] = Field(default=[])
    saleschannels: Annotated[
        list[Reference], Field(max_length=1_000, description="Where it is for sale")
    ] = Field(default=[])
    conditions: Annotated[
        list[Condition], Field(max_length=100, description="When it may be bought")
    ] = Field(default=[])
    position: Annotated[int, Field(ge=0, le=10_000)] | None = Field(
        None, description="Where it stands among the prices of the list"
    )


class PricelistPrices(Value):
    prices: Annotated[list[PricelistPrice], Field(max_length=1_000, description="By price type")]
    seatrankids: Annotated[list[Reference], Field(max_length=100)] | None = Field(
        None, description="The seat ranks that the prices are for, in their order"
    )


def too_precise(prices: State | None, currency: str) -> str | None:
    """The path of the first price that has more digits than the currency."""
    for i, entry in enumerate(prices["prices"] if prices else ()):
        for j, price in enumerate(entry["prices"]):
            if price is not None and minor(price, currency) is None:
                return f"prices.{i}.prices.{j}"
    return None
