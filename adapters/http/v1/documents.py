"""What answers look like, for OpenAPI alone: the domain's writable fields, and beside them what
only Stagebook sets. No route makes one of these: the bytes are the projections'."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from domain.base import CustomizableFields
from domain.contingents import COUNTERS, ContingentFields, ContingentLock
from domain.event import DateFields
from domain.event_fields import EventBody, EventSalesChannel
from domain.location import LocationFields
from domain.prices import Condition
from domain.values import MAX_ID, Timestamp

NOTHING: frozenset[str] = frozenset()


CUSTOM: Any = CustomizableFields.model_config["json_schema_extra"]


def as_shown(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """A document shows every field, and what has a default is never null in it."""
    for field in schema["properties"].values():
        if field.pop("default", None) is not None and "anyOf" in field:
            field["anyOf"].remove({"type": "null"})
    schema["required"] = list(schema["properties"])
    if issubclass(model, CustomizableFields):
        schema.update(CUSTOM)


AS_SHOWN = ConfigDict(json_schema_extra=as_shown, strict=True, extra="forbid", defer_build=True)
AS_SHOWN_CUSTOM = AS_SHOWN | ConfigDict(extra="allow")

Number = Annotated[int, Field(ge=1, le=MAX_ID, description="Number", examples=[125])]
Guid = Annotated[
    str,
    Field(
        description="The same as a UUID; both work in every path",
        examples=["2a97516c-354b-8003-8000-00000000007d"],
        json_schema_extra={"format": "uuid"},
    ),
]
Version = Annotated[int, Field(ge=1, description="How many facts made it", examples=[3])]
Position = Annotated[int, Field(ge=0, description="Place among all facts", examples=[1042])]
Moment = Annotated[
    Timestamp, Field(description="RFC 3339, UTC", examples=["2026-11-21T19:00:00.000000Z"])
]


LocationNumber = Annotated[
    int, Field(ge=0, le=MAX_ID, description="Number; 0 is the placeholder", examples=[125])
]


class LocationDocument(LocationFields):
    """A Location."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING

    id: LocationNumber
    guid: Guid
    version: Version
    createdts: Moment
    lastupdatets: Moment


class DateDocument(DateFields):
    """A date of an Event."""

    model_config = AS_SHOWN
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING

    id: Number
    guid: Guid
    eventid: Number


class LockDocument(ContingentLock):
    """Tickets of a contingent that are counted as locked."""

    model_config = AS_SHOWN
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING

    tickettypeid: Annotated[Number, Field(description="The contingent")]


class ContingentDocument(ContingentFields):
    """A named lot of tickets."""

    model_config = AS_SHOWN
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING

    id: Number
    eventid: Number
    locks: list[LockDocument] = Field(description="Counted locks")  # type: ignore[assignment] # shown with more


class SalesChannelDocument(EventSalesChannel):
    """When the Event is for sale on one channel."""

    model_config = AS_SHOWN
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING

    eventid: Number


COUNTED = {
    "complimentary": "Given away",
    "free": "For sale",
    "locked_hard": "Kept out of sale, not meant to come back",
    "locked_soft": "Kept out of sale for now",
    "reserved": "In a basket",
    "sold_paid": "Sold and paid",
    "sold_unpaid": "Sold, not paid yet",
    "total": "All of them: the sum of the others",
}
Counters = create_model(
    "Counters",
    __doc__="Numbers of tickets.",
    __config__=AS_SHOWN,
    **{n: Annotated[int, Field(ge=0, description=COUNTED[n])] for n in COUNTERS},  # type: ignore[call-overload] # fields by name
)


class ContingentAvailability(Counters):
    """The tickets of one contingent."""

    model_config = AS_SHOWN

    tickettypeid: Annotated[Number, Field(description="The contingent")]
    lastupdatets: Moment


class ChannelPrice(BaseModel):
    """What a price type costs on one sales channel."""

    model_config = AS_SHOWN

    saleschannelid: int | None = Field(description="The channel; null: every other one")
    tickettypepriceid: Annotated[Number, Field(description="Contingent and price type in one")]
    price: float = Field(description="In the account's currency", examples=[25.0])
    servicecharge: float = Field(description="Nothing, in this version")
    costs: list[dict[str, Any]] = Field(description="Nothing, in this version")
    conditions: list[Condition] = Field(description="When it may be bought")


class TypePrices(BaseModel):
    """What one price type costs."""

    model_config = AS_SHOWN

    pricetypeid: Number
    tickettypepriceid: Annotated[Number, Field(description="Contingent and price type in one")]
    saleschannels: list[ChannelPrice] = Field(description="Channel by channel")


class ContingentPrices(BaseModel):
    """What a contingent costs."""

    model_config = AS_SHOWN

    contingentid: Number
    pricetypes: list[TypePrices] = Field(description="Price type by price type")


class EventPrices(BaseModel):
    """Prices by contingent, from its price list and its own."""

    model_config = AS_SHOWN

    contingents: list[ContingentPrices] = Field(description="One by one")


class EventDocument(EventBody):
    """An Event, with its dates, its Location's name and its contingents."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING

    id: Number
    guid: Guid
    version: Version
    code: str = Field(description="Unique code, twelve digits", examples=["864056970707"])
    locationname: str | None = Field(description="Name of its Location", examples=["Concert hall"])
    publishedts: Moment | None = Field(description="When it was last published")
    createdts: Moment
    lastupdatets: Moment
    dates: list[DateDocument] = Field(description="Its dates, in the order they were added")
    availability: list[ContingentAvailability] = Field(description="Tickets by contingent")
    contingents: list[ContingentDocument] = Field(
        description="Named numbers of tickets without seats"
    )  # type: ignore[assignment] # shown with more
    seated_contingents: list[ContingentDocument] = Field(
        description="Named numbers of tickets with seats"
    )  # type: ignore[assignment] # shown with more
    saleschannels: list[SalesChannelDocument] = Field(description="Where and when it is for sale")  # type: ignore[assignment] # shown with more
    prices: EventPrices = Field(description="Prices by contingent")
    image: str | None = Field(
        description="Address of its picture",
        examples=[f"/images/2a97516c354b/{'0' * 64}.jpg"],
    )
    seatingplancontingents: list[dict[str, Any]] = Field(description="Lots of the seating plan")
    seatingplanlocktemplate: str | None = Field(description="Lock template of the seating plan")


class LocationPage(BaseModel):
    """A page of Locations."""

    data: list[LocationDocument] = Field(description="The Locations")
    next: str | None = Field(description="Cursor of the next page, null on the last")
    total: int = Field(ge=0, description="How many there are in all pages")


class EventPage(LocationPage):
    """A page of Events."""

    data: list[EventDocument] = Field(description="The Events")  # type: ignore[assignment] # the same page of other things


class DatePage(BaseModel):
    """All dates of an Event."""

    data: list[DateDocument] = Field(description="In the order they were added")
    next: None = Field(description="There is one page only")
    total: int = Field(ge=0, description="How many there are")


class Difference(BaseModel):
    """One path that differs. Lists of things with ids are compared by id."""

    path: str = Field(description="Field names and ids", examples=["dates.5.start"])
    before: Any = Field(description="Its value before; null: it was not there")
    after: Any = Field(description="Its value after; null: it is not there")


class Recorded(BaseModel):
    """Who recorded a fact, when and why."""

    position: Position
    version: Version | None = Field(
        description="Of the thing; of a change of an Event's tickets, what the Event was at in a"
        " history, and null in the feed"
    )
    inventoryversion: int | None = Field(
        description="Of a change of an Event's tickets: the version of those, which have a count"
        " of their own; else null",
        examples=[12],
    )
    time: Moment
    actor: str = Field(description="Name of the key", examples=["box office"])
    reason: str | None = Field(description="Why, in the caller's words")
    correlation: str = Field(description="What it belongs to: X-Correlation-ID, or the command")
    causation: str | None = Field(description="The command that it was recorded by")
    fact: str = Field(description="Name of the fact", examples=["EventDetailsChanged"])


class Link(BaseModel):
    """Another thing, whose change is shown here."""

    kind: str = Field(description="As `kind` asks for it", examples=["pricelist"])
    id: LocationNumber
    guid: Guid
    version: int | None = Field(description="Its version", examples=[4])


class HistoryEntry(Recorded):
    """A fact, and what it changed."""

    of: Link | None = Field(
        description="What changed, when it was another thing that this one shows; else null"
    )
    changes: list[Difference] = Field(description="Path by path")


class HistoryPage(BaseModel):
    """A page of a history, newest first."""

    data: list[HistoryEntry] = Field(description="Newest first")
    next: str | None = Field(description="Cursor of the next page, null on the last")


class Change(Recorded):
    """A fact, as other systems follow it."""

    kind: str = Field(description="What changed, as `kind` asks for it", examples=["event"])
    id: LocationNumber
    guid: Guid
    data: dict[str, Any] = Field(description="What the fact says")
    changes: list[Difference] = Field(
        description="How the prices of a contingent changed, by price type; of other facts, which"
        " do not say what was before, empty: their history says it"
    )


class ChangePage(BaseModel):
    """A page of the account's changes, in the order of commits."""

    data: list[Change] = Field(description="In the order of commits")
    next: int = Field(ge=0, description="The position to go on from")


class Side(BaseModel):
    """One side of a comparison."""

    asked: str | None = Field(
        description="What was asked for: a version, a moment, a position; null: now"
    )
    version: Version
    position: Position
    time: Moment


class DiffDocument(BaseModel):
    """What differs between the document then and then."""

    from_: Side = Field(alias="from", description="What `before` is of")
    to: Side = Field(description="What `after` is of")
    changes: list[Difference] = Field(description="Exactly the paths that differ")


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["live"] = Field(description="It answers, so it lives")
    version: str = Field(description="Of Stagebook", examples=["0.1.0"])


class ParkedDocument(BaseModel):
    """A document that a fact could not be folded into: it stays as it was before that fact."""

    key: str = Field(description="The document's guid, in hexadecimal digits")
    position: int = Field(description="The position of that fact")
    error: str = Field(
        description="Why it could not, without values; `stagebook parked` has the whole text",
        examples=["EventDetailsChanged: ValueError"],
    )
    since: str | None = Field(description="When it was parked; null: by an older version")


class ViewHealth(BaseModel):
    """How far one view has come."""

    state: Literal["current", "slow", "dead", "outdated"] = Field(
        description="`slow`: a worker is at it, yet far behind; `dead`: no worker is; `outdated`:"
        " nor can one be, until what another version of Stagebook made is rebuilt"
    )
    position: int = Field(ge=0, description="The last position that it has")
    lag: int = Field(ge=0, description="How many positions it is behind the store")
    lagseconds: float | None = Field(
        description="The age of the oldest fact that it lacks; null: that fact cannot be read"
    )
    heartbeat: float | None = Field(
        description="Seconds since its worker left a sign of life; null: no process leads it"
    )
    parked: int = Field(ge=0, description="Documents that stopped at a fact that could not be read")


class Readiness(BaseModel):
    """Whether the store answers and takes writes, and the views move."""

    status: Literal[
        "ready",
        "store takes no writes",
        "views stand still",
        "view damaged",
        "store damaged",
        "store replaced",
    ] = Field(description="Ready, or why not")
    error: str | None = Field(
        description="Why writes are refused, what stopped the views, or what is damaged"
    )
    position: int = Field(ge=0, description="The newest position of the store")
    store: str = Field(
        description="Its id and its epoch", examples=["9f2c61d07be84a35.1767225600000"]
    )
    views: dict[str, ViewHealth] = Field(description="Each view by its name")


class GenerationDocument(BaseModel):
    """A generation of a projection: documents that were built together."""

    number: int = Field(ge=1, description="Counts up with every rebuild")
    name: str = Field(description="Its file or the beginning of its tables")
    version: int = Field(ge=1, description="The version of the projection that made it")


class AskedRebuild(BaseModel):
    """A rebuild that was asked for and is not done."""

    by: str = Field(description="Name of the key", examples=["anna"])
    since: Moment
    place: int = Field(
        ge=1,
        description="In the line of those that were asked for: the first is at work, or the next",
    )


class RebuildDocument(BaseModel):
    """The rebuild that is under way, or the last one."""

    phase: Literal["building", "following", "stopped", "failed", "done"] = Field(
        description="Built in bulk, followed up to now, or how it ended; stopped: killed, goes on"
    )
    generation: int = Field(ge=1, description="The number of what it builds")
    askedby: str | None = Field(description="Who asked for it; null: it was started by hand")
    host: str = Field(description="Where it runs")
    process: int = Field(description="The number of its process there")
    workers: int = Field(ge=1, description="Processes that build")
    startedts: Moment
    finishedts: Moment | None = Field(description="When it was done, or failed")
    facts: int = Field(ge=0, description="Facts to build from, about")
    done: int = Field(ge=0, description="Facts that are built in")
    rate: int | None = Field(description="Facts a second")
    secondsleft: float | None = Field(description="Until all are built in, at this rate")
    error: str | None = Field(description="Why it failed")


class ProjectionDocument(BaseModel):
    """Where a projection stands."""

    name: str = Field(description="Its name", examples=["events"])
    version: int = Field(ge=1, description="The version of the projection in this program")
    state: Literal["current", "slow", "dead", "outdated"] = Field(
        description="As health tells it: whether a worker keeps it up to date"
    )
    generation: GenerationDocument = Field(description="The one that is served")
    before: GenerationDocument | None = Field(description="The one before, while it is kept")
    position: int = Field(description="Up to where it has the facts")
    lag: int = Field(ge=0, description="How many positions it is behind the store")
    lagseconds: float | None = Field(
        description="Age of the oldest fact that it does not have; null: that cannot be read"
    )
    parked: int = Field(ge=0, description="Documents that stopped at a fact that could not be read")
    parkeddocuments: list[ParkedDocument] = Field(
        description="At most 100 of them, of the caller's account; an operator sees those of all"
    )
    asked: AskedRebuild | None = Field(description="The rebuild that was asked for and is not done")
    rebuild: RebuildDocument | None = Field(description="The one under way, or the last one")


class ProjectionPage(BaseModel):
    """Where all projections stand."""

    data: list[ProjectionDocument] = Field(description="All of them")
