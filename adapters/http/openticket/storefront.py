"""`/storefront/{shop}/…`: what a shop's page asks for, without a token.

A ticket is reserved with GET, as it is documented, or with POST and an `Idempotency-Key`; it is
held for eight minutes. What is reserved is ordered with its reservations: nobody can guess them.
Whose order it is is shown to its buyer in the answer to the order, and to keys that may sell.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json, to_json
from starlette.responses import Response

from adapters.bootstrap import CATALOG, EVENTS, LOCATIONS
from adapters.http import reads, requests
from adapters.http.auth import ROLE_PERMISSIONS, Permission, identified, stagebook
from adapters.http.body import check_text
from adapters.http.commands import ask
from adapters.http.openticket import storefront_documents as documents
from adapters.http.openticket.lookup import catalog_where, events_where, reading
from adapters.http.openticket.spec import Guid, answers
from adapters.http.openticket.storefront_models import PlacedOrder, Reserved, ShopData, ShopOrder
from adapters.http.openticket.wire import (
    OpenTicketRoute,
    base_of,
    command,
    integer,
    json_response,
    sent,
    token_of,
)
from adapters.http.order_guids import order_of
from adapters.http.v1.orders import events_of
from adapters.views.select import Condition
from application import catalog, storefront
from application.keyring import Principal
from application.ports import CommandResult
from domain.base import State
from domain.catalog import WEB
from domain.contact import ContactFields
from domain.errors import Invalid, NotFound
from domain.event_fields import ACTIVE
from domain.ids import Kind, key, unpack
from domain.order import Hold
from domain.selling import Seller
from domain.translations import LANGUAGE
from domain.values import microseconds, stamp

router = APIRouter(prefix="/storefront", tags=["OpenTicket"], route_class=OpenTicketRoute)

RESERVED_SECONDS = 8 * 60
MAX_CODES, MAX_CODE, GUID_VERSION = 10, 100, 8
MOST = 100
UNGUESSED = "0123456789abcdef"
Code = Annotated[str, Path(description="What a tracker's link ends in")]
Shop = Annotated[str, Path(description="The shop's guid")]


class Receiver(BaseModel):
    """Who orders."""

    model_config = ConfigDict(extra="ignore")

    email: str = Field(min_length=3, max_length=255)
    firstname: str | None = Field(None, max_length=255)
    lastname: str | None = Field(None, max_length=255)
    locale: str | None = Field(None, max_length=35)


class Reservation(BaseModel):
    """A ticket that was reserved."""

    model_config = ConfigDict(extra="ignore")

    guid: UUID
    reservation: UUID


class PlacedBody(BaseModel):
    """An order of reserved tickets."""

    model_config = ConfigDict(extra="ignore")

    receiver: Receiver
    currency: str | None = None
    tickets: list[Reservation] = Field(min_length=1, max_length=MOST)


@router.get("/{shop}/data", name="ot_storefront", **answers(ShopData, public=True))
async def data(request: Request, shop: Shop) -> Response:
    """What the shop sells: Events to come with their tickets, what a reservation would cost now,
    and whether one can be had. `coupon` shows what is hidden without it, and what it costs then."""
    principal, channel = await visited(request, shop)
    now = microseconds(stamp(datetime.now(UTC)))
    to_come: tuple[Condition, ...] = (("status", "=", ACTIVE), ("ends", ">=", now))
    found, types = await reading(
        request,
        lambda book: (
            events_where(book, principal, *to_come),
            catalog_where(book, principal, Kind.PRICE_TYPE, ("archived", "=", 0)),
        ),
        EVENTS,
        LOCATIONS,
        CATALOG,
    )
    price_types = {one["id"]: one for one in types}
    seller = Seller(channel, principal.currency, price_types.get, principal.timezone)
    visit = documents.Visit(principal, seller, coupons(request))
    return json_response(documents.shop_data(found, visit))


@router.get(
    "/{shop}/reserve/ticket/{ticket}",
    name="ot_reserve",
    **answers(Reserved, public=True),
)
@router.post(
    "/{shop}/reserve/ticket/{ticket}",
    name="ot_reserve_once",
    **answers(Reserved, public=True),
)
@router.put(
    "/{shop}/reserve/ticket/{ticket}",
    name="ot_reserve_put",
    include_in_schema=False,
    response_model=None,
)
async def reserve(request: Request, shop: Shop, ticket: Guid) -> Response:
    """Reserves one ticket for eight minutes, or so many as `amount` says, in the query or in the
    body. With POST or PUT and an Idempotency-Key, once: the same key gets the same reservation, so
    it is to be one that nobody else thinks of."""
    principal, number = await visitor(request, shop)
    if len(request.headers.get("idempotency-key", UNGUESSED)) < len(UNGUESSED):
        message = f"expected {len(UNGUESSED)} characters or more that nobody guesses, as of a UUID"
        raise Invalid("Idempotency-Key", message)
    contingent = requests.number_of(ticket, Kind.CONTINGENT, principal)
    event = (await events_with(request, principal, [contingent])).get(contingent)
    if event is None:
        raise NotFound(f"there is no ticket {ticket}", id=ticket)
    decide = partial(
        storefront.reserve,
        shop=number,
        event=event,
        contingent=contingent,
        codes=coupons(request),
        hold=hold(request),
        amount=await amount_in(request),
    )
    answer = await command(request, principal, decide, documents.reservation)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get(
    "/{shop}/t/{code}",
    name="ot_follow",
    response_class=Response,
    **answers(None, status=302, public=True),
)
async def follow(request: Request, shop: Shop, code: Code) -> Response:
    """A tracker's link: it is counted, and leads to the shop."""
    principal, number = await visitor(request, shop)
    trackers = await reads.blocking(catalog_where, stagebook(request), principal, Kind.TRACKER)
    found = [t for t in trackers if t["code"] == code and t["saleschannelid"] == number]
    if not found or found[0]["isarchived"]:
        raise NotFound("there is no such link")
    decide = partial(catalog.follow_tracker, number=found[0]["id"])
    await command(request, principal, decide)
    said = "&".join(filter(None, (f"tracker={code}", found[0]["extra_url_parameters"])))
    place = f"{base_of(request)}/storefront/{shop}/data?{quote(said, safe='=&%')}"
    return Response(status_code=302, headers={"Location": place, "Cache-Control": "no-store"})


@router.post(
    "/{shop}/order",
    name="ot_order",
    **answers(PlacedOrder, body=PlacedBody, public=True),
)
async def order(request: Request, shop: Shop) -> Response:
    """Orders what was reserved, all of it or nothing. It is to be paid then."""
    principal, number = await visitor(request, shop)
    said = PlacedBody.model_validate(await sent(request))
    if said.currency not in (None, principal.currency):
        raise Invalid("currency", f"this shop sells in {principal.currency}")
    reserved = []
    for index, ticket in enumerate(said.tickets):
        known = await order_known_by(request, ticket.reservation, principal.account)
        if known is None:
            raise Invalid(f"tickets.{index}.reservation", "there is no such reservation")
        kind = unpack(ticket.guid) if ticket.guid.version == GUID_VERSION else None
        of = kind.number if kind and kind[:2] == (principal.account, Kind.CONTINGENT) else 0
        reserved.append(known._replace(contingent=of))
    decide = partial(storefront.place, shop=number, reserved=reserved, buyer=buyer(said.receiver))
    return await command(request, principal, decide, documents.order_of_buyer)


@router.get(
    "/{shop}/order/{guid}",
    name="ot_storefront_order",
    **answers(ShopOrder, public=True),
)
async def get_order(request: Request, shop: Shop, guid: Guid) -> Response:
    """An order of the shop as it is: for everybody who has its guid, or that of one of its
    reservations; with a token that may sell, its buyer, too."""
    principal, number = await visitor(request, shop)
    return await show_order(request, guid, principal, number)


async def show_order(
    request: Request, guid: str, principal: Principal | None, shop: int | None
) -> Response:
    """The order of a guid, in that account and on that shop, or wherever it is."""
    known = await order_known_by(request, guid, principal.account if principal else None)
    owner = known and stagebook(request).keyring.visitor(known.account, "storefront")
    if known is None or owner is None:
        raise NotFound("there is no such order")
    shown = documents.order_of_buyer if _may_see_buyers(request, owner) else documents.order_of

    def answer(placed: storefront.Placed) -> CommandResult:
        return CommandResult(200, {"Cache-Control": "no-store"}, to_json(shown(placed)))

    return await ask(
        request, partial(storefront.ordered, reservation=known, shop=shop), answer, principal=owner
    )


def _may_see_buyers(request: Request, owner: Principal) -> bool:
    """Whether the request has a token of the order's account that may sell."""
    held = stagebook(request).keyring.everywhere(token_of(request)) if token_of(request) else []
    return any(
        k.account == owner.account and Permission.SELL in ROLE_PERMISSIONS[k.role] for k in held
    )


async def order_known_by(
    request: Request, guid: UUID | str, account: int | None
) -> storefront.Reservation | None:
    """The order of a guid, in that account or in any."""
    try:
        guid = UUID(str(guid))
    except ValueError:
        return None
    known = await order_of(request, guid)
    if known is None or account not in (None, known.account):
        return None
    return storefront.Reservation(known.account, known.number, str(guid))


async def visitor(request: Request, shop: str) -> tuple[Principal, int]:
    """Whoever looks at a shop, and the shop's number."""
    principal, channel = await visited(request, shop)
    return principal, channel["number"]


async def visited(request: Request, shop: str) -> tuple[Principal, State]:
    """Whoever looks at a shop, and what is known of it. The guid says whose shop it is; a guid can
    be guessed, so what is sold at a desk or elsewhere is not sold here."""
    try:
        identity = unpack(UUID(shop))
    except ValueError:
        identity = None
    if identity and identity.kind == Kind.SALES_CHANNEL:
        book = stagebook(request)
        await reads.fresh(request, CATALOG)
        principal = book.keyring.visitor(identity.account, "storefront")
        at = key(*identity)
        await reads.blocking(reads.require_moving, book.view(CATALOG), at)
        found = await reads.blocking(book.view(CATALOG).document, at)
        channel = from_json(found[0]) if found else {"isarchived": True}
        if principal and not channel["isarchived"] and channel["typeid"] == WEB:
            identified(request, principal)
            return principal, channel | {"number": identity.number}
    raise NotFound("there is no such shop")


async def events_with(
    request: Request, principal: Principal, contingents: list[int]
) -> dict[int, int]:
    """The Events of contingents, in a view that has everything that is committed by now."""
    await reads.fresh(request, EVENTS)
    return await reads.blocking(events_of, stagebook(request), principal.account, contingents)


def coupons(request: Request) -> list[str]:
    """The coupons that a visitor has: `?coupon=CODE`, as often as there are."""
    codes = [code for code in request.query_params.getlist("coupon") if code.strip()]
    for code in codes:
        check_text("coupon", code)
    return [code.strip()[:MAX_CODE] for code in codes[:MAX_CODES]]


async def amount_in(request: Request) -> int:
    """How many tickets a visitor wants; 1 where nothing is said."""
    said = {**(await sent(request)), **request.query_params}
    amount = integer("amount", said.get("amount", 1))
    if not 1 <= amount <= MOST:
        raise Invalid("amount", f"expected 1 to {MOST}")
    return amount


def buyer(receiver: Receiver) -> ContactFields:
    said = receiver.model_dump(exclude={"locale"}, exclude_none=True)
    language = (receiver.locale or "")[:2].lower()
    known = {"languagecode": language} if LANGUAGE.fullmatch(language) else {}
    return ContactFields.model_validate(said | known)


def hold(request: Request) -> Hold:
    return Hold(RESERVED_SECONDS, stagebook(request).settings.basket_cap_seconds)
