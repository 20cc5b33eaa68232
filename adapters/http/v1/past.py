"""The past over HTTP: as of a version or a moment, histories, differences, the index of changes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from adapters.bootstrap import CHANGES
from adapters.http import reads, requests, streams
from adapters.http.auth import May, allowed, stagebook
from adapters.http.feed import Feed, part
from adapters.http.routes import AuditRoute
from adapters.http.v1.documents import Change, ChangePage, DiffDocument, HistoryPage
from adapters.http.v1.filters import ChangeQuery, DiffQuery, HistoryQuery
from adapters.http.v1.spec import Id, finds, follows
from application import history
from application.history import Entries, Entry
from application.keyring import Principal
from domain.base import Value
from domain.differences import differences
from domain.errors import Invalid
from domain.ids import Kind
from domain.values import MAX_ID
from projections.changes import change
from projections.event_documents import event_document, event_etag
from projections.location_documents import location_document, location_etag

router = APIRouter(prefix="/v1", tags=["History"], route_class=AuditRoute)


class Revert(Value):
    """Which version to bring back, and why."""

    version: int = Field(ge=1, le=MAX_ID, description="The version to bring back", examples=[3])
    reason: str | None = Field(
        None, max_length=1_000, description="Why; kept in the facts", examples=["Sent too early"]
    )

    def checked_reason(self) -> str | None:
        return requests.checked_reason(self.reason, "reason")


class Shown:
    """A document of the past: its body as values, its version, its time, its ETag."""

    __slots__ = ("document", "etag", "time")

    def __init__(self, document: dict[str, Any], etag: str, time: str) -> None:
        self.document, self.etag, self.time = document, etag, time


Moment = dict[str, Any]
"""Either `{"version": N}` or `{"time": STAMP}`."""


def event_at(request: Request, who: Principal, number: int, moment: Moment) -> Shown:
    past = history.past_event(stagebook(request).store, who.account, number, **moment)
    document = event_document(*past.states, who.account)
    return Shown(document, event_etag(*past.states), past.event.state["lastupdatets"])


def location_at(request: Request, who: Principal, number: int, moment: Moment) -> Shown:
    past = history.past_location(stagebook(request).store, who.account, number, **moment)
    document = location_document(past.state, who.account)
    return Shown(document, location_etag(past.state), past.state["lastupdatets"])


Lookup = Callable[[Request, Principal, int, Moment], Shown]


async def past_event_response(request: Request, id_: str) -> Response:
    return await past_response(request, id_, Kind.EVENT, event_at)


async def past_location_response(request: Request, id_: str) -> Response:
    return await past_response(request, id_, Kind.LOCATION, location_at)


async def past_response(request: Request, id_: str, kind: Kind, at: Lookup) -> Response:
    """The document at a version, or at a moment."""
    who = allowed(request, May.AUDIT)
    number = requests.number_of(id_, kind, who)
    asked = dict(request.query_params)
    if len(asked) != 1 or not asked.keys() <= {"version", "at"}:
        raise Invalid("query", "expected one of version and at")
    if "version" in asked:
        moment: Moment = {"version": requests.whole("version", asked["version"], 1, 2**53)}
    else:
        moment = {"time": requests.moment("at", asked["at"])}
    await reads.seen(request, None)
    found = await reads.blocking(at, request, who, number, moment)
    as_of = {"Stagebook-As-Of": found.time}
    return reads.shown(request, to_json(found.document), found.etag, who, as_of)


async def difference_response(
    request: Request, id_: str, query: DiffQuery, kind: Kind, at: Lookup
) -> Response:
    who = allowed(request, May.AUDIT)
    number = requests.number_of(id_, kind, who)
    moments = [_moment("from", query.from_), _moment("to", query.to)]
    await reads.seen(request, None)
    before, after = [await reads.blocking(at, request, who, number, m) for m in moments]
    body = {
        "from": {"version": before.document["version"], "time": before.time},
        "to": {"version": after.document["version"], "time": after.time},
        "changes": [d._asdict() for d in differences(before.document, after.document)],
    }
    return Response(to_json(body), media_type="application/json")


def _moment(name: str, text: str) -> Moment:
    """A version or a time."""
    if text.isascii() and text.isdigit():
        return {"version": requests.whole(name, text, 1, 2**53)}
    return {"time": requests.moment(name, text)}


async def history_response(
    request: Request,
    id_: str,
    query: HistoryQuery,
    kind: Kind,
    streams: int,
    read: Callable[..., Entries],
) -> Response:
    """A page of a history over that many streams of facts."""
    who = allowed(request, May.AUDIT)
    number = requests.number_of(id_, kind, who)
    of = f"history {kind} {who.account} {number}"
    start = requests.decode_cursor(of, query.after, (int,) * streams)
    await reads.seen(request, None)
    page = await reads.blocking(
        read, stagebook(request).store, who.account, number, query.limit, start
    )
    following = requests.encode_cursor(of, page.following) if page.following else None
    body = {"data": [_entry(e) for e in page.entries], "next": following}
    return Response(to_json(body), media_type="application/json")


def _entry(entry: Entry) -> dict[str, Any]:
    shown = change(entry.recorded)
    names = ("position", "time", "actor", "reason", "correlation", "causation", "fact")
    return {
        "version": entry.version,
        **{name: shown[name] for name in names},
        "changes": [d._asdict() for d in entry.changes],
    }


@router.get("/events/{id}/history", **finds(HistoryPage))
async def event_history(request: Request, id: Id, query: HistoryQuery) -> Response:  # noqa: A002
    """Who changed what and when, newest first; also of a deleted Event."""
    return await history_response(request, id, query, Kind.EVENT, 2, history.event_history)


@router.get("/locations/{id}/history", **finds(HistoryPage))
async def location_history(request: Request, id: Id, query: HistoryQuery) -> Response:  # noqa: A002
    """Who changed what and when, newest first; also of a deleted Location."""
    return await history_response(request, id, query, Kind.LOCATION, 1, history.location_history)


@router.get("/events/{id}/diff", **finds(DiffDocument))
async def event_diff(request: Request, id: Id, query: DiffQuery) -> Response:  # noqa: A002
    """What differs between the document then and then."""
    return await difference_response(request, id, query, Kind.EVENT, event_at)


@router.get("/locations/{id}/diff", **finds(DiffDocument))
async def location_diff(request: Request, id: Id, query: DiffQuery) -> Response:  # noqa: A002
    """What differs between the document then and then."""
    return await difference_response(request, id, query, Kind.LOCATION, location_at)


@router.get("/changes", tags=["Changes"], **follows(ChangePage, Change))
async def changes(request: Request, query: ChangeQuery) -> Response:
    """The account's changes in the order of commits. `next` is the position to go on from: it is
    always there and never skips one that is committed later. With `Accept: text/event-stream` they
    are sent as they happen, and `Last-Event-ID` is the position to go on from."""
    who = allowed(request, May.AUDIT)
    select = query.select(who.account)
    streamed = streams.asked(request)
    if streamed and (last := request.headers.get("last-event-id")) is not None:
        select = replace(
            select, after=(requests.whole("Last-Event-ID", last, 0, reads.MAX_POSITION),)
        )
    await reads.seen(request, CHANGES)
    if streamed:
        lasts = streams.lasting(request, May.AUDIT)
        feed: Feed = request.app.state.feed
        return streams.EventStream(feed.stream(select, lasts), lasts)
    page = await reads.blocking(part, stagebook(request), select)
    body = to_json({"data": page.entries, "next": page.following})
    return Response(body, headers={"Vary": "Accept"}, media_type="application/json")
