"""Money in a body: no digit is lost on the way in, and other numbers are read as ever."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import to_json

from adapters.http.body import parse
from domain.base import Value
from domain.money import Money, minor, number
from tests.adapters.http.talk import an_event, now, position, refused

JSON = {"Content-Type": "application/json"}
LONG = "50.0000000000000000001"


class Payment(Value):
    amount: Money


def amount_of(text: str) -> float:
    return Payment.model_validate(parse(b'{"amount": %b}' % text.encode())).amount


def edit(web: TestClient, event: int, body: str) -> Any:
    return web.patch(f"/v1/events/{event}", content=body, headers=JSON)


@given(units=st.integers(0, 10**11))
def test_an_amount_is_read_as_it_was_written(units: int) -> None:
    text = f"{units // 100}.{units % 100:02}"

    assert minor(amount_of(text), "EUR") == units
    assert minor(amount_of(f"{text}{'0' * 20}"), "EUR") == units


@given(units=st.integers(0, 10**11 - 1), zeros=st.integers(0, 30), last=st.integers(1, 9))
def test_a_last_digit_far_behind_is_refused_however_many_zeros_are_before(
    units: int, zeros: int, last: int
) -> None:
    text = f"{units // 100}.{units % 100:02}{'0' * zeros}{last}"

    try:
        amount = amount_of(text)
    except ValidationError:
        return
    assert minor(amount, "EUR") is None


@pytest.mark.parametrize(
    "text", ["1e-400", "0.1e-330", "49.99999999999999999999", f"1e-{'9' * 30}", f"0e{'9' * 30}"]
)
def test_what_would_be_rounded_to_an_amount_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="at most 15 digits"):
        amount_of(text)


@pytest.mark.parametrize(("text", "shown"), [("0.0", b"0.0"), ("0", b"0.0"), ("1.5e2", b"150.0")])
def test_other_ways_to_write_an_amount_are_fine(text: str, shown: bytes) -> None:
    amount = amount_of(text)

    assert to_json(amount) == shown
    assert type(number(minor(amount, "EUR") or 0, "EUR")) is float


def test_a_price_that_would_be_rounded_is_refused_with_its_path(web: TestClient) -> None:
    event = an_event(web)["id"]
    before = position(web)
    prices = f'{{"prices": [{{"pricetypeid": 1, "prices": [25.5, {LONG}]}}]}}'

    answer = edit(web, event, f'{{"seatingplaneventspecificprices": {prices}}}')

    (error,) = refused(answer, 422, "invalid")["errors"]
    assert error["path"] == "seatingplaneventspecificprices.prices.0.prices.1"
    assert "at most 15 digits" in error["message"]
    assert position(web) == before


@pytest.mark.parametrize("text", [LONG, "0.0", "[0.0, 50.0000000000000000001]"])
def test_in_other_fields_a_number_of_many_digits_is_a_number_like_any_other(
    web: TestClient, text: str
) -> None:
    event = an_event(web)["id"]
    assert edit(web, event, f'{{"c_number": {text}}}').status_code == 200
    before = position(web)

    again = edit(web, event, f'{{"c_number": {text.replace(LONG, "50.0")}}}')

    assert again.status_code == 200
    assert position(web) == before
    assert now(web, f"/v1/events/{event}").json()["c_number"] == json.loads(text)
