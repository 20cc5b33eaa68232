"""The case of fairness: what one account notices of another that asks for the dearest there is.

Many connections of one account send lists, counts, histories, as-of, feeds and questions in SQL, as
fast as they are answered. Beside them another account reads, takes a ticket and follows its changes
at a steady pace, and somebody asks for the health; before, and after, they do so alone.
"""

import base64
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.bench.filling import ACCESS_KEY, CATALOGUE, SECRET, TOKENS
from tests.bench.load import HOST, Generator, Outcome, Run, request
from tests.bench.measuring import Bench
from tests.bench.onsale import TOKEN, Lot, put_on_sale
from tests.bench.servers import READY, Server
from tests.bench.table import Result, milliseconds, percentile
from tests.followers import changes, following

PACE = 0.025
"""Seconds between two requests of one kind."""
MOST, HEALTH_MOST = 3.0, 100.0
"""How many times the idle p99 is fair, and milliseconds for the health at most."""
REFUSALS = ("too-busy", "it took longer than")
"""What the account that asks for so much is told now and then; that is no error."""
STREAM = "see its change"

Times = dict[str, list[float]]


def dearest(bench: Bench) -> list[str]:
    """What costs most of what an admin may ask for, in turns."""
    events = bench.filled.events
    paths = [
        "/v1/events?limit=200&orderby=name&q=bonobo",
        "/v1/events?limit=200&orderby=-startts",
        f"/v1/events/{events[0]}/history?limit=200",
        f"/v1/events/{events[1]}?version=1",
        f"/v1/events/{events[2]}/diff?from=1",
        "/v1/changes?after=0&limit=1000",
        "/v1/orders?limit=200&q=a",
        "/v1/projections",
    ]
    basic = base64.b64encode(f"{ACCESS_KEY}:{SECRET}".encode()).decode()
    signed = [f"Authorization: Basic {basic}"]
    account = f"/api/1/{CATALOGUE}"
    question = "select id from tm.event where nameen ilike '%o%' order by nameen"
    asked = {"query": "select * from tm.event order by nameen desc", "limit": 100}
    return [
        *[request("GET", path, TOKENS[CATALOGUE]) for path in paths],
        request("GET", f"{account}/events?filter={quote(question)}&limit=100", headers=signed),
        request("POST", f"{account}/tools/queries", body=asked, headers=signed),
    ]


@dataclass
class Probe:
    """One connection that asks at a steady pace, and what its answers took, in milliseconds."""

    port: int
    method: str
    path: str
    token: str = ""
    body: object = None
    answered: Callable[[int], None] = lambda _: None
    """Is told the position of each answer."""
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def run(self, over: threading.Event) -> None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        body = None if self.body is None else json.dumps(self.body)
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=60)) as connection:
            while not over.wait(PACE):
                begun = time.perf_counter()
                connection.request(self.method, self.path, body, headers)
                answer = connection.getresponse()
                text = answer.read()
                self.times.append((time.perf_counter() - begun) * 1_000)
                if answer.status >= http.HTTPStatus.BAD_REQUEST:
                    self.errors.append(text[:300].decode(errors="replace"))
                self.answered(int(answer.headers.get("Stagebook-Position", 0)))


class Follower:
    """When the follower of an account's changes sees what was answered to its takings."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._answered: dict[int, float] = {}
        self._seen: dict[int, float] = {}
        self._lock = threading.Lock()

    def answered(self, position: int) -> None:
        self._note(position, self._answered)

    def seen(self, position: int) -> None:
        self._note(position, self._seen)

    def _note(self, position: int, where: dict[int, float]) -> None:
        with self._lock:
            where[position] = time.perf_counter()
            if position in self._answered and position in self._seen:
                late = self._seen.pop(position) - self._answered.pop(position)
                self.times.append(max(late, 0.0) * 1_000)

    def run(self, program: Server, over: threading.Event) -> None:
        with following(
            program.port, "/v1/changes", TOKEN, program.get(READY)["position"]
        ) as stream:
            for change in changes(stream):
                self.seen(change.id)
                if over.is_set():
                    return


def observed(program: Server, lot: Lot, seconds: float) -> tuple[Times, list[str]]:
    """What one account's requests take, and the health, for so long."""
    over, follower, port = threading.Event(), Follower(), program.port
    probes = {
        "GET": Probe(port, "GET", f"/v1/events/{lot.event}", TOKEN),
        "take": Probe(port, "POST", "/v1/orders", TOKEN, lot.taken, follower.answered),
        "health": Probe(port, "GET", "/health/ready"),
    }
    with ThreadPoolExecutor(len(probes) + 1) as threads:
        running = [threads.submit(follower.run, program, over)]
        running += [threads.submit(probe.run, over) for probe in probes.values()]
        time.sleep(seconds)
        over.set()
        for work in running[1:]:
            work.result()
        program.post("/v1/orders", TOKEN, lot.taken)  # wakes it for the last time
        running[0].result()
    times = {name: probe.times for name, probe in probes.items()} | {STREAM: follower.times}
    return times, [error for probe in probes.values() for error in probe.errors]


@contextmanager
def crowded(
    port: int, requests: list[str], connections: int, seconds: float
) -> Iterator[list[Outcome]]:
    """So many connections that ask without a pause, from a process of their own."""
    outcomes: list[Outcome] = []
    with Generator() as generator, ThreadPoolExecutor(1) as beside:
        run = Run(port, requests, connections, seconds, refusals=REFUSALS)
        load = beside.submit(lambda: outcomes.extend(generator.send(run)))
        yield outcomes
        load.result()


def fairness(bench: Bench) -> Iterator[Result]:
    program, (lot,) = bench.stage.program, put_on_sale(bench, bench.effort.tickets)
    idle_seconds, seconds = bench.effort.fair
    before, errors = observed(program, lot, idle_seconds)
    with crowded(program.port, dearest(bench), bench.effort.dear, seconds + 2) as outcomes:
        time.sleep(1)
        loaded, more = observed(program, lot, seconds)
    bench.stage.settle()
    after, rest = observed(program, lot, idle_seconds)
    (crowd,) = outcomes
    errors += more + rest
    for name, times in loaded.items():
        idle = before[name] + after[name]
        yield result(name, times, idle, bench.effort.dear, errors)
        errors = []
    yield Result(
        f"what the {bench.effort.dear} got",
        f"{crowd.rate:,.0f}/s, {crowd.refused:,} too busy",
        p50=milliseconds(percentile(crowd.latencies, 0.50)),
        p99=milliseconds(percentile(crowd.latencies, 0.99)),
        errors=crowd.errors,
        example=crowd.example,
        everywhere=True,
    )


def result(
    name: str, times: list[float], idle: list[float], dear: int, errors: list[str]
) -> Result:
    p99, alone = percentile(times, 0.99), percentile(idle, 0.99)
    met, target = p99 <= MOST * alone, f"p99 <= {MOST:.0f} x idle"
    measured = f"p99 {milliseconds(p99)} ms"
    if name == "health":
        measured += f", most {milliseconds(max(times))} ms"
        met, target = max(times) <= HEALTH_MOST, f"most <= {HEALTH_MOST:.0f} ms"
    return Result(
        f"{name} beside {dear} of another account (floor: idle)",
        measured,
        f"{milliseconds(alone)} ms",
        f"{p99 / alone:.2f}",
        p50=milliseconds(percentile(times, 0.50)),
        p99=milliseconds(p99),
        target=target,
        met=met,
        errors=len(errors),
        example=errors[0] if errors else "",
        everywhere=True,
    )


CASES: dict[str, Callable[[Bench], Iterator[Result]]] = {"fairness": fairness}
