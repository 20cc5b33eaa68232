"""Shared values: times, texts, numbers, translations, custom fields.

Every type takes the JSON value, checks it and keeps a JSON value in canonical form, so what was
validated is what is stored, shown and compared.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, JsonValue, StringConstraints

from domain.money import Money, nearest

MAX_ID = 2**53 - 1  # the largest integer that every JSON reader keeps exactly

RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?"
    r"(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII | re.IGNORECASE,
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UTC_ZONE = "UTC"
MAX_CUSTOM_DEPTH = 8
UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})
"""Categories of letters that show nothing by themselves."""
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters of other categories that show nothing."""
CUSTOM_KEY = re.compile(r"c_[A-Za-z0-9_]{1,30}", re.ASCII)


def parse_time(text: str) -> datetime:
    """An RFC 3339 time with an offset, as an aware datetime in UTC; of more digits than six the
    nearest microsecond, the even one of two."""
    found = RFC3339.fullmatch(text)
    if found is None:
        message = "expected an RFC 3339 time with an offset, such as 2026-11-21T20:00:00+01:00"
        raise ValueError(message)
    seconds, fraction, offset = found.groups()
    try:
        whole = datetime.fromisoformat(f"{seconds}{offset}".upper())
        return (whole + timedelta(microseconds=microseconds_in(fraction))).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"not a real time: {error}"
        raise ValueError(message) from None


def microseconds_in(fraction: str | None) -> int:
    """The digits behind the point of a second, rounded half even."""
    digits = (fraction or "").lstrip(".").ljust(6, "0")
    whole, rest = int(digits[:6]), digits[6:]
    half = "5".ljust(len(rest), "0")
    return whole + (bool(rest) and (rest > half or (rest == half and whole % 2 == 1)))


def canonical_time(text: str) -> str:
    """The same instant in UTC with a Z, with a fraction only where there is one."""
    return parse_time(text).isoformat().replace("+00:00", "Z")


def stamp(moment: datetime) -> str:
    """A moment as facts carry it: UTC, always six digits, so that stamps sort as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def microseconds(text: str | None) -> int | None:
    """A canonical time as microseconds since 1970: what times are compared and indexed by."""
    if text is None:
        return None
    since = datetime.fromisoformat(text) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def local_time(text: str, zone: str) -> datetime:
    """A canonical time in that zone; in UTC where the calendar ends there, and where clocks went
    by no whole minutes: not every reader knows an offset with seconds."""
    moment = datetime.fromisoformat(text)
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except OverflowError:
        return moment.astimezone(UTC)
    offset = local.utcoffset()
    return local if offset is not None and not offset.seconds % 60 else moment.astimezone(UTC)


@cache
def time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def known_time_zone(name: str) -> str:
    if name not in time_zones():
        message = "expected an IANA time zone, such as Europe/Brussels"
        raise ValueError(message)
    return name


@cache
def countries() -> frozenset[str]:
    """The codes of ISO 3166-1 alpha-2, from the list that comes with the time zones."""
    lines = (files("tzdata.zoneinfo") / "iso3166.tab").read_text("utf-8").splitlines()
    return frozenset(line[:2] for line in lines if not line.startswith("#"))


def known_country(code: str) -> str:
    if code not in countries():
        message = "expected a country of ISO 3166-1 alpha-2, such as BE"
        raise ValueError(message)
    return code


def at_most_six_digits(price: float) -> float:
    """Prices stay exact: a number of at most six decimals survives JSON unchanged."""
    if round(price, 6) != price:
        message = f"expected at most 6 decimals{nearest(price, 6)}"
        raise ValueError(message)
    return price


def visible(text: str) -> bool:
    """Whether anything of a text can be seen: not white space, nor letters of no width."""
    return any(
        unicodedata.category(letter) not in UNSEEN and letter not in BLANK for letter in text
    )


def seen(text: str) -> str:
    """A name that somebody can read, or none at all."""
    if text and not visible(text):
        message = "expected a name that can be seen"
        raise ValueError(message)
    return text


def custom_key(key: str) -> str:
    """The key of a custom field: the only field that a schema does not name."""
    if not CUSTOM_KEY.fullmatch(key):
        message = "unknown field; a custom field is c_ and 1 to 30 letters, digits or underscores"
        raise ValueError(message)
    return key


def custom_value(value: JsonValue) -> JsonValue:
    if _depth(value) > MAX_CUSTOM_DEPTH:
        message = f"expected at most {MAX_CUSTOM_DEPTH} levels"
        raise ValueError(message)
    return value


def _depth(value: JsonValue) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def same(one: JsonValue, other: JsonValue) -> bool:
    """Equal as JSON: unlike in Python, true is not 1."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def listed(description: str, example: Any = None) -> Any:
    """A list field: cleared, it is empty."""
    return Field(
        None,
        description=description,
        examples=[example] if example else None,
        json_schema_extra={"default": []},
        max_length=1_000,
    )


def field(description: str, example: Any = None, *, cleared: Any = None, **limits: Any) -> Any:
    """An optional field; `cleared` is what it shows when nothing was ever said of it."""
    return Field(
        None,
        description=description,
        json_schema_extra={"default": cleared},
        examples=None if example is None else [example],
        **limits,
    )


Timestamp = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(canonical_time),
    Field(json_schema_extra={"format": "date-time"}),
]
Title = Annotated[str, StringConstraints(max_length=255), AfterValidator(seen)]
"""What a thing is called."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(seen)]
Line = Annotated[str, StringConstraints(max_length=255)]
Text = Annotated[str, StringConstraints(max_length=65_535)]
Url = Annotated[str, StringConstraints(max_length=2_000)]
CountryCode = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(known_country)
]
TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(known_time_zone)]
Guid = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    Field(json_schema_extra={"format": "uuid"}),
]
Reference = Annotated[int, Field(ge=0, le=MAX_ID)]
Count = Annotated[int, Field(ge=0, le=9_999_999_999)]
Price = Annotated[Money, AfterValidator(at_most_six_digits)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")]
Percentage = Annotated[float, Field(ge=0, le=100)]
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
CustomFields = dict[
    Annotated[str, AfterValidator(custom_key)], Annotated[JsonValue, AfterValidator(custom_value)]
]
