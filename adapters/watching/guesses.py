"""Credentials that are refused: each is counted, and the log has a line a minute of them."""

import threading
import time
from collections import Counter
from collections.abc import Callable

from structlog import get_logger

AGAIN_SECONDS = 60.0
NAMED = 3
"""Addresses that a line names: those with the most."""
ADDRESSES = 1_000
"""Addresses that are told apart; the others count together."""
OTHERS = "others"

log = get_logger()


class Guesses:
    """What was refused since the last line."""

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._addresses: Counter[str] = Counter()
        self._again = 0.0

    def refused(self, address: str) -> None:
        self._count()
        with self._lock:
            known = address in self._addresses or len(self._addresses) < ADDRESSES
            self._addresses[address if known else OTHERS] += 1

    def tell(self) -> None:
        """Every second: writes a line when there is something to say and a minute is over."""
        now = time.monotonic()
        with self._lock:
            if not self._addresses or now < self._again:
                return
            self._again = now + AGAIN_SECONDS
            refused, self._addresses = self._addresses, Counter()
        most = dict(refused.most_common(NAMED))
        log.warning("credentials were refused", count=refused.total(), addresses=most)
