"""Custom fields: what an account says of its things beside the fields that all accounts have,
and the values that some of them choose from."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, JsonValue, StringConstraints

from domain.base import State
from domain.catalog_item import CatalogFields, CatalogItem
from domain.errors import Invalid
from domain.ids import Kind
from domain.values import Line, Name, Reference, Text, custom_value, field

CustomKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,30}$")]


class CustomFieldFields(CatalogFields):
    REQUIRED: ClassVar[tuple[str, ...]] = ("typeid", "key")
    TRANSLATABLE: ClassVar[frozenset[str]] = frozenset({"caption", "description"})

    typeid: Annotated[int, Field(ge=13_001, le=13_013)] | None = field(
        "What it is a field of: 13001 Order, 13003 Event, 13004 Ticket, …; required at creation, "
        "the same for ever",
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


class CustomFieldValueFields(CatalogFields):
    REQUIRED: ClassVar[tuple[str, ...]] = ("typeid", "caption")
    TRANSLATABLE: ClassVar[frozenset[str]] = frozenset({"caption"})

    typeid: Reference | None = field(
        "The custom field it is a value of; required at creation, the same for ever", 1
    )
    caption: Name | None = field("What it is called; required at creation", "Jazz")
    sortorder: Annotated[int, Field(ge=0, le=1_000_000)] | None = field(
        "Where it stands when the values are sorted by hand", 1, cleared=0
    )


class CustomField(CatalogItem):
    """Its key is the same for ever: values are kept under it."""

    KIND = Kind.CUSTOM_FIELD
    FIELDS = CustomFieldFields

    def check_changed(self, changed: State) -> None:
        if "key" in changed:
            raise Invalid("key", "the key of a custom field cannot be changed")
        if "typeid" in changed:
            raise Invalid("typeid", "a custom field stays a field of what it was made for")

    @classmethod
    def texts(cls, state: State) -> tuple[str | None, ...]:
        return (state["key"], state.get("caption"))


class CustomFieldValue(CatalogItem):
    KIND = Kind.CUSTOM_FIELD_VALUE
    FIELDS = CustomFieldValueFields
    REFERS: ClassVar[dict[str, Kind]] = {"typeid": Kind.CUSTOM_FIELD}

    def check_changed(self, changed: State) -> None:
        if "typeid" in changed:
            raise Invalid("typeid", "a value stays with its custom field")

    @classmethod
    def texts(cls, state: State) -> tuple[str | None, ...]:
        return (state["caption"],)
