"""The questions that routes ask: ids for a filter, a page of rows, all rows for an export."""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from pydantic_core import from_json
from sqlglot import exp
from sqlglot.errors import SqlglotError

from adapters.queries.reading import read
from adapters.queries.rewriting import Asker, Question, rewritten
from adapters.queries.running import TOO_SLOW, Engine, Failed, Session, shown
from adapters.queries.schema import FIELD_TYPES, TEXT, Column
from adapters.queries.tickets import OutOfTime
from adapters.queries.times import Clock
from adapters.views.select import Select
from adapters.views.sql import SqlView
from application.keyring import Keyring
from domain.errors import Invalid
from domain.ids import Kind

MAX_IDS = 100_000
MAX_ROWS = 10_000
MAX_EXPORTED = 200_000
MAX_FIELDS = 500
MAX_AT_ONCE = 2
WAIT_SECONDS = 2.0
NO_ID = "expected one column of ids, which are whole numbers"


class Queries:
    """Blocking: a question may take two seconds. So many at once are answered, others wait.
    `sells`: whether who asks may know who buys."""

    def __init__(self, engine: Engine, keyring: Keyring, catalog: Callable[[], SqlView]) -> None:
        self.engine = engine
        self._keyring = keyring
        self._catalog = catalog
        self._turns = threading.BoundedSemaphore(MAX_AT_ONCE)

    def ids(self, account: int, sql: str, *, sells: bool = False) -> list[int]:
        """What a filter lets through: each id once, in the order that it has them."""
        with self._asked(account, sql, "filter", sells=sells) as (session, question, _):
            names, rows = session.run(question.sql)
            if len(names) != 1:
                raise Failed(f"expected one column of ids, not {len(names)}")
            if question.booleans.intersection(names):
                raise Failed(NO_ID)
            found: dict[int, None] = {}
            for count, (value,) in enumerate(rows):
                if count >= MAX_IDS:
                    raise Failed(f"it finds more than {MAX_IDS} ids")
                if value is not None:
                    found[_id(value)] = None
            return list(found)

    def rows(
        self, account: int, sql: str, limit: int, offset: int, *, sells: bool = False
    ) -> tuple[int, list[dict[str, Any]]]:
        """How many rows there are, and a page of them."""
        with self._asked(account, sql, "query", sells=sells) as (session, question, clock):
            _, counted = session.run(f"SELECT count(*) AS n FROM ({question.sql}) AS q")
            ((total,),) = counted
            page = f"LIMIT {min(limit, MAX_ROWS):d} OFFSET {offset:d}"
            names, rows = session.run(f"SELECT * FROM ({question.sql}) AS q {page}")
            return int(total), [_row(names, row, question, clock) for row in rows]

    def export(self, account: int, sql: str, *, sells: bool = False) -> Iterator[dict[str, Any]]:
        """Every row. They are read before the first one is given: a reader may take its time."""
        with self._asked(account, sql, "query", sells=sells) as (session, question, clock):
            names, rows = session.run(question.sql)
            found = list(islice(rows, MAX_EXPORTED + 1))
            if len(found) > MAX_EXPORTED:
                raise Failed(f"it answers more than {MAX_EXPORTED} rows")
        return (_row(names, row, question, clock) for row in found)

    @contextmanager
    def _asked(
        self, account: int, sql: str, path: str, *, sells: bool
    ) -> Iterator[tuple[Session, Question, Clock]]:
        if not self._turns.acquire(timeout=WAIT_SECONDS):
            raise Invalid(path, "too many questions at once: try again")
        try:
            asker, secret = self._asker(account, sells=sells), secrets.token_hex(8)
            question = self._question(sql, asker, path, secret)
            tables = [(_view_name(n, secret), t, c) for n, (t, c) in question.tables.items()]
            with self.engine.session(tables, account, secret, asker.clock) as session:
                yield session, question, asker.clock
        except OutOfTime:
            raise Invalid(path, f"{TOO_SLOW}: try again, or ask for less") from None
        except Failed as error:
            raise Invalid(path, str(error)) from None
        finally:
            self._turns.release()

    def _question(self, sql: str, asker: Asker, path: str, secret: str) -> Question:
        def view(name: str) -> exp.Table:
            return exp.table_(_view_name(name, secret), db=self.engine.schema, quoted=True)

        try:
            return rewritten(read(sql, path), asker, path, view, sqlite=self.engine.sqlite)
        except RecursionError:
            raise Invalid(path, "it is nested too deep") from None
        except SqlglotError:
            raise Invalid(path, "it cannot be said on this database") from None

    def _asker(self, account: int, *, sells: bool) -> Asker:
        held: Mapping[str, Any] = self._keyring.opened(account) or {}
        zone, language = held.get("timezone", "UTC"), held.get("language", "en")
        return Asker(account, language, Clock(zone), sells, self._customs(account))

    def _customs(self, account: int) -> dict[int, dict[str, Column]]:
        """The account's custom fields, by what they are fields of."""
        view = self._catalog()
        where = (("kind", "=", int(Kind.CUSTOM_FIELD)), ("archived", "=", 0))
        page = view.page(Select(account, where, limit=MAX_FIELDS, counted=False))
        found: dict[int, dict[str, Column]] = {}
        for document in map(from_json, page.bodies):
            key = f"c_{document['key']}"
            type_ = FIELD_TYPES.get(document["fieldtypeid"], TEXT)
            column = Column(key.lower(), type_, (key,), custom=True)
            found.setdefault(document["typeid"], {})[column.name] = column
        return found


def _view_name(name: str, secret: str) -> str:
    return f"{name.replace('.', '_')}_{secret}"


def _id(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Failed(NO_ID)
    return value


def _row(
    names: list[str], row: tuple[Any, ...], question: Question, clock: Clock
) -> dict[str, Any]:
    made = {name: shown(value, clock) for name, value in zip(names, row, strict=True)}
    for name in question.booleans & made.keys():
        if made[name] in (0, 1):
            made[name] = bool(made[name])
    return made
