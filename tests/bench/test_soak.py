"""The soak runs in its short form: every step is answered as it should be, nothing stays open.
Whether memory is flat takes minutes: `make soak`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.soak.sampling import Held, Sample, faults, table

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.bench.soak", "--store", "sqlite", "--quick"]


@pytest.mark.slow
def test_the_soak_asks_everything_without_a_fault() -> None:
    run = subprocess.run(
        [*COMMAND, "--minutes", "0.08"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "faults: none" in run.stdout
    lines = [line for line in run.stdout.splitlines() if line.startswith(("server ", "worker "))]
    assert [line.partition("  ")[0] for line in lines] == [
        f"{role} {what}"
        for role in ("server", "worker")
        for what in ("MB", "descriptors", "of the network", "threads")
    ]


def samples(
    *megabytes: float, files: int = 1, connections: int = 0, worker: int = 2
) -> list[Sample]:
    """`files` and `connections`: how many more there are each second."""
    return [
        Sample(
            float(second),
            {
                "server": Held(
                    *(size, size, 50 + (files + connections) * second, 3, 9, frozenset({1})),
                    connections * second,
                ),
                "worker": Held(90, 90, 50, 3, 9, frozenset({worker if second > 2 else 2})),
            },
        )
        for second, size in enumerate(megabytes)
    ]


FLAT = (100.0, *[300.0, 310.0, 295.0] * 4)


def test_what_is_flat_after_its_first_seconds_is_sound() -> None:
    found = samples(*FLAT)

    assert faults(found, 1, found[0]) == []
    assert "server MB" in table(found, 1, found[0])


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (samples(100, 510, *[300] * 11), "server: 510 MB, more than 500"),
        (samples(100, *range(300, 420, 10)), "server: 90 MB more after the first 1 s"),
        (samples(*FLAT, files=2), "server: 18 descriptors more after the first 1 s"),
        (samples(*FLAT, worker=3), "worker: ended and was started again"),
    ],
)
def test_what_is_large_grows_or_dies_is_told(found: list[Sample], fault: str) -> None:
    assert faults(found, 1, found[0]) == [fault]


def test_what_may_grow_is_a_share_of_the_first_quarter_and_not_of_one_sample() -> None:
    found = samples(100, 100, *[400] * 6, *[419] * 6)
    more = samples(100, 900, *[400] * 6, *[421] * 6)

    assert faults(found, 1, None) == []
    assert faults(more, 1, None) == [
        "server: 900 MB, more than 500",
        "server: 21 MB more after the first 1 s",
    ]


def test_connections_that_come_while_clients_do_are_no_descriptors_that_are_kept() -> None:
    found = samples(*FLAT, connections=20)

    assert faults(found, 1, found[0]) == []


def test_sockets_that_stay_open_are_told() -> None:
    found = samples(*FLAT)
    after = Sample(20.0, {"server": Held(300, 300, 500, 400, 9, frozenset({1}))})

    assert faults(found, 1, after) == ["server: 397 sockets more when all clients had left"]
