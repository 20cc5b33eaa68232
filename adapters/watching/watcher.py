"""One process's watch over its writer, its views and its requests: metrics, and traces."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIServer

from prometheus_client import generate_latest, start_http_server
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from structlog import get_logger

from adapters.bootstrap import Stagebook
from adapters.settings import Settings
from adapters.watching import folder
from adapters.watching.guesses import Guesses
from adapters.watching.metrics import Metrics
from adapters.watching.stalls import Describe, LoopWatch, Stall, of_batch
from adapters.watching.views import ViewGauges
from application.ports import StoreUnavailable
from application.unit_of_work import PendingCommand
from application.watching import Timing
from projections.base import RecordedFact

if TYPE_CHECKING:
    from adapters.watching.traces import Traces

log = get_logger()


class Watcher:
    """Hears of batches and views. What goes wrong here is told to the log, and to nobody else."""

    def __init__(self, settings: Settings) -> None:
        shared = Path(settings.metrics_folder) if settings.metrics_folder else None
        if shared:
            folder.join(shared)
        self.metrics = Metrics(shared)
        self.guesses = Guesses(self.metrics.credentials_refused)
        self._longest = settings.stall_seconds
        self._loop: LoopWatch | None = None
        self._server: WSGIServer | None = None
        self._traces: Traces | None = None
        if settings.otlp_endpoint:
            from adapters.watching import traces  # noqa: PLC0415 - its libraries are slow

            self._traces = traces.Traces(traces.exporting(settings.otlp_endpoint))

        self.store = b""
        """Which store is served, in which epoch, as every answer says it."""
        self.broken: str | None = None
        """Why nothing is served any more: the store is another one."""
        self.heard: Callable[[BaseException | None], None] = lambda _: None
        """Hears what a batch came to: None, or what is wrong with the store."""

    clock = staticmethod(time.perf_counter)

    def begun(self) -> Timing:
        return Timing(time.perf_counter(), time.thread_time())

    def committed(self, batch: Sequence[PendingCommand], timing: Timing) -> None:
        now = time.perf_counter()
        seconds = now - timing.began
        try:
            self.metrics.committed(batch, seconds)
            if self._longest and seconds >= self._longest:
                self.stalled(of_batch(batch, timing, now, time.thread_time()))
            self._tell(batch)
            if self._traces:
                self._traces.committed(batch, seconds)
        except Exception:  # the batch is recorded, and is to be answered
            log.exception("a batch was not seen")

    def stalled(self, stall: Stall) -> None:
        self.metrics.stalled(stall)
        stall.tell()

    def watch_loop(self, describe: Describe) -> None:
        """Watches the event loop that this is called on, until it is closed."""
        if self._longest:
            self._loop = LoopWatch(self._longest, self.stalled, describe)
            self._loop.start(asyncio.get_running_loop())

    def cached(self, weight: int, evicted: int) -> None:
        self.metrics.cached = (weight, evicted)

    def _tell(self, batch: Sequence[PendingCommand]) -> None:
        """A batch is recorded as a whole; one without facts says nothing of the store."""
        for job in batch:
            if isinstance(job.outcome, StoreUnavailable):
                self.heard(job.outcome)
                return
        if any(job.facts for job in batch):
            self.heard(None)

    def folded(self, view: str, page: Sequence[RecordedFact], began: float) -> None:
        seconds = time.perf_counter() - began
        try:
            self.metrics.folded(view, len(page), seconds)
            if self._traces:
                self._traces.folded(view, page, seconds)
        except Exception:  # the view has it
            log.exception("a batch of a view was not seen")

    def told(self, book: Stagebook) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(Everything((self.metrics, ViewGauges(book))))

    def serve(self, book: Stagebook) -> None:
        """Tells everything at a port of its own, where one is set."""
        port, host = book.settings.metrics_port, book.settings.host
        if port is None:
            return
        try:
            self._server, _ = start_http_server(
                port, host, Everything((self.metrics, ViewGauges(book)))
            )
        except OSError as error:  # the views are to be kept all the same
            log.error("metrics are not told", host=host, port=port, reason=repr(error))  # noqa: TRY400 - the reason says it

    def flush(self) -> None:
        """Every second, and at the end."""
        self.metrics.flush()
        self.guesses.tell()

    def close(self) -> None:
        if self._loop:
            self._loop.stop()
        self.flush()
        if self._traces:
            self._traces.close()
        if self._server:
            self._server.shutdown()
            self._server.server_close()


class Everything:
    """Several collectors as one."""

    def __init__(self, parts: Sequence[Collector]) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        for part in self._parts:
            yield from part.collect()
