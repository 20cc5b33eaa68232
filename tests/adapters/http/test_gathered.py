"""Documents that are asked for at the same time are read together, and each is told its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapters.http.gathered import Document, Gathered
from application.ports import StoreUnavailable


class Slow:
    """A view whose statements take until they are let through."""

    def __init__(self) -> None:
        self.asked: list[list[bytes]] = []
        self.through = threading.Event()
        self.fails = False

    def document(self, key: bytes) -> Document | None:
        return self.documents_of([key]).get(key)

    def documents_of(self, keys: Sequence[bytes]) -> dict[bytes, Document]:
        self.asked.append(sorted(keys))
        assert self.through.wait(10)
        if self.fails:
            message = "away"
            raise StoreUnavailable(message)
        return {one: (one, '"1"') for one in keys if one != b"nowhere"}


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
        view, gathered = Slow(), Gathered(readers)
        first = await asking(gathered.document(view, b"a"))
        rest = await asking(*(gathered.document(view, of) for of in (b"b", b"c", b"nowhere", b"b")))
        view.through.set()

        assert await asyncio.gather(*first, *rest) == [
            (b"a", '"1"'),
            (b"b", '"1"'),
            (b"c", '"1"'),
            None,
            (b"b", '"1"'),
        ]
        assert view.asked == [[b"a"], [b"b", b"c", b"nowhere"]]

    asyncio.run(story())


def test_nothing_is_answered_from_before_it_was_asked(readers: ThreadPoolExecutor) -> None:
    async def story() -> None:
        view, gathered = Slow(), Gathered(readers)
        first = await asking(gathered.document(view, b"a"))
        again = await asking(gathered.document(view, b"a"))
        view.through.set()
        await asyncio.gather(*first, *again)

        assert view.asked == [[b"a"], [b"a"]]

    asyncio.run(story())


def test_a_view_that_cannot_be_read_harms_no_other(readers: ThreadPoolExecutor) -> None:
    async def story() -> None:
        away, here, gathered = Slow(), Slow(), Gathered(readers)
        away.fails = True
        first = await asking(gathered.document(here, b"a"))
        rest = await asking(gathered.document(away, b"b"), gathered.document(here, b"c"))
        for view in (away, here):
            view.through.set()

        found = await asyncio.gather(*first, *rest, return_exceptions=True)
        assert (found[0], found[2]) == ((b"a", '"1"'), (b"c", '"1"'))
        assert isinstance(found[1], StoreUnavailable)
        away.fails = False
        assert await gathered.document(away, b"b") == (b"b", '"1"')

    asyncio.run(story())


def test_whoever_goes_away_keeps_nobody_from_an_answer(readers: ThreadPoolExecutor) -> None:
    async def story() -> None:
        view, gathered = Slow(), Gathered(readers)
        gone, *stays = await asking(*(gathered.document(view, of) for of in (b"a", b"a", b"b")))
        gone.cancel()
        await asyncio.sleep(0)
        view.through.set()

        assert await asyncio.gather(*stays) == [(b"a", '"1"'), (b"b", '"1"')]
        assert gone.cancelled()

    asyncio.run(story())
