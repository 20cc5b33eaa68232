"""`/shop` and `/trackers`: a shop is a sales channel. Translates, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from adapters.bootstrap import CATALOG, EVENTS, LOCATIONS
from adapters.http.auth import Permission
from adapters.http.openticket import fields
from adapters.http.openticket.dates import event_of
from adapters.http.openticket.documents import shop_shown, ticket_shown, tracker_shown
from adapters.http.openticket.fields import anew, invalid, model, native, required, run
from adapters.http.openticket.lookup import (
    catalog_where,
    document,
    events_where,
    number_in,
    reading,
    shops,
)
from adapters.http.openticket.making import creates, many, words
from adapters.http.openticket.models import (
    Nothing,
    PaymentMethod,
    ShopCreated,
    ShopShown,
    TicketShown,
    TrackerCreated,
    TrackerShown,
    shaped,
)
from adapters.http.openticket.spec import Guid, answers
from adapters.http.openticket.wire import (
    OpenTicketRoute,
    base_of,
    caller,
    command,
    integer,
    json_response,
    sent,
    text,
)
from application import catalog, shop_tickets
from application.keyring import Principal
from application.unit_of_work import UnitOfWork
from domain.base import State
from domain.catalog import WEB, SalesChannel, SalesChannelFields
from domain.catalog_item import CatalogItem
from domain.errors import NotFound
from domain.ids import Kind
from domain.tracker import Tracker, TrackerFields
from domain.values import stamp
from projections.catalog_documents import catalog_document

router = APIRouter(tags=["OpenTicket"], route_class=OpenTicketRoute)

SENT = (*fields.SHOP, "reservation_time")
HOLD_SECONDS = 8 * 60
"""How long a shop of these clients holds what is reserved."""


def _document(item: CatalogItem) -> State:
    return catalog_document(item.KIND, item.state, item.account)


def _hold(body: State) -> State:
    """`reservation_time` is in minutes; 0 is what the vendor says, 8."""
    if body.get("reservation_time") in (None, ""):
        return {}
    minutes = integer("reservation_time", body["reservation_time"])
    if not 0 <= minutes <= 120:
        raise invalid([("reservation_time", "expected 0 to 120 minutes")])
    return {"basketseconds": minutes * 60 or HOLD_SECONDS}


@creates(router, "/shop", "ot_create_shop", ShopCreated, SENT, ("name",))
async def create_shop(request: Request) -> Response:
    """A new shop: it sells the Tickets that are attached to it."""
    principal = caller(request, Permission.COMMAND)
    body = await sent(request)
    required(body, "name")
    said = {"typeid": WEB, "basketseconds": HOLD_SECONDS} | native(body, fields.SHOP) | _hold(body)
    made = model(SalesChannelFields, said, fields.SHOP)
    decide = partial(catalog.create_item, cls=SalesChannel, fields=made)

    def answer(channel: SalesChannel) -> State:
        return shaped(ShopCreated, shop_shown(_document(channel), principal, base_of(request)))

    return await run(request, principal, fields.SHOP, decide, answer)


@words(router, "/shop", "ot_shops", ShopShown, "normal", "archived", "all")
async def list_shops(request: Request, word: str) -> Response:
    """The shops of the company."""
    principal = caller(request, Permission.READ)
    where = {"normal": [("archived", "=", 0)], "archived": [("archived", "=", 1)], "all": []}[word]
    found = await reading(
        request, lambda book: catalog_where(book, principal, Kind.SALES_CHANNEL, *where), CATALOG
    )
    shown = [shop_shown(one, principal, base_of(request)) for one in found]
    return json_response([shaped(ShopShown, one) for one in shown])


async def _the_shop(request: Request, guid: str) -> tuple[State, Principal]:
    principal = caller(request, Permission.READ)
    number = number_in(guid, Kind.SALES_CHANNEL, principal)
    kind = Kind.SALES_CHANNEL
    return await reading(
        request, lambda book: document(book, CATALOG, kind, number, principal), CATALOG
    ), principal


@router.get("/shop/{guid}", name="ot_shop", **answers(ShopShown))
async def get_shop(request: Request, guid: Guid) -> Response:
    """One shop."""
    found, principal = await _the_shop(request, guid)
    return json_response(shaped(ShopShown, shop_shown(found, principal, base_of(request))))


@router.put("/shop/{guid}", name="ot_change_shop", **answers(ShopShown, fields=SENT))
async def change_shop(request: Request, guid: Guid) -> Response:
    """Changes what is sent."""
    principal = caller(request, Permission.COMMAND)
    number = number_in(guid, Kind.SALES_CHANNEL, principal)
    body = await sent(request)
    model(SalesChannelFields, native(body, fields.SHOP) | _hold(body), fields.SHOP)

    def decide(work: UnitOfWork) -> SalesChannel:
        channel = catalog.item(work, SalesChannel, number).require()
        new = anew(body, shop_shown(_document(channel), principal, base_of(request)))
        said = native(new, fields.SHOP) | _hold(new)
        change = model(SalesChannelFields, said, fields.SHOP)
        return catalog.change_item(work, SalesChannel, number, change)

    def answer(channel: SalesChannel) -> State:
        return shaped(ShopShown, shop_shown(_document(channel), principal, base_of(request)))

    return await run(request, principal, fields.SHOP, decide, answer)


@router.delete("/shop/{guid}", name="ot_delete_shop", **answers(None, status=204))
async def delete_shop(request: Request, guid: Guid) -> Response:
    """Takes a shop out of the lists: its orders stay."""
    principal = caller(request, Permission.COMMAND)
    number = number_in(guid, Kind.SALES_CHANNEL, principal)
    decide = partial(catalog.archive_item, cls=SalesChannel, number=number, archived=True)
    return await command(request, principal, decide)


@router.get("/shop/{guid}/tickets", name="ot_tickets_of_shop", **answers(many(TicketShown)))
async def tickets_of_shop(request: Request, guid: Guid) -> Response:
    """The Tickets that the shop has."""
    channel, principal = await _the_shop(request, guid)
    found = await reading(request, lambda book: events_where(book, principal), EVENTS, LOCATIONS)
    now = stamp(datetime.now(UTC))
    shown = [
        ticket_shown(held, lot, principal, now)
        for held in found
        for lot in held.contingents()
        if shop_tickets.sold_by(held.event, lot, held.lists, channel["id"])
    ]
    return json_response([shaped(TicketShown, one) for one in shown])


Attaching = Callable[[UnitOfWork, int, int, int], None]


async def _attached(request: Request, guid: str, ticketguid: str, change: Attaching) -> Response:
    principal = caller(request, Permission.COMMAND)
    shop = number_in(guid, Kind.SALES_CHANNEL, principal)
    lot = number_in(ticketguid, Kind.CONTINGENT, principal)
    event = await event_of(request, Kind.CONTINGENT, lot, principal)

    def decide(work: UnitOfWork) -> None:
        channel = catalog.item(work, SalesChannel, shop).require()
        if channel.archived:
            raise NotFound(f"there is no sales channel {guid}")
        change(work, event, lot, shop)

    return await run(request, principal, {}, decide)


@router.post(
    "/shop/{guid}/tickets/{ticketguid}", name="ot_attach_ticket", **answers(None, status=204)
)
async def attach_ticket(request: Request, guid: Guid, ticketguid: Guid) -> Response:
    """The shop sells the Ticket from now on."""
    return await _attached(request, guid, ticketguid, shop_tickets.attach)


@router.delete(
    "/shop/{guid}/tickets/{ticketguid}", name="ot_detach_ticket", **answers(None, status=204)
)
async def detach_ticket(request: Request, guid: Guid, ticketguid: Guid) -> Response:
    """The shop does not sell the Ticket any more."""
    principal = caller(request, Permission.COMMAND)
    shop = number_in(guid, Kind.SALES_CHANNEL, principal)
    channels = await reading(request, lambda book: shops(book, principal), CATALOG)
    others = {channel["id"] for channel in channels} - {shop}
    return await _attached(request, guid, ticketguid, partial(shop_tickets.detach, others=others))


@router.get("/shop/{guid}/trackers", name="ot_trackers_of_shop", **answers(many(TrackerShown)))
async def trackers_of_shop(request: Request, guid: Guid) -> Response:
    """The trackers of the shop."""
    channel, principal = await _the_shop(request, guid)
    found = await reading(
        request, lambda book: catalog_where(book, principal, Kind.TRACKER), CATALOG
    )
    those = [one for one in found if one["saleschannelid"] == channel["id"]]
    shown = [tracker_shown(one, principal, base_of(request)) for one in those]
    return json_response([shaped(TrackerShown, one) for one in shown])


@router.get("/shop/{guid}/payment_methods", name="ot_payment", **answers(many(PaymentMethod)))
async def payment_methods(request: Request, guid: Guid) -> Response:
    """The ways to pay: the company's payment scenarios."""
    _, principal = await _the_shop(request, guid)
    live = ("archived", "=", 0)
    found = await reading(
        request, lambda book: catalog_where(book, principal, Kind.PAYMENT_SCENARIO, live), CATALOG
    )
    return json_response([shaped(PaymentMethod, one) for one in found])


async def nothing(request: Request, guid: Guid) -> Response:
    """There are none in this version."""
    await _the_shop(request, guid)
    return json_response([])


for what in ("products", "metadata"):
    router.get(f"/shop/{{guid}}/{what}", name=f"ot_{what}_of_shop", **answers(Nothing))(nothing)


# -- trackers


@creates(
    router,
    "/trackers",
    "ot_create_tracker",
    TrackerCreated,
    (*fields.TRACKER, "shop_id"),
    ("shop_id", "name", "type"),
)
async def create_tracker(request: Request) -> Response:
    """A new tracker: a link to a shop. `type` is written in any case."""
    principal = caller(request, Permission.COMMAND)
    body = await sent(request)
    required(body, "shop_id", "name", "type")
    said = native(body, fields.TRACKER)
    said["saleschannelid"] = number_in(body["shop_id"], Kind.SALES_CHANNEL, principal)
    made = model(TrackerFields, said, fields.TRACKER)
    decide = partial(catalog.create_item, cls=Tracker, fields=made)

    def answer(tracker: Tracker) -> State:
        return shaped(
            TrackerCreated, tracker_shown(_document(tracker), principal, base_of(request))
        )

    named = {**fields.TRACKER, "shop_id": ("saleschannelid", text)}
    return await run(request, principal, named, decide, answer)


@router.get("/trackers", name="ot_trackers", **answers(many(TrackerShown)))
async def list_trackers(request: Request) -> Response:
    """The trackers of the company."""
    principal = caller(request, Permission.READ)
    found = await reading(
        request,
        lambda book: catalog_where(book, principal, Kind.TRACKER, ("archived", "=", 0)),
        CATALOG,
    )
    shown = [tracker_shown(one, principal, base_of(request)) for one in found]
    return json_response([shaped(TrackerShown, one) for one in shown])


@router.get("/trackers/{guid}", name="ot_tracker", **answers(TrackerShown))
async def get_tracker(request: Request, guid: Guid) -> Response:
    """One tracker."""
    principal = caller(request, Permission.READ)
    number = number_in(guid, Kind.TRACKER, principal)
    found = await reading(
        request, lambda book: document(book, CATALOG, Kind.TRACKER, number, principal), CATALOG
    )
    return json_response(shaped(TrackerShown, tracker_shown(found, principal, base_of(request))))
