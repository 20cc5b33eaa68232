"""Requests to `/v1` that say which store they are about: a position, a version and an entity tag of
another store or epoch tell nothing here."""

from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.http import errors
from adapters.http.freshness import STORE_HEADER
from adapters.watching.watcher import Watcher

NATIVE = "/v1/"


class NamedStore:
    """Refuses what is about another one."""

    def __init__(self, app: ASGIApp, watcher: Watcher) -> None:
        self.app, self._watcher = app, watcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if scope["type"] == "http" and scope["path"].startswith(NATIVE):
            for name, of in scope["headers"]:
                if name == STORE_HEADER and of != self._watcher.store:
                    app = errors.of_another(self._watcher.store.decode())
        await app(scope, receive, send)
