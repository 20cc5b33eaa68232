"""The tables that may be asked: schemas `tm` and `conf`, columns as the vendor spells them.

A table is the documents of one view, or what a list inside them holds. Texts that have languages
are a column for each: `nameen`; `name` is the base language's. Custom fields are columns `c_…`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from domain.catalog import CATALOG
from domain.event_fields import TRANSLATABLE, EventFields
from domain.ids import Kind
from domain.location import TRANSLATABLE as OF_LOCATIONS
from domain.location import LocationFields

INT, NUMBER, TEXT, BOOL, TIME, LIST = "int", "number", "text", "bool", "time", "list"
COUNT = "count"
"""How many entries a list has: a whole number."""
CUSTOM = re.compile(r"c_[A-Za-z0-9_]{1,30}", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True, slots=True)
class Column:
    """What it holds, and where in the document it is: the names on the way, `^` for the document
    around a list's entry, `<` for the entry around an entry, digits for a place in a list.
    `otherwise`: what it is where the document has nothing, as SQL."""

    name: str
    type: str
    path: tuple[str, ...]
    custom: bool = False
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`view`: whose documents; `kind`: which of the catalog; `inside`: the lists whose entries
    are the rows, `a/b` for the lists `b` in the entries of `a`; `owner`: what its custom fields are
    fields of; `personal`: columns that say who has a ticket."""

    view: str
    columns: dict[str, Column]
    translatable: frozenset[str] = frozenset()
    kind: int | None = None
    inside: tuple[str, ...] = ()
    owner: int | None = None
    personal: frozenset[str] = frozenset()

    def column(self, name: str, base: str, customs: Mapping[str, Column]) -> Column | None:
        """The column of that name, if there may be one; `base`: the account's language."""
        if found := self.columns.get(name):
            return found
        text, language = name[:-2], name[-2:]
        if text in self.translatable and LANGUAGE.fullmatch(language):
            held = self.columns[text]
            path = held.path if language == base else (*held.path[:-1], "translations", name)
            return replace(held, name=name, path=path)
        if found := customs.get(name):
            return found
        return _alike(name, customs) if self.owner and CUSTOM.fullmatch(name) else None

    def every(self, base: str, customs: Iterable[str]) -> list[str]:
        """What `*` shows."""
        return [*(n + base if n in self.translatable else n for n in self.columns), *customs]


def _alike(name: str, customs: Mapping[str, Column]) -> Column:
    """The one whose name differs in case; a field that nobody has defined is empty, or a text."""
    found = [key for key in customs if key.partition(" ")[0].lower() == name.lower()]
    if len(found) > 1:
        raise Ambiguous([key.partition(" ")[0] for key in found])
    return (
        replace(customs[found[0]], name=name) if found else Column(name, TEXT, (name,), custom=True)
    )


class Ambiguous(Exception):  # noqa: N818 - read as "the name is ambiguous"
    """Several custom fields have names that differ in case alone."""


@dataclass(slots=True)
class _Columns:
    made: dict[str, Column] = field(default_factory=dict)

    def add(self, type_: str, names: str) -> "_Columns":
        for name in names.split():
            shown, _, held = name.partition("=")
            self.made[shown] = Column(shown, type_, tuple((held or shown).split(".")))
        return self

    def always(self, type_: str, name: str, otherwise: str) -> "_Columns":
        """A column that no document says, and that is the same everywhere."""
        self.made[name] = Column(name, type_, (name,), otherwise=otherwise)
        return self

    def fields(self, cls: Any) -> "_Columns":
        """The columns of a schema: what its fields hold says of what type they are."""
        for name, shape in cls.model_json_schema()["properties"].items():
            if name != "translations":
                self.made[name] = Column(name, _type(shape), (name,))
        return self


def _type(shape: dict[str, Any]) -> str:  # noqa: PLR0911 - one case a type
    for one in shape.get("anyOf", [shape]):
        match one.get("type"), one.get("format"):
            case "string", "date-time":
                return TIME
            case "string", _:
                return TEXT
            case "integer", _:
                return INT
            case "number", _:
                return NUMBER
            case "boolean", _:
                return BOOL
            case None, _ if "const" in one or "enum" in one:
                return INT
    return LIST


STAMPS = "createdts lastupdatets"
EVENT = (
    _Columns()
    .add(INT, "id currentstatus")
    .add(TEXT, "guid code image locationname seatingplanlocktemplate")
    .fields(EventFields)
    .add(TIME, f"publishedts {STAMPS}")
)
LOCATION = (
    _Columns()
    .add(INT, "id")
    .add(TEXT, "guid")
    .fields(LocationFields)
    .always(BOOL, "isarchived", "false")
    .add(TIME, STAMPS)
)
CONTINGENT = (
    _Columns()
    .add(INT, "id eventid amount pricelistid seatrankid")
    .add(TEXT, "name")
    .add(BOOL, "withimportedbarcodes")
    .add(TIME, "lastupdatets")
)
TICKET_TYPE = (
    _Columns()
    .add(INT, "id eventid")
    .add(TEXT, "name")
    .add(INT, "allocationmethod seatrankid pricelistid")
    .add(BOOL, "withimportedbarcodes")
    .add(LIST, "eventspecificprices")
)
PRICE = (
    _Columns()
    .add(INT, "id=tickettypepriceid tickettypeid=<.contingentid pricetypeid")
    .add(NUMBER, "price=saleschannels.0.price")
)
ON_SALE = (
    _Columns()
    .add(INT, "eventid saleschannelid")
    .add(BOOL, "isactive haswaitinglist")
    .add(TIME, "salestartts saleendts")
)
COUNTERS = (
    "total free reserved locked_hard locked_soft sold_paid sold_unpaid complimentary seatzoneid"
)
AVAILABLE = _Columns().add(INT, f"eventid=^.id tickettypeid {COUNTERS}").add(TIME, "lastupdatets")
CACHED = _Columns().add(INT, f"id=tickettypeid eventid=^.id tickettypeid {COUNTERS}")
ORDER = (
    _Columns()
    .add(INT, "id")
    .add(TIME, STAMPS)
    .add(INT, "contactid=customerid customerid status saleschannelid")
    .add(NUMBER, "amountpaid totalamount")
    .add(TEXT, "code=guid")
    .add(INT, "paymentscenarioid deliveryscenarioid paymentstatus")
    .always(INT, "deliverystatus", "2601")
    .add(COUNT, "nbroftickets=tickets")
    .add(TEXT, "delivery_addressee delivery_street1 delivery_street2 delivery_street3")
    .add(TEXT, "delivery_street4 delivery_city delivery_zip delivery_countrycode")
    .add(TIME, "expiryts rappelts confirmedts")
    .add(TEXT, "guid currency ended")
    .add(INT, "splitfrom")
)
PAYMENT = (
    _Columns()
    .add(INT, "id")
    .add(TIME, "paidts=ts")
    .add(INT, "orderid=^.id paymentmethodid")
    .add(NUMBER, "amount")
    .add(INT, "userid vouchercodeid")
    .add(TEXT, "properties subpayments")
    .add(INT, "refundpaymentid=refundof")
)
LOG = _Columns().add(INT, "id orderid typeid").add(TIME, "ts").add(TEXT, "username fact reason")
TICKET = (
    _Columns()
    .add(INT, "id tickettypeid seatzoneid")
    .add(TEXT, "seatzonename seatrownumber seatseatnumber seatdescription")
    .add(INT, "seatcoordinatex seatcoordinatey seatpriority currentstatus orderid")
    .add(NUMBER, "orderprice orderfee price")
    .add(INT, "ordertickettypepriceid orderticketholderid ticketholderid tickettypepriceid")
    .add(TEXT, "ticketname ticketholdername barcode")
    .add(INT, "bundleid vouchercodeid locktypeid")
)
NAMED = frozenset(
    ["orderticketholderid", "ticketholderid", "ticketname", "ticketholdername", "barcode"]
)
"""Whoever has a ticket, and the code that opens the door."""
TYPE_IDS = {
    "OrderCreated": 18001,
    "OrderCancelled": 18002,
    "OrderLapsed": 18002,
    "OrderMerged": 18002,
    "TicketsAdded": 18003,
    "TicketsMerged": 18003,
    "TicketsRemoved": 18004,
    "HoldersNamed": 18005,
    "HeldTicketsChanged": 18005,
    "OrderConfirmed": 18006,
    "OrderRepriced": 18010,
    "PaymentAdded": 18011,
    "RefundAdded": 18025,
    "OrderSplit": 18027,
}
"""The vendor's types of an order's log, by our facts; others have none."""
LOG_PARTS = 16
"""Ids of a log go up by so many from fact to fact: its route may say several things of one."""


TYPED = frozenset(
    {
        Kind.PRICE_TYPE,
        Kind.SALES_CHANNEL,
        Kind.CUSTOM_FIELD,
        Kind.CUSTOM_FIELD_VALUE,
        Kind.PAYMENT_SCENARIO,
    }
)
"""The kinds that have a `typeid`: a column of that name in others would be one of two in a join."""


def _catalog(kind: Kind, owner: int | None = None) -> Table:
    """One kind of the catalog; what its schema lacks today is there and empty."""
    made = _Columns().add(INT, "id").add(TEXT, "guid")
    if kind in TYPED:
        made.add(INT, "typeid")
    translatable: frozenset[str] = frozenset()
    if found := CATALOG.get(kind):
        made, translatable = made.fields(found.FIELDS), found.FIELDS.TRANSLATABLE
    made.add(BOOL, "isarchived").add(TIME, STAMPS)
    there = frozenset(n for n in translatable if n in made.made)
    return Table("catalog", made.made, there, kind=kind, owner=owner)


_LOTS = ("contingents", "seated_contingents")
_BOTH = {
    "eventlocation": Table("locations", LOCATION.made, OF_LOCATIONS, owner=13010),
    "paymentscenario": _catalog(Kind.PAYMENT_SCENARIO, 13008),
    "pricetype": _catalog(Kind.PRICE_TYPE, 13006),
    "pricelist": _catalog(Kind.PRICE_LIST),
    "saleschannel": _catalog(Kind.SALES_CHANNEL),
    "locktype": _catalog(Kind.LOCK_TYPE),
    "customfield": _catalog(Kind.CUSTOM_FIELD),
    "customfieldvalue": _catalog(Kind.CUSTOM_FIELD_VALUE),
    "seatrank": _catalog(Kind.SEAT_RANK),
    "seatingplan": _catalog(Kind.SEATING_PLAN),
}
"""Settings, which clients look for in either schema."""

TABLES: dict[str, Table] = {
    "tm.event": Table("events", EVENT.made, TRANSLATABLE, owner=13003),
    "tm.contingent": Table("events", CONTINGENT.made, frozenset({"name"}), inside=_LOTS),
    "tm.tickettype": Table("events", TICKET_TYPE.made, frozenset({"name"}), inside=_LOTS),
    "tm.tickettypeprice": Table("events", PRICE.made, inside=("prices.contingents/pricetypes",)),
    "tm.contingentavailability": Table("events", AVAILABLE.made, inside=("availability",)),
    "tm.tickettypecachedfields": Table("events", CACHED.made, inside=("availability",)),
    "tm.eventsaleschannel": Table("events", ON_SALE.made, inside=("saleschannels",)),
    "tm.ticket": Table(
        "tickets", TICKET.made, frozenset({"seatdescription"}), owner=13004, personal=NAMED
    ),
    "tm.order": Table("orders", ORDER.made, owner=13001),
    "tm.payment": Table("orders", PAYMENT.made, inside=("payments",)),
    "tm.orderlog": Table("changes", LOG.made),
    "tm.contact": _catalog(Kind.CONTACT, 13002),
    **{f"{schema}.{name}": table for schema in ("tm", "conf") for name, table in _BOTH.items()},
}
FOR_SELLERS = frozenset({"tm.contact", "tm.orderlog"})
"""Who buys, and who did what: for keys that may sell, as everywhere."""
FIELD_TYPES = {12002: INT, 12004: BOOL, 12008: NUMBER, 12009: INT}
"""What custom fields hold, by `fieldtypeid`; the others are texts."""
