"""The bodies of requests under way, which a process holds in memory: so many bytes of everybody
together, and half as many of one account. Those without a key are one account, too."""

from collections import Counter
from collections.abc import Callable

from adapters.http.readers import PAYER
from domain.errors import TooBusy

HELD = "stagebook.held"
"""Where a request's scope has its `Held`."""


class Bodies:
    def __init__(self, most: int, refused: Callable[[], None] = lambda: None) -> None:
        """`most`: bytes, 0 is no bound. `refused` counts the requests that find no room."""
        self._most, self._refused = most, refused
        self._by_account: Counter[int] = Counter()
        self.bytes = 0
        """Of all accounts."""

    def take(self, account: int, size: int) -> None:
        """Room for so many bytes, or `TooBusy`."""
        own = self._by_account[account] + size
        if self._most and (self.bytes + size > self._most or own > self._most // 2):
            self._refused()
            most = self._most if own <= self._most // 2 else self._most // 2
            said = f"the bodies of requests under way have more than {most} bytes"
            raise TooBusy(f"{said}: STAGEBOOK_MAX_BODIES", limit="bodies")
        self._by_account[account] = own
        self.bytes += size

    def give_back(self, account: int, size: int) -> None:
        self.bytes -= size
        self._by_account[account] -= size
        if not self._by_account[account]:
            del self._by_account[account]


class Held:
    """What one request holds; it gives it back at its end."""

    __slots__ = ("_account", "_bodies", "_size")

    def __init__(self, bodies: Bodies) -> None:
        self._bodies, self._account, self._size = bodies, 0, 0

    def add(self, size: int) -> None:
        """More of its body; `TooBusy` where there is no room for it."""
        if not self._size:
            self._account = PAYER.get()
        self._bodies.take(self._account, size)
        self._size += size

    def release(self) -> None:
        if self._size:
            self._bodies.give_back(self._account, self._size)
            self._size = 0
