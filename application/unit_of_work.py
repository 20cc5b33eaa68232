"""A unit of work: what one command loads, and the changes that are recorded together.

A `PendingCommand` is what a request hands to the writer; the writer gives its decision a
`UnitOfWork`, and records what the aggregates that were loaded have triggered.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from application.aggregate_cache import Key
from application.ports import Blob, CommandResult, Store
from application.quotas import COUNTED, Quotas
from application.repository import AggregateRepository
from domain.base import Aggregate, CommandMetadata
from domain.ids import unpack
from domain.money import DEFAULT_CURRENCY
from domain.values import UTC_ZONE

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The client's key, and a hash of the request that may not change with it."""

    key: str
    request: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a command came from: what it is called, the request it was part of, and the span that
    its caller is in, as W3C's `traceparent` says it."""

    command: str
    request: str | None = None
    parent: str | None = None


UNKNOWN = Origin("other")


@dataclass(slots=True)
class PendingCommand:
    """A command: who, for which account, what to decide, and how to put the answer."""

    account: int
    metadata: CommandMetadata
    decide: Callable[["UnitOfWork"], Any]
    answer: Callable[[Any], CommandResult]
    key: IdempotencyKey | None = None
    future: Any = field(default_factory=Future)
    """Where the answer is waited for: a `concurrent.futures.Future`, or asyncio's."""
    currency: str = DEFAULT_CURRENCY
    origin: Origin = UNKNOWN
    timezone: str = UTC_ZONE
    """The account's."""
    size: int = 0
    """Bytes of the body that it came with."""
    outcome: CommandResult | BaseException | None = None
    facts: int = 0
    """How many facts of the batch its answer rests on: those up to and with its own last."""


class Numbers:
    """Numbers come from the store in blocks that grow with use; a restart skips the rest."""

    FIRST, LARGEST = 10, 1_000

    def __init__(self, store: Store) -> None:
        self._store = store
        self._blocks: dict[tuple[int, int], tuple[int, int, int]] = {}

    def next(self, account: int, kind: int) -> int:
        number, end, size = self._blocks.get((account, kind), (0, 0, self.FIRST // 2))
        if number == end:
            size = min(size * 2, self.LARGEST)
            number = self._store.take_numbers(account, kind, size)
            end = number + size
        self._blocks[account, kind] = (number + 1, end, size)
        return number


class UnitOfWork:
    """One job's view of the book: what it loads, it may change; what it triggers is recorded."""

    def __init__(
        self,
        store: Store,
        repository: AggregateRepository,
        numbers: Numbers,
        quotas: Quotas,
        job: PendingCommand,
    ) -> None:
        self.store = store
        """For looking back; what is decided on is loaded."""
        self._repository, self._numbers, self._quotas = repository, numbers, quotas
        self.account = job.account
        self.currency = job.currency
        self.timezone = job.timezone
        self.metadata = job.metadata
        self.loaded: dict[Key, Aggregate] = {}
        self.blobs: list[Blob] = []
        """What is kept with the facts, once the command is accepted."""

    def load(self, cls: type[A], number: int) -> A:
        """The aggregate as it is now, empty if nothing was ever recorded of it."""
        return self._load(cls, (self.account, cls.KIND, number))

    def load_all(self, cls: type[A], numbers: Iterable[int]) -> list[A]:
        """Many of them, read together where they are not in memory."""
        wanted = [*dict.fromkeys(numbers)]
        self._repository.fetch(cls, [(self.account, cls.KIND, number) for number in wanted])
        return [self.load(cls, number) for number in wanted]

    def load_id(self, cls: type[A], aggregate_id: UUID) -> A:
        return self._load(cls, unpack(aggregate_id))

    def _load(self, cls: type[A], key: Key) -> A:
        held = self.loaded.get(key)
        if held is None:
            held = self.loaded[key] = self._repository.aggregate(cls, key)
        return held  # type: ignore[return-value]

    def new(self, cls: type[A]) -> A:
        """An aggregate with a number of its own, where the account may have one more."""
        self.require_room(cls.KIND)
        return self.fresh(cls, self.next_number(cls.KIND))

    def fresh(self, cls: type[A], number: int) -> A:
        """An aggregate that nothing was recorded of yet: there is nothing to load. Should an
        import have brought one, its version 1 is taken and the batch is decided again."""
        made = cls(cls.id_of(self.account, number))
        key = (self.account, cls.KIND, number)
        self._repository.hold(key, made)
        self.loaded[key] = made
        return made

    def require_room(self, kind: int) -> None:
        """Refuses one more thing of that kind than the account may have."""
        name = COUNTED.get(kind)
        if name and self._quotas.limits.get(name):
            made = sum(COUNTED.get(key[1]) == name for key, a in self.loaded.items() if _new(a))
            self._quotas.require(self.account, name, made + 1)

    def require_keys(self, current: int) -> None:
        """Refuses one more access key than the account may have."""
        self._quotas.require_keys(current)

    def next_number(self, kind: int) -> int:
        return self._numbers.next(self.account, kind)


def _new(aggregate: Aggregate) -> bool:
    """Whether this command makes it."""
    return 0 < aggregate.version == len(aggregate.pending)
