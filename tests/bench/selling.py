"""The cases of tickets: taking, selling, selling out, seeing what is left."""

import json
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from statistics import median

from domain.contingents import COUNTERS
from domain.order import CONFIRMED
from tests.bench.filling import CATALOGUE, TOKENS
from tests.bench.load import Outcome, Run, request
from tests.bench.measuring import Bench, Round, ageing, compared, faults
from tests.bench.onsale import PRICE, TOKEN, Hot, Lot, availability, put_on_sale, sell
from tests.bench.table import Result, milliseconds, per_second, percentile

BOUND = 300.0
"""Seconds that may be taken by what is counted, not timed."""
CONFIRM = request("POST", "{place}/confirm", TOKEN)
PAY = request("POST", "{place}/payments", TOKEN, {"amount": PRICE})


# -- taking

ONE = "take 1 of one hot Event"


def take(bench: Bench) -> Iterator[Result]:
    hot = Hot(bench)
    floor = [request("POST", "/floor/orders", TOKEN, hot.lot.taken)]
    if bench.kind == "sqlite":
        yield compared(ONE, bench.rounds(hot.take, floor), 0.7)
    else:
        yield from take_by_workers(bench, hot, floor)
    bench.stage.serve()
    yield crowded(bench, hot)


def take_by_workers(bench: Bench, hot: Hot, floor: list[str]) -> Iterator[Result]:
    """One server process and two, in turns, each after the floor."""
    rounds: dict[int, list[Round]] = {1: [], 2: []}
    for _ in range(bench.effort.rounds):
        for workers, measured in rounds.items():
            bench.stage.serve(workers)
            bench.warm(hot.take(), floor)
            measured.append(bench.round(hot.take(), floor))
    for workers, measured in rounds.items():
        yield compared(f"{ONE}, --workers {workers}", measured, 0.5, everywhere=True)
    alone, joined = ([outcome.rate for _, outcome in measured] for measured in rounds.values())
    ratio = median(two / one for one, two in zip(alone, joined, strict=True))
    yield Result(
        f"{ONE}, --workers 2 (floor: 1)",
        per_second(median(joined)),
        per_second(median(alone)),
        f"{ratio:.3f}",
        target=">= 1",
        met=ratio >= 1,
        everywhere=True,
    )


def crowded(bench: Bench, hot: Hot) -> Result:
    effort = bench.effort
    outcomes = [
        bench.stage.on_program(hot.take(), effort.crowd, effort.seconds)
        for _ in range(effort.rounds)
    ]
    latencies = [ms for outcome in outcomes for ms in outcome.latencies]
    p50, p99 = percentile(latencies, 0.50), percentile(latencies, 0.99)
    errors, example = faults(outcomes)
    return Result(
        f"{ONE}, {effort.crowd} at once",
        per_second(median(outcome.rate for outcome in outcomes)),
        p50=milliseconds(p50),
        p99=milliseconds(p99),
        target="p99 <= 5 x p50",
        met=p99 <= 5 * p50,
        errors=errors,
        example=example,
    )


def take_spread(bench: Bench) -> Iterator[Result]:
    lots = put_on_sale(bench, 2_000, bench.effort.spread)
    yield bench.against_floor(
        f"take 1 of one of {len(lots):,} Events",
        [lot.take for lot in lots],
        [request("POST", "/floor/orders", TOKEN, lot.taken) for lot in lots],
        0.5,
    )


def take_age(bench: Bench) -> Iterator[Result]:
    effort = bench.effort
    few, many = effort.sold
    young, (old,) = put_on_sale(bench, effort.tickets, 20), put_on_sale(bench, effort.tickets)
    sell(bench, {**dict.fromkeys(young, few), old: many})

    def turns(count: int) -> list[str]:
        return [text for lot in islice(cycle(young), count) for text in (lot.take, old.take)]

    case = f"take 1 at {many:,} sold (floor: at {few})"
    yield ageing(bench, case, turns(len(young)), turns(effort.pairs), everywhere=True)


# -- selling


def order(bench: Bench) -> Iterator[Result]:
    """Each connection takes, confirms, pays, and begins the next order."""
    effort, stage, hot = bench.effort, bench.stage, Hot(bench)
    outcomes: list[Outcome] = []
    for seconds in (effort.seconds / 4, *[effort.seconds] * effort.rounds):
        run = Run(stage.program.port, hot.take(), effort.connections, seconds, then=[CONFIRM, PAY])
        outcomes += stage.together(run)
    errors, example = faults(outcomes)
    rate = median(outcome.rate / 3 for outcome in outcomes[1:])
    yield Result(
        "order: take, confirm, pay", f"{rate:,.0f} orders/s", errors=errors, example=example
    )


def sell_out(bench: Bench) -> Iterator[Result]:
    """More buyers than tickets: each takes one and confirms, or is told that there is none."""
    tickets, buyers = bench.effort.sale
    for workers in (1, 2):
        bench.stage.serve(workers)
        (lot,) = put_on_sale(bench, tickets)
        (outcome,) = bench.stage.together(
            Run(
                bench.stage.program.port,
                [lot.take],
                bench.effort.crowd,
                BOUND,
                buyers,
                then=[CONFIRM],
                refusals=["urn:stagebook:problem:sold-out"],
            )
        )
        wrong = list(untrue(bench, lot, outcome))
        yield Result(
            f"sell-out: {tickets:,} tickets, {buyers:,} buyers, --workers {workers}",
            f"{outcome.seconds:.1f} s",
            p50=milliseconds(percentile(outcome.latencies, 0.50)),
            p99=milliseconds(percentile(outcome.latencies, 0.99)),
            target="exact",
            met=not wrong,
            errors=outcome.errors + len(wrong),
            example=outcome.example or "; ".join(wrong),
            everywhere=True,
        )


def untrue(bench: Bench, lot: Lot, outcome: Outcome) -> Iterator[str]:
    """What is not as it must be when everything is sold: by the answers, the views, the facts."""
    tickets, buyers = bench.effort.sale
    program = bench.stage.program
    seen = availability(bench, lot)
    sold = {**dict.fromkeys(COUNTERS, 0), "sold_unpaid": tickets, "total": tickets}
    orders = f"/v1/orders?eventid={lot.event}&limit=1"
    lines = program.body(f"/v1/events/{lot.event}/tickets", TOKEN).splitlines()
    then = f"?inventoryversion={seen['inventoryversion']}"
    held = [(ticket["state"], ticket["orderid"]) for ticket in map(json.loads, lines)]
    for name, found, expected in (
        ("answers", len(outcome.latencies), buyers + tickets),
        ("refused", outcome.refused, buyers - tickets),
        ("the view", {name: seen["total"][name] for name in COUNTERS}, sold),
        (
            "the facts",
            availability(bench, lot, then),
            seen,
        ),
        ("orders", program.get(orders, TOKEN)["total"], tickets),
        ("confirmed", program.get(f"{orders}&status={CONFIRMED}", TOKEN)["total"], tickets),
        ("tickets sold", [state for state, _ in held], ["sold_unpaid"] * tickets),
        ("orders with a ticket", len({number for _, number in held}), tickets),
    ):
        if found != expected:
            yield f"{name}: {str(found)[:200]}, not {str(expected)[:200]}"


# -- what is left


def look(bench: Bench) -> Iterator[Result]:
    asked = bench.rng.choices(bench.filled.events, k=2_000)
    token = TOKENS[CATALOGUE]
    yield bench.against_floor(
        "GET availability",
        [request("GET", f"/v1/events/{n}/availability", token) for n in asked],
        [request("GET", f"/floor/{n}", token) for n in asked],
        0.8,
    )


def visible(bench: Bench) -> Iterator[Result]:
    """Beside the load one connection takes a ticket and asks for the view that has it."""
    effort, stage, hot = bench.effort, bench.stage, Hot(bench)
    outcomes: list[Outcome] = []
    waited: list[float] = []
    while len(waited) < effort.probes and not any(outcome.errors for outcome in outcomes):
        port, taking = stage.program.port, hot.take()
        path, after = f"/v1/events/{hot.lot.event}/availability", ["Stagebook-After: {position}"]
        seeing = request("GET", path, TOKEN, headers=after)
        outcomes += stage.together(
            Run(port, taking, effort.connections, effort.seconds),
            Run(port, taking, 1, effort.seconds, then=[seeing]),
        )
        waited += outcomes[-1].latencies[1::2]
    errors, example = faults(outcomes)
    p99 = percentile(waited, 0.99)
    yield Result(
        f"answer -> availability, {effort.connections} taking",
        f"{len(waited):,} probes",
        p50=milliseconds(percentile(waited, 0.50)),
        p99=milliseconds(p99),
        target="p99 <= 100 ms",
        met=p99 <= 100,
        errors=errors,
        example=example,
        everywhere=True,
    )


CASES: dict[str, Callable[[Bench], Iterator[Result]]] = {
    "take": take,
    "take-spread": take_spread,
    "order": order,
    "availability": look,
    "visible": visible,
    "take-age": take_age,
    "sell-out": sell_out,
}
