"""`/`, `/docs`, what they load, and the OpenAPI documents: for anybody, without a token."""

import asyncio
from functools import cache, lru_cache, partial
from html import escape

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from adapters.http.openapi import DOCUMENTS, NATIVE, Described
from adapters.http.openapi_served import OpenApi
from adapters.http.pages import assets, files
from adapters.http.prepared import Prepared
from domain.errors import NotFound

HTML = "text/html; charset=utf-8"
JSON = "application/json"
SAME_ORIGIN = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""A page loads from this server alone, whatever it says."""
PAGE = {"Content-Security-Policy": SAME_ORIGIN, "Referrer-Policy": "no-referrer"}

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(request: Request) -> Response:
    """What this is and where to go on: a page for browsers, JSON for programs."""
    version = request.app.version
    if "text/html" in request.headers.get("accept", ""):
        address = str(request.base_url).rstrip("/")
        page = await asyncio.to_thread(home_page, version, address)
        return page.response(request, **PAGE, Vary="Accept, Accept-Encoding")
    return home_document(version).response(request, Vary="Accept, Accept-Encoding")


@router.get("/docs/")
@router.get("/docs")
async def docs(request: Request) -> Response:
    """The documentation of the native surface."""
    return (await asyncio.to_thread(docs_page, NATIVE)).response(request, **PAGE)


@router.get("/docs/{name}")
async def docs_of(request: Request, name: str) -> Response:
    """The documentation of another surface, or of all of them."""
    for document in DOCUMENTS:
        if document.name == name:
            return (await asyncio.to_thread(docs_page, document)).response(request, **PAGE)
    names = ", ".join(document.name for document in DOCUMENTS)
    raise NotFound(f"there is no documentation of {name[:100]}; there is: {names}")


@router.get(assets.PREFIX + "{file}")
async def asset(request: Request, file: str) -> Response:
    """A file that a page loads."""
    prepared = (await asyncio.to_thread(assets.served)).get(file)
    if prepared is None:
        raise NotFound(f"there is no file {file[:100]}")
    return prepared.response(request)


async def document(request: Request, described: Described) -> Response:
    """One OpenAPI document."""
    openapi: OpenApi = request.app.state.openapi
    return (await openapi.of(described.name)).response(request)


for each in DOCUMENTS:
    router.add_api_route(
        each.path, partial(document, described=each), name=f"openapi_{each.name}", methods=["GET"]
    )


@lru_cache(maxsize=16)
def home_page(version: str, address: str) -> Prepared:
    """The page as it is asked for: its lines to paste go to the address that answered."""
    return filled("home.html", version=version, address=escape(address))


@cache
def home_document(version: str) -> Prepared:
    document = {
        "name": "Stagebook",
        "version": version,
        "docs": "/docs",
        "openapi": {document.name: document.path for document in DOCUMENTS},
        "health": {"live": "/health/live", "ready": "/health/ready"},
    }
    return Prepared(to_json(document), JSON)


@cache
def docs_page(shown: Described) -> Prepared:
    links = "".join(
        f'<a href="{address(document)}"{" aria-current=page" if document is shown else ""}>'
        f"{escape(label(document))}</a>"
        for document in DOCUMENTS
    )
    return filled("docs.html", title=escape(shown.title), document=shown.path, links=links)


def address(document: Described) -> str:
    return "/docs" if document is NATIVE else f"/docs/{document.name}"


def label(document: Described) -> str:
    return {"native": "Stagebook /v1", "whole": "All"}.get(document.name, document.tags[0])


def filled(name: str, **values: str) -> Prepared:
    """A page with its values, and the addresses of what it loads."""
    page = files.text(name)
    for key, value in {**values, **assets.addresses()}.items():
        page = page.replace("{{" + key + "}}", value)
    return Prepared(page.encode(), HTML)
