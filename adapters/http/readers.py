"""Threads that read for requests, in turns by account: whoever asks for much waits for oneself."""

import asyncio
import weakref
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

from domain.errors import TooBusy

T = TypeVar("T")
THREADS = 4
"""Few: they compute as much as they wait, and take the interpreter from the event loop."""
LARGE = 16_384
"""Bytes of a body from which on it is read beside the event loop."""
EACH_LOCAL, EACH_REMOTE = 1, 2
"""How many of them one account has at a time. What reads a file of this machine only computes: two
of them are no faster than one, and a request of another account waits twice as long."""
PAYER: ContextVar[int] = ContextVar("payer", default=0)
"""The account that a request is of, 0 until that is known."""


HEALTH = ThreadPoolExecutor(2, thread_name_prefix="health")
"""Health and metrics wait for no read of any account."""
DOCUMENTS = ThreadPoolExecutor(THREADS, thread_name_prefix="documents")
"""Single documents of a database over a network: short, and read many at a time for everybody."""


class Turn:
    """A call that waits for a thread."""

    __slots__ = ("account", "answer", "call")

    def __init__(
        self, account: int, call: Callable[[], Any], answer: "asyncio.Future[Any]"
    ) -> None:
        self.account, self.call, self.answer = account, call, answer


class Readers:
    """A pool for the event loop that it is used from. No account has all of its threads."""

    def __init__(self, threads: int = THREADS, waiting: int = 200, name: str = "reader") -> None:
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._threads = threads
        self.each = max(1, threads - 1)
        """How many calls of one account run at a time."""
        self.waiting = waiting
        """How many calls of one account may wait."""
        self._queues: dict[int, deque[Turn]] = {}
        """By account; the first has waited for its turn the longest."""
        self._at_work: Counter[int] = Counter()

    def share(self, waiting: int, *, local: bool) -> None:
        """Says what one account may have of a store on this machine, or over a network."""
        self.waiting, self.each = waiting, EACH_LOCAL if local else EACH_REMOTE

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """What the call returns; `TooBusy` when too many of its account wait already."""
        loop, account = asyncio.get_running_loop(), PAYER.get()
        queue = self._queues.setdefault(account, deque())
        if len(queue) >= self.waiting:
            message = f"{len(queue)} reads of this account are waiting: STAGEBOOK_READS_WAITING"
            raise TooBusy(message, limit="reads", waiting=len(queue))
        run = copy_context().run  # lines of the log say which request they are about
        turn = Turn(account, lambda: run(call, *args), loop.create_future())
        queue.append(turn)
        self._start(loop)
        try:
            answer: T = await turn.answer
        finally:
            if turn in queue:  # its client has left
                queue.remove(turn)
        return answer

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._at_work.total() < self._threads and (turn := self._next()):
            self._at_work[turn.account] += 1
            reading = loop.run_in_executor(self.executor, turn.call)
            reading.add_done_callback(lambda done, turn=turn: self._done(loop, turn, done))  # type: ignore[misc]

    def _next(self) -> Turn | None:
        for account, queue in list(self._queues.items()):
            if not queue:
                del self._queues[account]
            elif self._at_work[account] < self.each:
                turn = queue.popleft()
                del self._queues[account]  # to the end of the line
                if queue:
                    self._queues[account] = queue
                return turn
        return None

    def _done(
        self, loop: asyncio.AbstractEventLoop, turn: Turn, done: "asyncio.Future[Any]"
    ) -> None:
        self._at_work[turn.account] -= 1
        if not self._at_work[turn.account]:
            del self._at_work[turn.account]  # those of every account are summed at each turn
        if not turn.answer.done():
            if error := done.exception():
                turn.answer.set_exception(error)
            else:
                turn.answer.set_result(done.result())
        elif not done.cancelled():
            done.exception()  # nobody waits for it any more
        self._start(loop)


_pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Readers] = weakref.WeakKeyDictionary()


def readers() -> Readers:
    """The pool of this event loop."""
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        pool = _pools[loop] = Readers()
    return pool


async def blocking(call: Callable[..., T], *args: Any) -> T:
    """Runs a call that may take its time beside the event loop, when its account has its turn."""
    return await readers().run(call, *args)


async def by_size(size: int, call: Callable[..., T], *args: Any) -> T:
    """Runs a call on so many bytes, beside the event loop if they are many."""
    return await blocking(call, *args) if size > LARGE else call(*args)


async def watching(call: Callable[..., T], *args: Any) -> T:
    """Runs a call of health or metrics beside the event loop."""
    return await asyncio.get_running_loop().run_in_executor(HEALTH, call, *args)


async def in_turns(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each chunk is made in a turn of its own, when the client has taken the one before."""
    while chunk := await blocking(next, chunks, b""):
        yield chunk
