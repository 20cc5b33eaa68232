"""Every field of an Event, once, in groups that change together: each group has one fact.

Spelling and meaning are the vendor's (`startts`, `webremark`, …). Of the 55 named fields 44 are
writable; the 11 others are computed or set by Stagebook and ignored when they are sent. `Listing`
is OpenTicket's, and in that vendor's spelling.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)

from domain.base import CustomizableFields, Fields, Value
from domain.contingents import MAX_CONTINGENTS, ContingentBody
from domain.prices import PricelistPrices
from domain.translations import checked
from domain.values import (
    Color,
    Line,
    Locale,
    Name,
    Reference,
    Tag,
    Text,
    Timestamp,
    Url,
    field,
    listed,
)

DRAFT, ACTIVE, CLOSED = 19001, 19002, 19003
BY_NAME = {"draft": DRAFT, "active": ACTIVE, "closed": CLOSED}


def status_of(value: object) -> object:
    """A status by its name, in any case, or its number."""
    if not isinstance(value, str):
        return value
    if value.lower() not in BY_NAME:
        raise ValueError("expected 19001, 19002, 19003, draft, active or closed")
    return BY_NAME[value.lower()]


Status = Annotated[
    Literal[19001, 19002, 19003],
    BeforeValidator(
        status_of,  # by name, too: the schema has the numbers, which generated clients can type
    ),
]

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
    title: Line | None = Field(None, description="Its title", examples=["Live in Gent"])
    subtitle: Line | None = Field(None, description="A line under its title", examples=["2025"])


class EventSalesChannel(Value):
    """When the Event is for sale on one channel; without times, the Event's own sale period."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"eventid"})

    saleschannelid: Reference = Field(description="The sales channel", examples=[2])
    isactive: bool = Field(default=True, description="For sale there")
    haswaitinglist: bool = Field(default=False, description="With a waiting list")
    salestartts: Timestamp | None = Field(None, description="Start of sales there")
    saleendts: Timestamp | None = Field(None, description="End of sales there")


class Details(Fields):
    """What buyers read."""

    name: Name | None = field("Name; needed to publish", "Bonobo Live")
    subtitle: Line | None = field("A line under the name", "With live band")
    subtitle2: Line | None = field("A second line under the name", "Exclusive concert")
    description: Text | None = field(
        "Description for ticket buyers", "Panda Dub returns with a new show."
    )
    shortdescription: Text | None = field("Short description for ticket buyers", "A new show.")
    info: Text | None = field("Practical info for ticket buyers", "Lockers in the basement.")
    schedule: Text | None = field("Schedule for ticket buyers", "20:00 support act")
    webremark: Text | None = field("Remark on the sales pages", "Age will be checked")
    audiopreviewurl: Url | None = field(
        "Where an audio preview plays", "https://example.org/preview.mp3"
    )
    previews: list[Preview] | None = listed(
        "Videos and sounds that buyers can play",
        [{"type": 30002, "url": "https://example.org/watch"}],
    )
    layout: Layout | None = field(
        "Layout of the sales pages: their colour, and whether the image takes all the width",
        {"color": "#112233", "maxImage": True},
        cleared={},
    )
    tags: list[Tag] | None = listed("Words that describe the Event", ["jazz"])
    segmentationtags: list[Tag] | None = listed(
        "Words that buyers of the Event are grouped by", ["youth"]
    )
    translations: dict[str, Text] | None = field(
        "Other languages: field + language", {"namefr": "Bonobo en direct"}, cleared={}
    )

    @field_validator("translations")
    @classmethod
    def _translatable(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        return value and checked(value, TRANSLATABLE)


class Schedule(Fields):
    startts: Timestamp | None = field(
        "When it starts; without it, the first start of the dates", "2026-11-21T20:00:00+01:00"
    )
    endts: Timestamp | None = field(
        "When it ends; without it, the last end of the dates", "2026-11-21T23:00:00+01:00"
    )


class SalePeriod(Fields):
    salestartts: Timestamp | None = field(
        "Start of sales, for channels without their own", "2026-09-01T10:00:00+02:00"
    )
    saleendts: Timestamp | None = field(
        "End of sales, for channels without their own", "2026-11-21T20:00:00+01:00"
    )
    saleschannels: list[EventSalesChannel] | None = listed(
        "Where and when it is for sale; without any, on every channel", [{"saleschannelid": 2}]
    )

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
    waitinglisttype: Reference | None = field(
        "Type of waiting list, a number of the vendor; kept as it is", 29001
    )
    socialdistance: Reference | None = field(
        "How seats are kept apart, a number of the vendor; kept as it is", 50001
    )


class Seating(Fields):
    seatallowsingle: bool | None = field("Single seats may be left", True, cleared=False)
    seatselection: bool | None = field("Buyers choose their seats", True, cleared=False)
    seated_chartkey: Line | None = field("Key of the chart at Seats.io", "hall-1", cleared="")
    seatingplanid: Reference | None = field("Seating plan in the catalog, for fixed seats", 1)
    seatingplanpricelistid: Reference | None = field(
        "Price list in the catalog, for fixed seats", 1
    )
    seatingplaneventspecificprices: PricelistPrices | None = field(
        "Prices of fixed seats beside those of that list",
        {"prices": [{"pricetypeid": 1, "prices": [30.0, 20.0]}], "seatrankids": [1, 2]},
    )


class Links(Fields):
    """Ids of things that live in other systems or come with later versions: kept as they are."""

    externalcode: Line | None = field("Id in another system", "56975647832")
    productionid: Reference | None = field("The production that it is one Event of", 1256975647)
    optinsetid: Reference | None = field("The set of consents that buyers are asked for", 125)
    queuetoken: Reference | None = field("The queue that buyers wait in before they can order", 421)
    revenuesplitid: Reference | None = field(
        "How revenue is divided; deprecated by the vendor", 125
    )
    salestatusmessagesid: Reference | None = field(
        "The set of messages about the status of its sale", 125
    )
    servicemailids: list[Reference] | None = listed(
        "Mails that its buyers get before and after it", [1, 2]
    )
    ticketfeeid: Reference | None = field("The fee scheme of its tickets", 125)
    ticketinfoid: Reference | None = field("The information that is printed on its tickets", 125)
    ticketlayoutid: Reference | None = field("The layout that its tickets are printed with", 125)
    upsellid: Reference | None = field("What buyers of its tickets are offered besides", 125)


class Listing(Fields):
    """How an Event stands among others, in OpenTicket's spelling."""

    type: Literal["once", "recurring"] | None = field("Once, or again and again", "once")
    locale: Locale | None = field("Language and country of its texts", "nl_NL")
    website: Url | None = field("Its own page", "https://example.org/live")
    category: Line | None = field("What sort of Event it is, in a word", "Music")
    subcategories: list[Tag] | None = listed("Categories within it", ["Jazz"])
    retrievable_after: Timestamp | None = field(
        "From when on buyers get their tickets", "2026-11-14T20:00:00+01:00"
    )
    auto_prune: bool | None = field(
        "Leaves lists of shops by itself when it is over", True, cleared=False
    )


class EventFields(
    Details, Schedule, SalePeriod, Venue, Limits, Seating, Links, Listing, CustomizableFields
):
    """The fields that an Event keeps in its own stream."""

    READ_ONLY: ClassVar[frozenset[str]] = READ_ONLY | OURS
    REQUIRED: ClassVar[tuple[str, ...]] = ("locationid",)


class EventBody(EventFields):
    """Every writable field of an Event, and custom fields `c_…`."""

    currentstatus: Status | None = field(
        "19001 Draft, 19002 Active, 19003 Closed, or their names",
        DRAFT,
        cleared=DRAFT,
    )
    contingents: Annotated[list[ContingentBody], Field(max_length=MAX_CONTINGENTS)] | None = field(
        "Named numbers of tickets outside the seating plan", cleared=[]
    )
    seated_contingents: (
        Annotated[list[ContingentBody], Field(max_length=MAX_CONTINGENTS)] | None
    ) = field("Named numbers of tickets with seats", cleared=[])

    def asked_status(self) -> int | None:
        """The status that is asked for, None when none is; null asks for the first one."""
        if "currentstatus" not in self.model_fields_set:
            return None
        return DRAFT if self.currentstatus is None else self.currentstatus

    def own(self) -> dict[str, Any]:
        """The patch of the Event's own stream: status and contingents have facts elsewhere."""
        elsewhere = {"currentstatus", "contingents", "seated_contingents"}
        return {n: v for n, v in self.patch().items() if n not in elsewhere}
