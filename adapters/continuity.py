"""Whether the store still is the one that a process began with, and has every fact that it had.

A file may be exchanged beneath a server, a database be restored, a standby without the newest facts
take over. What the process has in memory, and has answered, is of another history then: it refuses
everything and ends, and what started it starts it again on what is there.
"""

import signal
from typing import TYPE_CHECKING

from structlog import get_logger

from adapters.stores.opening import NoStore, open_store
from application.group_commit import Committer
from application.ports import Store, StoreUnavailable
from domain.lineage import Identity, mark_of
from projections.lineage import mark_at, stranger

if TYPE_CHECKING:
    from adapters.bootstrap import Stagebook

TELLING_SECONDS = 3.0
"""How long a server tells that its store was replaced, before it ends."""

REPLACED = signal.SIGUSR1
"""Tells the parent of several server processes that their store was replaced."""

log = get_logger()

ended: list[str] = []
"""Why this process ends before it was asked to."""


class Continuity:
    """Remembers the newest fact, and looks whether it still is there."""

    def __init__(self, book: "Stagebook") -> None:
        self._book = book
        self.begun = book.identity
        self.position = book.store.position()
        self._mark = mark_at(book.store, self.position)
        self.broken: str | None = None
        """Why the store is not to be served by this process any more."""

    def look(self) -> str | None:
        """Why the store is not the one that it was; None: it is, or cannot be asked now."""
        if self.broken is None:
            try:
                self.broken = self._broken()
            except StoreUnavailable:  # reported elsewhere; what comes back is looked at again
                return None
            if self.broken:
                log.error("the store was replaced; this process ends", reason=self.broken)
        return self.broken

    def _broken(self) -> str | None:
        settings, store = self._book.settings, self._book.store
        if not store.moved():
            return self._other(store)
        try:
            there = open_store(settings, make=False)
        except NoStore as gone:
            return str(gone)
        try:
            return self._other(there) or f"another file is {settings.place} now"
        finally:
            there.close()

    def _other(self, store: Store) -> str | None:
        """Why that store is not what it was; where it lacks facts, a new epoch begins."""
        identity = store.identity()
        if identity.id == self.begun.id and identity.epoch < self.begun.epoch:
            earlier = f"it is in the epoch {identity.epoch}, and was in {self.begun.epoch}"
            return f"{earlier}; {begun(store, identity, earlier, self.begun)} begins"
        if identity != self.begun:
            return f"it is {identity} now, and was {self.begun}"
        writer = self._book.writer
        written = writer.memory.position if isinstance(writer, Committer) else 0  # before the head
        head = store.position()
        why = stranger(store, self.position, self._mark)
        if why is None and written > head:
            why = f"its newest position is {head}, and was written up to {written}"
        if why:
            return f"{why}; {begun(store, identity, why)} begins"
        if head > self.position:
            for recorded in store.at([head]):
                self.position, self._mark = head, mark_of(recorded.fact)
        return None


def told(store: Store) -> dict[str, object]:
    """What people compare of two stores."""
    position = store.position()
    return {**store.identity()._asdict(), "position": position, "mark": mark_at(store, position)}


def begun(store: Store, before: Identity, reason: str, after: Identity | None = None) -> Identity:
    """Begins an epoch of the store, and says so in the log."""
    identity = store.begin_epoch(before, after)
    log.warning("new epoch of the store", store=str(identity), before=str(before), reason=reason)
    return identity
