"""The vendor's plain settings and contacts through the published client."""

from types import ModuleType
from typing import Any

import pytest
from ticketmatic.client import Client
from ticketmatic.endpoints import contacts, orders
from ticketmatic.endpoints.settings.system import (
    contact_address_types,
    contact_titles,
    phone_number_types,
    relation_types,
)
from ticketmatic.endpoints.settings.ticket_sales import delivery_scenarios, payment_methods
from ticketmatic.exceptions import ClientException

from adapters.http.ticketmatic.resources import EMPTY
from tests.adapters.http.test_ticketmatic_events import raw
from tests.adapters.http.test_ticketmatic_fields import ok
from tests.adapters.http.test_ticketmatic_orders import Sale

KINDS: dict[str, tuple[ModuleType, dict[str, Any], dict[str, Any]]] = {
    "payment methods": (payment_methods, {"name": "Voucher", "pspid": 2}, {"config": {"a": 1}}),
    "delivery scenarios": (
        delivery_scenarios,
        {"name": "E-ticket", "typeid": 2, "availability": {"saleschannels": [1, 2]}},
        {"needsaddress": True, "shortdescription": "By mail"},
    ),
    "relation types": (relation_types, {"name": "Member"}, {"name": "Friend"}),
    "contact titles": (contact_titles, {"name": "Dr", "sex": "F"}, {"isinternal": True}),
    "contact address types": (contact_address_types, {"name": "Home"}, {"name": "House"}),
    "phone number types": (phone_number_types, {"name": "Mobile"}, {"name": "Cell"}),
}
EACH = pytest.mark.parametrize("what", KINDS)


@EACH
def test_one_is_made_changed_listed_and_deleted(tm: Client, what: str) -> None:
    api, new, change = KINDS[what]
    before = [one.id for one in api.get_list(tm).data]

    made = api.create(tm, new)
    changed = api.update(tm, made.id, change)
    listed = [one.id for one in api.get_list(tm).data]
    api.delete(tm, made.id)

    assert {n: getattr(made, n) for n in new if n != "availability"} == {
        n: v for n, v in new.items() if n != "availability"
    }
    assert {n: getattr(changed, n) for n in change} == change
    assert listed == [*before, made.id]
    assert [one.id for one in api.get_list(tm).data] == before
    assert [one.id for one in api.get_list(tm, {"includearchived": True}).data] == listed
    assert api.get(tm, made.id).isarchived is True


@pytest.mark.parametrize("what", [what for what in KINDS if what != "contact titles"])
def test_its_name_is_translated(tm: Client, what: str) -> None:
    api, new, _ = KINDS[what]
    made = api.create(tm, new)

    texts = api.translate(tm, made.id, {"namenl": "Anders"})

    assert texts == {"nameen": new["name"], "namenl": "Anders"} == api.translations(tm, made.id)


@pytest.mark.parametrize("path", EMPTY)
def test_what_no_account_has_is_an_empty_list(tm: Client, path: str) -> None:
    assert ok(raw(tm, "GET", path)) == {"data": [], "nbrofresults": 0}
    assert raw(tm, "POST", path, json={"name": "New"}).status_code in (404, 405)


def test_a_payment_names_a_method_of_the_catalogue(tm: Client) -> None:
    order = orders.confirm(tm, Sale(tm).order().orderid)
    method = payment_methods.create(tm, {"name": "Voucher"})

    paid = orders.add_payments(tm, order.orderid, {"amount": 5.0, "paymentmethodid": method.id})
    with pytest.raises(ClientException) as refused:
        orders.add_payments(tm, order.orderid, {"amount": 5.0, "paymentmethodid": 99})

    assert paid.payments[0].paymentmethodid == method.id
    assert (refused.value.code, "payment method 99" in str(refused.value)) == (400, True)


def test_every_account_starts_with_cash_card_and_bank_transfer(tm: Client) -> None:
    payment_methods.create(tm, {"name": "Voucher"})

    found = [(one.id, one.name) for one in payment_methods.get_list(tm).data]

    assert found == [(1, "Cash"), (2, "Card"), (3, "Bank transfer"), (4, "Voucher")]


def test_an_order_shows_its_delivery_scenario(tm: Client) -> None:
    scenario = delivery_scenarios.create(tm, {"name": "E-ticket"})
    order = Sale(tm).order()
    orders.update(tm, order.orderid, {"deliveryscenarioid": scenario.id})

    found = ok(raw(tm, "GET", "/orders?output=withlookup"))

    assert found["lookup"]["deliveryscenarios"][str(scenario.id)]["name"] == "E-ticket"


# -- contacts

PERSON = {
    "firstname": "Ann",
    "birthdate": "1984-05-17",
    "sex": "F",
    "customertitleid": 3,
    "relationtypes": [1, 2],
    "addresses": [
        {"typeid": 1, "street1": "Kerkstraat", "street2": "5", "zip": "9000", "city": "Gent",
         "countrycode": "BE"}
    ],
}  # fmt: skip


def test_a_contact_has_addresses_a_day_of_birth_and_a_sex(tm: Client) -> None:
    made = contacts.create(tm, PERSON)

    read = ok(raw(tm, "GET", f"/contacts/{made.id}"))

    (address,) = read["addresses"]
    assert {n: v for n, v in address.items() if v is not None} == PERSON["addresses"][0]  # type: ignore[index]
    assert {n: read[n] for n in PERSON if n != "addresses"} == {
        n: v for n, v in PERSON.items() if n != "addresses"
    }
    assert (read["optins"], read["relationships"]) == ([], [])
    assert ok(raw(tm, "PUT", f"/contacts/{made.id}", json=read)) == read


@pytest.mark.parametrize(
    "written",
    ["1984-05-17", "1984-05-17 00:00:00", "1984-05-17T00:00:00", "1984-05-17T00:00:00+0200"],
)
def test_a_day_of_birth_is_the_day_that_is_written(tm: Client, written: str) -> None:
    body = {"lastname": "Peeters", "birthdate": written, "optins": [{"optinid": 1}]}

    new = ok(raw(tm, "POST", "/contacts", json=body))

    assert (new["birthdate"], new["optins"]) == ("1984-05-17", [])


def test_what_is_no_day_is_refused(tm: Client) -> None:
    for written in ("tomorrow", "1984-02-30", 5):
        answer = raw(tm, "POST", "/contacts", json={"lastname": "P", "birthdate": written})

        assert (answer.status_code, "birthdate" in answer.json()["message"]) == (400, True)
