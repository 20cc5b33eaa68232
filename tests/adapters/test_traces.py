"""Traces, as a collector receives them."""

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from tests.adapters.http.talk import book_of, opened
from tests.conftest import add_keys

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector(http.server.ThreadingHTTPServer):
    """Keeps the spans that it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.spans: list[Span] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"

    def named(self, start: str) -> list[Span]:
        return [span for span in self.spans if span.name.startswith(start)]


class Receiving(http.server.BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        sent = ExportTraceServiceRequest()
        sent.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.spans += [
            span for of in sent.resource_spans for scope in of.scope_spans for span in scope.spans
        ]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@contextmanager
def traced(folder: Path, endpoint: str) -> Iterator[TestClient]:
    settings = Settings(store=str(folder / "data"), otlp_endpoint=endpoint)
    book = bootstrap(settings)
    book.start()
    add_keys(book)
    book.close()
    with opened(make_app(settings)) as client:
        yield client


def test_commands_batches_and_views_are_spans_of_the_callers_trace(
    tmp_path: Path, collector: Collector
) -> None:
    with traced(tmp_path, collector.endpoint) as client:
        sent = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
        assert client.post("/v1/locations", json={"name": "Hall"}, headers=sent).status_code == 201
        assert client.delete("/v1/locations/99").status_code == 404
        own = {"X-Correlation-ID": "import-42"}
        assert client.post("/v1/locations", json={"name": "Club"}, headers=own).status_code == 201
        assert book_of(client).catch_up(30)
        facts = [recorded.fact for recorded in book_of(client).store.read(0, 10_000)]

    made, imported = collector.named("command create_location")
    (refused,) = collector.named("command delete_location")
    assert (made.trace_id.hex(), made.parent_span_id.hex()) == (TRACE, CALLER)
    commits = {span.span_id for span in collector.named("commit")}
    assert {link.span_id for link in (made.links[0], refused.links[0])} <= commits
    causation = next(fact.causation for fact in facts if fact.correlation == TRACE)
    assert causation
    assert causation.endswith(made.span_id.hex())
    said = {pair.key: pair.value for pair in refused.attributes}
    assert said["stagebook.outcome"].string_value == "refused:not-found"
    assert not refused.parent_span_id
    assert refused.trace_id.hex() == said["stagebook.correlation"].string_value
    assert imported.trace_id not in (made.trace_id, refused.trace_id)
    folded = [link for span in collector.named("fold locations") for link in span.links]
    assert {span.span_id for span in (made, imported)} <= {link.span_id for link in folded}
    for span in collector.spans:
        assert span.start_time_unix_nano <= span.end_time_unix_nano


def test_a_collector_that_is_away_harms_nothing(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        endpoint = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1/traces"
        with traced(tmp_path, endpoint) as client:
            for _ in range(20):
                assert client.post("/v1/locations", json={"name": "Hall"}).status_code == 201
            began = time.monotonic()

    assert time.monotonic() - began < 10
