"""What PostgreSQL does with numbers, for SQLite: whole numbers that end where a bigint ends,
decimal numbers that are exact, and errors where there is no answer. Null stays null.

On SQLite a decimal number is a float: it is taken as the shortest decimal that means it.
"""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from functools import wraps
from typing import Any

from adapters.queries.failures import Failed
from adapters.queries.kinds import BOOLEAN, DOUBLE, INTEGERS, LARGEST, NUMERIC, TEXT
from adapters.queries.running import LONG_PATTERN, LONG_TEXT, LONGEST, MAX_PATTERN

EXACT = Context(prec=200, Emax=10_000, Emin=-10_000)
WHOLE = re.compile(r"\s*[+-]?\d{1,40}\s*", re.ASCII)
FRACTION = re.compile(
    r"\s*[+-]?(\d{1,60}\.?\d{0,60}|\.\d{1,60})(e[+-]?\d{1,3})?\s*", re.ASCII | re.IGNORECASE
)
TRUE, FALSE = ("t", "true", "y", "yes", "on", "1"), ("f", "false", "n", "no", "off", "0")
DIGITS, LEAST_SCALE = 4, 16
"""PostgreSQL keeps four digits together, and a quotient has sixteen digits that count."""


def known(function: Callable[..., Any]) -> Callable[..., Any]:
    """Of null, null."""

    @wraps(function)
    def call(*values: Any) -> Any:
        return None if None in values else function(*values)

    return call


def decimal(value: Any) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def stored(value: Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def within(value: Any, kind: str) -> int:
    """A whole number that such a type has."""
    if not isinstance(value, int) or not -LARGEST[kind] - 1 <= value <= LARGEST[kind]:
        raise Failed(f"{kind} out of range")
    return value


@known
def reckoned(sign: str, kind: str, one: Any, two: Any) -> Any:
    if sign in "/%" and two == 0:
        raise Failed("division by zero")
    if kind in INTEGERS:
        return within(_whole(sign, one, two), kind)
    if kind == DOUBLE:
        return _float(sign, float(one), float(two))
    left, right = decimal(one), decimal(two)
    if not left.is_finite() or not right.is_finite():
        return _float(sign, float(one), float(two))
    return stored(OF_DECIMALS[sign](left, right))


def _whole(sign: str, one: int, two: int) -> int:
    match sign:
        case "+":
            return one + two
        case "-":
            return one - two
        case "*":
            return one * two
    result = abs(one) // abs(two) if sign == "/" else abs(one) % abs(two)
    negative = (one < 0) != (two < 0) if sign == "/" else one < 0
    return -result if negative else result


def _float(sign: str, one: float, two: float) -> float:
    match sign:
        case "+":
            return one + two
        case "-":
            return one - two
        case "*":
            return one * two
    return one / two if sign == "/" else math.fmod(one, two)


def quotient(one: Decimal, two: Decimal) -> Decimal:
    """With as many digits behind the point as PostgreSQL gives it."""
    weights = [_weight(value) for value in (one, two)]
    estimate = weights[0][0] - weights[1][0]
    if weights[0][1] <= weights[1][1]:
        estimate -= 1
    scale = max(LEAST_SCALE - estimate * DIGITS, _scale(one), _scale(two), 0)
    exact = EXACT.divide(one, two)
    return exact.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, EXACT)


OF_DECIMALS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": EXACT.add,
    "-": EXACT.subtract,
    "*": EXACT.multiply,
    "/": quotient,
    "%": EXACT.remainder,
}


def _weight(value: Decimal) -> tuple[int, int]:
    """Which group of four digits is the first, and what it says."""
    if value == 0:
        return (0, 0)
    weight = value.adjusted() // DIGITS
    return weight, int(abs(value).scaleb(-weight * DIGITS, EXACT))


def _scale(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))


@known
def negated(kind: str, value: Any) -> Any:
    return within(-value, kind) if kind in INTEGERS else -value


@known
def rounded(kind: str, value: Any, digits: int) -> Any:
    if not math.isfinite(value):
        return value
    if kind == DOUBLE:
        return float(decimal(float(value)).quantize(Decimal(1), ROUND_HALF_EVEN, EXACT))
    unit = Decimal(1).scaleb(-max(-100, min(100, digits)))
    return stored(decimal(value).quantize(unit, ROUND_HALF_UP, EXACT))


@known
def to_whole(kind: str, own: str, value: Any) -> int:
    if own == TEXT:
        if not WHOLE.fullmatch(value):
            raise Failed(f'invalid input syntax for type {kind}: "{value[:40]}"')
        number = int(value)
        if abs(number + 0.5) > LARGEST[kind] + 1:
            raise Failed(f'value "{value.strip()}" is out of range for type {kind}')
        return within(number, kind)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Failed(f"{kind} out of range")
        way = ROUND_HALF_EVEN if own == DOUBLE else ROUND_HALF_UP
        value = int(decimal(value).quantize(Decimal(1), way, EXACT))
    return within(value, kind)


@known
def to_fraction(kind: str, value: Any) -> Any:
    if isinstance(value, str):
        if not FRACTION.fullmatch(value):
            raise Failed(f'invalid input syntax for type {kind}: "{value[:40]}"')
        return float(value)
    return float(value) if kind == DOUBLE else value


@known
def to_truth(value: Any) -> int:
    if isinstance(value, str):
        said = value.strip().lower()
        if said not in TRUE + FALSE:
            raise Failed(f'invalid input syntax for type boolean: "{value[:40]}"')
        return int(said in TRUE)
    return int(value != 0)


@known
def to_text(kind: str, value: Any) -> str:
    if kind == BOOLEAN:
        return "true" if value else "false"
    if kind in (NUMERIC, DOUBLE) and isinstance(value, float):
        if kind == NUMERIC and math.isfinite(value):
            return f"{decimal(value).normalize(EXACT):f}"
        return repr(value).removesuffix(".0")
    return str(value)


# -- texts


def concat(*parts: Any) -> str:
    return "".join(str(part) for part in parts if part is not None)[:LONGEST]


def join(*parts: Any) -> str | None:
    return None if None in parts else concat(*parts)


def find(text: Any, wanted: Any) -> int | None:
    if text is None or wanted is None:
        return None
    return str(short(text, LONGEST, LONG_TEXT)).find(short(wanted, MAX_PATTERN, LONG_PATTERN)) + 1


def short(text: Any, most: int, refusal: str) -> Any:
    if isinstance(text, str) and len(text) > most:
        raise Failed(refusal)
    return text


@known
def part_of_text(text: str, start: int, length: int | None = None) -> str:
    """`substring`: places before the text count as well."""
    if length is None:
        return text[max(start, 1) - 1 :]
    if length < 0:
        raise Failed("negative substring length not allowed")
    return text[max(start, 1) - 1 : max(start + length, 1) - 1]


@known
def left(text: str, length: int) -> str:
    return text[:length]


# -- all rows together


class Total:
    """Exact, also for the rows of a window, which come and go."""

    def __init__(self) -> None:
        self.sum, self.count, self.whole = Decimal(0), 0, True

    def step(self, value: Any) -> None:
        if value is not None:
            self.whole = self.whole and isinstance(value, int)
            self.sum = EXACT.add(self.sum, decimal(value))
            self.count += 1

    def inverse(self, value: Any) -> None:
        if value is not None:
            self.sum = EXACT.subtract(self.sum, decimal(value))
            self.count -= 1

    def value(self) -> Any:
        if not self.count:
            return None
        exact = self.whole and abs(self.sum) <= LARGEST["bigint"]
        return int(self.sum) if exact else stored(self.sum)

    finalize = value


class Mean(Total):
    def value(self) -> Any:
        if not self.count:
            return None
        return stored(quotient(self.sum, Decimal(self.count)))

    finalize = value


class Single:
    """The one value of a question that stands for a value."""

    def __init__(self) -> None:
        self.found: Any = None
        self.count = 0

    def step(self, value: Any) -> None:
        self.count += 1
        if self.count > 1:
            raise Failed(SEVERAL)
        self.found = value

    def finalize(self) -> Any:
        return self.found


SEVERAL = "more than one row returned by a subquery used as an expression"
