"""The availability of each contingent, one small row each: what a busy page asks for."""

from typing import ClassVar

from pydantic_core import to_json

from domain.base import DomainEvent, State
from domain.ids import Kind, guid, unpack
from domain.inventory import ContingentAdded, ContingentChanged, ContingentRemoved
from projections.base import Column, Columns, Documents, Indexes, RecordedFact, Row
from projections.event_documents import available

CONTINGENT_FACTS = ContingentAdded | ContingentChanged | ContingentRemoved


class Availability:
    name: ClassVar = "availability"
    version: ClassVar = 1
    columns: ClassVar[Columns] = (Column("eventid", "int"), Column("contingentid", "int"))
    indexes: ClassVar[Indexes] = (("account", "eventid", "contingentid"),)

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        if not isinstance(fact, CONTINGENT_FACTS):
            return ()
        account = unpack(fact.originator_id).account
        return (guid(account, Kind.CONTINGENT, fact.contingentid).bytes,)

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        fact = recorded.fact
        (key,) = self.keys(fact)
        state = documents.get(key) or {}
        state["lastupdatets"] = fact.time
        match fact:
            case ContingentAdded():
                state["id"] = fact.contingentid
                state["eventid"] = unpack(fact.originator_id).number
                state["amount"] = fact.fields.get("amount", 0)
                state["removed"] = False
            case ContingentChanged():
                state["amount"] = fact.changed.get("amount", state["amount"])
            case ContingentRemoved():
                state["removed"] = True
        documents.put(key, state)

    def row(self, key: bytes, state: State) -> Row:
        account = None if state["removed"] else int.from_bytes(key[:6])
        columns = (state["eventid"], state["id"])
        return Row(key, account, to_json(state), to_json(available(state)), columns=columns)
