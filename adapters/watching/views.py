"""How far each view is, read when it is asked for: lag, parked documents, rebuilds under way."""

import platform
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from adapters import report
from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.standing import standings
from adapters.version import version
from application.ports import StoreUnavailable

POSITION = "stagebook_position"
BUILD = "stagebook_build_info"
WRITABLE = "stagebook_store_writable"
REACHABLE = "stagebook_store_reachable"
BUILT = ("version", "python", "store", "id", "epoch")
GAUGES = {
    BUILD: "1; `version` of Stagebook, `python`, `store`: sqlite or postgres, its `id`, `epoch`",
    REACHABLE: "1 while the store and the views answer",
    WRITABLE: "1 while the store takes writes, as this process finds it",
    POSITION: "Position of the newest fact",
    "stagebook_view_position": "Position up to which a view has taken the facts",
    "stagebook_view_lag_facts": "Facts that a view has yet to take",
    "stagebook_view_lag_seconds": "Age of the oldest fact that a view has yet to take",
    "stagebook_view_heartbeat_seconds": "Since a view's worker gave a sign of life",
    "stagebook_view_parked": "Documents of a view that stopped at a fact they could not take",
    "stagebook_rebuilds_asked": "Rebuilds that were asked for and are not done",
    "stagebook_rebuild_progress": "Share of the facts that a view's rebuild has taken, 0 to 1",
}


def rebuilds(book: Stagebook) -> dict[str, float]:
    """How far the rebuilds under way are, by view."""
    found = {}
    for projection in PROJECTIONS:
        run = book.views.runs.last(projection)
        if run and not run.over:
            told = report.rebuild(book, projection, run)
            found[projection.name] = told["done"] / told["facts"] if told["facts"] else 0.0
    return found


class ViewGauges:
    """The standing of the views as metrics."""

    def __init__(self, book: Stagebook) -> None:
        self._book = book

    def collect(self) -> Iterable[Metric]:
        try:
            told = [*self._told()]
        except (StoreUnavailable, OSError):
            return [self._build(), *_gauges({REACHABLE: 0, WRITABLE: 0})]
        writable = int(self._book.writes.refusal is None)
        return [self._build(), *_gauges({REACHABLE: 1, WRITABLE: writable}), *told]

    def _build(self) -> Metric:
        family = GaugeMetricFamily(BUILD, GAUGES[BUILD], labels=BUILT)
        store = "postgres" if self._book.settings.is_postgres else "sqlite"
        identity = self._book.identity
        of = (store, identity.id, str(identity.epoch))
        family.add_metric((version(), platform.python_version(), *of), 1)
        return family

    def _told(self) -> Iterator[Metric]:
        head, views = standings(self._book)
        yield GaugeMetricFamily(POSITION, GAUGES[POSITION], head)
        yield _by_view("stagebook_view_position", {v.name: v.position for v in views})
        yield _by_view("stagebook_view_lag_facts", {v.name: v.lag for v in views})
        yield _by_view("stagebook_view_lag_seconds", {v.name: v.lagseconds for v in views})
        yield _by_view("stagebook_view_heartbeat_seconds", {v.name: v.heartbeat for v in views})
        yield _by_view("stagebook_view_parked", {v.name: len(v.parked) for v in views})
        asked = len(self._book.views.runs.line(PROJECTIONS))
        yield from _gauges({"stagebook_rebuilds_asked": asked})
        yield _by_view("stagebook_rebuild_progress", rebuilds(self._book))


def _gauges(values: Mapping[str, float]) -> Iterator[Metric]:
    for name, value in values.items():
        yield GaugeMetricFamily(name, GAUGES[name], value)


def _by_view(name: str, values: Mapping[str, float | None]) -> Metric:
    family = GaugeMetricFamily(name, GAUGES[name], labels=("view",))
    for view, value in values.items():
        if value is not None:
            family.add_metric((view,), value)
    return family
