"""`/order`: one order by its guid, and the orders of a shop."""

from fastapi import APIRouter, Request
from pydantic_core import from_json
from starlette.responses import Response

from adapters.bootstrap import CATALOG, ORDERS
from adapters.http import reads
from adapters.http.auth import ROLE_PERMISSIONS, Permission, stagebook
from adapters.http.openticket.lookup import document, number_in, reading
from adapters.http.openticket.making import many
from adapters.http.openticket.order_documents import buyer_shown, order_shown
from adapters.http.openticket.spec import Guid, answers
from adapters.http.openticket.storefront import show_order
from adapters.http.openticket.storefront_models import PlacedOrder, ShopOrder
from adapters.http.openticket.wire import OpenTicketRoute, caller, json_response
from adapters.views.select import Select
from application.keyring import Principal
from domain.base import State
from domain.ids import Kind, key

router = APIRouter(tags=["OpenTicket"], route_class=OpenTicketRoute)

MOST = 1_000
"""Orders in a list, the newest: it has no pages."""


@router.get("/order/{guid}", name="ot_order_by_guid", **answers(ShopOrder, public=True))
async def get_order(request: Request, guid: Guid) -> Response:
    """An order as it is, for everybody who has its guid; with a token that may sell, its buyer,
    too."""
    return await show_order(request, guid, None, None)


router.get("/storefront/order/{guid}", name="ot_order_on_storefront", include_in_schema=False)(
    get_order
)


@router.get("/shop/{guid}/orders", name="ot_orders_of_shop", **answers(many(PlacedOrder)))
async def orders_of_shop(request: Request, guid: Guid) -> Response:
    """The newest 1,000 orders of a shop, with their buyers for keys that may sell."""
    principal = caller(request, Permission.READ)
    number = number_in(guid, Kind.SALES_CHANNEL, principal)
    await reading(
        request,
        lambda book: document(book, CATALOG, Kind.SALES_CHANNEL, number, principal),
        CATALOG,
    )
    await reads.fresh(request, ORDERS)
    view = stagebook(request).view(ORDERS)
    where = (("saleschannelid", "=", number),)
    select = Select(
        principal.account, where, order="number", descending=True, limit=MOST, counted=False
    )
    page = await reads.blocking(view.page, select)
    numbers = [from_json(body)["id"] for body in page.bodies]
    keys = [key(principal.account, Kind.ORDER, one) for one in numbers]
    states = await reads.blocking(view.states, keys)
    orders = [from_json(states[at]) for at in keys if at in states]
    buyers = await _buyers(request, principal, orders)
    shown = [
        order_shown(order, principal.account) | buyer_shown(buyers.get(order.get("customerid")))
        for order in orders
    ]
    return json_response(shown)


async def _buyers(
    request: Request, principal: Principal, orders: list[State]
) -> dict[int | None, State]:
    """The contacts of orders by number; none for a key that may not sell."""
    if Permission.SELL not in ROLE_PERMISSIONS[principal.role]:
        return {}
    numbers = {order["customerid"] for order in orders if order.get("customerid")}
    keys = [key(principal.account, Kind.CONTACT, number) for number in numbers]
    bodies = await reads.blocking(stagebook(request).view(CATALOG).bodies, keys)
    return {contact["id"]: contact for contact in map(from_json, bodies.values())}
