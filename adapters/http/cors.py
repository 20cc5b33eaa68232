"""Cross-origin requests: from browsers on the pages of the origins that the settings name, and for
the storefront, which needs no key, from any page."""

from collections.abc import Awaitable

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
EXPOSED = (
    "Content-Language",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "Retry-After",
    "Stagebook-As-Of",
    "Stagebook-Lag",
    "Stagebook-Position",
    "Stagebook-Store",
)
"""The headers of answers that scripts may read."""
STOREFRONT = "storefront"


class Cors:
    """Asked without an `Origin`, an application answers as if this was not there."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self.app = app
        self._anyone = _allowing(app, ("*",))
        self._own = _allowing(app, origins) if origins else app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        path: str = scope["path"]
        if STOREFRONT in path and STOREFRONT in path.split("/", 3)[1:3]:
            return self._anyone(scope, receive, send)
        return self._own(scope, receive, send)


def _allowing(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Keys come in a header that scripts set, so no cookies are let through."""
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=METHODS,
        allow_headers=("*",),
        expose_headers=EXPOSED,
    )
