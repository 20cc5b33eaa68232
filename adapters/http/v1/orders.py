"""`/v1/orders`: translates, and nothing else."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from adapters.bootstrap import EVENTS, ORDERS, Stagebook
from adapters.http import buyers, reads, requests
from adapters.http.auth import Permission, authorize, stagebook
from adapters.http.commands import ask, document, execute
from adapters.http.order_guids import by_number
from adapters.http.personal import knows, order_body, outside
from adapters.http.routes import AuditRoute, SellRoute
from adapters.http.v1.documents import DiffDocument, HistoryPage
from adapters.http.v1.filters import OrderQuery
from adapters.http.v1.order_documents import HeldTicket, HeldTickets, OrderDocument, OrderPage
from adapters.http.v1.past import (
    Shown,
    asked_past,
    difference_response,
    history_response,
    past_headers,
    past_response,
)
from adapters.http.v1.past_filters import DiffQuery, HistoryQuery
from adapters.http.v1.spec import MOMENTS, Id, changes, creates, finds, lists, shows
from adapters.http.v1.tickets import said_of
from application import as_of, history, orders, sales
from application.as_of import PastMoment
from application.keyring import Principal
from application.ports import CommandResult
from application.unit_of_work import UnitOfWork
from domain.errors import (
    BasketLimit,
    BuyerRefused,
    Invalid,
    NotOnSale,
    OrderEmpty,
    OrderEnded,
    OrderNotConfirmed,
    PriceNotOffered,
    RefundTooLarge,
    SoldOut,
    TicketNotFree,
)
from domain.ids import Kind, unpack
from domain.inventory import Inventory
from domain.order import Hold, Order
from domain.order_fields import OrderFields
from domain.outside import shown
from domain.taking import (
    HoldersBody,
    OrderBody,
    PaymentBody,
    PriceTypeBody,
    RefundBody,
    Take,
    TakeBody,
    TicketsBody,
)
from projections.orders import order_document, order_etag


class OrderRoute(SellRoute):
    """A route of one order, by its number or its guid, or of orders."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = by_number(self.app)


class OrderAuditRoute(AuditRoute):
    """A route of an order's past."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = by_number(self.app)


router = APIRouter(prefix="/v1/orders", tags=["Orders"], route_class=OrderRoute)
audited = APIRouter(prefix="/v1/orders", tags=["History"], route_class=OrderAuditRoute)

TAKES = (SoldOut, TicketNotFree, NotOnSale, PriceNotOffered, BasketLimit)


def answer(order: Order, status: int = 200) -> CommandResult:
    body = to_json(order_document(order.state))
    place = f"/v1/orders/{order.number}" if status == 201 else None
    return document(body, order_etag(order.state), status=status, place=place)


created = partial(answer, status=201)


def present(work: UnitOfWork, number: int) -> dict[str, Any]:
    """The document as it is before a command."""
    order = work.load(Order, number).require()
    return order_document(order.state)


@router.post("", **creates(OrderDocument, *TAKES))
async def create_order(request: Request, body: OrderBody) -> Response:
    """Creates an order on a sales channel, empty or with the tickets that it takes at once. It is
    held until `expiryts`, unless it is confirmed."""
    principal = authorize(request, Permission.SELL)
    take = await with_events(request, body.take, principal)
    if take is not body.take:
        body = body.model_copy(update={"take": take})
    decide = partial(sales.create_order, body=body, hold=hold(request))
    return await execute(request, where_known(take, decide), created, principal=principal)


@router.get("/{id}", **shows(OrderDocument))
async def get_order(request: Request, id: Id) -> Response:
    """One order, now, at a version or at a moment."""
    if request.scope["query_string"]:
        return await past_response(request, id, Kind.ORDER, order_at, Permission.AUDIT)
    principal = authorize(request, Permission.READ)
    number = requests.number_of(id, Kind.ORDER, principal)
    body, etag = await reads.found(request, ORDERS, Kind.ORDER, number, principal)
    return reads.shown(request, order_body(body, principal), etag, principal)


@router.get("", **lists(OrderPage))
async def list_orders(request: Request, query: OrderQuery) -> Response:
    """The orders of the account; by `q`, `email` and `barcode` for those who may
    sell."""
    principal = authorize(request, Permission.SELL if query.personal else Permission.READ)
    only = query.only(OrderDocument)
    select, of = query.select(principal.account)
    if query.q is not None:
        select = await buyers.called(request, principal, select, "q", query.q)
    if query.email is not None:
        select = await buyers.addressed(request, principal, select, query.email)
    if query.barcode is not None:
        select = buyers.ticketed(select, query.barcode)
    show = None if knows(principal) else partial(order_body, principal=principal)
    return await reads.listed(request, ORDERS, select, of, principal, only, show)


@router.patch("/{id}", **changes(OrderDocument, BuyerRefused, OrderEnded))
async def change_order(request: Request, id: Id, body: OrderFields) -> Response:
    """Changes an order: the fields that are sent. Of an order that has ended, the customer and
    custom fields only."""
    principal = authorize(request, Permission.SELL)
    order = the(request, id, principal)
    decide = partial(orders.change_order, fields=body, **order)
    was = partial(present, number=order["number"])
    return await execute(request, decide, answer, principal=principal, present=was)


@router.post(
    "/{id}/confirm",
    **changes(
        OrderDocument, BuyerRefused, NotOnSale, OrderEnded, OrderEmpty, BasketLimit, body=False
    ),
)
async def confirm_order(request: Request, id: Id) -> Response:
    """Confirms an order: Unconfirmed → Confirmed, its tickets are sold. In time, or not at all."""
    principal = authorize(request, Permission.SELL)
    return await execute(
        request,
        partial(sales.confirm_order, **the(request, id, principal)),
        answer,
        principal=principal,
    )


@router.post("/{id}/payments", **changes(OrderDocument, OrderEnded, OrderNotConfirmed))
async def add_payment(request: Request, id: Id, body: PaymentBody) -> Response:
    """Records a payment. Fully paid, all tickets of the order are."""
    principal = authorize(request, Permission.SELL)
    decide = partial(sales.add_payment, body=body, **the(request, id, principal))
    return await execute(request, decide, answer, principal=principal)


@router.post("/{id}/refunds", **changes(OrderDocument, RefundTooLarge))
async def add_refund(request: Request, id: Id, body: RefundBody) -> Response:
    """Records a refund of at most what was paid."""
    principal = authorize(request, Permission.SELL)
    decide = partial(sales.add_refund, body=body, **the(request, id, principal))
    return await execute(request, decide, answer, principal=principal)


@router.post("/{id}/tickets", **changes(OrderDocument, OrderEnded, *TAKES))
async def add_tickets(request: Request, id: Id, body: TakeBody) -> Response:
    """Adds tickets to an order."""
    principal = authorize(request, Permission.SELL)
    take = await with_events(request, body.take, principal)
    decide = partial(
        sales.add_tickets,
        take=take,
        promocodes=body.promocodes,
        hold=hold(request),
        **the(request, id, principal),
    )
    return await execute(request, where_known(take, decide), answer, principal=principal)


@router.get("/{id}/tickets", **finds(HeldTickets, parameters=MOMENTS))
async def list_order_tickets(request: Request, id: Id) -> Response:
    """The tickets that an order holds, with barcodes, properties and custom fields; now or then."""
    asked = asked_past(request)
    principal = authorize(request, Permission.AUDIT if asked else Permission.READ)
    number = requests.number_of(id, Kind.ORDER, principal)
    if asked:
        await reads.seen(request, None)
        answer = await reads.blocking(held_then, request, principal, number, asked)
        return Response(answer.body, headers=answer.headers, media_type="application/json")
    find = partial(sales.held_tickets, number=number)
    return await ask(request, find, partial(held, principal=principal), principal=principal)


def held(found: tuple[Order, dict[int, Inventory]], principal: Principal) -> CommandResult:
    whom = outside(principal)
    held = [shown(HeldTicket, ticket, whom) for ticket in held_tickets(*found)]
    return CommandResult(200, {}, to_json({"data": held, "next": None, "total": len(held)}))


def held_then(
    request: Request, principal: Principal, number: int, asked: PastMoment
) -> CommandResult:
    store = stagebook(request).store
    order, inventories = as_of.past_order(store, principal.account, number, **asked)
    place = as_of.place_of(store, order, *inventories.values())
    return CommandResult(200, past_headers(place), held((order, inventories), principal).body)


def held_tickets(order: Order, inventories: dict[int, Inventory]) -> Iterator[dict[str, Any]]:
    document = order_document(order.state)
    nobody = {"ticketholderid": None, "ticketname": None}
    named = {holder["id"]: holder for holder in document["holders"]}
    for ticket in document["tickets"]:
        inventory = inventories[ticket["eventid"]]
        yield {
            **ticket,
            "state": order.counter_of(ticket["pricetypeid"]),
            "barcode": inventory.barcode(ticket["id"], order.number),
            **named.get(ticket["id"], nobody),
            **said_of(ticket["id"], inventory),
        }


@router.delete("/{id}/tickets", **changes(OrderDocument, OrderEnded))
async def remove_tickets(request: Request, id: Id, body: TicketsBody) -> Response:
    """Removes tickets from an order."""
    principal = authorize(request, Permission.SELL)
    decide = partial(
        sales.remove_tickets,
        tickets=body.tickets,
        hold=hold(request),
        **the(request, id, principal),
    )
    return await execute(request, decide, answer, principal=principal)


@router.post("/{id}/tickets/release", **changes(OrderDocument, OrderEnded))
async def release_tickets(request: Request, id: Id, body: TicketsBody) -> Response:
    """Removes tickets from an order, for clients that send no body with DELETE."""
    return await remove_tickets(request, id, body)


@router.post(
    "/{id}/tickets/pricetype",
    **changes(OrderDocument, OrderEnded, NotOnSale, PriceNotOffered, BasketLimit, SoldOut),
)
async def reprice_tickets(request: Request, id: Id, body: PriceTypeBody) -> Response:
    """Changes the price type of tickets that an order holds, at what that one costs today. Those
    that have it already stay as they are."""
    principal = authorize(request, Permission.SELL)
    decide = partial(
        orders.reprice_tickets,
        wanted=dict.fromkeys(body.tickets, body.pricetypeid),
        promocodes=body.promocodes,
        hold=hold(request),
        **the(request, id, principal),
    )
    return await execute(request, decide, answer, principal=principal)


@router.post("/{id}/tickets/holders", **changes(OrderDocument, OrderEnded))
async def name_holders(request: Request, id: Id, body: HoldersBody) -> Response:
    """Names the people who come with the tickets of an order."""
    principal = authorize(request, Permission.SELL)
    decide = partial(orders.name_holders, holders=body.tickets, **the(request, id, principal))
    return await execute(request, decide, answer, principal=principal)


@router.post("/{id}/cancel", **changes(OrderDocument, OrderEnded, body=False))
async def cancel_order(request: Request, id: Id) -> Response:
    """Cancels an order: gives all tickets back and archives it; what was paid can be refunded
    after."""
    principal = authorize(request, Permission.SELL)
    return await execute(
        request,
        partial(sales.cancel_order, **the(request, id, principal)),
        answer,
        principal=principal,
    )


@router.post("/{id}/split", **creates(OrderDocument, OrderEnded, inside=True))
async def split_order(request: Request, id: Id, body: TicketsBody) -> Response:
    """Splits an order: hands tickets over to a new one, which is the answer. Payments stay."""
    principal = authorize(request, Permission.SELL)
    decide = partial(sales.split_order, tickets=body.tickets, **the(request, id, principal))
    return await execute(request, decide, created, principal=principal)


@audited.get("/{id}/history", **finds(HistoryPage))
async def order_history(request: Request, id: Id, query: HistoryQuery) -> Response:
    """The history of an order: who changed what and when, newest first."""
    read = partial(history.history_of_one, Order)
    return await history_response(request, id, query, Kind.ORDER, read, Permission.AUDIT)


@audited.get("/{id}/diff", **finds(DiffDocument))
async def order_diff(request: Request, id: Id, query: DiffQuery) -> Response:
    """The differences between an order at one moment and at another."""
    return await difference_response(request, id, query, Kind.ORDER, order_at, Permission.AUDIT)


# -- what requests say


def the(request: Request, id_: str, principal: Principal) -> dict[str, Any]:
    """Which order, and which version of it the caller decided on."""
    number = requests.number_of(id_, Kind.ORDER, principal)
    return {"number": number, "version": requests.if_match(request)[0]}


def hold(request: Request) -> Hold:
    settings = stagebook(request).settings
    return Hold(settings.basket_seconds, settings.basket_cap_seconds)


def order_at(request: Request, principal: Principal, number: int, asked: PastMoment) -> Shown:
    store = stagebook(request).store
    past = as_of.past_one(Order, store, principal.account, number, **asked)
    found = order_document(past.state)
    return Shown(found, order_etag(past.state), as_of.place_of(store, past))


async def with_events(request: Request, takes: list[Take], principal: Principal) -> list[Take]:
    """Each with its Event. Who names a contingent, a price or a ticket need not: it is looked up,
    in a view that has everything which is committed by now."""
    if all(take.eventid is not None for take in takes):
        return takes
    book = stagebook(request)
    missing = [take.contingent for take in takes if take.eventid is None]
    found = await reads.blocking(events_of, book, principal.account, missing)
    if len(found) < len(set(missing)):
        await reads.fresh(request, EVENTS)
        found = await reads.blocking(events_of, book, principal.account, missing)
        if len(found) < len(set(missing)):
            reads.require_caught_up(request)
    return [
        take
        if take.eventid is not None
        else take.model_copy(update={"eventid": found.get(take.contingent)})
        for take in takes
    ]


def where_known(
    takes: list[Take], decide: Callable[[UnitOfWork], Order]
) -> Callable[[UnitOfWork], Order]:
    """Refuses what no Event has once it is decided on, and no sooner: a retry has its answer."""

    def decided(work: UnitOfWork) -> Order:
        for index, take in enumerate(takes):
            if take.eventid is None:
                message = f"there is no contingent {take.contingent}"
                raise Invalid(f"take.{index}.{take.way}", message)
        return decide(work)

    return decided


def events_of(book: Stagebook, account: int, contingents: list[int]) -> dict[int, int]:
    """The Events of contingents."""
    view = book.view(EVENTS)
    found = {c: view.keys_with(f"contingent:{c}", account) for c in dict.fromkeys(contingents)}
    return {c: unpack(UUID(bytes=keys[0])).number for c, keys in found.items() if keys}
