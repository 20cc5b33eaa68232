"""Plain catalogues of an account: how orders are paid and delivered, and what contacts, their
addresses and their numbers are to it. They are named by orders and contacts, and rule nothing."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, JsonValue, StringConstraints

from domain.base import State
from domain.catalog_item import CatalogFields, CatalogItem
from domain.ids import Kind
from domain.values import Line, Name, Reference, Text, Url, custom_value, field

Json = Annotated[JsonValue, AfterValidator(custom_value)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Sex = Annotated[str, Field(max_length=10)]


class PaymentMethodFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "Cash")
    paymentmethodtypeid: Reference | None = field("Its type, a number of the account's own", 1)
    pspid: Reference | None = field("Payment service provider that it goes through", 2)
    config: Json = field("What its type needs", {"terminal": 3})
    internalremark: Text | None = field("A remark that buyers never see")


class DeliveryScenarioFields(CatalogFields):
    TRANSLATABLE: ClassVar[frozenset[str]] = frozenset(
        {"name", "shortdescription", "feedescription"}
    )

    name: Name | None = field("Name; required at creation", "E-ticket")
    typeid: Reference | None = field("Its type, a number of the account's own", 2)
    shortdescription: Text | None = field("What it is, for buyers", "By e-mail, at once")
    feedescription: Line | None = field("Which fee applies, in a few words", "No fee")
    internalremark: Text | None = field("A remark that buyers never see")
    logo: Url | None = field("Where its logo is", "https://example.org/logo.png")
    visibility: Literal["FULL", "API"] | None = field(
        "FULL, or API for what only programs choose", "API", cleared="FULL"
    )
    availability: Json = field("When it can be chosen", {"saleschannels": [2]})
    allowetickets: Reference | None = field("Whether tickets may be electronic", 1)
    deliverystatusaftertrigger: Reference | None = field("Delivery status afterwards", 2602)
    needsaddress: bool | None = field("It needs an address", True, cleared=False)
    mailorganization: bool | None = field("Mail goes to the organisation", True, cleared=False)
    ordermailtemplateid_delivery: Reference | None = field("Mail with the tickets", 7)
    ordermailtemplateid_deliverystarted: Reference | None = field("Mail when it begins", 8)


class RelationTypeFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "Member")
    parentid: Reference | None = field("The relation type that it is part of", 1)


class ContactTitleFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "Dr")
    isinternal: bool | None = field("Buyers do not choose it", True, cleared=False)
    languagecode: Language | None = field("Language, ISO 639-1", "nl")
    sex: Sex | None = field("Whose title it is", "F")


class ContactAddressTypeFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "Home")


class PhoneNumberTypeFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "Mobile")


class PaymentMethod(CatalogItem):
    KIND = Kind.PAYMENT_METHOD
    FIELDS = PaymentMethodFields
    STARTING: ClassVar[dict[int, State]] = {
        1: {"name": "Cash"},
        2: {"name": "Card"},
        3: {"name": "Bank transfer"},
    }


class DeliveryScenario(CatalogItem):
    KIND = Kind.DELIVERY_SCENARIO
    FIELDS = DeliveryScenarioFields


class RelationType(CatalogItem):
    KIND = Kind.RELATION_TYPE
    FIELDS = RelationTypeFields
    REFERS: ClassVar[dict[str, Kind]] = {"parentid": Kind.RELATION_TYPE}


class ContactTitle(CatalogItem):
    KIND = Kind.CONTACT_TITLE
    FIELDS = ContactTitleFields


class ContactAddressType(CatalogItem):
    KIND = Kind.CONTACT_ADDRESS_TYPE
    FIELDS = ContactAddressTypeFields


class PhoneNumberType(CatalogItem):
    KIND = Kind.PHONE_NUMBER_TYPE
    FIELDS = PhoneNumberTypeFields


PLAIN: tuple[type[CatalogItem], ...] = (
    PaymentMethod,
    DeliveryScenario,
    RelationType,
    ContactTitle,
    ContactAddressType,
    PhoneNumberType,
)
