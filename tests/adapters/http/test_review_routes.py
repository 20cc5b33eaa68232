"""What a review found at the routes of selling."""

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.selling import WEB
from tests.adapters.http.talk import Json

NOWHERE = 8_888_888


@pytest.mark.parametrize(
    ("take", "path"),
    [
        ({"contingentid": NOWHERE}, "take.0.contingentid"),
        ({"tickettypepriceid": NOWHERE * 1_000_000 + 1}, "take.0.tickettypepriceid"),
        ({"tickets": [NOWHERE * 100_000_000 + 1]}, "take.0.tickets"),
    ],
)
def test_a_contingent_that_no_event_has_is_refused_by_what_was_sent(
    web: TestClient, take: Json, path: str
) -> None:
    response = web.post("/v1/orders", json={"saleschannelid": WEB, "take": [take]})

    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"path": path, "message": f"there is no contingent {NOWHERE}"}
    ]
