"""Prices have no more digits than the currency that they are in."""

from typing import Any

import pytest

from domain.errors import Invalid
from domain.prices import PricelistPrices, check_digits


def priced(*entries: list[float | None]) -> dict[str, Any]:
    body = {"prices": [{"pricetypeid": 1, "prices": prices} for prices in entries]}
    return PricelistPrices.model_validate(body).model_dump()


@pytest.mark.parametrize(
    ("entries", "currency", "path"),
    [
        ([[25.0], [20.0, 19.999]], "EUR", "prices.1.prices.1"),
        ([[None, 0.001], [0.001]], "EUR", "prices.0.prices.1"),
        ([[25.5]], "JPY", "prices.0.prices.0"),
        ([[25, 1e9]], "JPY", None),
        ([[19.999]], "KWD", None),
        ([[19.9999]], "KWD", "prices.0.prices.0"),
        ([[0.1, 0.2, 0.29, 999_999_999.99, None]], "EUR", None),
        ([], "EUR", None),
    ],
)
def test_the_first_price_of_too_many_digits_is_named(
    entries: list[list[float | None]], currency: str, path: str | None
) -> None:
    refused = None
    try:
        check_digits(priced(*entries), currency, "own")
    except Invalid as refusal:
        refused = refusal.details["errors"][0]["path"]

    assert refused == (path and f"own.{path}")


def test_where_no_prices_are_there_is_none_of_too_many_digits() -> None:
    check_digits(None, "EUR", "own")
