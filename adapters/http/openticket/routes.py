"""The routes of this surface: at the root, and under the version that clients may put before."""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from adapters.http.openticket import (
    dates,
    events,
    locations,
    shops,
    storefront,
    tickets,
    users,
    webhooks,
)
from adapters.http.openticket.wire import OpenTicketRoute, unknown
from adapters.http.surface import Surface

VERSION = "/3.0.0"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

ROUTERS: tuple[APIRouter, ...] = (
    storefront.router,
    events.router,
    tickets.router,
    dates.router,
    locations.router,
    shops.router,
    users.router,
    webhooks.router,
)


def surfaces() -> list[Surface]:
    plain, versioned = APIRouter(), APIRouter()
    for router in ROUTERS:
        plain.include_router(router)
        versioned.include_router(router, prefix=VERSION, include_in_schema=False)
    versioned.include_router(_anything("/{rest:path}"), prefix=VERSION)
    words = _first_words()
    plain.include_router(_anything(*words, *(f"{word}/{{rest:path}}" for word in words)))
    return [Surface(f"{VERSION}/", versioned.routes), Surface("/", plain.routes)]


def _first_words() -> list[str]:
    routes = (route for router in ROUTERS for route in router.routes)
    paths = (route.path for route in routes if isinstance(route, APIRoute))
    return sorted({f"/{path.split('/')[1]}" for path in paths})


def _anything(*paths: str) -> APIRouter:
    """What begins like a path of this surface and is none is told so in its words."""
    made = APIRouter(route_class=OpenTicketRoute)
    for path in paths:
        made.add_api_route(path, unknown, methods=METHODS, include_in_schema=False)
    return made
