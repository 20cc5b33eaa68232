"""Times in questions: what text of a client means, and what SQLite is missing.

On SQLite a time is text of 26 characters in UTC and a date one of 10, so that they sort; the
functions here do what PostgreSQL does with its own types, in the same zone.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.values import local_time

KEPT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")
PART = re.compile(r"([+-]?\d{1,9})\s*([a-z]+)")
UNITS = {
    "year": (12, 0, 0),
    "month": (1, 0, 0),
    "mon": (1, 0, 0),
    "week": (0, 7, 0),
    "day": (0, 1, 0),
    "hour": (0, 0, 3_600),
    "minute": (0, 0, 60),
    "min": (0, 0, 60),
    "second": (0, 0, 1),
    "sec": (0, 0, 1),
}


@dataclass(frozen=True, slots=True)
class Span:
    """An interval: these three are not the same length everywhere."""

    months: int
    days: int
    seconds: int

    def text(self) -> str:
        return f"{self.months} months {self.days} days {self.seconds} seconds"


def span(text: str) -> Span:
    """`7 days`, `1 year 2 months`, `24 hours`; `ValueError` for what is none."""
    said = text.strip().lower()
    parts = PART.findall(said)
    if not parts or PART.sub("", said).strip():
        message = "expected an interval such as interval '7 days'"
        raise ValueError(message)
    total = [0, 0, 0]
    for amount, unit in parts:
        factors = UNITS.get(unit) or UNITS.get(unit.removesuffix("s"))
        if factors is None:
            message = f"there is no unit {unit}: expected years, months, weeks, days, hours, …"
            raise ValueError(message)
        total = [sum_ + int(amount) * factor for sum_, factor in zip(total, factors, strict=True)]
    return Span(*total)


class Clock:
    """Times as text, in the zone of one account."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)

    def moment(self, text: str) -> datetime:
        """What a client wrote: without an offset it is in the account's zone."""
        said = text.strip()
        if said.lower() in ("now", "now()"):
            return datetime.now(UTC)
        found = datetime.fromisoformat(said)
        return (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(UTC)

    def kept(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f").rjust(26, "0")

    def now(self) -> str:
        return self.kept(datetime.now(UTC))

    def today(self) -> str:
        return datetime.now(self.zone).date().isoformat()

    def shown(self, moment: datetime) -> str:
        return local_time(moment.isoformat(), str(self.zone)).isoformat().replace("+00:00", "Z")

    # -- functions on SQLite; null stays null

    def to_time(self, value: str | None) -> str | None:
        return None if value is None else self.kept(self.moment(_text(value)))

    def to_date(self, value: str | None) -> str | None:
        if value is None:
            return None
        return self.moment(_text(value)).astimezone(self.zone).date().isoformat()

    def shift(self, value: str | None, months: int, days: int, seconds: int) -> str | None:
        """Months and days are those of the calendar in the account's zone."""
        if value is None:
            return None
        local = self.moment(_text(value)).astimezone(self.zone).replace(tzinfo=None)
        count = local.year * 12 + local.month - 1 + months
        year, month = divmod(count, 12)
        day = min(local.day, monthrange(year, month + 1)[1])
        moved = local.replace(year=year, month=month + 1, day=day) + timedelta(days=days)
        return self.kept(
            moved.replace(tzinfo=self.zone).astimezone(UTC) + timedelta(seconds=seconds)
        )

    def part(self, name: str, value: str | None) -> float | int | None:  # noqa: PLR0911 - one case a part
        if value is None:
            return None
        moment = self.moment(_text(value))
        local = moment.astimezone(self.zone)
        match name:
            case "epoch":
                return moment.timestamp()
            case "second":
                return local.second + local.microsecond / 1_000_000
            case "quarter":
                return (local.month + 2) // 3
            case "week":
                return local.isocalendar().week
            case "isodow":
                return local.isoweekday()
            case "dow":
                return local.isoweekday() % 7
            case "doy":
                return local.timetuple().tm_yday
        return int(getattr(local, name))

    def trunc(self, name: str, value: str | None) -> str | None:
        if value is None:
            return None
        local = self.moment(_text(value)).astimezone(self.zone)
        day = local.date()
        match name:
            case "year":
                day = day.replace(month=1, day=1)
            case "quarter":
                day = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
            case "month":
                day = day.replace(day=1)
            case "week":
                day -= timedelta(days=day.weekday())
        units = ("hour", "minute", "second")
        kept = units[: units.index(name) + 1] if name in units else ()
        at = time(*(getattr(local, unit) for unit in kept)) if kept else time()
        return self.kept(datetime.combine(day, at, tzinfo=self.zone))


def _text(value: object) -> str:
    if not isinstance(value, str):
        message = "expected a time"
        raise TypeError(message)
    return value
