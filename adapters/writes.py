"""Whether the store takes writes: what real commits came to, and where nobody sells, a small one.

A store that can be read may take no writes: a full disk, a quota, a database that is read-only. So
a process that writes tries it every two seconds, unless a commit has just shown it. A commit that
failed counts for longer than a trial that did not: it may have needed more room than that.
"""

import threading
import time

from structlog import get_logger

from application.ports import OutcomeUnknown, Store, StoreUnavailable
from projections.background import Background

TRIAL_SECONDS = 2.0
HOLD_SECONDS = 10.0
"""How long a failed commit is believed rather than a trial."""

log = get_logger()


class Writes(Background):
    """Knows why the store takes no writes, from its first trial on."""

    def __init__(self, store: Store) -> None:
        super().__init__("writes")
        self._store = store
        self._lock = threading.Lock()
        self._shown = self._hold = 0.0
        self._since = 0.0
        self.refusal: str | None = None
        """Why the store takes no writes; None: it does, as far as is known."""

    def heard(self, error: BaseException | None) -> None:
        """What a commit came to. That its outcome is not known says nothing of the store."""
        if isinstance(error, OutcomeUnknown) or not isinstance(error, StoreUnavailable | None):
            return
        now = time.monotonic()
        if error is None:
            self._shown = now
            self._hold = 0.0
        else:
            self._hold = now + HOLD_SECONDS
        self._learn(error)

    def look(self) -> None:
        """Tries it, where no commit has told lately."""
        now = time.monotonic()
        if now < max(self._shown + TRIAL_SECONDS, self._hold):
            return
        try:
            self._store.try_writing()
        except StoreUnavailable as error:
            self._learn(error)
        else:
            self._learn(None)

    def _learn(self, error: BaseException | None) -> None:
        with self._lock:
            before, self.refusal = self.refusal, None if error is None else str(error)
            if before is None and error is not None:
                self._since = time.monotonic()
                log.error("the store takes no writes", reason=self.refusal)
            elif before is not None and error is None:
                seconds = round(time.monotonic() - self._since, 1)
                log.warning("the store takes writes again", seconds=seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception:  # whatever it is: what is known may be old, the next trial is not
                log.exception("writing was not tried")
            self._stopping.wait(TRIAL_SECONDS)
