"""A Location: where Events take place. Its facts, its state, its commands."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from domain.base import (
    Aggregate,
    CommandMetadata,
    CustomizableFields,
    DomainEvent,
    State,
    fold_fields,
)
from domain.errors import Invalid, LocationInUse
from domain.ids import Kind
from domain.translations import checked
from domain.values import Count, CountryCode, Guid, Line, Name, Reference, Text, TimeZone, field

TRANSLATABLE = frozenset({"name", "description", "info"})
PLACEHOLDER, PLACEHOLDER_NAME = 0, "To be announced"
"""The number of every account's Location for Events that have no other yet: it is made when the
first of them comes, and it stays."""


class LocationFields(CustomizableFields):
    """The writable fields of a Location. Unset means leave, null means clear."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset(
        {"id", "guid", "version", "createdts", "lastupdatets"}
    )
    REQUIRED: ClassVar[tuple[str, ...]] = ("name",)

    name: Name | None = field("Name; required at creation", "Concert hall")
    capacity: Count | None = field("People it holds; 0 = no limit", 840, cleared=0)
    address: Text | None = field("Address as one free text", "Kerkstraat 1, 9000 Gent")
    description: Text | None = field("What it is, for ticket buyers", "A hall of 1914.")
    info: Text | None = field("Practical info for ticket buyers", "Lockers in the basement.")
    street1: Line | None = field("Street", "Kerkstraat")
    street2: Line | None = field("Street, second line", "1")
    street3: Line | None = field("Street, third line")
    street4: Line | None = field("Street, fourth line")
    zip: Annotated[str, Field(max_length=32)] | None = field("Postal code", "9000")
    city: Line | None = field("City", "Gent")
    state: Line | None = field("State or province", "East Flanders")
    countrycode: CountryCode | None = field("Country, ISO 3166-1 alpha-2", "BE")
    lat: Annotated[float, Field(ge=-90, le=90)] | None = field("Latitude, degrees", 51.05)
    long: Annotated[float, Field(ge=-180, le=180)] | None = field("Longitude, degrees", 3.72)
    geostatus: Reference | None = field("How its place was found; kept as it is", 1)
    timezone: TimeZone | None = field("IANA time zone", "Europe/Brussels", cleared="UTC")
    public: bool | None = field("Shown in public listings", True, cleared=False)
    seats_chart_key: Line | None = field("Key of its chart at Seats.io", "hall-1")
    parent_guid: Guid | None = field(
        "Guid of the Location that it is a part of", "2a97516c-354b-8002-8000-000000000001"
    )
    translations: dict[str, Text] | None = field(
        "Other languages: field + language", {"namefr": "Salle de concert"}, cleared={}
    )

    @field_validator("translations")
    @classmethod
    def _translatable(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        return value and checked(value, TRANSLATABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationCreated(DomainEvent, topic="location.created"):
    number: int
    fields: State


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationChanged(DomainEvent, topic="location.changed"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationDeleted(DomainEvent, topic="location.deleted"):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRestored(DomainEvent, topic="location.restored"):
    pass


class Location(Aggregate):
    KIND = Kind.LOCATION
    SHAPE = 2

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        match fact:
            case LocationCreated():
                fold_fields(state, fact.fields)
                state.update(number=fact.number, createdts=fact.time)
                state.update(namedversion=fact.originator_version, namedts=fact.time)
            case LocationChanged():
                fold_fields(state, fact.changed)
                if "name" in fact.changed:
                    state.update(namedversion=fact.originator_version, namedts=fact.time)
            case LocationDeleted():
                state["deleted"] = True
            case LocationRestored():
                state["deleted"] = False

    def create(self, fields: LocationFields, metadata: CommandMetadata) -> None:
        if fields.name is None:
            raise Invalid("name", "required: a text of 1 to 255 characters")
        self.trigger(LocationCreated, metadata, number=self.number, fields=fields.patch())

    def change(self, fields: LocationFields, metadata: CommandMetadata) -> None:
        self._change(fields.patch(), metadata)

    def revert(self, past: State, metadata: CommandMetadata) -> None:
        """Brings the fields back to what they were."""
        if past.get("deleted"):
            raise Invalid("version", "the Location was deleted then")
        fields = self.past_fields(past, LocationFields.defaults())
        self._change(LocationFields.checked(fields), metadata)

    def _change(self, patch: State, metadata: CommandMetadata) -> None:
        changed = self.differing(patch, LocationFields.defaults())
        if "name" in changed and changed["name"] is None:
            raise Invalid("name", "cannot be cleared")
        if changed:
            self.trigger(LocationChanged, metadata, changed=changed)

    def delete(self, metadata: CommandMetadata) -> None:
        if self.number == PLACEHOLDER:
            message = f"Location {PLACEHOLDER} stays: Events without another one are there"
            raise LocationInUse(message, blockedby=[], count=0)
        self.trigger(LocationDeleted, metadata)

    def restore(self, metadata: CommandMetadata) -> None:
        self.trigger(LocationRestored, metadata)
