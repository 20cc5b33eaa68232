"""The OpenAPI document: all surfaces in one, and each surface by itself."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from adapters.http.components import COMPONENTS
from adapters.http.openticket.spec import ERROR_SCHEMA
from adapters.http.pages import files
from adapters.http.request_schemas import prepare, reachable
from adapters.http.surface import Surface
from adapters.http.v1.examples import EXAMPLES
from adapters.http.v1.spec import PROBLEM_SCHEMA, Lines, described

TITLE = "Stagebook"
TAGS = {
    "Locations": "Where Events take place",
    "Events": "What tickets are sold for, from Draft to Closed",
    "Dates": "When an Event takes place",
    "Tickets": "Contingents, locks, doors and single tickets of an Event",
    "Orders": "Sell, confirm, pay, refund, split and cancel",
    "Availability": "What is left, now and over time",
    "Catalog": "Price types, price lists, sales channels, contacts and what else an account names",
    "History": "Who changed what, when and why",
    "Changes": "Every change of the account, for other systems to follow",
    "Images": "Pictures of Events",
    "Projections": "Where documents come from, how far they are, and how to rebuild them",
    "Health": "Whether the server works",
    "Ticketmatic": "For unmodified clients of that vendor: the same things in its words",
    "OpenTicket": "For unmodified clients of that vendor, and its storefront",
}
"""In the order of the tour."""
DIALECTS = ("Ticketmatic", "OpenTicket")
SECURITY = {
    "token": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "signature": {"type": "apiKey", "in": "header", "name": "Authorization"},
}
LICENCE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
OPEN = ("/health", "/images")
"""What begins so asks for no token."""


class Described(NamedTuple):
    """One document: its name, where it is served, its title, and the tags that it shows."""

    name: str
    path: str
    title: str
    tags: tuple[str, ...]


NATIVE = Described("native", "/v1/openapi.json", TITLE, tuple(t for t in TAGS if t not in DIALECTS))
WHOLE = Described("whole", "/openapi.json", f"{TITLE}, every surface", tuple(TAGS))
DOCUMENTS = (
    NATIVE,
    Described(
        "ticketmatic", "/api/openapi.json", f"{TITLE} for Ticketmatic's clients", DIALECTS[:1]
    ),
    Described(
        "openticket", "/openticket/openapi.json", f"{TITLE} for OpenTicket's clients", DIALECTS[1:]
    ),
    WHOLE,
)


def every_route(app: FastAPI) -> Iterator[BaseRoute]:
    """Those of the surfaces, too."""
    for route in app.routes:
        yield from route.routes if isinstance(route, Surface) else (route,)


def openapi(app: FastAPI) -> dict[str, Any]:
    """The document of all surfaces, with what its routes do not tell by their models."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=WHOLE.title, version=app.version, routes=list(every_route(app))
        )
        components = document["components"]
        own = {"Problem": PROBLEM_SCHEMA, "Error": ERROR_SCHEMA}
        components["schemas"] = COMPONENTS | components["schemas"] | own
        components["securitySchemes"] = SECURITY
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                _complete(operation, path, reads=method == "get" and not path.startswith(OPEN))
        prepare(document, every_route(app))
        app.openapi_schema = shown(document, WHOLE)
    return app.openapi_schema


def shown(document: dict[str, Any], part: Described) -> dict[str, Any]:
    """The part of the whole document that is about some tags, and the components it needs."""
    rank = {tag: index for index, tag in enumerate(part.tags)}
    paths: dict[str, Any] = {}
    for path, operations in document["paths"].items():
        kept = {m: one for m, one in operations.items() if one["tags"][0] in rank}
        if kept:
            paths[path] = kept
    first = {
        path: min(rank[one["tags"][0]] for one in ones.values()) for path, ones in paths.items()
    }
    paths = {path: paths[path] for path in sorted(paths, key=first.__getitem__)}
    components = document["components"]
    names = reachable(components["schemas"], [paths])
    schemes = {
        name
        for ones in paths.values()
        for one in ones.values()
        for needed in one.get("security", ())
        for name in needed
    }
    return {
        "openapi": document["openapi"],
        "info": {
            "title": part.title,
            "version": document["info"]["version"],
            "description": files.text("introduction.md" if "Events" in rank else f"{part.name}.md"),
            "license": LICENCE,
        },
        "servers": [{"url": "/", "description": "The server of this document"}],
        "tags": [{"name": tag, "description": TAGS[tag]} for tag in part.tags],
        "paths": paths,
        "components": {
            "schemas": {n: s for n, s in components["schemas"].items() if n in names},
            "securitySchemes": {n: s for n, s in SECURITY.items() if n in schemes},
        },
    }


def _complete(operation: dict[str, Any], path: str, *, reads: bool) -> None:
    operation["tags"] = operation["tags"][-1:]
    operation["summary"] = summary(operation["description"])
    if bodies := EXAMPLES.get(operation["operationId"]):
        content = operation["requestBody"]["content"]["application/json"]
        content["examples"] = {
            name: {"summary": name, "value": value} for name, value in bodies.items()
        }
    if not path.startswith(OPEN):
        operation.setdefault("security", [{"token": []}])
    for status, answer in operation["responses"].items():
        names = ["Stagebook-Position", "Stagebook-Store"]
        if reads and status.startswith("2"):
            names.append("Stagebook-Lag")
        answer["headers"] = answer.get("headers", {}) | {name: described(name) for name in names}
        lines = answer.get("content", {}).get(Lines.media_type, {"schema": {}})
        lines["schema"].pop("type", None)  # the framework takes every stream for text


def summary(description: str) -> str:
    """The first clause of a description, on one line."""
    text = " ".join(description.split())
    ends = [end for mark in (". ", "; ", ": ") if (end := text.find(mark)) > 0]
    return text[: min(ends, default=len(text))].rstrip(".").replace("`", "")
