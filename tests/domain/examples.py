"""Events in every status, for the tests of the domain."""

from typing import Any

from domain.base import CommandMetadata, State
from domain.event import DateFields, Event
from domain.event_fields import ACTIVE, CLOSED, DRAFT
from tests.spec import Command, given

EIGHT, TEN, MIDNIGHT = "2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z", "2026-11-22T00:00:00Z"
COMPLETE: State = {"name": "Live", "locationid": 125, "startts": EIGHT, "endts": TEN}


def created(**fields: Any) -> Command:
    return lambda event, metadata: event.create(COMPLETE | fields, metadata)


def edited(**patch: Any) -> Command:
    return lambda event, metadata: event.edit(patch, metadata)


def moved_to(status: int) -> Command:
    return lambda event, metadata: event.change_status(status, metadata)


def dated(date_id: int, start: str = EIGHT, end: str = TEN, **fields: Any) -> Command:
    body = DateFields(start=start, end=end, **fields)
    return lambda event, metadata: event.add_date(date_id, body, metadata)


def undated(date_id: int) -> Command:
    return lambda event, metadata: event.remove_date(date_id, metadata)


def redated(date_id: int, **fields: Any) -> Command:
    body = DateFields.model_validate(fields)
    return lambda event, metadata: event.change_date(date_id, body, metadata)


def deleted(event: Event, metadata: CommandMetadata) -> None:
    event.delete(metadata)


WAY_TO: dict[int, tuple[Command, ...]] = {
    DRAFT: (),
    ACTIVE: (moved_to(ACTIVE),),
    CLOSED: (moved_to(ACTIVE), moved_to(CLOSED)),
}


def an_event(status: int = DRAFT, *earlier: Command, **fields: Any) -> Event:
    """A complete Event in that status; `earlier` happened while it was a Draft."""
    return given(Event, created(**fields), *earlier, *WAY_TO[status])
