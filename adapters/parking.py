"""Parked documents, for whoever looks after a Stagebook: which there are, trying them again, and
giving up the fact that stops one."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.check import named
from application.parking import discarding
from domain.errors import NotFound
from domain.registry import Stopped
from projections.base import Parked, Projection
from projections.parking import retry


class Waiting(NamedTuple):
    """A parked document of a view."""

    projection: Projection
    parked: Parked

    def __str__(self) -> str:
        return f"view {self.projection.name}: {named(self.parked.key)}"


def waiting(book: Stagebook, view: str | None = None, key: str | None = None) -> list[Waiting]:
    """All that is parked, or in one view, or the one document of that key."""
    found = list(_waiting(book, view))
    if key is None:
        return found
    found = [one for one in found if one.parked.key == _key(key)]
    if not found:
        raise NotFound(f"{key} is not parked in the view {view}")
    return found


def _waiting(book: Stagebook, view: str | None) -> Iterator[Waiting]:
    projections = {p.name: p for p in PROJECTIONS}
    if view is not None and view not in projections:
        raise NotFound(f"there is no view {view}: name one of {', '.join(projections)}")
    for projection in [projections[view]] if view else PROJECTIONS:
        parked = book.views.live(projection).parked().values()
        yield from (Waiting(projection, p) for p in sorted(parked, key=lambda p: p.position))


def _key(text: str) -> bytes:
    """As a guid, or as its hexadecimal digits."""
    try:
        return UUID(text).bytes
    except ValueError:
        raise NotFound(f"{text} is no key: expected a guid, or 32 hexadecimal digits") from None


def try_again(book: Stagebook, documents: list[Waiting]) -> list[Waiting]:
    """Folds them anew; those that wait still, perhaps at another fact."""
    still = []
    for projection in PROJECTIONS:
        keys = [one.parked.key for one in documents if one.projection is projection]
        stopped = retry(projection, book.store, lambda p=projection: book.views.live(p), keys)  # type: ignore[misc]
        still += [Waiting(projection, parked) for parked in stopped.values()]
    return still


def give_up(book: Stagebook, one: Waiting, reason: str) -> list[Waiting]:
    """Skips the fact that stops a document, for good, and goes on with it."""
    (recorded,) = book.store.read(one.parked.position - 1, 1)
    stopped = Stopped(one.projection.name, UUID(bytes=one.parked.key), one.parked.error)
    decide = discarding(recorded, stopped)
    book.execute(decide, account=0, actor="command line", reason=reason)
    return try_again(book, [one])
