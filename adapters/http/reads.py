"""Reading views: the stored bytes, unless a language or a past moment is asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from fastapi import Request
from pydantic_core import from_json, to_json
from starlette.responses import Response

from adapters.bootstrap import Stagebook
from adapters.http import readers, requests
from adapters.http.auth import WHO, stagebook
from adapters.http.compression import compressed, takes_gzip
from adapters.http.errors import AheadOfStore, NotYet, OtherEpoch, Parked
from adapters.http.freshness import LAG, POSITION, Freshness
from adapters.http.headers import header
from adapters.standing import age
from adapters.views.select import Page, Select
from adapters.views.sql import SqlView
from application.keyring import Principal
from domain.errors import Invalid, NotFound
from domain.ids import Kind, key
from domain.lineage import Identity
from domain.translations import in_first, languages
from projections.base import Projection

MAX_POSITION = 2**62
MAX_LIST = 16 * 2**20
"""Bytes of documents that a list without a cursor shows."""
blocking = readers.blocking
ASKED = "stagebook.asked"
"""In the scope of a request: the position that its answer must not be older than."""
FEW = 100
"""Documents that are read faster on the event loop than handed over between threads."""
FEW_BYTES = 2**18
"""And their bytes: those of a page of usual documents, and more."""
LONG = 20_000
"""Bytes whose compression would hold up the event loop for more than half a millisecond."""


async def stored(
    request: Request, projection: Projection, kind: Kind, number: int, principal: Principal
) -> Response:
    """One document as its view has it."""
    body, etag = await found(request, projection, kind, number, principal)
    return shown(request, body, etag, principal)


async def found(
    request: Request, projection: Projection, kind: Kind, number: int, principal: Principal
) -> tuple[bytes, str]:
    """The bytes of one document in the base language, and its ETag: with all that anyone has
    committed to it, unless its view does not come so far in time."""
    freshness = _freshness(request)
    at, (after, wanted) = (
        key(principal.account, kind, number),
        _wanted(request, principal, freshness),
    )
    latest = await freshness.latest(projection, at)
    wanted = max(wanted, latest.committed) if after != 0 else 0
    if latest.position < wanted:
        await freshness.reach(projection, wanted)
        latest = await freshness.latest(projection, at)
    await _require(request, latest.position, after)
    if ASKED in request.scope:
        view = stagebook(request).view(projection)
        await blocking(require_moving, view, at, request.scope[ASKED])
    if latest.body is None:
        if latest.parked is not None:
            await blocking(require_moving, stagebook(request).view(projection), at)
        if latest.position < latest.committed:
            raise _not_yet(latest.position, latest.committed)
        raise NotFound(f"{kind.title} {number} does not exist", id=number)
    await _as_of(request, latest.shown, wanted)
    freshness.answered.note(principal, min(latest.committed, latest.shown))
    return latest.body, latest.etag


def require_moving(view: SqlView, key: bytes, position: int = MAX_POSITION) -> None:
    """Refuses when a document, or what it shows, has stopped at that position or before: who asked
    for what is newer is not answered with what is older."""
    parked = view.stopping(key, position)
    if parked:
        name, since = view.projection.name, parked.since or "an earlier version"
        raise Parked(
            f"it waits at position {parked.position}, since {since}: {parked.fault}",
            view=name,
            position=parked.position,
            since=parked.since,
            error=parked.fault,
        )


def shown(
    request: Request,
    body: bytes,
    etag: str,
    principal: Principal,
    extra: Mapping[str, str] | None = None,
) -> Response:
    """A document in the language that is asked for; 304 when the client has it."""
    headers = {"ETag": etag, "Vary": "Accept-Language", **(extra or {})}
    if wanted := header(request, b"accept-language"):
        body, language = in_language(body, wanted, principal.language)
        headers["Content-Language"] = language
        if language != principal.language:
            headers["ETag"] = f'{etag[:-1]}-{language}"'
    return unless_held(request, body, headers)


def unless_held(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    """304 when the client says that it has what has this ETag."""
    if held := header(request, b"if-none-match"):
        tags = [tag.strip().removeprefix("W/") for tag in held.split(",")]
        if "*" in tags or headers["ETag"] in tags:
            return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, "application/json")


def in_language(body: bytes, wanted: str, base: str) -> tuple[bytes, str]:
    """The first language asked for that the document has, otherwise the base language."""
    document, language = in_first(from_json(body), languages(wanted), base)
    return (body if language == base else to_json(document)), language


async def listed(
    request: Request,
    projection: Projection,
    select: Select,
    cursor_of: str,
    principal: Principal,
    only: frozenset[str] | None = None,
    show: Callable[[bytes], bytes] | None = None,
) -> Response:
    """A page: `{"data", "next", "total"}`, of whole documents or of `only` some fields, each as
    `show` shows a stored one."""
    book, (after, wanted) = stagebook(request), _wanted(request, principal, _freshness(request))
    page = await _page(book, projection, select)
    if page.position < wanted:
        await _freshness(request).reach(projection, wanted)
        page = await _page(book, projection, select)
    await _require(request, page.position, after)
    await _as_of(request, page.position, wanted)
    wanted_language = header(request, b"accept-language")
    following = requests.encode_cursor(cursor_of, page.last) if page.last else None
    tail = to_json({"next": following, "total": page.total})

    def as_asked() -> bytes:
        bodies = page.bodies
        if show is not None:
            bodies = [show(body) for body in bodies]
        if wanted_language:
            bodies = [in_language(body, wanted_language, principal.language)[0] for body in bodies]
        if only is not None:
            bodies = [some_of(body, only) for body in bodies]
        return b'{"data":[' + b",".join(bodies) + b"]," + tail[1:]

    large = sum(map(len, page.bodies)) > FEW_BYTES
    body = await blocking(as_asked) if large else as_asked()
    response = Response(body, 200, {"Vary": "Accept-Language"}, "application/json")
    if len(response.body) > LONG and takes_gzip(request):
        return await blocking(compressed, request, response)
    return compressed(request, response)


async def _page(book: Stagebook, projection: Projection, select: Select) -> Page:
    """Of a few small documents on the event loop, where no network is waited for."""
    view = book.view(projection)
    if not book.reads_block and select.limit <= FEW:
        page = view.page(replace(select, bytes=min(select.bytes, FEW_BYTES)))
        if not page.is_cut:
            return page
    return await blocking(view.page, select)


def within_bounds(bodies: Iterable[bytes]) -> Iterator[bytes]:
    """The documents of a list that has no pages; `Invalid` when they are too much for an answer."""
    size = 0
    for body in bodies:
        size += len(body)
        if size > MAX_LIST:
            raise Invalid("list", f"it has more than {MAX_LIST // 2**20} MiB: ask for less of it")
        yield body


def some_of(body: bytes, only: frozenset[str]) -> bytes:
    """The document with these fields alone."""
    return to_json({name: value for name, value in from_json(body).items() if name in only})


# -- how new


async def seen(request: Request, projection: Projection | None) -> None:
    """Waits, within a bound, until the view has what was answered to the caller, and the position
    in `Stagebook-After`. The store, which is no view, has everything."""
    after, wanted = _wanted(request, request.scope.get(WHO), _freshness(request))
    if projection is None:
        request.scope[POSITION] = await _freshness(request).head()
        await _require(request, request.scope[POSITION], after)
    else:
        await _come(request, projection, after, wanted)


async def fresh(request: Request, *projections: Projection) -> None:
    """Waits, within a bound, until the views have what was committed when this was asked, by
    anyone: the clients of dialects cannot say what they have written elsewhere, and read it back.
    What is parked is refused then."""
    after, wanted = _wanted(request, request.scope.get(WHO), _freshness(request))
    if after != 0:
        wanted = max(wanted, await _freshness(request).head())
        request.scope[ASKED] = wanted
    for projection in projections:
        await _come(request, projection, after, wanted)


def require_caught_up(request: Request) -> None:
    """Refuses where a view lacks what may say otherwise."""
    if LAG in request.scope:
        raise NotYet("a view that is needed is behind", position=request.scope[POSITION])


async def _come(request: Request, projection: Projection, after: int | None, wanted: int) -> None:
    freshness = _freshness(request)
    position = await freshness.position(projection)
    if position < wanted:
        await freshness.reach(projection, wanted)
        position = await freshness.position(projection)
    await _require(request, position, after)
    await _as_of(request, position, wanted)


def _wanted(
    request: Request, principal: Principal | None, freshness: Freshness
) -> tuple[int | None, int]:
    """The position in `Stagebook-After`, and the one that the answer should not be older than. The
    first is refused when it is not reached; 0 says that whatever is there will do."""
    sent = header(request, b"stagebook-after")
    answered = freshness.answered.to(principal) if principal else 0
    if sent is None:
        return None, answered
    after = requests.whole("Stagebook-After", sent, 0, MAX_POSITION)
    if after:
        request.scope[ASKED] = max(after, request.scope.get(ASKED, 0))
    return after, max(after, answered) if after else 0


def last_event(request: Request) -> int | None:
    """The position in `Last-Event-ID`, alone or behind the store that it is of, as in the `id` of
    server-sent events. Refused where that is another store, or another epoch of this one."""
    last = request.headers.get("last-event-id")
    if last is None:
        return None
    store, _, behind = last.rpartition(".")
    of = Identity.parse(store)
    position = requests.whole("Last-Event-ID", behind if of else last, 0, MAX_POSITION)
    if of and of != (identity := stagebook(request).identity):
        message = f"expected the one that answers, {identity}: begin again, from position 0"
        raise OtherEpoch(message, store=str(identity))
    return position


async def require_behind(request: Request, after: int) -> None:
    """Refuses a position that the store never had: whoever was answered it saw what the store has
    lost, or another store."""
    head = await _freshness(request).head()
    if head < after:
        store = str(stagebook(request).identity)
        message = f"the newest position of the store {store} is {head}, asked for {after}"
        raise AheadOfStore(message, position=head, store=store)


async def _require(request: Request, position: int, after: int | None) -> None:
    if after is not None and position < after:
        await require_behind(request, after)
        raise _not_yet(position, after)


def _not_yet(position: int, wanted: int) -> NotYet:
    return NotYet(
        f"the view has come to position {position}, asked for {wanted}", position=position
    )


async def _as_of(request: Request, position: int, wanted: int) -> None:
    """What the answer will say of how new it is: as new as the oldest view that it is made of."""
    scope = request.scope
    scope[POSITION] = min(position, scope.get(POSITION, position))
    if position < wanted:
        lag = await blocking(age, stagebook(request), position)
        scope[LAG] = max(lag or 0.0, scope.get(LAG, 0.0))


def _freshness(request: Request) -> Freshness:
    made: Freshness = request.app.state.freshness
    return made
