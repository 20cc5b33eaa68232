"""One rule of what may be sold now, days that are calendar days, and what a duplicate drops."""

from datetime import datetime
from functools import partial
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_core import from_json

from application import catalog, events, storefront
from domain.catalog import PriceTypeFields
from domain.contact import Contact, ContactFields
from domain.contingents import ContingentBody
from domain.errors import Invalid, NotOnSale, PriceNotOffered, Refusal, SoldOut
from domain.event_fields import EventBody
from domain.location import LocationFields
from domain.offers import days_from
from tests.application.box_office import NORMAL, REDUCED, WEB, BoxOffice, price, ticket
from tests.application.desk import HOLD, taking
from tests.spec import at

BOTH = (price(NORMAL, 30), price(REDUCED, 20))


@pytest.fixture
def office() -> BoxOffice:
    return BoxOffice()


def sold(office: BoxOffice, **fields: Any) -> tuple[int, int, int]:
    """An Event with two prices, its contingent, and an order of two tickets."""
    event = office.event(startts=at(10**6), endts=at(10**6))
    lot = office.lot(event, *BOTH)
    office.publish(event)
    order = office.order(taking(event, lot, 2))
    if fields:
        office.change_contingent(event, lot, **fields)
    return event, lot, order


# -- one rule


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"available_until": at(5)}, NotOnSale),
        ({"available_from": at(1_000)}, NotOnSale),
        ({"status_overrule": "sold_out"}, SoldOut),
    ],
    ids=["is over", "has not begun", "is overruled"],
)
def test_a_price_is_not_changed_when_nothing_is_sold(
    office: BoxOffice, fields: dict[str, Any], refusal: type[Refusal]
) -> None:
    event, lot, order = sold(office, **fields)
    office.now = 60

    with office.refuses(refusal):
        office.reprice(order, REDUCED, ticket(lot, 1))
    with office.refuses(refusal):
        office.order(taking(event, lot))


def test_the_same_price_type_is_no_change(office: BoxOffice) -> None:
    _, lot, order = sold(office, available_until=at(5))
    office.now = 60

    office.reprice(order, NORMAL, ticket(lot, 1))


# -- calendar days


@pytest.mark.parametrize(
    ("start", "days", "zone", "then"),
    [
        ("2026-11-01T19:00:00Z", -8, "Europe/Brussels", "2026-10-24T18:00:00.000000Z"),
        ("2026-03-28T19:00:00Z", 1, "Europe/Brussels", "2026-03-29T18:00:00.000000Z"),
        ("2026-03-28T19:00:00Z", 1, "UTC", "2026-03-29T19:00:00.000000Z"),
        ("2026-03-28T01:30:00Z", 1, "Europe/Brussels", "2026-03-29T01:30:00.000000Z"),
        ("2026-10-24T00:30:00Z", 1, "Europe/Brussels", "2026-10-25T00:30:00.000000Z"),
        ("2026-12-01T19:00:00Z", -200, "Europe/Brussels", "2026-05-15T18:00:00.000000Z"),
        ("2026-07-01T12:00:00Z", -1, "Australia/Lord_Howe", "2026-06-30T12:00:00.000000Z"),
        ("0001-01-01T00:00:00Z", -2, "UTC", None),
        (None, -2, "UTC", None),
    ],
)
def test_days_are_those_of_the_calendar(
    start: str | None, days: int, zone: str, then: str | None
) -> None:
    assert days_from(start, days, zone) == then


@pytest.mark.parametrize(
    ("location", "account", "until"),
    [
        ({}, "Europe/Brussels", "2026-05-15T18:00:00Z"),
        ({"timezone": "America/New_York"}, "Europe/Brussels", "2026-05-15T18:00:00Z"),
        ({"timezone": "Asia/Kolkata"}, "Europe/Brussels", "2026-05-15T19:00:00Z"),
        ({}, "UTC", "2026-05-15T19:00:00Z"),
    ],
    ids=["the account's", "the Location's", "one without changes", "UTC"],
)
def test_a_price_of_so_many_days_before_ends_at_the_same_local_time(
    office: BoxOffice, location: dict[str, Any], account: str, until: str
) -> None:
    """The Event starts on 1 December at 19:00 UTC, 200 days later."""
    place = office.location(**location)
    period = {"datetype": "relative_eventdate", "relativeStart": None, "relativeEnd": -200}
    times = {"startts": "2026-12-01T19:00:00Z", "endts": "2026-12-02T20:00:00Z"}
    event = office.event(**times, locationid=place)
    lot = office.lot(event, price(NORMAL, 10, conditions={"date": period}))
    office.publish(event)
    office.timezone = account

    office.now = seconds_of(until)
    office.order(taking(event, lot))
    office.now += 1
    with office.refuses(PriceNotOffered, condition="date"):
        office.order(taking(event, lot))


def seconds_of(time: str) -> float:
    """How long after the start of the tests' time that is."""
    return (datetime.fromisoformat(time) - datetime.fromisoformat(at(0))).total_seconds()


# -- duplicates


def test_a_duplicate_drops_what_a_date_is_known_by_elsewhere(office: BoxOffice) -> None:
    event = office.event()
    office.date(
        event, at(10**6), at(10**6 + 1), seats_event_key="ev-1", facebook_event_id="f", name="Sat"
    )

    shown = from_json(office.do(partial(events.duplicate_event, number=event)).body)

    (date,) = shown["dates"]
    assert (date["seats_event_key"], date["facebook_event_id"]) == (None, None)
    assert date["name"] == "Sat"


# -- names

BLANK = [" ", "\t\n", "\u200b", "\u2060\ufeff", "\u00a0\u3000", "\u2800", "\u3164", "\u0301"]


@pytest.mark.parametrize("name", BLANK, ids=ascii)
@pytest.mark.parametrize("model", [EventBody, LocationFields, ContingentBody, PriceTypeFields])
def test_a_name_that_nobody_can_see_is_refused(model: Any, name: str) -> None:
    with pytest.raises(ValidationError, match="a name that can be seen"):
        model.model_validate({"name": name})


@pytest.mark.parametrize("name", ["a", "Ж", "🎷", "\u200bLive", "e\u0301", "."])
def test_any_letter_that_can_be_seen_makes_a_name(name: str) -> None:
    assert EventBody.model_validate({"name": name}).name == name


def test_a_contact_is_known_by_something_that_can_be_seen(office: BoxOffice) -> None:
    fields = ContactFields(lastname=" \u200b")

    with office.refuses(Invalid):
        office.do(partial(catalog.create_item, cls=Contact, fields=fields))


# -- decided


def test_a_shop_sells_no_event_that_is_over_whoever_knows_its_guid(office: BoxOffice) -> None:
    """At a desk, by name, one may be sold late: an Event is closed when that is to end."""
    event = office.event(startts=at(100), endts=at(200))
    lot = office.lot(event, price(NORMAL, 30))
    office.publish(event)
    reserve = partial(
        storefront.reserve, shop=WEB, event=event, contingent=lot, codes=(), hold=HOLD
    )

    office.now = 200
    office.decided(lambda work: reserve(work)[0])
    office.now = 201
    with office.refuses(NotOnSale, eventid=event):
        office.decided(lambda work: reserve(work)[0])
    assert office.order(taking(event, lot))


def test_sales_may_end_after_the_event(office: BoxOffice) -> None:
    event = office.event(startts=at(100), endts=at(200), saleendts=at(1_000))
    lot = office.lot(event, price(NORMAL, 30))
    office.publish(event)
    office.now = 500

    assert office.order(taking(event, lot))


def test_a_split_may_leave_less_than_an_order_is_sold_with(office: BoxOffice) -> None:
    """The least is a rule of selling: what is handed over or given back is not sold again."""
    event, lot, order = sold(office)
    office.change_contingent(event, lot, min_orderable_amount_per_order=2)
    office.confirm(order)

    other = office.split(order, ticket(lot, 1))

    assert office.tickets(order) == [ticket(lot, 2)]
    assert office.tickets(other) == [ticket(lot, 1)]
