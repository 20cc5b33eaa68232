"""Orders by their guids, which nobody can guess: they do not say a number as other guids do."""

from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic_core import from_json
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.bootstrap import ORDERS
from adapters.http import reads
from adapters.http.auth import May, allowed, stagebook
from domain.errors import NotFound
from domain.ids import VERSION, Id, Kind, unpack
from projections.orders import guid_term


async def order_of(request: Request, guid: UUID) -> Id | None:
    """Account and number of the order, in whichever account it is."""
    view, term = stagebook(request).view(ORDERS), guid_term(str(guid))
    keys = await reads.blocking(view.keys_of_any, term)
    if not keys:  # it never changes: only one that is not there yet is waited for
        await reads.fresh(request, ORDERS)
        keys = await reads.blocking(view.keys_of_any, term)
        if not keys:
            reads.require_caught_up(request)
    return unpack(UUID(bytes=keys[0])) if keys else None


def by_number(app: ASGIApp) -> ASGIApp:
    """The routes of an order, asked with its guid in place of its number."""

    async def numbered(scope: Scope, receive: Receive, send: Send) -> None:
        said = scope["path_params"].get("id", "")
        guid = _guid(said)
        if guid is not None and guid.version != VERSION:
            request = Request(scope, receive)
            who = allowed(request, May.READ)
            known = await order_of(request, guid)
            if known is None or known.account != who.account:
                raise NotFound(f"{Kind.ORDER.title} {said} does not exist", id=said)
            scope["path_params"] = {**scope["path_params"], "id": str(known.number)}
        await app(scope, receive, send)

    return numbered


async def with_guids(request: Request, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries whose `guid` says a number, those of orders with the guid of the order instead."""
    keys = [UUID(entry["guid"]).bytes for entry in entries]
    orders = [key for key in keys if unpack(UUID(bytes=key)).kind == Kind.ORDER]
    if not orders:
        return entries
    bodies = await reads.blocking(stagebook(request).view(ORDERS).bodies, list({*orders}))
    known = {key: from_json(body)["guid"] for key, body in bodies.items()}
    return [
        entry | {"guid": known.get(key, entry["guid"])}
        for key, entry in zip(keys, entries, strict=True)
    ]


def _guid(text: str) -> UUID | None:
    try:
        return UUID(text) if text.count("-") == 4 else None  # noqa: PLR2004 - as guids are written
    except ValueError:
        return None
