"""The examples of request bodies work: each is sent to a running application, in the order of the
tour, in a new account."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from adapters.http.v1.examples import CATALOG, EXAMPLES
from tests.adapters.http.talk import Json

TOUR = (
    *("create_location", "change_location", "revert_location"),
    *("create_event", "change_event", "revert_event", "add_date", "change_date"),
    *("add_contingent", "change_contingent", "lock_tickets", "unlock_tickets", "change_tickets"),
    "publish_event",
    *("create_order", "add_tickets", "remove_tickets", "change_order", "reprice_tickets"),
    *("name_holders", "confirm_order", "add_payment", "scan_tickets", "add_refund"),
    *("split_order", "release_tickets", *CATALOG),
)
"""The operations in an order in which their examples work; with two commands that take no body."""
NUMBERS = {("split_order", 1): 3, ("release_tickets", 0): 2, ("release_tickets", 1): 2}
"""Where an example is about another than the first thing."""


@pytest.fixture(scope="module")
def openapi(web: TestClient) -> Json:
    document: Json = web.get("/v1/openapi.json").json()
    return document


def operations(openapi: Json) -> dict[str, tuple[str, str, Json]]:
    return {
        operation["operationId"]: (method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    }


def examples_of(operation: Json) -> list[Any]:
    content = operation.get("requestBody", {"content": {}})["content"]
    examples = content.get("application/json", {}).get("examples", {"none": {"value": None}})
    return [example["value"] for example in examples.values()]


def test_every_body_of_v1_has_two_or_three_examples(openapi: Json) -> None:
    bodies = {
        name: operation["requestBody"]["content"]["application/json"]
        for name, (_, _, operation) in operations(openapi).items()
        if "application/json" in operation.get("requestBody", {"content": {}})["content"]
    }

    assert bodies.keys() == EXAMPLES.keys()
    for name, content in bodies.items():
        assert 2 <= len(content["examples"]) <= 3, name
        assert all(example["summary"] for example in content["examples"].values()), name


def test_every_example_is_accepted_in_the_order_of_the_tour(
    client: TestClient, openapi: Json
) -> None:
    known = operations(openapi)
    assert {*TOUR} >= EXAMPLES.keys()

    for name in TOUR:
        method, path, operation = known[name]
        for index, value in enumerate(examples_of(operation)):
            number = str(NUMBERS.get((name, index), 1))
            answer = send(client, method, re.sub(r"{\w+}", number, path), value)

            assert answer.status_code in (200, 201), (name, value, answer.text)


def send(client: TestClient, method: str, path: str, value: Any) -> Response:
    return client.request(method.upper(), path, json=value)


def test_the_first_number_of_a_path_is_that_of_the_first_thing(openapi: Json) -> None:
    for name, (_, _, operation) in operations(openapi).items():
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path" and name in EXAMPLES:
                examples = parameter["schema"].get("examples") or parameter.get("examples")
                assert examples == ["1"], (name, parameter)


def test_every_field_of_an_event_says_more_than_its_name_and_has_an_example(openapi: Json) -> None:
    fields = openapi["components"]["schemas"]["NewEvent"]["properties"]

    assert len(fields) > 50
    for name, field in fields.items():
        says = field["description"].partition("; without it")[0]
        assert re.sub(r"\W", "", says).lower().rstrip("s") not in name, (name, says)
        if name not in ("contingents", "seated_contingents", "dates"):  # in examples of the body
            assert field["examples"], name
