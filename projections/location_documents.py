"""The document of a Location, as it is served."""

from typing import Any, ClassVar

from pydantic_core import to_json

from domain.base import DomainEvent, State
from domain.ids import Kind, guid, unpack
from domain.location import Location, LocationFields
from domain.values import microseconds
from projections.base import Column, Columns, Documents, Indexes, RecordedFact, Row
from projections.texts import sort_key, words


def location_document(state: State, account: int) -> dict[str, Any]:
    """The Location as it is shown: own fields first, then the writable ones, then custom ones."""
    number = state["number"]
    fields = {n: state.get(n, v) for n, v in LocationFields.defaults().items()}
    return {
        "id": number,
        "guid": str(guid(account, Kind.LOCATION, number)),
        "version": state["version"],
        **fields,
        "createdts": state["createdts"],
        "lastupdatets": state["lastupdatets"],
        **{n: v for n, v in state.items() if n.startswith("c_")},
    }


def location_etag(state: State) -> str:
    return f'"{state["version"]}"'


class LocationDocuments:
    name: ClassVar = "locations"
    version: ClassVar = 3
    kinds: ClassVar[frozenset[int]] = frozenset({Kind.LOCATION})
    beside: ClassVar[frozenset[int]] = frozenset()
    columns: ClassVar[Columns] = (
        Column("number", "int"),
        Column("name", "text"),
        Column("updated", "int"),
    )
    indexes: ClassVar[Indexes] = (("account", "number"), ("account", "name", "number"))

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        identity = unpack(fact.originator_id)
        return (fact.originator_id.bytes,) if identity.kind == Kind.LOCATION else ()

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        fact = recorded.fact
        key = fact.originator_id.bytes
        state = documents.get(key) or {}
        Location.evolve(state, fact)
        state["version"] = fact.originator_version
        documents.put(key, state)

    def row(self, key: bytes, state: State) -> Row:
        account = int.from_bytes(key[:6])
        stored = to_json(state)
        if state.get("deleted"):
            return Row(key, None, stored, None, columns=(None, None, None))
        document = location_document(state, account)
        columns = (state["number"], sort_key(state["name"]), microseconds(state["lastupdatets"]))
        return Row(
            key,
            account,
            stored,
            to_json(document),
            location_etag(state),
            columns,
            terms=words(state["name"]),
        )
