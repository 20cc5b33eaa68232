"""Commands on Events, their dates and their contingents.

Each returns the Event with what its document shows beside it, as of the end of the command.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from application import locations
from application.as_of import ShownEvent, past_states
from application.contingents import (
    lock_counter,
    price_lists,
    require_contingents,
    seed_barcodes,
    written_out,
)
from application.ports import Blob
from application.unit_of_work import UnitOfWork
from application.usage import record_usage
from domain.base import State
from domain.contingents import HELD, ContingentBody, ContingentFields
from domain.errors import (
    DateInUse,
    EventHasTickets,
    Invalid,
    NotPublishable,
    UnpaidOrders,
)
from domain.event import DateFields, Event, NewEvent, ends, starts
from domain.event_fields import ACTIVE, CLOSED, DRAFT, EventBody, EventFields
from domain.hosting import Hosting
from domain.ids import Kind
from domain.images import Image
from domain.inventory import Inventory
from domain.limits import check_edit
from domain.location import PLACEHOLDER, Location
from domain.offers import has_price
from domain.wording import counted

ELSEWHERE = frozenset({"id", "seats_event_key", "facebook_event_id"})
"""What a date alone is known by, here and in other systems."""


def create_event(work: UnitOfWork, body: EventBody, *, placeholder: bool = False) -> ShownEvent:
    """Without a Location it is at the placeholder, where a caller takes that for an answer."""
    if body.locationid is None and placeholder:
        body = body.model_copy(update={"locationid": PLACEHOLDER})
    if body.locationid is None:
        raise Invalid("locationid", "required: the id of a Location")
    event = work.new(Event)
    _host(work, body.locationid, event.number)
    event.create(body.own(), work.metadata)
    if isinstance(body, NewEvent):
        _add_dates(work, event, body.dates or ())
    work.fresh(Inventory, event.number)
    if body.contingents or body.seated_contingents:
        _set_contingents(work, event, _new(body.contingents), _new(body.seated_contingents))
    if body.currentstatus is not None:
        with _all_gaps(work, event):
            event.change_status(body.currentstatus, work.metadata)
    check_whole(work, event, DRAFT)
    return shown(work, event)


def _add_dates(work: UnitOfWork, event: Event, dates: Sequence[DateFields]) -> None:
    for index, date in enumerate(dates):
        try:
            event.add_date(work.next_number(Kind.DATE), date, work.metadata)
        except Invalid as refusal:
            raise refusal.within(f"dates.{index}") from None


def change_event(
    work: UnitOfWork,
    number: int,
    body: EventBody,
    version: int | None = None,
    contingents_version: int | None = None,
) -> ShownEvent:
    """`contingents_version` is what the caller knew of them: it counts when the body names them."""
    event = work.load(Event, number).require(version)
    hosted_at, was = event.locationid, event.status
    with _all_gaps(work, event, body):
        event.edit(_without_times_of_dates(event, body.own()), work.metadata, body.asked_status())
    named = body.model_fields_set & {"contingents", "seated_contingents"}
    if named:
        require_contingents(work, event, contingents_version)
    _set_contingents(
        work,
        event,
        body.contingents or [] if "contingents" in named else None,
        body.seated_contingents or [] if "seated_contingents" in named else None,
    )
    _move(work, event, hosted_at)
    check_whole(work, event, was)
    return shown(work, event)


def _without_times_of_dates(event: Event, patch: State) -> State:
    """Times that an Event shows because its dates say so do not become its own by being sent back:
    it would not follow its dates any more."""
    shown = {"startts": starts(event.state), "endts": ends(event.state)}
    return {n: v for n, v in patch.items() if event.state.get(n) or not v or shown.get(n) != v}


def duplicate_event(work: UnitOfWork, number: int, version: int | None = None) -> ShownEvent:
    """Another Draft like it: fields, dates, contingents with their prices, and the image. What is
    one Event's alone is not taken over: its id elsewhere, its tickets' locks and orders."""
    source = work.load(Event, number).require(version)
    defaults = EventFields.defaults()
    fields = EventFields.checked(source.past_fields(source.state, defaults))
    said = {n: v for n, v in fields.items() if n != "externalcode" and v != defaults.get(n)}
    made = create_event(work, EventBody.model_validate(said)).event
    dates = {}
    for date in source.state["dates"].values():
        dates[date["id"]] = work.next_number(Kind.DATE)
        own = {n: v for n, v in date.items() if n not in ELSEWHERE}
        made.add_date(dates[date["id"]], DateFields.model_construct(**own), work.metadata)
    lots = work.load(Inventory, number)
    unseated, seated = (
        [_copy(lot, dates) for lot in lots.contingents(seated=sort)] for sort in (False, True)
    )
    _set_contingents(work, made, unseated, seated)
    made.change_image(source.state.get("image"), work.metadata)
    check_whole(work, made, DRAFT)
    return shown(work, made)


def change_image(
    work: UnitOfWork,
    number: int,
    image: Image | None,
    data: bytes = b"",
    version: int | None = None,
) -> ShownEvent:
    """`data` are the bytes of the image, kept with the fact that names them."""
    event = work.load(Event, number).require(version)
    event.change_image(image and image.state(), work.metadata)
    if image:
        work.blobs.append(Blob(work.account, image.digest, image.type, data))
    return shown(work, event)


def delete_event(work: UnitOfWork, number: int, version: int | None = None) -> ShownEvent:
    event = work.load(Event, number).require(version)
    if count := work.load(Inventory, number).count(*HELD):
        raise EventHasTickets(
            f"orders hold {counted(count, 'ticket')} of Event {number}", count=count
        )
    event.delete(work.metadata)
    work.load(Hosting, event.locationid).release(number, work.metadata)
    return shown(work, event)


def change_status(
    work: UnitOfWork, number: int, transition: str, version: int | None = None
) -> ShownEvent:
    event = work.load(Event, number).require(version)
    was = event.status
    with _all_gaps(work, event):
        event.transit(transition, work.metadata)
    check_whole(work, event, was)
    return shown(work, event)


def add_date(
    work: UnitOfWork, number: int, fields: DateFields, version: int | None = None
) -> tuple[ShownEvent, int]:
    event = work.load(Event, number).require(version)
    date_id = work.next_number(Kind.DATE)
    event.add_date(date_id, fields, work.metadata)
    check_whole(work, event, event.status)
    return shown(work, event), date_id


def change_date(
    work: UnitOfWork, number: int, date_id: int, fields: DateFields, version: int | None = None
) -> ShownEvent:
    event = work.load(Event, number).require(version)
    event.change_date(date_id, fields, work.metadata)
    check_whole(work, event, event.status)
    return shown(work, event)


def remove_date(
    work: UnitOfWork, number: int, date_id: int, version: int | None = None
) -> ShownEvent:
    event = work.load(Event, number).require(version)
    event.remove_date(date_id, work.metadata)
    check_whole(work, event, event.status)
    return shown(work, event)


def revert_event(
    work: UnitOfWork,
    number: int,
    to: int,
    version: int | None = None,
    contingents_version: int | None = None,
) -> ShownEvent:
    """Brings fields, dates, contingents and status back to what they were at a version.

    A deleted Event comes back. Everything goes through the rules of today.
    """
    event = work.load(Event, number).require_past(to, version)
    require_contingents(work, event, contingents_version)
    past, past_contingents = past_states(work.store, work.account, number, to)
    hosted_at = event.locationid if event.exists else None
    if not event.exists:
        work.require_room(Kind.EVENT)
        event.restore(work.metadata)
    was = event.status
    event.revert(past, work.metadata)
    work.load(Inventory, number).revert(past_contingents, work.metadata)
    _move(work, event, hosted_at)
    check_whole(work, event, was)
    return shown(work, event)


def present_event(work: UnitOfWork, number: int) -> ShownEvent:
    """The Event as it is before a command."""
    return shown(work, work.load(Event, number).require())


def shown(work: UnitOfWork, event: Event) -> ShownEvent:
    inventory = work.load(Inventory, event.number)
    return ShownEvent(
        event,
        inventory,
        work.load(Location, event.locationid),
        price_lists(work, inventory.contingents()),
    )


@contextmanager
def _all_gaps(work: UnitOfWork, event: Event, body: EventBody | None = None) -> Iterator[None]:
    """Adds the price to what a Draft is without when it is published: all gaps at once. A body that
    is on its way may bring prices."""
    try:
        yield
    except NotPublishable as refusal:
        contingents = work.load(Inventory, event.number).contingents()
        lists = price_lists(work, contingents)
        brings = body is not None and bool(body.contingents or body.seated_contingents)
        if event.status != DRAFT or brings or any(has_price(c, lists) for c in contingents):
            raise
        missing = [*refusal.details["missing"], "price"]
        message = f"{refusal.detail}, and at least one contingent with a price"
        raise NotPublishable(message, missing=missing) from None


def check_whole(work: UnitOfWork, event: Event, was: int) -> None:
    """What an Event and its tickets must be together after an edit. `was`: its status before."""
    inventory = work.load(Inventory, event.number)
    contingents = inventory.contingents()
    if inventory.pending and was == CLOSED:
        event.check_editable()
    for contingent in contingents:
        if unknown := [d for d in contingent["dateids"] if str(d) not in event.state["dates"]]:
            if inventory.pending:
                raise Invalid("contingents", f"Event {event.number} has no date {unknown[0]}")
            message = f"contingent {contingent['id']} is valid on date {unknown[0]}"
            raise DateInUse(message, contingentid=contingent["id"], dateid=unknown[0])
    if event.status == ACTIVE and was == DRAFT:
        lists = price_lists(work, contingents)
        if not any(has_price(contingent, lists) for contingent in contingents):
            message = "An Active Event needs at least one contingent with a price"
            raise NotPublishable(message, missing=["price"])
    if event.status == CLOSED and was != CLOSED and inventory.count("sold_unpaid"):
        orders = inventory.unpaid()
        message = f"Event {event.number} has {len(orders)} unpaid orders"
        raise UnpaidOrders(message, orders=sorted(orders)[:100], count=len(orders))
    record_usage(work, event, inventory)
    if inventory.count(*HELD):
        check_edit(event.state, work.load(Location, event.locationid).state, contingents)


def _set_contingents(
    work: UnitOfWork,
    event: Event,
    unseated: Sequence[ContingentBody] | None,
    seated: Sequence[ContingentBody] | None,
) -> None:
    """Makes the contingents of each sort that is given exactly these."""
    for wanted, is_seated in ((unseated, False), (seated, True)):
        if wanted is None:
            continue
        path = "seated_contingents" if is_seated else "contingents"
        fields = [
            written_out(work, event, body, body.id, f"{path}.{index}.")
            for index, body in enumerate(wanted)
        ]
        work.load(Inventory, event.number).set_contingents(
            fields,
            seated=is_seated,
            metadata=work.metadata,
            new_id=lambda: work.next_number(Kind.CONTINGENT),
            lock_counter=lock_counter(work),
        )
        if wanted:
            seed_barcodes(work.load(Inventory, event.number), work.metadata)


def _copy(contingent: State, dates: Mapping[int, int]) -> ContingentBody:
    """The same lot of tickets for another Event, whose dates have other ids."""
    own = {n: contingent[n] for n in ContingentFields.model_fields if n not in ("id", "locks")}
    return ContingentBody.model_validate(
        own | {"dateids": [dates[date] for date in contingent["dateids"]]}
    )


def _new(contingents: Sequence[ContingentBody] | None) -> list[ContingentBody]:
    """A document that is sent to make another Event brings no ids of its own."""
    return [c.model_copy(update={"id": None}) for c in contingents or ()]


def _move(work: UnitOfWork, event: Event, hosted_at: int | None) -> None:
    if event.locationid != hosted_at:
        _host(work, event.locationid, event.number)
        if hosted_at is not None:
            work.load(Hosting, hosted_at).release(event.number, work.metadata)


def _host(work: UnitOfWork, location: int, event: int) -> None:
    if location == PLACEHOLDER:
        locations.placeholder(work)
    work.load(Hosting, location).host(event, work.metadata)
