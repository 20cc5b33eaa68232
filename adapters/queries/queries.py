"""The questions that routes ask: ids for a filter, a page of rows, all rows for an export."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from adapters.queries import answers
from adapters.queries.failures import Failed, OutOfTime
from adapters.queries.helper import Helper, Helpers, Moved
from adapters.queries.running import TOO_SLOW, Engine, Question, Tables
from adapters.queries.schema import FIELD_TYPES, TABLES, TEXT, Column
from adapters.queries.sqlite import SqliteEngine
from adapters.queries.times import Clock
from adapters.queries.turns import Turns
from adapters.views.select import Select
from adapters.views.sql import SqlView
from application.keyring import Keyring
from application.ports import StoreUnavailable
from domain.errors import Invalid
from domain.ids import Kind

MAX_FIELDS = 500
MAX_LENGTH = 100_000


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that was read: what answers it has `deadline` left."""

    helper: Helper
    question: Question
    tables: Tables
    account: int
    secret: str
    clock: Clock
    deadline: float


class Queries:
    """Blocking: a question may take two seconds, and waits for its turn before.
    `sells`: whether who asks may know who buys."""

    def __init__(self, engine: Engine, keyring: Keyring, catalog: Callable[[], SqlView]) -> None:
        self.engine = engine
        self.turns = Turns()
        self._helpers = Helpers()
        self._keyring = keyring
        self._catalog = catalog

    def close(self) -> None:
        """Ends what is running; who asked is refused."""
        self.turns.close()
        self._helpers.close()

    def ids(self, account: int, sql: str, *, sells: bool = False) -> list[int]:
        """What a filter lets through: each id once, in the order that it has them."""
        with self._asked(account, sql, "filter", sells=sells) as asked:
            if isinstance(self.engine, SqliteEngine):
                found: list[int] = from_json(self._run(self.engine, asked, want="ids"))
                return found
            with self._session(asked) as session:
                return answers.ids(session, asked.question)

    def rows(
        self, account: int, sql: str, limit: int, offset: int, *, sells: bool = False
    ) -> tuple[int, list[bytes]]:
        """How many rows there are, and a page of them: each a JSON object."""
        with self._asked(account, sql, "query", sells=sells) as asked:
            if isinstance(self.engine, SqliteEngine):
                part = {"limit": limit, "offset": offset}
                total, *rows = self._run(self.engine, asked, want="page", **part).split(b"\n")
                return int(total), rows
            with self._session(asked) as session:
                return answers.page(session, asked.question, asked.clock, limit, offset)

    def export(self, account: int, sql: str, *, sells: bool = False) -> list[bytes]:
        """Every row, each a JSON object."""
        with self._asked(account, sql, "query", sells=sells) as asked:
            if isinstance(self.engine, SqliteEngine):
                rows = self._run(self.engine, asked, want="every")
                return rows.split(b"\n") if rows else []
            with self._session(asked) as session:
                return answers.every(session, asked.question, asked.clock)

    @contextmanager
    def _asked(self, account: int, sql: str, path: str, *, sells: bool) -> Iterator[_Asked]:
        if len(sql) > MAX_LENGTH:
            raise Invalid(path, f"expected at most {MAX_LENGTH} characters")
        if any("\ud800" <= letter <= "\udfff" for letter in sql):
            raise Invalid(path, "expected text without half characters")
        try:
            with self.turns.turn(account), self._helpers.one() as helper:
                yield self._read(helper, account, sql, path, sells=sells)
        except OutOfTime:
            raise Invalid(path, f"{TOO_SLOW}: try again, or ask for less") from None
        except Failed as error:
            said = str(error)
            bare = said.removeprefix(f"{path}: ")
            raise Invalid(path, bare) from None

    def _read(self, helper: Helper, account: int, sql: str, path: str, *, sells: bool) -> _Asked:
        deadline = time.monotonic() + self.engine.seconds
        settings: Mapping[str, Any] = self._keyring.opened(account) or {}
        zone, secret = settings.get("timezone", "UTC"), secrets.token_hex(8)
        message = {
            "do": "read",
            "sql": sql,
            "path": path,
            "account": account,
            "language": settings.get("language", "en"),
            "zone": zone,
            "sells": sells,
            "customs": self._customs(account),
            "secret": secret,
            "schema": self.engine.schema,
            "sqlite": self.engine.sqlite,
        }
        answer = from_json(helper.ask(message, deadline))
        tables = {
            name: (TABLES[name], tuple(Column(n, t, tuple(p), *more) for n, t, p, *more in columns))
            for name, columns in answer["tables"].items()
        }
        question = Question(
            answer["sql"], tables, *map(frozenset, (answer["booleans"], answer["jsons"]))
        )
        views = [(f"{n.replace('.', '_')}_{secret}", t, c) for n, (t, c) in tables.items()]
        return _Asked(helper, question, views, account, secret, Clock(zone), deadline)

    def _session(self, asked: _Asked) -> Any:
        return self.engine.session(
            asked.tables, asked.account, asked.secret, asked.clock, asked.deadline
        )

    def _run(self, engine: SqliteEngine, asked: _Asked, **wanted: Any) -> bytes:
        """Where it was read; the file of a view may be moved away while we look."""
        for _ in range(2):
            sources = engine.sources(asked.tables, asked.account, asked.deadline)
            message = {"do": "run", **wanted, "files": sources.files}
            message |= {"pieces": sources.pieces, "details": sources.details}
            try:
                return asked.helper.ask(message, asked.deadline)
            except Moved:
                continue
        message_ = "a view is being moved"
        raise StoreUnavailable(message_)

    def _customs(self, account: int) -> dict[int, list[tuple[str, str, tuple[str, ...]]]]:
        """The account's custom fields, by what they are fields of: name, type, path. A name is in
        small letters, as PostgreSQL reads names, unless several fields would have it."""
        view = self._catalog()
        where = (("kind", "=", int(Kind.CUSTOM_FIELD)), ("archived", "=", 0))
        page = view.page(Select(account, where, limit=MAX_FIELDS, counted=False))
        found: dict[int, list[tuple[str, str, tuple[str, ...]]]] = {}
        documents = list(map(from_json, page.bodies))
        alike = Counter((one["typeid"], one["key"].lower()) for one in documents)
        for document in documents:
            owner, key = document["typeid"], f"c_{document['key']}"
            type_ = FIELD_TYPES.get(document["fieldtypeid"], TEXT)
            alone = alike[owner, document["key"].lower()] == 1
            name = key.lower() if alone else key
            found.setdefault(owner, []).append((name, type_, (key,)))
        return found
