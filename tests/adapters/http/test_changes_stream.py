"""`/v1/changes` as server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from itertools import count, islice
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.http import feed, streams
from adapters.http.errors import TooManyRequests
from adapters.http.feed import Feed
from adapters.http.streams import EventStream, Followers
from adapters.settings import Settings
from application.keyring import revoking_key
from application.locations import change_location
from application.unit_of_work import UnitOfWork
from domain.ids import account_number
from domain.lineage import Identity
from domain.location import LocationFields
from domain.registry import Role
from tests.adapters.http.talk import AS, Json, a_location, position, refused
from tests.adapters.http.vendors import Served
from tests.followers import Told, changes, following

BOUND = 30.0
NUMBERS = count(1)
STREAM = {"Accept": "text/event-stream"}


class House:
    """An account of its own on a server."""

    def __init__(self, served: Served, name: str) -> None:
        self.served, self.name = served, name
        headers = served.token(name, Role.ADMIN, name=name)
        self.token = headers["Authorization"].removeprefix("Bearer ")
        self.http = served.session(headers)
        self.start = served.book.store.position()

    def location(self, **fields: Any) -> Json:
        answer = self.http.post("/v1/locations", json={"name": "Hall", **fields})
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    def changed(self, number: int, times: int) -> None:
        """So many changes of a Location, committed at once."""

        def decide(work: UnitOfWork) -> None:
            for capacity in range(1, times + 1):
                change_location(work, number, LocationFields(capacity=capacity))

        book = self.served.beside
        book.execute(decide, account=account_number(self.name), actor="tests")

    def page(self, query: str = "") -> list[Json]:
        at = str(self.served.book.store.position())
        asked = f"/v1/changes?after={self.start}&limit=1000{query}"
        data: list[Json] = self.http.get(asked, headers={"Stagebook-After": at}).json()["data"]
        return data

    def follow(self, query: str = "", last: int | str | None = None) -> Any:
        path = f"/v1/changes?after={self.start}{query}"
        return following(self.served.port, path, self.token, last)


@pytest.fixture
def house(served: Served) -> Iterator[House]:
    made = House(served, f"stream{next(NUMBERS)}")
    yield made
    made.http.close()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOUND
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def test_the_stream_has_the_entries_of_the_page_and_then_what_is_committed(house: House) -> None:
    first = house.location(name="first\nof two lines")
    house.changed(first["id"], 150)

    with house.follow() as stream:
        few = changes(stream)
        seen = list(islice(few, 151))
        house.location(name="later")
        seen.append(next(few))

    assert [one.data for one in seen] == house.page()
    assert [one.id for one in seen] == [one.data["position"] for one in seen]
    assert seen[-1].data["data"]["fields"] == {"name": "later"}


def test_it_goes_on_behind_the_last_one_that_came_whatever_the_address_says(house: House) -> None:
    for name in ("one", "two", "three"):
        house.location(name=name)
    second = house.page()[1]["position"]

    with house.follow(last=second) as stream:
        found = next(changes(stream))

    assert found.data["data"]["fields"] == {"name": "three"}


def test_filters_are_kept_and_what_they_leave_out_is_not_read_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FAR", 50)
    number = house.location()["id"]
    house.changed(number, 60)
    head = house.page()[-1]["position"]
    with house.follow("&fact=LocationCreated") as stream:
        until_head: list[Told] = []
        while not until_head or until_head[-1].id < head:
            until_head.append(next(stream))
        house.location(name="new")
        found = next(changes(stream))

    assert [one.name for one in until_head] == ["position", "change", "position"]
    assert until_head[-1].data == {"position": head}
    assert found.data["data"]["fields"] == {"name": "new"}


def test_a_filter_that_finds_little_is_looked_for_piece_by_piece(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "WINDOW", 10)
    number = house.location()["id"]
    house.changed(number, 95)
    house.location(name="last")

    with house.follow("&fact=LocationCreated") as stream:
        found = list(islice(changes(stream), 2))

    assert [one.data["data"]["fields"]["name"] for one in found] == ["Hall", "last"]


def test_in_silence_it_says_now_and_then_where_it_stands(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "KEEP_ALIVE_SECONDS", 0.1)
    monkeypatch.setattr(feed, "LOOK_SECONDS", 0.05)
    with house.follow("&fact=EventDeleted") as stream:
        first = next(stream)
        house.location()
        head = house.page()[-1]["position"]
        said = next(one for one in stream if one.id >= head)

    assert first == Told("position", house.start, {"position": house.start})
    assert said.name == "position"


def test_a_stream_is_nothing_that_may_be_kept_on_the_way(house: House) -> None:
    with house.http.stream("GET", "/v1/changes", headers=STREAM) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store, no-transform"
        assert answer.headers["x-accel-buffering"] == "no"
        opening = next(answer.iter_text())
        of = answer.headers["stagebook-store"]

    assert f'event: position\ndata: {{"position":0}}\nid: {of}.0\nretry: 1000\n\n' in opening


def test_each_says_of_which_store_and_epoch_it_is_and_who_sends_that_back_goes_on(
    house: House,
) -> None:
    for name in ("one", "two", "three"):
        house.location(name=name)
    with house.follow() as stream:
        _, second, third = islice(changes(stream), 3)
    assert second.store == str(house.served.book.identity)

    with house.follow(last=f"{second.store}.{second.id}") as stream:
        assert next(changes(stream)) == third


def other_epoch(of: Identity) -> str:
    return str(of._replace(epoch=of.epoch - 1))


def other_store(of: Identity) -> str:
    return str(of._replace(id="0" * 16))


@pytest.mark.parametrize("other", [other_epoch, other_store])
def test_a_last_event_of_another_store_or_epoch_is_refused_with_what_answers(
    web: TestClient, other: Callable[[Identity], str]
) -> None:
    identity = web.app.state.stagebook.identity  # type: ignore[attr-defined]
    headers = {**STREAM, "Last-Event-ID": f"{other(identity)}.0"}

    problem = refused(web.get("/v1/changes", headers=headers), 409, "other-epoch")

    assert problem["store"] == str(identity)
    sent = {**STREAM, "Stagebook-Store": other(identity)}
    refused(web.get("/v1/changes?after=0", headers=sent), 409, "other-epoch")


@pytest.mark.parametrize("other", [other_epoch, other_store])
def test_nothing_is_read_or_written_that_is_about_another_store_or_epoch(
    web: TestClient, other: Callable[[Identity], str]
) -> None:
    identity = web.app.state.stagebook.identity  # type: ignore[attr-defined]
    made = a_location(web)
    path, head = f"/v1/locations/{made['id']}", position(web)
    etag = web.get(path).headers["ETag"]

    for method, asked in (("GET", {"If-None-Match": etag}), ("DELETE", {"If-Match": etag})):
        sent = {**asked, "Stagebook-Store": other(identity)}
        problem = refused(web.request(method, path, headers=sent), 409, "other-epoch")
        assert problem["store"] == str(identity)

    assert position(web) == head
    same = {"If-None-Match": etag, "Stagebook-Store": str(identity)}
    assert web.get(path, headers=same).status_code == 304


@pytest.mark.parametrize("of", ["", "{identity}."])
def test_a_last_event_that_the_store_never_had_is_refused_with_where_it_stands(
    web: TestClient, of: str
) -> None:
    identity, head = web.app.state.stagebook.identity, position(web)  # type: ignore[attr-defined]
    last = f"{of.format(identity=identity)}{head + 1_000}"

    answer = web.get("/v1/changes", headers={**STREAM, "Last-Event-ID": last})

    problem = refused(answer, 409, "ahead-of-store")
    assert (problem["position"], problem["store"]) == (head, str(identity))
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "last", ["", "x", "-1", "1.5", "1.x.3", "abc.5.", "9" * 20, "4611686018427387905", "٣"]
)
def test_a_last_event_that_is_no_position_is_refused(web: TestClient, last: str) -> None:
    headers = {**STREAM, "Last-Event-ID": last.encode()}

    problem = refused(web.get("/v1/changes", headers=headers), 422, "invalid")

    assert problem["errors"][0]["path"] == "Last-Event-ID"


@pytest.mark.parametrize("query", ["after=x", "kind=nothing", "since=soon", "limit=0", "x=1"])
def test_a_bad_filter_is_refused_before_anything_is_streamed(web: TestClient, query: str) -> None:
    refused(web.get(f"/v1/changes?{query}", headers=STREAM), 422, "invalid")


def test_only_auditors_follow(web: TestClient) -> None:
    refused(web.get("/v1/changes", headers=STREAM | AS[Role.EDITOR]), 403, "forbidden")
    nobody = {"Authorization": "Bearer wrong"}
    refused(web.get("/v1/changes", headers=STREAM | nobody), 401, "unauthorized")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/plain", "text/event-streams"])
def test_who_does_not_ask_for_a_stream_is_given_a_page(web: TestClient, accept: str) -> None:
    answer = web.get("/v1/changes", headers={"Accept": accept, "Last-Event-ID": "x"})

    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["vary"] == "Accept"


def test_a_stream_ends_soon_after_its_key_is_revoked(house: House) -> None:
    house.location()
    book = house.served.beside

    with house.follow() as stream:
        next(changes(stream))
        book.keyring.refresh()
        keys = {key["name"]: key["id"] for key in book.keyring.every_key()}
        book.execute(revoking_key(keys[house.name]), account=0, actor="tests")
        revoked = time.monotonic()
        rest = list(stream)

    assert rest == []
    assert time.monotonic() - revoked < 10


def test_who_goes_away_is_noticed(house: House) -> None:
    following_now: Feed = house.served.app.state.feed
    house.location()

    with house.follow() as one, house.follow() as two:
        next(changes(one)), next(changes(two))
        eventually(lambda: following_now.waiting == 2)

    eventually(lambda: following_now.waiting == 0)


def test_many_followers_leave_the_reads_alone(house: House) -> None:
    number = house.location()["id"]
    house.changed(number, 400)

    with ExitStack() as open_:
        silent = [open_.enter_context(house.follow("&limit=1")) for _ in range(20)]
        shown = house.http.get(f"/v1/locations/{number}")
        assert shown.status_code == 200
        assert [len(list(islice(changes(s), 401))) for s in silent] == [401] * 20


def test_a_client_that_stopped_reading_is_sent_nothing_and_cut_off_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(streams, "GRACE_SECONDS", 0.01)
    made, over = 0, False

    async def blocks() -> AsyncIterator[bytes]:
        nonlocal made
        while True:
            made += 1
            yield b": some\n\n"

    async def send(message: Any) -> None:
        nonlocal over
        if message["type"] == "http.response.body":
            over = True
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def stalled() -> None:
        async with asyncio.timeout(BOUND):
            stream = EventStream(blocks(), lambda: not over, Followers(Settings(), print))
            await stream({"type": "http"}, receive, send)

    asyncio.run(stalled())

    assert made == 1


def test_a_stream_counts_from_when_it_is_granted_and_until_it_is_over() -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(_: Any) -> None:
        pass

    followers = Followers(Settings(streams_per_account=1), lambda _: None)
    granted = EventStream(nothing(), lambda: False, followers)
    with pytest.raises(TooManyRequests):
        EventStream(nothing(), lambda: False, followers)

    asyncio.run(granted({"type": "http"}, receive, send))
    assert not followers.by_account
    left = EventStream(nothing(), lambda: False, followers)
    del left  # its client left before it began
    assert not followers.by_account
