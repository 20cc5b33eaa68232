"""Requests without a key that is known. An address may send so many of them; before one is refused
for its key, the keys are read again, for it may have been added a moment ago.

All who come with a key that is not known share the next look into the store, and there are few
looks a second: guessing costs none a guess.
"""

import asyncio
import base64
import re
import time
from collections.abc import Awaitable
from contextvars import Context

from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.http.rates import Rates
from application.keyring import Keyring
from application.ports import StoreUnavailable

LOOKS_A_SECOND = 10
MAX_KNOWN, LONGEST_KNOWN = 10_000, 300
"""Headers that are remembered, and bytes of one: the spaces in it are anybody's to choose."""
REPEATED = (b"Bearer ", b"Basic ")
"""How they begin: a signature is another every time."""
ACCESS_KEY = re.compile(r"\S+ +key=([!-~]{1,100}) ", re.ASCII)
"""Of a signature; `sign=` is the end of it."""


class NewKeys:
    """An application that knows the newest keys."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self.app, self._rates = app, rates
        self._known: set[bytes] = set()
        """Headers of keys that were known once: whether they still are is looked at elsewhere."""
        self._looked = 0.0
        self._next: asyncio.Task[None] | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"authorization":
                    if value in self._known:
                        break
                    return self._unknown(value, scope, receive, send)
            else:
                self._rates.meet_stranger(scope)
        return self.app(scope, receive, send)

    async def _unknown(self, header: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        await self._meet(scope["app"].state.stagebook.keyring, header, scope)
        await self.app(scope, receive, send)

    async def _meet(self, keyring: Keyring, header: bytes, scope: Scope) -> None:
        known = knows(keyring, header.decode("latin-1"))
        if not known:
            if not self._rates.meet_stranger(scope) or known is None:
                return
            if self._next is None:
                self._next = asyncio.create_task(self._look(keyring), context=Context())
            await asyncio.shield(self._next)
        elif len(header) <= LONGEST_KNOWN and header.startswith(REPEATED):
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known.add(header)

    async def _look(self, keyring: Keyring) -> None:
        """Whoever comes once it has begun waits for the next one."""
        await asyncio.sleep(self._looked + 1 / LOOKS_A_SECOND - time.monotonic())
        self._next, self._looked = None, time.monotonic()
        try:
            await asyncio.to_thread(keyring.refresh)
        except StoreUnavailable:  # the keys that are known will do
            return


def knows(keyring: Keyring, header: str) -> bool | None:
    """Whether the key that a header names is known; None where it names none."""
    if signed := ACCESS_KEY.match(header):
        return keyring.signing(signed[1]) is not None
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "basic":
        try:
            name = base64.b64decode(rest.strip(), validate=True).decode().partition(":")[0]
        except ValueError:  # no base64, or not of a text
            return None
        return keyring.signing(name) is not None
    token = rest.strip() if scheme.lower() == "bearer" else header.strip()
    return keyring.find(token) is not None if token else None
