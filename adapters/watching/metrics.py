"""What a process counts: requests, commands, batches, facts folded.

A request is counted in a dictionary, in less than a microsecond; once a second what was counted
goes to the library's metrics, where all processes are summed.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from adapters.watching.stalls import CAUSES, Stall
from application.ports import CommandResult
from application.unit_of_work import PendingCommand
from domain.errors import Refusal

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
STALL_SECONDS = tuple(bound for bound in SECONDS if bound >= 0.1)  # noqa: PLR2004 - a tenth
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})

MEANINGS = {
    "stagebook_http_requests": "Requests answered, by the template of their route",
    "stagebook_http_request_seconds": "From a request's head to the end of its answer, of a stream"
    " of events to its head",
    "stagebook_damage_met": "Requests that damage of the store or of a view has prevented",
    "stagebook_credentials_refused": "Requests whose token or signature is not valid",
    "stagebook_connections_closed": "Connections closed because a bound was exceeded",
    "stagebook_requests_refused": "Requests refused: an address, a key or an account sent too many,"
    " or a bound was reached (`limit`: streams, reads, questions, barcodes, bodies, body)",
    "stagebook_bodies_refused": "Requests refused because too many bytes of bodies were held",
    "stagebook_commands": "Commands; `outcome` is ok, refused:REASON or failed",
    "stagebook_batch_commands": "Commands that were committed together",
    "stagebook_commit_seconds": "Deciding and storing a batch, with its retries",
    "stagebook_stall_seconds": "Stops of the event loop and of the writer (`where`) that lasted"
    " STAGEBOOK_STALL_SECONDS or longer, by what took most of the time (`cause`)",
    "stagebook_cached_bytes": "Bytes of the aggregates that writers keep in memory",
    "stagebook_cache_evictions": "Aggregates that left the memory because of its bound",
    "stagebook_folded_facts": "Facts that a view has taken",
    "stagebook_fold_seconds": "Folding and storing a batch of a view",
}
COUNTERS = frozenset(
    {
        "stagebook_cache_evictions",
        "stagebook_http_requests",
        "stagebook_connections_closed",
        "stagebook_requests_refused",
        "stagebook_bodies_refused",
        "stagebook_damage_met",
        "stagebook_credentials_refused",
        "stagebook_commands",
        "stagebook_folded_facts",
    }
)
"""Those that only grow: the library tells them with `_total` behind their names."""
LABELS = {
    "stagebook_http_requests": ("route", "method", "status"),
    "stagebook_http_request_seconds": ("route", "method"),
    "stagebook_connections_closed": ("reason",),
    "stagebook_requests_refused": ("limit",),
    "stagebook_commands": ("command", "outcome"),
    "stagebook_stall_seconds": ("where", "cause"),
    "stagebook_folded_facts": ("view",),
    "stagebook_fold_seconds": ("view",),
}


class Tallies(Histogram):
    """A histogram that takes many observations at once."""

    def add(self, tally: "Tally") -> None:
        for bucket, more in zip(self._buckets, tally.counts, strict=True):
            if more:
                bucket.inc(more)
        self._sum.inc(tally.sum)


class Tally:
    """Observations of one kind, counted by bucket."""

    __slots__ = ("counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    @property
    def count(self) -> int:
        return sum(self.counts)


class Metrics:
    """Counts, and tells what was counted, here and in the other processes."""

    def __init__(self, folder: Path | None) -> None:
        own = CollectorRegistry()
        self._all = own
        if folder is not None:
            self._all = CollectorRegistry()
            MultiProcessCollector(self._all, str(folder))  # type: ignore[no-untyped-call]

        def counter(name: str) -> Counter:
            return Counter(name, MEANINGS[name], LABELS.get(name, ()), registry=own)

        def tallies(name: str, buckets: Sequence[float]) -> Tallies:
            said = MEANINGS[name]
            return Tallies(name, said, LABELS.get(name, ()), registry=own, buckets=buckets)

        self._requests = counter("stagebook_http_requests")
        self._request_seconds = tallies("stagebook_http_request_seconds", SECONDS)
        self._closed = counter("stagebook_connections_closed")
        self._bodies_refused = counter("stagebook_bodies_refused")
        self._refused = counter("stagebook_credentials_refused")
        self._too_many = counter("stagebook_requests_refused")
        self._damage = counter("stagebook_damage_met")
        self._commands = counter("stagebook_commands")
        self._batch_commands = tallies("stagebook_batch_commands", SIZES)
        self._commit_seconds = tallies("stagebook_commit_seconds", SECONDS)
        self._stalls = tallies("stagebook_stall_seconds", STALL_SECONDS)
        for where, causes in CAUSES.items():
            for cause in causes:
                self._stalls.labels(where, cause)
        name = "stagebook_cached_bytes"
        self._cached = Gauge(name, MEANINGS[name], registry=own, multiprocess_mode="livesum")
        self._evictions = counter("stagebook_cache_evictions")
        self.cached = (0, 0)
        """Bytes of the aggregates in memory, and how many left it since the start."""
        self._evicted = 0
        self._folded = counter("stagebook_folded_facts")
        self._fold_seconds = tallies("stagebook_fold_seconds", SECONDS)
        self._lock = threading.Lock()
        self._empty()

    def _empty(self) -> None:
        self._answered: dict[tuple[str, str, int], Tally] = {}
        self._decided: dict[tuple[str, type], int] = {}
        self._sizes, self._commits = Tally(SIZES), Tally(SECONDS)
        self._folds: dict[str, tuple[Tally, list[int]]] = {}

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        key = (route, method, status)
        with self._lock:
            tally = self._answered.get(key)
            if tally is None:
                tally = self._answered[key] = Tally(SECONDS)
            tally.counts[bisect_left(SECONDS, seconds)] += 1
            tally.sum += seconds

    def connection_closed(self, reason: str) -> None:
        self._closed.labels(reason).inc()

    def request_refused(self, limit: str) -> None:
        self._too_many.labels(limit).inc()

    def body_refused(self) -> None:
        self._bodies_refused.inc()

    def damage_met(self) -> None:
        self._damage.inc()

    def credentials_refused(self) -> None:
        self._refused.inc()

    def committed(self, batch: Sequence[PendingCommand], seconds: float) -> None:
        with self._lock:
            decided = self._decided
            for job in batch:
                key = (job.origin.command, type(job.outcome))
                decided[key] = decided.get(key, 0) + 1
            self._sizes.counts[bisect_left(SIZES, len(batch))] += 1
            self._sizes.sum += len(batch)
            self._commits.counts[bisect_left(SECONDS, seconds)] += 1
            self._commits.sum += seconds

    def stalled(self, stall: Stall) -> None:
        self._stalls.labels(stall.where, stall.cause).observe(stall.seconds)

    def folded(self, view: str, facts: int, seconds: float) -> None:
        with self._lock:
            tally, folded = self._folds.setdefault(view, (Tally(SECONDS), [0]))
            tally.counts[bisect_left(SECONDS, seconds)] += 1
            tally.sum += seconds
            folded[0] += facts

    def flush(self) -> None:
        """Hands over what was counted."""
        with self._lock:
            answered, decided, folds = self._answered, self._decided, self._folds
            sizes, commits = self._sizes, self._commits
            self._empty()
        for (route, said, status), tally in answered.items():
            method = said if said in METHODS else "other"
            self._requests.labels(route, method, status or "none").inc(tally.count)
            self._request_seconds.labels(route, method).add(tally)
        for (command, kind), number in decided.items():
            self._commands.labels(command, outcome(kind)).inc(number)
        self._batch_commands.add(sizes)
        self._commit_seconds.add(commits)
        weight, evicted = self.cached
        self._cached.set(weight)
        self._evictions.inc(evicted - self._evicted)
        self._evicted = evicted
        for view, (tally, (facts,)) in folds.items():
            self._folded.labels(view).inc(facts)
            self._fold_seconds.labels(view).add(tally)

    def collect(self) -> Iterable[Metric]:
        """All of it, of all processes, as the library asks for it."""
        self.flush()
        return self._all.collect()


def outcome(kind: type) -> str:
    if issubclass(kind, CommandResult):
        return "ok"
    from adapters.http.errors import slug  # noqa: PLC0415 - the worker has no web framework

    return f"refused:{slug(kind)}" if issubclass(kind, Refusal) else "failed"
