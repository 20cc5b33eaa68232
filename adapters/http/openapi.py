"""The OpenAPI document: three surfaces in one, each with its tag."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from adapters.http.components import COMPONENTS
from adapters.http.openticket.spec import ERROR_SCHEMA
from adapters.http.request_bodies import prepare
from adapters.http.surface import Surface
from adapters.http.v1.spec import PROBLEM_SCHEMA, Lines

NATIVE = "Native"
TAGS = {
    NATIVE: "Stagebook's own surface, `/v1`: all that there is, with versions and histories",
    "Ticketmatic": "For unmodified clients of that vendor: the same things in its words",
    "OpenTicket": "For unmodified clients of that vendor, and its storefront",
    "Events": "Native: Events, from draft to closed",
    "Dates": "Native: when Events take place",
    "Locations": "Native: where Events take place",
    "Tickets": "Native: contingents, locks, doors, single tickets",
    "Orders": "Native: selling",
    "Catalog": "Native: price types, sales channels, contacts and the like",
    "History": "Native: who changed what, when and why",
    "Changes": "Native: everything that happens, for other systems to follow",
    "Projections": "Native: where documents come from, how far they are, making them anew",
    "Images": "Native: pictures of Events",
    "Health": "Native: whether it works",
}
"""The surfaces, then what the native one is about."""
SECURITY = {
    "token": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "signature": {"type": "apiKey", "in": "header", "name": "Authorization"},
}


def every_route(app: FastAPI) -> Iterator[BaseRoute]:
    """Those of the surfaces, too."""
    for route in app.routes:
        yield from route.routes if isinstance(route, Surface) else (route,)


def openapi(app: FastAPI) -> dict[str, Any]:
    """The generated document, with what its routes do not tell by their models."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=list(every_route(app)),
            tags=[{"name": name, "description": says} for name, says in TAGS.items()],
        )
        components = made["components"]
        own = {"Problem": PROBLEM_SCHEMA, "Error": ERROR_SCHEMA}
        components["schemas"] = COMPONENTS | components["schemas"] | own
        components["securitySchemes"] = SECURITY
        for path, operations in made["paths"].items():
            for operation in operations.values():
                if not path.startswith(("/health", "/images")):
                    operation.setdefault("security", [{"token": []}])
                for answer in operation["responses"].values():
                    lines = answer.get("content", {}).get(Lines.media_type, {"schema": {}})
                    lines["schema"].pop("type", None)  # the framework takes every stream for text
                if not {"Ticketmatic", "OpenTicket"} & {*operation["tags"]}:
                    operation["tags"].append(NATIVE)
        prepare(made, every_route(app))
        app.openapi_schema = made
    return app.openapi_schema
