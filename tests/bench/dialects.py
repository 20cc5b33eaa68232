"""The cases of dialects: what it costs to talk as vendors' clients do."""

import base64
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import mean, median
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

from starlette.requests import Request

from adapters.http.ticketmatic.signing import signature, signing_key
from application.keyring import SigningKey
from tests.bench.cases import walk
from tests.bench.filling import ACCESS_KEY, CATALOGUE, SECRET, TOKENS
from tests.bench.load import request
from tests.bench.measuring import Bench, faults
from tests.bench.table import Result, milliseconds, percentile

CHECKS = 10_000
WHOLE = quote('{"status":[19001,19002,19003]}')


def ticketmatic_list(bench: Bench) -> Iterator[Result]:
    """Lists of 1,000 Events in the time zone of the account, against those of the native surface:
    the first page as clients poll it, and page after page. What counts are bytes."""
    limit = min(1_000, bench.filled.sizes.events)
    native = walk(bench, f"/v1/events?limit={limit}", CATALOGUE)
    first = f"/api/1/{CATALOGUE}/events?output=default&simplefilter={WHOLE}&limit={limit}"
    dialect = [f"{first}&offset={page * limit}" for page in range(len(native))]
    case = f"Ticketmatic list of {limit:,}"
    yield _beside(bench, f"{case}, polled (floor: native)", native[:1], dialect[:1])
    yield _beside(bench, f"{case}, page after page", native, dialect)


def _beside(bench: Bench, case: str, native: list[str], dialect: list[str]) -> Result:
    basic = base64.b64encode(f"{ACCESS_KEY}:{SECRET}".encode()).decode()
    program, effort = bench.stage.program, bench.effort
    plain = [request("GET", path, TOKENS[CATALOGUE]) for path in native]
    signed = [request("GET", path, headers=[f"Authorization: Basic {basic}"]) for path in dialect]
    sizes = (
        mean(len(program.body(path, TOKENS[CATALOGUE])) for path in native),
        mean(len(program.body(path, authorization=f"Basic {basic}")) for path in dialect),
    )
    rounds = [
        [bench.stage.on_program(asked, 4, effort.seconds) for asked in (plain, signed)]
        for _ in range(effort.rounds)
    ]
    ratio = median(b.rate * sizes[1] / (a.rate * sizes[0]) for a, b in rounds)
    latencies = [ms for _, outcome in rounds for ms in outcome.latencies]
    errors, example = faults([outcome for pair in rounds for outcome in pair])
    return Result(
        case,
        _bytes(median(b.rate for _, b in rounds) * sizes[1]),
        _bytes(median(a.rate for a, _ in rounds) * sizes[0]),
        f"{ratio:.2f}",
        milliseconds(percentile(latencies, 0.50)),
        milliseconds(percentile(latencies, 0.99)),
        ">= 0.5",
        ratio >= 0.5,
        errors,
        example,
    )


def signature_check(_: Bench) -> Iterator[Result]:
    """From the header to the key, in this process."""
    key = SigningKey(SECRET.encode(), {})
    keyring = SimpleNamespace(signing=lambda _: key)
    app = SimpleNamespace(state=SimpleNamespace(stagebook=SimpleNamespace(keyring=keyring)))
    ts = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    sign = signature(ACCESS_KEY, key.secret, CATALOGUE, ts)
    header = f"TM-HMAC-SHA256 key={ACCESS_KEY} ts={ts} sign={sign}".encode()
    scope: Any = {"type": "http", "app": app, "headers": [(b"authorization", header)]}
    taken = []
    for _ in range(CHECKS):
        asked = cast("Any", Request(scope))
        begun = time.perf_counter()
        signing_key(asked, CATALOGUE)
        taken.append((time.perf_counter() - begun) * 1_000)
    middle = percentile(taken, 0.50)
    yield Result(
        "signature check",
        f"{middle * 1_000:.0f} us",
        p50=f"{middle:.4f}",
        p99=f"{percentile(taken, 0.99):.4f}",
        target="p50 <= 50 us",
        met=middle <= 0.050,
    )


def _bytes(rate: float) -> str:
    return f"{rate / 1_000_000:,.0f} MB/s"


CASES: dict[str, Callable[[Bench], Iterator[Result]]] = {
    "ticketmatic-list": ticketmatic_list,
    "signature": signature_check,
}
