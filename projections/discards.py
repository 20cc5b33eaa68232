"""Facts that could not be digested and were given up, each for one document of one view.

That, too, is a fact, so whoever folds knows of it: the live worker, the rebuild and the check.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.registry import FactDiscarded, Registry
from projections.base import Discarded, RecordedFact

REGISTRY_ID = Registry.id_of(0, 1)


class Streams(Protocol):
    """The facts of one aggregate, in the order of its versions."""

    def stream(self, aggregate: UUID) -> Sequence[RecordedFact]: ...


def discarded(facts: Streams, view: str) -> Discarded:
    """What is skipped in that view."""
    recorded = (one.fact for one in facts.stream(REGISTRY_ID))
    return frozenset(
        (UUID(fact.key).bytes, fact.position)
        for fact in recorded
        if isinstance(fact, FactDiscarded) and fact.view == view
    )
