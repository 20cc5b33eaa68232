"""The catalog: what Events are sold by. Price types, price lists, sales channels and lock types are
here; every kind there is has one aggregate shape (`catalog_item.py`) and a schema of its own."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from domain.base import State
from domain.buyers import EmailRule
from domain.catalog_item import CatalogFields, CatalogItem
from domain.contact import Contact
from domain.custom_fields import CustomField, CustomFieldValue
from domain.errors import Invalid
from domain.ids import Kind
from domain.payment_scenario import PaymentScenario
from domain.prices import PricelistPrices
from domain.seating import SeatingPlan, SeatRank
from domain.settings_items import PLAIN
from domain.tracker import Tracker
from domain.values import Color, Name, Reference, Text, Url, field

NORMAL, REDUCTION, SPECIAL, FREE, SUBSCRIPTION = range(2301, 2306)
DESK, WEB, EXTERNAL = range(3001, 3004)


class PriceTypeFields(CatalogFields):
    typeid: Literal[2301, 2302, 2303, 2304, 2305] | None = field(
        "Category: 2301 Normal, 2302 Reduction, 2303 Special, 2304 Free, 2305 Subscription",
        REDUCTION,
        cleared=NORMAL,
    )
    name: Name | None = field("Name; required at creation", "Students")
    remark: Text | None = field("Who it is for", "With a student card")


class PriceListFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "Concerts")
    hasranks: bool | None = field("A price per seat rank", False, cleared=False)
    prices: PricelistPrices | None = field("Its prices")


class SalesChannelFields(CatalogFields):
    typeid: Literal[3001, 3002, 3003] | None = field(
        "3001 Desk (an account has exactly one), 3002 Web, 3003 External", WEB, cleared=EXTERNAL
    )
    name: Name | None = field("Name; required at creation", "Web shop")
    basketseconds: Annotated[int, Field(ge=1, le=7_200)] | None = field(
        "How long an unconfirmed order is kept after its last action; null = as everywhere", 900
    )
    ordermailtemplateid_confirmation: Reference | None = field("Mail that confirms an order", 3)
    ordermailtemplateid_confirmation_sendalways: bool | None = field(
        "That mail is sent without asking", True, cleared=False
    )
    description: Text | None = field("What it is", "Our own web shop")
    global_terms: Text | None = field("Terms of everybody's sales", "https://example.org/terms")
    company_terms: Text | None = field("Terms of the seller", "https://example.org/house")
    auto_prune: bool | None = field("What is over leaves the shop", True, cleared=False)
    email_must_be_unique: bool | None = field(
        "An e-mail address has one confirmed order; counted from when this is set",
        True,
        cleared=False,
    )
    email_validation_rule: EmailRule | None = field(
        "Which addresses may order: a regular expression, in any case", "@example.org$"
    )
    event_selection: bool | None = field("Buyers choose an Event first", True, cleared=False)
    facebook_page_url: Url | None = field("Its page there", "https://facebook.com/concertgebouw")
    max_tickets_per_order: Annotated[int, Field(ge=0, le=100_000)] | None = field(
        "Tickets in one order; 0 or null = as everywhere", 10
    )


class LockTypeFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "House seats")
    color: Color | None = field("How it looks on a plan", "#c00000")
    ishardlock: bool | None = field("Never meant to come back into sale", True, cleared=False)
    hideseats: bool | None = field("Its seats are not shown", True, cleared=False)


class PriceType(CatalogItem):
    """What is given away stays so: orders that hold it are counted by it."""

    KIND = Kind.PRICE_TYPE
    FIELDS = PriceTypeFields
    STARTING: ClassVar[dict[int, State]] = {
        1: {"typeid": NORMAL, "name": "Normal"},
        2: {"typeid": REDUCTION, "name": "Reduction"},
        3: {"typeid": FREE, "name": "Free"},
    }

    def check_changed(self, changed: State) -> None:
        if "typeid" in changed and FREE in (changed["typeid"], self.value("typeid")):
            raise Invalid("typeid", "a price type cannot change from or to Free, 2304")


class PriceList(CatalogItem):
    KIND = Kind.PRICE_LIST
    FIELDS = PriceListFields


class SalesChannel(CatalogItem):
    """An account has exactly one of type Desk: the one that it starts with."""

    KIND = Kind.SALES_CHANNEL
    FIELDS = SalesChannelFields
    STARTING: ClassVar[dict[int, State]] = {
        1: {"typeid": DESK, "name": "Desk"},
        2: {"typeid": WEB, "name": "Web"},
        3: {"typeid": EXTERNAL, "name": "External"},
    }

    def check_new(self, patch: State) -> None:
        if patch.get("typeid") == DESK:
            raise Invalid("typeid", "an account has exactly one channel of type Desk, 3001")

    def check_changed(self, changed: State) -> None:
        if "typeid" in changed and DESK in (changed["typeid"], self.value("typeid")):
            raise Invalid("typeid", "an account has exactly one channel of type Desk, 3001")

    def check_archived(self) -> None:
        if self.value("typeid") == DESK:
            raise Invalid("isarchived", "the channel of type Desk cannot be archived")


class LockType(CatalogItem):
    KIND = Kind.LOCK_TYPE
    FIELDS = LockTypeFields
    STARTING: ClassVar[dict[int, State]] = {
        1: {"name": "Hard", "ishardlock": True},
        2: {"name": "Soft", "ishardlock": False},
    }


ITEMS: tuple[type[CatalogItem], ...] = (
    PriceType,
    PriceList,
    SalesChannel,
    LockType,
    CustomField,
    SeatRank,
    Contact,
    SeatingPlan,
    CustomFieldValue,
    PaymentScenario,
    Tracker,
    *PLAIN,
)
CATALOG: dict[Kind, type[CatalogItem]] = {cls.KIND: cls for cls in ITEMS}

STARTING: dict[type[CatalogItem], dict[int, State]] = {
    cls: cls.STARTING for cls in CATALOG.values() if cls.STARTING
}
"""What every account starts with, at these numbers."""
