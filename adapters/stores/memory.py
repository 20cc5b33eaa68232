"""The store in memory, on the library's plain-object recorder: for tests and trials."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import islice
from typing import cast
from uuid import UUID, uuid4

from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from adapters.stores.mapper import FactMapper
from application.ports import (
    NOTHING_READ,
    Blob,
    CommandResult,
    IdempotentResult,
    Recorded,
    VersionTaken,
)
from application.quotas import BYTES, Row, Usage, usage_of
from domain.base import DomainEvent, Snapshot
from domain.ids import Span, spans, unpack
from domain.lineage import Identity
from domain.tickets import SALES


class MemoryStore:
    """The `Store` port; everything is gone with the process."""

    def __init__(self) -> None:
        self._mapper = FactMapper()
        self._recorder = POPOApplicationRecorder()
        self._snapshots: dict[UUID, list[StoredEvent]] = {}
        self._answers: dict[tuple[int, str], IdempotentResult] = {}
        self._numbers: dict[tuple[int, int], int] = {}
        self._blobs: dict[tuple[int, str], tuple[str, bytes]] = {}
        self._positions: dict[tuple[UUID, int], int] = {}
        self._usage: Usage = Counter()
        self._identity = Identity(uuid4().hex[:16], 1)

    def close(self) -> None:
        """Nothing to close."""

    def append(
        self,
        facts: Sequence[DomainEvent],
        snapshots: Sequence[Snapshot] = (),
        answers: Sequence[IdempotentResult] = (),
        read: Mapping[UUID, int] = NOTHING_READ,
        timeline: int | None = None,  # noqa: ARG002 - there is one memory
        blobs: Iterable[Blob] = (),
        identity: Identity | None = None,
    ) -> Sequence[int]:
        if any((aggregate, version + 1) in self._positions for aggregate, version in read.items()):
            message = "an aggregate that was read has moved on"
            raise VersionTaken(message)
        if any((kept.account, kept.key) in self._answers for kept in answers):
            message = "an Idempotency-Key was used"
            raise VersionTaken(message)
        try:
            stored = [self._mapper.to_stored_event(f) for f in facts]
            positions = list(self._recorder.insert_events(stored) or ())
        except IntegrityError as error:
            raise VersionTaken(str(error)) from error
        for fact, position in zip(facts, positions, strict=True):
            self._positions[fact.originator_id, fact.originator_version] = position
        self._usage.update(usage_of(map(_row, stored)))
        for snapshot in snapshots:
            stored_snapshot = self._mapper.to_stored_event(snapshot)
            self._snapshots.setdefault(snapshot.originator_id, []).append(stored_snapshot)
        for blob in blobs:
            key = (blob.account, blob.digest)
            if key not in self._blobs:
                self._blobs[key] = (blob.type, blob.data)
                self._usage[blob.account, BYTES] += len(blob.data)
        for kept in answers:
            at = positions[kept.facts - 1] if kept.facts else kept.answer.position
            answer = replace(kept.answer, position=at)
            self._answers[kept.account, kept.key] = replace(kept, answer=answer)
        if identity:
            epochs = (identity.epoch, self._identity.epoch)
            self._identity = Identity(identity.id, max(epochs) + 1)
        return positions

    def defects(self, *, quickly: bool = False) -> list[str]:  # noqa: ARG002 - the port has it
        return []

    def repair_indexes(self) -> None:
        """There are none."""

    def try_writing(self) -> None:
        """There is always room."""

    def append_lock(self) -> AbstractContextManager[None]:
        return nullcontext()  # a store of one process

    def identity(self) -> Identity:
        return self._identity

    def begin_epoch(self, before: Identity, after: Identity | None = None) -> Identity:
        self._snapshots.clear()
        if before == self._identity:
            epochs = (before.epoch, after.epoch if after else 0)
            self._identity = Identity((after or before).id, max(epochs) + 1)
        return self._identity

    def moved(self) -> bool:
        return False

    def answered_ahead(self) -> int:
        return 0

    def timeline(self) -> int:
        return 0

    def position(self) -> int:
        return self._recorder.max_notification_id() or 0

    def newest_of(self, aggregates: Sequence[UUID]) -> int:
        return max((p for (one, _), p in self._positions.items() if one in aggregates), default=0)

    def read(self, after: int, limit: int) -> list[Recorded]:
        rows = self._recorder.select_notifications(after, limit, inclusive_of_start=False)
        return [Recorded(row.id, self._fact(row)) for row in rows]

    def at(
        self,
        positions: Sequence[int],
        most: int | None = None,  # noqa: ARG002 - all of it is in memory
    ) -> list[Recorded]:
        return [one for one in self.read(0, self.position()) if one.position in positions]

    def spans(self) -> Iterator[Span]:
        return spans(
            lambda behind: min((one for one, _ in self._positions if one > behind), default=None),
            self._counted,
        )

    def _counted(self, first: UUID, last: UUID) -> tuple[UUID, int]:
        within = [one for one, _ in self._positions if first <= one <= last]
        return max(within), len(within)

    def between(self, first: UUID, last: UUID, upto: int) -> Iterator[Recorded]:
        aggregates = {one for one, _ in self._positions if first <= one <= last}
        for aggregate in sorted(aggregates):
            yield from (r for r in self.stream(aggregate) if r.position <= upto)

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
        rows = self._recorder.select_events(aggregate, gt=after, lte=upto, desc=newest_first)
        wanted = (r for r in rows if not topics or r.topic in topics)
        return [
            Recorded(self._positions[aggregate, row.originator_version], self._fact(row))
            for row in islice((r for r in wanted if not (edits and r.topic in SALES)), limit)
        ]

    def streams(self, aggregates: Sequence[UUID], upto: int) -> list[list[Recorded]]:
        found = (self.stream(aggregate, upto=upto) for aggregate in aggregates)
        return [facts for facts in found if facts]

    def snapshot(
        self, aggregate: UUID, upto: int | None = None, topic: str = Snapshot.TOPIC
    ) -> Snapshot | None:
        for row in reversed(self._snapshots.get(aggregate, [])):
            if row.topic == topic and (upto is None or row.originator_version <= upto):
                return self._fact(row)  # type: ignore[return-value]
        return None

    def snapshots(self) -> Iterator[Snapshot]:
        for rows in self._snapshots.values():
            for row in rows:
                yield self._fact(row)  # type: ignore[misc]

    def kept_answer(self, account: int, key: str) -> tuple[str, CommandResult] | None:
        kept = self._answers.get((account, key))
        is_there = kept and kept.answer.position <= self.position()
        return (kept.request, kept.answer) if kept and is_there else None

    def kept_answers(self, account: int) -> Iterator[IdempotentResult]:
        kept = [one for one in self._answers.values() if one.account == account]
        yield from (replace(one, facts=0) for one in sorted(kept, key=lambda one: one.time))

    def lost_answers(self) -> bool:
        return False

    def forget_answers(self, before: str) -> None:
        self._answers = {k: v for k, v in self._answers.items() if v.time >= before}

    def take_numbers(self, account: int, kind: int, count: int) -> int:
        first = self._numbers.get((account, kind), 1)
        self._numbers[account, kind] = first + count
        return first

    def numbers_given(self, account: int) -> dict[int, int]:
        return {
            kind: next_ - 1 for (owner, kind), next_ in self._numbers.items() if owner == account
        }

    def reserve_numbers(self, account: int, given: dict[int, int]) -> None:
        for kind, number in given.items():
            held = self._numbers.get((account, kind), 1)
            self._numbers[account, kind] = max(held, number + 1)

    def blob(self, account: int, digest: str) -> tuple[str, bytes] | None:
        return self._blobs.get((account, digest))

    def blobs(self, account: int) -> Iterator[str]:
        yield from sorted(digest for owner, digest in self._blobs if owner == account)

    def usage(self, account: int) -> dict[str, int]:
        return {name: n for (owner, name), n in self._usage.items() if owner == account}

    def count_usage(self) -> dict[tuple[int, str], int]:
        usage = usage_of(map(_row, self._recorder.select_notifications(None, self.position() + 1)))
        for (account, _), (_, data) in self._blobs.items():
            usage[account, BYTES] += len(data)
        return {key: n for key, n in usage.items() if n}

    def counted_accounts(self) -> Sequence[int]:
        return sorted({account for account, _ in self._usage})

    def recount(self) -> None:
        self._usage = Counter(self.count_usage())

    def blob_accounts(self) -> Sequence[int]:
        return sorted({account for account, _ in self._blobs})

    def drop_blob(self, account: int, digest: str) -> None:
        _, data = self._blobs.pop((account, digest), ("", b""))
        self._usage[account, BYTES] -= len(data)

    def facts_of(self, account: int) -> Iterator[Recorded]:
        for recorded in self.read(0, 10**9):
            if unpack(recorded.fact.originator_id).account == account:
                yield recorded

    def _fact(self, row: StoredEvent) -> DomainEvent:
        place = (row.originator_id, row.originator_version)
        return self._mapper.fact(*place, row.topic, row.state)


def _row(stored: StoredEvent) -> Row:
    place = (cast("UUID", stored.originator_id), stored.originator_version)
    return (*place, stored.topic, len(stored.state))
