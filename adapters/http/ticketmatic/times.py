"""Times, the least consistent part of this wire.

Read: every form that a published client writes; a time without an offset is meant in the account's
time zone. Written: RFC 3339 with the offset of that zone, which every client reads alike.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from domain.errors import Invalid
from domain.values import local_time, microseconds_in, stamp

UTC_ZONE = "UTC"
READ = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?)? ?"
    r"(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?",
    re.ASCII | re.IGNORECASE,
)
EXPECTED = "expected a time such as 2026-11-21 20:00:00"


def zoned(time: str, zone: str) -> str:
    """A time of a document, in UTC with a Z, in that zone."""
    local, offset = _minute(time[:16], zone)
    return local + time[16:-1] + offset


@lru_cache(32_768)
def _minute(minute: str, zone: str) -> tuple[str, str]:
    """What stands before the seconds of a time in that zone, and behind them: offsets are whole
    minutes, so the rest of a time is the same everywhere."""
    local = local_time(f"{minute}:00+00:00", zone).isoformat()
    return local[:16], local[19:]


def read(path: str, value: Any, zone: str) -> str:
    """A time as facts carry it. `Invalid` names the path."""
    if isinstance(value, Mapping):  # how a PHP DateTime becomes JSON
        said, of = value.get("date"), value.get("timezone")
        if not isinstance(said, str) or not isinstance(of, str):
            raise Invalid(path, EXPECTED)
        offset = of if re.fullmatch(r"[+-]\d\d:\d\d", of) else ""
        return read(path, said + offset, zone if offset else _zone(path, of))
    if not isinstance(value, str):
        raise Invalid(path, EXPECTED)
    text = value.strip()
    if text[:1] in '"{':
        return read(path, _json(path, text), zone)
    found = READ.fullmatch(re.sub(r" (?=\d\d:?\d\d$)", "+", text) if text.count(" ") > 1 else text)
    if found is None:
        raise Invalid(path, EXPECTED)
    day, clock, fraction, offset = found.groups()
    try:
        moment = datetime.fromisoformat(
            f"{day}T{clock or '00:00'}{(offset or '').upper()}"
        ) + timedelta(microseconds=microseconds_in(fraction))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        return stamp(aware)
    except (ValueError, OverflowError) as error:
        raise Invalid(path, f"not a real time: {error}") from None


def understood(body: Any, places: dict[str, Any], zone: str, path: str = "") -> Any:
    """A body with every time read (`places`: where its model has them), and those that are null
    left out: they were not given."""
    if isinstance(body, list):
        return [understood(one, places, zone, f"{path}{n}.") for n, one in enumerate(body)]
    if not isinstance(body, dict):
        return body
    made = dict(body)
    for name, within in places.items():
        if name not in body:
            continue
        if within is not True:
            made[name] = understood(body[name], within, zone, f"{path}{name}.")
        elif body[name] is None:
            del made[name]
        else:
            made[name] = read(path + name, body[name], zone)
    return made


def _zone(path: str, name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise Invalid(path, f"expected an IANA time zone, not {name[:60]!r}") from None
    return name


def _json(path: str, text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid(path, EXPECTED) from None
    if isinstance(value, str) and value[:1] in '"{':
        raise Invalid(path, EXPECTED)
    return value
