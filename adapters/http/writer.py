"""The writer on the event loop, for a store that commits without a network.

What arrives in one turn of the loop is one batch. A commit takes a fraction of a millisecond for
all of it, less than handing every command to a thread and waiting for the interpreter there. Not so
with a large body, a picture above all: its batch is committed beside the loop, and others wait.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Any, Unpack

from application.group_commit import Committer, WriterOptions, next_batch, settle_futures
from application.ports import Store
from application.unit_of_work import PendingCommand

LARGE = 2**18
"""Bytes of a body from which on its batch is committed beside the loop."""


class LoopWriter(Committer):
    """Collects jobs and commits them at the end of the loop's turn, one batch a turn."""

    def __init__(self, store: Store, **options: Unpack[WriterOptions]) -> None:
        super().__init__(store, **options)
        self._waiting: deque[PendingCommand] = deque()
        self._scheduled = False
        self._beside: list[PendingCommand] = []
        """The batch that a thread commits."""
        self._left: Sequence[PendingCommand] = ()
        """What the thread left of it."""
        self._thread = ThreadPoolExecutor(1, "large-commit")
        self._nobodys = Context()  # a batch is not about the request that came first

    def submit(self, job: PendingCommand) -> Any:
        """Takes the job; its future is answered after the commit."""
        self._waiting.append(job)
        self._schedule()
        return job.future

    def close(self) -> None:
        """Commits what is waiting."""
        self._thread.shutdown()
        self._settle_beside()
        while self._waiting:
            batch = next_batch(self._waiting)
            self._settle(batch, self.commit(batch))

    def _schedule(self) -> None:
        if self._waiting and not self._scheduled and not self._beside:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush, context=self._nobodys)

    def _flush(self) -> None:
        self._scheduled = False
        if not self._waiting:
            return
        batch = next_batch(self._waiting)
        if any(job.size >= LARGE for job in batch):
            self._beside = batch
            loop = asyncio.get_running_loop()
            committing = loop.run_in_executor(self._thread, self._commit_beside)
            committing.add_done_callback(self._come_back, context=self._nobodys)
        else:
            self._settle(batch, self.commit(batch))
            self._schedule()

    def _commit_beside(self) -> None:
        self._left = self.commit(self._beside)

    def _come_back(self, _: "asyncio.Future[None]") -> None:
        self._settle_beside()
        self._schedule()

    def _settle_beside(self) -> None:
        batch, left, self._beside, self._left = self._beside, self._left, [], ()
        self._settle(batch, left)

    def _settle(self, batch: list[PendingCommand], left: Sequence[PendingCommand]) -> None:
        settle_futures(batch[: len(batch) - len(left)])
        self._waiting.extendleft(reversed(left))
