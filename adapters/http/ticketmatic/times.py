"""Times, the least consistent part of this wire.

Read: every form that a published client writes; a time without an offset is meant in the account's
time zone. Written: RFC 3339 with the offset of that zone, which every client reads alike.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import from_json, to_json

from domain.errors import Invalid
from domain.values import local_time, stamp

UTC_ZONE = "UTC"
SHOWN = re.compile(rb'":"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)Z"')
"""What looks like a time. It begins with what stands before every text, so it is found fast."""
NAMED = frozenset({b"ts", b"rt", b"nd"})
"""How the names of fields that are times end: …ts, start, end, absoluteStart, absoluteEnd."""
READ = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?)? ?(Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
EXPECTED = "expected a time such as 2026-11-21 20:00:00"


def shown(body: bytes, zone: str) -> bytes:
    """A document with its times in that zone."""
    if zone == UTC_ZONE:
        return body
    start = body.find(b'"c_')  # custom fields stand last, and what is in them is the caller's own
    if start >= 0 and SHOWN.search(body, start):
        return to_json(_in_zone(from_json(body), zone))

    def moved(found: re.Match[bytes]) -> bytes:
        if body[found.start() - 2 : found.start()] not in NAMED:
            return found[0]
        local, offset = _minute(found[1], zone)
        return local + found[2] + offset

    return SHOWN.sub(moved, body)


stored_shown = lru_cache(4_096)(shown)
"""For documents as they are stored: who polls a list asks for the same ones again and again."""


def _in_zone(value: Any, zone: str) -> Any:
    if isinstance(value, list):
        return [_in_zone(one, zone) for one in value]
    if not isinstance(value, dict):
        return value
    return {n: v if n.startswith("c_") else _shown(n, v, zone) for n, v in value.items()}


def _shown(name: str, value: Any, zone: str) -> Any:
    if not isinstance(value, str) or name[-2:].encode() not in NAMED:
        return _in_zone(value, zone)
    found = SHOWN.fullmatch(b'":"%b"' % value.encode())
    if found is None:
        return value
    local, offset = _minute(found[1], zone)
    return (local[3:] + found[2] + offset[:-1]).decode()


@lru_cache(100_000)
def _minute(minute: bytes, zone: str) -> tuple[bytes, bytes]:
    """What stands before the seconds of a time in that zone, and behind them: offsets are whole
    minutes, so the rest of a time is the same everywhere."""
    local = local_time(f"{minute.decode()}:00+00:00", zone).isoformat().encode()
    return b'":"' + local[:16], local[19:] + b'"'


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
            f"{day}T{clock or '00:00'}{(fraction or '')[:7]}{offset or ''}"
        )
        aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        return stamp(aware)
    except (ValueError, OverflowError) as error:
        raise Invalid(path, f"not a real time: {error}") from None


def understood(body: Any, zone: str, path: str = "") -> Any:
    """A body with every time read, and those that are null left out: they were not given. Custom
    fields are the caller's own."""
    if isinstance(body, list):
        return [understood(one, zone, f"{path}{n}.") for n, one in enumerate(body)]
    if not isinstance(body, dict):
        return body
    made = {}
    for name, value in body.items():
        if name.startswith("c_"):
            made[name] = value
        elif name in TIMES:
            if value is not None:
                made[name] = read(path + name, value, zone)
        else:
            made[name] = understood(value, zone, f"{path}{name}.")
    return made


TIMES = frozenset(
    [
        "startts",
        "endts",
        "salestartts",
        "saleendts",
        "publishedts",
        "createdts",
        "lastupdatets",
        "expiryts",
        "rappelts",
        "absoluteStart",
        "absoluteEnd",
    ]
)


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
