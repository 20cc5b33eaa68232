"""What tests over HTTP share."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from ticketmatic.client import Client

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from tests.adapters.http.talk import opened
from tests.adapters.http.vendors import Served, serving
from tests.conftest import add_keys

PATIENCE = 60
"""Seconds that a read may wait for its view, on a machine that is busy with other tests."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"view_wait": PATIENCE})


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An admin of the account `demo` on SQLite, for the whole module: make your own things.

    There is an account `other`, too, whose tokens end in `-other`.
    """
    settings = Settings(store=str(tmp_path_factory.mktemp("web")), view_wait=PATIENCE)
    book = bootstrap(settings)
    book.start()
    add_keys(book)
    add_keys(book, "other", "-other")
    book.close()
    with opened(make_app(settings)) as client:
        yield client


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that vendors' clients talk to; make an account of your own on it."""
    place = str(tmp_path_factory.mktemp("served"))
    with serving(Settings(store=place, view_wait=PATIENCE, secret_key="k" * 32)) as server:
        yield server


@pytest.fixture
def tm(served: Served) -> Iterator[Client]:
    """The published client of a new account whose base language is English, in Brussels."""
    with served.client(timezone="Europe/Brussels") as client:
        yield client
