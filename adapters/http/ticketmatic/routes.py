"""The routes of this surface, the busiest first."""

from fastapi import APIRouter

from adapters.http.surface import Surface
from adapters.http.ticketmatic import (
    contacts,
    event_batch,
    event_tickets,
    events,
    eventstream,
    orders,
    queries,
    settings,
    tools,
)
from adapters.http.ticketmatic.wire import PREFIX, TicketmaticRoute, unknown

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

ROUTERS: tuple[APIRouter, ...] = (
    event_batch.router,
    events.router,
    event_tickets.router,
    orders.router,
    contacts.router,
    eventstream.router,
    settings.router,
    queries.router,
    tools.router,
)


def surface() -> Surface:
    """All of them under the prefix."""
    anything = APIRouter(prefix=PREFIX, route_class=TicketmaticRoute)
    anything.add_api_route("/{rest:path}", unknown, methods=METHODS, include_in_schema=False)
    routes = [route for router in (*ROUTERS, anything) for route in router.routes]
    return Surface(f"{PREFIX}/", routes)
