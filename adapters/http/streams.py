"""Server-sent events: answers that go on until the client leaves, its key is revoked, the store is
replaced or the server stops. Whoever was cut off says in `Last-Event-ID` where to go on."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from weakref import finalize

from fastapi import Request
from fastapi.sse import EventSourceResponse
from starlette.types import Send

from adapters.http.auth import Permission, authorize, stagebook, still_authorized
from adapters.http.errors import TooManyRequests
from adapters.http.readers import PAYER
from adapters.settings import Settings
from domain.errors import Refusal

KEEP_ALIVE_SECONDS = 15.0
"""A silence that no proxy on the way takes for a connection that is dead."""
LOOK_SECONDS = 1.0
"""How long a stream may not notice that it is over."""
GRACE_SECONDS = 2.0
"""In which a stream that is over ends by itself, unless its client has stopped reading."""
RETRY_MILLISECONDS = 1_000
HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "Vary": "Accept",
    "X-Accel-Buffering": "no",
}


def asked(request: Request) -> bool:
    """Whether the client wants server-sent events, which it has to say."""
    accepted = request.headers.get("accept", "").lower().split(",")
    return any(a.partition(";")[0].strip() == EventSourceResponse.media_type for a in accepted)


def lasting(request: Request, need: Permission) -> Callable[[], bool]:
    """Tells whether a stream may go on: the server does not stop, its store was not replaced, and
    the key still is authorize."""
    account, stopping = authorize(request, need).account, request.app.state.stopping
    continuity = stagebook(request).continuity

    def lasts() -> bool:
        if stopping.is_set() or continuity.broken:
            return False
        try:
            return still_authorized(request, need).account == account
        except Refusal:
            return False

    return lasts


class Followers:
    """How many streams each account has in this process, and may have; 0 is any number."""

    def __init__(self, settings: Settings, refused: Callable[[str], None]) -> None:
        self._most, self._refused = settings.streams_per_account, refused
        self.by_account: Counter[int] = Counter()

    def enter(self, account: int) -> None:
        """Counts one more, or refuses it."""
        if self._most and self.by_account[account] >= self._most:
            self._refused("streams")
            message = f"this account follows {self._most} streams already: end one of them"
            raise TooManyRequests(message, limit="streams", retryafter=RETRY_MILLISECONDS // 1_000)
        self.by_account[account] += 1

    def leave(self, account: int) -> None:
        self.by_account[account] -= 1
        if not self.by_account[account]:
            del self.by_account[account]


class EventStream(EventSourceResponse):
    """Blocks as they come, none before the client has taken the one before."""

    def __init__(
        self, blocks: AsyncIterator[bytes], lasts: Callable[[], bool], followers: Followers
    ) -> None:
        account, self._lasts = PAYER.get(), lasts
        followers.enter(account)
        self._leave = finalize(self, followers.leave, account)  # once, also if it never begins
        super().__init__(blocks, headers=HEADERS)

    async def stream_response(self, send: Send) -> None:
        try:
            await self._stream(send)
        finally:
            self._leave()

    async def _stream(self, send: Send) -> None:
        sending = asyncio.create_task(super().stream_response(send))
        over = asyncio.create_task(self._over())
        try:
            await asyncio.wait((sending, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending

    async def _over(self) -> None:
        """Returns when a stream that is over should have ended."""
        while self._lasts():  # noqa: ASYNC110 - keys are revoked without a signal
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(GRACE_SECONDS)
