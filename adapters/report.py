"""Where every view stands: its generations, its lag, and its rebuild with what is left of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.standing import Standing, standings
from adapters.views.building import Made
from adapters.views.runs import RebuildRequest, Run
from domain.errors import NotFound
from domain.ids import account_of
from domain.values import parse_time
from projections.base import Projection

Report = dict[str, Any]
MAX_PARKED = 100
"""How many parked documents of a view are shown; `stagebook parked` lists all."""


def named(name: str) -> Projection:
    for projection in PROJECTIONS:
        if projection.name == name:
            return projection
    known = ", ".join(projection.name for projection in PROJECTIONS)
    raise NotFound(f"Projection {name} does not exist; there are {known}", id=name)


def every(book: Stagebook, account: int | None = None) -> list[Report]:
    """All views, as the documents of the API have them, with the parked documents of one account,
    or of all."""
    _, found = standings(book)
    return [_told(book, named(standing.name), standing, account) for standing in found]


def of(book: Stagebook, projection: Projection, account: int | None = None) -> Report:
    """One view."""
    return next(told for told in every(book, account) if told["name"] == projection.name)


def _told(
    book: Stagebook, projection: Projection, standing: Standing, account: int | None
) -> Report:
    live, *before = book.views.generations(projection)
    runs = book.views.runs
    rebuild_request, run = runs.rebuild_request(projection), runs.last(projection)
    return {
        "name": projection.name,
        "version": projection.version,
        "state": standing.state,
        "generation": live._asdict(),
        "before": before[0]._asdict() if before else None,
        "position": standing.position,
        "lag": standing.lag,
        "lagseconds": standing.lagseconds,
        "parked": len(standing.parked),
        "parkeddocuments": _parked(standing, account),
        "asked": _asked(rebuild_request, runs.line(PROJECTIONS), projection)
        if rebuild_request
        else None,
        "rebuild": rebuild(book, projection, run) if run else None,
    }


def _asked(
    rebuild_request: RebuildRequest, line: Sequence[Projection], projection: Projection
) -> Report:
    place = line.index(projection) + 1 if projection in line else 1
    return {"by": rebuild_request.by, "since": rebuild_request.since, "place": place}


def _parked(standing: Standing, account: int | None) -> list[Report]:
    own = (p for p in standing.parked if account in (None, account_of(p.key)))
    return [
        {"key": p.key.hex(), "position": p.position, "error": p.fault, "since": p.since}
        for p in islice(own, MAX_PARKED)
    ]


def rebuild(book: Stagebook, projection: Projection, run: Run) -> Report:
    """The rebuild that is under way, or the last one."""
    made = None
    if not run.over:
        with book.views.built(projection, run.generation) as built:
            made = built.made() if built else None
    facts, done = (made.facts, made.done) if made else (run.facts, run.facts)
    elapsed = seconds_since(run.startedts)
    building = not run.over and not (made and made.whole)
    rate = (done - run.begun) / elapsed if building and elapsed else 0.0
    return {
        "phase": phase(book, projection, run, made),
        "generation": run.generation,
        "askedby": run.requestedby,
        "host": run.host,
        "process": run.pid,
        "workers": run.workers,
        "startedts": run.startedts,
        "finishedts": run.finishedts,
        "facts": facts,
        "done": done,
        "rate": round(rate) or None,
        "secondsleft": round((facts - done) / rate, 1) if rate else None,
        "error": run.error,
    }


def phase(book: Stagebook, projection: Projection, run: Run, made: Made | None) -> str:
    if run.over:
        return "failed" if run.error else "done"
    if not book.views.is_rebuilt(projection):
        return "stopped"
    return "following" if made and made.whole else "building"


def seconds_since(time: str) -> float:
    return max(0.0, (datetime.now(UTC) - parse_time(time)).total_seconds())
