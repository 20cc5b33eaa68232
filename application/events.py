"""Commands on Events, their dates and their contingents.

Each returns the Event with what its document shows beside it, as of the end of the command.
"""

from collections.abc import Sequence

from application.group_commit import Work
from application.history import ShownEvent, past_states
from domain.errors import Invalid, VersionMismatch
from domain.event import DateFields, Event
from domain.event_fields import CLOSED, EventBody
from domain.hosting import Hosting
from domain.ids import Kind
from domain.inventory import ContingentFields, Inventory
from domain.location import Location


def create_event(work: Work, body: EventBody) -> ShownEvent:
    if body.locationid is None:
        raise Invalid("locationid", "required: the id of a Location")
    event = work.new(Event)
    work.load(Hosting, body.locationid).host(event.number, work.by)
    event.create(body.own(), work.by)
    work.fresh(Inventory, event.number)
    if body.contingents or body.seated_contingents:
        _set_contingents(work, event, _new(body.contingents), _new(body.seated_contingents))
    if body.currentstatus is not None:
        event.change_status(body.currentstatus, work.by)
    return shown(work, event)


def change_event(
    work: Work,
    number: int,
    body: EventBody,
    version: int | None = None,
    contingents_version: int | None = None,
) -> ShownEvent:
    """`contingents_version` is what the caller knew of them: it counts when the body names them."""
    event = work.load(Event, number).require(version)
    hosted_at, was_closed = event.locationid, event.status == CLOSED
    event.edit(body.own(), work.by, body.asked_status())
    named = body.model_fields_set & {"contingents", "seated_contingents"}
    if named:
        _require_contingents(work, event, contingents_version)
    _set_contingents(
        work,
        event,
        body.contingents or [] if "contingents" in named else None,
        body.seated_contingents or [] if "seated_contingents" in named else None,
    )
    if was_closed and work.load(Inventory, number).pending:
        event.check_editable()
    _move(work, event, hosted_at)
    return shown(work, event)


def delete_event(work: Work, number: int, version: int | None = None) -> ShownEvent:
    event = work.load(Event, number).require(version)
    event.delete(work.by)
    work.load(Hosting, event.locationid).release(number, work.by)
    return shown(work, event)


def change_status(
    work: Work, number: int, transition: str, version: int | None = None
) -> ShownEvent:
    event = work.load(Event, number).require(version)
    event.transit(transition, work.by)
    return shown(work, event)


def add_date(
    work: Work, number: int, fields: DateFields, version: int | None = None
) -> tuple[ShownEvent, int]:
    event = work.load(Event, number).require(version)
    date_id = work.next_number(Kind.DATE)
    event.add_date(date_id, fields, work.by)
    return shown(work, event), date_id


def change_date(
    work: Work, number: int, date_id: int, fields: DateFields, version: int | None = None
) -> ShownEvent:
    event = work.load(Event, number).require(version)
    event.change_date(date_id, fields, work.by)
    return shown(work, event)


def remove_date(work: Work, number: int, date_id: int, version: int | None = None) -> ShownEvent:
    event = work.load(Event, number).require(version)
    event.remove_date(date_id, work.by)
    return shown(work, event)


def revert_event(
    work: Work,
    number: int,
    to: int,
    version: int | None = None,
    contingents_version: int | None = None,
) -> ShownEvent:
    """Brings fields, dates, contingents and status back to what they were at a version.

    A deleted Event comes back. Everything goes through the rules of today.
    """
    event = work.load(Event, number).require_past(to, version)
    _require_contingents(work, event, contingents_version)
    past, past_contingents = past_states(work.store, work.account, number, to)
    hosted_at = event.locationid if event.exists else None
    if not event.exists:
        event.restore(work.by)
    was_closed = event.status == CLOSED
    event.revert(past, work.by)
    inventory = work.load(Inventory, number)
    inventory.revert(past_contingents, work.by)
    if was_closed and inventory.pending:
        event.check_editable()
    _move(work, event, hosted_at)
    return shown(work, event)


def shown(work: Work, event: Event) -> ShownEvent:
    return ShownEvent(
        event,
        work.load(Inventory, event.number),
        work.load(Location, event.locationid),
    )


def _set_contingents(
    work: Work,
    event: Event,
    unseated: Sequence[ContingentFields] | None,
    seated: Sequence[ContingentFields] | None,
) -> None:
    """Makes the contingents of each sort that is given exactly these."""
    for wanted, is_seated in ((unseated, False), (seated, True)):
        if wanted is None:
            continue
        work.load(Inventory, event.number).set_contingents(
            wanted,
            seated=is_seated,
            by=work.by,
            new_id=lambda: work.next_number(Kind.CONTINGENT),
        )


def _require_contingents(work: Work, event: Event, known: int | None) -> None:
    """Refuses when the caller has seen other contingents than today's."""
    at = work.load(Inventory, event.number).version
    if known is not None and known != at:
        message = f"The contingents are at {at}, the request was made for {known}"
        raise VersionMismatch(message, version=event.version, contingents=at)


def _new(contingents: Sequence[ContingentFields] | None) -> list[ContingentFields]:
    """A document that is sent to make another Event brings no ids of its own."""
    return [c.model_copy(update={"id": None}) for c in contingents or ()]


def _move(work: Work, event: Event, hosted_at: int | None) -> None:
    if event.locationid != hosted_at:
        work.load(Hosting, event.locationid).host(event.number, work.by)
        if hosted_at is not None:
            work.load(Hosting, hosted_at).release(event.number, work.by)
