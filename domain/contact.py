"""A contact: whom orders are for. Only what an order needs to know of a person is kept."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from domain.base import State, Value
from domain.catalog_item import CatalogFields, CatalogItem
from domain.errors import Invalid
from domain.ids import Kind
from domain.marks import Personal
from domain.settings_items import Language, Sex
from domain.values import CountryCode, Line, Reference, field, listed, visible

IDENTIFYING = ("firstname", "lastname", "company", "email")

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]


class Phonenumber(Value):
    """A number that a contact is called at."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"id", "customerid", "type"})

    typeid: Reference | None = Field(None, description="Which of the contact's numbers")
    number: Annotated[str, Field(min_length=1, max_length=50, description="The number")]


class Address(Value):
    """Where a contact lives, or gets mail."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"id", "customerid", "type", "country"})

    typeid: Reference | None = Field(None, description="Which of the contact's addresses")
    addressee: Line | None = Field(None, description="Whom mail there is for")
    street1: Line | None = Field(None, description="Street")
    street2: Line | None = Field(None, description="Number, or the second line")
    street3: Line | None = Field(None, description="Third line")
    zip: Line | None = Field(None, description="Postal code")
    city: Line | None = Field(None, description="City")
    state: Line | None = Field(None, description="State or province")
    countrycode: CountryCode | None = Field(None, description="Country, ISO 3166-1 alpha-2")


def a_day(text: str) -> str:
    """A day of the calendar, as it is written in ISO 8601."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        message = "expected a day such as 1984-05-17"
        raise ValueError(message) from None


Day = Annotated[
    str,
    StringConstraints(max_length=10),
    AfterValidator(a_day),
    Field(json_schema_extra={"format": "date"}),
]


class ContactFields(CatalogFields):
    REQUIRED: ClassVar[tuple[str, ...]] = ()
    TRANSLATABLE: ClassVar[frozenset[str]] = frozenset()
    CUSTOM_IS_PERSONAL: ClassVar = True

    firstname: Personal[Line] | None = field("First name", "Ann")
    middlename: Personal[Line] | None = field("Middle name")
    lastname: Personal[Line] | None = field("Last name", "Peeters")
    company: Personal[Line] | None = field("Company or organisation", "Concertgebouw")
    organizationfunction: Personal[Line] | None = field("What the person does there", "Planner")
    vatnumber: Personal[Line] | None = field("VAT number of the organisation", "BE0123456789")
    email: Personal[Email] | None = field("E-mail address", "ann@example.org")
    phonenumbers: Personal[list[Phonenumber]] | None = listed(
        "Phone numbers", [{"number": "+32 9 123"}]
    )
    addresses: Personal[list[Address]] | None = listed("Addresses", [{"city": "Gent"}])
    birthdate: Personal[Day] | None = field("Day of birth", "1984-05-17")
    sex: Personal[Sex] | None = field("Sex: M, F, or as the account has it", "F")
    customertitleid: Reference | None = field("Title: a contact title", 1)
    relationtypes: list[Reference] | None = listed("What the contact is to the account", [1])
    languagecode: Language | None = field("Language, ISO 639-1", "nl")
    sendmail: bool | None = field("Wants to be written to", True, cleared=False)


class Contact(CatalogItem):
    """Its name, company or e-mail address say who it is: one of them is always there."""

    KIND = Kind.CONTACT
    FIELDS = ContactFields

    @classmethod
    def texts(cls, state: State) -> tuple[str | None, ...]:
        parts = (state.get(name) for name in ("firstname", "middlename", "lastname"))
        name = " ".join(part for part in parts if part)
        company, email = state.get("company"), state.get("email")
        return (name or company or email or "", company, email)

    def check_new(self, patch: State) -> None:
        if not any(visible(patch.get(name) or "") for name in IDENTIFYING):
            raise Invalid("lastname", f"expected at least one of {', '.join(IDENTIFYING)}")

    def check_changed(self, changed: State) -> None:
        self.check_new({name: self.value(name) for name in IDENTIFYING} | changed)
