"""Which keys custom fields have: a key is unique among the fields of a kind of thing, in any case.

A stream of its own for each kind of thing (`typeid`): two fields that are made at the same moment
meet at one version, and one decides again. A key is never given back: values are kept under it.
"""

from dataclasses import dataclass

from domain.base import Aggregate, CommandMetadata, DomainEvent, State
from domain.errors import Invalid
from domain.ids import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomKeyTaken(DomainEvent, topic="customkeys.taken"):
    customfieldid: int
    key: str


class CustomKeys(Aggregate):
    KIND = Kind.CUSTOMKEYS

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        if isinstance(fact, CustomKeyTaken):
            state.setdefault("keys", {}).setdefault(fact.key.casefold(), fact.customfieldid)

    def take(self, key: str, field_number: int, metadata: CommandMetadata) -> None:
        holder = self.state.get("keys", {}).get(key.casefold())
        if holder is not None:
            raise Invalid("key", f"custom field {holder} has this key: it is unique in any case")
        self.trigger(CustomKeyTaken, metadata, customfieldid=field_number, key=key)
