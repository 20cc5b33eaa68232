"""Values come in as JSON, are checked, and are kept in one canonical form."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, TypeAdapter, ValidationError

from domain.values import (
    MAX_ID,
    Color,
    CountryCode,
    CustomFields,
    Line,
    Price,
    Reference,
    Timestamp,
    TimeZone,
    canonical_time,
    local_time,
    microseconds,
    same,
    stamp,
)

STRICT = ConfigDict(strict=True, allow_inf_nan=False)


def checked(of: Any, value: Any) -> Any:
    return TypeAdapter(of, config=STRICT).validate_python(value)


def refused(of: Any, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        checked(of, value)
    return str(caught.value)


# -- times


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2026-11-21T20:00:00Z", "2026-11-21T20:00:00Z"),
        ("2026-11-21T20:00:00+00:00", "2026-11-21T20:00:00Z"),
        ("2026-11-21T20:00:00+01:00", "2026-11-21T19:00:00Z"),
        ("2026-11-21T20:00:00-05:30", "2026-11-22T01:30:00Z"),
        ("2026-11-21T20:00:00.000Z", "2026-11-21T20:00:00Z"),
        ("2026-11-21T20:00:00.5Z", "2026-11-21T20:00:00.500000Z"),
        ("2026-11-21T20:00:00.123456Z", "2026-11-21T20:00:00.123456Z"),
        ("2026-11-21t20:00:00z", "2026-11-21T20:00:00Z"),
        ("2027-06-22T10:49:06.1926169+00:00", "2027-06-22T10:49:06.192617Z"),
        ("2026-11-21T20:00:00.123456499Z", "2026-11-21T20:00:00.123456Z"),
        ("2026-11-21T20:00:00.1234565Z", "2026-11-21T20:00:00.123456Z"),
        ("2026-11-21T20:00:00.1234575Z", "2026-11-21T20:00:00.123458Z"),
        ("2026-11-21T20:00:00.123456500Z", "2026-11-21T20:00:00.123456Z"),
        ("2026-11-21T20:00:00.123456501Z", "2026-11-21T20:00:00.123457Z"),
        ("2026-12-31T23:59:59.999999999Z", "2027-01-01T00:00:00Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("0999-01-01T00:00:00Z", "0999-01-01T00:00:00Z"),
    ],
)
def test_a_time_is_kept_in_utc_with_a_fraction_only_where_there_is_one(
    written: str, kept: str
) -> None:
    assert checked(Timestamp, written) == kept


@pytest.mark.parametrize(
    "mangled",
    [
        "2026-11-21T20:00:00",
        "2026-11-21 20:00:00Z",
        "2026-11-21T20:00:00+10:60",
        "2026-11-21T20:00:00+0160",
        "2026-11-21T20:00Z",
        "2026-11-21T20:00:00+0100",
        "2026-11-21T20:00:00+01",
        "2026-11-21T20:00:00+24:00",
        "2026-11-21T20:00:00+01:60",
        "2026-11-21T24:00:00Z",
        "2026-11-21T20:60:00Z",
        "2026-11-21T20:00:60Z",
        "2026-11-21T20:00:00.Z",
        "2026-11-21T20:00:00.1234567891Z",
        "9999-12-31T23:59:59.9999999Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-11-21",
        "20261121T200000Z",
        "2026-W47-6T20:00:00Z",
        "\uff12026-11-21T20:00:00Z",
        "2026-11-21T20:00:00Z\n",
        " 2026-11-21T20:00:00Z",
        "now",
        "",
        "Z" * 41,
    ],
)
def test_a_naive_or_mangled_time_is_refused(mangled: str) -> None:
    assert refused(Timestamp, mangled)


@pytest.mark.parametrize("value", [1_795_000_000, 1.5, True, None, ["2026-11-21T20:00:00Z"]])
def test_a_time_is_a_text(value: object) -> None:
    assert "string" in refused(Timestamp, value)


moments = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001 - the strategy wants naive limits and adds the zone
    datetime(9998, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59)


@given(moments, offsets)
def test_the_offset_of_a_time_is_a_way_of_writing_it(moment: datetime, offset: int) -> None:
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    local = (moment + timedelta(minutes=offset)).replace(tzinfo=None).isoformat()
    written = f"{local}{sign}{minutes // 60:02d}:{minutes % 60:02d}"

    kept = canonical_time(written)

    assert kept == moment.isoformat().replace("+00:00", "Z")
    assert canonical_time(kept) == kept


@given(moments, moments)
def test_times_are_compared_as_moments_and_stamps_as_texts(one: datetime, other: datetime) -> None:
    first, second = canonical_time(one.isoformat()), canonical_time(other.isoformat())

    assert ((microseconds(first) or 0) < (microseconds(second) or 0)) == (one < other)
    assert (stamp(one) < stamp(other)) == (one < other)


def test_a_time_is_indexed_by_its_microseconds_since_1970() -> None:
    assert microseconds("1970-01-01T00:00:01.000002Z") == 1_000_002
    assert microseconds("1969-12-31T23:59:59Z") == -1_000_000
    assert microseconds(None) is None


# -- numbers


@pytest.mark.parametrize("price", [0, 25, 25.0, 30.5, 0.1, 0.000001, 999_999_999.999999])
def test_a_price_has_at_most_six_decimals_and_is_kept_as_a_float(price: float) -> None:
    kept = checked(Price, price)

    assert kept == price
    assert type(kept) is float


@pytest.mark.parametrize(
    "value",
    [
        -0.01,
        0.0000001,
        0.1 + 0.2,
        1_000_000_000.5,
        float("nan"),
        float("inf"),
        float("-inf"),
        "10.00",
        True,
        None,
    ],
)
def test_what_is_no_price_is_refused(value: object) -> None:
    assert refused(Price, value)


@pytest.mark.parametrize("value", [-1, MAX_ID + 1, 10**30, 1.0, "1", True, None])
def test_what_is_no_id_is_refused(value: object) -> None:
    assert refused(Reference, value)


def test_the_largest_id_is_one_that_every_json_reader_keeps() -> None:
    assert checked(Reference, 9_007_199_254_740_991) == 9_007_199_254_740_991


# -- texts


@pytest.mark.parametrize("zone", ["UTC", "Europe/Brussels", "America/Argentina/Ushuaia"])
def test_a_time_zone_is_one_of_the_iana_database(zone: str) -> None:
    assert checked(TimeZone, zone) == zone


@pytest.mark.parametrize(
    "zone", ["", "Europe/Atlantis", "europe/brussels", "+01:00", "../../etc/passwd", "U" * 65, 1]
)
def test_a_time_zone_that_does_not_exist_is_refused(zone: object) -> None:
    assert refused(TimeZone, zone)


@pytest.mark.parametrize("code", ["be", "BEL", "B", "", "B1", "BE\n", "ÅX", 32])
def test_a_country_is_two_capital_letters(code: object) -> None:
    assert checked(CountryCode, "BE") == "BE"
    assert refused(CountryCode, code)


@pytest.mark.parametrize("color", ["112233", "#12345", "#1122334", "#GG0000", "#112233\n", "red"])
def test_a_color_is_a_hash_and_six_hexadecimal_digits(color: str) -> None:
    assert checked(Color, "#11aaFF") == "#11aaFF"
    assert refused(Color, color)


def test_a_line_has_at_most_255_characters() -> None:
    assert checked(Line, "é" * 255)
    assert refused(Line, "e" * 256)


# -- custom fields


@pytest.mark.parametrize("key", ["c_", "c_" + "a" * 31, "c_a-b", "c_é", "x_a", "name ", "C_a", "c"])
def test_a_custom_field_has_a_key_of_its_own_kind(key: str) -> None:
    assert checked(CustomFields, {"c_" + "a" * 30: 1, "c_A_9": 2})
    assert "unknown field" in refused(CustomFields, {key: 1})


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"in": value}
    return value


def test_a_custom_field_has_at_most_eight_levels() -> None:
    assert checked(CustomFields, {"c_a": nested(8)})
    for too_deep in (nested(9), [1, nested(8), 1], {"a": 1, "b": nested(8), "c": 1}):
        assert "at most 8 levels" in refused(CustomFields, {"c_a": too_deep})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("nan")], object(), {1: 2}])
def test_a_custom_field_holds_json_and_nothing_else(value: object) -> None:
    assert refused(CustomFields, {"c_a": value})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)


# -- equality


@given(json_values, json_values)
def test_two_values_are_the_same_when_their_json_is(one: Any, other: Any) -> None:
    assert same(one, other) == (canonical(one) == canonical(other))


def canonical(value: Any) -> str:
    """Python's own text of a value, with the fields in one order: True and 1 differ in it."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {canonical(value[k])}' for k in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(canonical, value))}]"
    return repr(value)


@pytest.mark.parametrize(("one", "other"), [(True, 1), (False, 0), ([True], [1]), (1, 1.0)])
def test_true_is_not_1(one: Any, other: Any) -> None:
    assert one == other
    assert not same(one, other)


@pytest.mark.parametrize(
    ("text", "zone", "local"),
    [
        ("2026-07-01T18:00:00Z", "Europe/Brussels", "2026-07-01T20:00:00+02:00"),
        ("9999-12-31T23:30:00Z", "Europe/Brussels", "9999-12-31T23:30:00+00:00"),
        ("0001-01-01T00:30:00Z", "America/New_York", "0001-01-01T00:30:00+00:00"),
        ("1500-01-01T12:00:00Z", "Europe/Brussels", "1500-01-01T12:00:00+00:00"),
    ],
)
def test_a_time_in_a_zone_is_one_that_every_reader_knows(text: str, zone: str, local: str) -> None:
    assert local_time(text, zone).isoformat() == local
