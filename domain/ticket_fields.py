"""What comes in for single tickets: locks, and what is known of a ticket."""

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)

from domain.base import CustomizableFields, State, Value
from domain.marks import Personal
from domain.taking import Barcode, TicketIds
from domain.values import MAX_ID, Reference

MAX_CHANGED = 1_000
"""Tickets of one command: each may change an order of its own."""
Amount = Annotated[int, Field(ge=1, le=10_000_000)]


class Unlock(Value):
    """These very tickets, or so many of a contingent; of one lock type, or of any."""

    tickets: TicketIds | None = Field(None, description="These very tickets, by id")
    contingentid: Reference | None = Field(None, description="The contingent", examples=[98])
    amount: Amount | None = Field(None, description="How many; without it, 1")
    locktypeid: Reference | None = Field(None, description="The lock type", examples=[1])

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.tickets is None) == (self.contingentid is None):
            message = "expected one of contingentid and tickets"
            raise ValueError(message)
        return self

    @field_validator("amount")
    @classmethod
    def _not_named(cls, amount: int | None, said: ValidationInfo) -> int | None:
        if amount is not None and said.data.get("tickets") is not None:
            message = "the tickets are named one by one"
            raise ValueError(message)
        return amount


class Lock(Unlock):
    """These very tickets, or so many of a contingent."""

    locktypeid: Reference = Field(description="The lock type", examples=[1])


class TicketFields(CustomizableFields):
    """What is known of a ticket beside where it stands. null clears."""

    id: Annotated[int, Field(ge=1, le=MAX_ID, description="The ticket", examples=[9800000001])]
    barcode: Personal[Barcode] | None = Field(
        None, description="An imported barcode; null goes back to the generated one"
    )
    properties: Annotated[dict[str, JsonValue], Field(max_length=100)] | None = Field(
        None, description="Anything that is known of it, by name"
    )

    def patch(self) -> State:
        said: dict[str, Any] = self.model_dump(include=self.model_fields_set)
        return said


def each_once(tickets: list[TicketFields]) -> list[TicketFields]:
    if len({ticket.id for ticket in tickets}) < len(tickets):
        message = "expected each ticket once"
        raise ValueError(message)
    barcodes = [ticket.barcode for ticket in tickets if ticket.barcode is not None]
    if len(set(barcodes)) < len(barcodes):
        message = "expected each barcode once"
        raise ValueError(message)
    return tickets


class TicketsPatch(Value):
    """Tickets to change, each once."""

    tickets: Annotated[
        list[TicketFields],
        Field(min_length=1, max_length=MAX_CHANGED, description="The tickets"),
        AfterValidator(each_once),
    ]
