"""The grammar of these tests.

aggregate = given(Event, *facts or commands)
outcome = when(aggregate, command)
then(outcome, says(DateAdded, dateid=5, fields={…}))   or   then_refused(outcome, EventClosed)

documents = given_facts(projection, view, facts)
assert documents.body(key) == …
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import from_json, to_json

from adapters.stores.memory import MemoryStore
from adapters.views.select import Select
from adapters.views.sql import THERE, SqlView
from domain.base import Aggregate, CommandMetadata, DomainEvent, own_fields
from domain.errors import Refusal
from domain.outside import Outside
from domain.values import stamp
from projections.base import Projection
from projections.changes import change
from projections.runner import Runner

A = TypeVar("A", bound=Aggregate)
Command = Callable[[Any, CommandMetadata], object]
Said = tuple[type[DomainEvent], dict[str, Any]]

ACCOUNT = 7
PRICED = {"eventspecificprices": {"prices": [{"pricetypeid": 1, "prices": [25.0]}]}}
"""What a contingent costs, as a request says it: an Event needs one that costs something."""
START = datetime(2026, 1, 1, tzinfo=UTC)

_seconds = count(1)


def at(seconds: float) -> str:
    """A moment of the tests, as facts carry it."""
    return stamp(START + timedelta(seconds=seconds))


def metadata(
    actor: str = "ann", *, time: str | None = None, reason: str | None = None
) -> CommandMetadata:
    """A cause of its own, a second later than the one before."""
    second = next(_seconds)
    return CommandMetadata(
        actor, time or at(second), f"request-{second}", f"command-{second}", reason
    )


# -- aggregates


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command recorded, or why it was refused."""

    facts: Sequence[DomainEvent]
    refusal: Refusal | None


def given(cls: type[A], *earlier: DomainEvent | Command, number: int = 5) -> A:
    """An aggregate with a past: facts that were recorded, commands that were given."""
    aggregate = cls(cls.id_of(ACCOUNT, number))
    for one in earlier:
        if isinstance(one, DomainEvent):
            aggregate.apply(one)
        else:
            one(aggregate, metadata())
    aggregate.pending = []
    return aggregate


def when(aggregate: Aggregate, command: Command, cause: CommandMetadata | None = None) -> Outcome:
    try:
        command(aggregate, cause or metadata())
    except Refusal as refusal:
        return Outcome(aggregate.pending, refusal)
    return Outcome(aggregate.pending, None)


def says(cls: type[DomainEvent], **fields: Any) -> Said:
    """A fact, but for its place and cause."""
    return cls, fields


def then(outcome: Outcome, *facts: Said) -> None:
    assert outcome.refusal is None, f"refused: {outcome.refusal!r}"
    said = [(type(f), {n: getattr(f, n) for n in own_fields(type(f))}) for f in outcome.facts]
    assert said == list(facts), f"recorded: {said}"


def then_refused(outcome: Outcome, refusal: type[Refusal], **details: Any) -> None:
    assert type(outcome.refusal) is refusal, f"{outcome.refusal!r}, recorded: {outcome.facts}"
    given_details = {name: outcome.refusal.details.get(name) for name in details}
    assert given_details == details, f"details: {outcome.refusal.details}"


# -- projections

ALL = Outside("EUR", personal=True)
"""Shows everything."""


class Projected:
    """A view, and the facts that it follows."""

    def __init__(self, projection: Projection, view: SqlView, log: MemoryStore) -> None:
        self.view, self.log = view, log
        self.runner = Runner(projection, log, view)

    def follow(self, batch: int = 500) -> None:
        while self.runner.step(batch):
            pass

    def body(self, key: UUID) -> Any:
        """The served document, or None."""
        found = self.view.document(key.bytes)
        return from_json(found[0]) if found else None

    def entries(self, select: Select) -> list[dict[str, Any]]:
        """What the index of changes leads to, as it is shown."""
        at = [int.from_bytes(key) for key in self.view.page(select).keys]
        return [from_json(to_json(change(recorded, ALL))) for recorded in self.log.at(at)]

    def etag(self, key: UUID) -> str | None:
        found = self.view.document(key.bytes)
        return found[1] if found else None

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Everything that is stored, terms included."""
        for table in (self.view.documents, self.view.terms, self.view.parked_table):
            with self.view.reading() as c:
                stored = c.execute(f"SELECT * FROM {table} WHERE {THERE}").fetchall()  # noqa: S608
                yield from sorted(stored, key=repr)


def given_facts(
    projection: Projection,
    view: SqlView,
    facts: MemoryStore | Sequence[DomainEvent],
    batch: int = 500,
) -> Projected:
    """The documents of these facts."""
    if not isinstance(facts, MemoryStore):
        log = MemoryStore()
        log.append(facts)
    else:
        log = facts
    projected = Projected(projection, view, log)
    projected.follow(batch)
    return projected
