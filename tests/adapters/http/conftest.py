"""What tests over HTTP share."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from ticketmatic.client import Client

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from adapters.watching.stalls import Stall
from adapters.watching.watcher import Watcher
from tests.adapters.http.talk import opened
from tests.adapters.http.vendors import Served, serving
from tests.conftest import add_keys

PATIENCE = 60
"""Seconds that a read may wait for its view, on a machine that is busy with other tests."""


STANDS_SECONDS = 0.25
"""Processor time that nothing may take of the event loop at once. Not time by the clock: the
machine does other things meanwhile; and without collections of what the tests themselves keep."""


@pytest.fixture(scope="session")
def stops() -> Iterator[list[Stall]]:
    """Stops of every loop and writer in this process."""
    told: list[Stall] = []
    tell = Watcher.stalled

    def telling(watcher: Watcher, stall: Stall) -> None:
        told.append(stall)
        tell(watcher, stall)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Watcher, "stalled", telling)
        yield told


@pytest.fixture(autouse=True)
def loop_never_stands(stops: list[Stall]) -> Iterator[None]:
    """Whatever is asked in a test, the event loop goes on."""
    stops.clear()
    yield
    assert [stall for stall in stops if running(stall) > STANDS_SECONDS] == []


def running(stall: Stall) -> float:
    computed: float = stall.parts.get("running", 0) - stall.details.get("collecting", 0)
    return computed


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
