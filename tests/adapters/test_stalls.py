"""Stops of the event loop and of the writer are told with what ran, and by what took the time."""

import asyncio
import gc
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
import structlog

from adapters import logs
from adapters.watching import stalls
from adapters.watching.stalls import LOOP, WRITER, LoopWatch, Moment, Stall, of_batch, of_loop
from application.ports import CommandResult
from application.unit_of_work import Origin, PendingCommand
from application.watching import Timing
from domain.base import CommandMetadata

Lines = Callable[[], list[dict[str, Any]]]
LONGEST = 0.05
"""Seconds from which on a stop is told here."""


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    before = structlog.get_config()
    logs.configure("info")
    monkeypatch.setattr(stalls, "log", structlog.get_logger())
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.configure(**before)


def job(command: str) -> PendingCommand:
    by = CommandMetadata("key ann", "2026-12-01T10:00:00Z", "story", "request")
    return PendingCommand(
        7, by, lambda _: None, lambda _: CommandResult(200, {}, b""), origin=Origin(command)
    )


@pytest.mark.parametrize(
    ("after", "parts", "cause"),
    [
        (Moment(10.5, 3.4, 1.1, 9), {"running": 0.4, "blocked": 0.0, "starved": 0.1}, "running"),
        (Moment(10.5, 3.1, 1.0, 9), {"running": 0.1, "blocked": 0.4, "starved": 0.0}, "blocked"),
        (Moment(10.5, 3.1, 1.3, 9), {"running": 0.1, "blocked": 0.1, "starved": 0.3}, "starved"),
        (Moment(10.5, 3.1, 9.0, 9), {"running": 0.1, "blocked": 0.0, "starved": 0.4}, "starved"),
    ],
)
def test_a_stop_of_the_loop_has_the_cause_that_took_most_of_it(
    after: Moment, parts: dict[str, float], cause: str
) -> None:
    stall = of_loop(Moment(10.0, 3.0, 1.0, 9), after, ("a", "b"), {"route": "/"})

    assert (stall.where, stall.cause) == (LOOP, cause)
    assert stall.details == {"ran": ("a", "b"), "route": "/"}
    assert stall.seconds == pytest.approx(0.5)
    assert stall.parts == pytest.approx(parts)


@pytest.mark.parametrize(
    ("busy", "cause"), [(0.01, "starved"), (0.9, "blocked")], ids=["paused", "busy elsewhere"]
)
def test_where_nobody_could_look_either_nothing_ran_or_another_thread(
    busy: float, cause: str
) -> None:
    assert of_loop(Moment(1, 1, 0, 0), Moment(2, 1, 0, busy), ()).cause == cause


def test_garbage_collection_is_told_where_it_took_time() -> None:
    stall = of_loop(Moment(1, 1, 0, 0, 0.5), Moment(2, 2, 0, 1, 1.4), ())

    assert stall.details == {"ran": (), "collecting": 0.9}


@pytest.mark.parametrize(
    ("timing", "ran", "cause"),
    [
        (Timing(10.0, 3.0), 3.4, "deciding"),
        (Timing(10.0, 3.0, storing=0.3), 3.2, "storing"),
        (Timing(10.0, 3.0, waiting=0.4), 3.1, "waiting"),
        (Timing(10.0, 3.0, waiting=0.1, storing=0.1), 3.05, "starved"),
    ],
)
def test_a_stop_of_the_writer_has_the_cause_that_took_most_of_it(
    timing: Timing, ran: float, cause: str
) -> None:
    stall = of_batch([job("create_event")], timing, 10.5, ran)

    assert (stall.where, stall.cause) == (WRITER, cause)
    assert sum(stall.parts.values()) == pytest.approx(stall.seconds) == pytest.approx(0.5)


def test_a_stop_of_the_writer_names_its_command_or_its_commands() -> None:
    alone = of_batch([job("create_event")], Timing(), 1.0, 1.0).details
    batch = [job("create_event"), job("take_tickets"), job("take_tickets")]
    together = of_batch(batch, Timing(), 1.0, 1.0).details

    assert alone["command"] == "create_event"
    assert alone["correlation"] == "story"
    assert together == {"commands": {"take_tickets": 2, "create_event": 1}}


def test_who_only_waits_for_a_processor_is_no_warning(lines: Lines) -> None:
    for parts in ({"running": 0.2, "starved": 0.1}, {"running": 0.1, "starved": 0.2}):
        Stall(LOOP, 0.3, parts, {"ran": ["a"]}).tell()

    told = [(line["level"], line["event"], line["cause"]) for line in lines()]
    event = "the event loop stood still"
    assert told == [("warning", event, "running"), ("info", event, "starved")]


def compute(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(100))


def watched(stop: Callable[[], object], **options: Any) -> list[Stall]:
    """What is told of a loop that has nothing to do, but for this."""

    async def run() -> list[Stall]:
        told: list[Stall] = []
        watch = LoopWatch(LONGEST, told.append, **options)
        watch.start(asyncio.get_running_loop())
        try:
            await asyncio.sleep(LONGEST)
            stop()
            await asyncio.sleep(LONGEST)
        finally:
            watch.stop()
        return told

    return asyncio.run(run())


def longest(stop: Callable[[], object], **options: Any) -> Stall:
    """Other stops are those of a machine that is busy with other things."""
    return max(watched(stop, **options), key=lambda stall: stall.seconds)


def test_an_idle_loop_does_not_stop() -> None:
    assert [stall for stall in watched(lambda: None) if stall.cause != "starved"] == []


def test_a_call_that_blocks_the_loop_is_named() -> None:
    def sleeping() -> None:
        time.sleep(3 * LONGEST)

    stall = longest(sleeping, describe=lambda _: {"route": "/v1/events"})

    assert stall.parts["blocked"] >= 2 * LONGEST
    assert stall.details["ran"][0].endswith("sleeping")
    assert stall.details["route"] == "/v1/events"


def test_a_call_that_computes_on_the_loop_is_named() -> None:
    stall = longest(lambda: compute(4 * LONGEST))

    assert stall.parts["running"] >= 4 * LONGEST
    assert stall.details["ran"][0] == f"{__name__}.compute"


def test_a_call_that_keeps_the_interpreter_is_named() -> None:
    """No other thread runs meanwhile, so nobody sees it before its end."""
    numbers = list(range(10**6))

    def sorting() -> None:
        until = time.thread_time() + 4 * LONGEST
        while time.thread_time() < until:
            sorted(numbers, key=float)

    stall = longest(sorting)

    assert stall.parts["running"] >= 4 * LONGEST
    assert stall.details["ran"][0].endswith("sorting")


def test_garbage_collection_on_the_loop_is_told() -> None:
    heap = [[[]] for _ in range(300_000)]

    def collecting() -> None:
        until = time.thread_time() + 2 * LONGEST
        while time.thread_time() < until:
            gc.collect()

    stall = longest(collecting)

    assert heap
    assert stall.details["collecting"] >= LONGEST


def test_a_loop_that_does_not_come_back_is_told_meanwhile(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stalls, "HANG_SECONDS", LONGEST)
    seen: list[dict[str, Any]] = []

    def hanging() -> None:
        until = time.monotonic() + 10
        while not seen and time.monotonic() < until:
            time.sleep(LONGEST)
            seen.extend(lines())

    watched(hanging)

    assert seen[0]["event"] == "the event loop stands still"
    assert any(name.endswith("hanging") for name in seen[0]["ran"]), seen[0]


PAUSED = """
import asyncio
from adapters.watching.stalls import LoopWatch

async def run():
    told = []
    watch = LoopWatch(0.1, told.append)
    watch.start(asyncio.get_running_loop())
    print("ready", flush=True)
    await asyncio.to_thread(input)
    await asyncio.sleep(0.1)
    watch.stop()
    stall = max(told, key=lambda stall: stall.seconds)
    print(stall.cause, stall.seconds >= 0.3)

asyncio.run(run())
"""


@pytest.mark.slow
def test_a_process_that_was_paused_did_not_stop_by_itself() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PAUSED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGSTOP)
        while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.01)
        time.sleep(0.4)  # the pause
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate("\n")

    assert said == "starved True\n"
