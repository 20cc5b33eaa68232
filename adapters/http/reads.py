"""Reading views: the stored bytes, unless a language or a past moment is asked for."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from fastapi import Request
from pydantic_core import from_json, to_json
from starlette.responses import Response

from adapters.http import requests
from adapters.http.auth import stagebook
from adapters.http.compression import compressed, takes_gzip
from adapters.http.errors import NotYet, Parked
from adapters.http.gathered import Gathered
from adapters.views.select import Select
from adapters.views.sql import SqlView
from application.keyring import Principal
from domain.errors import NotFound
from domain.ids import Kind, key
from domain.translations import in_first, languages
from projections.base import Projection

T = TypeVar("T")
POLL_SECONDS = 0.003
MAX_POSITION = 2**62
ASKED = "stagebook.asked"
"""In the scope of a request: the position that its answer must not be older than."""
FEW = 100
"""Documents that are read faster on the event loop than handed over between threads."""
LONG = 20_000
"""Bytes whose compression would hold up the event loop for more than half a millisecond."""
READERS = ThreadPoolExecutor(4, thread_name_prefix="reader")
"""Few: they compute as much as they wait, and take the interpreter from the event loop."""


async def blocking(call: Callable[..., T], *args: Any) -> T:
    """Runs a call that may take its time beside the event loop."""
    run = copy_context().run  # lines of the log say which request they are about
    return await asyncio.get_running_loop().run_in_executor(READERS, run, call, *args)


async def stored(
    request: Request, projection: Projection, kind: Kind, number: int, who: Principal
) -> Response:
    """One document as its view has it."""
    body, etag = await found(request, projection, kind, number, who)
    return shown(request, body, etag, who)


async def found(
    request: Request, projection: Projection, kind: Kind, number: int, who: Principal
) -> tuple[bytes, str]:
    """The bytes of one document in the base language, and its ETag."""
    book = stagebook(request)
    if "stagebook-after" in request.headers:
        await seen(request, projection)
    view = book.view(projection)
    at = key(who.account, kind, number)
    if ASKED in request.scope:
        await blocking(require_moving, view, at, request.scope[ASKED])
    if book.reads_block:
        gathered: dict[str, Gathered] = request.app.state.gathered
        document = await gathered[projection.name].document(at)
    else:
        document = view.document(at)
    if document is None:
        raise NotFound(f"{kind.title} {number} does not exist", id=number)
    return document


def require_moving(view: SqlView, key: bytes, position: int = MAX_POSITION) -> None:
    """Refuses when a document, or what it shows, has stopped at that position or before: who asked
    for what is newer is not answered with what is older."""
    parked = view.stopping(key, position)
    if parked:
        name, since = view.projection.name, parked.since or "an earlier version"
        raise Parked(
            f"it waits at position {parked.position}, since {since}: {parked.error}",
            view=name,
            position=parked.position,
            since=parked.since,
            error=parked.error,
        )


def shown(
    request: Request,
    body: bytes,
    etag: str,
    who: Principal,
    extra: Mapping[str, str] | None = None,
) -> Response:
    """A document in the language that is asked for; 304 when the client has it."""
    headers = {"ETag": etag, "Vary": "Accept-Language", **(extra or {})}
    wanted = request.headers.get("accept-language")
    if wanted:
        body, language = in_language(body, wanted, who.language)
        headers["Content-Language"] = language
        if language != who.language:
            headers["ETag"] = f'{etag[:-1]}-{language}"'
    return unless_held(request, body, headers)


def unless_held(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    """304 when the client says that it has what has this ETag."""
    held = request.headers.get("if-none-match")
    if held:
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
    who: Principal,
    only: frozenset[str] | None = None,
) -> Response:
    """A page: `{"data", "next", "total"}`, of whole documents or of `only` some fields."""
    book = stagebook(request)
    await seen(request, projection)
    view = book.view(projection)
    here = not book.reads_block and select.limit <= FEW
    page = view.page(select) if here else await blocking(view.page, select)
    wanted = request.headers.get("accept-language")
    bodies = page.bodies
    if wanted:
        bodies = [in_language(body, wanted, who.language)[0] for body in bodies]
    if only is not None:
        bodies = [some_of(body, only) for body in bodies]
    following = requests.encode_cursor(cursor_of, page.last) if page.last else None
    tail = to_json({"next": following, "total": page.total})
    response = Response(
        b'{"data":[' + b",".join(bodies) + b"]," + tail[1:],
        200,
        {"Vary": "Accept-Language"},
        "application/json",
    )
    if len(response.body) > LONG and takes_gzip(request):
        return await blocking(compressed, request, response)
    return compressed(request, response)


def some_of(body: bytes, only: frozenset[str]) -> bytes:
    """The document with these fields alone."""
    return to_json({name: value for name, value in from_json(body).items() if name in only})


async def seen(request: Request, projection: Projection | None) -> None:
    """Waits, within a bound, until the view has the position in `Stagebook-After`."""
    header = request.headers.get("stagebook-after")
    if header is None:
        return
    await seen_by(request, projection, requests.whole("Stagebook-After", header, 0, MAX_POSITION))


async def seen_by(request: Request, projection: Projection | None, position: int) -> None:
    """Waits, within a bound, until the view has that position."""
    book = stagebook(request)
    deadline = time.monotonic() + book.settings.view_wait

    def stands() -> int:
        return book.view(projection).position() if projection else book.store.position()

    while (at := await blocking(stands)) < position:
        if time.monotonic() >= deadline:
            raise NotYet(f"stands at {at}, asked for {position}", position=at)
        await asyncio.sleep(POLL_SECONDS)
    request.scope[ASKED] = position


async def fresh(request: Request, *projections: Projection) -> None:
    """Waits, within a bound, until the views have what was committed when this was asked: the
    clients of dialects cannot say what they have written, and read it back."""
    position = await blocking(stagebook(request).store.position)
    for projection in projections:
        await seen_by(request, projection, position)
