"""What the catalog's answers look like, for OpenAPI alone."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from adapters.http.v1.documents import (
    AS_SHOWN_CUSTOM,
    NOTHING,
    Guid,
    Moment,
    Number,
    Version,
)
from domain.catalog import (
    CustomFieldFields,
    LockTypeFields,
    PriceListFields,
    PriceTypeFields,
    SalesChannelFields,
    SeatRankFields,
)


class Shown(BaseModel):
    """What Stagebook sets of everything in the catalog."""

    model_config = AS_SHOWN_CUSTOM

    id: Number
    guid: Guid
    version: Version
    isarchived: Annotated[bool, Field(description="No longer offered, kept for what names it")]
    createdts: Moment
    lastupdatets: Moment


class PriceTypeDocument(PriceTypeFields, Shown):
    """A price type: who pays a price."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class PriceListDocument(PriceListFields, Shown):
    """A price list, for any number of contingents."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class ChannelDocument(SalesChannelFields, Shown):
    """A sales channel: where tickets are sold."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class LockTypeDocument(LockTypeFields, Shown):
    """A lock type: why tickets are kept out of sale."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class CustomFieldDocument(CustomFieldFields, Shown):
    """The definition of a custom field."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class SeatRankDocument(SeatRankFields, Shown):
    """A seat rank: how good seats are."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class CatalogPage(BaseModel):
    """A page of the catalog."""

    next: str | None = Field(description="Cursor of the next page, null on the last")
    total: int = Field(ge=0, description="How many there are in all pages")


class PriceTypePage(CatalogPage):
    """A page of price types."""

    data: list[PriceTypeDocument] = Field(description="The price types")


class PriceListPage(CatalogPage):
    """A page of price lists."""

    data: list[PriceListDocument] = Field(description="The price lists")


class ChannelPage(CatalogPage):
    """A page of sales channels."""

    data: list[ChannelDocument] = Field(description="The sales channels")


class LockTypePage(CatalogPage):
    """A page of lock types."""

    data: list[LockTypeDocument] = Field(description="The lock types")


class CustomFieldPage(CatalogPage):
    """A page of definitions of custom fields."""

    data: list[CustomFieldDocument] = Field(description="The custom fields")


class SeatRankPage(CatalogPage):
    """A page of seat ranks."""

    data: list[SeatRankDocument] = Field(description="The seat ranks")
