"""`/metrics`: what was asked, decided and folded, and where the views stand; nobody's name."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from adapters.bootstrap import LOCATIONS, PROJECTIONS
from adapters.http.app import make_app
from adapters.settings import Settings
from application import events
from application.ports import StoreUnavailable
from tests.adapters.http.talk import a_location, an_event, book_of, opened
from tests.conftest import ACCOUNT, TOKENS
from tests.docs import DOCS

Labels = dict[str, str]


class Told:
    """The metrics at one moment."""

    def __init__(self, client: TestClient) -> None:
        answer = client.get("/metrics", headers={"Authorization": ""})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/plain; version=")
        self.text = answer.text
        self.samples: list[Sample] = [
            sample
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        ]

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of what has these labels."""
        wanted = labels.items()
        return sum(s.value for s in self.samples if s.name == name and wanted <= s.labels.items())


def test_requests_are_counted_by_the_template_of_their_route(client: TestClient) -> None:
    number = a_location(client)["id"]
    for path in (f"/v1/locations/{number}", "/v1/locations/99", "/3.0.0/event", "/nowhere/to/go"):
        client.get(path)
    client.get(f"/api/1/{ACCOUNT}/events/7")
    client.request("PURGE", "/v1/locations")

    told = Told(client)

    requests, seconds = "stagebook_http_requests_total", "stagebook_http_request_seconds_count"
    one = {"route": "/v1/locations/{id}", "method": "GET"}
    assert told(requests, **one) == told(seconds, **one) == 2
    assert told(requests, **one, status="404") >= 1
    assert told(requests, route="/v1/locations", method="POST", status="201") == 1
    assert told(requests, route="/api/1/{accountname}/events/{id}", status="401") == 1
    assert told(requests, route="/event", method="GET") == 1
    assert told(requests, route="(none)", method="GET", status="404") == 1
    assert told(requests, route="/v1/locations", method="other", status="405") == 1


def test_commands_are_counted_by_name_and_outcome(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        message = "a bug"
        raise RuntimeError(message)

    before = Told(web)
    event = an_event(web)
    assert web.post(f"/v1/events/{event['id']}/publish").status_code == 409
    monkeypatch.setattr(events, "change_event", broken)
    assert web.patch(f"/v1/events/{event['id']}", json={"name": "x"}).status_code == 500

    told = Told(web)

    def more(name: str, **labels: str) -> float:
        return told(name, **labels) - before(name, **labels)

    commands = "stagebook_commands_total"
    assert more(commands, command="create_event", outcome="ok") == 1
    assert more(commands, command="publish_event", outcome="refused:not-publishable") == 1
    assert more(commands, command="change_event", outcome="failed") == 1
    batches = more("stagebook_batch_commands_count")
    assert more("stagebook_batch_commands_sum") == more(commands) >= batches >= 4
    assert more("stagebook_commit_seconds_count") == batches


def test_a_view_that_stands_still_falls_behind_in_facts_and_in_seconds(client: TestClient) -> None:
    a_location(client)
    book = book_of(client)
    assert book.catch_up(30)
    assert book.worker
    book.worker.stop()
    still = Told(client)
    a_location(client)
    time.sleep(0.01)  # the age that is asserted

    told = Told(client)

    more = told("stagebook_position") - still("stagebook_position")
    assert more > 0
    for projection in PROJECTIONS:
        view = projection.name
        assert still("stagebook_view_lag_facts", view=view) == 0
        assert still("stagebook_view_lag_seconds", view=view) == 0
        assert told("stagebook_view_lag_facts", view=view) == more
        assert 0.01 <= told("stagebook_view_lag_seconds", view=view) < 60
        assert still("stagebook_folded_facts_total", view=view) > 0
        assert still("stagebook_fold_seconds_count", view=view) > 0
    assert told("stagebook_store_reachable") == 1


def test_parked_documents_are_counted_by_view(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        message = "a bug"
        raise RuntimeError(message)

    monkeypatch.setattr(type(LOCATIONS), "fold", broken)
    a_location(client)
    assert book_of(client).catch_up(30)

    told = Told(client)

    assert told("stagebook_view_parked", view="locations") == 1
    assert told("stagebook_view_parked", view="events") == 0


def test_a_store_that_is_away_is_told_and_what_was_counted_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_location(client)
    book = book_of(client)

    def away() -> int:
        raise StoreUnavailable("the disk is gone")

    monkeypatch.setattr(book.store, "position", away)

    told = Told(client)

    assert told("stagebook_store_reachable") == 0
    assert told("stagebook_http_requests_total", route="/v1/locations", status="201") == 1


def test_metrics_name_nobody(web: TestClient) -> None:
    a_location(web, name="Backstage of Jane Doe")
    web.get(f"/api/1/{ACCOUNT}/events/7")
    web.get("/v1/locations?q=Jane")

    told = Told(web)

    for secret in (ACCOUNT, "Jane", *TOKENS.values()):
        assert secret not in told.text
    by = {"route", "method", "status", "command", "outcome", "view", "le"}
    by |= {"version", "python", "store", "id", "epoch", "where", "cause"}
    assert {name for sample in told.samples for name in sample.labels} == by


@pytest.fixture
def elsewhere(tmp_path: Any) -> Iterator[TestClient]:
    settings = Settings(store=str(tmp_path / "data"), metrics_port=9)
    with opened(make_app(settings)) as client:
        yield client


def test_the_api_does_not_tell_what_a_port_of_its_own_tells(elsewhere: TestClient) -> None:
    assert elsewhere.get("/metrics").status_code == 404


def test_the_names_in_the_documentation_are_those_that_are_told(web: TestClient) -> None:
    named = re.findall(
        r"^\| `(stagebook_\w+)` \|", (DOCS / "operations" / "on-call.md").read_text(), re.MULTILINE
    )

    told = re.findall(r"^# HELP (\S+)", Told(web).text, re.MULTILINE)

    assert named
    assert set(named) <= set(told)
