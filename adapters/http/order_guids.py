"""Orders by their guids, which nobody can guess: they do not say a number as other guids do."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic_core import from_json
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.bootstrap import ORDERS, Stagebook
from adapters.http import reads
from adapters.http.auth import Permission, authorize, stagebook
from application.as_of import replay
from domain.errors import NotFound
from domain.ids import VERSION, Id, Kind, unpack
from domain.order import Order
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
            principal = authorize(request, Permission.READ)
            known = await order_of(request, guid)
            if known is None or known.account != principal.account:
                raise NotFound(f"{Kind.ORDER.title} {said} does not exist", id=said)
            scope["path_params"] = {**scope["path_params"], "id": str(known.number)}
        await app(scope, receive, send)

    return numbered


def with_guids(book: Stagebook, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries whose `guid` says a number, those of orders with the guid of the order instead."""
    keys = [UUID(entry["guid"]) for entry in entries]
    packed = {key for key in keys if key.version == VERSION}
    orders = {key for key in packed if unpack(key).kind == Kind.ORDER}
    bodies = book.view(ORDERS).bodies([order.bytes for order in orders]) if orders else {}
    known = {UUID(bytes=key): from_json(body)["guid"] for key, body in bodies.items()}
    for order in orders - known.keys():  # its view is behind, or it is parked
        known[order] = str(replay(book.store, Order, order, 1).state.get("guid", order))
    return [
        entry | {"guid": known.get(key, entry["guid"])}
        for key, entry in zip(keys, entries, strict=True)
    ]


def _guid(text: str) -> UUID | None:
    try:
        return UUID(text) if text.count("-") == 4 else None
    except ValueError:
        return None
