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
from domain.catalog import LockTypeFields, PriceListFields, PriceTypeFields, SalesChannelFields
from domain.contact import ContactFields
from domain.custom_fields import CustomFieldFields, CustomFieldValueFields
from domain.payment_scenario import PaymentScenarioFields
from domain.seating import SeatingPlanFields, SeatRankFields
from domain.tracker import TrackerFields


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


class SeatingPlanDocument(SeatingPlanFields, Shown):
    """A seating plan: where seats are."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class ContactDocument(ContactFields, Shown):
    """A contact: whom orders are for."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class CustomFieldValueDocument(CustomFieldValueFields, Shown):
    """A value that a custom field can have."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class PaymentScenarioDocument(PaymentScenarioFields, Shown):
    """A payment scenario: how orders are paid."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class TrackerDocument(TrackerFields, Shown):
    """A tracker: a link to a sales channel."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING

    code: Annotated[str, Field(description="What its link ends in")]
    clicks: Annotated[int, Field(ge=0, description="How often its link was followed")]


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


class SeatingPlanPage(CatalogPage):
    """A page of seating plans."""

    data: list[SeatingPlanDocument] = Field(description="The seating plans")


class ContactPage(CatalogPage):
    """A page of contacts."""

    data: list[ContactDocument] = Field(description="The contacts")


class CustomFieldValuePage(CatalogPage):
    """A page of values of custom fields."""

    data: list[CustomFieldValueDocument] = Field(description="The values of custom fields")


class PaymentScenarioPage(CatalogPage):
    """A page of payment scenarios."""

    data: list[PaymentScenarioDocument] = Field(description="The payment scenarios")


class TrackerPage(CatalogPage):
    """A page of trackers."""

    data: list[TrackerDocument] = Field(description="The trackers")
