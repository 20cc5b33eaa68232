"""The shape of everything in the catalog: fields, facts, and one aggregate that is created,
changed, archived and restored. The kinds are in `domain/catalog.py` and the files it names."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from pydantic import model_validator

from domain.base import (
    Aggregate,
    CommandMetadata,
    CustomizableFields,
    DomainEvent,
    State,
    fold_fields,
)
from domain.errors import Invalid
from domain.ids import Kind
from domain.marks import Mark
from domain.translations import checked
from domain.values import Text, field


class CatalogFields(CustomizableFields):
    """The writable fields of one kind of thing. Unset means leave, null means clear."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset(
        {"id", "guid", "version", "isarchived", "createdts", "lastupdatets"}
    )
    REQUIRED: ClassVar[tuple[str, ...]] = ("name",)
    TRANSLATABLE: ClassVar[frozenset[str]] = frozenset({"name"})

    translations: dict[str, Text] | None = field(
        "Other languages: field + language", {"namefr": "Plein tarif"}, cleared={}
    )

    @model_validator(mode="after")
    def _translatable(self) -> Self:
        checked(self.translations or {}, self.TRANSLATABLE)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItemCreated(DomainEvent, topic="catalog.created"):
    number: int
    fields: Annotated[State, Mark.OF_KIND]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItemChanged(DomainEvent, topic="catalog.changed"):
    changed: Annotated[State, Mark.OF_KIND]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItemArchived(DomainEvent, topic="catalog.archived"):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItemRestored(DomainEvent, topic="catalog.restored"):
    pass


class CatalogItem(Aggregate):
    """One thing of the catalog. It is archived, never deleted: orders of the past name it."""

    FIELDS: ClassVar[type[CatalogFields]]
    SET: ClassVar[State] = {}
    """What Stagebook alone sets of this kind, with its default."""
    REFERS: ClassVar[dict[str, Kind]] = {}
    """The fields that name another thing, which has to be there."""
    STARTING: ClassVar[dict[int, State]] = {}
    """What every account starts with, at these numbers."""

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        match fact:
            case CatalogItemCreated():
                fold_fields(state, fact.fields)
                state.update(number=fact.number, isarchived=False, createdts=fact.time)
            case CatalogItemChanged():
                fold_fields(state, fact.changed)
            case CatalogItemArchived():
                state["isarchived"] = True
            case CatalogItemRestored():
                state["isarchived"] = False

    @classmethod
    def texts(cls, state: State) -> tuple[str | None, ...]:
        """What it is found by; the first is what it is sorted by."""
        return (state["name"],)

    def value(self, name: str) -> Any:
        """A field as it is shown: its default where nothing was ever said of it."""
        return self.state.get(name, self.FIELDS.defaults().get(name))

    @property
    def archived(self) -> bool:
        return bool(self.state.get("isarchived"))

    def create(self, fields: CatalogFields, metadata: CommandMetadata, **sets: Any) -> None:
        patch = fields.patch() | sets
        for name in self.FIELDS.REQUIRED:
            if patch.get(name) is None:
                raise Invalid(name, "required at creation")
        self.check_new(patch)
        self.trigger(CatalogItemCreated, metadata, number=self.number, fields=patch)

    def open(self, metadata: CommandMetadata) -> None:
        """What every account starts with, unless it is there."""
        if self.version == 0:
            fields = self.FIELDS.model_validate(self.STARTING[self.number])
            self.trigger(CatalogItemCreated, metadata, number=self.number, fields=fields.patch())

    def change(self, fields: CatalogFields, metadata: CommandMetadata) -> None:
        changed = self.differing(fields.patch(), self.FIELDS.defaults())
        for name in self.FIELDS.REQUIRED:
            if name in changed and changed[name] is None:
                raise Invalid(name, "cannot be cleared")
        self.check_changed(changed)
        if changed:
            self.trigger(CatalogItemChanged, metadata, changed=changed)

    def archive(self, metadata: CommandMetadata) -> None:
        self.check_archived()
        if not self.archived:
            self.trigger(CatalogItemArchived, metadata)

    def restore(self, metadata: CommandMetadata) -> None:
        if self.archived:
            self.trigger(CatalogItemRestored, metadata)

    def check_new(self, patch: State) -> None:
        """Refuses what this kind of thing cannot begin as."""

    def check_changed(self, changed: State) -> None:
        """Refuses what this kind of thing cannot become."""

    def check_archived(self) -> None:
        """Refuses to archive what an account cannot be without."""
