"""Money is exact: minor units inside, a JSON number with at most the currency's digits outside."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.base import Value
from domain.errors import Invalid
from domain.money import (
    DIGITS,
    Money,
    PositiveMoney,
    Written,
    digits,
    known_currency,
    minor,
    minor_of,
    number,
)
from domain.values import Price

CURRENCIES = st.sampled_from(["JPY", "EUR", "KWD", "CLF"])


class Bill(Value):
    total: Money | None = None
    paid: PositiveMoney | None = None
    price: Price | None = None


@given(units=st.integers(-(10**15), 10**15), currency=CURRENCIES)
def test_every_amount_goes_out_as_a_number_and_comes_back_the_same(
    units: int, currency: str
) -> None:
    sent = json.loads(json.dumps(number(units, currency)))

    assert minor(sent, currency) == units


@given(units=st.integers(1, 10**13), more=st.integers(1, 9), currency=CURRENCIES)
def test_one_digit_more_than_the_currency_has_is_no_amount_of_it(
    units: int, more: int, currency: str
) -> None:
    amount = (units * 10 + more) / 10 ** (digits(currency) + 1)

    assert minor(amount, currency) is None
    with pytest.raises(Invalid, match=f"at most {digits(currency)} decimals"):
        minor_of("amount", amount, currency)


def test_what_only_looks_like_an_amount_is_none() -> None:
    assert [minor(0.3, "EUR"), minor(0.1 + 0.2, "EUR"), minor(1e-9, "EUR")] == [30, None, None]


@pytest.mark.parametrize(
    ("currency", "units", "shown"),
    [
        ("EUR", 2500, "25.0"),
        ("EUR", 1, "0.01"),
        ("EUR", 0, "0.0"),
        ("EUR", 29, "0.29"),
        ("EUR", 10**15, "10000000000000.0"),
        ("JPY", 2500, "2500"),
        ("KWD", 1115, "1.115"),
        ("CLF", 11151, "1.1151"),
    ],
)
def test_a_number_is_what_a_person_would_write(currency: str, units: int, shown: str) -> None:
    assert json.dumps(number(units, currency)) == shown


@pytest.mark.parametrize("amount", [25, 25.0, 1e9, 0, 0.5e2])
def test_an_amount_without_decimals_fits_every_currency(amount: float) -> None:
    assert all(minor(amount, code) == amount * 10**n for code, n in DIGITS.items())


def test_the_currencies_are_those_of_iso_4217() -> None:
    assert len(DIGITS) == 165
    assert {n: digits(known_currency(n)) for n in ("JPY", "EUR", "TND", "UYW")} == {
        "JPY": 0,
        "EUR": 2,
        "TND": 3,
        "UYW": 4,
    }


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "XAU", "DEM", " EUR", "EUR\n"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="expected a currency of ISO 4217, such as EUR"):
        known_currency(code)


@pytest.mark.parametrize("field", ["total", "paid", "price"])
@pytest.mark.parametrize("amount", [-0.01, 1_000_000_000.01, "25.00", True, float("nan")])
def test_money_is_a_bounded_number(field: str, amount: object) -> None:
    with pytest.raises(ValidationError):
        Bill.model_validate({field: amount})


def test_money_may_be_nothing_but_a_payment_may_not() -> None:
    assert Bill.model_validate({"total": 0, "price": 0.0}).total == 0
    with pytest.raises(ValidationError):
        Bill.model_validate({"paid": 0})


@pytest.mark.parametrize("field", ["total", "paid", "price"])
@pytest.mark.parametrize(
    "text",
    ["50.0000000000000000001", "0.09999999999999999999999", "1e-400", "25.00000000000000001"],
)
def test_digits_that_would_be_lost_are_refused(field: str, text: str) -> None:
    with pytest.raises(ValidationError, match="expected a number of at most 15 digits"):
        Bill.model_validate({field: Written.of(float(text), text)})


@pytest.mark.parametrize("text", ["50.000000000000000000", "0.0", "1234567.500000000000000"])
def test_digits_that_say_nothing_are_no_harm(text: str) -> None:
    total = Bill.model_validate({"total": Written.of(float(text), text)}).total

    assert (type(total), total) == (float, float(text))
