"""The cases: what is asked, how often, and what is expected of it."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from urllib.parse import quote

from adapters.bootstrap import PROJECTIONS
from tests.bench.filling import CATALOGUE, HOT, TOKENS, Filled, event_body
from tests.bench.load import Outcome, request
from tests.bench.servers import Stage
from tests.bench.table import Result, milliseconds, per_second, percentile

DISTINCT = 2_000
"""Different requests that a case goes round with."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often is measured."""

    rounds: int = 5
    seconds: float = 2.0
    connections: int = 32
    answers: int = 1_000
    """For the cases that count answers instead of seconds."""
    pairs: int = 400


@dataclass(slots=True)
class Bench:
    """What a case needs: where to send, what is there, how hard to try."""

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
        """Floor, case, floor, case …: medians of the rates, and of the ratios of neighbours."""
        effort, stage = self.effort, self.stage
        stage.on_program(program, effort.connections, effort.seconds / 4)
        stage.on_floor(floor, effort.connections, effort.seconds / 4)
        rounds: list[tuple[Outcome, Outcome]] = []
        for _ in range(effort.rounds):
            below = stage.on_floor(floor, effort.connections, effort.seconds)
            rounds.append((below, stage.on_program(program, effort.connections, effort.seconds)))
        measured = median(outcome.rate for _, outcome in rounds)
        reached = median(outcome.rate / below.rate for below, outcome in rounds)
        latencies = [ms for _, outcome in rounds for ms in outcome.latencies]
        both = [outcome for pair in rounds for outcome in pair]
        return Result(
            case,
            per_second(measured),
            per_second(median(below.rate for below, _ in rounds)),
            f"{reached:.3f}",
            milliseconds(percentile(latencies, 0.50)),
            milliseconds(percentile(latencies, 0.99)),
            f">= {ratio}" + (f" or {per_second(rate)}" if rate else ""),
            reached >= ratio or bool(rate and measured >= rate),
            *faults(both),
        )

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


def faults(outcomes: Sequence[Outcome]) -> tuple[int, str]:
    return sum(o.errors for o in outcomes), next((o.example for o in outcomes if o.example), "")


# -- documents


def create(bench: Bench) -> Iterator[Result]:
    places, rng = bench.filled.hot_locations, bench.rng
    bodies = [event_body(rng, places[n % len(places)], n) for n in range(DISTINCT)]
    yield bench.against_floor(
        "create Event",
        [request("POST", "/v1/events", TOKENS[HOT], body) for body in bodies],
        [request("POST", "/floor", TOKENS[HOT], body) for body in bodies],
        0.5,
    )


def patch(bench: Bench) -> Iterator[Result]:
    bodies = [{"subtitle": f"Take {n}"} for n in range(DISTINCT)]
    path = f"/v1/events/{bench.filled.hot}"
    yield bench.against_floor(
        "PATCH one hot Event",
        [request("PATCH", path, TOKENS[HOT], body) for body in bodies],
        [request("POST", "/floor", TOKENS[HOT], body) for body in bodies],
        0.5,
    )


def get(bench: Bench) -> Iterator[Result]:
    asked = bench.rng.choices(bench.filled.events, k=DISTINCT)
    yield bench.against_floor(
        "GET Event",
        [request("GET", f"/v1/events/{n}", TOKENS[CATALOGUE]) for n in asked],
        [request("GET", f"/floor/{n}", TOKENS[CATALOGUE]) for n in asked],
        0.8,
    )


def page(bench: Bench) -> Iterator[Result]:
    asked = bench.rng.choices(bench.filled.events, k=DISTINCT)
    yield bench.against_floor(
        f"list page of 50 of {bench.filled.sizes.events:,}",
        [request("GET", path, TOKENS[CATALOGUE]) for path in pages(bench)],
        [request("GET", f"/floor/{n}", TOKENS[CATALOGUE]) for n in asked],
        0.15,
        1_000,
    )


def pages(bench: Bench) -> list[str]:
    """Every page of the list: a client that walks it."""
    return walk(bench, "/v1/events?limit=50", CATALOGUE)


def walk(bench: Bench, first: str, account: str) -> list[str]:
    paths, following = [first], bench.stage.program.get(first, TOKENS[account])["next"]
    while following:
        paths.append(f"{first}&after={following}")
        following = bench.stage.program.get(paths[-1], TOKENS[account])["next"]
    return paths


# -- long histories


def patch_age(bench: Bench) -> Iterator[Result]:
    """One connection that changes a young Event, the old one, a young one, the old one …"""
    young, old, count = bench.filled.young, bench.filled.long, bench.effort.pairs

    def change(number: int) -> str:
        body = {"subtitle": f"Age {bench.next_serial()}"}
        return request("PATCH", f"/v1/events/{number}", TOKENS[HOT], body)

    def turns(chosen: list[int]) -> list[str]:
        return [text for number in chosen for text in (change(number), change(old))]

    warmed = turns(young)
    measured = turns([young[n % len(young)] for n in range(count)])
    first = bench.stage.on_program(warmed, 1, 60.0, len(warmed))
    outcome = bench.stage.on_program(measured, 1, 60.0, len(measured))
    at_10, at_many = median(outcome.latencies[::2]), median(outcome.latencies[1::2])
    ratio = at_many / at_10
    errors, example = faults([first, outcome])
    yield Result(
        f"PATCH at version {bench.filled.sizes.versions:,} (floor: at 10)",
        f"{milliseconds(at_many)} ms",
        f"{milliseconds(at_10)} ms",
        f"{ratio:.2f}",
        milliseconds(at_many),
        milliseconds(percentile(outcome.latencies[1::2], 0.99)),
        "<= 1.5",
        ratio <= 1.5,
        errors,
        example,
    )


def as_of_version(bench: Bench) -> Iterator[Result]:
    path, last = f"/v1/events/{bench.filled.long}", bench.filled.sizes.versions
    asked = [
        request("GET", f"{path}?version={bench.rng.randint(1, last)}", TOKENS[HOT])
        for _ in range(bench.effort.answers)
    ]
    for connections in (1, bench.effort.connections):
        yield bench.answer_time(f"?version= of {last:,}", asked, 50, connections)


def as_of_time(bench: Bench) -> Iterator[Result]:
    path, last = f"/v1/events/{bench.filled.long}", bench.filled.sizes.versions
    begun, ended = bench.filled.long_times
    moments = [begun + (ended - begun) * bench.rng.random() for _ in range(bench.effort.answers)]
    asked = [
        request("GET", f"{path}?at={quote(moment.isoformat())}", TOKENS[HOT]) for moment in moments
    ]
    for connections in (1, bench.effort.connections):
        yield bench.answer_time(f"?at= of {last:,}", asked, 50, connections)


def history(bench: Bench) -> Iterator[Result]:
    paths = walk(bench, f"/v1/events/{bench.filled.long}/history?limit=50", HOT)
    asked = bench.rng.choices(paths, k=bench.effort.answers)
    requests = [request("GET", path, TOKENS[HOT]) for path in asked]
    for connections in (1, bench.effort.connections):
        yield bench.answer_time("history page of 50", requests, 20, connections)


CASES: dict[str, Callable[[Bench], Iterator[Result]]] = {
    "create": create,
    "patch": patch,
    "get": get,
    "list": page,
    "patch-age": patch_age,
    "as-of-version": as_of_version,
    "as-of-time": as_of_time,
    "history": history,
}

# -- rebuild

REBUILD = "rebuild"
WANTED = {"sqlite": 30_000, "postgres": 15_000}


def rebuild(kind: str, store: str) -> Iterator[Result]:
    """Every view in a process of its own, so that each one's memory is its own."""
    for name in (*(p.name for p in PROJECTIONS), "--all"):
        command = [sys.executable, "-m", "tests.bench.rebuilding", store, name]
        said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        memory = " -> ".join(f"{said[when]:.0f}" for when in ("start", "half", "end"))
        rate = said["facts"] / said["seconds"]
        judged = name in ("events", "--all")
        yield Result(
            f"rebuild {name} of {said['facts']:,} facts, MB {memory}",
            per_second(rate),
            target=f">= {per_second(WANTED[kind])}" if judged else "",
            met=rate >= WANTED[kind] if judged else None,
        )
