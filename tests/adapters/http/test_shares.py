"""What one account fills up is not missing to another: readers, feeds, streams, questions."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from adapters.http import feed as feeds
from adapters.http.app import make_app
from adapters.http.questions import ASKING
from adapters.http.readers import EACH_LOCAL, EACH_REMOTE, THREADS, readers
from adapters.queries.turns import AT_ONCE, WAITING
from adapters.sealing import Seal
from adapters.settings import Settings
from application.keyring import NewKey, adding_signing_key
from domain.ids import account_number
from domain.registry import Role
from tests.adapters.http.talk import a_location, book_of, now, opened, refused
from tests.adapters.http.vendors import serving
from tests.conftest import ACCOUNT, add_keys
from tests.followers import changes, following

OTHER = {"Authorization": "Bearer sb_admin-token-other"}
BOUND = 30.0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    small = settings.model_copy(update={"streams_per_account": 2, "secret_key": "k" * 32})
    with closing(bootstrap(small)) as book:
        book.start_writer()
        add_keys(book)
        add_keys(book, "other", "-other")
        sealed = Seal(small).seal("ak", "sk")
        book.execute(
            adding_signing_key(NewKey(ACCOUNT, Role.ADMIN), "ak", sealed), account=0, actor="tests"
        )
    return small


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with opened(make_app(settings)) as client:
        yield client


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOUND
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def test_one_account_has_some_of_the_readers_only(client: TestClient, settings: Settings) -> None:
    async def each() -> int:
        return readers().each

    assert client.portal is not None
    allowed = EACH_REMOTE if settings.is_postgres else EACH_LOCAL
    assert client.portal.call(each) == allowed < THREADS


def test_every_question_that_may_wait_has_a_thread_to_wait_in() -> None:
    assert ASKING._max_workers == WAITING + AT_ONCE


def test_a_feed_that_is_slow_to_read_keeps_no_other_accounts_follower(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(settings) as server:
        own, others = server.token("slow", name="slow"), server.token("quick", name="quick")
        slow = account_number("slow")
        hanging, entered = threading.Event(), threading.Event()
        read = feeds.windowed

        def hung(book: Any, select: Any, outside: Any) -> Any:
            if select.account == slow:
                entered.set()
                hanging.wait(BOUND)
            return read(book, select, outside)

        monkeypatch.setattr(feeds, "windowed", hung)
        tokens = [one["Authorization"].removeprefix("Bearer ") for one in (own, others)]
        with ExitStack() as streams:
            streams.callback(hanging.set)
            for _ in range(2):
                streams.enter_context(following(server.port, "/v1/changes", tokens[0]))
            assert entered.wait(BOUND)

            stream = streams.enter_context(following(server.port, "/v1/changes", tokens[1]))
            first = next(changes(stream))

            assert first.data["actor"]
            assert not hanging.is_set()


def test_an_account_follows_so_many_streams_and_another_one_still_its_own(
    settings: Settings,
) -> None:
    with serving(settings) as server:
        mine, other = server.token("mine"), server.token("theirs")
        token = mine["Authorization"].removeprefix("Bearer ")
        stream = {"Accept": "text/event-stream"}
        followers = server.app.state.followers
        with ExitStack() as streams:
            for path in ("/v1/changes", "/v1/projections"):
                next(streams.enter_context(following(server.port, path, token)))

            too_many = server.http.get("/v1/changes", headers=mine | stream)

            problem = refused(too_many, 429, "too-many-requests")
            assert (problem["limit"], too_many.headers["Retry-After"]) == ("streams", "1")
            theirs = other["Authorization"].removeprefix("Bearer ")
            next(streams.enter_context(following(server.port, "/v1/changes", theirs)))
            assert server.http.get("/v1/changes", headers=mine).status_code == 200
        eventually(lambda: not followers.by_account)
        with following(server.port, "/v1/changes", token) as again:
            next(again)


def test_a_server_that_stops_refuses_the_questions_that_wait(client: TestClient) -> None:
    a_location(client)
    now(client, "/v1/locations")
    turns = book_of(client).queries.turns
    basic = {"Authorization": f"Basic {base64.b64encode(b'ak:sk').decode()}"}
    path = f"/api/1/{ACCOUNT}/events"
    with ExitStack() as held, ThreadPoolExecutor(1) as beside:
        for account in range(1, AT_ONCE + 1):
            held.enter_context(turns.turn(account))
        asked = {"filter": "select id from tm.event"}
        waits = beside.submit(client.get, path, params=asked, headers=basic)
        eventually(lambda: turns.waiting == 1)

        assert client.portal is not None
        client.portal.call(client.app.state.stopping.set)  # type: ignore[attr-defined]
        answer = waits.result(BOUND)

    assert answer.status_code == 503
    assert answer.json()["message"] == "Stagebook is stopping: try again"
