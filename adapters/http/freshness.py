"""How new an answer has to be: what each key was answered, and waiting for a view that is behind.

a document            everything that anyone has committed to it, and that was answered to the key
anything else         everything that was answered to the key, by this process
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextvars import Context
from functools import partial

from starlette.types import Scope

from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.http.batching import BatchingReader
from adapters.views.postgres import PostgresViews
from adapters.views.sql import Latest
from application.keyring import Principal
from projections.base import Projection, aggregates_of

POSITION, LAG = "stagebook.position", "stagebook.lag"
"""In the scope of a request: the position that its answer is as of, and if that is not new enough,
the age of what it lacks in seconds."""
POSITION_HEADER, LAG_HEADER = b"stagebook-position", b"stagebook-lag"
STORE_HEADER = b"stagebook-store"
"""Which store an answer is of, and which epoch of it: positions of another are no cursors."""
LOOK_SECONDS, LATER_SECONDS = 0.001, 0.01
"""How often it is looked where a view stands that is waited for, and how often after a while."""
A_WHILE = 50
MAX_KEYS = 10_000


class Answered:
    """The newest position that each key was answered. Of keys that were not here for long, it is
    only known what none of them is ahead of."""

    def __init__(self, newest: int) -> None:
        self.newest = newest
        """The newest position that this process knows of."""
        self._positions: dict[tuple[int, int], int] = {}
        self._others = 0

    def note(self, principal: Principal, position: int) -> None:
        at = _key(principal)
        self._positions[at] = max(position, self._positions.pop(at, self._others))
        self.newest = max(self.newest, position)
        if len(self._positions) > MAX_KEYS:
            longest_ago = next(iter(self._positions))
            self._others = max(self._others, self._positions.pop(longest_ago))

    def to(self, principal: Principal) -> int:
        """The position that the caller may have seen."""
        return self._positions.get(_key(principal), self._others)


def _key(principal: Principal) -> tuple[int, int]:
    """The visitors of an account, who have no key, are taken for one."""
    return principal.key, 0 if principal.key else principal.account


class Waiting:
    """The requests that wait for one view: one task looks for all of them where it stands."""

    def __init__(self, look: Callable[[], Awaitable[int]], hurry: Callable[[], None]) -> None:
        self._look, self._hurry = look, hurry
        self._waiting: set[tuple[int, asyncio.Future[None]]] = set()
        self._hurried = 0
        self._task: asyncio.Task[None] | None = None

    async def reach(self, position: int, seconds: float) -> None:
        """Returns when the view has that position, or after so long."""
        waiting = (position, asyncio.get_running_loop().create_future())
        self._waiting.add(waiting)
        if position > self._hurried:
            self._hurried = position
            self._hurry()
        if self._task is None or self._task.done():
            # It is about no single request: no line of the log says which.
            self._task = asyncio.create_task(self._watch(), context=Context())
        try:
            await asyncio.wait_for(waiting[1], seconds)
        except TimeoutError:
            return
        finally:
            self._waiting.discard(waiting)

    async def _watch(self) -> None:
        looks = 0
        while self._waiting:
            try:
                position = await self._look()
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                for waiting in self._waiting:
                    if not waiting[1].done():
                        waiting[1].set_exception(error)
                self._waiting.clear()
                return
            for waiting in self._waiting:
                if waiting[0] <= position and not waiting[1].done():
                    waiting[1].set_result(None)
            self._waiting = {waiting for waiting in self._waiting if not waiting[1].done()}
            looks += 1
            await asyncio.sleep(LOOK_SECONDS if looks < A_WHILE else LATER_SECONDS)


class Freshness:
    """What one process knows of what it has answered, and how it reads views."""

    def __init__(self, book: Stagebook, readers: Executor) -> None:
        self._book, self._readers = book, readers
        self.answered = Answered(book.store.position())
        self._waiting = {
            p.name: Waiting(partial(self.position, p), partial(book.hurry, p.name))
            for p in PROJECTIONS
        }
        self._gathered: dict[str, BatchingReader[Latest]] = {}
        if isinstance(book.views, PostgresViews):
            views = [book.views.served(p) for p in PROJECTIONS]
            self._gathered = {
                v.projection.name: BatchingReader(v.latest_of, readers) for v in views
            }

    async def head(self) -> int:
        """The newest position of the store."""
        return await self._read(self._book.store.position)

    async def position(self, projection: Projection) -> int:
        """Where a view stands."""
        return await self._read(self._book.view(projection).position)

    async def latest(self, projection: Projection, key: bytes) -> Latest:
        """A document, and what was committed to it."""
        if self._gathered:  # facts and views are in one database: one statement asks for both
            return await self._gathered[projection.name].read(key)
        committed = self._book.store.newest_of(aggregates_of(key))  # first: it must be no newer
        return self._book.view(projection).latest(key, committed)

    async def reach(self, projection: Projection, position: int) -> None:
        """Waits, within a bound, until a view has that position."""
        await self._waiting[projection.name].reach(position, self._book.settings.view_wait)

    async def _read(self, read: Callable[[], int]) -> int:
        if not self._book.reads_block:
            return read()
        return await asyncio.get_running_loop().run_in_executor(self._readers, read)


Headers = list[tuple[bytes, bytes]]


def with_position(headers: Headers, scope: Scope) -> Headers:
    """What every answer says of how new it is; one about the past says it itself."""
    for name, _ in headers:
        if name == POSITION_HEADER:
            return headers
    position = scope.get(POSITION)
    if position is None:
        freshness: Freshness | None = getattr(scope["app"].state, "freshness", None)
        position = freshness.answered.newest if freshness else 0
    told = [*headers, (POSITION_HEADER, b"%d" % position)]
    if (lag := scope.get(LAG)) is not None:
        told.append((LAG_HEADER, b"%.3f" % lag))
    return told
