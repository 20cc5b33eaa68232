"""Files that pages load, named with the hash of their content: browsers keep them for ever."""

from functools import cache
from hashlib import sha256
from pathlib import PurePosixPath

from adapters.http.pages import files
from adapters.http.prepared import Prepared

PREFIX = "/assets/"
FOREVER = "public, max-age=31536000, immutable"
KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
ASSETS = (
    "icon.svg",
    "pages.css",
    "docs.js",
    "swagger-ui/swagger-ui.css",
    "swagger-ui/swagger-ui-bundle.js",
)


@cache
def addresses() -> dict[str, str]:
    """Where each asset is served, by the name of its file."""
    return {PurePosixPath(name).name: PREFIX + hashed(name) for name in ASSETS}


def hashed(name: str) -> str:
    path = PurePosixPath(name)
    return f"{path.stem}.{sha256(files.read(name)).hexdigest()[:12]}{path.suffix}"


@cache
def served() -> dict[str, Prepared]:
    """The assets by the last part of their address."""
    return {
        hashed(name): Prepared(files.read(name), KINDS[PurePosixPath(name).suffix], cache=FOREVER)
        for name in ASSETS
    }
