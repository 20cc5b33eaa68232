"""One budget from a question's first byte to its last row: length, words, depth, parts, time and
memory. What goes beyond it is refused, and says which bound. On both stores."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from adapters.bootstrap import bootstrap
from adapters.queries.failures import Failed, OutOfTime
from adapters.queries.helper import Helper
from adapters.queries.turns import Turns
from adapters.settings import Settings
from domain.errors import Invalid, TooBusy
from tests.adapters.queries.conftest import OTHER, Asked, fill

EVENTS = "from tm.event"
BOUNDED = {
    "arguments": (f"select concat({', '.join(['nameen'] * 3_000)}) {EVENTS}", "100 arguments"),
    "a chain": (f"select {'||'.join(['nameen'] * 3_000)} {EVENTS}", "chains of at most 600"),
    "columns": (f"select {', '.join(['nameen'] * 3_000)} {EVENTS}", "at most 500 columns"),
    "words": (f"select id {EVENTS} where id in ({'1,' * 15_000}1)", "20000 words"),
    "length": (f"select id {EVENTS} where nameen = '{'x' * 100_001}'", "100000 characters"),
    "parentheses": (f"select {'(' * 31}1{')' * 31}", "at most 30 parentheses"),
    **{
        f"{name} in {name}": (f"select {name}({f'{name}(' * 28}startts{')' * 29} {EVENTS}", "date")
        for name in ("date", "timestamp", "char", "varchar", "interval", "json")
    },
    "a pattern": (f"select id {EVENTS} where nameen like '{'%a' * 501}'", "1000 characters"),
    "a pattern that is made": (
        f"with y as (select '{'a' * 300}' as b) select strpos('a', concat(b, b, b, b)) from y",
        "1000 characters",
    ),
}


@pytest.mark.parametrize("attempt", BOUNDED)
def test_a_question_beyond_a_bound_says_which(asked: Asked, attempt: str) -> None:
    sql, bound = BOUNDED[attempt]
    begun = time.monotonic()

    with pytest.raises(Invalid, match=bound):
        asked.rows(sql)

    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "sql",
    [
        f"select concat({', '.join(['nameen'] * 100)}) as x {EVENTS}",
        f"select {'||'.join(['nameen'] * 500)} as x {EVENTS}",
        f"select {'||'.join(['nameen'] * 50)} as x, {', '.join(['id'] * 400)} {EVENTS}",
        f"select date(date(startts)) as x {EVENTS}",
    ],
)
def test_what_is_long_and_within_the_bounds_is_answered(asked: Asked, sql: str) -> None:
    assert len(asked.rows(sql)) == 2


def test_texts_that_are_searched_are_bounded(asked: Asked) -> None:
    """Each search of a long text for a long one would take minutes."""
    steps = ", ".join(f"x{n} as (select concat(a, a) as a from x{n - 1})" for n in range(1, 15))
    texts = f"with x0 as (select 'aaaaaaaaaa' as a), {steps}"

    for search in ("strpos(x14.a, x12.a)", "x14.a like x12.a", "x14.a ilike x12.a"):
        with pytest.raises(Invalid, match="1000 characters"):
            asked.rows(f"{texts} select {search} as n from x14, x12")
    assert asked.rows(f"{texts} select strpos(x13.a, 'b') as n from x13") == [{"n": 0}]


MESSAGE = {
    "do": "read", "path": "query", "account": 1, "language": "en", "zone": "UTC", "sells": True,
    "customs": {}, "secret": "x", "schema": "temp", "sqlite": True, "sql": "select 1",
}  # fmt: skip


def test_a_helper_that_does_not_answer_is_ended() -> None:
    with closing(Helper()) as helper:
        os.kill(helper.pid, signal.SIGSTOP)
        begun = time.monotonic()

        with pytest.raises(OutOfTime):
            helper.ask(MESSAGE, begun + 0.2)

        assert time.monotonic() - begun < 2
        assert not helper.usable


def test_a_helper_that_dies_has_refused() -> None:
    with closing(Helper()) as helper:
        os.kill(helper.pid, signal.SIGKILL)

        with pytest.raises(Failed, match="MB of memory"):
            helper.ask(MESSAGE, time.monotonic() + 5)

        assert not helper.usable


def test_a_helper_ends_with_who_started_it() -> None:
    helper = Helper()
    helper.leave()

    assert helper.wait(10) == 0


def test_a_question_that_takes_the_memory_is_refused(asked: Asked) -> None:
    steps = ", ".join(f"x{n} as (select a || a as a from x{n - 1})" for n in range(1, 14))
    large = f"with x0 as (select 'xxxxxxxxxx' as a), {steps}"
    tickets = "tm.ticket t, tm.ticket u, tm.ticket v, tm.ticket w"
    hoard = f"{large} select count(*) from (select distinct a || t.id || u.id || v.id || w.id as b"

    with pytest.raises(Invalid, match=r"MB of memory|longer than"):
        asked.rows(f"{hoard} from x13, {tickets} order by 1) q")

    assert len(asked.ids("select id from tm.event")) == 2


def test_accounts_take_turns() -> None:
    turns, order = Turns(at_once=1, seconds=5), list[int]()

    def ask(account: int) -> None:
        with turns.turn(account):
            order.append(account)

    with ThreadPoolExecutor(8) as threads, turns.turn(1):
        for waiting, account in enumerate([1, 1, 1, 2], 1):
            threads.submit(ask, account)
            while turns.waiting < waiting:
                time.sleep(0.001)

    assert order[0] == 2
    assert sorted(order) == [1, 1, 1, 2]


def test_one_account_runs_one_question_at_once() -> None:
    turns = Turns(at_once=2, seconds=0.05)

    with turns.turn(1):
        with pytest.raises(TooBusy), turns.turn(1):
            pass
        with turns.turn(2):
            pass


def test_a_long_queue_refuses_at_once() -> None:
    turns = Turns(at_once=1, seconds=60)

    def ask() -> None:
        with turns.turn(1):
            pass

    with ThreadPoolExecutor(8) as threads, turns.turn(1):
        for _ in range(8):
            threads.submit(ask)
        while turns.waiting < 8:
            time.sleep(0.001)
        with pytest.raises(TooBusy, match="too many questions"), turns.turn(1):
            pass
        turns.close()


def test_another_account_is_answered_meanwhile(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked.book.queries.engine, "seconds", 0.4)
    slow = f"select count(*) from {', '.join(f'tm.ticket t{n}' for n in range(9))}"

    def ask() -> None:
        with suppress(Invalid, TooBusy):
            asked.ids(slow)

    with ThreadPoolExecutor(6) as threads:
        for _ in range(6):
            threads.submit(ask)
        while not asked.book.queries.turns.waiting:
            time.sleep(0.001)

        found = asked.book.queries.ids(OTHER, "select id from tm.event")

        assert asked.book.queries.turns.waiting
        assert found == [asked.secret]


def test_a_server_that_stops_ends_what_is_asked(tmp_path: Path) -> None:
    book = bootstrap(Settings(store=str(tmp_path)))
    book.start()
    asked = fill(book)
    assert asked.ids("select id from tm.event where 1 = 0") == []
    slow = f"select count(*) from {', '.join(f'tm.ticket t{n}' for n in range(9))}"

    with ThreadPoolExecutor(2) as threads:
        questions = [threads.submit(asked.ids, slow) for _ in range(2)]
        while not book.queries.turns.waiting:
            time.sleep(0.001)
        begun = time.monotonic()
        book.close()
        assert all(isinstance(q.exception(5), Invalid | TooBusy) for q in questions)

    assert time.monotonic() - begun < 1.5
