"""Events in every status, for the tests of the domain."""

from typing import Any

from domain.base import CommandMetadata, State
from domain.event import DateFields, Event
from domain.event_fields import ACTIVE, CLOSED, DRAFT
from tests.spec import Command, given

EIGHT, TEN, MIDNIGHT = "2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z", "2026-11-22T00:00:00Z"
COMPLETE: State = {"name": "Live", "locationid": 125, "startts": EIGHT, "endts": TEN}


def created(**fields: Any) -> Command:
    return lambda event, by: event.create(COMPLETE | fields, by)


def edited(**patch: Any) -> Command:
    return lambda event, by: event.edit(patch, by)


def moved_to(status: int) -> Command:
    return lambda event, by: event.change_status(status, by)


def dated(date_id: int, start: str = EIGHT, end: str = TEN, **fields: Any) -> Command:
    body = DateFields(start=start, end=end, **fields)
    return lambda event, by: event.add_date(date_id, body, by)


def undated(date_id: int) -> Command:
    return lambda event, by: event.remove_date(date_id, by)


def redated(date_id: int, **fields: Any) -> Command:
    body = DateFields.model_validate(fields)
    return lambda event, by: event.change_date(date_id, body, by)


def deleted(event: Event, by: CommandMetadata) -> None:
    event.delete(by)


WAY_TO: dict[int, tuple[Command, ...]] = {
    DRAFT: (),
    ACTIVE: (moved_to(ACTIVE),),
    CLOSED: (moved_to(ACTIVE), moved_to(CLOSED)),
}


def an_event(status: int = DRAFT, *earlier: Command, **fields: Any) -> Event:
    """A complete Event in that status; `earlier` happened while it was a Draft."""
    return given(Event, created(**fields), *earlier, *WAY_TO[status])
