"""Prices by type without a puzzle, in every body that takes contingents."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.talk import Json, an_event, changed, made, paths, refused

FORMS: list[Json] = [
    {"prices": {"1": 30, "2": 20}},
    {"prices": [{"pricetypeid": 1, "price": 30}, {"pricetypeid": 2, "price": 20}]},
    {
        "eventspecificprices": {
            "prices": [{"pricetypeid": 1, "prices": [30]}, {"pricetypeid": 2, "prices": [20]}]
        }
    },
]
MAP, LIST, VENDORS = FORMS


def costs(contingent: Json) -> dict[int, float]:
    own = contingent["eventspecificprices"]
    return {entry["pricetypeid"]: entry["prices"][0] for entry in own["prices"]}


@pytest.mark.parametrize("form", FORMS, ids=["map", "list", "vendor's"])
def test_every_body_takes_every_form(web: TestClient, form: Json) -> None:
    event = an_event(web, contingents=[{"name": "Floor", "amount": 5, **form}])
    path = f"/v1/events/{event['id']}"
    assert costs(event["contingents"][0]) == {1: 30, 2: 20}

    second = made(web, f"{path}/contingents", name="Balcony", amount=5, price=10)
    assert costs(second) == {1: 10}
    assert costs(changed(web, f"{path}/contingents/{second['id']}", **form).json()) == {
        1: 30,
        2: 20,
    }

    lots = [{"id": lot["id"], **form} for lot in event["contingents"]]
    shown = changed(web, path, contingents=[*lots, {"name": "Box", **form}]).json()
    assert [costs(lot) for lot in shown["contingents"]] == [{1: 30, 2: 20}] * 2


def test_a_price_leaves_the_other_types(web: TestClient) -> None:
    event = an_event(web, contingents=[{"name": "Floor", "amount": 5, **MAP}])
    lot = event["contingents"][0]["id"]
    path = f"/v1/events/{event['id']}"

    assert costs(changed(web, f"{path}/contingents/{lot}", price=35).json()) == {1: 35, 2: 20}
    shown = changed(web, path, contingents=[{"id": lot, "price": 36}]).json()
    assert costs(shown["contingents"][0]) == {1: 36, 2: 20}
    gone = changed(web, f"{path}/contingents/{lot}", prices={"2": None}).json()
    assert costs(gone) == {1: 36}


@pytest.mark.parametrize(
    ("form", "where", "message"),
    [
        ({"prices": {"1": "30"}}, "prices.1", "without quotes"),
        ({"prices": {"1": 1.005}}, "prices.1", "at most 2 decimals"),
        ({"prices": [{"pricetypeid": 1, "price": 1.005}]}, "prices.0.price", "at most 2 decimals"),
        ({"prices": [{"pricetypeid": 1, "cost": 1}]}, "prices.0.price", "required"),
        ({"price": 1.005}, "price", "at most 2 decimals"),
        ({"price": 1, "prices": {}}, "prices", "not both"),
    ],
)
def test_an_error_names_the_field_that_was_sent(
    web: TestClient, form: Json, where: str, message: str
) -> None:
    event: Any = an_event(web)
    for path, body, at in (
        (f"/v1/events/{event['id']}/contingents", form, ""),
        ("/v1/events", {"locationid": 1, "contingents": [form]}, "contingents.0."),
    ):
        problem = refused(web.post(path, json=body), 422, "invalid")
        assert paths(problem)[0] == at + where
        assert message in problem["detail"]
