"""The list of Events: what its parameters ask for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from pydantic_core import from_json, to_json
from starlette.responses import Response

from adapters.bootstrap import CATALOG, EVENTS, LOCATIONS
from adapters.http import reads
from adapters.http.auth import stagebook
from adapters.http.ticketmatic import wire
from adapters.http.ticketmatic.forms import Form
from adapters.http.ticketmatic.resources import (
    EVENT_LOCATIONS,
    PRICE_TYPES,
    SEAT_RANKS,
    Resource,
)
from adapters.views.select import Condition, Select
from application.keyring import Principal
from domain.errors import Invalid
from domain.event import not_on_sale
from domain.event_fields import ACTIVE, CLOSED, DRAFT
from domain.ids import key
from domain.values import microseconds, stamp
from projections.base import Projection
from projections.texts import words

PARAMETERS = (
    "filter",
    "simplefilter",
    "context",
    "lastupdatesince",
    "limit",
    "offset",
    "orderby",
    "output",
    "searchterm",
)
MOST = 1_000
MAX_OFFSET = 2**31
MAX_WORDS = 10
ORDERS = {"name": "name", "startts": "starts"}
OUTPUTS = ("ids", "default", "withlookup")


async def list_of_events(request: Request, principal: Principal, form: Form) -> Response:
    select, output, channel = await _asked(request, principal)
    if channel is None:
        bodies, total = await wire.page(request, principal, EVENTS, select, form)
    else:
        bodies, total = await _for_sale(request, principal, select, channel, form)
    if output == "ids":
        ids = [b'{"id":%d}' % _id(body) for body in bodies]
        return wire.listed(ids, total)
    lookup = await _lookup(request, principal, bodies) if output == "withlookup" else None
    return wire.listed(bodies, total, lookup)


async def _asked(request: Request, principal: Principal) -> tuple[Select, str, int | None]:
    simple = wire.json_parameter(request, "simplefilter", "productionid", "status", "pricetypeids")
    context = wire.json_parameter(request, "context", "saleschannelid")
    where: list[Condition] = []
    statuses = _integers("simplefilter.status", simple.get("status")) or (ACTIVE, CLOSED)
    channel = context.get("saleschannelid")
    if channel is not None:
        _integers("context.saleschannelid", [channel])
        statuses = tuple(s for s in statuses if s == ACTIVE)
    where.append(("status", "in", tuple(sorted({*statuses} & {DRAFT, ACTIVE, CLOSED}))))
    if (production := simple.get("productionid")) is not None:
        where.append(("productionid", "=", _integers("simplefilter.productionid", [production])[0]))
    if price_types := _integers("simplefilter.pricetypeids", simple.get("pricetypeids")):
        if len(price_types) > MOST:
            raise Invalid("simplefilter.pricetypeids", f"expected at most {MOST} price types")
        where.append(("pricetypes", "has", tuple(f"pricetype:{n}" for n in price_types)))
    if since := wire.since(request, principal):
        where.append(("updated", ">=", microseconds(since)))
    if ids := await wire.filtered(request, principal):
        where.append(ids)
    order = wire.parameter(request, "orderby") or "id"
    if order not in ("id", *ORDERS):
        raise Invalid("orderby", f"expected one of {', '.join(ORDERS)}")
    output = wire.parameter(request, "output") or "default"
    if output not in OUTPUTS:
        raise Invalid("output", f"expected one of {', '.join(OUTPUTS)}")
    select = Select(
        principal.account,
        tuple(where),
        prefixes=words(wire.parameter(request, "searchterm"))[:MAX_WORDS],
        order=ORDERS.get(order, "number"),
        limit=wire.number(request, "limit", MOST, 0, MOST),
        offset=wire.number(request, "offset", 0, 0, MAX_OFFSET),
    )
    return select, output, channel


def _integers(path: str, value: Any) -> tuple[int, ...]:
    """Integers of at most 64 bits; none where nothing is said."""
    said = [] if value is None else value if isinstance(value, list) else [value]
    if any(type(one) is not int for one in said):
        raise Invalid(path, "expected integers")
    return tuple(said)


async def _for_sale(
    request: Request, principal: Principal, select: Select, channel: int, form: Form
) -> tuple[list[bytes], int]:
    """The Events that are on sale on that channel now, with its prices alone. Whether they are is
    a matter of the clock, so no column says it."""
    await reads.fresh(request, EVENTS)
    view, now = stagebook(request).view(EVENTS), stamp(datetime.now(UTC))

    def found() -> list[bytes]:
        whole: list[bytes] = []
        for body in reads.within_bounds(view.every(replace(select, offset=0))):
            document = from_json(body)
            if not not_on_sale(document["id"], document, channel, now):
                document["prices"] = _prices(document["prices"], channel)
                whole.append(to_json(document))
        return whole

    whole = await reads.blocking(found)
    page = whole[select.offset : select.offset + select.limit]
    reader = wire.reader_of(request, principal)
    return [form.shown(body, reader) for body in page], len(whole)


def _prices(prices: dict[str, Any], channel: int) -> dict[str, Any]:
    """What that channel sells at: a price for no channel by name is for every other one."""
    contingents = []
    for contingent in prices["contingents"]:
        types = []
        for price_type in contingent["pricetypes"]:
            offered = price_type["saleschannels"]
            its = [o for o in offered if o["saleschannelid"] == channel]
            its = its or [o | {"saleschannelid": channel} for o in offered if _for_any(o)]
            if its:
                types.append(price_type | {"saleschannels": its})
        contingents.append(contingent | {"pricetypes": types})
    return prices | {"contingents": contingents}


def _for_any(offer: dict[str, Any]) -> bool:
    return offer["saleschannelid"] is None


async def _lookup(request: Request, principal: Principal, bodies: Sequence[bytes]) -> bytes:
    """What the Events name, by id."""
    await reads.fresh(request, LOCATIONS, CATALOG)
    events = [from_json(body) for body in bodies]
    named: dict[str, tuple[Projection, Resource, set[int]]] = {
        "locations": (LOCATIONS, EVENT_LOCATIONS, {e["locationid"] or 0 for e in events} - {0}),
        "pricetypes": (CATALOG, PRICE_TYPES, set(_price_types(events))),
        "seatranks": (CATALOG, SEAT_RANKS, set(_seat_ranks(events))),
    }
    lookup, reader = {}, wire.reader_of(request, principal)
    for name, (projection, resource, numbers) in named.items():
        view = stagebook(request).view(projection)
        keys = [key(principal.account, resource.kind, number) for number in sorted(numbers)]
        found = await reads.blocking(view.bodies, keys)
        shown = (resource.form.shown(found[k], reader) for k in keys if k in found)
        lookup[name] = b"{%b}" % b",".join(b'"%d":%b' % (_id(body), body) for body in shown)
    return b"{%b}" % b",".join(b'"%b":%b' % (n.encode(), v) for n, v in lookup.items())


def _price_types(events: Sequence[dict[str, Any]]) -> list[int]:
    return [
        price_type["pricetypeid"]
        for event in events
        for contingent in event["prices"]["contingents"]
        for price_type in contingent["pricetypes"]
    ]


def _seat_ranks(events: Sequence[dict[str, Any]]) -> list[int]:
    return [
        rank
        for event in events
        for prices in (
            event["seatingplaneventspecificprices"],
            *(c["eventspecificprices"] for c in event["seated_contingents"]),
        )
        for rank in ((prices or {}).get("seatrankids") or ())
    ]


def _id(body: bytes) -> int:
    """The id of a document: what every one begins with."""
    return int(body[6 : body.index(b",")])
