"""What this vendor calls settings: each a kind of ours, under a path of theirs.

All of them are read and written alike (`settings.py`); here is what makes them differ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from adapters.bootstrap import CATALOG, LOCATIONS
from adapters.http import requests
from adapters.http.addresses import in_parts, written_in_parts
from adapters.http.auth import Permission
from adapters.http.ticketmatic import times
from adapters.http.ticketmatic.forms import Form
from adapters.http.ticketmatic.languages import unflat, written
from adapters.http.ticketmatic.wire import M, lenient
from adapters.http.v1 import catalog_documents as shown
from adapters.http.v1 import settings_documents as plain
from adapters.http.v1.documents import LocationDocument
from adapters.views.select import Condition
from application import catalog, locations
from application.keyring import Principal
from application.unit_of_work import UnitOfWork
from domain.base import Aggregate, CustomizableFields
from domain.catalog import LockType, PriceList, PriceType, SalesChannel
from domain.catalog_item import CatalogItem
from domain.contact import Contact
from domain.custom_fields import CustomField, CustomFieldValue
from domain.errors import Invalid, NotFound
from domain.ids import Kind
from domain.location import PLACEHOLDER, TRANSLATABLE, Location, LocationFields
from domain.payment_scenario import PaymentScenario
from domain.seating import SeatingPlan, SeatRank
from domain.settings_items import (
    ContactAddressType,
    ContactTitle,
    DeliveryScenario,
    PaymentMethod,
    PhoneNumberType,
    RelationType,
)
from projections.base import Projection
from projections.catalog_documents import catalog_document
from projections.location_documents import location_document

Body = dict[str, Any]
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One of them: where it is, what it is here, and how its documents differ from ours."""

    path: str
    what: str
    kind: Kind
    projection: Projection
    fields: type[CustomizableFields]
    translatable: frozenset[str]
    one: type[BaseModel]
    load: Callable[[UnitOfWork, int], Aggregate]
    create: Callable[..., Aggregate]
    change: Callable[..., Aggregate]
    archive: Callable[..., Aggregate]
    document: Callable[[Any], Body]
    where: tuple[Condition, ...] = ()
    translates: bool = True
    read: Permission = Permission.READ
    write: Permission = Permission.COMMAND
    typed: bool = False
    """Whether its list can be of one type."""
    ignored: frozenset[str] = NONE
    """What a body says in vain: it is only shown."""
    fixed: frozenset[str] = NONE
    """What is said at creation only: an update ignores it."""
    unlisted: frozenset[str] = NONE
    unshown: frozenset[str] = NONE
    reads: Callable[[Body], Body] | None = None
    """What a body means where this vendor's clients write it in ways of their own."""
    says: Callable[[Body], Body] | None = None
    """What the vendor's document says beside ours."""
    means: Callable[[Body, Body], Body] | None = None
    """What a change asks for, by what there is now."""

    @property
    def name(self) -> str:
        return self.what.replace(" ", "_")

    @cached_property
    def form(self) -> Form:
        """How its documents are shown."""
        return Form(self.one, self.translatable if self.translates else NONE)

    def number(self, id_: str, principal: Principal) -> int:
        """Which one a path names. The placeholder is nobody's."""
        number = requests.number_of(id_, self.kind, principal)
        if number == PLACEHOLDER:
            raise NotFound(f"{self.kind.title} {id_} does not exist", id=number)
        return number

    def shape(self, body: bytes, *, listed: bool = False) -> bytes:
        """A document of ours as this vendor has it."""
        without = self.without(listed=listed)
        if not without and not self.says:
            return body
        document = from_json(body)
        said = {n: v for n, v in document.items() if n not in without}
        return to_json(said | self.says(document) if self.says else said)

    def without(self, *, listed: bool) -> frozenset[str]:
        """What of our documents is not in theirs."""
        return self.unshown | self.unlisted if listed else self.unshown

    def writable(self, body: Body, *, update: bool) -> Body:
        """What a body asks for. An empty text clears what is not for buyers to read: clients that
        drop every null have no other way. An empty map is a list where PHP wrote it."""
        body = self.reads(body) if self.reads else body
        vain = self.ignored | self.fixed if update else self.ignored
        empty = {n for n, v in body.items() if v == "" and n not in self.translatable}
        cleared = {n: None for n in empty if not n.startswith("c_")}
        said = {n: v for n, v in (body | cleared).items() if n not in vain}
        if not isinstance(said.get("translations"), dict):
            said.pop("translations", None)
        return said

    def creating(
        self, body: Body, language: str, principal: Principal
    ) -> Callable[[UnitOfWork], Aggregate]:
        said = written(
            self.writable(body, update=False), language, principal, self.translatable, {}
        )
        fields = lenient(self.fields, said)
        return partial(self.create, fields=fields)

    def changing(
        self, number: int, body: Body, language: str, principal: Principal
    ) -> Callable[[UnitOfWork], Aggregate]:
        """Merges the body into what there is; in another language, into its translations."""
        said = self.writable(body, update=True)
        lenient(self.fields, said)

        def decide(work: UnitOfWork) -> Aggregate:
            now = self.load(work, number).state
            meant = self.means(said, now) if self.means else said
            merged = written(meant, language, principal, self.translatable, now)
            return self.change(work, number=number, fields=valid(self.fields, merged))

        return decide

    def translating(
        self, number: int, texts: Body, principal: Principal
    ) -> Callable[[UnitOfWork], Aggregate]:
        def decide(work: UnitOfWork) -> Aggregate:
            now = self.load(work, number).require().state
            body = unflat(texts, principal, self.translatable, now)
            return self.change(work, number=number, fields=valid(self.fields, body))

        return decide

    def archiving(self, number: int) -> Callable[[UnitOfWork], Aggregate]:
        return partial(self.archive, number=number)


def valid(model: type[M], body: Body) -> M:
    """The body as a model where the writer decides: bad input is a refusal there."""
    try:
        return lenient(model, body)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(".".join(map(str, first["loc"])), first["msg"]) from None


def of_catalog(
    path: str, what: str, cls: type[CatalogItem], one: type[BaseModel], **differs: Any
) -> Resource:
    def document(item: Any) -> Body:
        return catalog_document(item.KIND, item.state, item.account)

    return Resource(
        path=path,
        what=what,
        kind=cls.KIND,
        projection=CATALOG,
        fields=cls.FIELDS,
        translatable=cls.FIELDS.TRANSLATABLE,
        one=one,
        load=lambda work, number: catalog.item(work, cls, number),
        create=partial(catalog.create_item, cls=cls),
        change=partial(catalog.change_item, cls=cls),
        archive=partial(catalog.archive_item, cls=cls, archived=True),
        document=document,
        where=(("kind", "=", int(cls.KIND)),),
        **differs,
    )


def archived_location(work: UnitOfWork, number: int) -> Location:
    """Deletes it; what is archived already, stays so."""
    location = work.load(Location, number)
    return location if location.state.get("deleted") else locations.delete_location(work, number)


EVENT_LOCATIONS = Resource(
    path="/settings/events/eventlocations",
    what="event location",
    kind=Kind.LOCATION,
    projection=LOCATIONS,
    fields=LocationFields,
    translatable=TRANSLATABLE,
    one=LocationDocument,
    load=lambda work, number: work.load(Location, number),
    create=locations.create_location,
    change=locations.change_location,
    archive=archived_location,
    document=lambda location: location_document(location.state, location.account),
    where=(("number", ">", PLACEHOLDER),),
    ignored=frozenset({"lat", "long"}),
    says=lambda location: {"isarchived": location.get("isarchived", False), **in_parts(location)},
    means=written_in_parts,
)


def of_contact(body: Body) -> Body:
    """Clients send a day of birth as a time, too: what counts is the day that is written. Languages
    are in capitals in the vendor's examples."""
    read: Body = {}
    day, language = body.get("birthdate"), body.get("languagecode")
    if isinstance(day, str) and times.READ.fullmatch(day.strip()):
        read["birthdate"] = day.strip()[:10]
    if isinstance(language, str):
        read["languagecode"] = language.lower()
    return body | read


CONTACTS = of_catalog(
    "/contacts",
    "contact",
    Contact,
    shown.ContactDocument,
    translates=False,
    read=Permission.SELL,
    write=Permission.SELL,
    unshown=frozenset({"translations"}),
    reads=of_contact,
    says=lambda contact: {
        "optins": [],
        "relationships": [],
        "isdeleted": contact["isarchived"],
        "status": "deleted" if contact["isarchived"] else "",
    },
)

SEATING_PLANS = of_catalog(
    "/settings/seatingplans/seatingplans",
    "seating plan",
    SeatingPlan,
    shown.SeatingPlanDocument,
    translates=False,
    ignored=frozenset({"logicalplan", "translations"}),
    unshown=frozenset({"logicalplan", "translations"}),  # translations are a list in this world
)

PRICE_TYPES = of_catalog(
    "/settings/pricing/pricetypes", "price type", PriceType, shown.PriceTypeDocument
)

SALES_CHANNELS = of_catalog(
    "/settings/ticketsales/saleschannels", "sales channel", SalesChannel, shown.ChannelDocument
)

PAYMENT_SCENARIOS = of_catalog(
    "/settings/ticketsales/paymentscenarios",
    "payment scenario",
    PaymentScenario,
    shown.PaymentScenarioDocument,
    unlisted=frozenset({"availability", "overdueparameters", "expiryparameters"}),
)

SEAT_RANKS = of_catalog(
    "/settings/seatingplans/seatranks",
    "seat rank",
    SeatRank,
    shown.SeatRankDocument,
    unlisted=frozenset({"priority"}),
)

DELIVERY_SCENARIOS = of_catalog(
    "/settings/ticketsales/deliveryscenarios",
    "delivery scenario",
    DeliveryScenario,
    plain.DeliveryScenarioDocument,
    unlisted=frozenset({"availability"}),
)

SETTINGS = (
    DELIVERY_SCENARIOS,
    of_catalog(
        "/settings/ticketsales/paymentmethods",
        "payment method",
        PaymentMethod,
        plain.PaymentMethodDocument,
        unlisted=frozenset({"config"}),
    ),
    of_catalog(
        "/settings/system/relationtypes", "relation type", RelationType, plain.RelationTypeDocument
    ),
    of_catalog(
        "/settings/system/contacttitles",
        "contact title",
        ContactTitle,
        plain.ContactTitleDocument,
        translates=False,
    ),
    of_catalog(
        "/settings/system/contactaddresstypes",
        "contact address type",
        ContactAddressType,
        plain.ContactAddressTypeDocument,
    ),
    of_catalog(
        "/settings/system/phonenumbertypes",
        "phone number type",
        PhoneNumberType,
        plain.PhoneNumberTypeDocument,
    ),
    EVENT_LOCATIONS,
    of_catalog(
        "/settings/pricing/pricelists",
        "price list",
        PriceList,
        shown.PriceListDocument,
        translates=False,
        unlisted=frozenset({"prices"}),
    ),
    PRICE_TYPES,
    SALES_CHANNELS,
    of_catalog("/settings/ticketsales/locktypes", "lock type", LockType, shown.LockTypeDocument),
    PAYMENT_SCENARIOS,
    of_catalog(
        "/settings/system/customfields",
        "custom field",
        CustomField,
        shown.CustomFieldDocument,
        typed=True,
        fixed=frozenset({"typeid"}),
    ),
    of_catalog(
        "/settings/system/customfieldvalues",
        "custom field value",
        CustomFieldValue,
        shown.CustomFieldValueDocument,
        typed=True,
        fixed=frozenset({"typeid"}),
    ),
    SEATING_PLANS,
    SEAT_RANKS,
)

EMPTY = (
    *(
        f"/settings/communicationanddesign/{name}"
        for name in (
            "documents",
            "ordermails",
            "ticketlayouts",
            "ticketlayouttemplates",
            "webskins",
        )
    ),
    *(f"/settings/pricing/{name}" for name in ("orderfeedefinitions", "ticketfees")),
    *(
        f"/settings/system/{name}"
        for name in (
            "contactfields",
            "dupedetectrules",
            "fielddefinitions",
            "filterdefinitions",
            "optins",
            "reports",
            "ticketsalesflows",
            "ticketsalessetups",
            "views",
        )
    ),
    "/settings/ticketsales/orderfees",
    "/settings/vouchers",
)
"""Settings that no account has here: their lists are empty."""
