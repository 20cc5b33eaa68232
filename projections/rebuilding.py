"""Rebuild: a new generation beside the live one, in bulk up to a position, on from there as every
follower goes, then one switch. The generation before is kept, so that there is a way back.

A plan is kept with the generation, and what is done of it, so a rebuild that was killed goes on.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from typing import Protocol

from projections.base import BeingRebuilt, Discarded, Parked, Projection, View, ViewMoved
from projections.bulk import (
    SLICE,
    Book,
    Building,
    BulkFolder,
    Facts,
    Slice,
    build,
    reads,
    round_of,
    slices,
    weight,
)
from projections.discards import discarded
from projections.inspection import Mendable
from projections.lineage import mark_at, stranger
from projections.parking import retry
from projections.runner import Runner, SharedLog

BATCH = 10_000
"""Facts a step, once a plan is done: the more of them, the fewer times a document is written."""
LOOK_AGAIN_SECONDS = 0.1
TRIES = 10
FINISHING = 2
"""Views that get their indexes at a time: it is the database that works."""


class NoWayBack(Exception):  # noqa: N818 - read as "there is no way back"
    """No generation is kept that the projection of today could go on with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a generation is built from: the facts up to a position, in slices."""

    upto: int
    left: Sequence[Slice]


class NewView(Mendable, Building, Protocol):
    """A generation that is not served."""

    @property
    def projection(self) -> Projection: ...
    @property
    def generation(self) -> int:
        """Its number."""

    def lineage(self) -> tuple[int, str | None]:
        """Its position, and the mark of the fact there."""

    def plan(self) -> Plan | None:
        """What is left to build; None: it was not begun."""

    def begin(self, upto: int, parts: Sequence[Slice]) -> None: ...
    def finish(self, mark: str | None = None) -> None:
        """All slices are done: makes the indexes, and it stands at the position of the plan, where
        the fact has that mark."""

    def keep_since(self, before: Iterable[Parked]) -> None:
        """What stopped at the same fact in the live view has stood since then."""


class Views(Protocol):
    """Where generations of views live; readers are served the live one."""

    def live(self, projection: Projection) -> View: ...
    def up_to_date(self, projection: Projection) -> bool:
        """Whether the live generation was made by this version of the projection."""

    def rebuilding(self, projection: Projection) -> AbstractContextManager[None]:
        """Held by one rebuild at a time, `BeingRebuilt` for the others; free when its process
        dies."""

    def build(self, projection: Projection) -> NewView:
        """A new generation beside the live one, or the one that a rebuild by the same version of
        the projection has left unfinished."""

    def switching(self, projection: Projection, built: View) -> AbstractContextManager[View]:
        """Holds the live view still, and gives it; at its end readers are served the built one,
        and the one that was live is kept as the one before."""

    def building(self, projection: Projection, generation: int) -> NewView:
        """A generation that is being built, by its number: for a process that helps."""

    def before(self, projection: Projection) -> NewView | None:
        """The generation before the live one, if it is kept and of this version."""

    def prune(self, projection: Projection) -> None:
        """Drops every generation but the live one."""


@dataclass(frozen=True, slots=True)
class Part:
    """A slice, and which of the views that are rebuilt want it."""

    upto: int
    slice: Slice
    views: tuple[int, ...]


Progress = Callable[[str, int, int], None]
"""Hears of a view how many facts are done, and how many there are."""
Build = Callable[[Sequence[Part]], Iterable[Part]]
"""Builds parts in any order, and tells of each when it is done."""
Builder = Callable[[Sequence[NewView]], Build]


Compare = Callable[[Projection, View], bool]
"""Whether a generation that has caught up may be switched to."""


def rebuild(
    projection: Projection, log: Book, views: Views, progress: Callable[[int, int], None]
) -> None:
    """Rebuilds one view."""
    rebuild_together([projection], log, views, lambda _, done, total: progress(done, total))


def rebuild_together(
    projections: Sequence[Projection],
    log: Book,
    views: Views,
    progress: Progress,
    building: Builder | None = None,
    compare: Compare | None = None,
) -> None:
    """Rebuilds several views: the facts are read and decoded once for all of them.

    `building` may do the bulk elsewhere, in other processes. What `compare` does not let pass is
    kept as it is, and the next rebuild goes on with it. `BeingRebuilt`: another rebuild is at one
    of them.
    """
    with ExitStack() as held:
        for projection in projections:
            held.enter_context(views.rebuilding(projection))
        built = [views.build(projection) for projection in projections]
        _rebuild(built, log, views, progress, building, compare)


def _rebuild(
    built: Sequence[NewView],
    log: Book,
    views: Views,
    progress: Progress,
    building: Builder | None,
    compare: Compare | None = None,
) -> None:
    in_bulk(built, log, progress, building)
    for view in built:
        view.keep_since(views.live(view.projection).parked().values())
    _catch_up(built, log, views, progress, compare)


def in_bulk(
    built: Sequence[NewView], log: Book, progress: Progress, building: Builder | None = None
) -> None:
    """Plans what was not planned before, and builds what is left of it."""
    _plan(built, log)
    left = {place: plan.left for place, view in enumerate(built) if (plan := view.plan())}
    marks = {
        place: mark_at(log, plan.upto) for place, view in enumerate(built) if (plan := view.plan())
    }
    total = {place: sum(one.facts for one in parts) for place, parts in left.items()}
    done = dict.fromkeys(left, 0)
    builds = building(built) if building else here(built, log)
    for parts in _parts(built):
        for part in builds(parts):
            for place in part.views:
                done[place] += part.slice.facts
                progress(built[place].projection.name, done[place], total[place])
    most_first = sorted(range(len(built)), key=lambda place: -total.get(place, 0))
    with ThreadPoolExecutor(FINISHING) as threads:
        for _ in threads.map(lambda place: built[place].finish(marks.get(place)), most_first):
            pass


def here(built: Sequence[NewView], log: Facts) -> Build:
    """Builds in this process."""
    folders = [BulkFolder(view.projection, view, log) for view in built]

    def builds(parts: Sequence[Part]) -> Iterator[Part]:
        for part in parts:
            build(part.slice, [folders[place] for place in part.views], log, part.upto)
            yield part

    return builds


def _plan(built: Sequence[NewView], log: Book) -> None:
    new = [view for view in built if view.plan() is None]
    if new:
        upto = log.position()
        cut = slices([view.projection for view in new], log.spans(), SLICE)
        for view in new:
            view.begin(upto, [one for one in cut if reads(view.projection, one)])


def _parts(built: Sequence[NewView]) -> list[list[Part]]:
    """What is left, together where it is the same, in rounds: what documents show of others is
    built a round before them."""
    wanting: dict[tuple[int, Slice], list[int]] = {}
    for place, view in enumerate(built):
        if plan := view.plan():
            for one in plan.left:
                wanting.setdefault((plan.upto, one), []).append(place)
    parts = [Part(upto, one, tuple(places)) for (upto, one), places in wanting.items()]
    parts.sort(key=lambda part: weight(part.slice), reverse=True)
    projections = [view.projection for view in built]
    rounds: dict[int, list[Part]] = {}
    for part in parts:
        rounds.setdefault(round_of(projections, part.slice.kinds), []).append(part)
    return [rounds[number] for number in sorted(rounds)]


def _catch_up(
    built: Sequence[NewView],
    log: Book,
    views: Views,
    progress: Progress,
    compare: Compare | None = None,
) -> None:
    """Folds what came since, and switches."""
    shared = SharedLog(log)
    going = [
        (
            view,
            _taken_up(view, log, views.live(view.projection)),
            Runner(view.projection, shared, view, cached=BATCH // 2),
        )
        for view in built
    ]

    def follow() -> None:
        behind = True
        while behind:
            behind = False
            shared.look_again()
            for *_, runner in going:
                if runner.step(BATCH):
                    behind = True
                    progress(runner.projection.name, runner.position, log.position())

    follow()
    if compare:
        going = [one for one in going if compare(one[0].projection, one[0])]
        follow()
    for view, vain, runner in going:
        with views.switching(runner.projection, view) as live:
            shared.look_again()
            while runner.step(BATCH):
                pass
            _taken_up(view, log, live, vain)
        progress(runner.projection.name, runner.position, runner.position)


def _taken_up(built: NewView, log: Book, live: View, vain: Discarded = frozenset()) -> Discarded:
    """Documents that went on in the live view behind the fact that they have stopped at in the
    built one go on in both: nobody is shown again what was before. Returns the documents that
    stop at the same fact again."""
    projection = built.projection
    stopped = {(parked.key, parked.position) for parked in built.parked().values()}
    if not stopped:
        return vain
    ahead = live.parked()
    behind = {(k, at) for k, at in stopped if k not in ahead or at < ahead[k].position}
    due = behind - (vain - discarded(log, projection.name))
    still = retry(projection, log, lambda: built, [key for key, _ in due])
    return vain | {(parked.key, parked.position) for parked in still.values()}


def roll_back(projection: Projection, log: Book, views: Views) -> None:
    """Serves the generation before again, brought up to date. `NoWayBack` where none is kept."""
    with views.rebuilding(projection):
        if not _rolled_back(projection, log, views):
            message = f"no generation of {projection.name} is kept that this version can go on with"
            raise NoWayBack(message)


def _rolled_back(projection: Projection, log: Book, views: Views) -> bool:
    for _ in range(TRIES):
        before = views.before(projection)
        if before is None or stranger(log, *before.lineage()):
            return False
        with suppress(ViewMoved):  # who keeps it within reach came between
            before.lead()  # whoever wrote it when it was live writes no more
            _catch_up([before], log, views, lambda *_: None)
            return True
    raise ViewMoved


def bring_up_to_date(
    projection: Projection,
    log: Book,
    views: Views,
    building: Builder | None = None,
    progress: Progress = lambda *_: None,
) -> None:
    """Rebuilds a view that another version of its projection made, or goes back to the one before
    where this version made that. Of the processes that start together one does, and the others
    wait for it."""
    while not views.up_to_date(projection):
        try:
            with views.rebuilding(projection):
                if not views.up_to_date(projection) and not _rolled_back(projection, log, views):
                    _rebuild([views.build(projection)], log, views, progress, building)
        except BeingRebuilt:
            progress(projection.name, 0, 0)
            time.sleep(LOOK_AGAIN_SECONDS)
