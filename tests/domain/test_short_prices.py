"""`price` and `prices`: one number a price type, beside the prices that are there."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.base import State
from domain.contingents import ContingentBody
from domain.errors import Invalid
from domain.money import minor_of

NORMAL, REDUCTION, STUDENTS = 1, 2, 3
RANKED = {"prices": [{"pricetypeid": 1, "prices": [30.0, 20.0]}], "seatrankids": [7, 8]}


def prices(*pairs: tuple[int, float]) -> State:
    return {
        "eventspecificprices": {
            "prices": [{"pricetypeid": kind, "prices": [price]} for kind, price in pairs]
        }
    }


def after(current: State | None, **body: Any) -> dict[int, list[float]] | None:
    """What each price type costs after a body."""
    fields = ContingentBody.model_validate(body).fields(current).patch()
    own = fields["eventspecificprices"]
    return own and {entry["pricetypeid"]: entry["prices"] for entry in own["prices"]}


BOTH = ContingentBody.model_validate(prices((NORMAL, 30.0), (REDUCTION, 20.0))).fields().patch()


def test_the_price_of_type_normal_leaves_the_other_types() -> None:
    assert after(BOTH, price=35) == {NORMAL: [35.0], REDUCTION: [20.0]}


@pytest.mark.parametrize(
    "form",
    [{"2": 22, "3": 15}, [{"pricetypeid": 2, "price": 22}, {"pricetypeid": 3, "price": 15}]],
    ids=["map", "list"],
)
def test_prices_set_the_types_that_they_name(form: Any) -> None:
    assert after(BOTH, prices=form) == {NORMAL: [30.0], REDUCTION: [22.0], STUDENTS: [15.0]}
    assert after(None, prices=form) == {REDUCTION: [22.0], STUDENTS: [15.0]}


def test_null_takes_the_price_of_a_type_away() -> None:
    assert after(BOTH, prices={"2": None}) == {NORMAL: [30.0]}
    assert after(BOTH, price=None) == {REDUCTION: [20.0]}
    assert after(BOTH, price=None, prices={"2": None}) is None


def test_what_is_said_of_a_price_beside_its_amount_stays() -> None:
    limit = {"type": "orderticketlimit", "value": 2}
    own = {"pricetypeid": 1, "prices": [30], "saleschannels": [2], "conditions": [limit]}
    current = ContingentBody.model_validate({"eventspecificprices": {"prices": [own]}})
    changed = ContingentBody(price=35.0).fields(current.fields().patch()).patch()

    (entry,) = changed["eventspecificprices"]["prices"]
    assert (entry["prices"], entry["saleschannels"]) == ([35.0], [2])
    assert entry["conditions"] == [limit]


@pytest.mark.parametrize(
    "own",
    [
        RANKED,
        {"prices": [{"pricetypeid": 1, "prices": [30.0], "saleschannels": [c]} for c in (1, 2)]},
    ],
    ids=["one a seat rank", "one a channel"],
)
def test_one_number_does_not_stand_for_several_prices(own: State) -> None:
    current = ContingentBody.model_validate({"eventspecificprices": own}).fields().patch()
    with pytest.raises(Invalid) as refusal:
        ContingentBody(price=35.0).fields(current, "contingents.0.")

    assert refusal.value.details["errors"][0]["path"] == "contingents.0.price"
    assert "send eventspecificprices" in refusal.value.detail


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"price": 1, "prices": {"2": 1}}, "expected price or prices, not both"),
        ({"prices": {}, **prices((1, 2.0))}, "expected eventspecificprices or prices, not both"),
        ({"price": 1, **prices((1, 2.0))}, "expected eventspecificprices or price, not both"),
        ({"prices": {"01": 1}}, "expected ids of price types as keys, not '01'"),
        ({"prices": {"Normal": 1}}, "expected ids of price types as keys, not 'Normal'"),
        ({"prices": [{"pricetypeid": 1, "price": 1}] * 2}, "expected each pricetypeid once"),
        ({"prices": {"1": -1}}, "greater than or equal to 0"),
        ({"prices": [{"pricetypeid": 1}]}, "Field required"),
        ({"prices": 5}, "valid list"),
    ],
)
def test_prices_that_cannot_be_meant_are_refused(body: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ContingentBody.model_validate(body)


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        (0.1 + 0.2, "expected at most 2 decimals, as EUR has: send 0.30"),
        (0.1 + 0.7, "expected at most 2 decimals, as EUR has: send 0.80"),
        (1.1 * 3, "expected at most 2 decimals, as EUR has: send 3.30"),
        (0.305, "expected at most 2 decimals, as EUR has"),
        (0.001, "expected at most 2 decimals, as EUR has"),
    ],
)
def test_an_amount_with_the_noise_of_floats_says_what_to_send(amount: float, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        minor_of("amount", amount, "EUR")

    assert refusal.value.details["errors"][0]["message"] == message


def test_a_price_with_the_noise_of_floats_says_what_to_send() -> None:
    with pytest.raises(ValidationError, match=r"at most 6 decimals: send 0\.30"):
        ContingentBody(price=0.1 + 0.2)
