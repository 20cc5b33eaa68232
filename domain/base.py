"""The grammar of the domain: values that come in, facts that stay, aggregates that decide.

    Value      a frozen pydantic model: strict types, unknown fields refused
    Fields     a Value whose fields are all optional; what is set of it is a patch
    CommandMetadata  who, when and why: it comes with a command and is written in every fact
    DomainEvent  a fact: a recorded change, kept for ever
    Aggregate  folds its facts into a state of plain JSON values, and decides what may come next

A command method checks first and then triggers; `evolve` only folds, it never checks: it runs
again on every replay. A fact is not validated again when it is read, so tightening a limit
today can never make yesterday's facts unreadable.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.errors import FactUnknown, Invalid, NotFound, VersionMismatch
from domain.ids import Kind, guid, unpack
from domain.values import CustomFields, same

MAX_CUSTOM_FIELDS = 100

type_of_topic: dict[str, type["DomainEvent"]] = {}

AnyFact = DomainEventProtocol[UUID]
"""A fact, or a snapshot, as the library knows them."""

State = dict[str, Any]
"""The folded facts of one aggregate: JSON values only, so it is its own snapshot."""


class Value(BaseModel):
    """Something that comes in from outside: strict, frozen, nothing unknown."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    READ_ONLY: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _without_read_only(cls, body: Any) -> Any:
        """What only Stagebook sets is ignored: a document that was read can be sent back."""
        if isinstance(body, dict) and not cls.READ_ONLY.isdisjoint(body):
            return {k: v for k, v in body.items() if k not in cls.READ_ONLY}
        return body


class Fields(Value):
    """A group of optional fields. Unset means leave, `null` means clear (back to the default)."""

    REQUIRED: ClassVar[tuple[str, ...]] = ()
    """What a new thing cannot be without."""

    def patch(self) -> State:
        """What was set, as JSON values with cleared fields at their defaults."""
        cleared = self.defaults()
        values = self.model_dump(include=self.model_fields_set)
        return {n: cleared.get(n) if v is None else v for n, v in values.items()}

    @classmethod
    def checked(cls, values: State) -> State:
        """Values of the past as a patch of today; `Invalid` when today's limits refuse them."""
        try:
            return cls.model_validate(values).patch()
        except ValidationError as error:
            first = error.errors()[0]
            raise Invalid(".".join(map(str, first["loc"])), first["msg"]) from None

    @classmethod
    @cache
    def defaults(cls) -> State:
        """Each field's value when nothing was ever said of it."""
        return {
            name: (field.json_schema_extra or {}).get("default")  # type: ignore[union-attr]
            for name, field in cls.model_fields.items()
        }


class CustomizableFields(Fields):
    """Fields with custom ones beside them: any key `c_…`, any JSON value of bounded depth."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "additionalProperties": False,
            "patternProperties": {"^c_[A-Za-z0-9_]{1,30}$": {}},
        },
    )
    CUSTOM_IS_PERSONAL: ClassVar[bool] = False
    """Whether whatever is kept in custom fields is taken for personal."""
    __pydantic_extra__: CustomFields = Field(init=False)

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if len(self.__pydantic_extra__) > MAX_CUSTOM_FIELDS:
            message = f"expected at most {MAX_CUSTOM_FIELDS} custom fields"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class CommandMetadata:
    """Who did it, when (RFC 3339, UTC, microseconds), in which request, because of what."""

    actor: str
    time: str
    correlation: str
    causation: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """A fact. Its topic is its stored name, written out, and its fields are its stored shape."""

    TOPIC: ClassVar[str] = ""
    SECRET: ClassVar[frozenset[str]] = frozenset()
    """What of it is recorded and never shown."""
    originator_id: UUID
    originator_version: int
    time: str
    actor: str
    correlation: str
    causation: str | None
    reason: str | None

    def __init_subclass__(cls, *, topic: str = "") -> None:
        if topic:  # a slotted dataclass is made twice; the second one passes no topic
            cls.TOPIC = topic
        if cls.TOPIC:
            type_of_topic[cls.TOPIC] = cls

    @property
    def name(self) -> str:
        return type(self).__name__


@cache
def payload_fields(fact_class: Any) -> tuple[str, ...]:
    """The stored fields of a fact: all but its place, which has columns of its own."""
    return tuple(f.name for f in fields(fact_class) if not f.name.startswith("originator_"))


@cache
def own_fields(fact_class: Any) -> tuple[str, ...]:
    """What a fact says beyond who, when and why."""
    common = {f.name for f in fields(DomainEvent)}
    return tuple(f.name for f in fields(fact_class) if f.name not in common)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownFact(DomainEvent):
    """A fact that this version cannot read, as it was recorded: most likely by a newer version.
    What it changed nobody can tell here, so nothing is folded over it."""

    SECRET: ClassVar[frozenset[str]] = frozenset({"payload", "why"})
    topic: str
    payload: bytes
    why: str

    @property
    def name(self) -> str:
        return self.topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(DomainEvent, topic="snapshot"):
    """An aggregate's state at a version: replay starts here. Derived, so it may be deleted."""

    state: State
    shape: int = 1
    """Which way of folding made it: one of another way is passed over."""
    known: int = 0
    """How many types of facts its maker knew: one of a newer version may hide an unknown fact."""

    def usable(self, shape: int) -> bool:
        """Whether replay may start here."""
        return self.shape == shape and self.known <= len(type_of_topic)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedSnapshot(Snapshot, topic="snapshot.counted"):
    """What is counted of an Inventory, which is small however much it has sold."""


def fold_fields(state: State, fields: State) -> None:
    """Folds changed fields in; a custom field that was cleared is gone."""
    state.update(fields)
    for name, value in fields.items():
        if value is None and name.startswith("c_"):
            state.pop(name, None)


class Aggregate:
    """A consistency boundary: its facts are numbered without a gap and decided one by one."""

    KIND: ClassVar[Kind]
    SHAPE: ClassVar[int] = 1
    """Goes up when the same facts fold to another state: older snapshots are passed over."""
    SNAPSHOT: ClassVar[type[Snapshot]] = Snapshot
    """What its replay starts from."""

    def __init__(self, aggregate_id: UUID) -> None:
        self.id = aggregate_id
        self.account, _, self.number = unpack(aggregate_id)
        self.version = 0
        self.state: State = {}
        self.pending: list[DomainEvent] = []
        self.snapshotted = 0
        """The version of its newest snapshot that is known here."""
        self.gap: UnknownFact | None = None
        """The first fact that cannot be folded here: nothing behind it is, either."""

    @classmethod
    def id_of(cls, account: int, number: int) -> UUID:
        return guid(account, cls.KIND, number)

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        """Folds one fact into the state. Never raises, never checks, never reads a clock."""
        raise NotImplementedError

    def trigger(
        self, fact_class: type[DomainEvent], metadata: CommandMetadata, **says: Any
    ) -> None:
        """Records that something happened. Time never runs backwards within an aggregate."""
        fact = fact_class(
            originator_id=self.id,
            originator_version=self.version + 1,
            time=max(metadata.time, self.state.get("lastupdatets", "")),
            actor=metadata.actor,
            correlation=metadata.correlation,
            causation=metadata.causation,
            reason=metadata.reason,
            **says,
        )
        self.apply(fact)
        self.pending.append(fact)

    def differing(self, patch: State, defaults: State) -> State:
        """The part of the patch that is not so already: what equals today is not recorded."""
        state = self.state
        return {
            name: value
            for name, value in patch.items()
            if not same(state.get(name, defaults.get(name)), value)
        }

    def apply(self, fact: AnyFact) -> None:
        """Folds a fact that was recorded, here or elsewhere."""
        if self.gap is not None or isinstance(fact, UnknownFact):
            self.gap = self.gap or fact  # type: ignore[assignment]
            self.version = fact.originator_version
            return
        if isinstance(fact, Snapshot):
            self.state = fact.state
            self.snapshotted = fact.originator_version
        else:
            self.evolve(self.state, fact)  # type: ignore[arg-type]
        self.version = self.state["version"] = fact.originator_version

    def snapshot(self) -> Snapshot:
        """Its state as of now; later facts leave it alone."""
        self.snapshotted = self.version
        return self.SNAPSHOT(
            originator_id=self.id,
            originator_version=self.version,
            time=self.state.get("lastupdatets", ""),
            actor="stagebook",
            correlation="",
            causation=None,
            reason=None,
            state=self.capture().state,
            shape=self.SHAPE,
            known=len(type_of_topic),
        )

    def past_fields(self, past: State, defaults: State) -> State:
        """The patch that brings the writable fields back to a past state, custom ones included."""
        custom = {n for n in (*past, *self.state) if n.startswith("c_")}
        return {n: past.get(n, v) for n, v in defaults.items()} | {n: past.get(n) for n in custom}

    @property
    def weight(self) -> int:
        """How many things its state holds in its largest map."""
        return max((len(v) for v in self.state.values() if isinstance(v, dict)), default=0)

    def capture(self) -> Self:
        """A copy that later facts leave alone. Values in the state are replaced, never mutated,
        except the maps that `evolve` changes in place, which are one level deep."""
        copy = object.__new__(type(self))
        copy.__dict__ = dict(self.__dict__)
        copy.state = {k: dict(v) if type(v) is dict else v for k, v in self.state.items()}
        copy.pending = []
        return copy

    @property
    def exists(self) -> bool:
        return self.version > 0 and not self.state.get("deleted")

    def require(self, version: int | None = None) -> Self:
        """Refuses when it is not there, or when the caller has seen another version."""
        if not self.exists:
            what = self.KIND.title
            raise NotFound(f"{what} {self.number} does not exist", id=self.number)
        return self.require_version(version)

    def require_whole(self) -> Self:
        """Refuses when one of its facts cannot be read: what it is now is not known here."""
        if self.gap is not None:
            what, at = self.KIND.title, self.gap.originator_version
            raise FactUnknown(
                f"{what} {self.number} has a fact {self.gap.topic} at version {at}, {self.gap.why}",
                id=self.number,
                topic=self.gap.topic,
                version=at,
            )
        return self

    def require_version(self, version: int | None) -> Self:
        """Refuses when the caller has seen another version than today's."""
        if version is not None and version != self.version:
            message = f"The version is {self.version}, the request was made for {version}"
            raise VersionMismatch(message, version=self.version)
        return self

    def require_past(self, past: int, version: int | None = None) -> Self:
        """Refuses unless it has that past version; a deleted thing has a past, too."""
        if self.version == 0:
            self.require()
        if not 1 <= past <= self.version:
            raise Invalid("version", f"expected a version from 1 to {self.version}")
        return self.require_version(version)
