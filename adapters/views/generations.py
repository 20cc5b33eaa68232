"""Generations of views, the same for both databases: one is live, the one before is kept, and a new
one is built beside them by one process at a time. Where they are kept is the database's.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from typing import ClassVar, Generic, NamedTuple, Protocol, TypeVar

from adapters.views.building import BuildingView
from adapters.views.runs import STORE, Generation, Runs, ViewMetadata
from application.ports import StoreDamaged
from domain.lineage import Identity
from projections.base import BeingRebuilt, Projection, View

V = TypeVar("V", bound=BuildingView)


class Named(NamedTuple):
    """The generations of a view that something is said of."""

    live: Generation
    before: Generation | None
    newest: Generation | None


class Locks(Protocol):
    """Locks by name, each with a heartbeat; free when their process dies."""

    def trying(self, name: str) -> AbstractContextManager[bool]:
        """Whether the lock was free; it is held while inside."""

    def holds(self, name: str) -> bool:
        """Whether it is still held."""

    def beat(self, names: Sequence[str]) -> None:
        """A sign of life of those that are held."""

    def pulses(self, names: Sequence[str]) -> dict[str, float]:
        """Seconds since the heartbeats of those that somebody holds."""


class Generations(Generic[V]):
    """The `Views` port, over what a database keeps of generations."""

    LEAD: ClassVar[str]
    REBUILD: ClassVar[str]
    """The names of the locks, with a gap for the view's."""
    TURN: ClassVar[str]
    """Those of the rebuilds that were asked for, by number."""

    def __init__(self, notes: ViewMetadata, locks: Locks) -> None:
        self.runs = Runs(notes)
        self._notes = notes
        self._locks = locks
        self._built: list[V] = []
        self._before: dict[str, V] = {}

    def close(self) -> None:
        for view in (*self._built, *self._before.values()):
            view.close()

    # -- what a database provides

    def live(self, projection: Projection) -> V:
        """The live generation: the same object as long as it is the same one."""
        raise NotImplementedError

    def _named(self, projection: Projection) -> Named:
        raise NotImplementedError

    def _stored(self, projection: Projection) -> set[int]:
        """Every generation that takes up space."""
        raise NotImplementedError

    def _opened(self, projection: Projection, generation: int) -> V:
        """One that is not live."""
        raise NotImplementedError

    def _new(self, projection: Projection, version: int | None = None) -> V:
        """One with a number that no other had, without tables; by this version of the projection,
        unless another is named."""
        raise NotImplementedError

    def _drop(self, projection: Projection, generation: int) -> None:
        """Forgets it; its room is free when nobody reads it any more."""
        raise NotImplementedError

    def _held_still(
        self, projection: Projection
    ) -> AbstractContextManager[tuple[V, Callable[[BuildingView], None]]]:
        """The live generation, which takes nothing while inside, and what makes another the live
        one, and this the one before."""
        raise NotImplementedError

    # -- whose it is

    def store_of(self, projection: Projection) -> Identity | None:
        """The store that it was made of; None: it was never noted."""
        return Identity.parse(self._notes.read(projection.name, STORE) or "")

    def belongs(self, projection: Projection, store: Identity) -> None:
        """ViewMetadata that."""
        self._notes.write(projection.name, STORE, str(store))

    # -- what is there

    def damage(self, projection: Projection, *, thoroughly: bool = False) -> str | None:  # noqa: ARG002 - the port has it
        """What is wrong with the live generation, so that it cannot be read; None: nothing that is
        seen at once, or `thoroughly`, which reads all of it. A database keeps its tables whole."""
        return None

    def up_to_date(self, projection: Projection) -> bool:
        """Whether the live generation was made by this version of the projection, and is whole."""
        if self.damage(projection):
            return False
        return self._named(projection).live.version == projection.version

    def generations(self, projection: Projection) -> Iterator[Generation]:
        """The live one, and the one before where it is kept."""
        live, before, _ = self._named(projection)
        yield live
        if before:
            yield before

    def before(self, projection: Projection) -> V | None:
        before = self._named(projection).before
        held = self._before.pop(projection.name, None)
        if held and not (before and held.generation == before.number):
            held.close()
            held = None
        if before is None or before.version != projection.version:
            return None
        view = held or self._readable(projection, before.number)
        if view:
            self._before[projection.name] = view
        return view

    def _readable(self, projection: Projection, generation: int) -> V | None:
        """A generation that is not live; None: it is damaged, so there is no way back to it."""
        try:
            view = self._opened(projection, generation)
        except StoreDamaged:
            return None
        try:
            view.position()
        except StoreDamaged:
            view.close()
            return None
        return view

    @contextmanager
    def built(self, projection: Projection, number: int) -> Iterator[V | None]:
        """A generation that is being built, to look at."""
        if number not in self._stored(projection):
            yield None
            return
        with closing(self._opened(projection, number)) as view:
            yield view if view.is_planned() else None

    # -- a new one

    @contextmanager
    def rebuilding(self, projection: Projection) -> Iterator[None]:
        with self._locks.trying(self._rebuild_of(projection)) as free:
            if not free:
                raise BeingRebuilt(projection.name, self.runs.last(projection))
            self._drop_all_but(projection, self._kept(projection))
            try:
                with self.runs.telling(projection):
                    yield
            finally:
                self._drop_all_but(projection, self._kept(projection))

    @contextmanager
    def turn(self, most: int) -> Iterator[bool]:
        """A turn among the rebuilds that were asked for, of which so many may run on this store;
        whether there was one. It is free again when its process dies."""
        with ExitStack() as held:
            tries = (self._locks.trying(self.TURN.format(n)) for n in range(most))
            yield any(held.enter_context(trying) for trying in tries)

    def is_rebuilt(self, projection: Projection) -> bool:
        """Whether a process is at it. To ask is to try: ask where there should be one."""
        with self._locks.trying(self._rebuild_of(projection)) as free:
            return not free

    def build(self, projection: Projection) -> V:
        unfinished = self._unfinished(projection)
        view = self._opened(projection, unfinished) if unfinished else self._new(projection)
        self._built.append(view)
        if not unfinished:
            with view.writing() as c:
                view.create_planned(c)
        made = view.made()
        self.runs.begin(projection, view.generation, made.done if made else 0)
        return view

    def building(self, projection: Projection, generation: int) -> V:
        view = self._opened(projection, generation)
        self._built.append(view)
        view.look()
        return view

    @contextmanager
    def switching(self, projection: Projection, built: View) -> Iterator[V]:
        assert isinstance(built, BuildingView)  # noqa: S101 - made by `build`
        with self._held_still(projection) as (live, switch_to):
            yield live
            if not self._locks.holds(self._rebuild_of(projection)):  # another may be at it by now
                raise BeingRebuilt(projection.name)
            switch_to(built)
        made = built.made() if built.is_planned() else None
        self.runs.finish(projection, built.generation, made.facts if made else 0)

    def reset(self, projection: Projection) -> None:
        """Serves an empty generation of no version instead, which is to be rebuilt: all that is
        there belongs to another history, or cannot be read."""
        with self.rebuilding(projection):
            empty = self._new(projection, version=0)
            self._built.append(empty)
            with empty.writing() as c:
                empty.create_whole(c)
            with self._held_still(projection) as (_, switch_to):
                switch_to(empty)
            self._drop_all_but(projection, {empty.generation})

    def prune(self, projection: Projection) -> None:
        """Drops every generation but the live one."""
        with self.rebuilding(projection):
            self._drop_all_but(projection, {self._named(projection).live.number})

    def _unfinished(self, projection: Projection) -> int | None:
        """What a rebuild by this version has left."""
        live, before, newest = self._named(projection)
        if newest in (None, live, before) or newest.version != projection.version:
            return None
        try:
            with self.built(projection, newest.number) as view:
                return newest.number if view else None
        except StoreDamaged:  # there is nothing to go on with
            return None

    def _kept(self, projection: Projection) -> set[int]:
        kept = {generation.number for generation in self.generations(projection)}
        unfinished = self._unfinished(projection)
        return kept | {unfinished} if unfinished else kept

    def _drop_all_but(self, projection: Projection, kept: set[int]) -> None:
        for generation in self._stored(projection) - kept:
            self._drop(projection, generation)

    # -- who writes the live one

    def leading(self, projection: Projection) -> AbstractContextManager[bool]:
        """Whether this process is the one that writes the live view; held while inside."""
        return self._locks.trying(self._lead_of(projection))

    def leads(self, projection: Projection) -> bool:
        """Whether it still is."""
        return self._locks.holds(self._lead_of(projection))

    def beat(self, projections: Sequence[Projection]) -> None:
        """Says that the worker of these is at work."""
        self._locks.beat([self._lead_of(projection) for projection in projections])

    def pulses(self, projections: Sequence[Projection]) -> dict[str, float]:
        """Seconds since the heartbeat of each view that somebody leads, by its name."""
        leads = {self._lead_of(projection): projection.name for projection in projections}
        return {leads[lead]: pulse for lead, pulse in self._locks.pulses([*leads]).items()}

    def _lead_of(self, projection: Projection) -> str:
        return self.LEAD.format(projection.name)

    def _rebuild_of(self, projection: Projection) -> str:
        return self.REBUILD.format(projection.name)
