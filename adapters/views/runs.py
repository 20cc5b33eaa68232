"""What is kept of a view's rebuilds, beside its generations: who asked for one, and the last run.

A request stays until a run that began after it has switched, so nothing that is killed loses it.
"""

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple, Protocol, TypeVar

from pydantic_core import from_json, to_json

from application.ports import StoreUnavailable
from domain.values import stamp
from projections.base import Projection

REQUEST, RUN, STORE = "request", "run", "store"
NO_TURN = os.EX_TEMPFAIL
"""How a rebuild that was asked for ends where as many as may be are under way already."""


class ViewMetadata(Protocol):
    """Texts that are kept with a view, by name."""

    def read(self, view: str, note: str) -> str | None: ...
    def write(self, view: str, note: str, text: str | None) -> None: ...
    def write_first(self, view: str, note: str, text: str) -> bool:
        """Whether there was none, and this is it."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RebuildRequest:
    """Who wants a view rebuilt, and since when."""

    by: str
    since: str


@dataclass(frozen=True, slots=True)
class Run:
    """A rebuild of a view: the one at work, or the last one."""

    generation: int
    host: str
    pid: int
    workers: int
    requestedby: str | None
    """None: nobody, it was started by hand, or by a new version of its projection."""
    startedts: str
    begun: int
    """Facts that an earlier run had done of the same generation."""
    finishedts: str | None = None
    facts: int = 0
    """How many there were to build from, when it was done."""
    error: str | None = None

    @property
    def over(self) -> bool:
        return self.finishedts is not None

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.startedts}"


class Generation(NamedTuple):
    """A generation of a view that can be served."""

    number: int
    name: str
    version: int


class Runs:
    """The requests and runs of all views."""

    def __init__(self, notes: ViewMetadata) -> None:
        self._notes = notes
        self.workers = 1
        """Processes that a rebuild of this one works with."""

    def rebuild_request(self, projection: Projection) -> RebuildRequest | None:
        return _noted(RebuildRequest, self._notes.read(projection.name, REQUEST))

    def request_rebuild(self, projection: Projection, by: str) -> bool:
        """Whether nobody had asked for it before."""
        text = to_json(asdict(RebuildRequest(by, _now()))).decode()
        return self._notes.write_first(projection.name, REQUEST, text)

    def line(self, projections: Iterable[Projection]) -> list[Projection]:
        """Those that a rebuild was asked for, whoever asked first at the head."""
        requests = [
            (rebuild_request.since, p.name, p)
            for p in projections
            if (rebuild_request := self.rebuild_request(p))
        ]
        return [projection for _, _, projection in sorted(requests, key=lambda w: w[:2])]

    def last(self, projection: Projection) -> Run | None:
        return _noted(Run, self._notes.read(projection.name, RUN))

    def begin(self, projection: Projection, generation: int, begun: int) -> None:
        rebuild_request = self.rebuild_request(projection)
        self._note(
            projection,
            Run(
                generation,
                socket.gethostname(),
                os.getpid(),
                self.workers,
                rebuild_request.by if rebuild_request else None,
                _now(),
                begun,
            ),
        )

    def finish(self, projection: Projection, generation: int, facts: int) -> None:
        """It has switched, and what was asked for is there."""
        run = self.last(projection)
        if run and not run.over and run.generation == generation:
            self._note(projection, replace(run, finishedts=_now(), facts=facts))
            self._notes.write(projection.name, REQUEST, None)

    @contextmanager
    def telling(self, projection: Projection) -> Iterator[None]:
        """ViewMetadata why a run ended that did not come to its end."""
        try:
            yield
        except Exception as error:
            run = self.last(projection)
            if run and not run.over and run.pid == os.getpid():
                with suppress(StoreUnavailable):  # that may be why
                    self._note(projection, replace(run, finishedts=_now(), error=repr(error)))
            raise

    def _note(self, projection: Projection, run: Run) -> None:
        self._notes.write(projection.name, RUN, to_json(asdict(run)).decode())


def _noted(cls: type[T], text: str | None) -> T | None:
    """What a note says; a damaged one says nothing."""
    try:
        return cls(**from_json(text)) if text else None
    except (TypeError, ValueError):
        return None


def _now() -> str:
    return stamp(datetime.now(UTC))
