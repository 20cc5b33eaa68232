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
CUSTOM = re.compile(r"c_[A-Za-z0-9_]{1,30}", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True, slots=True)
class Column:
    """What it holds, and where in the document it is: the names on the way, `^` for the document
    around a list's entry."""

    name: str
    type: str
    path: tuple[str, ...]
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`view`: whose documents; `kind`: which of the catalog; `inside`: the lists whose entries
    are the rows; `owner`: what its custom fields are fields of."""

    view: str
    columns: dict[str, Column]
    translatable: frozenset[str] = frozenset()
    kind: int | None = None
    inside: tuple[str, ...] = ()
    owner: int | None = None

    def column(self, name: str, base: str, customs: Mapping[str, Column]) -> Column | None:
        """The column of that name, if there may be one; `base`: the account's language."""
        if found := self.columns.get(name):
            return found
        text, language = name[:-2], name[-2:]
        if text in self.translatable and LANGUAGE.fullmatch(language):
            held = self.columns[text]
            path = held.path if language == base else (*held.path[:-1], "translations", name)
            return replace(held, name=name, path=path)
        if self.owner and CUSTOM.fullmatch(name):
            return customs.get(name) or Column(name, TEXT, (name,), custom=True)
        return None

    def every(self, base: str, customs: Iterable[str]) -> list[str]:
        """What `*` shows."""
        return [*(n + base if n in self.translatable else n for n in self.columns), *customs]


@dataclass(slots=True)
class _Columns:
    made: dict[str, Column] = field(default_factory=dict)

    def add(self, type_: str, names: str) -> "_Columns":
        for name in names.split():
            shown, _, held = name.partition("=")
            self.made[shown] = Column(shown, type_, tuple((held or shown).split(".")))
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
    .add(BOOL, "isarchived")
    .add(TIME, STAMPS)
)
CONTINGENT = (
    _Columns()
    .add(INT, "id eventid amount pricelistid seatrankid")
    .add(TEXT, "name")
    .add(BOOL, "withimportedbarcodes")
    .add(TIME, "lastupdatets")
)
ON_SALE = (
    _Columns()
    .add(INT, "eventid saleschannelid")
    .add(BOOL, "isactive haswaitinglist")
    .add(TIME, "salestartts saleendts")
)
AVAILABLE = (
    _Columns()
    .add(
        INT, "eventid=^.id tickettypeid free locked_hard locked_soft reserved sold_paid sold_unpaid"
    )
    .add(INT, "complimentary total")
    .add(TIME, "lastupdatets")
)
ORDER = (
    _Columns()
    .add(INT, "id orderid=id status saleschannelid customerid paymentscenarioid deliveryscenarioid")
    .add(INT, "deliverystatus paymentstatus splitfrom")
    .add(NUMBER, "totalamount amountpaid")
    .add(TEXT, "guid code=guid currency ended")
    .add(TIME, f"expiryts rappelts confirmedts {STAMPS}")
)
LOG = _Columns().add(INT, "id orderid typeid").add(TIME, "ts").add(TEXT, "username fact reason")
TICKET = (
    _Columns()
    .add(INT, "id eventid tickettypeid contingentid orderid pricetypeid tickettypepriceid")
    .add(INT, "locktypeid status")
    .add(NUMBER, "price")
)
TYPE_IDS = {
    "OrderCreated": 18001,
    "OrderCancelled": 18002,
    "OrderLapsed": 18002,
    "OrderMerged": 18002,
    "TicketsAdded": 18003,
    "TicketsMerged": 18003,
    "TicketsRemoved": 18004,
    "HoldersNamed": 18005,
    "OrderConfirmed": 18006,
    "OrderRepriced": 18010,
    "PaymentAdded": 18011,
    "RefundAdded": 18025,
    "OrderSplit": 18027,
}
"""The vendor's types of an order's log, by our facts; others have none."""
LOG_PARTS = 16
"""Ids of a log go up by so many from fact to fact: its route may say several things of one."""


def _catalog(kind: Kind, owner: int | None = None) -> Table:
    """One kind of the catalog; what its schema lacks today is there and empty."""
    made = _Columns().add(INT, "id").add(TEXT, "guid").add(INT, "typeid").add(TEXT, "name")
    translatable = frozenset({"name"})
    if found := CATALOG.get(kind):
        made, translatable = made.fields(found.FIELDS), found.FIELDS.TRANSLATABLE
    made.add(BOOL, "isarchived").add(TIME, STAMPS)
    there = frozenset(n for n in translatable if n in made.made)
    return Table("catalog", made.made, there, kind=kind, owner=owner)


_LOCATIONS = Table("locations", LOCATION.made, OF_LOCATIONS, owner=13010)
_SCENARIOS = _catalog(Kind.PAYMENT_SCENARIO, 13008)
_LOTS = ("contingents", "seated_contingents")

TABLES: dict[str, Table] = {
    "tm.event": Table("events", EVENT.made, TRANSLATABLE, owner=13003),
    "tm.eventlocation": _LOCATIONS,
    "tm.contingent": Table("events", CONTINGENT.made, inside=_LOTS),
    "tm.tickettype": Table("events", CONTINGENT.made, inside=_LOTS),
    "tm.contingentavailability": Table("events", AVAILABLE.made, inside=("availability",)),
    "tm.eventsaleschannel": Table("events", ON_SALE.made, inside=("saleschannels",)),
    "tm.ticket": Table("tickets", TICKET.made),
    "tm.order": Table("orders", ORDER.made, owner=13001),
    "tm.orderlog": Table("changes", LOG.made),
    "tm.contact": _catalog(Kind.CONTACT, 13002),
    "tm.paymentscenario": _SCENARIOS,
    "conf.eventlocation": _LOCATIONS,
    "conf.paymentscenario": _SCENARIOS,
    "conf.pricetype": _catalog(Kind.PRICE_TYPE, 13006),
    "conf.pricelist": _catalog(Kind.PRICE_LIST),
    "conf.saleschannel": _catalog(Kind.SALES_CHANNEL),
    "conf.locktype": _catalog(Kind.LOCK_TYPE),
    "conf.customfield": _catalog(Kind.CUSTOM_FIELD),
    "conf.customfieldvalue": _catalog(Kind.CUSTOM_FIELD_VALUE),
    "conf.seatrank": _catalog(Kind.SEAT_RANK),
    "conf.seatingplan": _catalog(Kind.SEATING_PLAN),
}
FOR_SELLERS = frozenset({"tm.contact", "tm.orderlog"})
"""Who buys, and who did what: for keys that may sell, as everywhere."""
FIELD_TYPES = {12002: INT, 12004: BOOL, 12008: NUMBER, 12009: INT}
"""What custom fields hold, by `fieldtypeid`; the others are texts."""
