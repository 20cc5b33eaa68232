"""How far each view is, read when it is asked for: lag, parked documents, rebuilds under way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from adapters.bootstrap import PROJECTIONS, Stagebook
from application.ports import Store, StoreUnavailable
from domain.values import parse_time

POSITION = "stagebook_position"
REACHABLE = "stagebook_store_reachable"
GAUGES = {
    REACHABLE: "1 while the store and the views answer",
    POSITION: "Position of the newest fact",
    "stagebook_view_position": "Position up to which a view has taken the facts",
    "stagebook_view_lag_facts": "Facts that a view has yet to take",
    "stagebook_view_lag_seconds": "Age of the oldest fact that a view has yet to take",
    "stagebook_view_parked": "Documents of a view that stopped at a fact they could not take",
    "stagebook_rebuild_progress": "Share of the facts that a view's rebuild has taken, 0 to 1",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one view stands."""

    position: int
    lag: int
    behind: float
    parked: int


def standing(book: Stagebook) -> tuple[int, dict[str, Standing]]:
    """The position of the store, and every view's."""
    head, now = book.store.position(), datetime.now(UTC)
    views = {}
    for projection in PROJECTIONS:
        view = book.view(projection)
        position = view.position()
        behind = _age(book.store, position, now) if position < head else 0.0
        parked = len(view.parked())
        views[projection.name] = Standing(position, max(0, head - position), behind, parked)
    return head, views


def _age(store: Store, position: int, now: datetime) -> float:
    waiting = store.read(position, 1)
    if not waiting:
        return 0.0
    return max(0.0, (now - parse_time(waiting[0].fact.time)).total_seconds())


def rebuilds(_book: Stagebook) -> dict[str, float]:
    """How far the rebuilds under way are, by view."""
    return {}


class ViewGauges:
    """The standing of the views as metrics."""

    def __init__(self, book: Stagebook) -> None:
        self._book = book

    def collect(self) -> Iterable[Metric]:
        try:
            told = [*self._told()]
        except (StoreUnavailable, OSError):
            return [GaugeMetricFamily(REACHABLE, GAUGES[REACHABLE], 0)]
        return [GaugeMetricFamily(REACHABLE, GAUGES[REACHABLE], 1), *told]

    def _told(self) -> Iterator[Metric]:
        head, views = standing(self._book)
        yield GaugeMetricFamily(POSITION, GAUGES[POSITION], head)
        yield _by_view("stagebook_view_position", {n: v.position for n, v in views.items()})
        yield _by_view("stagebook_view_lag_facts", {n: v.lag for n, v in views.items()})
        yield _by_view("stagebook_view_lag_seconds", {n: v.behind for n, v in views.items()})
        yield _by_view("stagebook_view_parked", {n: v.parked for n, v in views.items()})
        yield _by_view("stagebook_rebuild_progress", rebuilds(self._book))


def _by_view(name: str, values: dict[str, float] | dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, GAUGES[name], labels=("view",))
    for view, value in values.items():
        family.add_metric((view,), value)
    return family
