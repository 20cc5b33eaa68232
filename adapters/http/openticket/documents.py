"""Documents as this vendor's clients read them."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.ids import Kind, guid


def company_id(account: int) -> str:
    """The guid of an account."""
    return str(guid(account, Kind.REGISTRY, 1))


@lru_cache(100_000)
def time_in(text: str | None, zone: str) -> str | None:
    """A time of a document as this wire has it: ISO 8601 in seconds, with a numeric offset."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    return moment.replace(microsecond=0).isoformat()
