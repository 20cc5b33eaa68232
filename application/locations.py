"""Commands on Locations. Each returns the aggregate it changed."""

from uuid import UUID

from application.as_of import location_at
from application.unit_of_work import UnitOfWork
from domain.errors import Invalid
from domain.event import Event
from domain.hosting import Hosting
from domain.ids import VERSION, Kind, unpack
from domain.inventory import Inventory
from domain.limits import excess, too_small
from domain.location import PLACEHOLDER, PLACEHOLDER_NAME, Location, LocationFields
from domain.values import MAX_ID


def create_location(work: UnitOfWork, fields: LocationFields) -> Location:
    _require_parent(work, fields, None)
    location = work.new(Location)
    location.create(fields, work.metadata)
    work.fresh(Hosting, location.number).open(work.metadata)
    return location


def placeholder(work: UnitOfWork) -> Location:
    """The Location of Events that have no other yet, made when the first of them comes."""
    location = work.load(Location, PLACEHOLDER)
    if location.version == 0:
        location.create(LocationFields(name=PLACEHOLDER_NAME), work.metadata)
        work.load(Hosting, PLACEHOLDER).open(work.metadata)
    return location


def change_location(
    work: UnitOfWork, number: int, fields: LocationFields, version: int | None = None
) -> Location:
    location = work.load(Location, number).require(version)
    _require_parent(work, fields, location)
    before = location.state.get("capacity", 0)
    location.change(fields, work.metadata)
    _check_room(work, location, before)
    return location


def delete_location(work: UnitOfWork, number: int, version: int | None = None) -> Location:
    location = work.load(Location, number).require(version)
    work.load(Hosting, number).close(work.metadata)
    location.delete(work.metadata)
    return location


def revert_location(work: UnitOfWork, number: int, to: int, version: int | None = None) -> Location:
    """Brings the fields back to what they were at a version; a deleted Location comes back."""
    location = work.load(Location, number).require_past(to, version)
    past = location_at(work.store, work.account, number, to)
    if not location.exists:
        work.require_room(Kind.LOCATION)
        location.restore(work.metadata)
        work.load(Hosting, number).open(work.metadata)
    before = location.state.get("capacity", 0)
    location.revert(past.state, work.metadata)
    _check_room(work, location, before)
    return location


def _require_parent(work: UnitOfWork, fields: LocationFields, location: Location | None) -> None:
    """Refuses a `parent_guid` that is not the guid of another Location which is there; the one that
    a Location has already may stay."""
    parent = fields.parent_guid
    if parent is None or (location and parent == location.state.get("parent_guid")):
        return
    account, kind, number = unpack(UUID(parent)) if UUID(parent).version == VERSION else (0, 0, 0)
    known = (account, kind) == (work.account, Kind.LOCATION) and number <= MAX_ID
    if not known or not work.load(Location, number).exists:
        raise Invalid("parent_guid", f"there is no Location {parent}")
    if location and number == location.number:
        raise Invalid("parent_guid", "expected another Location than itself")


def _check_room(work: UnitOfWork, location: Location, before: int) -> None:
    """A Location that becomes smaller still has room for what its Events have sold."""
    capacity = location.state.get("capacity", 0)
    if not capacity or 0 < before <= capacity:
        return
    for number in map(int, work.load(Hosting, location.number).state.get("events", {})):
        contingents = work.load(Inventory, number).contingents()
        found = excess(work.load(Event, number).state, location.state, contingents)
        if found and found.limit == "location":
            raise too_small("capacity", found, eventid=number)
