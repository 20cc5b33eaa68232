"""An Event and its dates: its state and its commands.

Draft 19001 ──publish──▶ Active 19002 ──close──▶ Closed 19003
      ◀──redraft──             ◀──reopen──
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.base import Aggregate, CommandMetadata, DomainEvent, Fields, State, fold_fields
from domain.errors import (
    EventActive,
    EventClosed,
    Invalid,
    NotFound,
    NotOnSale,
    NotPublishable,
    TooManyDates,
    WrongStatus,
)
from domain.event_facts import (
    DateAdded,
    DateChanged,
    DateRemoved,
    EventCreated,
    EventDeleted,
    EventImageChanged,
    EventRestored,
    StatusChanged,
    by_group,
)
from domain.event_fields import ACTIVE, CLOSED, DRAFT, EventBody, EventFields
from domain.ids import Kind
from domain.values import Count, Line, Timestamp, field, microseconds, same

MAX_DATES = 10_000
MAX_NEW_DATES = 2_500
"""Of one body: each becomes a fact of one commit."""
TRANSITIONS = {
    "publish": (DRAFT, ACTIVE),
    "redraft": (ACTIVE, DRAFT),
    "close": (ACTIVE, CLOSED),
    "reopen": (CLOSED, ACTIVE),
}
NAMES = {DRAFT: "Draft", ACTIVE: "Active", CLOSED: "Closed"}


class DateFields(Fields):
    """A start and an end of one Event."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"id", "guid", "eventid"})
    REQUIRED: ClassVar[tuple[str, ...]] = ("start", "end")

    start: Timestamp | None = field("Start; required", "2026-11-21T20:00:00+01:00")
    end: Timestamp | None = field(
        "End, later than the start; required", "2026-11-21T23:00:00+01:00"
    )
    name: Line | None = field("Name", "Saturday")
    capacity: Annotated[Count, Field()] | None = field("Tickets; 0 = no limit", 840, cleared=0)
    seats_event_key: Line | None = field("Key of its seats at Seats.io", "hall-1-saturday")
    facebook_event_id: Line | None = field("Its id at Facebook", "1256975647832")


class NewEvent(EventBody):
    """An Event to create, with its dates."""

    READ_ONLY: ClassVar[frozenset[str]] = EventBody.READ_ONLY - {"dates"}

    dates: Annotated[list[DateFields], Field(max_length=MAX_NEW_DATES)] | None = field(
        "The dates that it takes place on",
        [{"start": "2026-11-21T20:00:00+01:00", "end": "2026-11-21T23:00:00+01:00"}],
        cleared=[],
    )

    def own(self) -> State:
        return {n: v for n, v in super().own().items() if n != "dates"}


class Event(Aggregate):
    """`state["dates"]` holds the fields of each date, by id."""

    KIND = Kind.EVENT

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        match fact:
            case EventCreated():
                fold_fields(state, fact.fields)
                state.update(number=fact.number, code=fact.code, createdts=fact.time)
                state.update(currentstatus=DRAFT, dates={})
            case DateAdded():
                state["dates"][str(fact.dateid)] = {"id": fact.dateid, **fact.fields}
            case DateChanged():
                key = str(fact.dateid)
                state["dates"][key] = state["dates"][key] | fact.changed
            case DateRemoved():
                state["dates"].pop(str(fact.dateid), None)
            case StatusChanged():
                if state["currentstatus"] == DRAFT:
                    state["publishedts"] = fact.time
                state["currentstatus"] = fact.currentstatus
            case EventImageChanged():
                state["image"] = fact.image
            case EventDeleted():
                state["deleted"] = True
            case EventRestored():
                state["deleted"] = False
            case _:
                fold_fields(state, fact.changed)  # type: ignore[attr-defined]

    # -- what it is now

    @property
    def status(self) -> int:
        return int(self.state["currentstatus"])

    @property
    def locationid(self) -> int:
        return int(self.state["locationid"])

    # -- commands

    def create(self, fields: State, metadata: CommandMetadata) -> None:
        _check_order(fields, "startts", "endts")
        _check_order(fields, "salestartts", "saleendts")
        self.trigger(
            EventCreated, metadata, number=self.number, code=code(self.number), fields=fields
        )

    def edit(self, patch: State, metadata: CommandMetadata, status: int | None = None) -> None:
        """Changes fields and status at once: what an edit is checked against is the later status,
        unless the Event is being published or closed."""
        comes_first = status == DRAFT or self.status == CLOSED
        if status is not None and comes_first:
            self.change_status(status, metadata)
        changed = self.differing(patch, EventFields.defaults())
        self._check_edit(changed)
        for fact_class, fields in by_group(changed).items():
            self.trigger(fact_class, metadata, changed=fields)
        if status is not None:
            self.change_status(status, metadata)

    def _check_edit(self, changed: State) -> None:
        if not changed:
            return
        self.check_editable()
        if changed.get("locationid", 0) is None:
            raise Invalid("locationid", "an Event has exactly one Location")
        after = self.state | changed
        _check_order(after, "startts", "endts")
        _check_order(after, "salestartts", "saleendts")
        if self.status == ACTIVE:
            _check_publishable(after)

    def change_image(self, image: State | None, metadata: CommandMetadata) -> None:
        """`image` names bytes that are kept with this fact, or were with an earlier one."""
        if not same(self.state.get("image"), image):
            self.check_editable()
            self.trigger(EventImageChanged, metadata, image=image)

    def add_date(self, date_id: int, fields: DateFields, metadata: CommandMetadata) -> None:
        self.check_editable()
        if len(self.state["dates"]) >= MAX_DATES:
            raise TooManyDates(f"an Event has at most {MAX_DATES} dates", limit=MAX_DATES)
        added = DateFields.defaults() | fields.patch()
        _check_date(added)
        self.trigger(DateAdded, metadata, dateid=date_id, fields=added)

    def change_date(self, date_id: int, fields: DateFields, metadata: CommandMetadata) -> None:
        current = self.date(date_id)
        changed = {n: v for n, v in fields.patch().items() if current.get(n) != v}
        if changed:
            self.check_editable()
            _check_date(current | changed)
            self.trigger(DateChanged, metadata, dateid=date_id, changed=changed)

    def remove_date(self, date_id: int, metadata: CommandMetadata) -> None:
        self.date(date_id)
        self.check_editable()
        rest = {k: d for k, d in self.state["dates"].items() if k != str(date_id)}
        self._check_still_publishable(rest)
        self.trigger(DateRemoved, metadata, dateid=date_id)

    def date(self, date_id: int) -> State:
        try:
            date: State = self.state["dates"][str(date_id)]
        except KeyError:
            message = f"Event {self.number} has no date {date_id}"
            raise NotFound(message, id=date_id) from None
        return date

    def transit(self, name: str, metadata: CommandMetadata) -> None:
        """One of the `TRANSITIONS`; where it leads to already, nothing changes."""
        source, target = TRANSITIONS[name]
        if self.status not in (source, target):
            message = f"{name}: the Event is {NAMES[self.status]}, not {NAMES[source]}"
            raise WrongStatus(message, currentstatus=self.status)
        self.change_status(target, metadata)

    def change_status(self, status: int, metadata: CommandMetadata) -> None:
        if status == self.status:
            return
        if (self.status, status) not in TRANSITIONS.values():
            message = f"{NAMES[status]} cannot follow {NAMES[self.status]}"
            raise WrongStatus(message, currentstatus=self.status)
        if status == ACTIVE:
            _check_publishable(self.state)
        self.trigger(StatusChanged, metadata, currentstatus=status)

    def revert(self, past: State, metadata: CommandMetadata) -> None:
        """Brings fields, dates and status back, in an order that keeps an Active Event complete."""
        if past.get("deleted"):
            raise Invalid("version", "the Event was deleted then")
        dates, status = past["dates"], past["currentstatus"]
        if status == DRAFT or self.status == CLOSED:
            self.change_status(status, metadata)
        if not same(dates, self.state["dates"]):
            self.check_editable()
        for key, date in dates.items():
            current = self.state["dates"].get(key)
            said = {n: v for n, v in date.items() if n != "id"}
            fields = DateFields.checked(DateFields.defaults() | said)
            if current is None:
                self.trigger(DateAdded, metadata, dateid=date["id"], fields=fields)
            elif changed := {n: v for n, v in fields.items() if current.get(n) != v}:
                self.trigger(DateChanged, metadata, dateid=date["id"], changed=changed)
        fields = self.past_fields(past, EventFields.defaults())
        self.edit(EventFields.checked(fields), metadata)
        self.change_image(past.get("image"), metadata)
        self._check_still_publishable(dates)
        for date in [d for k, d in self.state["dates"].items() if k not in dates]:
            self.trigger(DateRemoved, metadata, dateid=date["id"])
        self.change_status(status, metadata)

    def delete(self, metadata: CommandMetadata) -> None:
        if self.status == ACTIVE:
            raise EventActive(f"Event {self.number} is Active: redraft or close it first")
        self.trigger(EventDeleted, metadata)

    def restore(self, metadata: CommandMetadata) -> None:
        self.trigger(EventRestored, metadata)

    def check_editable(self) -> None:
        if self.status == CLOSED:
            raise EventClosed(f"Event {self.number} is closed: reopen it first")

    def require_on_sale(self, channel: int, now: str) -> None:
        """Refuses unless it is Active, on that sales channel and now inside its sale period."""
        require_on_sale(self.number, self.state, channel, now)

    def require_active(self) -> None:
        require_active(self.number, self.state)

    def _check_still_publishable(self, dates: State) -> None:
        if self.status == ACTIVE:
            _check_publishable(self.state | {"dates": dates})


def require_active(number: int, state: State) -> None:
    status = state["currentstatus"]
    if status != ACTIVE:
        message = f"Event {number} is {NAMES[status]}"
        raise NotOnSale(message, eventid=number, currentstatus=status)


def require_on_sale(number: int, state: State, channel: int, now: str) -> None:
    """Refuses unless it is Active, on that sales channel and now inside its sale period."""
    require_active(number, state)
    if refusal := not_on_sale(number, state, channel, now):
        raise refusal


def not_on_sale(number: int, state: State, channel: int, now: str) -> NotOnSale | None:
    """Why an Event is not for sale on a channel now, if it is not. Its sale period there is the
    channel's, else the Event's. An Event that names no channels is on sale on all."""
    channels = state.get("saleschannels") or ()
    its = next((c for c in channels if c["saleschannelid"] == channel), None)
    if channels and not (its and its["isactive"]):
        message = f"Event {number} is not for sale on sales channel {channel}"
        return NotOnSale(message, eventid=number, saleschannelid=channel)
    first, last = ((its and its[name]) or state.get(name) for name in ("salestartts", "saleendts"))
    moment = microseconds(now) or 0
    if moment >= (microseconds(first) or 0) and not (last and moment > (microseconds(last) or 0)):
        return None
    said: dict[str, Any] = {"from": first, "until": last}
    return NotOnSale(f"Event {number} is not for sale now", eventid=number, **said)


def starts(state: State) -> str | None:
    """The Event's own start when set, otherwise the first start of its dates."""
    return state.get("startts") or _extreme(state, "start", min)


def ends(state: State) -> str | None:
    """The Event's own end when set, otherwise the last end of its dates."""
    return state.get("endts") or _extreme(state, "end", max)


def _extreme(state: State, side: str, pick: Callable[..., Any]) -> str | None:
    times: Iterable[str] = (date[side] for date in state["dates"].values())
    found: str | None = pick(times, key=microseconds, default=None)
    return found


def code(number: int) -> str:
    """Twelve digits, different for every number below 10^12, in no order a buyer could guess."""
    return f"{number * 864_056_970_707 % 10**12:012d}"


def _check_publishable(state: State) -> None:
    needed = {
        "name": (state.get("name") or "").strip(),
        "startts": starts(state),
        "endts": ends(state),
    }
    if missing := [name for name, value in needed.items() if not value]:
        message = f"An Active Event needs {', '.join(missing)}, own or from its dates"
        raise NotPublishable(message, missing=missing)


def _check_order(state: State, start: str, end: str) -> None:
    """Equal is allowed: an Event or a sale may be given as one moment."""
    first, last = microseconds(state.get(start)), microseconds(state.get(end))
    if first is not None and last is not None and last < first:
        raise Invalid(end, f"expected a time that is not before {start}")


def _check_date(fields: State) -> None:
    for side in ("start", "end"):
        if fields[side] is None:
            raise Invalid(side, "required: an RFC 3339 time")
    if (microseconds(fields["end"]) or 0) <= (microseconds(fields["start"]) or 0):
        raise Invalid("end", "expected a time later than start")
