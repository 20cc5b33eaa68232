"""Money: inside an integer of minor units, outside a JSON number of the currency's digits.

The digits of a currency are part of what stored amounts mean, so a line of this table is never
changed and never removed, also when the currency is withdrawn: accounts that keep it stay readable.
"""

import math
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from domain.errors import Invalid

MAX_AMOUNT = 1_000_000_000
NOISE = 1e-12
"""How far from what was meant, relatively, some steps of floats may lead."""
DEFAULT_CURRENCY = "EUR"
"""What an account keeps that was opened before accounts chose theirs: never changed."""

CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
        CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
        GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK
        LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO
        NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
        SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST
        XAD XCD XCG YER ZAR ZMW ZWG""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DIGITS = {code: digits for digits, codes in CODES.items() for code in codes.split()}
"""Every code of ISO 4217 that has minor units, with how many decimals they take."""


def known_currency(code: str) -> str:
    if code not in DIGITS:
        message = "expected a currency of ISO 4217, such as EUR"
        raise ValueError(message)
    return code


def digits(currency: str) -> int:
    return DIGITS[currency]


def minor(amount: float, currency: str) -> int | None:
    """The amount in minor units; None when no number of them is that amount."""
    units = round(amount * 10 ** DIGITS[currency])
    return units if number(units, currency) == amount else None


def minor_of(path: str, amount: float, currency: str) -> int:
    """The amount in minor units; `Invalid` at that path when it has too many digits."""
    units = minor(amount, currency)
    if units is None:
        message = f"expected at most {DIGITS[currency]} decimals, as {currency} has"
        raise Invalid(path, message + nearest(amount, DIGITS[currency]))
    return units


def nearest(amount: float, decimals: int) -> str:
    """What to send instead of a number that only floats made longer, as 0.1 + 0.2 does."""
    near = round(amount, decimals)
    if not math.isclose(amount, near, rel_tol=NOISE):
        return ""
    return f": send {near:.{min(decimals, 2) if round(near, 2) == near else decimals}f}"


def number(units: int, currency: str) -> int | float:
    """Minor units as the JSON number: the nearest to the quotient, exact up to 10^15 of them."""
    decimals = DIGITS[currency]
    return units / 10**decimals if decimals else units


def text(units: int, currency: str) -> str:
    """Minor units as people write the amount: 135.00 EUR."""
    return f"{number(units, currency):.{DIGITS[currency]}f} {currency}"


class Written(float):
    """A number that was sent with more digits than a float may keep, and its text."""

    __slots__ = ("text",)
    text: str

    @classmethod
    def of(cls, value: float, text: str) -> "Written":
        made = cls(value)
        made.text = text
        return made

    @property
    def rounded(self) -> bool:
        try:
            return Decimal(self.text) != Decimal(repr(float(self)))
        except InvalidOperation:  # an exponent beyond any number
            return True


def as_written(value: Any) -> Any:
    """Refuses what was rounded when it was read: 0.1000000000000000000001 is not 0.1."""
    if type(value) is Written and value.rounded:
        message = "expected a number of at most 15 digits"
        raise ValueError(message)
    return value


Currency = Annotated[str, AfterValidator(known_currency)]
Money = Annotated[float, Field(ge=0, le=MAX_AMOUNT), BeforeValidator(as_written)]
"""How many digits it may have is judged by the command, which knows the currency."""
PositiveMoney = Annotated[float, Field(gt=0, le=MAX_AMOUNT), BeforeValidator(as_written)]
