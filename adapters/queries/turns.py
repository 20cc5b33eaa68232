"""Whose question is answered next: so many run at once, of one account so many, and accounts take
turns. Who would wait too long is refused, and asks again later."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import TooBusy

AT_ONCE = 2
AT_ONCE_OF_ACCOUNT = 1
WAITING_OF_ACCOUNT = 8
WAITING = 64
WAIT_SECONDS = 5.0
BUSY = "too many questions in SQL at once: try again"


class Turns:
    """Blocking: `turn` waits for its turn, within a bound."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        of_account: int = AT_ONCE_OF_ACCOUNT,
        seconds: float = WAIT_SECONDS,
    ) -> None:
        self._at_once, self._of_account, self._seconds = at_once, of_account, seconds
        self._change = threading.Condition()
        self._running: Counter[int] = Counter()
        self._waiting: list[tuple[int, object]] = []
        self._served: dict[int, float] = {}
        self._closed = False

    @contextmanager
    def turn(self, account: int) -> Iterator[None]:
        """`TooBusy` when too many are waiting already, or for too long."""
        self._enter(account)
        try:
            yield
        finally:
            with self._change:
                self._running[account] -= 1
                self._running += Counter()  # forgets accounts that run nothing
                self._change.notify_all()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        """Refuses who waits, and whoever comes."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def _enter(self, account: int) -> None:
        place = (account, object())
        with self._change:
            own = sum(1 for other, _ in self._waiting if other == account)
            if own >= WAITING_OF_ACCOUNT or len(self._waiting) >= WAITING:
                raise TooBusy(BUSY, limit="questions")
            self._waiting.append(place)
            try:
                if not self._change.wait_for(lambda: self._may(place), self._seconds):
                    raise TooBusy(BUSY, limit="questions")
                if self._closed:
                    raise TooBusy("Stagebook is stopping: try again", limit="questions")
            finally:
                self._waiting.remove(place)
                self._change.notify_all()
            self._running[account] += 1
            if len(self._served) > WAITING and not self._waiting:
                self._served.clear()
            self._served[account] = time.monotonic()

    def _may(self, place: tuple[int, object]) -> bool:
        if self._closed:
            return True
        if self._running.total() >= self._at_once:
            return False
        able = [one for one in self._waiting if self._running[one[0]] < self._of_account]
        # The account that was served longest ago; of one account, who came first.
        return bool(able) and min(able, key=lambda one: self._served.get(one[0], 0)) is place
