"""How the views stand: how far each has come, and whether a worker is at work on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Literal

from adapters.bootstrap import PROJECTIONS, Stagebook
from projections.base import Parked

DEAD_SECONDS = 10.0
"""A worker that leaves no heartbeat for so long is as good as dead."""
SLOW_SECONDS = 5.0
"""A view that lacks a fact of that age is slow."""

State = Literal["current", "slow", "dead", "outdated"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one view stands."""

    name: str
    state: State
    """`slow`: a worker is at it, yet far behind. `dead`: no worker is. `outdated`: nor can one be,
    until what another version of Stagebook made is rebuilt; it is served meanwhile."""
    position: int
    lag: int
    """Positions that it is behind the store."""
    lagseconds: float | None
    """The age of the oldest fact that it lacks; None: that fact cannot be read."""
    heartbeat: float | None
    """Seconds since its worker left a sign of life; None: nobody leads it."""
    parked: Sequence[Parked]


def standings(book: Stagebook) -> tuple[int, list[Standing]]:
    """The newest position of the store, and how every view stands, one by one."""
    pulses = book.views.pulses(PROJECTIONS)
    head = book.store.position()
    age_of = cache(lambda position: age(book, position))
    found = []
    for projection in PROJECTIONS:
        view = book.view(projection)
        position = view.position()
        lag, pulse = max(0, head - position), pulses.get(projection.name)
        lagseconds = age_of(position) if lag else 0.0
        if pulse is not None and pulse < DEAD_SECONDS:
            is_slow = lagseconds is None or lagseconds > SLOW_SECONDS
            state: State = "slow" if is_slow else "current"
        else:
            state = "dead" if book.views.up_to_date(projection) else "outdated"
        parked = list(view.parked().values())
        found.append(Standing(projection.name, state, position, lag, lagseconds, pulse, parked))
    return head, found


def age(book: Stagebook, position: int) -> float | None:
    """Seconds since the fact behind that position was recorded."""
    behind = book.store.read(position, 1)
    if not behind:
        return 0.0
    if not behind[0].fact.time:
        return None
    recorded = datetime.fromisoformat(behind[0].fact.time)
    return max(0.0, (datetime.now(UTC) - recorded).total_seconds())
