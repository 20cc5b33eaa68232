"""What the application needs from the world: a store of facts, and nothing else."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from domain.base import DomainEvent, Snapshot
from domain.ids import Span
from domain.lineage import Identity

NOTHING_READ: Mapping[UUID, int] = {}


class StoreUnavailable(Exception):  # noqa: N818 - a state of the world, mapped to 503
    """Nothing was recorded: the disk is full, or the database is away. Try again later."""


class OutcomeUnknown(StoreUnavailable):
    """The commit was sent and its end was not heard of. Whoever asks again with the same
    Idempotency-Key gets its answer, or is served once."""

    title = "It is not known whether this was recorded"


PUT_BACK = "put back a copy of the store"
LOOK = "put back a copy, or run stagebook check for another remedy"


class StoreDamaged(StoreUnavailable):
    """What is kept is not what was written, and stays so until it is repaired."""

    title = "The store is damaged"

    def __init__(self, place: str, what: str, remedy: str = LOOK) -> None:
        super().__init__(place, what, remedy)
        self.place, self.what, self.remedy = place, what, remedy

    def __str__(self) -> str:
        return f"{self.place} is damaged: {self.what}; {self.remedy}"


class ViewNotYet(StoreUnavailable):
    """A view was damaged or of another history: it is being made of the facts, and has nothing yet
    that could be shown."""

    title = "The view has not come that far"


class StoreReplaced(StoreUnavailable):
    """The store is not the one that this process began with, or has lost facts that it had."""

    title = "The store was replaced"


class VersionTaken(Exception):  # noqa: N818 - the signal to decide again, not an error
    """Another process wrote first; nothing of this batch was recorded."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact and its position, its place in the one total order of the store."""

    position: int
    fact: DomainEvent


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a client was told: status, headers and body bytes, kept for its Idempotency-Key."""

    status: int
    headers: dict[str, str]
    body: bytes
    position: int = 0
    replayed: bool = field(default=False, compare=False)
    """Whether it was given before: it is the kept one."""


@dataclass(frozen=True, slots=True)
class IdempotentResult:
    """An answer to commit with the facts. `facts` counts those of the batch that it rests on, so
    the store can write the position in; 0 facts: `answer.position` stands."""

    account: int
    key: str
    request: str
    time: str
    answer: CommandResult
    facts: int


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that a fact names by their digest, to commit with it."""

    account: int
    digest: str
    type: str
    data: bytes


class Store(Protocol):
    """The facts, in commit order, on one of the stores."""

    def append(
        self,
        facts: Sequence[DomainEvent],
        snapshots: Sequence[Snapshot] = (),
        answers: Sequence[IdempotentResult] = (),
        read: Mapping[UUID, int] = NOTHING_READ,
        timeline: int | None = None,
        blobs: Iterable[Blob] = (),
        identity: Identity | None = None,
    ) -> Sequence[int]:
        """Records all or nothing, durably, and returns the position of each fact. Of `blobs`, what
        is there already stays. With an `identity`, that of a store whose facts these are, the store
        has its id from here on, and begins an epoch that is later than its own and that one.

        `read` are the aggregates that were decided on but not written, by version, and `era` is
        the one in which. Raises `VersionTaken` when another process wrote a version or a key, or
        one of these since, or the era has changed, `StoreUnavailable` when nothing could be
        recorded, `OutcomeUnknown` when it may have been.
        """

    def identity(self) -> Identity:
        """Which store this is, as it is kept with the facts."""

    def begin_epoch(self, before: Identity, after: Identity | None = None) -> Identity:
        """Begins an epoch, unless another process has since `before` was read, and returns the one
        that there is; later than `after` and with its id, where the store goes on as another.
        Answers that rest on facts which are not there and all snapshots are dropped first."""

    def moved(self) -> bool:
        """Whether what is where the store was opened is something else by now."""

    def answered_ahead(self) -> int:
        """How far the newest kept answer is ahead of the facts; 0: it is not."""

    def timeline(self) -> int:
        """Another number when another server took over: it may not have everything that was read
        before, so nothing of that is decided on."""

    def append_lock(self) -> AbstractContextManager[None]:
        """A turn: while inside, other processes wait with what they append, so that what is decided
        here is not overtaken. One batch is appended in a turn. `append` checks all the same."""

    def position(self) -> int:
        """The position of the newest fact, 0 in an empty store."""

    def newest_of(self, aggregates: Sequence[UUID]) -> int:
        """The position of the newest fact of any of these aggregates, 0 where there is none."""

    def read(self, after: int, limit: int) -> list[Recorded]:
        """The facts behind a position, in commit order, all accounts: so many, or the first of
        them where they are large."""

    def at(self, positions: Sequence[int], most: int | None = None) -> list[Recorded]:
        """The facts at these positions, in commit order: all, or the first of them where they have
        more bytes than that, or than a page."""

    def spans(self) -> Iterator[Span]:
        """Which aggregates there are, by account and kind, and how many facts they have."""

    def between(self, first: UUID, last: UUID, upto: int) -> Iterator[Recorded]:
        """The facts of the aggregates from the first to the last, one aggregate after the other,
        each by version, up to a position."""

    def stream(
        self,
        aggregate: UUID,
        *,
        after: int = 0,
        upto: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        topics: Collection[str] = (),
        edits: bool = False,
    ) -> list[Recorded]:
        """One aggregate's facts by version: after < version ≤ upto. Of these topics, or of any; of
        an Inventory the `edits` alone, found without a look at its sales."""

    def streams(self, aggregates: Sequence[UUID], upto: int) -> list[list[Recorded]]:
        """The facts of many, each of them from its first and up to a version; of those alone that
        have any."""

    def snapshot(
        self, aggregate: UUID, upto: int | None = None, topic: str = Snapshot.TOPIC
    ) -> Snapshot | None:
        """The newest snapshot of that sort at or before that version."""

    def snapshots(self) -> Iterator[Snapshot]:
        """Every snapshot, by aggregate and version."""

    def kept_answer(self, account: int, key: str) -> tuple[str, CommandResult] | None:
        """The request and the answer of an Idempotency-Key of the last 24 hours."""

    def kept_answers(self, account: int) -> Iterator[IdempotentResult]:
        """Every answer that is kept for an account, oldest first."""

    def lost_answers(self) -> bool:
        """Whether answers are gone that nobody has forgotten."""

    def forget_answers(self, before: str) -> None:
        """Deletes the answers older than that time."""

    def take_numbers(self, account: int, kind: int, count: int) -> int:
        """Gives out `count` numbers nobody else gets, and returns the first."""

    def numbers_given(self, account: int) -> dict[int, int]:
        """The highest number given out, by kind."""

    def reserve_numbers(self, account: int, given: dict[int, int]) -> None:
        """Never gives out these numbers or lower ones (an import brought them)."""

    def blob(self, account: int, digest: str) -> tuple[str, bytes] | None:
        """The type and the bytes that are kept under a digest."""

    def blobs(self, account: int) -> Iterator[str]:
        """The digests of everything that is kept for an account, in their order."""

    def usage(self, account: int) -> dict[str, int]:
        """What an account has, by the name of a quota: counted with every append."""

    def count_usage(self) -> dict[tuple[int, str], int]:
        """The same by account and name, counted from all facts and blobs."""

    def counted_accounts(self) -> Sequence[int]:
        """The accounts that something is counted of."""

    def recount(self) -> None:
        """Counts what every account has, from all facts and blobs; goes on without answers that
        are lost."""

    def blob_accounts(self) -> Sequence[int]:
        """The accounts that blobs are kept for."""

    def drop_blob(self, account: int, digest: str) -> None:
        """Deletes bytes that no fact names."""

    def facts_of(self, account: int) -> Iterator[Recorded]:
        """Every fact of one account, in commit order."""

    def try_writing(self) -> None:
        """Writes a little, beside the facts; `StoreUnavailable` says why it could not."""

    def defects(self, *, quickly: bool = False) -> list[str]:
        """What the database itself finds damaged, each place in words: it reads everything, unless
        that is to be done `quickly`, which leaves out what would take seconds."""

    def repair_indexes(self) -> None:
        """Makes every index again from its table; facts keep their positions."""

    def close(self) -> None:
        """Lets go of files and connections."""
