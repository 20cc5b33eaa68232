"""However many ask for metrics, and however often, they take a bounded part of the processor."""

import asyncio
import threading
import time
from typing import Any

import pytest

from adapters.http.v1.metrics import LONGEST_PAUSE, SHARE, Exposition

SECONDS = 0.02
"""What one computation takes here."""


class Counting:
    """A watcher whose metrics say how often they were computed."""

    def __init__(self, fails: int = 0) -> None:
        self.computed, self.fails, self.moments = 0, fails, [0.0]
        self.begun = threading.Event()

    def told(self, _book: Any) -> bytes:
        self.moments.append(time.monotonic())
        self.computed += 1
        self.begun.set()
        time.sleep(SECONDS)
        if self.computed <= self.fails:
            raise ConnectionError("no store")
        return str(self.computed).encode()


def exposition(watcher: Counting) -> Exposition:
    return Exposition(watcher, None)  # type: ignore[arg-type]


def test_all_who_ask_before_a_computation_begins_share_it() -> None:
    watcher = Counting()

    async def eight() -> list[bytes]:
        asked = exposition(watcher)
        return await asyncio.gather(*(asked.text() for _ in range(8)))

    assert asyncio.run(eight()) == [b"1"] * 8
    assert watcher.computed == 1


def test_who_asks_later_gets_an_answer_that_is_not_older_than_the_question() -> None:
    watcher = Counting()

    async def while_the_first_computes() -> tuple[bytes, bytes]:
        asked = exposition(watcher)
        first = asyncio.create_task(asked.text())
        await asyncio.to_thread(watcher.begun.wait)
        return await asked.text(), await first

    assert asyncio.run(while_the_first_computes()) == (b"2", b"1")


def test_computations_pause_in_proportion_to_the_time_they_take() -> None:
    watcher = Counting()

    async def greedy() -> None:
        asked = exposition(watcher)
        for _ in range(3):
            await asked.text()

    asyncio.run(greedy())

    _, first, second, third = watcher.moments
    least = SECONDS / SHARE
    assert second - first >= least
    assert third - second >= least
    assert least < LONGEST_PAUSE


def test_a_computation_that_fails_fails_for_its_own_questions_alone() -> None:
    watcher = Counting(fails=1)

    async def twice() -> bytes:
        asked = exposition(watcher)
        with pytest.raises(ConnectionError):
            await asked.text()
        return await asked.text()

    assert asyncio.run(twice()) == b"2"
