"""Finding what a guid names, in the views: a date and a Ticket do not say their Event."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from fastapi import Request
from pydantic_core import from_json

from adapters.bootstrap import CATALOG, EVENTS, LOCATIONS, Stagebook
from adapters.http import reads
from adapters.http.auth import stagebook
from adapters.http.openticket.documents import Held
from adapters.http.requests import GUID
from adapters.views.select import Condition, Select
from application.keyring import Principal
from domain.base import State
from domain.errors import NotFound
from domain.ids import Kind, guid, key, unpack
from domain.values import MAX_ID
from projections.base import Projection

T = TypeVar("T")


def number_in(text: Any, kind: Kind, principal: Principal) -> int:
    """The number in a guid of this account."""
    if isinstance(text, str) and GUID.fullmatch(text.strip()):
        identity = unpack(UUID(text.strip()))
        if (identity.account, identity.kind) == (
            principal.account,
            kind,
        ) and identity.number <= MAX_ID:
            return identity.number
    name = str(text).encode(errors="replace").decode()[:100]
    raise NotFound(f"there is no {kind.title.lower()} {name}")


async def reading(request: Request, call: Callable[[Stagebook], T], *views: Projection) -> T:
    """What a look into the views finds, once they have all that was committed before."""
    await reads.fresh(request, *(views or (EVENTS, LOCATIONS)))
    return await reads.blocking(call, stagebook(request))


def document(
    book: Stagebook, view: Projection, kind: Kind, number: int, principal: Principal
) -> State:
    """One document, which is not parked."""
    reads.require_moving(book.view(view), key(principal.account, kind, number))
    return _document(book, view, kind, number, principal)


def _document(
    book: Stagebook, view: Projection, kind: Kind, number: int, principal: Principal
) -> State:
    found = book.view(view).document(key(principal.account, kind, number))
    if found is None:
        name = guid(principal.account, kind, number)
        raise NotFound(f"there is no {kind.title.lower()} {name}")
    made: State = from_json(found[0])
    return made


def held(book: Stagebook, event: int, principal: Principal) -> Held:
    """An Event by its number, which is not parked."""
    reads.require_moving(book.view(EVENTS), key(principal.account, Kind.EVENT, event))
    found = helds(book, [event], principal)
    if not found:
        raise NotFound(f"there is no event {guid(principal.account, Kind.EVENT, event)}")
    return found[0]


def helds(book: Stagebook, numbers: list[int], principal: Principal) -> list[Held]:
    """Events by their numbers, each with its Location; those that are gone meanwhile are not."""
    keys = [key(principal.account, Kind.EVENT, number) for number in numbers]
    states = book.view(EVENTS).states(keys)
    locations: dict[int, State] = {}
    made = []
    for at in keys:
        state = from_json(states[at]) if at in states else {}
        event = state.get("event")
        if not event or event.get("deleted"):
            continue
        place = event["locationid"]
        if place not in locations:
            locations[place] = _document(book, LOCATIONS, Kind.LOCATION, place, principal)
        lists = {int(n): one for n, one in state["lists"].items()}
        parts = (event, state["inventory"], lists, state.get("times", {}), locations[place])
        made.append(Held(*parts))
    return made


def held_with(book: Stagebook, kind: Kind, number: int, principal: Principal) -> Held:
    """The Event that a date or a Ticket is of."""
    keys = book.view(EVENTS).keys_with(f"{kind.name.lower()}:{number}", principal.account)
    if not keys:
        raise NotFound(f"there is no {kind.title.lower()} {guid(principal.account, kind, number)}")
    return held(book, unpack(UUID(bytes=keys[0])).number, principal)


def every(
    book: Stagebook,
    view: Projection,
    principal: Principal,
    *where: Condition,
    exact: tuple[str, ...] = (),
) -> Iterator[State]:
    """All documents of a list: these clients know no pages."""
    found = reads.within_bounds(
        book.view(view).every(Select(principal.account, where, exact=exact))
    )
    yield from map(from_json, found)


def events_where(book: Stagebook, principal: Principal, *where: Condition) -> list[Held]:
    return helds(book, [e["id"] for e in every(book, EVENTS, principal, *where)], principal)


def catalog_where(
    book: Stagebook, principal: Principal, kind: Kind, *where: Condition
) -> list[State]:
    return list(every(book, CATALOG, principal, ("kind", "=", int(kind)), *where))


def shops(book: Stagebook, principal: Principal) -> list[State]:
    """The sales channels that are not archived."""
    return catalog_where(book, principal, Kind.SALES_CHANNEL, ("archived", "=", 0))
