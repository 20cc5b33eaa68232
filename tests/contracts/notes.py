"""A small projection to test views with: what was last said of a thing, and how often."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic_core import from_json, to_json

from adapters.views.sql import SqlView
from domain.base import DomainEvent, State
from domain.ids import Kind, unpack
from projections.base import Column, Columns, Documents, Indexes, RecordedFact, Row
from projections.runner import Log, Runner


class Notes:
    name: ClassVar = "notes"
    version: ClassVar = 1
    kinds: ClassVar[frozenset[int]] = frozenset(Kind)
    beside: ClassVar[frozenset[int]] = frozenset()
    columns: ClassVar[Columns] = (
        Column("number", "int"),
        Column("rank", "int"),
        Column("position", "int"),
        Column("name", "text"),
    )
    indexes: ClassVar[Indexes] = (("account", "number"), ("account", "rank", "number"))

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        return (fact.originator_id.bytes,)

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        (key,) = self.keys(recorded.fact)
        state = documents.get(key) or {"said": 0}
        says: dict[str, Any] = recorded.fact.changed  # type: ignore[attr-defined]
        if says.get("poison") == "fold":
            message = "poison"
            raise ValueError(message)
        documents.put(key, state | says | {"said": state["said"] + 1})

    def row(self, key: bytes, state: State) -> Row:
        if state.get("poison") == "row":
            message = "poison"
            raise ValueError(message)
        account, _, number = unpack_key(key)
        columns = (number, state["said"], None, state.get("name", ""))
        return Row(key, account, to_json(state), self.body(state), f'"{state["said"]}"', columns)

    def body(self, state: State) -> bytes:
        return to_json(state)


class LaterNotes(Notes):
    """The same, made by a later version of the program."""

    version: ClassVar = 2

    def body(self, state: State) -> bytes:
        return to_json({"later": True, **state})


class Others(Notes):
    """A second view beside the first."""

    name: ClassVar = "others"


NOTES, LATER_NOTES, OTHERS = Notes(), LaterNotes(), Others()


def unpack_key(key: bytes) -> tuple[int, int, int]:
    return unpack(UUID(bytes=key))


def follow(view: SqlView, log: Log, batch: int = 500) -> Runner:
    """The live view, brought up to the log."""
    runner = Runner(NOTES, log, view)
    while runner.step(batch):
        pass
    return runner


def said(view: SqlView) -> dict[int, Any]:
    """The served bodies, by number."""
    _, documents = view.whole()
    return {
        unpack_key(key)[2]: None if body is None else from_json(body)
        for key, (body, _) in documents.items()
    }
