"""A payment scenario: how orders are paid, at once or later."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, JsonValue

from domain.base import State
from domain.catalog_item import CatalogFields, CatalogItem
from domain.ids import Kind
from domain.values import Line, Name, Reference, Text, Url, custom_value, field, listed

IMMEDIATE, MOLLIE, TRANSFER, DEFERRED_ONLINE, DEFERRED = range(2701, 2706)

Json = Annotated[JsonValue, AfterValidator(custom_value)]


class PaymentScenarioFields(CatalogFields):
    REQUIRED: ClassVar[tuple[str, ...]] = ("typeid", "name")
    TRANSLATABLE: ClassVar[frozenset[str]] = frozenset(
        {"name", "shortdescription", "feedescription"}
    )

    typeid: Literal[2701, 2702, 2703, 2704, 2705] | None = field(
        "2701 Immediate, 2702 Mollie transfer, 2703 Bank transfer, 2704 Deferred online, "
        "2705 Deferred other; required at creation",
        TRANSFER,
    )
    name: Name | None = field("Name; required at creation", "Bank transfer")
    shortdescription: Text | None = field("What it is, for buyers", "Within ten days")
    feedescription: Line | None = field("Which fee applies, in a few words", "No fee")
    internalremark: Text | None = field("A remark that buyers never see")
    logo: Url | None = field("Where its logo is", "https://example.org/logo.png")
    visibility: Literal["FULL", "API"] | None = field(
        "FULL, or API for what only programs choose", "API", cleared="FULL"
    )
    availability: Json = field("When it can be chosen", {"saleschannels": [2]})
    overdueparameters: Json = field("When an order is overdue", {"daysaftercreation": 10})
    expiryparameters: Json = field("When an order expires", {"daysaftercreation": 20})
    bankaccountnumber: Line | None = field("Account to transfer to", "BE68539007547034")
    bankaccountbic: Line | None = field("The bank of that account", "GKCCBEBB")
    bankaccountbeneficiary: Line | None = field("Whose account it is", "Concertgebouw")
    mailorganization: bool | None = field("Mail goes to the organisation", True, cleared=False)
    ordermailtemplateid_paymentinstruction: Reference | None = field("Mail that says how to pay", 4)
    ordermailtemplateid_overdue: Reference | None = field("Mail when it is overdue", 5)
    ordermailtemplateid_expiry: Reference | None = field("Mail when it expired", 6)
    paymentmethods: list[Reference] | None = listed("Payment methods that it goes with", [1])


class PaymentScenario(CatalogItem):
    KIND = Kind.PAYMENT_SCENARIO
    FIELDS = PaymentScenarioFields
    STARTING: ClassVar[dict[int, State]] = {
        1: {"typeid": IMMEDIATE, "name": "Immediate payment"},
        2: {"typeid": TRANSFER, "name": "Bank transfer"},
        3: {"typeid": DEFERRED, "name": "Pay later"},
    }
