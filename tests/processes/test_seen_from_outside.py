"""Metrics of several processes together, told wherever they are asked for."""

import urllib.request
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.processes.program import Client, Place, environment, eventually, free_port, start

pytestmark = pytest.mark.slow
ASKED = 40
COUNTING = 3
"""Two servers and the worker."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(str(tmp_path / "data"), tmp_path)
    made.add_keys()
    return made


def total(text: str, name: str, **labels: str) -> float:
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    wanted = labels.items()
    return sum(s.value for s in samples if s.name == name and wanted <= s.labels.items())


def told(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        return str(answer.read().decode())


def created(text: str) -> float:
    return total(text, "stagebook_commands_total", command="create_location", outcome="ok")


def test_processes_are_summed_and_the_sum_never_falls(place: Place) -> None:
    folder = place.folder / "metrics"
    with closing(place):
        server = place.serve(workers=2, metrics_folder=folder)
        processes = psutil.Process(server.process.pid).children()
        for _ in range(ASKED):  # connections go to either process
            with closing(Client(server.port)) as client:
                client.made("/v1/locations", name="Hall")

        eventually(lambda: created(told(server.port)) == ASKED)
        requests = total(
            told(server.port), "stagebook_http_requests_total", route="/v1/locations", status="201"
        )
        assert requests == ASKED
        eventually(lambda: folded(server.port) > ASKED)
        eventually(lambda: len([*folder.glob("*.lock")]) == COUNTING)
        places = {*folder.glob("*.lock")}
        before = folded(server.port)

        for process in processes:
            if "work" in process.cmdline():
                process.kill()

        with closing(Client(server.port)) as client:
            client.made("/v1/locations", name="after")
        eventually(lambda: folded(server.port) > before)
        eventually(lambda: created(told(server.port)) == ASKED + 1)
        assert {*folder.glob("*.lock")} == places


def folded(port: int) -> float:
    return total(told(port), "stagebook_folded_facts_total", view="locations")


def test_a_worker_by_itself_tells_its_metrics_at_its_own_port(place: Place) -> None:
    port = free_port()
    settings = {"metrics_port": port}
    worker = start("work", store=place.store, environ=environment(place.store, 0, settings))
    try:
        eventually(lambda: answers(port))
        eventually(lambda: total(told(port), "stagebook_view_lag_facts", view="catalog") == 0)
        eventually(lambda: folded(port) > 0)
    finally:
        worker.terminate()
        assert worker.wait(10) == 0


def answers(port: int) -> bool:
    try:
        return "stagebook_position" in told(port)
    except OSError:
        return False
