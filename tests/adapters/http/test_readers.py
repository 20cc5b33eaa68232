"""The turns of reads: an account that asks for much waits for itself, and for nobody else."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from adapters.http.readers import PAYER, Readers
from domain.errors import TooBusy

ONE, OTHER, THIRD = 1, 2, 3


async def ask(readers: Readers, account: int, call: Callable[..., Any], *args: Any) -> Any:
    PAYER.set(account)
    return await readers.run(call, *args)


def asking(readers: Readers, account: int, call: Callable[[], Any]) -> "asyncio.Task[Any]":
    return asyncio.create_task(ask(readers, account, call))


async def settled() -> None:
    """Whatever could start has started."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_read_returns_what_its_call_returns_or_raises() -> None:
    async def scene() -> None:
        readers = Readers()
        assert await ask(readers, ONE, max, 1, 2) == 2
        with pytest.raises(ZeroDivisionError):
            await ask(readers, ONE, lambda: 1 / 0)
        assert await ask(readers, ONE, PAYER.get) == ONE

    asyncio.run(scene())


def test_an_account_whose_reads_hang_leaves_a_thread_to_the_others() -> None:
    async def scene() -> None:
        readers, hanging = Readers(threads=4), threading.Event()
        slow = [asking(readers, ONE, hanging.wait) for _ in range(60)]
        await settled()

        assert await ask(readers, OTHER, lambda: "quick") == "quick"

        assert not any(task.done() for task in slow)
        hanging.set()
        assert all(await asyncio.gather(*slow))

    asyncio.run(scene())


def test_accounts_take_turns() -> None:
    async def scene() -> None:
        readers, hanging, order = Readers(threads=1), threading.Event(), list[int]()
        tasks = [asking(readers, ONE, hanging.wait)]
        await settled()
        accounts = (ONE, ONE, ONE, OTHER, OTHER, THIRD)
        tasks += [asking(readers, account, partial(order.append, account)) for account in accounts]
        await settled()
        hanging.set()
        await asyncio.gather(*tasks)
        assert order == [ONE, OTHER, THIRD, ONE, OTHER, ONE]

    asyncio.run(scene())


def test_more_than_may_wait_are_refused_and_what_is_left_is_forgotten() -> None:
    async def scene() -> None:
        readers, hanging = Readers(threads=1, waiting=5), threading.Event()
        tasks = [asking(readers, ONE, hanging.wait) for _ in range(6)]
        await settled()

        with pytest.raises(TooBusy) as refused:
            await ask(readers, ONE, print)

        assert refused.value.details == {"limit": "reads", "waiting": 5}
        assert "STAGEBOOK_READS_WAITING" in refused.value.detail
        tasks[5].cancel()  # its client leaves
        await settled()
        late = asking(readers, ONE, lambda: "taken")
        await settled()
        assert not late.done()
        hanging.set()
        assert await late == "taken"
        await asyncio.gather(*tasks[:5])

    asyncio.run(scene())
