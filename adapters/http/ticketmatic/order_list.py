"""The list of orders: what its parameters ask for."""

from typing import Any

from fastapi import Request
from pydantic_core import from_json, to_json
from starlette.responses import Response

from adapters.bootstrap import CATALOG, ORDERS
from adapters.http import buyers, reads
from adapters.http.auth import stagebook
from adapters.http.ticketmatic import times, wire
from adapters.http.ticketmatic.order_documents import (
    MINIMAL,
    customers,
    lookup,
    own,
    vendors,
)
from adapters.http.ticketmatic.order_models import ORDER_FORM
from adapters.views.select import Condition, Select
from application.keyring import Principal
from domain.errors import Invalid
from domain.order import CONFIRMED, UNCONFIRMED
from domain.values import MAX_ID, microseconds

PARAMETERS = (
    "filter",
    "includearchived",
    "lastupdatesince",
    "limit",
    "offset",
    "orderby",
    "orderby_asc",
    "output",
    "searchterm",
    "simplefilter",
)
MOST = 1_000
MAX_OFFSET = 2**31
MAX_CUSTOMERS = 1_000
ORDERED_BY = {"createdts": "created", "lastupdatets": "updated"}
OUTPUTS = ("ids", "minimal", "default", "withlookup")


async def list_of_orders(request: Request, principal: Principal) -> Response:
    output = wire.parameter(request, "output") or "default"
    if output not in OUTPUTS:
        raise Invalid("output", f"expected one of {', '.join(OUTPUTS)}")
    await reads.fresh(request, ORDERS, CATALOG)
    select = await _asked(request, principal)
    book = stagebook(request)
    page = await reads.blocking(book.view(ORDERS).page, select)
    documents = [from_json(body) for body in page.bodies]
    if output == "ids":
        return wire.listed([to_json({"orderid": d["id"]}) for d in documents], page.total)
    known = await reads.blocking(customers, book, principal, documents)
    found = [vendors(d, known.get(d["customerid"], {})) for d in documents]
    if output == "minimal":
        found = [{name: order[name] for name in MINIMAL} for order in found]
    named, reader = None, wire.reader_of(request, principal)
    if output == "withlookup":
        all_named = await reads.blocking(lookup, book, principal, documents, reader)
        found = [
            order | {"lookup": own(all_named, document)}
            for order, document in zip(found, documents, strict=True)
        ]
        named = to_json(all_named)
    shown = [to_json(ORDER_FORM.show(order, reader)) for order in found]
    return wire.listed(shown, page.total, named)


SIMPLE = ("createdsince", "customerid", "saleschannelid", "status")


async def _asked(request: Request, principal: Principal) -> Select:
    simple = wire.json_parameter(request, "simplefilter", *SIMPLE)
    where: list[Condition] = []
    if (status := _integer(simple, "status")) is not None:
        where.append(("status", "=", status))
    elif not wire.flag(request, "includearchived"):
        where.append(("status", "in", (UNCONFIRMED, CONFIRMED)))
    numbers = {name: _integer(simple, name) for name in ("customerid", "saleschannelid")}
    where += [(name, "=", number) for name, number in numbers.items() if number is not None]
    if "createdsince" in simple:
        created = times.read(
            "simplefilter.createdsince", simple["createdsince"], principal.timezone
        )
        where.append(("created", ">=", microseconds(created)))
    if since := wire.since(request, principal):
        where.append(("updated", ">=", microseconds(since)))
    if ids := await wire.filtered(request, principal):
        where.append(ids)
    order = wire.parameter(request, "orderby") or "createdts"
    if order not in ORDERED_BY:
        raise Invalid("orderby", f"expected one of {', '.join(ORDERED_BY)}")
    select = Select(
        principal.account,
        tuple(where),
        order=ORDERED_BY[order],
        descending=not wire.flag(request, "orderby_asc"),
        limit=wire.number(request, "limit", MOST, 0, MOST),
        offset=wire.number(request, "offset", 0, 0, MAX_OFFSET),
    )
    term = wire.parameter(request, "searchterm")
    if not term:
        return select
    return await buyers.called(request, principal, select, "searchterm", term)


def _integer(simple: dict[str, Any], name: str) -> int | None:
    value = simple.get(name)
    if value is not None and (type(value) is not int or abs(value) > MAX_ID):
        raise Invalid(f"simplefilter.{name}", "expected an integer")
    return value
