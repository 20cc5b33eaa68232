"""The catalog: all kinds of things, created, changed and archived the same way."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.base import State
from domain.catalog import (
    CATALOG,
    DESK,
    EXTERNAL,
    FREE,
    NORMAL,
    STARTING,
    WEB,
    LockType,
    PriceList,
    PriceType,
    SalesChannel,
)
from domain.catalog_item import (
    CatalogItem,
    CatalogItemArchived,
    CatalogItemChanged,
    CatalogItemCreated,
    CatalogItemRestored,
)
from domain.contact import Contact
from domain.custom_fields import CustomField, CustomFieldValue
from domain.errors import Invalid, NotFound
from domain.payment_scenario import PaymentScenario
from domain.seating import SeatingPlan, SeatRank
from domain.settings_items import (
    ContactAddressType,
    ContactTitle,
    DeliveryScenario,
    PaymentMethod,
    PhoneNumberType,
    RelationType,
)
from domain.tracker import Tracker
from tests.spec import Command, given, metadata, says, then, then_refused, when

PRICES = {
    "prices": [
        {
            "pricetypeid": 1,
            "prices": [25.0, None],
            "availabilities": [True, False],
            "saleschannels": [1, 2],
            "conditions": [{"type": "ticketlimit", "value": 4}],
            "position": 1,
        }
    ],
    "seatrankids": [1, 2],
}
EVERYTHING: dict[type[CatalogItem], State] = {
    PriceType: {
        "typeid": 2303,
        "name": "Students",
        "remark": "With a card",
        "translations": {"namefr": "Étudiants"},
    },
    PriceList: {
        "name": "Concerts",
        "hasranks": True,
        "prices": PRICES,
        "translations": {"namefr": "Concerts"},
    },
    SalesChannel: {
        "typeid": WEB,
        "name": "Shop",
        "basketseconds": 900,
        "ordermailtemplateid_confirmation": 3,
        "ordermailtemplateid_confirmation_sendalways": True,
        "description": "Our own",
        "global_terms": "https://example.org/terms",
        "company_terms": "Be kind",
        "auto_prune": True,
        "email_must_be_unique": True,
        "email_validation_rule": "@example.org$",
        "event_selection": True,
        "facebook_page_url": "https://facebook.com/concertgebouw",
        "max_tickets_per_order": 10,
        "translations": {"namefr": "Boutique"},
    },
    LockType: {
        "name": "House",
        "color": "#c00000",
        "ishardlock": True,
        "hideseats": True,
        "translations": {"namefr": "Maison"},
    },
    CustomField: {
        "typeid": 13003,
        "key": "genre",
        "caption": "Genre",
        "description": "For the brochure",
        "fieldtypeid": 12002,
        "edittypeid": 22003,
        "requiredtypeid": 30003,
        "manualsort": True,
        "availability": {"saleschannels": [2]},
        "translations": {"captionfr": "Genre", "descriptionfr": "Pour la brochure"},
    },
    SeatRank: {
        "name": "Balcony",
        "color": "#00c000",
        "sortorder": 2,
        "priority": 1,
        "translations": {"namefr": "Balcon"},
    },
    SeatingPlan: {
        "name": "Main hall",
        "status": "ready",
        "useszones": True,
        "logicalplan": {"id": 1, "rows": [{"name": "A", "seats": [{"center": [1.5, 2.0]}]}]},
        "translations": {"namefr": "Grande salle"},
    },
    Contact: {
        "firstname": "Ann",
        "middlename": "M.",
        "lastname": "Peeters",
        "company": "Concertgebouw",
        "organizationfunction": "Planner",
        "vatnumber": "BE0123456789",
        "email": "ann@example.org",
        "phonenumbers": [{"typeid": 1, "number": "+32 9 123"}],
        "addresses": [
            {
                "typeid": 1,
                "addressee": None,
                "street1": "Kerkstraat",
                "street2": "5",
                "street3": None,
                "zip": "9000",
                "city": "Gent",
                "state": None,
                "countrycode": "BE",
            }
        ],
        "birthdate": "1984-05-17",
        "sex": "F",
        "customertitleid": 1,
        "relationtypes": [1],
        "languagecode": "nl",
        "sendmail": True,
        "translations": {},
    },
    CustomFieldValue: {
        "typeid": 7,
        "caption": "Jazz",
        "sortorder": 2,
        "translations": {"captionfr": "Du jazz"},
    },
    PaymentScenario: {
        "typeid": 2703,
        "name": "Bank transfer",
        "shortdescription": "Within ten days",
        "feedescription": "No fee",
        "internalremark": "The old one",
        "logo": "https://example.org/logo.png",
        "visibility": "API",
        "availability": {"saleschannels": [2]},
        "overdueparameters": {"daysaftercreation": 10},
        "expiryparameters": {"daysaftercreation": 20, "deleteonexpiry": True},
        "bankaccountnumber": "BE68539007547034",
        "bankaccountbic": "GKCCBEBB",
        "bankaccountbeneficiary": "Concertgebouw",
        "mailorganization": True,
        "ordermailtemplateid_paymentinstruction": 4,
        "ordermailtemplateid_overdue": 5,
        "ordermailtemplateid_expiry": 6,
        "paymentmethods": [1, 2],
        "translations": {"namefr": "Virement", "shortdescriptionfr": "Sous dix jours"},
    },
    PaymentMethod: {
        "name": "Voucher",
        "paymentmethodtypeid": 1,
        "pspid": 2,
        "config": {"terminal": 3},
        "internalremark": "Slow",
        "translations": {"namefr": "Bon"},
    },
    DeliveryScenario: {
        "name": "E-ticket",
        "typeid": 2,
        "shortdescription": "By e-mail",
        "feedescription": "No fee",
        "internalremark": "At once",
        "logo": "https://example.org/logo.png",
        "visibility": "API",
        "availability": {"saleschannels": [2]},
        "allowetickets": 1,
        "deliverystatusaftertrigger": 2602,
        "needsaddress": True,
        "mailorganization": True,
        "ordermailtemplateid_delivery": 7,
        "ordermailtemplateid_deliverystarted": 8,
        "translations": {"shortdescriptionfr": "Par courriel"},
    },
    RelationType: {"name": "Member", "parentid": 1, "translations": {"namefr": "Membre"}},
    ContactTitle: {
        "name": "Dr",
        "isinternal": True,
        "languagecode": "nl",
        "sex": "F",
        "translations": {"namefr": "Dr"},
    },
    ContactAddressType: {"name": "Home", "translations": {"namefr": "Domicile"}},
    PhoneNumberType: {"name": "Mobile", "translations": {"namefr": "Portable"}},
    Tracker: {
        "name": "Spring",
        "type": "LinkedIn",
        "saleschannelid": 2,
        "extra_url_parameters": "utm_medium=post",
        "translations": {},
    },
}
KINDS = pytest.mark.parametrize("cls", CATALOG.values(), ids=lambda cls: cls.__name__)


def created(fields: State) -> Command:
    return lambda item, cause: item.create(item.FIELDS.model_validate(fields), cause)


def changed(**fields: Any) -> Command:
    return lambda item, cause: item.change(item.FIELDS.model_validate(fields), cause)


def archived(item: CatalogItem, cause: Any) -> None:
    item.archive(cause)


def restored(item: CatalogItem, cause: Any) -> None:
    item.restore(cause)


def opened(item: CatalogItem, cause: Any) -> None:
    item.open(cause)


def a_channel(**fields: Any) -> SalesChannel:
    return given(SalesChannel, created({"name": "Shop", **fields}))


def the_desk() -> SalesChannel:
    return given(SalesChannel, opened, number=1)


@KINDS
def test_it_is_created_with_every_field(cls: type[CatalogItem]) -> None:
    fields = EVERYTHING[cls] | {"c_floor": {"number": 2}}
    item = given(cls)

    outcome = when(item, created(fields))

    then(outcome, says(CatalogItemCreated, number=5, fields=fields))
    assert fields.keys() - {"c_floor"} == cls.FIELDS.model_fields.keys()
    assert (item.exists, item.archived) == (True, False)


NEEDY = pytest.mark.parametrize(
    "cls", [c for c in CATALOG.values() if c.FIELDS.REQUIRED], ids=lambda cls: cls.__name__
)


@NEEDY
def test_it_needs_what_is_required(cls: type[CatalogItem]) -> None:
    for name in cls.FIELDS.REQUIRED:
        for fields in ({**EVERYTHING[cls], name: None}, {}):
            outcome = when(given(cls), created(fields))

            then_refused(outcome, Invalid)
            assert not outcome.facts


@NEEDY
def test_what_is_required_cannot_be_cleared(cls: type[CatalogItem]) -> None:
    item = given(cls, created(EVERYTHING[cls]))

    for name in cls.FIELDS.REQUIRED:
        outcome = when(item, changed(**{name: None, "c_a": 1}))

        then_refused(outcome, Invalid, errors=[{"path": name, "message": "cannot be cleared"}])
        assert not outcome.facts


@KINDS
def test_a_change_that_changes_nothing_is_not_recorded(cls: type[CatalogItem]) -> None:
    item = given(cls, created(EVERYTHING[cls]))

    then(when(item, changed(**EVERYTHING[cls], id=9, guid="x", isarchived=True)))


@KINDS
def test_everything_that_is_not_required_can_be_cleared(cls: type[CatalogItem]) -> None:
    item = given(cls, created(EVERYTHING[cls]))
    others = cls.FIELDS.model_fields.keys() - {*cls.FIELDS.REQUIRED}
    others -= {"email"} if cls is Contact else set()

    when(item, changed(**dict.fromkeys(others)))

    assert {name: item.value(name) for name in others} == {
        name: cls.FIELDS.defaults()[name] for name in others
    }


@KINDS
def test_it_is_archived_once_and_comes_back_as_it_was(cls: type[CatalogItem]) -> None:
    item = given(cls, created(EVERYTHING[cls]))

    outcome = when(item, archived)
    when(item, archived)
    was_archived = item.archived
    when(item, changed(c_a=1))
    when(item, restored)
    when(item, restored)

    then(
        outcome,
        says(CatalogItemArchived),
        says(CatalogItemChanged, changed={"c_a": 1}),
        says(CatalogItemRestored),
    )
    assert (was_archived, item.archived) == (True, False)


def test_what_was_never_said_has_its_default() -> None:
    assert given(PriceType, created({"name": "A"})).value("typeid") == NORMAL
    assert a_channel().value("typeid") == EXTERNAL
    assert a_channel().value("basketseconds") is None
    assert given(LockType, created({"name": "A"})).value("ishardlock") is False


@pytest.mark.parametrize(
    ("cls", "fields"),
    [
        (PriceType, {"typeid": 2300}),
        (PriceType, {"typeid": 2306}),
        (PriceType, {"typeid": "2301"}),
        (PriceType, {"name": ""}),
        (PriceType, {"name": "x" * 256}),
        (PriceType, {"translations": {"remarkfr": "x"}}),
        (PriceType, {"unknown": 1}),
        (PriceList, {"prices": {"prices": [{"pricetypeid": 1, "prices": [-1]}]}}),
        (PriceList, {"hasranks": 1}),
        (SalesChannel, {"typeid": 3004}),
        (SalesChannel, {"basketseconds": 0}),
        (SalesChannel, {"basketseconds": 7_201}),
        (SalesChannel, {"ordermailtemplateid_confirmation": -1}),
        (LockType, {"color": "red"}),
        (CustomField, {"typeid": 13_000}),
        (CustomField, {"typeid": 13_014}),
        (CustomField, {"key": ""}),
        (CustomField, {"key": "a_b"}),
        (CustomField, {"key": "a\n"}),
        (CustomField, {"key": "x" * 31}),
        (CustomField, {"fieldtypeid": 12_014}),
        (CustomField, {"edittypeid": 22_004}),
        (CustomField, {"requiredtypeid": 30_004}),
        (CustomField, {"availability": [[[[[[[[[1]]]]]]]]]}),
        (CustomField, {"translations": {"namefr": "x"}}),
        (SeatRank, {"sortorder": -1}),
        (SeatRank, {"priority": -1}),
        (SalesChannel, {"max_tickets_per_order": -1}),
        (SeatingPlan, {"logicalplan": "x" * 1_000_001}),
        (SeatingPlan, {"logicalplan": [[[[[[[[[1]]]]]]]]]}),
        (Contact, {"email": "ann"}),
        (Contact, {"email": "ann@example org"}),
        (Contact, {"languagecode": "nl_NL"}),
        (Contact, {"phonenumbers": [{"number": ""}]}),
        (Contact, {"translations": {"firstnamefr": "Anne"}}),
        (Contact, {"birthdate": "2000-13-01"}),
        (Contact, {"birthdate": "2000-01-01T00:00:00Z"}),
        (Contact, {"addresses": [{"countrycode": "XX"}]}),
        (CustomFieldValue, {"caption": ""}),
        (CustomFieldValue, {"sortorder": -1}),
        (PaymentScenario, {"typeid": 2706}),
        (PaymentScenario, {"visibility": "full"}),
        (PaymentScenario, {"availability": [[[[[[[[[1]]]]]]]]]}),
        (Tracker, {"type": "Billboard"}),
        (Tracker, {"type": 1}),
        (Tracker, {"saleschannelid": -1}),
    ],
)
def test_what_no_such_thing_can_be_is_refused(cls: type[CatalogItem], fields: State) -> None:
    with pytest.raises(ValidationError):
        cls.FIELDS.model_validate(fields)


# -- sales channels


def test_a_second_channel_of_type_desk_is_refused() -> None:
    then_refused(when(given(SalesChannel), created({"name": "Shop", "typeid": DESK})), Invalid)
    then_refused(when(a_channel(), changed(typeid=DESK)), Invalid)


@pytest.mark.parametrize("typeid", [WEB, EXTERNAL, None])
def test_the_channel_of_type_desk_stays_one(typeid: int | None) -> None:
    desk = the_desk()

    then_refused(when(desk, changed(typeid=typeid)), Invalid)
    then_refused(when(desk, archived), Invalid)
    then(
        when(desk, changed(typeid=DESK, name="Box office")),
        says(CatalogItemChanged, changed={"name": "Box office"}),
    )


def test_other_channels_change_their_type_and_go() -> None:
    shop = a_channel(typeid=WEB)

    then(
        when(shop, lambda item, cause: (changed(typeid=None)(item, cause), item.archive(cause))),
        says(CatalogItemChanged, changed={"typeid": EXTERNAL}),
        says(CatalogItemArchived),
    )


# -- custom fields


def test_the_key_of_a_custom_field_stays() -> None:
    field = given(CustomField, created(EVERYTHING[CustomField]))

    then_refused(when(field, changed(key="other")), Invalid)
    then(
        when(field, changed(key="genre", caption="Sort")),
        says(CatalogItemChanged, changed={"caption": "Sort"}),
    )


def test_a_value_stays_with_its_custom_field() -> None:
    value = given(CustomFieldValue, created(EVERYTHING[CustomFieldValue]))

    then_refused(when(value, changed(typeid=8)), Invalid)
    then(
        when(value, changed(typeid=7, caption="Blues")),
        says(CatalogItemChanged, changed={"caption": "Blues"}),
    )


# -- contacts


@pytest.mark.parametrize("name", ["firstname", "lastname", "company", "email"])
def test_one_thing_that_says_who_it_is_makes_a_contact(name: str) -> None:
    said = {name: "ann@example.org"}

    contact = given(Contact, created(said))

    assert contact.texts(contact.state)[0] == "ann@example.org"
    then_refused(when(contact, changed(**{name: None, "vatnumber": "1"})), Invalid)


def test_a_contact_stays_somebody() -> None:
    contact = given(Contact, created({"email": "ann@example.org"}))

    then(
        when(contact, changed(email=None, lastname="Peeters")),
        says(CatalogItemChanged, changed={"email": None, "lastname": "Peeters"}),
    )
    then_refused(when(contact, changed(lastname=None)), Invalid)


@pytest.mark.parametrize("said", [{}, {"vatnumber": "1"}, {"firstname": ""}, {"email": None}])
def test_a_contact_that_is_nobody_is_refused(said: State) -> None:
    then_refused(when(given(Contact), created(said)), Invalid)


def test_a_contact_is_found_by_its_whole_name_its_company_and_its_address() -> None:
    assert Contact.texts(EVERYTHING[Contact]) == (
        "Ann M. Peeters",
        "Concertgebouw",
        "ann@example.org",
    )


# -- trackers


@pytest.mark.parametrize("written", ["linkedin", "LINKEDIN", "LinkedIn"])
def test_where_a_tracker_is_shown_is_written_in_any_case(written: str) -> None:
    fields = EVERYTHING[Tracker] | {"type": written}

    then(
        when(given(Tracker), created(fields)),
        says(CatalogItemCreated, number=5, fields=EVERYTHING[Tracker]),
    )


def test_the_code_of_a_tracker_comes_with_the_command_that_makes_it() -> None:
    fields = Tracker.FIELDS.model_validate(EVERYTHING[Tracker] | {"code": "mine", "clicks": 9})

    made = given(Tracker, lambda item, cause: item.create(fields, cause, code="3f"))

    assert (made.state["code"], made.state.get("clicks")) == ("3f", None)


# -- what an account starts with


def test_an_account_starts_with_a_small_catalog() -> None:
    items = {
        (cls, number): given(cls, opened, number=number)
        for cls, numbers in STARTING.items()
        for number in numbers
    }

    assert {key: item.state["name"] for key, item in items.items()} == {
        (SalesChannel, 1): "Desk",
        (SalesChannel, 2): "Web",
        (SalesChannel, 3): "External",
        (PriceType, 1): "Normal",
        (PriceType, 2): "Reduction",
        (PriceType, 3): "Free",
        (LockType, 1): "Hard",
        (LockType, 2): "Soft",
        (PaymentScenario, 1): "Immediate payment",
        (PaymentScenario, 2): "Bank transfer",
        (PaymentScenario, 3): "Pay later",
        (PaymentMethod, 1): "Cash",
        (PaymentMethod, 2): "Card",
        (PaymentMethod, 3): "Bank transfer",
    }
    assert [items[SalesChannel, n].value("typeid") for n in (1, 2, 3)] == [DESK, WEB, EXTERNAL]
    assert items[PriceType, 3].value("typeid") == FREE
    assert [items[LockType, n].value("ishardlock") for n in (1, 2)] == [True, False]


def test_what_is_there_already_is_not_opened_again() -> None:
    desk = given(SalesChannel, opened, changed(name="Box office"), number=1)

    then(when(desk, opened))


def test_what_was_never_created_is_not_found() -> None:
    with pytest.raises(NotFound):
        given(PriceType).require()
    assert given(PriceType, lambda item, _: item.open(metadata()), number=1).require()
