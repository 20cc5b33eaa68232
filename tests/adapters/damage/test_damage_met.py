"""A server that meets damage says so: 503, one line of the log, a counter, and its health."""

import json

import pytest
from fastapi.testclient import TestClient

from adapters import logs
from adapters.settings import Settings
from tests.adapters.damage.spoiling import execute
from tests.adapters.http.talk import a_location, changed, refused

BROKEN = {
    "sqlite": "UPDATE stored_events SET topic = CAST(x'ff' AS TEXT)"
    " WHERE originator_version = 2 AND topic LIKE 'location.%'",
    "postgres": "ALTER TABLE stored_events RENAME COLUMN topic TO subject",
}


def test_damage_of_the_facts_is_refused_counted_told_once_and_makes_the_server_not_ready(
    client: TestClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"/v1/locations/{a_location(client)['id']}"
    changed(client, path, name="Barn")
    logs.in_plain_words.forget()
    execute(settings, BROKEN["postgres" if settings.is_postgres else "sqlite"])

    answers = [client.get(f"{path}/history") for _ in range(3)]
    health, metrics = client.get("/health/ready"), client.get("/metrics").text

    for answer in answers:
        refused(answer, 503, "store-damaged")
        assert answer.headers["Retry-After"]
    assert health.status_code == 503
    assert health.json()["status"] == "store damaged"
    assert " is damaged: " in health.json()["error"]
    assert "\nstagebook_damage_met_total 3.0\n" in metrics
    log = capsys.readouterr().err
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert [bool(line["place"]) for line in lines if line["event"] == logs.DAMAGED] == [True]
    assert "Traceback" not in log
