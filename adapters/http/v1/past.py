"""The past over HTTP: as of a version or a moment, histories, differences, the index of changes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from pydantic import Field
from pydantic_core import from_json, to_json
from starlette.responses import Response

from adapters.bootstrap import CHANGES, EVENTS
from adapters.http import reads, requests, streams
from adapters.http.auth import Permission, authorize, stagebook
from adapters.http.feed import Feed, part
from adapters.http.freshness import POSITION as POSITION_OF_VIEW
from adapters.http.personal import differences_shown, order_shown, outside
from adapters.http.routes import AuditRoute, ReviewRoute
from adapters.http.v1.documents import Change, ChangePage, DiffDocument, HistoryPage
from adapters.http.v1.past_filters import (
    POSITION,
    ChangeQuery,
    DiffQuery,
    EventHistoryQuery,
    HistoryQuery,
)
from adapters.http.v1.spec import Id, finds, follows
from application import as_of, history
from application.as_of import PastMoment, Place
from application.event_history import event_history as event_history_of
from application.history import HistoryEntries, HistoryEntry
from application.keyring import Principal
from domain.base import Value
from domain.differences import differences
from domain.errors import Invalid
from domain.ids import Kind
from domain.values import MAX_ID
from projections.changes import change
from projections.event_documents import event_document, event_etag
from projections.location_documents import location_document, location_etag

router = APIRouter(prefix="/v1", tags=["History"], route_class=ReviewRoute)
audited = APIRouter(prefix="/v1", tags=["Changes"], route_class=AuditRoute)


class Revert(Value):
    """Which version to bring back, and why."""

    version: int = Field(ge=1, le=MAX_ID, description="The version to bring back", examples=[3])
    reason: str | None = Field(
        None, max_length=1_000, description="Why; kept in the facts", examples=["Sent too early"]
    )

    def checked_reason(self) -> str | None:
        return requests.checked_reason(self.reason, "reason")


class Shown(NamedTuple):
    """A document of the past as values, its ETag, and where its newest change is."""

    document: dict[str, Any]
    etag: str
    place: Place

    @property
    def headers(self) -> dict[str, str]:
        return past_headers(self.place)


def past_headers(place: Place) -> dict[str, str]:
    """Where an answer about the past is: asked for by this position, it is the same."""
    return {"Stagebook-As-Of": place.time, "Stagebook-Position": str(place.position)}


def event_at(request: Request, principal: Principal, number: int, asked: PastMoment) -> Shown:
    store = stagebook(request).store
    past = as_of.past_event(store, principal.account, number, **asked)
    document = event_document(*past.states, principal.account)
    return Shown(document, event_etag(*past.states), as_of.place_of_event(store, past))


def location_at(request: Request, principal: Principal, number: int, asked: PastMoment) -> Shown:
    store = stagebook(request).store
    past = as_of.past_location(store, principal.account, number, **asked)
    document = location_document(past.state, principal.account)
    return Shown(document, location_etag(past.state), as_of.place_of(store, past))


Lookup = Callable[[Request, Principal, int, PastMoment], Shown]

NAMES = ("version", "at", "position")
"""The parameters that ask for a past."""


def asked_past(request: Request, names: tuple[str, ...] = NAMES, *others: str) -> PastMoment | None:
    """The past that the query asks for, None when it asks for none. `others` may stand beside."""
    said = {n: text for n, text in request.query_params.items() if n not in others}
    if not said:
        return None
    if len(said) != 1 or not said.keys() <= {*names}:
        raise Invalid("query", f"expected one of {', '.join(names[:-1])} and {names[-1]}")
    ((name, text),) = said.items()
    if name == "at":
        return {"time": requests.past_moment(name, text)}
    number = requests.whole(name, text, 1, MAX_ID)
    if name == "position":
        return {"position": number}
    return {"version": number} if name == "version" else {"inventoryversion": number}


async def past_event_response(request: Request, id_: str) -> Response:
    return await past_response(request, id_, Kind.EVENT, event_at)


async def past_location_response(request: Request, id_: str) -> Response:
    return await past_response(request, id_, Kind.LOCATION, location_at)


async def past_response(
    request: Request,
    id_: str,
    kind: Kind,
    at: Lookup,
    need: Permission = Permission.REVIEW,
    names: tuple[str, ...] = NAMES,
) -> Response:
    """The document as it was."""
    principal = authorize(request, need)
    shown = await past_shown(request, id_, kind, at, principal, names)
    document = order_shown(shown.document, principal) if kind == Kind.ORDER else shown.document
    return reads.shown(request, to_json(document), shown.etag, principal, shown.headers)


async def past_shown(
    request: Request,
    id_: str,
    kind: Kind,
    at: Lookup,
    principal: Principal,
    names: tuple[str, ...] = NAMES,
) -> Shown:
    number = requests.number_of(id_, kind, principal)
    asked = asked_past(request, names)
    assert asked  # noqa: S101 - a query is there
    await reads.seen(request, None)
    return await reads.blocking(at, request, principal, number, asked)


async def event_parts(request: Request, id_: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The document of an Event that parts are shown of, now or then, and the headers of those."""
    if request.scope["query_string"]:
        principal = authorize(request, Permission.REVIEW)
        shown = await past_shown(request, id_, Kind.EVENT, event_at, principal)
        return shown.document, {"ETag": shown.etag, **shown.headers}
    principal = authorize(request, Permission.READ)
    number = requests.number_of(id_, Kind.EVENT, principal)
    body, etag = await reads.found(request, EVENTS, Kind.EVENT, number, principal)
    return from_json(body), {"ETag": etag}


async def difference_response(
    request: Request,
    id_: str,
    query: DiffQuery,
    kind: Kind,
    at: Lookup,
    need: Permission = Permission.REVIEW,
) -> Response:
    principal = authorize(request, need)
    number = requests.number_of(id_, kind, principal)
    moments = [_moment("from", query.from_), _moment("to", query.to)]
    await reads.seen(request, None)
    newest = PastMoment(position=await reads.blocking(stagebook(request).store.position))
    before, after = [
        await reads.blocking(at, request, principal, number, m or newest) for m in moments
    ]
    body = {
        "from": _side(query.from_, moments[0], before),
        "to": _side(query.to, moments[1], after),
        "changes": differences_shown(differences(before.document, after.document), kind, principal),
    }
    return Response(to_json(body), media_type="application/json")


def _moment(name: str, text: str | None) -> PastMoment | None:
    """A version, a time, or a position; None for now."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return {"version": requests.whole(name, text, 1, MAX_ID)}
    if text.startswith(POSITION):
        return {"position": requests.whole(name, text.removeprefix(POSITION), 1, MAX_ID)}
    return {"time": requests.past_moment(name, text)}


def _side(text: str | None, asked: PastMoment | None, shown: Shown) -> dict[str, Any]:
    return {
        "asked": asked["time"] if asked and "time" in asked else text,
        "version": shown.document["version"],
        "position": shown.place.position,
        "time": shown.place.time,
    }


async def history_response(
    request: Request,
    id_: str,
    query: HistoryQuery | EventHistoryQuery,
    kind: Kind,
    read: Callable[..., HistoryEntries],
    need: Permission = Permission.REVIEW,
) -> Response:
    """A page of a history, newest first."""
    principal = authorize(request, need)
    number = requests.number_of(id_, kind, principal)
    asked, of = query.asked(kind, principal.account, number)
    start = requests.decode_cursor(of, query.after, (int,))
    await reads.seen(request, None)
    store = stagebook(request).store
    before = start[0] if start else None
    page = await reads.blocking(read, store, principal.account, number, query.limit, before, asked)
    following = requests.encode_cursor(of, (page.following,)) if page.following else None
    body = {"data": [_entry(e, kind, principal) for e in page.entries], "next": following}
    return Response(to_json(body), media_type="application/json")


HISTORIC = (
    "inventoryversion",
    "position",
    "time",
    "actor",
    "reason",
    "correlation",
    "causation",
    "fact",
)


def _entry(entry: HistoryEntry, kind: Kind, principal: Principal) -> dict[str, Any]:
    shown = change(entry.recorded, outside(principal))
    return {
        "version": entry.version,
        **{name: shown[name] for name in HISTORIC},
        "of": _link(shown) if entry.linked else None,
        "changes": differences_shown(entry.changes, kind, principal),
    }


def _link(shown: dict[str, Any]) -> dict[str, Any]:
    """The other thing that changed."""
    return {name: shown[name] for name in ("kind", "id", "guid", "version")}


@router.get("/events/{id}/history", **finds(HistoryPage))
async def event_history(request: Request, id: Id, query: EventHistoryQuery) -> Response:
    """The history of an Event: who changed what and when, newest first; also of a deleted one. What
    changed elsewhere and is shown here, a Location's name or a list's price, is there with a link.
    Sales are left out unless they are asked for: `sales=true`, or `fact` with the name of one of
    theirs."""
    return await history_response(request, id, query, Kind.EVENT, event_history_of)


@router.get("/locations/{id}/history", **finds(HistoryPage))
async def location_history(request: Request, id: Id, query: HistoryQuery) -> Response:
    """The history of a Location: who changed what and when, newest first; also of a deleted one."""
    return await history_response(request, id, query, Kind.LOCATION, history.location_history)


@router.get("/events/{id}/diff", **finds(DiffDocument))
async def event_diff(request: Request, id: Id, query: DiffQuery) -> Response:
    """The differences between an Event at one moment and at another."""
    return await difference_response(request, id, query, Kind.EVENT, event_at)


@router.get("/locations/{id}/diff", **finds(DiffDocument))
async def location_diff(request: Request, id: Id, query: DiffQuery) -> Response:
    """The differences between a Location at one moment and at another."""
    return await difference_response(request, id, query, Kind.LOCATION, location_at)


@audited.get("/changes", **follows(ChangePage, Change))
async def changes(request: Request, query: ChangeQuery) -> Response:
    """The account's changes in the order of commits. `next` is the position to go on from: it is
    always there and never skips one that is committed later. With `Accept: text/event-stream` they
    are sent as they happen, and `Last-Event-ID` is where to go on from: the `id` of the last one
    that came, or a position. A position that the store never had, or that `Stagebook-Store` or that
    `id` says is of another store or epoch, is 409."""
    principal = authorize(request, Permission.AUDIT)
    select = query.select(principal.account)
    streamed = streams.asked(request)
    if streamed and (last := reads.last_event(request)) is not None:
        select = replace(select, after=(last,))
    await reads.seen(request, CHANGES)
    (after,) = select.after or (0,)
    if after > request.scope[POSITION_OF_VIEW]:  # the store may be ahead of its view
        await reads.require_behind(request, after)
    if streamed:
        lasts = streams.lasting(request, Permission.AUDIT)
        feed: Feed = request.app.state.feed
        return streams.EventStream(
            feed.stream(select, outside(principal), lasts), lasts, request.app.state.followers
        )
    page = await reads.blocking(part, stagebook(request), select, outside(principal))
    body = to_json({"data": page.entries, "next": page.following})
    return Response(body, headers={"Vary": "Accept"}, media_type="application/json")
