"""Prices and their conditions, as they stand in a contingent or a seating plan, and the short way
to write them: one number a price type."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag

from domain.base import State, Value
from domain.money import minor_of
from domain.values import MAX_ID, Price, Reference, Timestamp

Promocode = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Limit = Annotated[int, Field(ge=0, le=1_000_000)]
Days = Annotated[int, Field(ge=-36_500, le=36_500)]


class TicketLimit(Value):
    type: Literal["ticketlimit"] = Field(description="At most so many tickets in all")
    value: Limit = Field(description="How many", examples=[100])


class OrderTicketLimit(Value):
    type: Literal["orderticketlimit"] = Field(description="At most so many tickets an order")
    value: Limit = Field(description="How many", examples=[4])


class PromocodeCondition(Value):
    type: Literal["promocode"] = Field(description="For orders that name a code")
    value: Promocode | Annotated[list[Promocode], Field(max_length=1_000)] = Field(
        description="The code, or any of several", examples=["UGENT2013"]
    )


class VoucherCondition(Value):
    type: Literal["voucherids"] = Field(description="For holders of a voucher")
    value: Annotated[list[Reference], Field(max_length=1_000)] = Field(
        description="Any of these vouchers", examples=[[1, 2]]
    )


class AbsolutePeriod(Value):
    datetype: Literal["absolute"] = Field(description="Between two moments")
    absoluteStart: Timestamp | None = Field(  # noqa: N815 - the vendor's spelling
        None, description="From then on", examples=["2026-09-01T10:00:00+02:00"]
    )
    absoluteEnd: Timestamp | None = Field(  # noqa: N815 - the vendor's spelling
        None, description="Until then", examples=["2026-10-01T10:00:00+02:00"]
    )


class RelativePeriod(Value):
    datetype: Literal["relative_eventdate"] = Field(
        description="Between two days that are counted from the Event's"
    )
    relativeStart: Days | None = Field(  # noqa: N815 - the vendor's spelling
        None, description="The first day; negative before the Event", examples=[-30]
    )
    relativeEnd: Days | None = Field(  # noqa: N815 - the vendor's spelling
        None, description="The last day; negative before the Event", examples=[-1]
    )


class DateCondition(Value):
    type: Literal["date"] = Field(description="In a period")
    value: Annotated[AbsolutePeriod | RelativePeriod, Field(discriminator="datetype")] = Field(
        description="The period"
    )


Condition = Annotated[
    TicketLimit | OrderTicketLimit | PromocodeCondition | VoucherCondition | DateCondition,
    Field(discriminator="type"),
]


class PricelistPrice(Value):
    """One price type's prices: one, or one per seat rank (null = not sold in that rank)."""

    pricetypeid: Reference = Field(description="The price type", examples=[1])
    prices: Annotated[
        list[Price | None], Field(max_length=100, description="In the account's currency")
    ]
    availabilities: Annotated[
        list[bool], Field(max_length=100, description="For sale, price by price")
    ] = Field(default=[])
    saleschannels: Annotated[list[Reference], Field(max_length=1_000)] | None = Field(
        None, description="Where it is for sale; null: on every channel, none of them: on none"
    )
    conditions: Annotated[
        list[Condition], Field(max_length=100, description="When it may be bought")
    ] = Field(default=[])
    position: Annotated[int, Field(ge=0, le=10_000)] | None = Field(
        None, description="Its place among all prices, counted from 0; of own prices only"
    )


class PricelistPrices(Value):
    prices: Annotated[list[PricelistPrice], Field(max_length=1_000, description="By price type")]
    seatrankids: Annotated[list[Reference], Field(max_length=100)] | None = Field(
        None, description="The seat ranks that the prices are for, in their order"
    )


class TypePrice(Value):
    """What one price type costs."""

    pricetypeid: Annotated[Reference, Field(description="The price type", examples=[1])]
    price: Price | None = Field(
        description="In the account's currency; null takes the price away", examples=[30.0]
    )


def by_type(prices: dict[str, float | None]) -> dict[str, float | None]:
    for key in prices:
        if not NUMBER.fullmatch(key) or int(key) > MAX_ID:
            message = f"expected ids of price types as keys, not {key[:40]!r}"
            raise ValueError(message)
    return prices


def each_type_once(prices: list[TypePrice]) -> list[TypePrice]:
    if len({price.pricetypeid for price in prices}) < len(prices):
        message = "expected each pricetypeid once"
        raise ValueError(message)
    return prices


def _form(prices: Any) -> str:
    return "map" if isinstance(prices, dict) else "list"


NUMBER = re.compile(r"[1-9]\d{0,15}", re.ASCII)
MOST = 1_000
PriceMap = Annotated[
    dict[str, Price | None], Field(max_length=MOST), AfterValidator(by_type), Tag("map")
]
PriceList = Annotated[
    list[TypePrice], Field(max_length=MOST), AfterValidator(each_type_once), Tag("list")
]
TypePrices = Annotated[PriceMap | PriceList, Discriminator(_form)]
"""Price by price type: `[{"pricetypeid": 1, "price": 30}]` or `{"1": 30}`."""


def with_price(own: State | None, price_type: int, price: float | None) -> State | None:
    """The prices with another one of that type, which is for sale, or with none; its channels and
    conditions stay. A `ValueError` where one number cannot say it."""
    prices = [] if own is None else own["prices"]
    of_type = [entry for entry in prices if entry["pricetypeid"] == price_type]
    if price is not None and (
        len(of_type) > 1
        or any(len(entry["prices"]) > 1 for entry in of_type)
        or (own and own.get("seatrankids"))
    ):
        message = f"type {price_type} has several prices: send eventspecificprices"
        raise ValueError(message)
    if price is None:
        changed = [entry for entry in prices if entry["pricetypeid"] != price_type]
    elif of_type:
        new = {**of_type[0], "prices": [price], "availabilities": []}
        changed = [new if entry is of_type[0] else entry for entry in prices]
    else:
        fresh = PricelistPrice(pricetypeid=price_type, prices=[price])
        changed = [*prices, fresh.model_dump()]
    return {"seatrankids": None, **(own or {}), "prices": changed} if changed else None


def check_digits(prices: State | None, currency: str, path: str) -> None:
    """Refuses prices that have more digits than the currency."""
    for i, entry in enumerate(prices["prices"] if prices else ()):
        for j, price in enumerate(entry["prices"]):
            if price is not None:
                minor_of(f"{path}.prices.{i}.prices.{j}", price, currency)
