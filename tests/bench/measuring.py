"""How a case measures: against the floor in turns, by the time of answers, old against young."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench.filling import Filled
from tests.bench.load import Outcome
from tests.bench.servers import Stage
from tests.bench.table import Result, milliseconds, per_second, percentile

Round = tuple[Outcome, Outcome]
"""What the floor did, and what the program did right after it."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often is measured."""

    rounds: int = 5
    seconds: float = 2.0
    connections: int = 32
    answers: int = 1_000
    """For the cases that count answers instead of seconds."""
    pairs: int = 400
    crowd: int = 128
    """Connections, where there are to be many."""
    probes: int = 200
    tickets: int = 100_000
    """Of a hot Event."""
    spread: int = 1_000
    """Events that are sold at the same time."""
    sold: tuple[int, int] = (100, 90_000)
    """Tickets of a young and of an old Event that are sold."""
    fresh: int = 10_000
    """Writes that are read back, idle, and as many while others write."""
    sale: tuple[int, int] = (10_000, 12_000)
    """Tickets and buyers of a sell-out."""
    dear: int = 200
    """Connections of one account that asks for the dearest."""
    fair: tuple[float, float] = (15.0, 60.0)
    """Seconds for which another account is looked at, alone and beside them."""


@dataclass(slots=True)
class Bench:
    """What a case needs: where to send, what is there, how hard to try."""

    kind: str
    store: str
    stage: Stage
    filled: Filled
    effort: Effort
    rng: random.Random = field(default_factory=lambda: random.Random(3))  # noqa: S311 - a mix, no secret
    serial: int = 0

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial

    def against_floor(
        self, case: str, program: list[str], floor: list[str], ratio: float, rate: float = 0
    ) -> Result:
        return compared(case, self.rounds(lambda: program, floor), ratio, rate)

    def rounds(self, program: Callable[[], list[str]], floor: list[str]) -> list[Round]:
        """Floor, case, floor, case …"""
        self.warm(program(), floor)
        return [self.round(program(), floor) for _ in range(self.effort.rounds)]

    def warm(self, program: list[str], floor: list[str]) -> None:
        effort, stage = self.effort, self.stage
        stage.on_program(program, effort.connections, effort.seconds / 4)
        stage.on_floor(floor, effort.connections, effort.seconds / 4)

    def round(self, program: list[str], floor: list[str]) -> Round:
        effort, stage = self.effort, self.stage
        below = stage.on_floor(floor, effort.connections, effort.seconds)
        return below, stage.on_program(program, effort.connections, effort.seconds)

    def answer_time(self, case: str, requests: list[str], limit: float, connections: int) -> Result:
        """How long the answers take, p95."""
        effort = self.effort
        outcome = self.stage.on_program(
            requests, connections, effort.rounds * effort.seconds, effort.answers
        )
        p95 = percentile(outcome.latencies, 0.95)
        many = "" if connections == 1 else f", {connections} at once"
        return Result(
            case + many,
            f"p95 {milliseconds(p95)} ms",
            p50=milliseconds(percentile(outcome.latencies, 0.50)),
            p99=milliseconds(percentile(outcome.latencies, 0.99)),
            target=f"p95 <= {limit:.0f} ms",
            met=p95 <= limit,
            errors=outcome.errors,
            example=outcome.example,
        )


def ageing(
    bench: Bench, case: str, warmed: list[str], measured: list[str], *, everywhere: bool = False
) -> Result:
    """One connection that asks for a young thing, the old one, a young one, the old one …"""
    first = bench.stage.on_program(warmed, 1, 60.0, len(warmed))
    outcome = bench.stage.on_program(measured, 1, 60.0, len(measured))
    young, old = median(outcome.latencies[::2]), median(outcome.latencies[1::2])
    ratio = old / young
    errors, example = faults([first, outcome])
    return Result(
        case,
        f"{milliseconds(old)} ms",
        f"{milliseconds(young)} ms",
        f"{ratio:.2f}",
        milliseconds(old),
        milliseconds(percentile(outcome.latencies[1::2], 0.99)),
        "<= 1.5",
        ratio <= 1.5,
        errors,
        example,
        everywhere,
    )


def compared(
    case: str, rounds: Sequence[Round], ratio: float, rate: float = 0, *, everywhere: bool = False
) -> Result:
    """Medians of the rates, and of the ratios of neighbours."""
    measured = median(outcome.rate for _, outcome in rounds)
    reached = median(outcome.rate / below.rate for below, outcome in rounds)
    latencies = [ms for _, outcome in rounds for ms in outcome.latencies]
    errors, example = faults([outcome for pair in rounds for outcome in pair])
    return Result(
        case,
        per_second(measured),
        per_second(median(below.rate for below, _ in rounds)),
        f"{reached:.3f}",
        milliseconds(percentile(latencies, 0.50)),
        milliseconds(percentile(latencies, 0.99)),
        f">= {ratio}" + (f" or {per_second(rate)}" if rate else ""),
        reached >= ratio or bool(rate and measured >= rate),
        errors,
        example,
        everywhere,
    )


def faults(outcomes: Sequence[Outcome]) -> tuple[int, str]:
    return sum(o.errors for o in outcomes), next((o.example for o in outcomes if o.example), "")
