"""Proves the served views, in several processes where there is much to fold, and mends them."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from structlog import get_logger

from adapters.bootstrap import NAMED, PROJECTIONS, Stagebook
from adapters.processes import opened, pool
from adapters.settings import Settings
from adapters.views.inspection import StoredView
from projections import verification
from projections.base import Projection, View, ViewMoved
from projections.comparing import compared
from projections.inspection import TRIES, heal
from projections.rebuilding import Compare
from projections.verification import Found, Part, Proofs, VerificationReport, Verifier

FEW_FACTS = 20_000
"""So many are folded sooner than processes start."""

log = get_logger()


def verify(
    book: Stagebook, projections: Sequence[Projection] = PROJECTIONS, processes: int = 0
) -> list[VerificationReport]:
    """Folds every fact and compares every document; no processes: in this one."""
    store, live = book.store, book.views.live
    if not processes or store.position() < FEW_FACTS:
        return verification.verify(projections, store, live)
    names = [projection.name for projection in projections]
    with ExitStack() as started:

        def elsewhere(since: Sequence[int]) -> Proofs:
            helping = pool(processes, _start, book.settings, names, since)
            started.callback(helping.shutdown, cancel_futures=True)
            return partial(helping.map, _prove)

        return verification.verify(projections, store, live, elsewhere)


def mend(book: Stagebook, projection: Projection, key: bytes) -> tuple[str, ...]:
    """Mends one document, and tells in what it differed."""
    for _ in range(TRIES):
        try:
            what = heal(projection, book.store, book.views.live(projection), key)
        except ViewMoved:  # it was switched
            continue
        if what:
            log.warning("document mended", view=projection.name, key=key.hex(), what=what)
        return what
    raise ViewMoved


def comparing(
    book: Stagebook, tell: Callable[[Projection, bytes, tuple[str, ...]], None]
) -> Compare:
    """Compares a built generation with the served one, and lets it pass where they are the same;
    where another version of the projection made the served one, in any case."""

    def compare(projection: Projection, built: View) -> bool:
        assert isinstance(built, StoredView)  # noqa: S101 - every generation is one
        live, same_version = book.views.live(projection), book.views.up_to_date(projection)
        found = compared(projection, book.store, live, built, same_version=same_version)
        for key, what in found.items():
            tell(projection, key, what)
        return not (found and same_version)

    return compare


# -- in a process of its own

_prover: Verifier | None = None


def _start(settings: Settings, names: Sequence[str], since: Sequence[int]) -> None:
    global _prover  # noqa: PLW0603 - what a process of a pool has is global to it
    book = opened(settings)
    _prover = Verifier([NAMED[name] for name in names], book.store, book.views.live, since)


def _prove(part: Part) -> list[Found]:
    assert _prover  # noqa: S101 - the process began with it
    return _prover.verify(part)
