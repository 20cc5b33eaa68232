"""`/settings/…`: list, get, create, update, archive and translate, the same for every resource."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from adapters.bootstrap import CATALOG
from adapters.http import reads
from adapters.http.auth import Permission
from adapters.http.body import StrictRequest, parse
from adapters.http.commands import execute
from adapters.http.readers import by_size
from adapters.http.ticketmatic import wire
from adapters.http.ticketmatic.archived import archived_location, archived_locations
from adapters.http.ticketmatic.languages import flat, language_of
from adapters.http.ticketmatic.resources import (
    EMPTY,
    EVENT_LOCATIONS,
    SEATING_PLANS,
    SETTINGS,
    Body,
    Resource,
)
from adapters.http.ticketmatic.settings_documents import Listed, OnlyId, documented, listing
from adapters.http.ticketmatic.signing import caller
from adapters.http.ticketmatic.spec import Account, Id, answers
from adapters.http.ticketmatic.wire import PREFIX, TicketmaticRoute, json_response
from adapters.views.select import Condition, Select
from application import catalog
from application.keyring import Principal
from application.ports import CommandResult
from application.unit_of_work import UnitOfWork
from domain.base import Aggregate
from domain.errors import Invalid, NotFound
from domain.seating import SeatingPlan, SeatingPlanFields
from domain.values import MAX_ID, microseconds

ROOT = "/{accountname}"
ALL = 1_000_000
"""These lists have no pages."""

LISTS = ("filter", "includearchived", "lastupdatesince")

router = APIRouter(prefix=PREFIX, tags=["Ticketmatic"], route_class=TicketmaticRoute)


def routes(resource: Resource) -> None:
    """The routes of one resource."""
    path, what = ROOT + resource.path, resource.what

    @router.get(
        path,
        name=f"tm_list_{resource.name}s",
        description=f"The {what}s.",
        **answers(listing(resource), parameters=LISTS + ("typeid",) * resource.typed),
    )
    async def listed(request: Request, accountname: Account) -> Response:
        principal = caller(request, accountname, resource.read)
        where = await asked(request, principal, resource)
        types = typed(request) if resource.typed else ()
        select = Select(principal.account, where, exact=types, limit=ALL)
        return await answered(request, principal, resource, select)

    single(router, resource)
    if resource.translates:
        translations(resource, path + "/{id}/translate")


def single(router: APIRouter, resource: Resource) -> None:
    """What is done to one of them."""
    path, what, name = ROOT + resource.path, resource.what, resource.name
    item = path + "/{id}"

    @router.post(
        path,
        name=f"tm_create_{name}",
        description=f"Creates a {what}.",
        **answers(documented(resource), body=resource.fields.__name__),
    )
    async def create(request: Request, accountname: Account) -> Response:
        principal = caller(request, accountname, resource.write)
        said = await wire.sent_object(request, principal, resource.fields)
        decide = resource.creating(said, language_of(request, principal), principal)
        return await done(request, principal, decide, document_of(request, principal, resource))

    @router.get(
        item, name=f"tm_get_{name}", description=f"One {what}.", **answers(documented(resource))
    )
    async def get(request: Request, accountname: Account, id: Id) -> Response:
        principal = caller(request, accountname, resource.read)
        stored = await found(request, principal, resource, id)
        reader = wire.reader_of(request, principal)
        return json_response(resource.shape(resource.form.shown(stored, reader)))

    @router.put(
        item,
        name=f"tm_update_{name}",
        description="Changes what is sent; with Accept-Language, the texts of that language.",
        **answers(documented(resource), body=resource.fields.__name__),
    )
    async def update(request: Request, accountname: Account, id: Id) -> Response:
        principal = caller(request, accountname, resource.write)
        number = resource.number(id, principal)
        said = await wire.sent_object(request, principal, resource.fields)
        decide = resource.changing(number, said, language_of(request, principal), principal)
        return await done(request, principal, decide, document_of(request, principal, resource))

    @router.delete(
        item,
        name=f"tm_delete_{name}",
        description=f"Archives the {what}: lists leave it out unless they are asked for it.",
        **answers(None),
    )
    async def delete(request: Request, accountname: Account, id: Id) -> Response:
        principal = caller(request, accountname, Permission.COMMAND)
        number = resource.number(id, principal)
        return await done(request, principal, resource.archiving(number), lambda _: b"null")


def translations(resource: Resource, path: str) -> None:
    name = resource.name

    def texts(document: Body, principal: Principal) -> bytes:
        return to_json(flat(document, principal, resource.translatable))

    @router.get(
        path,
        name=f"tm_{name}_translations",
        description="Its texts in every language, by field and language: `nameen`.",
        **answers(dict[str, str]),
    )
    async def get(request: Request, accountname: Account, id: Id) -> Response:
        principal = caller(request, accountname, resource.read)
        stored = parse(await found(request, principal, resource, id))
        return json_response(texts(stored, principal))

    @router.put(
        path,
        name=f"tm_translate_{name}",
        description="Sets the texts that are sent; an empty one takes a translation away.",
        **answers(dict[str, str], body=dict[str, str]),
    )
    async def put(request: Request, accountname: Account, id: Id) -> Response:
        principal = caller(request, accountname, resource.write)
        number = resource.number(id, principal)
        decide = resource.translating(number, await wire.sent_object(request, principal), principal)
        return await done(
            request, principal, decide, lambda made: texts(resource.document(made), principal)
        )


# -- the plan of seats, a document of its own

PLAN = ROOT + SEATING_PLANS.path + "/{id}/logicalplan"


@router.get(PLAN, name="tm_get_logical_plan", **answers(dict[str, Any]))
async def logical_plan(request: Request, accountname: Account, id: Id) -> Response:
    """Its rows and seats, as they were sent."""
    principal = caller(request, accountname, Permission.READ)
    stored = parse(await found(request, principal, SEATING_PLANS, id))
    return json_response(to_json(stored["logicalplan"] or {}))


@router.post(PLAN, name="tm_save_logical_plan", **answers(dict[str, Any], body=dict[str, Any]))
async def save_logical_plan(request: Request, accountname: Account, id: Id) -> Response:
    """Keeps its rows and seats."""
    principal = caller(request, accountname, Permission.COMMAND)
    number = SEATING_PLANS.number(id, principal)
    raw = await StrictRequest.of(request).body()
    plan = await by_size(len(raw), parse, raw)
    if not isinstance(plan, dict):
        raise Invalid("body", "expected a JSON object")
    fields = SeatingPlanFields(logicalplan=plan)

    def decide(work: UnitOfWork) -> SeatingPlan:
        return catalog.change_item(work, SeatingPlan, number, fields)

    return await done(request, principal, decide, lambda made: to_json(made.state["logicalplan"]))


# -- what they have in common


async def asked(
    request: Request, principal: Principal, resource: Resource
) -> tuple[Condition, ...]:
    """The conditions of a list."""
    where = list(resource.where)
    if resource.projection is CATALOG and not wire.flag(request, "includearchived"):
        where.append(("archived", "=", 0))
    if since := wire.since(request, principal):
        where.append(("updated", ">=", microseconds(since)))
    if found := await wire.filtered(request, principal):
        where.append(found)
    return tuple(where)


def typed(request: Request) -> tuple[str, ...]:
    """Only those of one type, where a type is asked for."""
    typeid = wire.number(request, "typeid", 0, 0, MAX_ID)
    return (f"typeid:{typeid}",) if typeid else ()


async def answered(
    request: Request, principal: Principal, resource: Resource, select: Select
) -> Response:
    bodies, total = await wire.page(request, principal, resource.projection, select, resource.form)
    if resource is EVENT_LOCATIONS and wire.flag(request, "includearchived"):
        gone = await archived_locations(request, principal, select.where)
        reader = wire.reader_of(request, principal)
        bodies += [resource.form.shown(body, reader) for body in gone]
        bodies.sort(key=lambda body: parse(body)["id"])
        total += len(gone)
    return wire.listed([resource.shape(body, listed=True) for body in bodies], total)


async def found(request: Request, principal: Principal, resource: Resource, id_: str) -> bytes:
    """The document as it is stored."""
    number = resource.number(id_, principal)
    await reads.fresh(request, resource.projection)
    try:
        body, _ = await reads.found(request, resource.projection, resource.kind, number, principal)
    except NotFound:
        if resource is not EVENT_LOCATIONS:
            raise
        return await archived_location(request, principal, number)
    return body


def document_of(
    request: Request, principal: Principal, resource: Resource
) -> Callable[[Aggregate], bytes]:
    reader = wire.reader_of(request, principal)

    def body(made: Aggregate) -> bytes:
        return resource.shape(resource.form.shown(to_json(resource.document(made)), reader))

    return body


async def done(
    request: Request,
    principal: Principal,
    decide: Callable[[UnitOfWork], Any],
    body: Callable[[Any], bytes],
) -> Response:
    """Runs a command and answers with what is there after it."""
    return await execute(
        request, decide, lambda made: CommandResult(200, {}, body(made)), principal=principal
    )


def nothing(path: str) -> None:
    """The list of what no account has here."""
    what = path.removeprefix("/settings/").replace("/", "_")

    @router.get(
        ROOT + path,
        name=f"tm_list_{what}",
        description="Nothing: no account has these here.",
        **answers(Listed[OnlyId], parameters=LISTS),
    )
    async def listed(request: Request, accountname: Account) -> Response:
        caller(request, accountname, Permission.READ)
        return wire.listed([], 0)


for _resource in SETTINGS:
    routes(_resource)
for _path in EMPTY:
    nothing(_path)
