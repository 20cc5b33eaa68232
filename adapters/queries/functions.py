"""The functions that questions are answered with on SQLite: what PostgreSQL has, and SQLite not."""

import json
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from adapters.queries import reckoning
from adapters.queries.failures import Failed
from adapters.queries.reckoning import decimal, known
from adapters.queries.times import Clock

Functions = list[tuple[str, int, Callable[..., Any]]]


def functions(clock: Clock) -> Functions:
    """Names, numbers of arguments (-1: any), and what is called."""
    of_times: Functions = [
        ("sb_time", 1, clock.to_time),
        ("sb_date", 1, clock.to_date),
        ("sb_midnight", 1, clock.midnight),
        ("sb_day", 1, clock.day),
        ("sb_shift", 4, clock.shift),
        ("sb_add_days", 2, clock.add_days),
        ("sb_days", 2, clock.days_between),
        ("sb_part", 2, clock.part),
        ("sb_trunc", 2, clock.trunc),
        ("sb_time_text", 1, clock.text),
        ("sb_formatted", 2, clock.formatted),
    ]
    return [
        *((name, count, known(function)) for name, count, function in of_times),
        ("sb_reckoned", 4, reckoning.reckoned),
        ("sb_negated", 2, reckoning.negated),
        ("sb_round", 3, reckoning.rounded),
        ("sb_whole", 3, reckoning.to_whole),
        ("sb_fraction", 2, reckoning.to_fraction),
        ("sb_truth", 1, reckoning.to_truth),
        ("sb_text", 2, reckoning.to_text),
        ("sb_to_char", 2, known(to_char)),
        ("sb_concat", -1, reckoning.concat),
        ("sb_join", -1, reckoning.join),
        ("sb_find", 2, reckoning.find),
        ("sb_short", 3, reckoning.short),
        ("sb_substr", -1, reckoning.part_of_text),
        ("sb_left", 2, reckoning.left),
        ("sb_json", 1, known(to_json)),
        ("sb_json_part", 2, known(json_part)),
        ("sb_json_text", 2, known(json_text)),
    ]


def to_char(value: Any, form: str) -> str:
    """A number by a pattern of 9, 0, a point, and FM before them."""
    bare = form.removeprefix("FM")
    whole, _, fraction = bare.partition(".")
    digits = decimal(value).quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP)
    front, _, back = f"{abs(digits):f}".partition(".")
    first = whole.find("0")
    front = front.lstrip("0").rjust(len(whole) - first if first >= 0 else 0, "0")
    if len(front) > len(whole):
        front, back = "#" * len(whole), "#" * len(fraction)
    if bare != form:
        kept = fraction.rfind("0") + 1
        back = back[:kept] + back[kept:].rstrip("0")
    sign = "-" if digits < 0 else ""
    said = sign + front + ("." + back if fraction else "")
    return said if bare != form else said.rjust(len(bare) + 1)


# -- JSON, as text


class _Raw(str):
    """A number as it was written."""

    __slots__ = ()


def _read(text: str) -> Any:
    def none(said: str) -> Any:
        raise ValueError(said)

    try:
        return json.loads(text, parse_float=_Raw, parse_int=_Raw, parse_constant=none)
    except (ValueError, RecursionError):
        raise Failed("invalid input syntax for type json") from None


def to_json(text: str) -> str:
    _read(text)
    return text


def json_part(text: str, key: str | int) -> str | None:
    """An entry of an object or a list."""
    value = _entry(_read(text), key)
    return None if value is _NOTHING else _written(value)


def json_text(text: str, key: str | int) -> str | None:
    value = _entry(_read(text), key)
    if value is _NOTHING or value is None:
        return None
    return value if isinstance(value, str) else _written(value)


_NOTHING = object()


def _entry(value: Any, key: str | int) -> Any:
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key, _NOTHING)
    if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return _NOTHING


def _written(value: Any) -> str:
    if isinstance(value, _Raw):
        return str(value)
    if isinstance(value, dict):
        entries = (f"{json.dumps(k, ensure_ascii=False)}:{_written(v)}" for k, v in value.items())
        return "{" + ",".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
