"""The facts of an Event, one for each group of fields that change together."""

from dataclasses import dataclass

from domain.base import DomainEvent, Fields, State
from domain.event_fields import (
    Details,
    EventFields,
    Limits,
    Links,
    Listing,
    SalePeriod,
    Schedule,
    Seating,
    Venue,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCreated(DomainEvent, topic="event.created"):
    number: int
    code: str
    fields: State


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetailsChanged(DomainEvent, topic="event.details-changed"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRescheduled(DomainEvent, topic="event.rescheduled"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSalePeriodChanged(DomainEvent, topic="event.sale-period-changed"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRelocated(DomainEvent, topic="event.relocated"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLimitsChanged(DomainEvent, topic="event.limits-changed"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeatingChanged(DomainEvent, topic="event.seating-changed"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLinksChanged(DomainEvent, topic="event.links-changed"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class EventListingChanged(DomainEvent, topic="event.listing-changed"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class EventImageChanged(DomainEvent, topic="event.image-changed"):
    image: State | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateAdded(DomainEvent, topic="event.date-added"):
    dateid: int
    fields: State


@dataclass(frozen=True, slots=True, kw_only=True)
class DateChanged(DomainEvent, topic="event.date-changed"):
    dateid: int
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class DateRemoved(DomainEvent, topic="event.date-removed"):
    dateid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(DomainEvent, topic="event.status-changed"):
    currentstatus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDeleted(DomainEvent, topic="event.deleted"):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRestored(DomainEvent, topic="event.restored"):
    pass


FieldsChanged = (
    EventDetailsChanged
    | EventRescheduled
    | EventSalePeriodChanged
    | EventRelocated
    | EventLimitsChanged
    | EventSeatingChanged
    | EventLinksChanged
    | EventListingChanged
)

GROUPS: dict[type[FieldsChanged], type[Fields]] = {
    EventRelocated: Venue,
    EventRescheduled: Schedule,
    EventSalePeriodChanged: SalePeriod,
    EventLimitsChanged: Limits,
    EventSeatingChanged: Seating,
    EventLinksChanged: Links,
    EventListingChanged: Listing,
    EventDetailsChanged: Details,
}

GROUP_OF: dict[str, type[FieldsChanged]] = {
    name: fact for fact, group in GROUPS.items() for name in group.model_fields
}
assert GROUP_OF.keys() == EventFields.model_fields.keys()  # noqa: S101 - checked once, at import


PLACED = (EventCreated.TOPIC, EventRelocated.TOPIC)
"""What says where an Event takes place."""


def by_group(changed: State) -> dict[type[FieldsChanged], State]:
    """The changed fields, sorted to the fact of their group; custom fields are details."""
    groups: dict[type[FieldsChanged], State] = {}
    for name, value in changed.items():
        groups.setdefault(GROUP_OF.get(name, EventDetailsChanged), {})[name] = value
    return groups
