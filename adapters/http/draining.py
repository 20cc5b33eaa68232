"""How a server process ends: nobody new comes in, whoever is busy on a connection is told, and only
then are connections closed.

One that stays open between requests may be closed just when its client sends the next one, which
is then lost. So for a moment every answer says that it is the last on its connection. A stream,
which is an answer that does not end by itself, ends.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

DRAIN_SECONDS = 0.4
"""For clients that are in the middle of something: a request of theirs takes less."""


def when_told_to_stop(stopping: asyncio.Event) -> None:
    """Sets it at the signals that the server stops at, which are handed on to it: Ctrl-C at once,
    SIGTERM a moment later."""
    if threading.current_thread() is not threading.main_thread():
        return  # of a server inside another program, that stops it in its own way
    for number in (signal.SIGTERM, signal.SIGINT):
        servers = signal.getsignal(number)
        if callable(servers):
            signal.signal(number, _handing_on(stopping, servers))


def _handing_on(
    stopping: asyncio.Event, servers: Callable[[int, FrameType | None], Any]
) -> Callable[[int, FrameType | None], None]:
    loop = asyncio.get_running_loop()

    def drain(number: int) -> None:
        stopping.set()
        for listener in getattr(getattr(servers, "__self__", None), "servers", ()):
            listener.close()  # the server does so, too, but together with the connections
        loop.call_later(DRAIN_SECONDS, servers, number, None)

    def told(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            loop.call_soon_threadsafe(drain, number)
        else:
            loop.call_soon_threadsafe(stopping.set)
            servers(number, frame)

    return told
