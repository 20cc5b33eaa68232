"""What a payload of a fact must be to enter a store from outside: the shape that the program
itself would have recorded.

What is in the store already is never checked again (`domain/base.py`), so this is for imports: each
field of a patch by the model that commands take it by, everything else by its declaration.
"""

import math
from collections.abc import Iterator
from dataclasses import MISSING, fields
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    create_model,
)

from domain.base import DomainEvent, Fields, State, payload_fields
from domain.catalog import CATALOG
from domain.contingents import COUNTERS, ContingentAdded, ContingentChanged, ContingentFields
from domain.errors import Invalid
from domain.event import DateFields
from domain.event_facts import DateAdded, DateChanged, EventImageChanged, StatusChanged
from domain.event_fields import ACTIVE, CLOSED, DRAFT, EventFields
from domain.ids import Kind, account_number
from domain.location import LocationFields
from domain.order_facts import HeldTicketsChanged, HoldersNamed
from domain.order_fields import OrderFields
from domain.ranges import Ranges
from domain.registry import AccountOpened, Role
from domain.ticket_fields import TicketFields
from domain.tickets import TicketsChanged, TicketsScanned
from domain.values import MAX_ID, Reference, parse_time, same
from domain.webhook import WebhookFields

DEEPEST = 32
PATCHES = ("fields", "changed")
FIELDS_OF: dict[type[DomainEvent], type[Fields]] = {
    ContingentAdded: ContingentFields,
    ContingentChanged: ContingentFields,
    DateAdded: DateFields,
    DateChanged: DateFields,
}
FIELDS_OF_KIND: dict[Kind, type[Fields]] = {
    Kind.EVENT: EventFields,
    Kind.LOCATION: LocationFields,
    Kind.ORDER: OrderFields,
    Kind.WEBHOOK: WebhookFields,
    **{kind: cls.FIELDS for kind, cls in CATALOG.items()},
}


def in_order(ranges: Ranges) -> Ranges:
    before = 0
    for one in ranges:
        if len(one) != 2 or not before < one[0] <= one[1]:  # noqa: PLR2004 - first and last
            raise ValueError("expected ranges of tickets in their order, [[first, last], …]")
        before = one[1]
    return ranges


def moment(text: str) -> str:
    parse_time(text)
    return text


def role(name: str) -> str:
    return str(Role(name))


def counter(name: str) -> str:
    if name not in COUNTERS:
        raise ValueError(f"expected one of {', '.join(COUNTERS)}")
    return name


Number = Annotated[int, Field(ge=0, le=MAX_ID)]
Moment = Annotated[str, AfterValidator(moment)]
Tickets = Annotated[list[list[Number]], AfterValidator(in_order)]
Counter = Annotated[str, AfterValidator(counter)]


class Piece(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Line(Piece):
    """Tickets of one contingent in an order, at one price."""

    eventid: Number
    contingentid: Number
    pricetypeid: Number
    price: Number
    complimentary: bool
    tickets: Tickets


class Move(Piece):
    """Tickets of one contingent that go from one counter to another."""

    contingentid: Number
    pricetypeid: Number | None = None
    topricetypeid: Number | None = None
    source: Counter = Field(alias="from")
    to: Counter
    tickets: Tickets


class Holder(Piece):
    """Who comes with a ticket."""

    id: Number
    ticketholderid: Number | None = None
    ticketname: str | None = None


class RankedTicket(TicketFields):
    """What is known of a ticket, the rank of its seat too."""

    seatrankid: Reference | None = None


class Change(Piece):
    """What changed of a ticket."""

    id: Number
    before: dict[str, JsonValue]
    after: dict[str, JsonValue]


class Picture(Piece):
    """An image that is kept beside the facts."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    type: Literal["image/jpeg", "image/png"]
    size: Number


NARROWER: dict[Any, Any] = {int: Number, int | None: Number | None, Ranges: Tickets}
TIMES: dict[Any, Any] = {str: Moment, str | None: Moment | None}
MOMENTS = frozenset({"time", "expiryts", "heldsince", "duets"})
BY_NAME: dict[str, Any] = {
    "lines": list[Line],
    "moves": list[Move],
    "role": Annotated[str, AfterValidator(role)],
}
OF: dict[tuple[Any, str], Any] = {
    (TicketsChanged, "tickets"): list[RankedTicket],
    (TicketsChanged, "before"): list[dict[str, JsonValue]] | None,
    (TicketsScanned, "before"): list[dict[str, JsonValue]] | None,
    (HoldersNamed, "tickets"): list[Holder],
    (HeldTicketsChanged, "tickets"): list[Change],
    (TicketsScanned, "direction"): Literal["in", "out"],
    (EventImageChanged, "image"): Picture | None,
    (StatusChanged, "currentstatus"): Literal[DRAFT, ACTIVE, CLOSED],
}
"""Fields that are more than their declaration says."""


def check_payload(fact_class: Any, kind: Kind, payload: Any) -> None:
    """Refuses with `Invalid`, which names the field, what is no payload of such a fact."""
    if not isinstance(payload, dict):
        raise Invalid("fact", "expected an object")
    for what in _unfit(payload, 0):
        raise Invalid("fact", what)
    try:
        model(fact_class).model_validate(payload)
    except ValidationError as error:
        raise _invalid(error) from None
    for name in PATCHES:
        if name in payload:
            _check_patch(name, payload[name], _fields_of(fact_class, kind), kind)
    if fact_class is AccountOpened and payload["account"] != account_number(payload["accountname"]):
        raise Invalid("account", "expected the number of that name")


@cache
def model(fact_class: Any) -> type[BaseModel]:
    """The model of a fact's payload, made of its declaration."""
    declared = get_type_hints(fact_class)
    optional = {f.name: f.default for f in fields(fact_class) if f.default is not MISSING}
    shape: dict[str, Any] = {}
    for name in payload_fields(fact_class):
        hint = OF.get((fact_class, name)) or BY_NAME.get(name) or declared[name]
        narrower = TIMES if name in MOMENTS else NARROWER
        shape[name] = (narrower.get(hint, hint), optional.get(name, ...))
    config = ConfigDict(strict=True, extra="forbid")
    return create_model(fact_class.__name__, __config__=config, **shape)


def _fields_of(fact_class: Any, kind: Kind) -> type[Fields]:
    return FIELDS_OF.get(fact_class) or FIELDS_OF_KIND[kind]


def _check_patch(at: str, patch: State, fields: type[Fields], kind: Kind) -> None:
    """One by one: what rules over several fields said then is not what they say today."""
    own = CATALOG[kind].SET if kind in CATALOG else {}
    for name, value in patch.items():
        if name in own:
            continue
        try:
            today = fields.model_validate({name: value}).model_dump(include={name})
        except ValidationError as error:
            raise _invalid(error, at) from None
        except Invalid as refusal:
            raise Invalid(f"{at}.{name}", str(refusal.detail)) from None
        if name not in today or not _agrees(value, today[name]):
            raise Invalid(f"{at}.{name}", "expected a field as it is recorded")


def _agrees(recorded: Any, today: Any) -> bool:
    """Whether a value is as it is recorded today, but for what older versions did not have."""
    if isinstance(recorded, dict) and isinstance(today, dict):
        return all(name in today and _agrees(v, today[name]) for name, v in recorded.items())
    if isinstance(recorded, list) and isinstance(today, list):
        return len(recorded) == len(today) and all(map(_agrees, recorded, today))
    if isinstance(recorded, int | float) and isinstance(today, int | float):
        return isinstance(recorded, bool) is isinstance(today, bool) and recorded == today
    return same(recorded, today)


def _unfit(value: Any, depth: int) -> Iterator[str]:
    """What no database or reader of JSON takes."""
    if depth > DEEPEST:
        yield f"expected at most {DEEPEST} levels"
    elif isinstance(value, str):
        if "\0" in value:
            yield "expected text without NUL"
    elif isinstance(value, int) and abs(value) > MAX_ID:
        yield f"expected numbers of at most {MAX_ID}"
    elif isinstance(value, float) and not math.isfinite(value):
        yield "expected finite numbers"
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _unfit(name, depth)
            yield from _unfit(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _unfit(one, depth + 1)


def _invalid(error: ValidationError, *under: str) -> Invalid:
    """The first thing that is wrong, and where."""
    first = error.errors(include_url=False)[0]
    path = ".".join(map(str, (*under, *first["loc"])))
    return Invalid(path or "fact", first["msg"].removeprefix("Value error, "))
