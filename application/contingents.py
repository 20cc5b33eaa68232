"""Commands on the contingents of an Event and on single tickets: change, lock, unlock.

What an order takes is in `application.sales`. Contingents as part of an Event's document are
changed with it, in `application.events`.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence

from application.catalog import item
from application.held_tickets import show_in_orders
from application.unit_of_work import UnitOfWork
from application.usage import record_usage
from domain.base import CommandMetadata, State
from domain.catalog import LockType, PriceList
from domain.contingents import ContingentBody, ContingentFields
from domain.errors import Invalid, VersionMismatch
from domain.event import Event
from domain.ids import Kind
from domain.inventory import Inventory
from domain.limits import check_edit
from domain.location import Location
from domain.money import minor_of
from domain.prices import check_digits
from domain.ranges import Ranges
from domain.ticket_fields import Lock, TicketFields, Unlock
from domain.ticket_types import check_rules


def add_contingent(
    work: UnitOfWork,
    number: int,
    body: ContingentBody,
    version: int | None = None,
    contingents_version: int | None = None,
) -> tuple[Event, Inventory, int]:
    """Returns its id, too."""
    event, inventory = _editable(work, number, version, contingents_version)
    inventory.require_room_for_one()
    fields = written_out(work, event, body, None)
    contingent_id = work.next_number(Kind.CONTINGENT)
    inventory.add_contingent(
        contingent_id, fields, lock_counter=lock_counter(work), metadata=work.metadata
    )
    seed_barcodes(inventory, work.metadata)
    check_edit(event.state, work.load(Location, event.locationid).state, inventory.contingents())
    record_usage(work, event, inventory)
    return event, inventory, contingent_id


def change_contingent(
    work: UnitOfWork,
    number: int,
    contingent_id: int,
    body: ContingentBody,
    version: int | None = None,
    contingents_version: int | None = None,
) -> tuple[Event, Inventory, int]:
    event, inventory = _editable(work, number, version, contingents_version)
    inventory.require_contingent(contingent_id)
    fields = written_out(work, event, body, contingent_id)
    counter = lock_counter(work)
    inventory.change_contingent(contingent_id, fields, lock_counter=counter, metadata=work.metadata)
    check_edit(event.state, work.load(Location, event.locationid).state, inventory.contingents())
    record_usage(work, event, inventory)
    return event, inventory, contingent_id


def remove_contingent(
    work: UnitOfWork,
    number: int,
    contingent_id: int,
    version: int | None = None,
    contingents_version: int | None = None,
) -> None:
    event, inventory = _editable(work, number, version, contingents_version)
    inventory.require_contingent(contingent_id)
    inventory.remove_contingent(contingent_id, work.metadata)
    record_usage(work, event, inventory)


def require_contingents(work: UnitOfWork, event: Event, known: int | None) -> None:
    """Refuses when the caller has seen other contingents than today's. Selling changes none."""
    edited = work.load(Inventory, event.number).state.get("edited", 0)
    if known is not None and known < edited:
        message = f"The contingents were changed at {edited}, the request was made for {known}"
        raise VersionMismatch(message, version=event.version, contingents=edited)


def lock_tickets(work: UnitOfWork, number: int, body: Lock) -> tuple[Inventory, Ranges]:
    """Returns which tickets were locked."""
    event, inventory = _of_event(work, number)
    counter = lock_counter(work)(body.locktypeid, "locktypeid")
    if body.tickets is not None:
        inventory.require_tickets(body.tickets, "tickets")
        locked = inventory.lock_tickets(body.tickets, body.locktypeid, counter, work.metadata)
    else:
        assert body.contingentid is not None  # noqa: S101 - one of the two, by its model
        amount = body.amount or 1
        locked = inventory.lock_amount(
            body.contingentid, amount, body.locktypeid, counter, work.metadata
        )
    record_usage(work, event, inventory)
    return inventory, locked


def unlock_tickets(work: UnitOfWork, number: int, body: Unlock) -> tuple[Inventory, Ranges]:
    """Returns which tickets were unlocked."""
    event, inventory = _of_event(work, number)
    if body.tickets is not None:
        inventory.require_tickets(body.tickets, "tickets")
        unlocked = inventory.unlock_tickets(body.tickets, body.locktypeid, work.metadata)
    else:
        assert body.contingentid is not None  # noqa: S101 - one of the two, by its model
        amount, lock_type = body.amount or 1, body.locktypeid
        unlocked = inventory.unlock_amount(
            body.contingentid, amount, lock_type, work.metadata, "amount"
        )
    record_usage(work, event, inventory)
    return inventory, unlocked


def change_tickets(work: UnitOfWork, number: int, tickets: Sequence[TicketFields]) -> int:
    """Changes barcodes, properties and custom fields. Returns how many tickets were named."""
    _, inventory = _of_event(work, number)
    inventory.require_tickets([ticket.id for ticket in tickets], "tickets")
    patches = [ticket.patch() for ticket in tickets]
    inventory.require_barcodes(patches, "tickets")
    show_in_orders(work, inventory, inventory.change_tickets(patches, work.metadata))
    return len(tickets)


# -- what contingents refer to


def seed_barcodes(inventory: Inventory, metadata: CommandMetadata) -> None:
    """Tickets have barcodes from the first one on; an Event of an older version gets its secret
    when it first sells."""
    if not inventory.seeded:
        inventory.seed_barcodes(secrets.token_hex(16), metadata)


def lock_counter(work: UnitOfWork) -> Callable[[int, str], str]:
    """The counter that a lock type's tickets are in."""

    def counter(number: int, path: str) -> str:
        lock_type = item(work, LockType, number)
        if lock_type.version == 0 or lock_type.archived:
            raise Invalid(path, f"there is no lock type {number}")
        return "locked_hard" if lock_type.value("ishardlock") else "locked_soft"

    return counter


def price_lists(work: UnitOfWork, contingents: Sequence[State]) -> Mapping[int, State]:
    """The price lists that contingents name, by id."""
    found = {}
    for number in sorted({c["pricelistid"] for c in contingents if c["pricelistid"]}):
        price_list = work.load(PriceList, number)
        if price_list.version:
            found[number] = price_list.state
    return found


def check_contingent(
    work: UnitOfWork,
    event: Event,
    fields: ContingentFields,
    path: str = "",
    contingent_id: int | None = None,
) -> None:
    """Refuses what refers to nothing, before anything is done: a large Inventory that was changed
    in vain has to be loaded again. Locks that are there may be of a lock type that is archived."""
    own = fields.patch().get("eventspecificprices")
    check_digits(own, work.currency, f"{path}eventspecificprices")
    _check_dates(event, fields, path)
    counter = lock_counter(work)
    listed = work.load(Inventory, event.number).state.get("contingents", {})
    current = listed.get(str(fields.id if contingent_id is None else contingent_id))
    check_rules((current or {}) | fields.patch(), path)
    for index, lock in enumerate(fields.locks or ()):
        locked = current["locked"].get(str(lock.locktypeid), 0) if current else 0
        if lock.amount > locked:
            counter(lock.locktypeid, f"{path}locks.{index}.locktypeid")


def _check_dates(event: Event, fields: ContingentFields, path: str) -> None:
    """Refuses dates that the Event does not have."""
    if unknown := [d for d in fields.dateids or () if str(d) not in event.state["dates"]]:
        raise Invalid(f"{path}dateids", f"Event {event.number} has no date {unknown[0]}")


def written_out(
    work: UnitOfWork, event: Event, body: ContingentBody, contingent_id: int | None, path: str = ""
) -> ContingentFields:
    """The fields that the body stands for, checked by the names that they have in it."""
    for place, (_, price) in body.short_prices().items():
        if price is not None:
            minor_of(path + place, price, work.currency)
    listed = work.load(Inventory, event.number).state.get("contingents", {})
    fields = body.fields(listed.get(str(contingent_id)), path)
    check_contingent(work, event, fields, path, contingent_id)
    return fields


def _editable(
    work: UnitOfWork, number: int, version: int | None, contingents_version: int | None
) -> tuple[Event, Inventory]:
    event = work.load(Event, number).require(version)
    event.check_editable()
    require_contingents(work, event, contingents_version)
    return event, work.load(Inventory, number)


def _of_event(work: UnitOfWork, number: int) -> tuple[Event, Inventory]:
    return work.load(Event, number).require(), work.load(Inventory, number)
