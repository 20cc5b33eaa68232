"""The feed of changes: a part of it, and all of it as it grows, for as many as follow."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from fastapi.sse import format_sse_event
from pydantic_core import to_json
from structlog import get_logger

from adapters.bootstrap import CHANGES, Stagebook
from adapters.http.order_guids import with_guids
from adapters.http.readers import Readers
from adapters.http.streams import KEEP_ALIVE_SECONDS, LOOK_SECONDS, RETRY_MILLISECONDS
from adapters.views.select import Page, Select
from adapters.views.sql import SqlView
from application.ports import StoreUnavailable
from domain.base import DomainEvent
from domain.ids import unpack
from domain.outside import Outside
from projections.changes import change, is_shown

THREADS = 2
"""For all streams, one of them for an account: however many follow, requests are read by others."""
POLL_SECONDS = 0.05
WINDOW = 20_000
"""Facts that a filter is looked for in at a time, so that a rare one keeps nobody waiting."""
BLOCKS = 2**20
"""Bytes of facts that a stream sends at a time: each follower holds as much until it reads."""
FAR = 1_000
"""Facts that a stream may have passed in silence, until it says where it stands."""

T = TypeVar("T")
log = get_logger()


@dataclass(frozen=True, slots=True)
class Part:
    """Entries in the order of commits."""

    entries: Sequence[dict[str, Any]]
    following: int
    """The position to go on from: it skips nothing that is committed later."""
    more: bool
    """Whether there are more now."""
    held: bool = False
    """Whether there are more, behind one that is parked."""


def part(book: Stagebook, select: Select, outside: Outside) -> Part:
    """The entries behind a position, `select.after`; none behind one that is parked, which comes
    later but belongs before them."""
    (after,) = select.after or (0,)
    found, parked = _part(book, select, after, outside)
    if parked is None or parked > found.following:
        return found
    upto = replace(select, where=(*select.where, ("position", "<", parked)))
    before, _ = _part(book, upto, after, outside)
    if before.more:
        return before
    return Part(before.entries, max(after, parked - 1), more=False, held=True)


def _part(book: Stagebook, select: Select, after: int, outside: Outside) -> tuple[Part, int | None]:
    """The entries, and the first position that lacks its own, as of one state of the view."""
    view = book.view(CHANGES)
    # The position comes first: what is committed between the reads is shown or found next time.
    position, fence = view.standing()
    page, lacking = view.page(select), _lacking(book, view, select.account)
    if view.standing()[1] != fence:  # mended meanwhile: what was parked may be shown, or not yet
        return _part(book, select, after, outside)
    positions = positions_on(page)
    # An index that is ahead of its store, as after a restore, leads to whatever came there since.
    there = book.store.at(positions, select.bytes)
    cut = bool(there) and there[-1].position < positions[-1]
    if cut:  # the first of them are a whole page already
        positions = positions[: positions.index(there[-1].position) + 1]
    found = [one for one in there if account_of(one.fact) == select.account]
    unshown = [recorded.position for recorded in found if not is_shown(recorded.fact)]
    if unshown:  # the index is of a newer version, which knows what that is
        lacking = min(unshown[0], lacking or unshown[0])
    entries = with_guids(
        book, [change(recorded, outside) for recorded in found if is_shown(recorded.fact)]
    )
    shown = positions[-1] if positions else 0
    more = cut or page.last is not None
    following = shown if more else max(position, after, shown)
    return Part(entries, following, more=more), lacking


def positions_on(page: Page) -> list[int]:
    """Where the facts are that the index leads to."""
    return [int.from_bytes(key) for key in page.keys]


def _lacking(book: Stagebook, view: SqlView, account: int) -> int | None:
    """Where the first entry of the account is parked; one that is shown by its topic is there."""
    parked = view.parked()
    there = view.known([*parked]) if parked else ()
    for one in sorted(parked.values(), key=lambda p: p.position):
        if one.key not in there:
            for recorded in book.store.at([one.position]):
                if account_of(recorded.fact) == account:
                    return one.position
    return None


def account_of(fact: DomainEvent) -> int | None:
    """Whose feed that fact is in."""
    for about in CHANGES.keys(fact):
        return unpack(UUID(bytes=about)).account
    return None


def windowed(book: Stagebook, select: Select, outside: Outside) -> Part:
    """The same, of the next facts only."""
    (after,) = select.after or (0,)
    upto = after + WINDOW
    near = replace(select, where=(*select.where, ("position", "<=", upto)))
    found = part(book, near, outside)
    if found.more or found.following <= upto:
        return found
    return Part(found.entries, upto, more=True)


class Feed:
    """The streams of one process, and one look at the view for all of them."""

    def __init__(self, book: Stagebook) -> None:
        self._book = book
        self.readers = Readers(THREADS, sys.maxsize, "feed")  # each stream has one read at a time
        self._position = 0
        self._moved = asyncio.Event()
        self.waiting = 0
        """Followers that have everything there is."""

    def close(self) -> None:
        self.readers.executor.shutdown(wait=False)

    async def watch(self) -> None:
        """Wakes who waits, whoever it was that wrote."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self.waiting:
                continue
            try:
                position = await self._read(lambda: self._book.view(CHANGES).position())
            except Exception:  # it is looked again
                log.exception("the feed is not looked at")
                await asyncio.sleep(LOOK_SECONDS)
                continue
            if position != self._position:
                self._position = position
                moved, self._moved = self._moved, asyncio.Event()
                moved.set()

    async def stream(
        self, select: Select, outside: Outside, lasts: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        """Every entry behind `select.after`; now and then, and where no entry says it, the position
        that was come to: whoever goes on from there looks at nothing twice."""
        (at,) = select.after or (0,)
        told, spoken = at, time.monotonic()
        yield self._stands_at(at, retry=RETRY_MILLISECONDS)
        while lasts():
            try:
                blocks, found = await self._read(
                    self._blocks, replace(select, after=(at,), bytes=BLOCKS), outside
                )
            except StoreUnavailable as error:  # its client waits here as well as elsewhere
                log.warning("a stream waits for the store", reason=str(error))
                await asyncio.sleep(LOOK_SECONDS)
                blocks, found = b"", Part((), at, more=False)
            at = found.following
            if blocks or at - told >= FAR or time.monotonic() - spoken >= KEEP_ALIVE_SECONDS:
                yield blocks or self._stands_at(at)
                told, spoken = at, time.monotonic()
            if found.held:
                await asyncio.sleep(LOOK_SECONDS)
            elif not found.more:
                await self._behind(at)

    def _blocks(self, select: Select, outside: Outside) -> tuple[bytes, Part]:
        found = windowed(self._book, select, outside)
        blocks = [
            format_sse_event(
                data_str=to_json(entry).decode(), event="change", id=self._id(entry["position"])
            )
            for entry in found.entries
        ]
        if blocks and found.following - found.entries[-1]["position"] >= FAR:
            blocks.append(self._stands_at(found.following))
        return b"".join(blocks), replace(found, entries=())

    def _stands_at(self, position: int, retry: int | None = None) -> bytes:
        said = f'{{"position":{position}}}'
        return format_sse_event(data_str=said, event="position", id=self._id(position), retry=retry)

    def _id(self, position: int) -> str:
        """What a browser sends back in `Last-Event-ID`, which has no other header to say of which
        store and epoch the position is."""
        return f"{self._book.identity}.{position}"

    async def _behind(self, position: int) -> None:
        """Waits until there is more, or so long that it should be asked whether to go on."""
        self.waiting += 1
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                while self._position <= position:
                    await self._moved.wait()
        except TimeoutError:
            pass
        finally:
            self.waiting -= 1

    async def _read(self, call: Callable[..., T], *args: Any) -> T:
        return await self.readers.run(call, *args)
