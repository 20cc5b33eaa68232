"""Single documents of a view that is asked over a network. Those that are asked for while a
statement runs are read by the next one, all together: a statement, and the way to a thread and
back, cost more than a document."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 16
"""Documents that a statement reads: all of them may be as large as a document can be."""


class BatchingReader(Generic[T]):
    """The reads of one view by one process. Another view's are not held up by them."""

    def __init__(
        self, read: Callable[[Sequence[bytes]], Mapping[bytes, T]], readers: Executor
    ) -> None:
        """`read` has something to say of every key."""
        self._read_all, self._readers = read, readers
        self._waiting: list[tuple[bytes, asyncio.Future[T]]] = []
        self._at_work = False
        self._task: asyncio.Task[None] | None = None

    async def read(self, key: bytes) -> T:
        """As it is when this is asked, or later."""
        loop = asyncio.get_running_loop()
        if self._at_work:
            answer: asyncio.Future[T] = loop.create_future()
            self._waiting.append((key, answer))
            return await answer
        self._at_work = True
        try:
            found = await loop.run_in_executor(self._readers, self._read_all, [key])
        finally:
            self._go_on()
        return found[key]

    def _go_on(self) -> None:
        """With those who asked meanwhile."""
        self._at_work = bool(self._waiting)
        if self._waiting:
            # Their requests are several: no line of the log is about one of them.
            self._task = asyncio.create_task(self._read(), context=Context())

    async def _read(self) -> None:
        asked, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        keys = [*{key for key, _ in asked}]
        reading = asyncio.get_running_loop().run_in_executor
        try:
            found = await reading(self._readers, self._read_all, keys)
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for key, answer in asked:
                if not answer.done():  # else nobody waits for it any more
                    answer.set_result(found[key])
        finally:
            self._go_on()
