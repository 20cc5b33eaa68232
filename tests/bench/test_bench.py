"""The bench runs: every case is in its table, every request was answered. Never a speed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = (
    "create Event",
    "PATCH one hot Event",
    "GET Event",
    "list page of 50",
    "PATCH at version",
    "?version= of",
    "?at= of",
    "history page of 50",
    "Ticketmatic list of",
    "signature check",
    "take 1 of one hot Event",
    "take 1 of one hot Event, 8 at once",
    "take 1 of one of 20 Events",
    "order: take, confirm, pay",
    "GET availability",
    "answer -> availability",
    "take 1 at 200 sold",
    "write, then read documents, 0 writers",
    "write, then read feed, 32 writers",
    "GET beside 20 of another account",
    "health beside 20 of another account",
    "sell-out: 100 tickets, 120 buyers, --workers 1",
    "sell-out: 100 tickets, 120 buyers, --workers 2",
    "commands beside a rebuild",
    "rebuild events of",
    "rebuild events, MB of each process",
    "rebuild --all of",
    "rebuild --all, MB of each process",
    "rollback of the Event documents",
    "check --views",
    "stops over 0.25 s",
    "orders: a page of the middle",
    "history: last page",
    "SQL: by an indexed column",
)


@pytest.mark.slow
def test_the_bench_measures_every_case_without_an_error() -> None:
    command = [sys.executable, "-m", "tests.bench", "--store", "sqlite", "--quick"]

    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "errors: none" in run.stdout
    table = run.stdout.partition("\ncase ")[2]
    assert [case for case in CASES if f"\n{case}" not in table] == []


def test_the_journey_of_each_kind_of_request_is_counted() -> None:
    command = [sys.executable, "-m", "tests.bench.journeys", "--calls", "POST /v1/orders"]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    rows = [line for line in run.stdout.splitlines() if line.startswith(("GET", "PATCH", "POST"))]
    assert len(rows) == 6
    assert "domain/order.py" in run.stdout
