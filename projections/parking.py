"""Parked documents, looked at again: folded anew from their facts up to where the view stands, and
written, unparked or parked at another fact, in one step. The worker goes on behind it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from domain.base import DomainEvent, UnknownFact
from projections.base import Discarded, IndexProjection, Parked, Projection, Row, Shows, ViewMoved
from projections.bulk import Book, fold_alone, folded, kind_of
from projections.discards import discarded
from projections.inspection import Mendable
from projections.memory import MemoryView
from projections.runner import BATCH, Log

TRIES = 100
TOGETHER = 100
"""Documents that are written at a time."""


def retry(
    projection: Projection, log: Book, live: Callable[[], Mendable], keys: Sequence[bytes]
) -> dict[bytes, Parked]:
    """Tries these parked documents again; what stops them still. `ViewMoved`: something came to
    them whenever they were folded."""
    still: dict[bytes, Parked] = {}
    for start in range(0, len(keys), TOGETHER):
        still |= _retry(projection, log, live, keys[start : start + TOGETHER])
    return still


def release(projection: Projection, log: Book, live: Callable[[], Mendable]) -> None:
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
    projection: Projection, log: Book, live: Callable[[], Mendable], keys: Sequence[bytes]
) -> dict[bytes, Parked]:
    for _ in range(TRIES):
        with suppress(ViewMoved):
            return Refold(projection, log, live(), keys).write()
    raise ViewMoved


class Refold:
    """Parked documents and what shows them, folded anew up to a position."""

    def __init__(
        self, projection: Projection, log: Book, view: Mendable, keys: Sequence[bytes]
    ) -> None:
        self._projection, self._log, self._view = projection, log, view
        self._at = view.position()
        if self._at < 0:  # it is not served any more
            raise ViewMoved
        self._before = view.parked()
        self._keys = [key for key in keys if key in self._before]
        self._all = self._with_showing()
        self._rows: dict[bytes, Row] = {}
        self._parked: dict[bytes, Parked] = {}
        for key in self._all:
            alone = self._alone(key)
            self._rows |= alone.rows
            self._parked |= alone.parked()

    def _with_showing(self) -> dict[bytes, None]:
        """These documents, and those that show one of them."""
        projection, found = self._projection, dict.fromkeys(self._keys)
        if isinstance(projection, Shows):
            for key in self._keys:
                if kind_of(key) in projection.beside:
                    found |= dict.fromkeys(projection.showing(self._view, key))
        return found

    def _alone(self, key: bytes) -> MemoryView:
        before = self._before.get(key)
        if before and isinstance(self._projection, IndexProjection):
            facts = self._log.read(before.position - 1, 1)
            return folded(self._projection, self._log, facts, lambda _: None)
        return fold_alone(self._projection, self._log, key, self._at)

    def write(self) -> dict[bytes, Parked]:
        """What is parked as it was is left alone, and what would lose what it has. `ViewMoved`:
        something came meanwhile that is not folded in."""
        same = {key for key in self._all if self._is_no_further(key)}
        if moved := [key for key in self._all if key not in same]:
            rows = [self._rows[key] for key in moved if key in self._rows]
            parked = [self._since(self._parked[key]) for key in moved if key in self._parked]
            gone = [key for key in moved if key not in self._rows]
            with self._view.mending() as (position, mend):
                if self._is_late(position):
                    raise ViewMoved
                mend(rows, moved, parked, gone)
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

    def _is_late(self, position: int) -> bool:
        """Whether anything that it is made of came since; if not, it holds for now as well."""
        after = self._at
        while after < position and (page := self._log.read(after, BATCH)):
            after = page[-1].position
            if any(r.position <= position and self._is_of(r.fact) for r in page):
                return True
        return self._with_showing().keys() != self._all.keys()

    def _is_of(self, fact: DomainEvent) -> bool:
        keys = self._projection.keys(fact)
        if keys and kind_of(fact.originator_id.bytes) in self._projection.beside:
            return True
        return not self._all.keys().isdisjoint(keys)
