"""The vendor's published client, unmodified, over real HTTP: a server for each process of tests,
an account for each test."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any
from unittest.mock import patch

import httpx
import uvicorn
from ticketmatic.client import Client

from adapters.bootstrap import Stagebook, bootstrap
from adapters.http.app import make_app
from adapters.sealing import Seal
from adapters.settings import Settings
from application.keyring import NewKey, adding_key, adding_signing_key
from domain.registry import Role

SECRET, BOUND = "sk", 30.0
_numbers = count(1)
trusted = cache(ssl.create_default_context)


class Served:
    """A server in a thread, and what opens accounts beside it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app = make_app(settings)
        config = uvicorn.Config(self.app, port=0, log_level="error", lifespan="on", loop="asyncio")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + BOUND
        while not self._server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        with patch("ssl.create_default_context", trusted):
            self.http = httpx.Client(base_url=self.url, timeout=BOUND)
        self.beside: Stagebook = bootstrap(settings)
        self.beside.start_writer()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def book(self) -> Stagebook:
        """The server's own."""
        book: Stagebook = self.app.state.stagebook
        return book

    def client(self, account: str | None = None, role: Role = Role.EDITOR, **has: Any) -> Client:
        """A client of a new account, or with another key of that one."""
        number = next(_numbers)
        accesskey, name = f"ak{number}", account or f"house{number}"
        has = {"name": f"key of {name}" if account is None else None, **has}
        sealed = Seal(self.settings).seal(accesskey, SECRET)
        adding = adding_signing_key(NewKey(name, role, **has), accesskey, sealed)
        self.beside.execute(adding, account=0, actor="tests")
        self.book.keyring.refresh()
        return self.connected(name, accesskey)

    def connected(self, account: str, accesskey: str) -> Client:
        """A client with that key. What it would trust is loaded once, for it takes long."""
        with patch("ssl.create_default_context", trusted):
            return Client(account, accesskey, SECRET, server=self.url, timeout=BOUND)

    def token(
        self, account: str, role: Role = Role.ADMIN, *, name: str | None = None
    ) -> dict[str, str]:
        """What asks the native surface in that account."""
        token = f"sb_native-{next(_numbers)}"
        adding = adding_key(NewKey(account, role, name), token)
        self.beside.execute(adding, account=0, actor="tests")
        self.book.keyring.refresh()
        return {"Authorization": f"Bearer {token}"}

    def session(self, headers: dict[str, str]) -> httpx.Client:
        """A client of the other surfaces that sends these headers."""
        with patch("ssl.create_default_context", trusted):
            return httpx.Client(base_url=self.url, headers=headers, timeout=BOUND)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(BOUND)
        self.beside.close()
        self.http.close()


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    served = Served(settings)
    try:
        yield served
    finally:
        served.close()
