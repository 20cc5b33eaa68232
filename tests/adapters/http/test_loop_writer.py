"""The writer on the event loop: small commands at the end of a turn, large ones beside the loop."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from adapters.http.writer import LARGE, LoopWriter
from adapters.stores.memory import MemoryStore
from application import group_commit
from application.group_commit import BATCH_BYTES
from application.ports import CommandResult
from application.unit_of_work import PendingCommand, UnitOfWork
from domain.base import CommandMetadata
from domain.location import Location, LocationFields

BY = CommandMetadata("ann", "2026-12-01T10:00:00Z", "story")
PATIENCE = 30


def creating(
    name: str, size: int = 0, first: Callable[[], object] = lambda: None
) -> PendingCommand:
    """A command that makes a Location; the answer's body is the thread that decided it."""

    def decide(work: UnitOfWork) -> None:
        first()
        work.new(Location).create(LocationFields(name=name), work.metadata)

    def answer(_: None) -> CommandResult:
        return CommandResult(201, {}, threading.current_thread().name.encode())

    waiting: asyncio.Future[CommandResult] = asyncio.get_running_loop().create_future()
    return PendingCommand(7, BY, decide, answer, size=size, future=waiting)


def test_a_large_command_is_committed_beside_the_loop_and_the_others_wait_for_it() -> None:
    store = MemoryStore()

    async def three() -> list[CommandResult]:
        writer, goes = LoopWriter(store), threading.Event()
        small = writer.submit(creating("small"))
        await small
        large = writer.submit(creating("large", LARGE, lambda: goes.wait(PATIENCE)))
        await asyncio.sleep(0)
        behind = writer.submit(creating("behind"))
        for _ in range(5):
            await asyncio.sleep(0)  # the loop goes on
        assert not large.done()
        assert not behind.done()
        goes.set()
        answers = [await one for one in (small, large, behind)]
        writer.close()
        return answers

    answers = asyncio.run(three())

    here = threading.current_thread().name.encode()
    assert [answer.position for answer in answers] == [1, 2, 3]
    assert answers[0].body == answers[2].body == here
    assert answers[1].body.startswith(b"large-commit")


def test_a_batch_ends_with_the_body_that_fills_it() -> None:
    store = MemoryStore()
    batches: list[int] = []

    async def many() -> None:
        writer = LoopWriter(store)
        alone = writer.commit
        writer.commit = lambda batch: (batches.append(len(batch)), alone(batch))[1]  # type: ignore[method-assign]
        sizes = [BATCH_BYTES // 2, BATCH_BYTES // 2, 1, BATCH_BYTES, 1]
        await asyncio.gather(
            *(writer.submit(creating(f"Hall {n}", size)) for n, size in enumerate(sizes))
        )
        writer.close()

    asyncio.run(many())

    assert batches == [2, 2, 1]


def test_what_is_waiting_at_the_end_is_committed() -> None:
    store = MemoryStore()

    async def leaving() -> list[Any]:
        writer, goes = LoopWriter(store), threading.Event()
        jobs = [writer.submit(creating("large", LARGE, lambda: goes.wait(PATIENCE)))]
        await asyncio.sleep(0)
        jobs += [writer.submit(creating(name, LARGE)) for name in ("second", "third")]
        goes.set()
        writer.close()
        await asyncio.sleep(0)
        return jobs

    assert [job.result().position for job in asyncio.run(leaving())] == [1, 2, 3]


def test_a_refused_command_that_is_large_harms_no_other() -> None:
    async def both() -> list[Any]:
        writer = LoopWriter(MemoryStore())
        broken = creating("broken", LARGE)
        broken.decide = lambda _: 1 / 0
        jobs = [writer.submit(broken), writer.submit(creating("good"))]
        answers = await asyncio.gather(*jobs, return_exceptions=True)
        writer.close()
        return answers

    error, answer = asyncio.run(both())

    assert isinstance(error, ZeroDivisionError)
    assert answer.status == 201


@pytest.mark.parametrize("size", [0, LARGE], ids=["small", "large"])
def test_where_deciding_takes_long_the_loop_turns_between_commands(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(group_commit, "DECIDING_SECONDS", -1.0)
    store, turns = MemoryStore(), [0]

    async def turning() -> None:
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    async def many() -> list[tuple[int, int]]:
        writer, other = LoopWriter(store), asyncio.create_task(turning())
        jobs = [
            writer.submit(creating(f"Hall {n}", size, lambda: seen.append(turns[0])))
            for n in range(5)
        ]
        answers = await asyncio.gather(*jobs)
        writer.close()
        other.cancel()
        return [(answer.status, answer.position) for answer in answers]

    seen: list[int] = []
    assert asyncio.run(many()) == [(201, position) for position in range(1, 6)]
    if not size:
        assert len(set(seen)) == 5, "every command was decided in a turn of its own"


def test_what_was_left_for_the_next_batch_is_committed_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group_commit, "DECIDING_SECONDS", -1.0)

    async def leaving() -> list[Any]:
        writer, goes = LoopWriter(MemoryStore()), threading.Event()
        jobs = [writer.submit(creating("large", LARGE, lambda: goes.wait(PATIENCE)))]
        jobs += [writer.submit(creating(f"Hall {n}")) for n in range(3)]
        await asyncio.sleep(0)
        goes.set()
        writer.close()
        await asyncio.sleep(0)
        return jobs

    assert [job.result().position for job in asyncio.run(leaving())] == [1, 2, 3, 4]
