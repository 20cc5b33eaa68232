"""Views, the same over SQLite and PostgreSQL: what is written, what is found, and generations."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from pydantic_core import from_json

from adapters.stores.memory import MemoryStore
from adapters.views.select import Select
from adapters.views.sql import SqlView
from application.ports import StoreUnavailable, VersionTaken
from domain.ids import MAX_ACCOUNT, Kind, guid
from projections import rebuilding
from projections import worker as live_worker
from projections.base import BeingRebuilt, Parked, Projection, Row, View, ViewMoved
from projections.memory import MemoryView
from projections.rebuilding import bring_up_to_date, rebuild
from projections.runner import Runner
from projections.worker import LiveWorker
from tests.contracts.conftest import Place, Views
from tests.contracts.facts import changed, history
from tests.contracts.notes import LATER_NOTES, NOTES, OTHERS, follow, said
from tests.spec import ACCOUNT

ROOT = Path(__file__).parents[2]
FOREVER = 2**62
silent = lambda _position, _head: None  # noqa: E731 - a rebuild that nobody watches


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebuild of a few hundred facts takes several steps."""
    monkeypatch.setattr(rebuilding, "SLICE", 100)
    monkeypatch.setattr(rebuilding, "BATCH", 100)


@pytest.fixture
def views(place: Place) -> Views:
    return place.views(NOTES, OTHERS)


@pytest.fixture
def view(views: Views) -> SqlView:
    return views.live(NOTES)


def key(number: int, account: int = ACCOUNT) -> bytes:
    return guid(account, Kind.LOCATION, number).bytes


def row(number: int, *, account: int | None = ACCOUNT, owner: int = ACCOUNT, **is_: Any) -> Row:
    """A document of `owner`, listed for `account`."""
    columns = (number, is_.get("rank", 0), is_.get("place"), is_.get("name", ""))
    body = is_.get("body", str(number).encode())
    terms = is_.get("terms", ())
    return Row(key(number, owner), account, b"{}", body, f'"{number}"', columns, terms)


def put(view: SqlView | MemoryView, *rows: Row) -> None:
    view.commit(rows, (), since=view.position(), position=view.position() + 1)


def eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.005)


# -- commit


def test_a_commit_moves_the_position_with_its_documents(view: SqlView) -> None:
    assert view.position() == 0

    view.commit([row(1), row(2)], [], since=0, position=17)

    assert view.position() == 17
    assert view.document(key(1)) == (b"1", '"1"')
    assert view.known([key(404), key(1), key(2)]) == {key(1), key(2)}
    assert view.states([key(1), key(2), key(3)]) == {key(1): b"{}", key(2): b"{}"}


def test_a_commit_from_elsewhere_than_where_the_view_stands_writes_nothing(view: SqlView) -> None:
    view.commit([row(1, body=b"first")], [], since=0, position=5)

    for since in (0, 4, 6, -1):
        with pytest.raises(ViewMoved):
            view.commit([row(1, body=b"late"), row(2)], [Parked(key(3), 6, "late")], since, 9)

    assert view.position() == 5
    assert view.document(key(1)) == (b"first", '"1"')
    assert view.document(key(2)) is None
    assert view.parked() == {}


def test_a_commit_that_fails_half_way_writes_nothing(view: SqlView) -> None:
    twice = row(2, terms=("word:b", "word:b"))
    with pytest.raises((StoreUnavailable, VersionTaken)):
        view.commit([row(1, terms=("word:a",)), twice], [Parked(key(3), 1, "no")], 0, 1)

    assert view.position() == 0
    assert view.document(key(1)) is None
    assert view.page(Select(ACCOUNT, exact=("word:a",))).total == 0
    assert view.parked() == {}


def test_of_two_processes_at_one_position_one_commits(place: Place) -> None:
    sides = [place.views(NOTES).live(NOTES) for _ in range(2)]
    start = threading.Barrier(2)

    def race(view: SqlView) -> list[int]:
        won = []
        for position in range(20):
            start.wait(10)
            try:
                view.commit([row(position)], [], position, position + 1)
            except ViewMoved:
                continue
            won.append(position)
        return won

    with ThreadPoolExecutor(2) as threads:
        won = [p for wins in threads.map(race, sides) for p in wins]

    assert sorted(won) == list(range(20))
    assert sides[0].position() == 20


def test_two_workers_fold_every_fact_exactly_once(place: Place) -> None:
    log = MemoryStore()
    for number in range(1, 6):
        log.append(history(number, 40))
    views = [place.views(NOTES).live(NOTES) for _ in range(2)]

    def work(view: SqlView) -> None:
        while view.position() < log.position():
            with suppress(ViewMoved):
                follow(view, log, batch=7)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, views))

    documents = said(views[0])
    assert {n: d["said"] for n, d in documents.items()} == dict.fromkeys(range(1, 6), 40)


def test_what_is_written_is_there_when_the_view_is_opened_again(place: Place) -> None:
    first = place.views(NOTES)
    put(first.live(NOTES), row(1, terms=("word:a",)))
    first.close()

    again = place.views(NOTES).live(NOTES)

    assert again.position() == 1
    assert again.page(Select(ACCOUNT, exact=("word:a",))).bodies == [b"1"]


def test_a_document_that_stopped_stays_parked_where_it_stopped(view: SqlView) -> None:
    view.commit([], [Parked(key(1), 3, "first")], since=0, position=3)

    view.commit([], [Parked(key(1), 4, "later"), Parked(key(2), 4, "é")], since=3, position=4)

    assert view.parked() == {
        key(1): Parked(key(1), 3, "first"),
        key(2): Parked(key(2), 4, "é"),
    }


def test_states_are_given_for_any_number_of_keys(view: SqlView) -> None:
    put(view, *[row(number) for number in range(1, 1_202)])

    states = view.states([key(number) for number in range(1, 2_000)])

    assert states.keys() == {key(number) for number in range(1, 1_202)}
    assert view.states([]) == {}


def test_keys_are_found_by_a_column_within_their_account_listed_or_not(view: SqlView) -> None:
    put(
        view,
        row(3, place=9),
        row(1, place=9),
        row(2, place=8),
        row(4, place=9, account=None),
        row(1, place=9, owner=ACCOUNT + 1),
        row(1, place=9, owner=ACCOUNT - 1),
        row(1, place=9, owner=MAX_ACCOUNT),
    )

    assert view.keys_where("position", 9, ACCOUNT) == [key(1), key(3), key(4)]
    assert view.keys_where("position", 9, MAX_ACCOUNT) == [key(1, MAX_ACCOUNT)]
    assert view.keys_where("position", 7, ACCOUNT) == []


def test_documents_are_found_by_a_term_in_their_own_account_listed_or_not(view: SqlView) -> None:
    memory = MemoryView(NOTES.columns)
    for written in (view, memory):
        put(
            written,
            row(4, terms=("a", "b"), account=None, body=None),
            row(1, terms=("a",)),
            row(2, terms=("ab", "b")),
            row(3, terms=("a",)),
            row(1, owner=ACCOUNT + 1, terms=("a",)),
            row(1, owner=ACCOUNT - 1, terms=("a",)),
            row(1, owner=MAX_ACCOUNT, terms=("a",)),
        )
        put(written, row(1, terms=None), row(3, terms=("c",)))

    for read in (view, memory):
        assert read.keys_with("a", ACCOUNT) == [key(1), key(4)]
        assert read.keys_with("a", MAX_ACCOUNT) == [key(1, MAX_ACCOUNT)]
        assert read.keys_with("A", ACCOUNT) == []


def test_documents_of_every_account_are_found_up_to_a_value_the_lowest_first(
    view: SqlView,
) -> None:
    put(
        view,
        row(1, place=30),
        row(2, place=10, account=None, body=None),
        row(3, place=None),
        row(4, place=20, owner=MAX_ACCOUNT),
        row(5, place=31),
    )

    assert view.keys_upto("position", 30, 9) == [key(2), key(4, MAX_ACCOUNT), key(1)]
    assert view.keys_upto("position", 30, 2) == [key(2), key(4, MAX_ACCOUNT)]
    assert view.keys_upto("position", 9, 9) == []


def test_a_document_without_a_body_has_no_page(view: SqlView) -> None:
    put(view, row(1, account=None, body=None), row(2, account=None))

    assert view.document(key(1)) is None
    assert view.document(key(2)) == (b"2", '"2"')
    assert view.document(key(3)) is None
    assert view.page(Select(ACCOUNT)).bodies == []


def test_a_document_is_found_by_its_terms_of_today(view: SqlView) -> None:
    def found(**by: Any) -> list[bytes]:
        return list(view.page(Select(ACCOUNT, **by)).bodies)

    put(view, row(1, terms=("word:live", "tag:a")), row(2, terms=("word:lively",)))
    assert found(prefixes=("word:live",)) == [b"1", b"2"]

    put(view, row(1, terms=None), row(2, terms=("word:dead",)))

    assert found(exact=("word:live",)) == [b"1"]
    assert found(prefixes=("word:live",)) == [b"1"]
    assert found(prefixes=("word:d",)) == [b"2"]
    assert found(prefixes=("word:l", "tag:")) == [b"1"]
    assert found(prefixes=("word:l",), exact=("tag:b",)) == []


def test_the_whole_view_is_one_moment(place: Place) -> None:
    """A check may read while a worker writes: documents and position belong together."""
    written, read = (place.views(NOTES).live(NOTES) for _ in range(2))
    done = threading.Event()

    def write() -> None:
        for position in range(60):
            written.commit(
                [row(n, body=str(position + 1).encode()) for n in (1, 2)],
                [],
                position,
                position + 1,
            )
        done.set()

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        while not done.is_set() and not writing.done():
            position, documents = read.whole()
            bodies = {body for body, _ in documents.values()}
            assert bodies == ({str(position).encode()} if position else set())
        writing.result(10)
    assert read.whole()[0] == 60


# -- pages


NAMES = ("", "a", "A", "ab", "b", "Éa", "é", "z", "\U0001f3ad", "￮", "a b")


def documents() -> list[dict[str, Any]]:
    """Sixty documents of every kind: without a place, without an end, with equal names."""
    random = Random(7)  # noqa: S311 - the same ones every time
    words = ("live", "lively", "jazz", "été", "ét")
    return [
        {
            "number": number,
            "rank": random.choice((FOREVER, FOREVER, -5, 0, 1, 2**53)),
            "place": random.choice((None, 1, 2, 3)),
            "name": random.choice(NAMES),
            "terms": tuple(
                [f"word:{w}" for w in random.sample(words, random.randint(0, 3))]
                + [f"tag:{t}" for t in random.sample(("a", "ab", "b"), random.randint(0, 2))]
            ),
        }
        for number in range(1, 61)
    ]


def has(document: dict[str, Any], *starts: str) -> bool:
    return all(any(term.startswith(s) for term in document["terms"]) for s in starts)


Filter = tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]
FILTERS: list[Filter] = [
    ({}, lambda _: True),
    ({"where": (("position", "=", 2),)}, lambda d: d["place"] == 2),
    ({"where": (("position", "in", (1, 3)),)}, lambda d: d["place"] in (1, 3)),
    ({"where": (("position", ">", 1),)}, lambda d: (d["place"] or 0) > 1),
    ({"where": (("position", "<=", 2),)}, lambda d: (d["place"] or 9) <= 2),
    (
        {"where": (("rank", ">=", 0), ("rank", "<", FOREVER))},
        lambda d: 0 <= d["rank"] < FOREVER,
    ),
    ({"where": (("position", "in", ()),)}, lambda _: False),
    ({"prefixes": ("word:l",)}, lambda d: has(d, "word:l")),
    ({"prefixes": ("word:ét", "word:j")}, lambda d: has(d, "word:ét", "word:j")),
    ({"exact": ("tag:a",)}, lambda d: "tag:a" in d["terms"]),
    (
        {"exact": ("tag:a",), "prefixes": ("word:live",), "where": (("position", "in", (1, 2)),)},
        lambda d: "tag:a" in d["terms"] and has(d, "word:live") and d["place"] in (1, 2),
    ),
]


def walk(view: SqlView, select: Callable[..., Select], total: int) -> Iterator[bytes]:
    """Every page, one after another."""
    after = None
    while True:
        page = view.page(select(after=after))
        assert page.total == total
        yield from page.bodies
        if page.last is None:
            return
        after = page.last


def test_pages_give_every_document_once_in_order_whatever_is_asked(view: SqlView) -> None:
    everything = documents()
    put(view, *[row(**d) for d in everything])
    put(view, row(61, account=None), row(1, owner=8, account=8, body=b"another account's"))
    orders = ("number", "rank", "name")

    for (asked, fits), order, descending in product(FILTERS, orders, (False, True)):
        found = sorted(
            (d for d in everything if fits(d)),
            key=lambda d: (d[order], d["number"]),
            reverse=descending,
        )
        expected = [str(d["number"]).encode() for d in found]
        for limit in (1, 7, 60) if len(found) < 20 else (7, 60):
            select = partial(
                Select, ACCOUNT, order=order, descending=descending, limit=limit, **asked
            )
            assert list(walk(view, select, len(found))) == expected, select()


def test_more_numbers_than_parameters_can_be_asked_for(view: SqlView) -> None:
    put(view, *(row(number) for number in range(1, 7)))
    even = tuple(range(2, 200_000, 2))

    page = view.page(Select(ACCOUNT, (("number", "in", even), ("rank", "=", 0)), limit=2))

    assert (page.bodies, page.total) == ([b"2", b"4"], 3)


def test_a_page_that_ends_with_the_last_document_says_so(view: SqlView) -> None:
    put(view, row(1), row(2))

    assert view.page(Select(ACCOUNT, limit=2)).last is None
    assert view.page(Select(ACCOUNT, limit=1)).last == (1,)
    assert view.page(Select(ACCOUNT, limit=1, order="name")).last == ("", 1)


def test_documents_that_come_and_go_between_pages_shift_no_other(view: SqlView) -> None:
    put(view, *[row(number) for number in (10, 20, 30, 40)])
    first = view.page(Select(ACCOUNT, limit=2))

    put(view, row(5), row(25), row(20, account=None))

    second = view.page(Select(ACCOUNT, limit=9, after=first.last))
    assert [*first.bodies, *second.bodies] == [b"10", b"20", b"25", b"30", b"40"]


def test_totals_are_those_of_today(view: SqlView) -> None:
    for count in range(1, 4):
        put(view, row(count, place=1))
        assert view.page(Select(ACCOUNT, limit=1)).total == count
        assert view.page(Select(ACCOUNT, (("position", "=", 1),), limit=1)).total == count

    put(view, row(2, account=None))

    assert view.page(Select(ACCOUNT, limit=1)).total == 2


# -- generations


def test_a_rebuild_gives_the_documents_that_the_live_view_has(views: Views) -> None:
    log = MemoryStore()
    log.append([*history(1, 30), *history(2, 20)])
    live = views.live(NOTES)
    follow(live, log, batch=3)
    before = live.whole()

    rebuild(NOTES, log, views, silent)

    served = views.live(NOTES)
    assert served is not live
    assert served.whole() == before


def test_the_live_view_is_whole_until_the_new_one_is(views: Views) -> None:
    log = MemoryStore()
    for number in range(1, 10):
        log.append(history(number, 50))
    follow(views.live(NOTES), log)
    before = views.live(NOTES).whole()
    seen = []

    rebuild(NOTES, log, views, lambda at, _: seen.append((at, views.live(NOTES).whole())))

    assert len(seen) > 2
    assert all(whole == before for _, whole in seen)


def test_progress_is_told_up_to_the_head(views: Views) -> None:
    log = MemoryStore()
    log.append([*history(1, 100), *history(2, 100), *history(3, 50)])
    told: list[tuple[int, int]] = []

    rebuild(NOTES, log, views, lambda done, total: told.append((done, total)))

    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 2
    assert told[-1] == (250, 250)


def test_another_process_sees_the_switch(place: Place) -> None:
    one, other = place.views(NOTES), place.views(NOTES)
    log = MemoryStore()
    log.append(history(1, 3))
    follow(one.live(NOTES), log)
    assert said(other.live(NOTES))[1]["said"] == 3
    assert other.up_to_date(LATER_NOTES) is False

    rebuild(LATER_NOTES, log, one, silent)

    assert other.up_to_date(LATER_NOTES) is True
    eventually(lambda: "later" in said(other.live(NOTES))[1])


def test_a_process_that_looks_where_a_retired_view_stands_is_led_to_the_new_one(
    place: Place,
) -> None:
    one, other = place.views(NOTES), place.views(NOTES)
    log = MemoryStore()
    log.append(history(1, 3))
    follow(one.live(NOTES), log)
    retired = other.live(NOTES)

    for look in ("position", "lead"):
        rebuild(NOTES, log, one, silent)
        with suppress(ViewMoved):
            getattr(retired, look)()
        assert other.live(NOTES) is not retired
        retired = other.live(NOTES)

    assert retired.lead() > 0
    assert said(retired)[1]["said"] == 3


def test_a_commit_to_the_live_view_during_the_switch_is_refused(place: Place) -> None:
    one, other = place.views(NOTES), place.views(NOTES)
    live = one.live(NOTES)
    live.commit([row(1)], [], 0, 1)
    built = other.build(NOTES)
    built.begin(0, [])
    built.finish()
    built.commit([row(1)], [], 0, 1)
    outcome: list[BaseException] = []

    def commit() -> None:
        try:
            live.commit([row(2)], [], 1, 2)
        except ViewMoved as moved:
            outcome.append(moved)

    worker = threading.Thread(target=commit)
    with other.rebuilding(NOTES), other.switching(NOTES, built):
        worker.start()
        worker.join(0.1)
        assert worker.is_alive(), "it did not wait for the switch"
        built.commit([row(3)], [], 1, 3)
    worker.join(10)

    assert len(outcome) == 1
    eventually(lambda: one.live(NOTES).position() == 3)
    assert one.live(NOTES).document(key(2)) is None
    assert one.live(NOTES).document(key(3)) is not None


class Meanwhile:
    """Views that see one more fact recorded at the moment of every switch."""

    def __init__(self, views: Views, record: Callable[[], object]) -> None:
        self._views, self._record = views, record
        self.live, self.up_to_date = views.live, views.up_to_date
        self.rebuilding, self.build, self.before = views.rebuilding, views.build, views.before

    @contextmanager
    def switching(self, projection: Projection, built: View) -> Iterator[View]:
        with self._views.switching(projection, built) as live:
            self._record()
            yield live


def test_a_fact_recorded_at_the_moment_of_the_switch_is_in_the_new_view(views: Views) -> None:
    log = MemoryStore()
    log.append(history(1, 3))

    rebuild(NOTES, log, Meanwhile(views, lambda: log.append([changed(1, 4)])), silent)

    assert said(views.live(NOTES))[1]["said"] == 4
    assert views.live(NOTES).position() == log.position()


def test_live_workers_and_rebuilds_at_once_lose_and_double_nothing(place: Place) -> None:
    log = MemoryStore()
    with ExitStack() as stopping:
        workers = [LiveWorker([NOTES], log, place.views(NOTES)) for _ in range(2)]
        for worker in workers:
            worker.start()
            stopping.callback(worker.stop)
        views = place.views(NOTES)

        for version in range(1, 41):
            log.append([changed(n, version) for n in (1, 2, 3)])
            workers[version % 2].wake()
            if version % 10 == 0:
                rebuild(NOTES, log, views, silent)

        eventually(lambda: views.live(NOTES).position() == log.position())
    assert {n: d["said"] for n, d in said(views.live(NOTES)).items()} == {1: 40, 2: 40, 3: 40}


def test_a_retired_view_stays_as_it_was(views: Views) -> None:
    """Who still reads it for a moment must not see it go backwards."""
    log = MemoryStore()
    log.append(history(1, 5))
    retired = views.live(NOTES)
    runner = follow(retired, log)
    _, before = retired.whole()

    rebuild(NOTES, log, views, silent)
    log.append([changed(1, 6)])
    for _ in range(4):
        with pytest.raises(ViewMoved):
            runner.step(2)

    assert retired.whole()[1] == before


def test_a_switch_that_fails_leaves_the_live_view(views: Views) -> None:
    log = MemoryStore()
    log.append(history(1, 3))
    live = views.live(NOTES)
    follow(live, log)

    def fail() -> None:
        message = "at the moment of the switch"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError):
        rebuild(NOTES, log, Meanwhile(views, fail), silent)

    log.append([changed(1, 4)])
    assert follow(live, log).position == log.position()
    assert views.live(NOTES) is live
    assert said(live)[1]["said"] == 4


def generations(place: Place, projection: Projection) -> int:
    """How many generations of a view take up space."""
    if place.kind == "sqlite":
        folder = Path(place.where) / "views" / projection.name
        assert not {p.name.partition(".")[0] for p in folder.glob("v*")} - {
            p.stem for p in folder.glob("v*.sqlite")
        }, "something is left of a generation"
        return len(list(folder.glob("v*.sqlite")))
    with psycopg.connect(place.where) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE %s",
            (f"view_{projection.name}_%",),
        ).fetchall()
    return len({name.rpartition("_")[0] for (name,) in tables})


def test_old_generations_go(place: Place) -> None:
    views, log = place.views(NOTES, OTHERS), MemoryStore()
    log.append(history(1, 3))

    for _ in range(5):
        rebuild(NOTES, log, views, silent)
        assert said(views.live(NOTES))[1]["said"] == 3

    assert generations(place, NOTES) == 2
    assert generations(place, OTHERS) == 1


# -- one rebuild at a time, one leader, both freed by death


def test_of_two_rebuilds_at_once_the_second_is_refused_by_name(place: Place) -> None:
    one, other = place.views(NOTES, OTHERS), place.views(NOTES, OTHERS)
    log = MemoryStore()
    log.append([*history(1, 100), *history(2, 50)])
    refused = []

    def second(position: int, _head: int) -> None:
        if position == log.position():
            return
        for views in (one, other):
            with pytest.raises(BeingRebuilt, match="view notes is being rebuilt") as error:
                rebuild(NOTES, log, views, silent)
            refused.append(error)
            rebuild(OTHERS, log, views, silent)

    rebuild(NOTES, log, one, second)

    assert len(refused) == 2
    assert said(other.live(NOTES))[1]["said"] == 100
    rebuild(NOTES, log, other, silent)


def test_a_rebuild_that_failed_is_gone_on_with(place: Place) -> None:
    views, log = place.views(NOTES), MemoryStore()
    log.append(history(1, 3))

    def fail(_position: int, _head: int) -> None:
        message = "interrupted"
        raise KeyboardInterrupt(message)

    with pytest.raises(KeyboardInterrupt):
        rebuild(NOTES, log, views, fail)

    assert generations(place, NOTES) == 2
    rebuild(NOTES, log, place.views(NOTES), silent)
    assert generations(place, NOTES) == 2
    eventually(lambda: said(views.live(NOTES)).get(1, {}).get("said") == 3)


def test_processes_that_start_with_an_outdated_view_rebuild_it_once(place: Place) -> None:
    log = MemoryStore()
    log.append(history(1, 300))
    follow(place.views(NOTES).live(NOTES), log)
    started = [place.views(NOTES) for _ in range(3)]

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda views: bring_up_to_date(LATER_NOTES, log, views), started))

    assert all(views.up_to_date(LATER_NOTES) for views in started)
    assert generations(place, NOTES) == 2
    assert all("later" in said(views.live(NOTES))[1] for views in started)


HOLDER = """
import sys, time
from contextlib import ExitStack
from tests.contracts.conftest import PostgresPlace, SqlitePlace
from adapters.stores.memory import MemoryStore
from tests.contracts.notes import NOTES
from tests.contracts.facts import history
from projections.rebuilding import rebuild

kind, where, what = sys.argv[1:]
place = {"sqlite": SqlitePlace, "postgres": PostgresPlace}[kind]
views = place(where, ExitStack()).views(NOTES)
def hold(*_):
    print("held", flush=True)
    time.sleep(60)
if what == "leading":
    with views.leading(NOTES) as led:
        assert led
        hold()
else:
    log = MemoryStore()
    log.append(history(1, 300))
    rebuild(NOTES, log, views, hold)
"""


@contextmanager
def another_process(place: Place, what: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is leading, or in the middle of rebuilding, until it is killed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, place.kind, place.where, what],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            yield holder
        finally:
            holder.send_signal(signal.SIGKILL)


@pytest.mark.slow
def test_one_process_leads_and_its_death_makes_way(place: Place) -> None:
    views = place.views(NOTES, OTHERS)

    with (
        another_process(place, "leading"),
        views.leading(NOTES) as led,
        views.leading(OTHERS) as others_led,
    ):
        assert (led, others_led) == (False, True)

    def free() -> bool:
        with views.leading(NOTES) as led:
            return led

    eventually(free)


def test_leading_ends_where_it_is_let_go(place: Place) -> None:
    one, other = place.views(NOTES), place.views(NOTES)

    with one.leading(NOTES) as first, other.leading(NOTES) as second:
        assert (first, second) == (True, False)
        with one.leading(NOTES) as again:
            assert again is False
        with other.leading(NOTES) as still:
            assert still is False

    with other.leading(NOTES) as after:
        assert after is True


@pytest.mark.slow
def test_a_rebuild_that_was_killed_harms_nothing_and_leaves_nothing(place: Place) -> None:
    views, log = place.views(NOTES), MemoryStore()
    log.append(history(1, 300))
    follow(views.live(NOTES), log)
    before = views.live(NOTES).whole()

    with another_process(place, "rebuilding"):
        assert generations(place, NOTES) == 2
        with pytest.raises(BeingRebuilt):
            rebuild(NOTES, log, views, silent)
    assert views.live(NOTES).whole() == before

    taken: list[int] = []

    def rebuilt() -> bool:
        try:
            rebuild(NOTES, log, views, lambda *_: taken.append(generations(place, NOTES)))
        except BeingRebuilt:  # the killed one's connection is being closed
            return False
        return True

    eventually(rebuilt)
    assert views.live(NOTES).whole() == before
    assert set(taken) == {2}, "what the killed one had built was still there"


def test_a_worker_takes_over_a_view_that_another_lets_go_of(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_worker, "RETRY_SECONDS", 0.01)
    log, views = MemoryStore(), place.views(NOTES, OTHERS)
    worker = LiveWorker([NOTES, OTHERS], log, place.views(NOTES, OTHERS))

    with ExitStack() as stopping:
        with views.leading(NOTES) as led:
            assert led
            worker.start()
            stopping.callback(worker.stop)
            log.append(history(1, 3))
            eventually(lambda: views.live(OTHERS).position() == 3)
            assert views.live(NOTES).position() == 0

        eventually(lambda: views.live(NOTES).position() == 3)
        log.append([changed(1, 4)])
        eventually(lambda: views.live(OTHERS).position() == 4)
    assert said(views.live(NOTES))[1]["said"] >= 3


@pytest.mark.parametrize("poison", ["fold", "row"])
@pytest.mark.parametrize("batch", [1, 2, 3, 500])
def test_a_document_that_cannot_be_folded_stays_as_it_was_and_the_others_go_on(
    poison: str, batch: int
) -> None:
    """Whatever the batches: before the fact that stopped it, and so in a rebuild as well."""
    log, view = MemoryStore(), MemoryView(NOTES.columns)
    log.append([*history(1, 2), *history(2, 2), changed(1, 3, poison=poison)])
    log.append([changed(1, 4), changed(2, 3), changed(1, 5)])

    runner = Runner(NOTES, log, view)
    while runner.step(batch):
        pass

    assert [from_json(view.rows[key(n)].state or b"")["said"] for n in (1, 2)] == [2, 3]
    assert [(p.key, p.position) for p in view.parked().values()] == [(key(1), 5)]


def test_a_document_that_stopped_is_so_in_the_rebuilt_view(views: Views) -> None:
    log = MemoryStore()
    log.append([*history(1, 2), *history(2, 2), changed(1, 3, poison="fold"), changed(2, 3)])
    live = views.live(NOTES)
    follow(live, log, batch=2)

    rebuild(NOTES, log, views, silent)

    rebuilt = views.live(NOTES)
    assert rebuilt is not live
    assert rebuilt.whole()[1] == live.whole()[1]
    assert rebuilt.parked() == live.parked() != {}


def test_several_processes_may_make_the_first_views_at_once(place: Place) -> None:
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: place.views(NOTES, OTHERS), range(4)))

    put(made[0].live(NOTES), row(1))
    assert all(views.live(NOTES).document(key(1)) for views in made)
    assert generations(place, NOTES) == 1
