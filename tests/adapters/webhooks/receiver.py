"""A real server on the loopback that webhooks are delivered to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any

Answering = Callable[["Heard"], int | bytes]


@dataclass(frozen=True)
class Heard:
    """One request."""

    path: str
    headers: dict[str, str]
    """By name in lower case."""
    raw: bytes

    @property
    def resource(self) -> Any:
        """The body: the thing itself."""
        return json.loads(self.raw)

    @property
    def body(self) -> Any:
        """What happened to it."""
        return self.resource["stagebook"]

    @property
    def key(self) -> str:
        return self.headers["openticket-dedupe-key"]


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    """More than connect at once: a connection that is dropped is tried again a second later."""


class Receiver:
    """Answers 200, or what `answering` says: a status, or the bytes of a whole answer."""

    def __init__(self, tls: SSLContext | None = None) -> None:
        self.heard: list[Heard] = []
        self.answering: Answering = lambda _: 200
        self._server = Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/hear"

    @contextmanager
    def listening(self) -> Iterator["Receiver"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                named = {name.lower(): value for name, value in self.headers.items()}
                heard = Heard(self.path, named, raw)
                receiver.heard.append(heard)
                answer = receiver.answering(heard)
                if isinstance(answer, bytes):
                    self.wfile.write(answer)
                else:
                    self.send_response(answer)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
