"""Connections to PostgreSQL that may break, stall, and lead to another server the next time.

a server dies         its connections break, all of those in the pool are given up at once, and
                      new ones are tried several times a second until one of the hosts is the
                      primary
a host vanishes       connections to it are given up after some seconds (keepalives)
a standby is lost     commits wait for it; `confirmed` bounds how long we do
"""

import re
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
from eventsourcing.persistence import IntegrityError, PersistenceError
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row, tuple_row
from psycopg_pool import PoolClosed, PoolTimeout

from adapters.stores.damage import refusal
from application.ports import StoreUnavailable, VersionTaken

POOL_SECONDS, AWAY_SECONDS = 5.0, 0.25
"""How long a connection is waited for, and how long once that was in vain."""
RECONNECT_SECONDS = 0.5
ANSWER_SECONDS = 2.0
"""How long a server that does not answer is waited for when a program starts."""
MIGRATION_LOCK = 0x57A6EB00
"""Whoever makes or changes tables holds it."""
LARGE = 500_000
"""Bytes of a message after which a connection is not used again: each has room for its largest
message, in either direction, in steps of powers of two."""
PATIENCE = 10.0
"""Seconds that a commit may take: by then the standby that it waits for has confirmed it."""
OF_A_COMMIT = 0.4
"""Of the time that a commit may take: how long others are waited for before it begins."""
DEFAULTS = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Of the connection URL, in seconds and milliseconds: a host that is gone without a word is given
up after about ten."""
FAILED = re.compile(r"^connection (failed|is bad): ")
"""What the driver says before what PostgreSQL or the network says."""
FINAL = ("could not translate host name", "failed to resolve host", "invalid ")
PASSING = ("starting up", "shutting down", "recovery", "too many clients", "remaining connection")
"""Refusals of a server that is there, and will soon let us in."""
TIMELINE = "SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int"
TURN = "SELECT set_config('stagebook.turn', %s, false)"


class NotConfirmed(psycopg.OperationalError):
    """A commit's wait for the standby was cut short."""


class TookTooLong(psycopg.OperationalError):
    """A commit was not waited for any longer."""


class Connection(psycopg.Connection[Any]):
    """A connection that can be told how long a commit may take."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.timeline = 0
        self._until: float | None = None
        self._said: list[str | None] = []
        said = self._said
        self.add_notice_handler(lambda told: said.append(told.severity_nonlocalized))

    @contextmanager
    def confirmed(self, seconds: float) -> Iterator[None]:
        """What is committed inside is on the standby, too, where one is waited for.

        The wait is not cancelled: PostgreSQL would end it as if the standby had confirmed, with
        nothing but a warning, as it does when somebody else cancels it."""
        self._said.clear()
        self._until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._until = None
        if "WARNING" in self._said:
            message = "the wait for the standby was cut short"
            raise NotConfirmed(message)

    def wait(self, gen: Generator[Any, Any, Any], *arguments: Any, **named: Any) -> Any:
        watched = gen if self._until is None else self._watch(gen, self._until)
        return super().wait(watched, *arguments, **named)

    def _watch(self, gen: Generator[Any, Any, Any], until: float) -> Generator[Any, Any, Any]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > until:
                    self.pgconn.finish()
                    message = "the commit took too long"
                    raise TookTooLong(message)
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value


class Datastore(PostgresDatastore):
    """The library's pool, of connections that know which timeline of the database they are on."""

    def __init__(self) -> None:
        super().__init__("", "", "", "", "")
        self.timelines = {0}
        self.refusal: str | None = None
        """Why the last attempt to connect failed; None: it did not."""

    @property
    def timeline(self) -> int:
        """The newest timeline that was seen: it changes whenever a standby takes over."""
        return max(self.timelines)

    @contextmanager
    def get_connection(self) -> Iterator[Connection]:
        connection = None
        try:
            with super().get_connection() as connection:
                if self.pool.timeout == AWAY_SECONDS:
                    self.pool.timeout = POOL_SECONDS
                assert isinstance(connection, Connection)  # noqa: S101 - the pool's class
                yield connection
        except PersistenceError as error:
            if isinstance(error.__cause__, PoolTimeout):
                self.pool.timeout = AWAY_SECONDS  # nobody else waits in vain for long
                if self.refusal:  # the pool knows no more than that it waited
                    raise PersistenceError(self.refusal) from error.__cause__
            elif connection and (connection.closed or _is_read_only(error)):
                self.pool.drain()  # the others lead to where this one led
            raise


def _is_read_only(error: PersistenceError) -> bool:
    """A session may stay so, though its server is not any more."""
    return isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction)


def datastore(url: str, connections: int, patience: float = PATIENCE) -> Datastore:
    """The pool for a connection URL; of several hosts, the one that can be written to."""
    arguments = {**_arguments(url), "row_factory": dict_row}
    made = Datastore()

    class Telling(Connection):
        """Tells the pool's owner why it could not be made."""

        @classmethod
        def connect(cls, *arguments: Any, **named: Any) -> "Telling":
            try:
                connection = super().connect(*arguments, **named)
            except psycopg.Error as error:
                made.refusal = reason(error)
                raise
            made.refusal = None
            return connection

    configure, timelines = made.after_connect_func(), made.timelines

    def prepare(connection: psycopg.Connection[Any]) -> None:
        assert isinstance(connection, Connection)  # noqa: S101 - the pool's class
        configure(connection)
        cursor = connection.cursor(row_factory=tuple_row)
        cursor.execute(TURN, (f"{patience * OF_A_COMMIT:.3f}s",))
        with suppress(psycopg.errors.FeatureNotSupported):  # where it is not quite PostgreSQL
            row = cursor.execute(TIMELINE).fetchone()
            connection.timeline = row[0] if row else 0
            timelines.add(connection.timeline)

    made.pool = ConnectionPool(
        connection_class=Telling,
        kwargs=arguments,
        min_size=connections,
        max_size=2 * connections,
        open=False,
        configure=prepare,
        timeout=POOL_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        reconnect_failed=ConnectionPool.check,
    )
    return made


def _arguments(url: str) -> dict[str, Any]:
    """Of several hosts, the one that can be written to."""
    arguments = {**DEFAULTS, **conninfo_to_dict(url)}
    if "," in str(arguments.get("host", "")):
        arguments = {"target_session_attrs": "read-write", **arguments}
    return arguments


def connected(url: str) -> psycopg.Connection[Any]:
    """A connection for a question or two. Raises the driver's errors."""
    return psycopg.connect(**_arguments(url), autocommit=True)


def has_store(url: str) -> bool:
    """Whether the database has the tables of a store. Where nobody answers it is tried for a
    moment; `StoreUnavailable` then gives PostgreSQL's own reason, or the network's."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            with translated(), closing(connected(url)) as connection:
                row = connection.execute("SELECT to_regclass('stored_events') IS NOT NULL")
                return bool((row.fetchone() or (False,))[0])
        except StoreUnavailable as error:
            said = str(error)
            refused = "FATAL:" in said and not any(word in said for word in PASSING)
            if refused or said.startswith(FINAL) or time.monotonic() > deadline:
                raise
            time.sleep(RECONNECT_SECONDS)


def reason(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(FAILED.sub("", str(error)).split())


@contextmanager
def transaction(store: PostgresDatastore, settings: str) -> Iterator[psycopg.Cursor[Any]]:
    """One transaction, with these settings of its own."""
    with (
        translated(),
        store.get_connection() as connection,
        connection.transaction(),
        connection.cursor(row_factory=tuple_row) as cursor,
    ):
        cursor.execute(settings.encode())
        yield cursor


def session(store: PostgresDatastore) -> psycopg.Connection[Any]:
    """A connection of its own beside the pool: what it locks is free when its process dies."""
    assert isinstance(store.pool.kwargs, dict)  # noqa: S101 - set by `datastore`
    arguments = {**store.pool.kwargs, "row_factory": tuple_row}
    return psycopg.connect(**arguments, autocommit=True)


def carried(connection: psycopg.Connection[Any], messages: Iterable[Iterable[Any]]) -> None:
    """To be called with the rows that were received, or the values that were sent together. The
    driver keeps room for the largest message that a connection ever had: after a large one, such
    as a picture, the pool closes it."""
    sizes = (sum(len(v) for v in message if isinstance(v, bytes)) for message in messages)
    if max(sizes, default=0) > LARGE:
        connection._expire_at = 0.0  # noqa: SLF001 - the pool's note of when to replace it


@contextmanager
def translated() -> Iterator[None]:
    """PostgreSQL's and the library's errors in the words of the port."""
    try:
        yield
    except (IntegrityError, psycopg.IntegrityError) as error:
        raise VersionTaken(str(error)) from error
    except (PersistenceError, psycopg.Error, PoolTimeout, PoolClosed) as error:
        raise refusal(error, reason(error)) from error
