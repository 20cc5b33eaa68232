"""The writer on the event loop, for a store that commits without a network.

What arrives in one turn of the loop is one batch. A commit takes a fraction of a millisecond for
all of it, less than handing every command to a thread and waiting for the interpreter there. Not so
with a large body, a picture above all: its batch is committed beside the loop, and others wait.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Any, Unpack

from application.group_commit import (
    BATCH_BYTES,
    MAX_BATCH,
    Committer,
    Job,
    WriterOptions,
    settle_futures,
)
from application.ports import Store

LARGE = 2**18
"""Bytes of a body from which on its batch is committed beside the loop."""


class LoopWriter(Committer):
    """Collects jobs and commits them at the end of the loop's turn."""

    def __init__(self, store: Store, **options: Unpack[WriterOptions]) -> None:
        super().__init__(store, **options)
        self._waiting: list[Job] = []
        self._beside: Sequence[Job] = ()
        """The batch that a thread commits."""
        self._thread = ThreadPoolExecutor(1, "large-commit")
        self._nobodys = Context()  # a batch is not about the request that came first

    def submit(self, job: Job) -> Any:
        """Takes the job; its future is answered after the commit."""
        self._waiting.append(job)
        if len(self._waiting) == 1 and not self._beside:
            asyncio.get_running_loop().call_soon(self._flush, context=self._nobodys)
        return job.future

    def close(self) -> None:
        """Commits what is waiting."""
        self._thread.shutdown()
        settle_futures(self._beside)
        self._beside = ()
        while self._waiting:
            self._commit_here(self._next())

    def _flush(self) -> None:
        while self._waiting and not self._beside:
            batch = self._next()
            if any(job.size >= LARGE for job in batch):
                self._beside = batch
                committing = asyncio.get_running_loop().run_in_executor(
                    self._thread, self.commit, batch
                )
                committing.add_done_callback(self._committed, context=self._nobodys)
            else:
                self._commit_here(batch)

    def _next(self) -> list[Job]:
        count = size = 0
        for job in self._waiting[:MAX_BATCH]:
            count += 1
            size += job.size
            if size >= BATCH_BYTES:
                break
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    def _commit_here(self, batch: list[Job]) -> None:
        self.commit(batch)
        settle_futures(batch)

    def _committed(self, _: "asyncio.Future[None]") -> None:
        settle_futures(self._beside)
        self._beside = ()
        self._flush()
