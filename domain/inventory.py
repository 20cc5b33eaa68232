"""The tickets of one Event: its contingents. Its own stream, so selling never contends with
editing; it exists from the first contingent on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from domain.base import Aggregate, Cause, DomainEvent, Fields, State, Value
from domain.errors import Invalid
from domain.ids import Kind
from domain.prices import PricelistPrices
from domain.values import MAX_ID, Reference, field, same


class ContingentLock(Value):
    """Tickets of a contingent that are counted as locked, by lock type."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"tickettypeid"})

    amount: Annotated[int, Field(ge=0, le=10_000_000, description="Tickets")]
    locktypeid: Reference = Field(description="The lock type")


class ContingentFields(Fields):
    """A named lot of tickets. With the `id` of an existing one it changes that one."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"eventid"})

    id: Annotated[int, Field(ge=1, le=MAX_ID)] | None = field("The contingent's own id", 98)
    name: Annotated[str, Field(max_length=255)] | None = field("Name", "Tickets", cleared="")
    amount: Annotated[int, Field(ge=0, le=10_000_000)] | None = field(
        "Number of tickets", 100, cleared=0
    )
    pricelistid: Reference | None = field("Price list", 6)
    eventspecificprices: PricelistPrices | None = field("Prices beside those of the list")
    locks: Annotated[list[ContingentLock], Field(max_length=100)] | None = field(
        "Counted locks", cleared=[]
    )
    withimportedbarcodes: bool | None = field("Barcodes are imported", cleared=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingentAdded(DomainEvent, topic="inventory.contingent-added"):
    contingentid: int
    seated: bool
    fields: State


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingentChanged(DomainEvent, topic="inventory.contingent-changed"):
    contingentid: int
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingentRemoved(DomainEvent, topic="inventory.contingent-removed"):
    contingentid: int


class Inventory(Aggregate):
    """`state["contingents"]` holds the fields of each, by id; its order is that of adding."""

    KIND = Kind.INVENTORY

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        contingents = state.setdefault("contingents", {})
        match fact:
            case ContingentAdded():
                contingents[str(fact.contingentid)] = {
                    **ContingentFields.defaults(),
                    **fact.fields,
                    "id": fact.contingentid,
                    "seated": fact.seated,
                    "lastupdatets": fact.time,
                }
            case ContingentChanged():
                key = str(fact.contingentid)
                contingents[key] = contingents[key] | fact.changed | {"lastupdatets": fact.time}
            case ContingentRemoved():
                contingents.pop(str(fact.contingentid), None)

    def contingents(self, *, seated: bool) -> list[State]:
        listed = self.state.get("contingents", {}).values()
        return [c for c in listed if c["seated"] == seated]

    def set_contingents(
        self,
        wanted: Sequence[ContingentFields],
        *,
        seated: bool,
        new_id: Callable[[], int],
        by: Cause,
    ) -> None:
        """Makes the contingents of one sort exactly these: by id changed, the others added,
        what is not named removed."""
        path = "seated_contingents" if seated else "contingents"
        current = {c["id"]: c for c in self.contingents(seated=seated)}
        named = [c.id for c in wanted if c.id is not None]
        for index, contingent in enumerate(wanted):
            if contingent.id is not None and contingent.id not in current:
                raise Invalid(f"{path}.{index}.id", "no such contingent in this Event")
        if len(set(named)) < len(named):
            raise Invalid(path, "expected each id at most once")
        for gone in sorted(current.keys() - set(named)):
            self.trigger(ContingentRemoved, by, contingentid=gone)
        for contingent in wanted:
            if contingent.id is None:
                self._add(new_id(), contingent.patch(), seated=seated, by=by)
            else:
                self._change(current[contingent.id], contingent, by)

    def revert(self, past: State, by: Cause) -> None:
        """Brings the contingents back to what they were, with the ids that they had."""
        current, wanted = self.state.get("contingents", {}), past.get("contingents", {})
        bookkeeping = ("id", "seated", "lastupdatets")
        for key in [k for k in current if k not in wanted]:
            self.trigger(ContingentRemoved, by, contingentid=int(key))
        for key, contingent in wanted.items():
            past_fields = {n: v for n, v in contingent.items() if n not in bookkeeping}
            fields = ContingentFields.checked(past_fields)
            if key not in current:
                self._add(int(key), fields, seated=contingent["seated"], by=by)
            elif changed := {n: v for n, v in fields.items() if not same(current[key][n], v)}:
                self.trigger(ContingentChanged, by, contingentid=int(key), changed=changed)

    def _add(self, contingent_id: int, fields: State, *, seated: bool, by: Cause) -> None:
        fields.pop("id", None)
        self.trigger(ContingentAdded, by, contingentid=contingent_id, seated=seated, fields=fields)

    def _change(self, current: State, contingent: ContingentFields, by: Cause) -> None:
        patch = contingent.patch()
        changed = {n: v for n, v in patch.items() if not same(current.get(n), v)}
        if changed:
            self.trigger(ContingentChanged, by, contingentid=current["id"], changed=changed)
