"""The catalog: what Events are sold by. Price types, price lists, sales channels, lock types,
custom fields, seat ranks: one aggregate shape, one schema each."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, model_validator

from domain.base import Aggregate, Cause, CustomizableFields, DomainEvent, State, fold_fields
from domain.errors import Invalid
from domain.ids import Kind
from domain.prices import PricelistPrices
from domain.translations import checked
from domain.values import Color, Line, Reference, Text, custom_value, field

NORMAL, REDUCTION, SPECIAL, FREE, SUBSCRIPTION = range(2301, 2306)
DESK, WEB, EXTERNAL = range(3001, 3004)

Name = Annotated[str, Field(min_length=1, max_length=255)]
CustomKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,30}$")]


class CatalogFields(CustomizableFields):
    """The writable fields of one kind of thing. Unset means leave, null means clear."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset(
        {"id", "guid", "version", "isarchived", "createdts", "lastupdatets"}
    )
    REQUIRED: ClassVar[tuple[str, ...]] = ("name",)
    TRANSLATABLE: ClassVar[frozenset[str]] = frozenset({"name"})

    translations: dict[str, Text] | None = field(
        "Other languages: field + language", {"namefr": "Plein tarif"}, cleared={}
    )

    @model_validator(mode="after")
    def _translatable(self) -> Self:
        checked(self.translations or {}, self.TRANSLATABLE)
        return self


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


class LockTypeFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "House seats")
    color: Color | None = field("How it looks on a plan", "#c00000")
    ishardlock: bool | None = field("Never meant to come back into sale", True, cleared=False)
    hideseats: bool | None = field("Its seats are not shown", True, cleared=False)


class CustomFieldFields(CatalogFields):
    REQUIRED: ClassVar[tuple[str, ...]] = ("typeid", "key")
    TRANSLATABLE: ClassVar[frozenset[str]] = frozenset({"caption", "description"})

    typeid: Annotated[int, Field(ge=13_001, le=13_013)] | None = field(
        "What it is a field of: 13001 Order, 13003 Event, 13004 Ticket, …; required at creation",
        13_003,
    )
    key: CustomKey | None = field(
        "The field is `c_` and this; required at creation, the same for ever", "genre"
    )
    caption: Line | None = field("What it is called", "Genre")
    description: Text | None = field("What it is for", "As it is printed in the brochure")
    fieldtypeid: Annotated[int, Field(ge=12_001, le=12_013)] | None = field(
        "What it holds: 12001 String, 12002 Integer, 12003 Date, 12004 Boolean, …",
        12_002,
        cleared=12_001,
    )
    edittypeid: Annotated[int, Field(ge=22_001, le=22_003)] | None = field(
        "Who edits it: 22001 nobody (API only), 22002 the back office, 22003 the buyer",
        22_003,
        cleared=22_002,
    )
    requiredtypeid: Annotated[int, Field(ge=30_001, le=30_003)] | None = field(
        "Required: 30001 nowhere, 30002 everywhere, 30003 by the buyer", 30_003, cleared=30_001
    )
    manualsort: bool | None = field("Its values are sorted by hand", True, cleared=False)
    availability: Annotated[JsonValue, AfterValidator(custom_value)] = field(
        "Where it is available", {"saleschannels": [2]}
    )


class SeatRankFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "Balcony")
    color: Color | None = field("How it looks on a plan", "#00c000")
    sortorder: Annotated[int, Field(ge=0, le=10_000)] | None = field(
        "Where it stands among the ranks, the best first", 1, cleared=0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItemCreated(DomainEvent, topic="catalog.created"):
    number: int
    fields: State


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItemChanged(DomainEvent, topic="catalog.changed"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItemArchived(DomainEvent, topic="catalog.archived"):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItemRestored(DomainEvent, topic="catalog.restored"):
    pass


class CatalogItem(Aggregate):
    """One thing of the catalog. It is archived, never deleted: orders of the past name it."""

    FIELDS: ClassVar[type[CatalogFields]]

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        match fact:
            case CatalogItemCreated():
                fold_fields(state, fact.fields)
                state.update(number=fact.number, isarchived=False, createdts=fact.time)
            case CatalogItemChanged():
                fold_fields(state, fact.changed)
            case CatalogItemArchived():
                state["isarchived"] = True
            case CatalogItemRestored():
                state["isarchived"] = False

    def value(self, name: str) -> Any:
        """A field as it is shown: its default where nothing was ever said of it."""
        return self.state.get(name, self.FIELDS.defaults().get(name))

    @property
    def archived(self) -> bool:
        return bool(self.state.get("isarchived"))

    def create(self, fields: CatalogFields, by: Cause) -> None:
        patch = fields.patch()
        for name in self.FIELDS.REQUIRED:
            if patch.get(name) is None:
                raise Invalid(name, "required at creation")
        self.check_new(patch)
        self.trigger(CatalogItemCreated, by, number=self.number, fields=patch)

    def open(self, by: Cause) -> None:
        """What every account starts with, unless it is there."""
        if self.version == 0:
            fields = self.FIELDS.model_validate(STARTING[type(self)][self.number])
            self.trigger(CatalogItemCreated, by, number=self.number, fields=fields.patch())

    def change(self, fields: CatalogFields, by: Cause) -> None:
        changed = self.differing(fields.patch(), self.FIELDS.defaults())
        for name in self.FIELDS.REQUIRED:
            if name in changed and changed[name] is None:
                raise Invalid(name, "cannot be cleared")
        self.check_changed(changed)
        if changed:
            self.trigger(CatalogItemChanged, by, changed=changed)

    def archive(self, by: Cause) -> None:
        self.check_archived()
        if not self.archived:
            self.trigger(CatalogItemArchived, by)

    def restore(self, by: Cause) -> None:
        if self.archived:
            self.trigger(CatalogItemRestored, by)

    def check_new(self, patch: State) -> None:
        """Refuses what this kind of thing cannot begin as."""

    def check_changed(self, changed: State) -> None:
        """Refuses what this kind of thing cannot become."""

    def check_archived(self) -> None:
        """Refuses to archive what an account cannot be without."""


class PriceType(CatalogItem):
    """What is given away stays so: orders that hold it are counted by it."""

    KIND = Kind.PRICE_TYPE
    FIELDS = PriceTypeFields

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


class CustomField(CatalogItem):
    """Its key is the same for ever: values are kept under it."""

    KIND = Kind.CUSTOM_FIELD
    FIELDS = CustomFieldFields

    def check_changed(self, changed: State) -> None:
        if "key" in changed:
            raise Invalid("key", "the key of a custom field cannot be changed")


class SeatRank(CatalogItem):
    KIND = Kind.SEAT_RANK
    FIELDS = SeatRankFields


CATALOG: dict[Kind, type[CatalogItem]] = {
    cls.KIND: cls for cls in (PriceType, PriceList, SalesChannel, LockType, CustomField, SeatRank)
}

STARTING: dict[type[CatalogItem], dict[int, State]] = {
    SalesChannel: {
        1: {"typeid": DESK, "name": "Desk"},
        2: {"typeid": WEB, "name": "Web"},
        3: {"typeid": EXTERNAL, "name": "External"},
    },
    PriceType: {
        1: {"typeid": NORMAL, "name": "Normal"},
        2: {"typeid": REDUCTION, "name": "Reduction"},
        3: {"typeid": FREE, "name": "Free"},
    },
    LockType: {
        1: {"name": "Hard", "ishardlock": True},
        2: {"name": "Soft", "ishardlock": False},
    },
}
"""What every account starts with, at these numbers."""
