"""Documents that are asked for at the same time are read together, and each is told its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapters.http.batching import MOST, BatchingReader
from application.ports import StoreUnavailable


class Slow:
    """A view whose statements take until they are let through."""

    def __init__(self) -> None:
        self.asked: list[list[bytes]] = []
        self.through = threading.Event()
        self.fails = False

    def read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        self.asked.append(sorted(keys))
        assert self.through.wait(10)
        if self.fails:
            message = "away"
            raise StoreUnavailable(message)
        return {one: one.upper() for one in keys}


@pytest.fixture
def readers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


async def asking(*coroutines: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    """Each has asked when this returns."""
    tasks = [asyncio.create_task(one) for one in coroutines]
    await asyncio.sleep(0)
    return tasks


def test_what_is_asked_for_while_others_are_read_is_read_together(
    readers: ThreadPoolExecutor,
) -> None:
    async def story() -> None:
        view = Slow()
        gathered = BatchingReader(view.read, readers)
        first = await asking(gathered.read(b"a"))
        rest = await asking(*(gathered.read(of) for of in (b"b", b"c", b"nowhere", b"b")))
        view.through.set()

        assert await asyncio.gather(*first, *rest) == [
            b"A",
            b"B",
            b"C",
            b"NOWHERE",
            b"B",
        ]
        assert view.asked == [[b"a"], [b"b", b"c", b"nowhere"]]

    asyncio.run(story())


def test_nothing_is_answered_from_before_it_was_asked(readers: ThreadPoolExecutor) -> None:
    async def story() -> None:
        view = Slow()
        gathered = BatchingReader(view.read, readers)
        first = await asking(gathered.read(b"a"))
        again = await asking(gathered.read(b"a"))
        view.through.set()
        await asyncio.gather(*first, *again)

        assert view.asked == [[b"a"], [b"a"]]

    asyncio.run(story())


def test_a_view_that_cannot_be_read_says_so_to_everybody_and_is_read_again(
    readers: ThreadPoolExecutor,
) -> None:
    async def story() -> None:
        view = Slow()
        view.fails = True
        gathered = BatchingReader(view.read, readers)
        tasks = await asking(*(gathered.read(of) for of in (b"a", b"b", b"c")))
        view.through.set()

        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in found] == [StoreUnavailable] * 3
        view.fails = False
        assert await gathered.read(b"b") == b"B"

    asyncio.run(story())


def test_a_view_that_takes_its_time_holds_up_no_other(readers: ThreadPoolExecutor) -> None:
    async def story() -> None:
        slow, quick = Slow(), Slow()
        quick.through.set()
        waiting = await asking(BatchingReader(slow.read, readers).read(b"a"))

        assert await BatchingReader(quick.read, readers).read(b"b") == b"B"
        assert not waiting[0].done()
        slow.through.set()
        assert await waiting[0] == b"A"

    asyncio.run(story())


def test_whoever_goes_away_keeps_nobody_from_an_answer(readers: ThreadPoolExecutor) -> None:
    async def story() -> None:
        view = Slow()
        gathered = BatchingReader(view.read, readers)
        gone, *stays = await asking(*(gathered.read(of) for of in (b"a", b"a", b"b")))
        gone.cancel()
        await asyncio.sleep(0)
        view.through.set()

        assert await asyncio.gather(*stays) == [b"A", b"B"]
        assert gone.cancelled()

    asyncio.run(story())


def test_a_statement_reads_no_more_documents_than_may_be_large_together(
    readers: ThreadPoolExecutor,
) -> None:
    async def story() -> None:
        view = Slow()
        gathered = BatchingReader(view.read, readers)
        keys = [b"%03d" % number for number in range(2 * MOST + 1)]
        first = await asking(gathered.read(b"a"))
        rest = await asking(*map(gathered.read, keys))
        view.through.set()

        assert await asyncio.gather(*first, *rest) == [b"A", *keys]
        assert view.asked == [[b"a"], keys[:MOST], keys[MOST : 2 * MOST], keys[2 * MOST :]]

    asyncio.run(story())
