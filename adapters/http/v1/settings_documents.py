"""What the answers of the plain catalogues look like, for OpenAPI alone."""

from typing import ClassVar

from pydantic import Field

from adapters.http.v1.catalog_documents import CatalogPage, Shown
from adapters.http.v1.documents import AS_SHOWN_CUSTOM, NOTHING
from domain.settings_items import (
    ContactAddressTypeFields,
    ContactTitleFields,
    DeliveryScenarioFields,
    PaymentMethodFields,
    PhoneNumberTypeFields,
    RelationTypeFields,
)


class PaymentMethodDocument(PaymentMethodFields, Shown):
    """A payment method."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class PaymentMethodPage(CatalogPage):
    """A page of payment methods."""

    data: list[PaymentMethodDocument] = Field(description="The payment methods")


class DeliveryScenarioDocument(DeliveryScenarioFields, Shown):
    """A delivery scenario."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class DeliveryScenarioPage(CatalogPage):
    """A page of delivery scenarios."""

    data: list[DeliveryScenarioDocument] = Field(description="The delivery scenarios")


class RelationTypeDocument(RelationTypeFields, Shown):
    """A relation type."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class RelationTypePage(CatalogPage):
    """A page of relation types."""

    data: list[RelationTypeDocument] = Field(description="The relation types")


class ContactTitleDocument(ContactTitleFields, Shown):
    """A contact title."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class ContactTitlePage(CatalogPage):
    """A page of contact titles."""

    data: list[ContactTitleDocument] = Field(description="The contact titles")


class ContactAddressTypeDocument(ContactAddressTypeFields, Shown):
    """A contact address type."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class ContactAddressTypePage(CatalogPage):
    """A page of contact address types."""

    data: list[ContactAddressTypeDocument] = Field(description="The contact address types")


class PhoneNumberTypeDocument(PhoneNumberTypeFields, Shown):
    """A phone number type."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING


class PhoneNumberTypePage(CatalogPage):
    """A page of phone number types."""

    data: list[PhoneNumberTypeDocument] = Field(description="The phone number types")
