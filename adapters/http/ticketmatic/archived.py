"""Locations that were deleted: in this vendor's world they are archived, and still found.

No view has them, for they are rarely asked for: the changes say which there were, the store how
they were last.
"""

from typing import Any

from fastapi import Request
from pydantic_core import to_json

from adapters.bootstrap import CHANGES, Stagebook
from adapters.http import reads
from adapters.http.auth import stagebook
from adapters.http.feed import positions_on
from adapters.views.select import Condition, Select
from application.as_of import load, replay
from application.keyring import Principal
from domain.errors import NotFound
from domain.ids import unpack
from domain.location import Location, LocationDeleted
from domain.values import microseconds
from projections.location_documents import location_document

DELETED: tuple[Condition, ...] = (
    ("kind", "=", "location"),
    ("fact", "=", LocationDeleted.__name__),
)
AT_ONCE = 100_000


async def archived_location(request: Request, principal: Principal, number: int) -> bytes:
    """The Location as it was deleted."""
    document = await reads.blocking(_last, stagebook(request), principal.account, number)
    if document is None:
        raise NotFound(f"Location {number} does not exist", id=number)
    return to_json(document)


async def archived_locations(
    request: Request, principal: Principal, where: tuple[Condition, ...]
) -> list[bytes]:
    """Those that are deleted now and that a list asks for."""
    await reads.fresh(request, CHANGES)
    documents = await reads.blocking(_all, stagebook(request), principal.account)
    return [to_json(document) for document in documents if all(_is(document, c) for c in where)]


def _all(book: Stagebook, account: int) -> list[dict[str, Any]]:
    select = Select(account, DELETED, (), (), "position", "position", limit=AT_ONCE, counted=False)
    deleted = book.store.at(positions_on(book.view(CHANGES).page(select)))
    numbers = {unpack(recorded.fact.originator_id).number for recorded in deleted}
    places = (replay(book.store, Location, Location.id_of(account, n)) for n in numbers)
    return [document for place in places if (document := _archived(place))]


def _last(book: Stagebook, account: int, number: int) -> dict[str, Any] | None:
    return _archived(load(book.store, Location, Location.id_of(account, number)))


def _archived(location: Location) -> dict[str, Any] | None:
    if location.version == 0 or location.exists:
        return None
    return location_document(location.state, location.account) | {"isarchived": True}


def _is(document: dict[str, Any], condition: Condition) -> bool:
    """What the view of Locations would say of it."""
    column, _, value = condition
    match column:
        case "updated":
            return bool(microseconds(document["lastupdatets"]) >= value)
        case "number" if isinstance(value, tuple):
            return document["id"] in value
    return True
