"""`/orders`: tickets taken, sold, paid, given back, handed over; many at once."""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from adapters.http import reads, requests
from adapters.http.auth import Permission, stagebook
from adapters.http.commands import ask
from adapters.http.ticketmatic import order_bodies as bodies
from adapters.http.ticketmatic import wire
from adapters.http.ticketmatic.order_batch import Done, cancel_all, update_all
from adapters.http.ticketmatic.order_documents import known
from adapters.http.ticketmatic.order_list import PARAMETERS, list_of_orders
from adapters.http.ticketmatic.order_logs import LOG_FORM, LogItem, log_items
from adapters.http.ticketmatic.order_models import (
    ORDER_FORM,
    AddedTickets,
    AddTickets,
    CreateOrder,
    OrderList,
    SplitOrder,
    TicketmaticOrder,
    UpdateOrders,
    UpdateTickets,
)
from adapters.http.ticketmatic.signing import caller
from adapters.http.ticketmatic.spec import Account, Id, answers
from adapters.http.ticketmatic.wire import PREFIX, TicketmaticRoute, command
from adapters.http.v1.orders import hold, where_known, with_events
from application import orders, sales
from application.keyring import Principal
from application.ports import CommandResult, Recorded, Store
from application.unit_of_work import UnitOfWork
from domain import ranges
from domain.ids import Kind
from domain.order import Order
from domain.order_fields import OrderFields
from domain.taking import PaymentBody, RefundBody

router = APIRouter(prefix=PREFIX, tags=["Ticketmatic"], route_class=TicketmaticRoute)
ORDERS = "/{accountname}/orders"
ORDER = ORDERS + "/{id}"
MOST_LOGGED = 10_000

Deciding = Callable[[UnitOfWork], Order]


async def answered(request: Request, principal: Principal, decide: Deciding) -> Response:
    """A command whose answer is the order."""
    reader = wire.reader_of(request, principal)

    def decided(work: UnitOfWork) -> bytes:
        return to_json(ORDER_FORM.show(known(work, decide(work), principal), reader))

    return await command(request, principal, decided, bytes)


# -- many at once


@router.delete(ORDERS, name="tm_delete_orders", **answers(Done, body=list[int]))
async def delete_orders(request: Request, accountname: Account) -> Response:
    """Gives all tickets of these orders back; each of them by itself."""
    principal = caller(request, accountname, Permission.SELL)
    ids = bodies.ids(await wire.sent(request, principal), "body")
    return await command(request, principal, partial(cancel_all, ids=ids), to_json)


@router.post(f"{ORDERS}/batch", name="tm_batch_orders", **answers(Done, body=UpdateOrders))
async def batch_orders(request: Request, accountname: Account) -> Response:
    """Changes fields of these orders; each of them by itself."""
    principal = caller(request, accountname, Permission.SELL)
    ids, fields = bodies.batch(await wire.sent_object(request, principal))
    return await command(request, principal, partial(update_all, ids=ids, updates=fields), to_json)


# -- one by one


@router.get(ORDERS, name="tm_list_orders", **answers(OrderList, parameters=PARAMETERS))
async def list_orders(request: Request, accountname: Account) -> Response:
    """The orders that are not archived, the newest first; their tickets without barcodes."""
    return await list_of_orders(request, caller(request, accountname, Permission.READ))


@router.post(ORDERS, name="tm_create_order", **answers(TicketmaticOrder, body=CreateOrder))
async def create_order(request: Request, accountname: Account) -> Response:
    """An empty order on a sales channel."""
    principal = caller(request, accountname, Permission.SELL)
    body = bodies.creating(await wire.sent_object(request, principal))
    return await answered(
        request, principal, partial(sales.create_order, body=body, hold=hold(request))
    )


@router.get(ORDER, name="tm_get_order", **answers(TicketmaticOrder))
async def get_order(request: Request, accountname: Account, id: Id) -> Response:
    """One order, with what it names."""
    principal = caller(request, accountname, Permission.READ)
    number = requests.number_of(id, Kind.ORDER, principal)

    reader = wire.reader_of(request, principal)

    def shown(found: bytes) -> CommandResult:
        return CommandResult(200, {}, found)

    def look(work: UnitOfWork) -> bytes:
        order = known(work, work.load(Order, number).require(), principal)
        return to_json(ORDER_FORM.show(order, reader))

    return await ask(request, look, shown, principal=principal)


@router.put(ORDER, name="tm_update_order", **answers(TicketmaticOrder, body="OrderFields"))
async def update_order(request: Request, accountname: Account, id: Id) -> Response:
    """Changes the fields that are sent."""
    principal = caller(request, accountname, Permission.SELL)
    fields = bodies.fields(await wire.sent_object(request, principal, OrderFields))
    number = requests.number_of(id, Kind.ORDER, principal)
    return await answered(
        request, principal, partial(orders.change_order, number=number, fields=fields)
    )


@router.post(ORDER, name="tm_confirm_order", **answers(TicketmaticOrder))
async def confirm_order(request: Request, accountname: Account, id: Id) -> Response:
    """Unconfirmed → Confirmed. In time, or not at all."""
    principal = caller(request, accountname, Permission.SELL)
    number = requests.number_of(id, Kind.ORDER, principal)
    return await answered(request, principal, partial(sales.confirm_order, number=number))


@router.delete(ORDER, name="tm_delete_order", **answers(None))
async def delete_order(request: Request, accountname: Account, id: Id) -> Response:
    """Gives all its tickets back and archives it."""
    principal = caller(request, accountname, Permission.SELL)
    number = requests.number_of(id, Kind.ORDER, principal)
    return await command(request, principal, partial(sales.cancel_order, number=number))


# -- its tickets


@router.post(f"{ORDER}/tickets", name="tm_add_tickets", **answers(AddedTickets, body=AddTickets))
async def add_tickets(request: Request, accountname: Account, id: Id) -> Response:
    """Takes tickets, at most 50 a call: these very ones, or any at a price."""
    principal = caller(request, accountname, Permission.SELL)
    number = requests.number_of(id, Kind.ORDER, principal)
    wanted = bodies.adding(await wire.sent_object(request, principal))
    takes = await with_events(request, wanted.takes, principal)
    adding = partial(
        sales.add_tickets,
        number=number,
        take=takes,
        promocodes=wanted.promocodes,
        hold=hold(request),
    )
    decide = bodies.named_as_sent(where_known(takes, adding), wanted.places)
    reader = wire.reader_of(request, principal)

    def added(work: UnitOfWork) -> bytes:
        order = decide(work)
        lines = order.state["lines"][-len(takes) :]
        ids = [ticket for line in lines for ticket in ranges.numbers(line["tickets"])]
        shown = ORDER_FORM.show(known(work, order, principal), reader)
        return to_json({"ids": ids, "order": shown})

    return await command(request, principal, added, bytes)


@router.put(
    f"{ORDER}/tickets", name="tm_update_tickets", **answers(TicketmaticOrder, body=UpdateTickets)
)
async def update_tickets(request: Request, accountname: Account, id: Id) -> Response:
    """Names who comes with tickets, or gives them other price types."""
    principal = caller(request, accountname, Permission.SELL)
    number = requests.number_of(id, Kind.ORDER, principal)
    change = bodies.updating(await wire.sent_object(request, principal))
    if isinstance(change, list):
        naming = partial(orders.name_holders, number=number, holders=change)
        return await answered(request, principal, naming)
    repricing = partial(
        orders.reprice_tickets, number=number, wanted=change, promocodes=(), hold=hold(request)
    )
    return await answered(request, principal, repricing)


@router.delete(
    f"{ORDER}/tickets", name="tm_delete_tickets", **answers(TicketmaticOrder, body="TicketsBody")
)
async def delete_tickets(request: Request, accountname: Account, id: Id) -> Response:
    """Gives tickets back."""
    principal = caller(request, accountname, Permission.SELL)
    number = requests.number_of(id, Kind.ORDER, principal)
    tickets = bodies.tickets(await wire.sent_object(request, principal))
    removing = partial(sales.remove_tickets, number=number, tickets=tickets, hold=hold(request))
    return await answered(request, principal, removing)


@router.post(f"{ORDER}/split", name="tm_split_order", **answers(TicketmaticOrder, body=SplitOrder))
async def split_order(request: Request, accountname: Account, id: Id) -> Response:
    """Hands tickets over to a new order, which is the answer. Payments stay."""
    principal = caller(request, accountname, Permission.SELL)
    number = requests.number_of(id, Kind.ORDER, principal)
    tickets, fields = bodies.splitting(await wire.sent_object(request, principal))

    def split(work: UnitOfWork) -> Order:
        made = sales.split_order(work, number, tickets)
        return orders.change_order(work, made.number, fields)

    return await answered(request, principal, split)


# -- its money


@router.post(
    f"{ORDER}/payments", name="tm_add_payment", **answers(TicketmaticOrder, body="PaymentBody")
)
async def add_payment(request: Request, accountname: Account, id: Id) -> Response:
    """Money that was paid. Fully paid, all tickets of the order are."""
    principal = caller(request, accountname, Permission.SELL)
    number = requests.number_of(id, Kind.ORDER, principal)
    body = bodies.paying(await wire.sent_object(request, principal), PaymentBody)
    return await answered(request, principal, partial(sales.add_payment, number=number, body=body))


@router.post(
    f"{ORDER}/refunds", name="tm_add_refund", **answers(TicketmaticOrder, body="RefundBody")
)
async def add_refund(request: Request, accountname: Account, id: Id) -> Response:
    """Money that was given back, at most what was paid."""
    principal = caller(request, accountname, Permission.SELL)
    number = requests.number_of(id, Kind.ORDER, principal)
    body = bodies.paying(await wire.sent_object(request, principal), RefundBody)
    return await answered(request, principal, partial(sales.add_refund, number=number, body=body))


# -- what happened to it


@router.get(f"{ORDER}/logs", name="tm_order_logs", **answers(list[LogItem]))
async def order_logs(request: Request, accountname: Account, id: Id) -> Response:
    """What happened to it, the first thing first. It needs a key that may sell or audit."""
    principal = caller(request, accountname, Permission.READ)
    wire.may_ask(principal, "logs of orders")
    number = requests.number_of(id, Kind.ORDER, principal)
    recorded = await reads.blocking(_recorded, stagebook(request).store, principal, number)
    reader = wire.reader_of(request, principal)
    items = [
        LOG_FORM.show(item, reader) for item in log_items(number, recorded, principal.currency)
    ]
    return wire.json_response(to_json(items))


def _recorded(store: Store, principal: Principal, number: int) -> list[Recorded]:
    order = Order(Order.id_of(principal.account, number))
    found = [*store.stream(order.id, limit=MOST_LOGGED)]
    if not found:
        order.require()
    return found
