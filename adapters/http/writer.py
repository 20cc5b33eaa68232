"""The writer on the event loop, for a store that commits without a network.

What arrives in one turn of the loop is one batch. A commit takes a fraction of a millisecond for
all of it, less than handing every command to a thread and waiting for the interpreter there.
"""

import asyncio
from contextvars import Context
from typing import Any, Unpack

from application.group_commit import MAX_BATCH, Committer, Job, WriterOptions, settle_futures
from application.ports import Store


class LoopWriter(Committer):
    """Collects jobs and commits them at the end of the loop's turn."""

    def __init__(self, store: Store, **options: Unpack[WriterOptions]) -> None:
        super().__init__(store, **options)
        self._waiting: list[Job] = []
        self._nobodys = Context()  # a batch is not about the request that came first

    def submit(self, job: Job) -> Any:
        """Takes the job; its future is answered after the commit."""
        self._waiting.append(job)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._flush, context=self._nobodys)
        return job.future

    def close(self) -> None:
        """Commits what is waiting."""
        self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), MAX_BATCH):
            batch = waiting[start : start + MAX_BATCH]
            self.commit(batch)
            settle_futures(batch)
