"""Group commit: one writer a process, many commands a transaction.

Requests hand in a job; the writer takes what is waiting, decides each against the aggregates it
holds in memory, stores the facts of all of them at once, and only then answers each of them.
`Committer` does that to a batch; `GroupCommit` is the writer as a thread, and the HTTP adapter has
one on its event loop.

    a refused job       harms no other: what it had triggered is taken back
    another process     wrote first: the aggregates follow the log and the batch is decided again,
                        a bounded number of times, then `Conflict`; from then on they take turns
    the store is away   nothing was recorded: everyone is told so, and the memory starts afresh

A refusal, too, is answered only after the commit, for it may rest on facts of its own batch.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import InvalidStateError
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import Any, TypedDict, TypeGuard, TypeVar, Unpack

from structlog import get_logger

from application.aggregate_cache import Key
from application.ports import (
    Blob,
    CommandResult,
    IdempotentResult,
    Store,
    StoreUnavailable,
    VersionTaken,
)
from application.quotas import Quotas
from application.repository import AggregateRepository
from application.unit_of_work import Numbers, PendingCommand, UnitOfWork
from application.watching import UNWATCHED, CommitWatch, Timing
from domain.base import Aggregate, DomainEvent, Snapshot
from domain.errors import Conflict, KeyReused, Refusal
from domain.ids import guid, unpack
from domain.inventory import CountedInventory, Inventory

MAX_BATCH = 256
BATCH_BYTES = 4 * 2**20
"""Of bodies in a batch: one that exceeds it ends the batch. A store holds each several times."""
DECIDING_SECONDS = 0.05
"""A batch that was decided for so long is stored, and what is left of it waits for the next one:
commands that load much, one by one, are answered one by one, and others come in between."""
MAX_ATTEMPTS = 100
CACHED_BYTES = 64 * 2**20
NO_QUOTAS: Mapping[str, int] = {}
CONTENDED_BATCHES = 100
SNAPSHOT_EVERY = 100
"""Versions between two snapshots of a small aggregate; a large one has fewer (`snapshot_due`)."""
A_CONTINGENT = 4
"""Versions between two snapshots of what is counted, for each contingent, where those are many."""

A = TypeVar("A", bound=Aggregate)
log = get_logger()


class WriterOptions(TypedDict, total=False):
    """`on_commit` hears the position of every batch."""

    cached_bytes: int
    quotas: Mapping[str, int]
    on_commit: Callable[[int], None]
    watch: CommitWatch


class Committer:
    """Decides and stores whole batches; who collects them is up to the writer built on it."""

    def __init__(
        self,
        store: Store,
        *,
        cached_bytes: int = CACHED_BYTES,
        quotas: Mapping[str, int] = NO_QUOTAS,
        on_commit: Callable[[int], None] = lambda _position: None,
        watch: CommitWatch = UNWATCHED,
    ) -> None:
        self.store = store
        self.numbers = Numbers(store)
        self.memory = AggregateRepository(store, cached_bytes, met=self._take_turns)
        self.quotas = Quotas(store, quotas)
        self._on_commit = on_commit
        self._watch = watch
        self._read: dict[Key, int] = {}
        """What the recording jobs of this batch were decided on, and at which version."""
        self._blobs: list[Blob] = []
        """What the accepted jobs of this batch keep."""
        self._contended = 0
        """For how many more batches other processes are waited for."""

    def commit(self, batch: Sequence[PendingCommand]) -> Sequence[PendingCommand]:
        """Decides the jobs, stores the facts of all of them, and gives each its outcome. Where that
        takes long, only of the first, one at least. Returns those that are to be committed."""
        timing = self._watch.begun()
        count = self._commit(batch, timing)
        batch, left = batch[:count], batch[count:]
        self._watch.committed(batch, timing)
        cache = self.memory.cache
        cache.shrink(self.memory.touched)
        self._watch.cached(cache.weight, cache.evicted)
        return left

    def _commit(self, batch: Sequence[PendingCommand], timing: Timing) -> int:
        """Returns how many of the jobs have their outcome."""
        try:
            for _ in range(MAX_ATTEMPTS):
                asked = self._watch.clock()
                with self._turn():
                    timing.waiting += self._watch.clock() - asked
                    self._follow()
                    try:
                        return self._attempt(batch, timing)
                    except VersionTaken:
                        self.memory.forget()
                        self.quotas.forget()
                        self._take_turns()
            refusal = Conflict("Other processes kept changing the same things: try again")
            self._fail(batch, refusal)
        except StoreUnavailable as error:
            log.warning("store unavailable", reason=str(error), commands=len(batch))
            self._fail(batch, error)
        except Exception as error:  # the writer must outlive any batch
            log.exception("batch failed", commands=len(batch))
            self._fail(batch, error)
        return len(batch)

    def _follow(self) -> None:
        position = self.memory.position
        self.memory.follow()
        self.quotas.begin()
        if self.memory.position != position:
            self.quotas.forget()

    def _take_turns(self) -> None:
        self._contended = CONTENDED_BATCHES

    def _turn(self) -> AbstractContextManager[None]:
        """Where another process writes the same things, they take turns: deciding again costs more
        than waiting, and an aggregate that was changed in vain has to be loaded again."""
        if not self._contended:
            return nullcontext()
        self._contended -= 1
        return self.store.append_lock()

    def _attempt(self, batch: Sequence[PendingCommand], timing: Timing) -> int:
        self.memory.begin()
        self._read.clear()
        self._blobs.clear()
        pending: list[DomainEvent] = []
        kept: dict[tuple[int, str], IdempotentResult] = {}
        snapshots: list[Snapshot] = []
        until, count = time.monotonic() + DECIDING_SECONDS, 0
        for job in batch:
            if not self._replay(job, kept):
                self._decide(job, pending, snapshots, kept)
            count += 1
            if time.monotonic() > until:
                break
        positions: Sequence[int] = ()
        if pending or kept or self._blobs:
            written = {unpack(fact.originator_id) for fact in pending}
            read = {guid(*key): v for key, v in self._read.items() if key not in written}
            answers = list(kept.values())
            timeline, blobs = self.memory.timeline, self._blobs
            began = self._watch.clock()
            try:
                positions = self.store.append(pending, snapshots, answers, read, timeline, blobs)
            finally:
                timing.storing += self._watch.clock() - began
        if positions:
            self.memory.grow(pending)
            self.memory.follow_past(positions, pending[-1])
            self._on_commit(self.memory.position)
        for job in batch[:count]:
            if isinstance(job.outcome, CommandResult) and not job.outcome.position:
                at = positions[job.facts - 1] if job.facts else self.memory.position
                job.outcome = replace(job.outcome, position=at)
        return count

    def _decide(
        self,
        job: PendingCommand,
        pending: list[DomainEvent],
        snapshots: list[Snapshot],
        kept: dict[tuple[int, str], IdempotentResult],
    ) -> None:
        work = UnitOfWork(self.store, self.memory, self.numbers, self.quotas, job)
        job.facts = 0
        try:
            answer = job.answer(job.decide(work))
            facts = [fact for a in work.loaded.values() for fact in a.pending]
            self.quotas.require_bytes(job.account, facts, work.blobs)
        except Exception as error:  # a refusal, or a bug that must not harm the others
            job.outcome = error
            if not isinstance(error, Refusal | StoreUnavailable):
                log.exception("command failed", **log_fields(job))
            self.memory.rollback(work.loaded, pending)
            return
        if facts:
            self._read.update((key, a.version) for key, a in work.loaded.items())
        pending += facts
        for aggregate in work.loaded.values():
            if aggregate.pending:
                if counts_due(aggregate):
                    snapshots.append(CountedInventory.of(aggregate).snapshot())
                elif snapshot_due(aggregate):
                    snapshots.append(aggregate.snapshot())
                aggregate.pending = []
        self.quotas.took(facts)
        self._blobs += work.blobs
        job.facts = len(pending)
        job.outcome = answer if job.facts else replace(answer, position=self.memory.position)
        if job.key:
            kept[job.account, job.key.key] = IdempotentResult(
                job.account, job.key.key, job.key.request, job.metadata.time, job.outcome, job.facts
            )

    def _replay(self, job: PendingCommand, kept: dict[tuple[int, str], IdempotentResult]) -> bool:
        """Answers a key that was used before, in the store or earlier in this batch."""
        if job.key is None:
            return False
        if same_batch := kept.get((job.account, job.key.key)):
            request, answer, job.facts = same_batch.request, same_batch.answer, same_batch.facts
        elif stored := self.store.kept_answer(job.account, job.key.key):
            request, answer = stored
        else:
            return False
        job.outcome = replace(answer, replayed=True)
        if request != job.key.request:
            message = "This Idempotency-Key was used for another request"
            job.outcome = KeyReused(message, key=job.key.key)
        return True

    def _fail(self, batch: Sequence[PendingCommand], error: BaseException) -> None:
        self.memory.forget()
        self.quotas.forget()
        for job in batch:
            job.outcome = error


class GroupCommit(Committer):
    """The writer as a thread: for stores that make it wait, and for the command line."""

    def __init__(
        self,
        store: Store,
        *,
        settle: Callable[[Sequence[PendingCommand]], None] | None = None,
        **options: Unpack[WriterOptions],
    ) -> None:
        super().__init__(store, **options)
        self._settle = settle or settle_futures
        self._jobs: queue.SimpleQueue[PendingCommand | None] = queue.SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    def submit(self, job: PendingCommand) -> Any:
        """Puts the job in the queue; its future is answered after the commit."""
        self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Commits what is waiting, then stops."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        waiting: deque[PendingCommand] = deque()
        while self._collect(waiting):
            batch = next_batch(waiting)
            left = self.commit(batch)
            self._settle(batch[: len(batch) - len(left)])
            waiting.extendleft(reversed(left))

    def _collect(self, waiting: deque[PendingCommand]) -> bool:
        """Takes what was handed in; waits for it where nothing is left. False after the last."""
        while not self._closing and not (waiting and self._jobs.empty()):
            job = self._jobs.get()
            if job is None:
                self._closing = True
            else:
                waiting.append(job)
        return bool(waiting)


def next_batch(waiting: deque[PendingCommand]) -> list[PendingCommand]:
    """Takes the jobs that are committed together, at least one."""
    batch, size = [waiting.popleft()], 0
    while waiting and len(batch) < MAX_BATCH and (size := size + batch[-1].size) < BATCH_BYTES:
        batch.append(waiting.popleft())
    return batch


def log_fields(job: PendingCommand) -> dict[str, Any]:
    """What the log says of a command."""
    metadata, origin = job.metadata, job.origin
    return {
        "command": origin.command,
        "request": origin.request or metadata.causation,
        "correlation": metadata.correlation,
        "account": job.account,
        "actor": metadata.actor,
    }


def snapshot_due(aggregate: Aggregate) -> bool:
    """Whether a snapshot is worth its room: all of them together take a few times the newest."""
    since = aggregate.version - aggregate.snapshotted
    return since >= SNAPSHOT_EVERY and since >= aggregate.weight // 4


def counts_due(aggregate: Aggregate) -> TypeGuard[Inventory]:
    """Whether the facts of this command fill up so many versions of an Inventory. What is counted
    grows with its contingents, and so do the steps."""
    if not isinstance(aggregate, Inventory):
        return False
    step = max(SNAPSHOT_EVERY, A_CONTINGENT * len(aggregate.state.get("contingents", ())))
    return aggregate.version // step > (aggregate.version - len(aggregate.pending)) // step


def settle_futures(batch: Sequence[PendingCommand]) -> None:
    """Sets the result, or the refusal, of each command's future. A future whose waiter has left is
    passed over."""
    for job in batch:
        if job.future.done():
            continue
        with suppress(InvalidStateError):  # left between the two lines
            if isinstance(job.outcome, CommandResult):
                job.future.set_result(job.outcome)
            else:
                job.future.set_exception(job.outcome)
