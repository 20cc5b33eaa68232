"""What is still to be delivered, and what came of it: kept beside the facts, and no fact itself.

    progress        how far the facts of which store were heard, the mark of the last, and whose
                    term it is
    subscriptions   the webhooks as of that position, and since when each of them fails
    queues          one for each webhook and aggregate: when its first delivery is tried next
    deliveries      those that wait, in order, and those that were given up
    invocations     the attempts of the last week, the latest of each webhook
    set_aside       those that waited when the ledger was found to be of another history, for people

Every write begins with the row of the progress, so writers take turns, and a deliverer whose term
is over writes no more.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

from adapters.views.sql import Cursor
from adapters.webhooks.message import Delivery
from domain.base import State
from domain.lineage import Identity

DELIVERED, FAILED, GIVEN_UP = "delivered", "failed", "given up"

CREATE = """
CREATE TABLE IF NOT EXISTS webhook_progress (
    id INTEGER PRIMARY KEY, term BIGINT, position BIGINT, mark TEXT, store TEXT);
INSERT INTO webhook_progress (id, term, position) VALUES (1, 0, NULL) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS webhook_subscriptions (
    webhook TEXT PRIMARY KEY, state TEXT, failingsince TEXT);
CREATE TABLE IF NOT EXISTS webhook_queues (
    webhook TEXT, stream TEXT, due DOUBLE PRECISION, PRIMARY KEY (webhook, stream));
CREATE INDEX IF NOT EXISTS webhook_queues_due ON webhook_queues (webhook, due);
CREATE TABLE IF NOT EXISTS webhook_deliveries (
    webhook TEXT, stream TEXT, position BIGINT, part INTEGER, version BIGINT, resource TEXT,
    trigger_ TEXT, kind INTEGER, number BIGINT, attempts INTEGER, failed INTEGER, time TEXT,
    mark TEXT DEFAULT '', PRIMARY KEY (webhook, position, part));
CREATE INDEX IF NOT EXISTS webhook_deliveries_order
    ON webhook_deliveries (webhook, stream, failed, position, part);
CREATE TABLE IF NOT EXISTS webhook_invocations (
    webhook TEXT, time TEXT, position BIGINT, dedupe TEXT, occasion TEXT, guid TEXT,
    attempt INTEGER, outcome TEXT, status INTEGER, error TEXT, milliseconds INTEGER);
CREATE INDEX IF NOT EXISTS webhook_invocations_of ON webhook_invocations (webhook, time);
CREATE INDEX IF NOT EXISTS webhook_invocations_time ON webhook_invocations (time);
CREATE TABLE IF NOT EXISTS webhook_set_aside (
    store TEXT, webhook TEXT, stream TEXT, position BIGINT, part INTEGER, version BIGINT,
    resource TEXT, trigger_ TEXT, kind INTEGER, number BIGINT, mark TEXT, attempts INTEGER)
"""
LATER_COLUMNS = (
    ("webhook_progress", "mark TEXT"),
    ("webhook_progress", "store TEXT"),
    ("webhook_deliveries", "mark TEXT DEFAULT ''"),
)
"""What ledgers of older versions lack."""
IS = "webhook, stream, position, part, version, resource, trigger_, kind, number, mark, attempts"
DELIVERY = ", ".join(f"d.{column}" for column in IS.split(", "))
LOGGED = (
    *("time", "position", "dedupekey", "trigger", "guid", "attempt", "outcome", "status"),
    *("error", "milliseconds"),
)
MOST_LOGGED = 10_000
"""Attempts that are remembered of one webhook."""
BEYOND_THE_MOST = """
DELETE FROM webhook_invocations WHERE webhook = ? AND time <= (
    SELECT time FROM webhook_invocations WHERE webhook = ? ORDER BY time DESC LIMIT 1 OFFSET ?)
"""
WITHOUT_WAITING = """
DELETE FROM webhook_queues WHERE NOT EXISTS (
    SELECT 1 FROM webhook_deliveries d WHERE d.webhook = webhook_queues.webhook
    AND d.stream = webhook_queues.stream AND d.failed = 0)
"""


class LeaseLost(Exception):  # noqa: N818 - the signal to stand back, not an error
    """Another deliverer took over: nothing was written."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One attempt at a delivery."""

    delivery: Delivery
    time: str
    outcome: str
    status: int | None
    error: str | None
    milliseconds: int


class Outbox:
    """The ledger in SQL, the same for both databases."""

    # -- what a database provides

    def reading(self) -> AbstractContextManager[Cursor]:
        raise NotImplementedError

    def writing(self) -> AbstractContextManager[Cursor]:
        """One transaction."""
        raise NotImplementedError

    def leading(self) -> AbstractContextManager[bool]:
        """Whether this process is the one that delivers; held while inside."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    # -- the deliverer's

    def begin(self) -> int:
        """The number of a new term; the terms before are over."""
        with self._turn() as c:
            c.execute("UPDATE webhook_progress SET term = term + 1")
            return int(c.execute("SELECT term FROM webhook_progress").fetchall()[0][0])

    def standing(self) -> tuple[int | None, dict[str, State]]:
        """How far the facts were heard, None at the very beginning, and the webhooks by then."""
        with self.reading() as c:
            position = c.execute("SELECT position FROM webhook_progress").fetchall()[0][0]
            rows = c.execute("SELECT webhook, state FROM webhook_subscriptions").fetchall()
        return position, {webhook: from_json(state) for webhook, state in rows}

    def lineage(self) -> tuple[Identity | None, int, str | None]:
        """Whose facts were heard, how far, and the mark of the fact there."""
        with self.reading() as c:
            rows = c.execute("SELECT store, position, mark FROM webhook_progress").fetchall()
        store, position, mark = rows[0]
        return Identity.parse(store or ""), position or 0, mark

    def belongs(self, term: int, store: Identity) -> None:
        """The facts of that store are heard from here on."""
        with self._turn(term) as c:
            c.execute("UPDATE webhook_progress SET store = ?", (str(store),))

    def reset(self, term: int) -> int:
        """Begins again: what is there belongs to another history. What waited is set aside, in the
        place of what was set aside before; returns how many deliveries that are."""
        with self._turn(term) as c:
            c.execute("DELETE FROM webhook_set_aside")
            c.execute(
                f"INSERT INTO webhook_set_aside SELECT p.store, {DELIVERY}"
                " FROM webhook_progress p, webhook_deliveries d"
            )
            count = c.rowcount
            for table in ("subscriptions", "queues", "deliveries"):
                c.execute(f"DELETE FROM webhook_{table}")
            c.execute("UPDATE webhook_progress SET position = NULL, mark = NULL, store = NULL")
        return count

    def hear(
        self,
        term: int,
        position: int,
        deliveries: Sequence[Delivery],
        webhooks: Mapping[str, State | None],
        time: str,
        mark: str | None = None,
    ) -> None:
        """The facts up to that position, where the last has that mark, are heard. A webhook that
        is None is gone, and with it what waits for it; `time` is now."""
        with self._turn(term) as c:
            c.execute("UPDATE webhook_progress SET position = ?, mark = ?", (position, mark))
            for webhook, state in webhooks.items():
                self._subscribe(c, webhook, state)
            c.executemany(
                f"INSERT INTO webhook_deliveries ({IS}, failed, time)"
                " VALUES (?,?,?,?,?,?,?,?,?,?,0,0,?) ON CONFLICT DO NOTHING",
                [
                    (
                        *(d.webhook, d.stream, d.position, d.part, d.version),
                        *(d.resource, d.trigger, d.kind, d.number, d.mark, time),
                    )
                    for d in deliveries
                ],
            )
            queues = dict.fromkeys((d.webhook, d.stream) for d in deliveries)
            c.executemany(
                "INSERT INTO webhook_queues VALUES (?,?,0) ON CONFLICT DO NOTHING", list(queues)
            )

    def due_webhooks(self, now: float) -> list[str]:
        with self.reading() as c:
            sql = "SELECT DISTINCT webhook FROM webhook_queues WHERE due <= ?"
            return [webhook for (webhook,) in c.execute(sql, (now,)).fetchall()]

    def due(self, webhook: str, now: float, limit: int) -> list[Delivery]:
        """The first delivery of each of so many of its queues, whose time has come."""
        queues = (
            "SELECT stream FROM webhook_queues WHERE webhook = ? AND due <= ?"
            " ORDER BY due, stream LIMIT ?"
        )
        first = (
            f"SELECT {IS} FROM webhook_deliveries WHERE webhook = ? AND stream = ?"
            " AND failed = 0 ORDER BY position, part LIMIT 1"
        )
        with self.reading() as c:
            streams = [stream for (stream,) in c.execute(queues, (webhook, now, limit)).fetchall()]
            rows = [c.execute(first, (webhook, stream)).fetchall() for stream in streams]
        return [Delivery(*row) for found in rows for row in found]

    def settle(self, term: int, made: Invocation, retry_at: float | None) -> None:
        """An attempt was made. It is tried again at that time, or its queue goes on."""
        d, of = made.delivery, (made.delivery.webhook, made.delivery.position, made.delivery.part)
        where = "WHERE webhook = ? AND position = ? AND part = ?"
        with self._turn(term) as c:
            self._log(c, made)
            if made.outcome == DELIVERED:
                c.execute(f"DELETE FROM webhook_deliveries {where}", of)
            else:
                failed = int(made.outcome == GIVEN_UP)
                c.execute(
                    f"UPDATE webhook_deliveries SET attempts = attempts + 1, failed = ? {where}",
                    (failed, *of),
                )
            c.execute(
                "UPDATE webhook_queues SET due = ? WHERE webhook = ? AND stream = ?",
                (retry_at or 0, d.webhook, d.stream),
            )
            c.execute(f"{WITHOUT_WAITING} AND webhook = ? AND stream = ?", (d.webhook, d.stream))
            since = (None if made.outcome == DELIVERED else made.time, d.webhook)
            keep = "" if made.outcome == DELIVERED else " AND failingsince IS NULL"
            c.execute(
                f"UPDATE webhook_subscriptions SET failingsince = ? WHERE webhook = ?{keep}",
                since,
            )

    def forget(self, term: int, before: str) -> int:
        """Forgets what is older; returns how many deliveries that were not made are among it."""
        with self._turn(term) as c:
            c.execute("DELETE FROM webhook_invocations WHERE time < ?", (before,))
            for (webhook,) in c.execute("SELECT webhook FROM webhook_subscriptions").fetchall():
                c.execute(BEYOND_THE_MOST, (webhook, webhook, MOST_LOGGED))
            c.execute("DELETE FROM webhook_deliveries WHERE time < ?", (before,))
            forgotten = c.rowcount
            c.execute(WITHOUT_WAITING)
        return forgotten

    # -- the reader's

    def invocations(self, webhook: str, limit: int = 1_000) -> list[dict[str, Any]]:
        """The attempts of the last week, the newest first."""
        with self.reading() as c:
            rows = c.execute(
                "SELECT time, position, dedupe, occasion, guid, attempt, outcome, status, error,"
                " milliseconds FROM webhook_invocations WHERE webhook = ?"
                " ORDER BY time DESC, attempt DESC LIMIT ?",
                (webhook, limit),
            ).fetchall()
        return [dict(zip(LOGGED, row, strict=True)) for row in rows]

    def health(self, webhook: str) -> dict[str, Any]:
        """Since when it fails, how many deliveries wait, and how many were given up."""
        with self.reading() as c:
            since = c.execute(
                "SELECT failingsince FROM webhook_subscriptions WHERE webhook = ?", (webhook,)
            ).fetchall()
            counts = c.execute(
                "SELECT failed, count(*) FROM webhook_deliveries WHERE webhook = ? GROUP BY failed",
                (webhook,),
            ).fetchall()
        counted = dict(counts)
        return {
            "failing_since": since[0][0] if since else None,
            "waiting_count": counted.get(0, 0),
            "failed_count": counted.get(1, 0),
        }

    def retry(self, webhook: str) -> int:
        """Tries again at once what was given up and what waits; returns how many were given up."""
        with self._turn() as c:
            c.execute(
                "UPDATE webhook_deliveries SET failed = 0, attempts = 0"
                " WHERE webhook = ? AND failed = 1",
                (webhook,),
            )
            revived = c.rowcount
            c.execute(
                "INSERT INTO webhook_queues SELECT DISTINCT webhook, stream, 0"
                " FROM webhook_deliveries WHERE webhook = ? AND failed = 0"
                " ON CONFLICT (webhook, stream) DO UPDATE SET due = 0",
                (webhook,),
            )
        return revived

    # -- within

    @contextmanager
    def _turn(self, term: int | None = None) -> Iterator[Cursor]:
        with self.writing() as c:
            moved = c.execute(
                "UPDATE webhook_progress SET id = 1 WHERE coalesce(?, term) = term", (term,)
            )
            if moved.rowcount != 1:
                raise LeaseLost
            yield c

    def _subscribe(self, c: Cursor, webhook: str, state: State | None) -> None:
        if state is None:
            for table in ("subscriptions", "queues", "deliveries"):
                c.execute(f"DELETE FROM webhook_{table} WHERE webhook = ?", (webhook,))
        else:
            c.execute(
                "INSERT INTO webhook_subscriptions VALUES (?,?,NULL)"
                " ON CONFLICT (webhook) DO UPDATE SET state = excluded.state",
                (webhook, to_json(state).decode()),
            )

    def _log(self, c: Cursor, made: Invocation) -> None:
        d = made.delivery
        c.execute(
            "INSERT INTO webhook_invocations VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                *(d.webhook, made.time, d.position, d.key, f"{d.resource}.{d.trigger}", d.thing),
                *(d.attempts + 1, made.outcome, made.status, made.error, made.milliseconds),
            ),
        )
