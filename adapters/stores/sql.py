"""The store in SQL, the same for both databases: facts by position and by aggregate, snapshots, and
what is kept beside them: answers, numbers and blobs."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import chain, groupby
from time import time_ns
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from adapters.row_pages import PAGE_BYTES
from adapters.stores.damage import integer
from adapters.stores.mapper import FactMapper
from adapters.stores.rows import answer_in, uuid_in
from application.ports import CommandResult, IdempotentResult, Recorded, StoreDamaged
from application.quotas import BYTES, Usage, usage_of
from domain.base import Snapshot
from domain.event_facts import PLACED
from domain.ids import Span, spans
from domain.lineage import Identity
from domain.tickets import SALES

PAGE = 1_000
SNAPSHOTS_A_PAGE = 100
STREAMS_AT_ONCE = 200
NO_LIMIT = 2**62
STATE = 4
"""The column of a row that may be large."""
EDITS = (
    "substr(topic, 1, 10) = 'inventory.'"
    f" AND topic NOT IN ({', '.join(repr(topic) for topic in SALES)})"
)
"""The facts of an Inventory that no sale makes: both databases keep an index of these alone, which
they use where the same words stand in a question."""
PLACES = f"topic IN ({', '.join(repr(topic) for topic in PLACED)})"
"""The facts that say where an Event takes place, in an index of their own as well."""
INDEXES = tuple(
    f"CREATE INDEX IF NOT EXISTS {name} ON stored_events"
    f" (originator_id, originator_version) WHERE {facts}"
    for name, facts in (("stored_edits", EDITS), ("stored_places", PLACES))
)
FIRST_ANSWER = "account = 0 AND key = ''"
"""The kept answers begin with a row of nobody's that is never forgotten: where it is gone, so are
others."""
BEGIN_ANSWERS = (
    "INSERT INTO kept_answers (account, key, time, position) SELECT 0, '', '9999-12-31', 0"
)
BEGIN_ANSWERS_OF_NOTHING = (
    f"{BEGIN_ANSWERS} WHERE NOT EXISTS (SELECT 1 FROM stored_events) ON CONFLICT DO NOTHING"
)
SNAPSHOTS = "SELECT 0, originator_id, originator_version, topic, state FROM stored_snapshots"


class SqlStore:
    """The `Store` port but for its appending, over a database's `_rows` and `_written`."""

    def __init__(self, position: str) -> None:
        """`position`: the column of `stored_events` that is a fact's position."""
        self._mapper = FactMapper()
        self._position = position
        self._columns = f"{position}, originator_id, originator_version, topic, state"
        self._select = f"SELECT {self._columns} FROM stored_events"
        self._is_there = f"position <= (SELECT coalesce(max({position}), 0) FROM stored_events)"
        """Of a kept answer: the facts that it rests on are in the store."""
        self._newest_of = (
            f"SELECT {position} FROM stored_events WHERE originator_id = ?"
            " ORDER BY originator_version DESC LIMIT 1"
        )

    # -- what a database provides

    def _rows(self, query: str, params: Sequence[Any] = ()) -> list[Any]:
        """What is read, with `?` for parameters."""
        raise NotImplementedError

    def _page(self, query: str, params: Sequence[Any], most: int = PAGE_BYTES) -> list[Any]:
        """Rows of facts in their order, as many of the first as have so many bytes."""
        raise NotImplementedError

    def _written(self, statement: str, params: Sequence[Any]) -> list[Any]:
        """What a statement returns whose changes are on disk by then."""
        raise NotImplementedError

    def _written_together(self, *statements: tuple[str, Sequence[Any]]) -> None:
        """Statements in one transaction, whose changes are on disk by then."""
        raise NotImplementedError

    def _id(self, aggregate: UUID) -> Any:
        """An id as it is stored."""
        raise NotImplementedError

    def _decoded(self, rows: Sequence[Any]) -> list[Recorded]:
        """Rows of facts or snapshots. What comes of one aggregate has one object for its id:
        whoever looks something up by it finds it by identity. `TypeError`, `ValueError` or
        `AttributeError` where the place of a row is none."""
        raise NotImplementedError

    # -- facts

    def position(self) -> int:
        newest = f"SELECT coalesce(max({self._position}), 0) FROM stored_events"
        return int(self._rows(newest)[0][0])

    def newest_of(self, aggregates: Sequence[UUID]) -> int:
        found = (self._rows(self._newest_of, (self._id(one),)) for one in aggregates)
        return max((int(rows[0][0]) for rows in found if rows), default=0)

    def read(self, after: int, limit: int) -> list[Recorded]:
        behind = f"WHERE {self._position} > ? ORDER BY {self._position} LIMIT ?"
        return self._facts(self._page(f"{self._select} {behind}", (after, limit)))

    def spans(self) -> Iterator[Span]:
        return spans(self._first_behind, self._counted)

    def _first_behind(self, aggregate: UUID) -> UUID | None:
        rows = self._rows(
            "SELECT originator_id FROM stored_events WHERE originator_id > ?"
            " ORDER BY originator_id LIMIT 1",
            (self._id(aggregate),),
        )
        return uuid_in(rows[0][0]) if rows else None

    def _counted(self, first: UUID, last: UUID) -> tuple[UUID, int]:
        ((found, count),) = self._rows(
            "SELECT (SELECT originator_id FROM stored_events WHERE originator_id <= ?"
            " ORDER BY originator_id DESC LIMIT 1),"
            " (SELECT count(*) FROM stored_events WHERE originator_id BETWEEN ? AND ?)",
            (self._id(last), self._id(first), self._id(last)),
        )
        return uuid_in(found), count

    def between(self, first: UUID, last: UUID, upto: int) -> Iterator[Recorded]:
        query = (
            f"{self._select} WHERE (originator_id, originator_version) > (?, ?)"
            f" AND originator_id <= ? AND +{self._position} <= ?"  # the plus keeps its index out
            " ORDER BY originator_id, originator_version LIMIT ?"
        )
        place = (self._id(first), 0)
        while page := self._page(query, (*place, self._id(last), upto, PAGE)):
            before, version = place
            for _, one, next_, *_ in page:
                version = version + 1 if one == before else 1
                if next_ != version:
                    raise hole(one, version, next_)
                before = one
            yield from self._facts(page)
            place = page[-1][1:3]

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
        if set(topics) == set(PLACED):
            named, topics = f" AND {PLACES}", ()
        else:
            named = f" AND topic IN ({', '.join('?' * len(topics))})" if topics else ""
        query = (
            f"{self._select} WHERE originator_id = ? AND originator_version > ?"
            f" AND originator_version <= ?{named}{f' AND {EDITS}' if edits else ''}"
            f" ORDER BY originator_version{' DESC' if newest_first else ''} LIMIT ?"
        )
        upto = NO_LIMIT if upto is None else upto
        limit = NO_LIMIT if limit is None else limit
        facts = self._recorded(query, (self._id(aggregate), after, upto, *topics, limit))
        if facts and not (named or edits):
            self._require_each(facts, after, whole=not newest_first or len(facts) < limit)
        return facts

    def streams(self, aggregates: Sequence[UUID], upto: int) -> list[list[Recorded]]:
        found = []
        for start in range(0, len(aggregates), STREAMS_AT_ONCE):
            some = aggregates[start : start + STREAMS_AT_ONCE]
            query = (
                f"{self._select} WHERE originator_id IN ({', '.join('?' * len(some))})"
                " AND originator_version <= ? ORDER BY originator_id, originator_version"
            )
            facts = self._recorded(query, (*map(self._id, some), upto))
            found += [[*own] for _, own in groupby(facts, lambda r: r.fact.originator_id)]
        for own in found:
            self._require_each(own, 0, whole=True)
        return found

    def _require_each(self, facts: Sequence[Recorded], after: int, *, whole: bool) -> None:
        """Each version is there, of a `whole` stream from the first behind `after`: a damaged index
        hides facts, and a fold without them would be wrong for ever."""
        first, last = sorted(facts[place].fact.originator_version for place in (0, -1))
        if last - first + 1 != len(facts) or (whole and first != after + 1):
            versions = {recorded.fact.originator_version for recorded in facts}
            expected = after + 1 if whole else first
            while expected in versions:
                expected += 1
            raise hole(facts[0].fact.originator_id, expected, None)

    def facts_of(self, account: int) -> Iterator[Recorded]:
        first, last = UUID(int=account << 80), UUID(int=(account << 80) | (2**80 - 1))
        query = (
            f"{self._select} WHERE {self._position} > ? AND originator_id BETWEEN ? AND ?"
            f" ORDER BY {self._position} LIMIT ?"
        )
        position = 0
        while page := self._page(query, (position, self._id(first), self._id(last), PAGE)):
            yield from self._facts(page)
            position = page[-1][0]

    def _facts(self, rows: Sequence[Any]) -> list[Recorded]:
        try:
            return self._decoded(rows)
        except (TypeError, ValueError, AttributeError):
            for row in rows:
                try:
                    self._decoded([row])
                except (TypeError, ValueError, AttributeError) as error:
                    place = f"position {row[0]}" if row[0] else "a snapshot"
                    raise StoreDamaged(place, f"it cannot be read: {error}") from error
            raise

    def snapshot(
        self, aggregate: UUID, upto: int | None = None, topic: str = Snapshot.TOPIC
    ) -> Snapshot | None:
        found = self._recorded(
            f"{SNAPSHOTS} WHERE originator_id = ? AND originator_version <= ? AND topic = ?"
            " ORDER BY originator_version DESC LIMIT 1",
            (self._id(aggregate), NO_LIMIT if upto is None else upto, topic),
        )
        return found[0].fact if found else None  # type: ignore[return-value]

    def snapshots(self) -> Iterator[Snapshot]:
        query = (
            f"{SNAPSHOTS} WHERE (originator_id, originator_version) > (?, ?)"
            " ORDER BY originator_id, originator_version LIMIT ?"
        )
        place = (self._id(UUID(int=0)), 0)
        while page := self._rows(query, (*place, SNAPSHOTS_A_PAGE)):
            for recorded in self._facts(page):
                yield recorded.fact  # type: ignore[misc]
            place = page[-1][1:3]

    def _recorded(self, query: str, params: Sequence[Any]) -> list[Recorded]:
        return self._facts(self._rows(query, params))

    # -- which store it is

    def identity(self) -> Identity:
        rows = self._rows("SELECT id, epoch FROM store_identity")
        for id_, epoch in rows:
            return Identity(str(id_), integer(epoch, "the epoch of the store"))
        return Identity("none", 0)

    def begin_epoch(self, before: Identity, after: Identity | None = None) -> Identity:
        self._written(f"DELETE FROM kept_answers WHERE NOT ({self._is_there}) RETURNING 1", ())
        self._written("DELETE FROM stored_snapshots RETURNING 1", ())  # derived, so they may go
        epoch = max(before.epoch + 1, epoch_after(after or before))
        self._written(
            "UPDATE store_identity SET id = ?, epoch = ? WHERE id = ? AND epoch = ? RETURNING 1",
            (after.id if after else before.id, epoch, *before),
        )
        return self.identity()

    def answered_ahead(self) -> int:
        newest = "ORDER BY time DESC LIMIT 1"
        rows = self._rows(f"SELECT position FROM kept_answers WHERE key <> '' {newest}")
        return max(0, int(rows[0][0]) - self.position()) if rows else 0

    # -- beside them

    def kept_answer(self, account: int, key: str) -> tuple[str, CommandResult] | None:
        rows = self._rows(
            "SELECT request, status, headers, body, position FROM kept_answers"
            f" WHERE account = ? AND key = ? AND {self._is_there}",
            (account, key),
        )
        if not rows:
            return None
        return answer_in(rows[0], account, key)

    def kept_answers(self, account: int) -> Iterator[IdempotentResult]:
        rows = self._rows(
            "SELECT key, time, request, status, headers, body, position FROM kept_answers"
            " WHERE account = ? AND key <> '' ORDER BY time, key",
            (account,),
        )
        for key, time, *answered in rows:
            request, answer = answer_in(answered, account, key)
            yield IdempotentResult(account, key, request, time, answer, facts=0)

    def lost_answers(self) -> bool:
        return not self._rows(f"SELECT 1 FROM kept_answers WHERE {FIRST_ANSWER}")

    def take_numbers(self, account: int, kind: int, count: int) -> int:
        ((next_,),) = self._written(
            "INSERT INTO numbers VALUES (?,?,?) ON CONFLICT (account, kind)"
            " DO UPDATE SET next = numbers.next + ? RETURNING next",
            (account, kind, 1 + count, count),
        )
        return integer(next_, f"the next number of account {account:x}") - count

    def numbers_given(self, account: int) -> dict[int, int]:
        query = "SELECT kind, next FROM numbers WHERE account = ?"
        what = f"the next number of account {account:x}"
        rows = self._rows(query, (account,))
        return {integer(kind, what): integer(next_, what) - 1 for kind, next_ in rows}

    def reserve_numbers(self, account: int, given: dict[int, int]) -> None:
        if given:
            rows = [(account, kind, number + 1) for kind, number in given.items()]
            self._written(
                f"INSERT INTO numbers VALUES {', '.join(['(?,?,?)'] * len(rows))}"
                " ON CONFLICT (account, kind) DO UPDATE SET next = excluded.next"
                " WHERE excluded.next > numbers.next RETURNING next",
                [*chain.from_iterable(rows)],
            )

    def blob(self, account: int, digest: str) -> tuple[str, bytes] | None:
        query = "SELECT type, data FROM blobs WHERE account = ? AND digest = ?"
        rows = self._rows(query, (account, digest))
        return (rows[0][0], bytes(rows[0][1])) if rows else None

    def blobs(self, account: int) -> Iterator[str]:
        query = "SELECT digest FROM blobs WHERE account = ? ORDER BY digest"
        yield from (row[0] for row in self._rows(query, (account,)))

    def usage(self, account: int) -> dict[str, int]:
        query = "SELECT name, amount FROM account_usage WHERE account = ?"
        what = f"the usage of account {account:x}"
        return {name: integer(amount, what) for name, amount in self._rows(query, (account,))}

    def count_usage(self) -> dict[tuple[int, str], int]:
        usage: Usage = Counter()
        self._count_facts(usage, after=0)
        return self._with_blobs(usage)

    def _count_facts(self, usage: Usage, after: int) -> int:
        """Adds what facts say that are behind a position; returns the newest one's."""
        query = (
            f"SELECT {self._position}, originator_id, originator_version, topic, length(state)"
            f" FROM stored_events WHERE {self._position} > ? ORDER BY {self._position} LIMIT ?"
        )
        while page := self._rows(query, (after, PAGE)):
            usage.update(usage_of((uuid_in(one), *rest) for _, one, *rest in page))
            after = page[-1][0]
        return after

    def _with_blobs(self, usage: Usage) -> dict[tuple[int, str], int]:
        for account, size in self._rows("SELECT account, length(data) FROM blobs"):
            usage[account, BYTES] += size
        return {key: n for key, n in usage.items() if n}

    def counted_accounts(self) -> Sequence[int]:
        query = "SELECT DISTINCT account FROM account_usage ORDER BY account"
        return [row[0] for row in self._rows(query)]

    def recount(self) -> None:
        if self.lost_answers():
            self._written(f"{BEGIN_ANSWERS} RETURNING 1", ())
        usage: Usage = Counter()
        position = self._count_facts(usage, after=0)
        with self.append_lock():  # others write until here: what they did is all that is left
            self._count_facts(usage, after=position)
            self._written("DELETE FROM account_usage WHERE account >= 0 RETURNING account", ())
            for row in usage_rows(self._with_blobs(usage)):
                self._written(f"{ADD_USAGE} RETURNING account", row)

    def _count_first(self) -> None:
        """A store of an older version has not counted yet."""
        if not self._rows("SELECT 1 FROM account_usage LIMIT 1") and self.position():
            self.recount()

    def append_lock(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def blob_accounts(self) -> Sequence[int]:
        query = "SELECT DISTINCT account FROM blobs ORDER BY account"
        return [row[0] for row in self._rows(query)]

    def drop_blob(self, account: int, digest: str) -> None:
        place = (account, digest)
        self._written_together((LESS_USAGE, place), (DROP_BLOB, place))


def hole(aggregate: Any, expected: int, version: int | None) -> StoreDamaged:
    what = f"its fact of version {expected} is not found"
    what += f", the next one has {version}" if version else ""
    return StoreDamaged(f"the stream of aggregate {uuid_in(aggregate)}", what)


ADD_USAGE = (
    "INSERT INTO account_usage VALUES (?,?,?) ON CONFLICT (account, name)"
    " DO UPDATE SET amount = account_usage.amount + excluded.amount"
)
LESS_USAGE = (
    f"INSERT INTO account_usage SELECT account, '{BYTES}', -length(data) FROM blobs"
    " WHERE account = ? AND digest = ? ON CONFLICT (account, name)"
    " DO UPDATE SET amount = account_usage.amount + excluded.amount"
)
DROP_BLOB = "DELETE FROM blobs WHERE account = ? AND digest = ?"
BECOME = "UPDATE store_identity SET id = ?, epoch = CASE WHEN epoch < ? THEN ? ELSE epoch + 1 END"
INSERT_BLOB = "INSERT INTO blobs VALUES (?,?,?,?) ON CONFLICT DO NOTHING"


def becoming(identity: Identity) -> tuple[str, int, int]:
    """What `BECOME` takes: the store becomes that one, in a later epoch than both."""
    epoch = epoch_after(identity)
    return identity.id, epoch, epoch


def epoch_after(identity: Identity) -> int:
    """An epoch that begins now, later than that one, whatever the clock says."""
    return max(time_ns() // 1_000_000, identity.epoch + 1)


def usage_rows(usage: Mapping[tuple[int, str], int]) -> list[tuple[int, str, int]]:
    return [(account, name, amount) for (account, name), amount in usage.items() if amount]


def usage_in(stored_events: Sequence[StoredEvent]) -> Usage:
    """What rows of facts add."""
    return usage_of(
        (s.originator_id, s.originator_version, s.topic, len(s.state))  # type: ignore[misc]
        for s in stored_events
    )
