"""Single documents of a database that is asked over a network. Those that are asked for while a
statement runs are read by the next one, all together: a statement, and the way to a thread and
back, cost more than a document."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from contextvars import Context
from typing import NamedTuple, Protocol

Document = tuple[bytes, str]
"""The served bytes, and their ETag."""


class View(Protocol):
    """What is read."""

    def document(self, key: bytes) -> Document | None: ...
    def documents_of(self, keys: Sequence[bytes]) -> dict[bytes, Document]: ...


class Asked(NamedTuple):
    """A document that somebody waits for."""

    view: View
    key: bytes
    answer: asyncio.Future[Document | None]


class Gathered:
    """The reads of one process."""

    def __init__(self, readers: Executor) -> None:
        self._readers = readers
        self._waiting: list[Asked] = []
        self._at_work = False
        self._task: asyncio.Task[None] | None = None

    async def document(self, view: View, key: bytes) -> Document | None:
        """As it is when this is asked, or later."""
        loop = asyncio.get_running_loop()
        if self._at_work:
            answer: asyncio.Future[Document | None] = loop.create_future()
            self._waiting.append(Asked(view, key, answer))
            return await answer
        self._at_work = True
        try:
            return await loop.run_in_executor(self._readers, view.document, key)
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
        try:
            for view in {one.view for one in asked}:
                await self._answer(view, [one for one in asked if one.view is view])
        finally:
            self._go_on()

    async def _answer(self, view: View, asked: Sequence[Asked]) -> None:
        keys = [*{one.key for one in asked}]
        try:
            reading = asyncio.get_running_loop().run_in_executor
            found = await reading(self._readers, view.documents_of, keys)
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            for one in asked:
                if not one.answer.done():
                    one.answer.set_exception(error)
        else:
            for one in asked:
                if not one.answer.done():  # else nobody waits for it any more
                    one.answer.set_result(found.get(one.key))
