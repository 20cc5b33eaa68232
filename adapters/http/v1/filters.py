"""What lists can be asked for, and the select it becomes."""

import json
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from adapters.http.body import check_text
from adapters.http.requests import decode_cursor, moment
from adapters.http.validation import printable
from adapters.views.select import Condition, Select
from domain.errors import Invalid
from domain.values import CUSTOM_KEY, MAX_ID, microseconds
from projections.event_documents import FOREVER
from projections.texts import exact, words

Limit = Annotated[int, Field(ge=1, le=1_000, description="Entries a page")]
Cursor = Annotated[
    str | None,
    Field(max_length=4_000, description="The `next` of the page before, of the same list"),
]


def moment_field(description: str, **more: Any) -> Any:
    examples = ["2026-11-21T20:00:00+01:00"]
    text = f"{description}; RFC 3339, with an offset"
    return Field(None, max_length=40, description=text, examples=examples, **more)


def past_field(description: str, example: str) -> Any:
    text = f"{description} (needs the role editor or auditor)"
    return Field(None, max_length=40, description=text, examples=[example])


def reference_field(description: str) -> Any:
    return Field(None, ge=0, le=MAX_ID, description=description)


class Listing(BaseModel):
    """Query parameters of every list. Unknown ones are refused: a typing error filters nothing."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    after: Cursor = None
    fields: str | None = Field(
        None,
        max_length=2_000,
        description="Only these fields of each, separated by commas; `id` is always there",
        examples=["id,name,startts"],
    )

    def only(self, document: type[BaseModel]) -> frozenset[str] | None:
        """The fields that are shown, None for all of them."""
        if self.fields is None:
            return None
        names = frozenset(self.fields.split(",")) | {"id"}
        known = document.model_fields
        for name in sorted(names):
            if name not in known and not CUSTOM_KEY.fullmatch(name):
                shown = ", ".join(sorted(known))
                raise Invalid("fields", f"{printable(name)[:60]!r} is none of {shown} and c_…")
        return names


class Filter(Listing):
    q: str | None = Field(
        None,
        max_length=200,
        description="Beginnings of words, each of a word of the name (of an Event also of its"
        " subtitle and codes; of a contact of the e-mail address); accents do not matter",
        examples=["conc ha"],
    )
    updatedsince: str | None = moment_field("Changed at or after")

    def updated(self) -> list[Condition]:
        if self.updatedsince is None:
            return []
        return [("updated", ">=", microseconds(moment("updatedsince", self.updatedsince)))]

    def prefixes(self) -> tuple[str, ...]:
        check_text("q", self.q)
        return words(self.q)


ORDERBY = "What the list is sorted by; `-` turns it round"


class LocationFilter(Filter):
    orderby: Literal["id", "-id", "name", "-name"] = Field("id", description=ORDERBY)

    def select(self, account: int) -> tuple[Select, str]:
        return page(self, "locations", Select(account, tuple(self.updated()), self.prefixes()))


class CatalogFilter(Filter):
    includearchived: bool = Field(False, description="Also what is archived")
    orderby: Literal["id", "-id", "name", "-name"] = Field("id", description=ORDERBY)

    def select(self, account: int, kind: int) -> tuple[Select, str]:
        where: list[Condition] = [("kind", "=", int(kind)), *self.updated()]
        if not self.includearchived:
            where.append(("archived", "=", 0))
        return page(self, f"catalog {kind}", Select(account, tuple(where), self.prefixes()))


def in_small_letters(status: object) -> object:
    """A name as it is looked up: documents and pages write it with a capital."""
    return status.lower() if isinstance(status, str) else status


Status = Annotated[
    Literal["19001", "19002", "19003", "draft", "active", "closed"],
    BeforeValidator(in_small_letters),
]
OrderStatus = Annotated[
    Literal["21001", "21002", "21003", "unconfirmed", "confirmed", "archived"],
    BeforeValidator(in_small_letters),
]
PaymentStatus = Annotated[
    Literal["0", "1", "2", "incomplete", "paid", "overpaid"], BeforeValidator(in_small_letters)
]
NUMBERS = {
    "draft": 19001,
    "active": 19002,
    "closed": 19003,
    "unconfirmed": 21001,
    "confirmed": 21002,
    "archived": 21003,
    "incomplete": 0,
    "paid": 1,
    "overpaid": 2,
}


def numbered(status: str) -> int:
    """A status by its name or its number."""
    return NUMBERS[status] if status in NUMBERS else int(status)


class EventFilter(Filter):
    status: list[Status] | None = Field(
        None,
        description="19001 Draft, 19002 Active, 19003 Closed, or their names; repeatable,"
        " any of them",
    )
    locationid: int | None = reference_field("At this Location")
    productionid: int | None = reference_field("Of this production")
    tag: str | None = Field(None, max_length=100, description="With this tag", examples=["jazz"])
    code: str | None = Field(None, max_length=255, description="Of this `code`")
    externalcode: str | None = Field(
        None, max_length=255, description="Of this id in another system", examples=["56975647832"]
    )
    from_: str | None = moment_field("Ends at or after", alias="from")
    to: str | None = moment_field("Starts at or before")
    orderby: Literal["id", "-id", "startts", "-startts", "name", "-name"] = Field(
        "id", description=ORDERBY
    )

    def select(self, account: int) -> tuple[Select, str]:
        where = self.updated()
        if self.status:
            where.append(("status", "in", tuple(sorted({*map(numbered, self.status)}))))
        if self.locationid is not None:
            where.append(("locationid", "=", self.locationid))
        if self.productionid is not None:
            where.append(("productionid", "=", self.productionid))
        if self.from_ is not None:
            where.append(("ends", ">=", microseconds(moment("from", self.from_))))
        if self.to is not None:
            where.append(("starts", "<=", microseconds(moment("to", self.to))))
        if self.from_ is not None or self.to is not None:
            where.append(("starts", "<", FOREVER))
        terms = []
        for name in ("tag", "code", "externalcode"):
            value: str | None = getattr(self, name)
            check_text(name, value)
            if value:
                terms.append(f"{name}:{exact(value)}")
        return page(self, "events", Select(account, tuple(where), self.prefixes(), tuple(terms)))


TicketState = Literal[
    "free", "locked_hard", "locked_soft", "reserved", "sold_unpaid", "sold_paid", "complimentary"
]


class OrderFilter(Listing):
    status: list[OrderStatus] | None = Field(
        None,
        description="21001 Unconfirmed, 21002 Confirmed, 21003 Archived, or their names;"
        " repeatable",
    )
    paymentstatus: PaymentStatus | None = Field(
        None, description="0 incomplete, 1 fully paid, 2 overpaid; or incomplete, paid, overpaid"
    )
    saleschannelid: int | None = reference_field("On this sales channel")
    customerid: int | None = reference_field("Of this contact")
    eventid: int | None = reference_field("Holding tickets of this Event")
    q: str | None = Field(
        None,
        max_length=200,
        description="The order's number, a barcode of one of its tickets, or beginnings of words of"
        " the name, company or e-mail address of its buyer or of the name on one of its tickets."
        " Needs a key that may sell",
        examples=["ann pee"],
    )
    email: str | None = Field(
        None,
        max_length=254,
        description="Of the buyer with this e-mail address, in any case. Needs a key that may sell",
        examples=["ann@example.org"],
    )
    barcode: str | None = Field(
        None,
        max_length=200,
        description="Holding the ticket with exactly this barcode: an imported one, or a generated"
        " one once the order is confirmed. Needs a key that may sell",
        examples=["MFRGGZDFMZTWQ2LK"],
    )
    createdsince: str | None = moment_field("Created at or after")
    createduntil: str | None = moment_field("Created at or before")
    updatedsince: str | None = moment_field("Changed at or after")
    updateduntil: str | None = moment_field("Changed at or before")
    orderby: Literal["id", "-id"] = Field("id", description=ORDERBY)

    @property
    def personal(self) -> bool:
        """Whether it asks by what a key that may not sell is not shown."""
        return not (self.q is None and self.email is None and self.barcode is None)

    def select(self, account: int) -> tuple[Select, str]:
        where: list[Condition] = []
        if self.status:
            where.append(("status", "in", tuple(sorted({*map(numbered, self.status)}))))
        if self.paymentstatus is not None:
            where.append(("paymentstatus", "=", numbered(self.paymentstatus)))
        for name in ("saleschannelid", "customerid"):
            number: int | None = getattr(self, name)
            if number is not None:
                where.append((name, "=", number))
        for name, column, operator in TIMES:
            time: Any = getattr(self, name)
            if time is not None:
                where.append((column, operator, microseconds(moment(name, time))))
        terms = (f"event:{self.eventid}",) if self.eventid is not None else ()
        return page(self, "orders", Select(account, tuple(where), exact=terms))


TIMES = (
    ("createdsince", "created", ">="),
    ("createduntil", "created", "<="),
    ("updatedsince", "updated", ">="),
    ("updateduntil", "updated", "<="),
)
ORDERS: dict[str, tuple[str, tuple[type, ...]]] = {
    "id": ("number", (int,)),
    "name": ("name", (str, int)),
    "startts": ("starts", (int, int)),
}


def page(
    asked: LocationFilter | CatalogFilter | EventFilter | OrderFilter, kind: str, all_: Select
) -> tuple[Select, str]:
    """A page of a list, and the list that its cursor belongs to: this one with these filters."""
    filters = asked.model_dump(exclude={"limit", "after", "fields"}, exclude_none=True)
    of = kind + json.dumps(filters, sort_keys=True)
    order, types = ORDERS[asked.orderby.removeprefix("-")]
    return replace(
        all_,
        order=order,
        descending=asked.orderby.startswith("-"),
        limit=asked.limit,
        after=decode_cursor(of, asked.after, types),
    ), of


CatalogQuery = Annotated[CatalogFilter, Query()]
LocationQuery = Annotated[LocationFilter, Query()]
EventQuery = Annotated[EventFilter, Query()]


class TicketFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    contingentid: int | None = reference_field("Of this contingent")
    state: TicketState | None = Field(None, description="Only those in this state")
    version: str | None = past_field("After this version of the Event", "3")
    inventoryversion: str | None = past_field("After this version of the tickets", "12")
    at: str | None = past_field("At this moment, RFC 3339", "2026-11-21T20:00:00Z")
    position: str | None = past_field("At this position of the store", "1814")


TicketQuery = Annotated[TicketFilter, Query()]
OrderQuery = Annotated[OrderFilter, Query()]
