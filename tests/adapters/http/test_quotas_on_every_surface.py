"""A quota that is reached is refused on every surface, in its own words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.settings import Settings
from domain.registry import Role
from tests.adapters.http.test_ticketmatic_events import raw
from tests.adapters.http.vendors import Served, serving


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose accounts have one Event and one Location."""
    folder: Path = tmp_path_factory.mktemp("small")
    with serving(Settings(store=str(folder), quota_events=1, quota_locations=1)) as served:
        yield served


def test_the_native_surface_names_limit_and_setting(small: Served) -> None:
    with small.session(small.token("native", Role.ADMIN)) as session:
        first = session.post("/v1/events", json={"name": "A", "locationid": 0})
        second = session.post("/v1/events", json={"name": "B", "locationid": 0})

    problem = second.json()
    assert (first.status_code, second.status_code) == (201, 403)
    assert problem["type"] == "urn:stagebook:problem:quota"
    assert (problem["limit"], problem["current"]) == (1, 1)
    assert problem["setting"] == "STAGEBOOK_QUOTA_EVENTS"
    counted = small.http.get("/metrics").text
    assert 'stagebook_commands_total{command="create_event",outcome="refused:quota"}' in counted


def test_the_ticketmatic_surface_refuses_in_its_own_shape(small: Served) -> None:
    with small.client("tm-house") as tm:
        first = raw(tm, "POST", "/events", json={"name": "A"})
        second = raw(tm, "POST", "/events", json={"name": "B"})

    assert (first.status_code, second.status_code) == (200, 403)
    assert second.json()["applicationdata"]["type"] == "quota"


def test_the_openticket_surface_refuses_in_its_own_shape(small: Served) -> None:
    place = {"name": "Hall", "capacity": 100, "address": "Kerkstraat 1"}
    with small.session(small.token("ot-house", Role.ADMIN)) as session:
        answers = [session.post("/location", json=place) for _ in range(2)]

    assert [answer.is_success for answer in answers] == [True, False]
    assert answers[1].json()["status_code"] == answers[1].status_code == 403
    assert "STAGEBOOK_QUOTA_LOCATIONS" in answers[1].text
