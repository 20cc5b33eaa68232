"""Times in questions: what text of a client means, and what SQLite is missing.

On SQLite a time is text of 26 characters in UTC and a date one of 10, so that they sort; the
functions here do what PostgreSQL does with its own types, in the same zone.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from adapters.queries.failures import Failed
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
    """Times as text, in the zone of one account. A time is kept in UTC; what a client writes
    without an offset is in the account's zone."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)

    def moment(self, text: str) -> datetime:
        """What a client wrote."""
        said = text.strip()
        if said.lower() in ("now", "now()"):
            return datetime.now(UTC)
        found = datetime.fromisoformat(said)
        return found.astimezone(UTC) if found.tzinfo else self.instant(found)

    def instant(self, local: datetime) -> datetime:
        """A local time as PostgreSQL reads it: of an hour that is there twice, the second one; of
        one that is left out, as if clocks had not moved yet."""
        offsets = [local.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1)]
        return (local - min(offset for offset in offsets if offset is not None)).replace(tzinfo=UTC)

    def local(self, kept: str) -> datetime:
        return _moment(kept).astimezone(self.zone)

    def kept(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f").rjust(26, "0")

    def now(self) -> str:
        return self.kept(datetime.now(UTC))

    def today(self) -> str:
        return datetime.now(self.zone).date().isoformat()

    def shown(self, moment: datetime) -> str:
        return local_time(moment.isoformat(), str(self.zone)).isoformat().replace("+00:00", "Z")

    # -- functions on SQLite

    def to_time(self, text: str) -> str:
        try:
            return self.kept(self.moment(text))
        except (ValueError, OverflowError):
            raise Failed(f"{NO_TIME}, not {text[:40]!r}") from None

    def to_date(self, text: str) -> str:
        """A date as it is written, whatever is behind it."""
        try:
            return self.read_date(text)
        except ValueError:
            raise Failed(f"{NO_TIME}, not {text[:40]!r}") from None

    def read_date(self, text: str) -> str:
        said = text.strip()
        if said.lower() == "now":
            return self.today()
        return datetime.fromisoformat(said).date().isoformat()

    def midnight(self, day: str) -> str:
        return self.kept(self.instant(datetime.fromisoformat(day)))

    def day(self, kept: str) -> str:
        return self.local(kept).date().isoformat()

    def shift(self, kept: str, months: int, days: int, seconds: int) -> str:
        """Months and days are those of the calendar in the account's zone."""
        moment = _moment(kept)
        try:
            if months or days:
                local = moment.astimezone(self.zone).replace(tzinfo=None)
                count = local.year * 12 + local.month - 1 + months
                year, month = divmod(count, 12)
                day = min(local.day, monthrange(year, month + 1)[1])
                moved = local.replace(year=year, month=month + 1, day=day) + timedelta(days=days)
                moment = self.instant(moved)
            return self.kept(moment + timedelta(seconds=seconds))
        except (ValueError, OverflowError):
            raise Failed("timestamp out of range") from None

    @staticmethod
    def add_days(day: str, days: int) -> str:
        try:
            return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
        except OverflowError:
            raise Failed("date out of range") from None

    @staticmethod
    def days_between(one: str, two: str) -> int:
        return (date.fromisoformat(one) - date.fromisoformat(two)).days

    def part(self, name: str, value: str) -> float | int:  # noqa: PLR0911 - one case a part
        """Of a time, or of a date."""
        is_day = len(value) == len("2026-01-01")
        local = datetime.fromisoformat(value) if is_day else self.local(value)
        match name:
            case "epoch":
                return (local.replace(tzinfo=UTC) if is_day else local).timestamp()
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

    def trunc(self, name: str, kept: str) -> str:
        local = self.local(kept)
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
        if name not in units:
            return self.kept(self.instant(datetime.combine(day, time())))
        apart = dict.fromkeys(units[units.index(name) + 1 :], 0)
        return self.kept(local.replace(microsecond=0, **apart))  # type: ignore[arg-type] # parts

    def text(self, kept: str) -> str:
        """As PostgreSQL writes a time."""
        local = self.local(kept)
        fraction = f".{local.microsecond:06d}".rstrip("0") if local.microsecond else ""
        offset = local.strftime("%z")
        minutes = "" if offset[3:5] == "00" else f":{offset[3:5]}"
        return f"{local:%Y-%m-%d %H:%M:%S}{fraction}{offset[:3]}{minutes}"

    def formatted(self, kept: str, form: str) -> str:
        """`to_char` of a time; the pattern was checked."""
        local = self.local(kept)
        return PATTERN.sub(lambda found: _written(found[0], local), form).replace('"', "")


NO_TIME = "expected times such as '2026-11-21T20:00:00+01:00' or '2026-11-21'"
PATTERN = re.compile(
    r'"[^"]*"|IYYY|YYYY|YY|MM|DD|HH24|HH12|HH|MI|SS|MS|US|Month|Mon|Day|Dy|IW|ID|Q|D|AM|PM'
    r"|iyyy|yyyy|yy|mm|dd|hh24|hh12|hh|mi|ss|ms|us|iw|id"
)
WORDS = re.compile(r"[A-Za-z]+")


def readable(form: str) -> bool:
    """Whether a pattern of `to_char` is known here, all of it."""
    return not WORDS.search(PATTERN.sub("", form))


def _written(name: str, local: datetime) -> str:
    form = {
        "YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH24": "%H", "HH12": "%I", "HH": "%I",
        "MI": "%M", "SS": "%S", "US": "%f", "Mon": "%b", "Dy": "%a", "IYYY": "%G", "IW": "%V",
        "ID": "%u", "AM": "%p", "PM": "%p",
    }.get(name if name in ("Mon", "Dy") else name.upper())  # fmt: skip
    if form:
        return local.strftime(form)
    match name:
        case "MS" | "ms":
            return f"{local.microsecond // 1000:03d}"
        case "Month" | "Day":
            return local.strftime("%B" if name == "Month" else "%A").ljust(9)
        case "Q":
            return str((local.month + 2) // 3)
        case "D":
            return str(local.isoweekday() % 7 + 1)
    return name


def _moment(kept: str) -> datetime:
    return datetime.fromisoformat(kept).replace(tzinfo=UTC)
