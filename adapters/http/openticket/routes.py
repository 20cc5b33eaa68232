"""The routes of this surface: at the root, and under the version that clients may put before."""

from fastapi import APIRouter

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
from adapters.http.surface import Surface

VERSION = "/3.0.0"

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
    return [Surface(f"{VERSION}/", versioned.routes), Surface("/", plain.routes)]
