"""The cases of documents: what is asked, how often, and what is expected of it."""

from collections.abc import Callable, Iterator
from urllib.parse import quote

from tests.bench.filling import CATALOGUE, HOT, TOKENS, event_body
from tests.bench.load import request
from tests.bench.measuring import Bench, ageing
from tests.bench.table import Result

DISTINCT = 2_000
"""Different requests that a case goes round with."""


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
    young, old, count = bench.filled.young, bench.filled.long, bench.effort.pairs

    def change(number: int) -> str:
        body = {"subtitle": f"Age {bench.next_serial()}"}
        return request("PATCH", f"/v1/events/{number}", TOKENS[HOT], body)

    def turns(chosen: list[int]) -> list[str]:
        return [text for number in chosen for text in (change(number), change(old))]

    case = f"PATCH at version {bench.filled.sizes.versions:,} (floor: at 10)"
    measured = turns([young[n % len(young)] for n in range(count)])
    yield ageing(bench, case, turns(young), measured)


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
