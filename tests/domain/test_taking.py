"""What comes in with orders and for single tickets: bodies, before any rule of the domain."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from domain.contingents import ContingentBody
from domain.offers import price_id
from domain.order import MAX_TICKETS
from domain.taking import OrderBody, PaymentBody, RefundBody, Take, TakeBody, TicketsBody
from domain.ticket_fields import MAX_CHANGED, Lock, TicketsPatch, Unlock
from tests.domain.lots import LOT, OTHER, ticket

EVENT = {"eventid": 5}
LOT_OF = EVENT | {"contingentid": LOT}
THESE = EVENT | {"tickets": [ticket(1), ticket(2)]}
PRICED = EVENT | {"tickettypepriceid": price_id(LOT, 3)}


def taken(**fields: Any) -> Take:
    return Take.model_validate(fields)


# -- which tickets


def test_a_taking_says_contingent_and_price_type_in_one_of_three_ways() -> None:
    for take, contingent, price_type in (
        (taken(**LOT_OF), LOT, None),
        (taken(**LOT_OF, pricetypeid=2), LOT, 2),
        (taken(**PRICED), LOT, 3),
        (taken(**PRICED, pricetypeid=3), LOT, 3),
        (taken(tickets=[ticket(7, OTHER)]), OTHER, None),
        (taken(**THESE, pricetypeid=2, amount=2), LOT, 2),
    ):
        assert (take.contingent, take.price_type) == (contingent, price_type)


@pytest.mark.parametrize(
    "said",
    [
        EVENT,
        LOT_OF | THESE,
        LOT_OF | PRICED,
        PRICED | THESE,
        PRICED | {"pricetypeid": 2},
        THESE | {"amount": 1},
        EVENT | {"tickets": []},
        EVENT | {"tickets": [ticket(1), ticket(1)]},
        EVENT | {"tickets": [*range(1, MAX_TICKETS + 2)]},
        EVENT | {"tickets": [0]},
        EVENT | {"tickets": [2**53]},
        LOT_OF | {"amount": 0},
        LOT_OF | {"amount": -1},
        LOT_OF | {"amount": 10**12},
        LOT_OF | {"amount": 1.0},
        LOT_OF | {"amount": True},
        LOT_OF | {"amount": "1"},
        LOT_OF | {"eventid": -1},
        LOT_OF | {"price": 0},
    ],
    ids=str,
)
def test_a_taking_that_is_unclear_is_refused(said: Mapping[str, Any]) -> None:
    refused(OrderBody, {"saleschannelid": 2, "take": [said]})
    refused(TakeBody, {"take": [said]})


def test_the_field_that_is_wrong_is_named() -> None:
    error = refused(OrderBody, {"saleschannelid": 2, "take": [LOT_OF, LOT_OF | {"amount": 0}]})

    assert error["loc"] == ("take", 1, "amount")


def test_an_order_needs_its_channel_and_nothing_else() -> None:
    assert OrderBody.model_validate({"saleschannelid": 2}).take == []
    assert refused(OrderBody, {"take": [LOT_OF]})["loc"] == ("saleschannelid",)


def test_one_body_takes_from_at_most_a_hundred_places() -> None:
    OrderBody.model_validate({"saleschannelid": 2, "take": [LOT_OF] * 100})

    refused(OrderBody, {"saleschannelid": 2, "take": [LOT_OF] * 101})
    refused(TakeBody, {"take": [LOT_OF] * 101})
    refused(TakeBody, {"take": []})


@pytest.mark.parametrize("codes", [[""], ["x" * 101], ["x"] * 21, "ABC", [1]], ids=repr)
def test_promo_codes_are_few_short_texts(codes: Any) -> None:
    refused(OrderBody, {"saleschannelid": 2, "promocodes": codes})


@pytest.mark.parametrize("tickets", [[], [ticket(1)] * 2, None, [str(ticket(1))]], ids=repr)
def test_tickets_are_named_once_by_number(tickets: Any) -> None:
    refused(TicketsBody, {"tickets": tickets})
    refused(Lock, {"locktypeid": 1, "tickets": tickets})


# -- money


@pytest.mark.parametrize("amount", [0, -1, 1e9 + 1, float("nan"), float("inf"), "25", None, True])
@pytest.mark.parametrize("body", [PaymentBody, RefundBody])
def test_money_that_moves_is_a_number_above_0(body: type[BaseModel], amount: Any) -> None:
    assert refused(body, {"amount": amount})["loc"] == ("amount",)


def test_money_may_say_how_and_of_what() -> None:
    assert PaymentBody.model_validate({"amount": 25, "paymentmethodid": 2}).paymentmethodid == 2
    assert RefundBody.model_validate({"amount": 0.01, "paymentid": 1}).paymentid == 1


# -- locks


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"contingentid": LOT, "tickets": [ticket(1)]},
        {"tickets": [ticket(1)], "amount": 1},
        {"contingentid": LOT, "amount": 0},
        {"contingentid": LOT, "amount": 10**7 + 1},
        {"contingentid": LOT, "eventid": 5},
    ],
    ids=str,
)
def test_a_lock_is_of_these_tickets_or_of_so_many(said: Mapping[str, Any]) -> None:
    refused(Lock, {"locktypeid": 1} | said)
    refused(Unlock, said)


def test_a_lock_has_a_type_and_an_unlocking_need_not() -> None:
    refused(Lock, {"contingentid": LOT})

    assert Unlock.model_validate({"contingentid": LOT}).locktypeid is None


# -- contingents


def test_the_short_price_is_one_of_type_normal_on_every_channel() -> None:
    fields = ContingentBody.model_validate({"amount": 5, "price": 25}).fields()

    own = fields.patch()["eventspecificprices"]["prices"]
    assert [(p["pricetypeid"], p["prices"], p["saleschannels"]) for p in own] == [(1, [25.0], None)]
    assert ContingentBody(price=None).fields().patch() == {"eventspecificprices": None}
    assert ContingentBody(amount=5).fields().patch() == {"amount": 5}


def test_a_contingent_says_its_price_in_one_way() -> None:
    own = {"prices": [{"pricetypeid": 1, "prices": [25]}]}

    assert refused(ContingentBody, {"price": 25, "eventspecificprices": own})["loc"] == ("price",)


# -- single tickets


def test_what_is_known_of_a_ticket_is_what_was_said() -> None:
    body = TicketsPatch.model_validate(
        {"tickets": [{"id": ticket(1), "barcode": None, "c_name": "An"}, {"id": ticket(2)}]}
    )

    assert [one.patch() for one in body.tickets] == [
        {"id": ticket(1), "barcode": None, "c_name": "An"},
        {"id": ticket(2)},
    ]


@pytest.mark.parametrize(
    "tickets",
    [
        [],
        [{"barcode": "A"}],
        [{"id": ticket(1)}, {"id": ticket(1)}],
        [{"id": ticket(1), "barcode": "A"}, {"id": ticket(2), "barcode": "A"}],
        [{"id": ticket(1), "barcode": ""}],
        [{"id": ticket(1), "barcode": "x" * 101}],
        [{"id": ticket(1), "properties": []}],
        [{"id": ticket(1), "price": 0}],
        [{"id": place + 1} for place in range(MAX_CHANGED + 1)],
    ],
    ids=lambda tickets: str(tickets)[:60],
)
def test_tickets_are_changed_each_once_and_by_fields_that_there_are(tickets: Any) -> None:
    refused(TicketsPatch, {"tickets": tickets})


def refused(body: type[BaseModel], said: Mapping[str, Any]) -> Any:
    """The first error."""
    with pytest.raises(ValidationError) as error:
        body.model_validate(said)
    return error.value.errors()[0]
