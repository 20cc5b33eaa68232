"""How often may be asked: by an address without a key that is known, by a key, by an account.

Each process counts for itself, in fixed windows. Of a limit that is large, requests are counted
here by the hundred before the library is asked, so that a request with a key costs next to nothing.
"""

import math
import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import Request
from limits import RateLimitItem, parse_many
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import Scope

from adapters.http.errors import TooManyRequests
from adapters.http.proxies import LONGEST, Proxies
from adapters.settings import Settings
from application.keyring import Principal

MOST = 10_000
"""Addresses, keys or accounts that are counted apart; the others share a window."""
OTHERS = "others"
DROP_SECONDS = 1.0
"""How often it is looked for windows that have ended; in between, the others share one."""
STEP, FEWEST_STEPS = 100, 100
"""Requests that are counted here before the library is, where a limit allows so many times that."""
EXEMPT = ("/health/", "/metrics")
REFUSED = "stagebook.too-many-requests"
"""Where a request's scope has why it is not answered."""
COUNTED = "stagebook.counted"


class Windows(Storage):
    """Counters that end with their window, at most so many. The library's own starts a thread every
    ten milliseconds that looks at all of them."""

    STORAGE_SCHEME = ["windows"]  # noqa: RUF012 - as the library declares it
    base_exceptions = ValueError

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._most, self._clock = most, clock
        self._windows: dict[str, list[float]] = {}
        """When it ends, and its count; the first has begun the longest ago."""
        self._dropped = -DROP_SECONDS

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        window = self._window(key)
        if window is None:
            if len(self._windows) >= self._most:
                self._drop_ended()
            if len(self._windows) >= self._most:
                key, window = OTHERS, self._window(OTHERS)
        if window is None:
            self._windows.pop(key, None)  # to the end of the line
            window = self._windows[key] = [self._clock() + expiry, 0]
        window[1] += amount
        return int(window[1])

    def _window(self, key: str) -> list[float] | None:
        window = self._windows.get(key)
        return window if window and window[0] > self._clock() else None

    def _drop_ended(self) -> None:
        now = self._clock()
        if now - self._dropped < DROP_SECONDS:
            return
        self._dropped = now
        for key in [key for key, (ends, _) in self._windows.items() if ends <= now]:
            del self._windows[key]

    def get(self, key: str) -> int:
        window = self._window(key)
        return int(window[1]) if window else 0

    def get_expiry(self, key: str) -> float:
        window = self._window(key) or self._window(OTHERS)
        return window[0] if window else self._clock()

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        windows, self._windows = len(self._windows), {}
        return windows

    def clear(self, key: str) -> None:
        self._windows.pop(key, None)


class Rate:
    """One limit: `1000/10 seconds`, or several with semicolons between."""

    def __init__(
        self, name: str, notation: str, most: int = MOST, clock: Callable[[], float] = time.time
    ) -> None:
        self.name, self.notation, self._clock, self._most = name, notation, clock, most
        self._items: list[RateLimitItem] = parse_many(notation)
        self._limiter = FixedWindowRateLimiter(Windows(most, clock))
        least = min(item.amount for item in self._items)
        self._step = STEP if least >= STEP * FEWEST_STEPS else 1
        self._counts: dict[str | int, int] = {}
        """Requests that the library does not know of yet."""
        self._closed: dict[str | int, float] = {}
        """Until when nothing more is answered."""

    def wait(self, principal: str | int) -> float:
        """Counts a request; 0, or the seconds after which one is answered again."""
        if self._closed and (until := self._closed.get(principal)):
            if (seconds := until - self._clock()) > 0:
                return seconds
            del self._closed[principal]
        if self._step > 1:
            count = self._counts.get(principal, 0) + 1
            if count < self._step:
                if len(self._counts) >= self._most:
                    self._counts.clear()
                self._counts[principal] = count
                return 0.0
            del self._counts[principal]
        return self._hit(principal)

    def _hit(self, principal: str | int) -> float:
        over = [i for i in self._items if not self._limiter.hit(i, str(principal), cost=self._step)]
        if not over:
            return 0.0
        until = max(
            self._limiter.get_window_stats(item, str(principal)).reset_time for item in over
        )
        if len(self._closed) >= self._most:
            self._closed.clear()
        self._closed[principal] = until
        return max(until - self._clock(), 0.001)


class Rates:
    """The limits of this process."""

    def __init__(self, settings: Settings, refused: Callable[[str], None]) -> None:
        self._refused = refused
        self._trusted = Proxies(settings.proxies)
        self._strangers = _rate("address", settings.rate_without_key)
        self._keys = _rate("key", settings.rate_of_key)
        self._accounts = _rate("account", settings.rate_of_account)

    def meet_stranger(self, scope: Scope) -> bool:
        """Counts a request without a key that is known, whether or not it needs one. False once
        they are too many: it has `REFUSED` then. Proxies stand for many: where one does not say for
        whom it asks, nobody is counted."""
        address = (scope.get("client") or ("",))[0]
        if self._strangers is None or address in self._trusted:
            return True
        if scope["path"].startswith(EXEMPT):
            return True
        if seconds := self._strangers.wait(network(address)):
            scope[REFUSED] = self._refusal(self._strangers, seconds)
            return False
        return True

    def meet(self, request: Request, principal: Principal) -> None:
        """Counts a request of a key, once. A visitor of a shop has none, and counts for the
        account."""
        if request.scope.get(COUNTED):
            return
        request.scope[COUNTED] = True
        for rate, number in ((self._keys, principal.key), (self._accounts, principal.account)):
            if rate and number and (seconds := rate.wait(number)):
                raise self._refusal(rate, seconds)

    def _refusal(self, rate: Rate, seconds: float) -> TooManyRequests:
        self._refused(rate.name)
        after = math.ceil(seconds)
        message = f"this {rate.name} has sent {rate.notation}: send again after {after} s"
        return TooManyRequests(message, limit=rate.name, rate=rate.notation, retryafter=after)


def require_room(scope: Scope) -> None:
    """Refuses a request of an address that has sent too many without a key that is known."""
    if refusal := scope.get(REFUSED):
        raise refusal


def _rate(name: str, notation: str) -> Rate | None:
    return Rate(name, notation) if notation else None


def network(address: str) -> str:
    """What is counted as one address: of IPv6, the network of 64 bits that a household has."""
    return _network(address) if len(address) <= LONGEST else OTHERS


@lru_cache(4_096)
def _network(address: str) -> str:
    try:
        at = ip_address(address)
    except ValueError:
        return OTHERS
    if isinstance(at, IPv6Address):
        return str(at.ipv4_mapped or ip_network((at, 64), strict=False))
    return address
