"""Single documents of a view that is asked over a network. Those that are asked for while a
statement runs are read by the next one, all together: a statement, and the way to a thread and
back, cost more than a document."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from contextvars import Context
from typing import Protocol

Document = tuple[bytes, str]
"""The served bytes, and their ETag."""


class View(Protocol):
    """What is read."""

    def document(self, key: bytes) -> Document | None: ...
    def documents_of(self, keys: Sequence[bytes]) -> dict[bytes, Document]: ...


class Gathered:
    """The reads of one view by one process. Another view's are not held up by them."""

    def __init__(self, view: View, readers: Executor) -> None:
        self._view, self._readers = view, readers
        self._waiting: list[tuple[bytes, asyncio.Future[Document | None]]] = []
        self._at_work = False
        self._task: asyncio.Task[None] | None = None

    async def document(self, key: bytes) -> Document | None:
        """As it is when this is asked, or later."""
        loop = asyncio.get_running_loop()
        if self._at_work:
            answer: asyncio.Future[Document | None] = loop.create_future()
            self._waiting.append((key, answer))
            return await answer
        self._at_work = True
        try:
            return await loop.run_in_executor(self._readers, self._view.document, key)
        finally:
            self._go_on()

    def _go_on(self) -> None:
        """With those who asked meanwhile."""
        self._at_work = bool(self._waiting)
        if self._waiting:
            # Their requests are several: no line of the log is about one of them.
            self._task = asyncio.create_task(self._read(), context=Context())

    async def _read(self) -> None:
        asked, self._waiting = self._waiting, []
        keys = [*{key for key, _ in asked}]
        reading = asyncio.get_running_loop().run_in_executor
        try:
            found = await reading(self._readers, self._view.documents_of, keys)
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for key, answer in asked:
                if not answer.done():  # else nobody waits for it any more
                    answer.set_result(found.get(key))
        finally:
            self._go_on()
