"""The role that questions are answered with on PostgreSQL: made once a cluster, or done without."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from uuid import uuid4

import psycopg
import pytest

from adapters.bootstrap import Stagebook, bootstrap
from adapters.queries.postgres import PostgresSession
from adapters.settings import Settings
from application.ports import StoreUnavailable
from domain.errors import Invalid
from tests.adapters.queries.conftest import DEMO


@pytest.fixture
def server(postgres: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


def test_processes_that_start_together_all_have_the_role(
    postgres: str, server: psycopg.Connection
) -> None:
    names = [f"r{uuid4().hex[:12]}" for _ in range(4)]
    for name in names:
        server.execute(f"CREATE DATABASE {name}".encode())
    server.execute("DROP ROLE IF EXISTS stagebook_query")

    def start(name: str) -> Stagebook:
        store = postgres.replace("/postgres?", f"/{name}?")
        return bootstrap(Settings(store=store, connections=2))

    with ExitStack() as opened, ThreadPoolExecutor(4) as together:
        books = [opened.enter_context(closing(book)) for book in together.map(start, names)]
        answers = [book.queries.ids(DEMO, "select count(*) from tm.event") for book in books]

    assert answers == [[0]] * 4
    for name in names:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_without_the_role_questions_are_refused_until_it_is_granted(
    postgres: str, server: psycopg.Connection
) -> None:
    name = f"r{uuid4().hex[:12]}"
    server.execute(f"CREATE ROLE {name} LOGIN".encode())
    server.execute(f"CREATE DATABASE {name} OWNER {name}".encode())
    store = postgres.replace("/postgres?", f"/{name}?").replace("//postgres:@", f"//{name}:@")

    with closing(bootstrap(Settings(store=store, connections=2))) as book:
        book.start()
        book.open_account("demo", "en", "EUR", "UTC")
        with pytest.raises(Invalid, match="the database has no role stagebook_query"):
            book.queries.ids(DEMO, "select id from tm.event")
        assert book.catch_up(30)

        server.execute(f"GRANT stagebook_query TO {name}".encode())
        assert book.queries.ids(DEMO, "select id from conf.pricetype order by id") == [1, 2, 3]

    server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    server.execute(f"DROP ROLE {name}".encode())


def test_a_server_that_dies_over_a_question_is_not_the_questions_fault(
    database: str, server: psycopg.Connection
) -> None:
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        session = PostgresSession(connection, "", time.monotonic() + 30)
        server.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))

        with pytest.raises(StoreUnavailable):
            session.run("SELECT 1")
