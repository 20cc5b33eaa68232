"""What is asked in two ways and means the same: HEAD is GET without the body, and a path of the
native surface with a slash at its end is the one without."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NATIVE = ("/v1/", "/health/", "/metrics/")


class Answered(Exception):  # noqa: N818 - it ends a stream, nothing is wrong
    """The head is all that was asked for."""


class Paths:
    """Middleware between the connection and the routes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        path: str = scope["path"]
        if path.endswith("/") and path.startswith(NATIVE):
            scope["path"] = path.rstrip("/")
            scope["raw_path"] = scope["path"].encode()
        asked = self._head if scope["method"] == "HEAD" else self.app
        return asked(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def sending(message: Message) -> None:
            nonlocal answered
            scope["method"] = "HEAD"  # a server looks whether a body has to follow
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            answered = True
            if message.get("more_body"):
                raise Answered

        scope["method"] = "GET"
        try:
            await self.app(scope, receive, sending)
        except Exception:
            if not answered:
                raise
