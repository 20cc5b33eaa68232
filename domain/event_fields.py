"""Every field of an Event, once, in groups that change together: each group has one fact.

Spelling and meaning are the vendor's (`startts`, `webremark`, …). Of the 55 named fields 44 are
writable; the 11 others are computed or set by Stagebook and ignored when they are sent. `Listing`
is OpenTicket's, and in that vendor's spelling.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer

from domain.base import CustomizableFields, Fields, Value
from domain.contingents import ContingentBody
from domain.prices import PricelistPrices
from domain.translations import checked
from domain.values import (
    Color,
    Line,
    Locale,
    Reference,
    Tag,
    Text,
    Timestamp,
    Url,
    field,
    listed,
)

DRAFT, ACTIVE, CLOSED = 19001, 19002, 19003

TRANSLATABLE = frozenset(
    [
        "name",
        "subtitle",
        "subtitle2",
        "description",
        "shortdescription",
        "info",
        "schedule",
        "webremark",
    ]
)
READ_ONLY = frozenset(
    [
        "id",
        "availability",
        "code",
        "image",
        "locationname",
        "prices",
        "publishedts",
        "seatingplancontingents",
        "seatingplanlocktemplate",
        "createdts",
        "lastupdatets",
    ]
)
OURS = frozenset({"guid", "version", "dates"})
"""What Stagebook adds to the vendor's document; read-only like those."""


class Layout(Value):
    color: Color | None = Field(None, description="Colour, #rrggbb", examples=["#112233"])
    maxImage: bool | None = Field(  # noqa: N815 - the vendor's spelling
        None, description="The image takes all the width"
    )

    @model_serializer(mode="wrap")
    def _said(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What was said only: a layout that says nothing is empty, as when there was none."""
        return {name: value for name, value in dump(self).items() if value is not None}


class Preview(Value):
    """A preview: 30001 iTunes, 30002 YouTube, 30003 SoundCloud."""

    type: Literal[30001, 30002, 30003] = Field(
        description="30001 iTunes, 30002 YouTube, 30003 SoundCloud"
    )
    url: Url = Field(description="Where it plays")
    linkurl: Url | None = Field(None, description="Where it leads")
    previewimage: Url | None = Field(None, description="Its picture")
    title: Line | None = Field(None, description="Title")
    subtitle: Line | None = Field(None, description="Subtitle")


class EventSalesChannel(Value):
    """When the Event is for sale on one channel; without times, the Event's own sale period."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"eventid"})

    saleschannelid: Reference = Field(description="The sales channel")
    isactive: bool = Field(default=True, description="For sale there")
    haswaitinglist: bool = Field(default=False, description="With a waiting list")
    salestartts: Timestamp | None = Field(None, description="Start of sales there")
    saleendts: Timestamp | None = Field(None, description="End of sales there")


class Details(Fields):
    """What buyers read."""

    name: Annotated[str, Field(min_length=1, max_length=255)] | None = field(
        "Name; needed to publish", "Bonobo Live"
    )
    subtitle: Line | None = field("Subtitle", "With live band")
    subtitle2: Line | None = field("Second subtitle", "Exclusive concert")
    description: Text | None = field("Description for ticket buyers")
    shortdescription: Text | None = field("Short description for ticket buyers")
    info: Text | None = field("Practical info for ticket buyers", "Lockers in the basement.")
    schedule: Text | None = field("Schedule for ticket buyers", "20:00 support act")
    webremark: Text | None = field("Remark on the sales pages", "Age will be checked")
    audiopreviewurl: Url | None = field("Audio preview")
    previews: list[Preview] | None = listed("Previews")
    layout: Layout | None = field("Layout of the sales pages", cleared={})
    tags: list[Tag] | None = listed("Tags", ["jazz"])
    segmentationtags: list[Tag] | None = listed("Segmentation tags")
    translations: dict[str, Text] | None = field(
        "Other languages: field + language", {"namefr": "Bonobo en direct"}, cleared={}
    )

    @field_validator("translations")
    @classmethod
    def _translatable(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        return value and checked(value, TRANSLATABLE)


class Schedule(Fields):
    startts: Timestamp | None = field(
        "Start; without it, the first start of the dates", "2026-11-21T20:00:00+01:00"
    )
    endts: Timestamp | None = field("End; without it, the last end of the dates")


class SalePeriod(Fields):
    salestartts: Timestamp | None = field("Start of sales, for channels without their own")
    saleendts: Timestamp | None = field("End of sales, for channels without their own")
    saleschannels: list[EventSalesChannel] | None = listed("Where and when it is for sale")

    @field_validator("saleschannels")
    @classmethod
    def _one_each(cls, value: list[EventSalesChannel] | None) -> list[EventSalesChannel] | None:
        if value and len({c.saleschannelid for c in value}) < len(value):
            message = "expected each saleschannelid once"
            raise ValueError(message)
        return value


class Venue(Fields):
    locationid: Reference | None = field("The Location; required at creation", 125)


class Limits(Fields):
    maxnbrofticketsperbasket: Reference | None = field("Most tickets in one basket", 5)
    totalmaxtickets: Reference | None = field("Most tickets sold for the Event", 1000)
    waitinglisttype: Reference | None = field("Type of waiting list", 29001)
    socialdistance: Reference | None = field("Type of social distance", 50001)


class Seating(Fields):
    seatallowsingle: bool | None = field("Single seats may be left", cleared=False)
    seatselection: bool | None = field("Buyers choose their seats", cleared=False)
    seated_chartkey: Line | None = field("Key of the seating chart", cleared="")
    seatingplanid: Reference | None = field("Seating plan, for fixed seats")
    seatingplanpricelistid: Reference | None = field("Price list for fixed seats")
    seatingplaneventspecificprices: PricelistPrices | None = field("Prices beside that list")


class Links(Fields):
    """Ids of things that live in other systems or come with later versions."""

    externalcode: Line | None = field("Id in another system", "56975647832")
    productionid: Reference | None = field("Production", 1256975647)
    optinsetid: Reference | None = field("Opt-in set")
    queuetoken: Reference | None = field("Queue")
    revenuesplitid: Reference | None = field("Revenue split (deprecated)")
    salestatusmessagesid: Reference | None = field("Sale status messages")
    servicemailids: list[Reference] | None = listed("Service mails")
    ticketfeeid: Reference | None = field("Ticket fee")
    ticketinfoid: Reference | None = field("Ticket info")
    ticketlayoutid: Reference | None = field("Ticket layout")
    upsellid: Reference | None = field("Upsell")


class Listing(Fields):
    """How an Event stands among others, in OpenTicket's spelling."""

    type: Literal["once", "recurring"] | None = field("Once, or again and again", "once")
    locale: Locale | None = field("Language and country of its texts", "nl_NL")
    website: Url | None = field("Its own page", "https://example.org/live")
    category: Line | None = field("Category", "Music")
    subcategories: list[Tag] | None = listed("Categories within it", ["Jazz"])
    retrievable_after: Timestamp | None = field("When buyers get their tickets")
    auto_prune: bool | None = field("May go by itself once it is over", cleared=False)


class EventFields(
    Details, Schedule, SalePeriod, Venue, Limits, Seating, Links, Listing, CustomizableFields
):
    """The fields that an Event keeps in its own stream."""

    READ_ONLY: ClassVar[frozenset[str]] = READ_ONLY | OURS
    REQUIRED: ClassVar[tuple[str, ...]] = ("locationid",)


class EventBody(EventFields):
    """Every writable field of an Event, and custom fields `c_…`."""

    currentstatus: Literal[19001, 19002, 19003] | None = field(
        "19001 Draft, 19002 Active, 19003 Closed", DRAFT, cleared=DRAFT
    )
    contingents: Annotated[list[ContingentBody], Field(max_length=500)] | None = field(
        "Lots of tickets outside the seating plan", cleared=[]
    )
    seated_contingents: Annotated[list[ContingentBody], Field(max_length=500)] | None = field(
        "Lots of tickets with seats", cleared=[]
    )

    def asked_status(self) -> int | None:
        """The status that is asked for, None when none is; null asks for the first one."""
        if "currentstatus" not in self.model_fields_set:
            return None
        return DRAFT if self.currentstatus is None else self.currentstatus

    def own(self) -> dict[str, Any]:
        """The patch of the Event's own stream: status and contingents have facts elsewhere."""
        elsewhere = {"currentstatus", "contingents", "seated_contingents"}
        return {n: v for n, v in self.patch().items() if n not in elsewhere}
