"""Parked documents, looked at again: folded anew from their facts up to where the view stands, and
written, unparked or parked at another fact, in one step. The worker goes on behind it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from domain.base import DomainEvent, UnknownFact
from projections.base import Discarded, Entries, Parked, Projection, Row, Shows, View, ViewMoved
from projections.bulk import Facts, fold_alone, folded, kind_of
from projections.discards import discarded
from projections.memory import MemoryView
from projections.runner import BATCH, Log

TRIES = 100
TOGETHER = 100
"""Documents that are written at a time."""


class Book(Log, Facts, Protocol):
    """The facts, in the order of commits and by aggregate."""


class Served(View, Protocol):
    """A view that is mended beside its worker."""

    def mend(
        self,
        rows: Sequence[Row],
        unparked: Sequence[bytes],
        parked: Iterable[Parked],
        at: int,
        gone: Sequence[bytes] = (),
    ) -> None:
        """Writes documents, unparks and parks, unless the view has moved from there: `ViewMoved`.
        The worker starts afresh for it."""


def retry(
    projection: Projection, log: Book, live: Callable[[], Served], keys: Sequence[bytes]
) -> dict[bytes, Parked]:
    """Tries these parked documents again; what stops them still. `ViewMoved`: the view never stood
    still for long enough."""
    still: dict[bytes, Parked] = {}
    for start in range(0, len(keys), TOGETHER):
        still |= _retry(projection, log, live, keys[start : start + TOGETHER])
    return still


def release(projection: Projection, log: Book, live: Callable[[], Served]) -> None:
    """Tries those again that stopped at a fact that is known by now, or discarded."""
    parked = live().parked().values()
    skipped = discarded(log, projection.name) if parked else frozenset()
    retry(projection, log, live, [p.key for p in parked if _is_due(p, log, skipped)])


def _is_due(parked: Parked, log: Log, skipped: Discarded) -> bool:
    if (parked.key, parked.position) in skipped:
        return True
    for recorded in log.read(parked.position - 1, 1):
        fact = recorded.fact
        return not isinstance(fact, UnknownFact) and parked.error.startswith(f"{fact.TOPIC}, ")
    return False


def _retry(
    projection: Projection, log: Book, live: Callable[[], Served], keys: Sequence[bytes]
) -> dict[bytes, Parked]:
    mending = None
    for _ in range(TRIES):
        view = live()
        try:
            if mending is None or mending.view is not view or mending.is_late():
                mending = Mending(projection, log, view, keys)
            return mending.write()
        except ViewMoved:
            continue
    raise ViewMoved


class Mending:
    """Parked documents and what shows them, folded anew up to a position."""

    def __init__(
        self, projection: Projection, log: Book, view: Served, keys: Sequence[bytes]
    ) -> None:
        self.view = view
        self._projection, self._log = projection, log
        self._at = view.position()
        if self._at < 0:  # it is not served any more
            raise ViewMoved
        self._before = view.parked()
        self._keys = [key for key in keys if key in self._before]
        self._shown = [key for key in self._keys if kind_of(key) in projection.beside]
        showing = projection.showing if isinstance(projection, Shows) else None
        more = [other for key in self._shown if showing for other in showing(view, key)]
        self._rows: dict[bytes, Row] = {}
        self._parked: dict[bytes, Parked] = {}
        self._all = dict.fromkeys([*self._keys, *more])
        for key in self._all:
            alone = self._alone(key)
            self._rows |= alone.rows
            self._parked |= alone.parked()

    def _alone(self, key: bytes) -> MemoryView:
        before = self._before.get(key)
        if before and isinstance(self._projection, Entries):
            facts = self._log.read(before.position - 1, 1)
            return folded(self._projection, self._log, facts, lambda _: None)
        return fold_alone(self._projection, self._log, key, self._at)

    def write(self) -> dict[bytes, Parked]:
        """What is parked as it was is left alone, and what would lose what it has."""
        same = {key for key in self._all if self._is_no_further(key)}
        if moved := [key for key in self._all if key not in same]:
            rows = [self._rows[key] for key in moved if key in self._rows]
            parked = [self._since(self._parked[key]) for key in moved if key in self._parked]
            gone = [key for key in moved if key not in self._rows]
            self.view.mend(rows, moved, parked, self._at, gone)
        return {key: self._parked[key] for key in self._keys if key in self._parked}

    def _is_no_further(self, key: bytes) -> bool:
        before, after = self._before.get(key), self._parked.get(key)
        if after is None:
            return False
        return before is None or after == before or after.position < before.position

    def _since(self, parked: Parked) -> Parked:
        """One that stops where it did has stood since then."""
        before = self._before.get(parked.key)
        same = before is not None and before.position == parked.position
        return replace(parked, since=before.since) if before and same else parked

    def is_late(self) -> bool:
        """Whether anything that it is made of came since; if not, it holds for now as well."""
        now = self.view.position()
        while self._at < now and (page := self._log.read(self._at, BATCH)):
            for recorded in page:
                if recorded.position <= now and self._is_of(recorded.fact):
                    return True
            self._at = min(now, page[-1].position)
        return False

    def _is_of(self, fact: DomainEvent) -> bool:
        kind = kind_of(fact.originator_id.bytes)
        if self._shown or kind in self._projection.beside:
            return True
        return not self._all.keys().isdisjoint(self._projection.keys(fact))
