"""Traces for an OpenTelemetry collector: a span per command, per batch and per batch of a view.

A command is in the trace that its correlation names, and its span is named by its causation: so
from any fact one gets to the spans, and the batches of views link to the commands they folded.
A collector that cannot be reached costs spans, never a command.
"""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from adapters.watching.metrics import outcome
from application.unit_of_work import PendingCommand
from projections.base import RecordedFact

EXPORT_SECONDS, STOP_MILLISECONDS = 3.0, 1_000
MOST_LINKS = 32
HEX = re.compile(r"(?!0+$)[0-9a-f]{32}", re.ASCII)
SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Ids(RandomIdGenerator):
    """Those of the next span, where they are known."""

    def __init__(self) -> None:
        self.known = threading.local()

    def generate_trace_id(self) -> int:
        return getattr(self.known, "trace", 0) or super().generate_trace_id()

    def generate_span_id(self) -> int:
        return getattr(self.known, "span", 0) or super().generate_span_id()


class Traces:
    """Makes spans of what is done already: nothing waits for them."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._ids = Ids()
        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: "stagebook"}),
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        self._processor = BatchSpanProcessor(exporter)
        self._provider.add_span_processor(self._processor)
        self._tracer = self._provider.get_tracer("stagebook")

    def committed(self, batch: Sequence[PendingCommand], seconds: float) -> None:
        end = time.time_ns()
        start = end - int(seconds * 1e9)
        whole = self._tracer.start_span(
            "commit", Context(), attributes={"stagebook.commands": len(batch)}, start_time=start
        )
        link = Link(whole.get_span_context())
        for job in batch:
            self._command(job, link, start, end)
        whole.end(end)

    def _command(self, job: PendingCommand, link: Link, start: int, end: int) -> None:
        by, kind = job.metadata, outcome(type(job.outcome))
        self._ids.known.trace = trace_of(by.correlation)
        self._ids.known.span = span_of(by.causation)
        try:
            span = self._tracer.start_span(
                f"command {job.origin.command}",
                parent(job.origin.parent, by.correlation),
                kind=SpanKind.SERVER,
                links=(link,),
                attributes={
                    "stagebook.command": job.origin.command,
                    "stagebook.account": job.account,
                    "stagebook.correlation": by.correlation,
                    "stagebook.outcome": kind,
                },
                start_time=start,
            )
        finally:
            self._ids.known.trace = self._ids.known.span = 0
        if kind == "failed":
            span.set_status(Status(StatusCode.ERROR, type(job.outcome).__name__))
        span.end(end)

    def folded(self, view: str, page: Sequence[RecordedFact], seconds: float) -> None:
        end = time.time_ns()
        span = self._tracer.start_span(
            f"fold {view}",
            Context(),
            links=[*commands(page)],
            attributes={
                "stagebook.view": view,
                "stagebook.facts": len(page),
                "stagebook.position": page[-1].position,
            },
            start_time=end - int(seconds * 1e9),
        )
        span.end(end)

    def close(self) -> None:
        """Sends what is left, as far as a second goes."""
        stopping = threading.Thread(target=self._provider.shutdown, daemon=True)
        stopping.start()
        stopping.join(STOP_MILLISECONDS / 1_000)


def exporting(endpoint: str) -> OTLPSpanExporter:
    return OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_SECONDS)


def trace_of(correlation: str) -> int:
    """The trace that a correlation names: itself, or one made of it."""
    bare = correlation.replace("-", "")
    made = bare if HEX.fullmatch(bare) else sha256(correlation.encode()).hexdigest()[:32]
    return int(made, 16)


def span_of(causation: str | None) -> int:
    """The span of a command: the end of its id."""
    return int(causation[-16:], 16) if causation and HEX.fullmatch(causation) else 0


def parent(said: str | None, correlation: str) -> Context:
    """The caller's span, where it is of that trace."""
    if said is None or said[3:35] != correlation:
        return Context()
    flags = TraceFlags(int(said[53:55], 16))
    caller = SpanContext(
        int(said[3:35], 16), int(said[36:52], 16), is_remote=True, trace_flags=flags
    )
    return set_span_in_context(NonRecordingSpan(caller), Context())


def commands(page: Sequence[RecordedFact]) -> Iterator[Link]:
    """The first commands whose facts these are."""
    causes = {recorded.fact.causation: recorded.fact.correlation for recorded in page}
    spans = ((span_of(causation), of) for causation, of in causes.items())
    known = [(span, of) for span, of in spans if span]
    for span, correlation in known[:MOST_LINKS]:
        yield Link(SpanContext(trace_of(correlation), span, is_remote=True, trace_flags=SAMPLED))
