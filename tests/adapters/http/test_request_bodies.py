"""Request bodies in OpenAPI: what a generated client sends is what its caller named."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.http.request_schemas import reachable
from domain.catalog import CATALOG
from tests.adapters.http.talk import Json

NEW = {
    "/v1/locations": ["name"],
    "/v1/events": ["locationid"],
    "/v1/events/{id}/dates": ["start", "end"],
    "/v1/catalog/trackers": ["name", "type", "saleschannelid"],
    "/v1/catalog/customfieldvalues": ["typeid", "caption"],
}


@pytest.fixture(scope="module")
def openapi(web: TestClient) -> Json:
    document: Json = web.get("/openapi.json").json()
    return document


def bodies(openapi: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            if "requestBody" in operation:
                yield method, path, operation["requestBody"]


def properties(part: Any) -> Iterator[Json]:
    """Every schema of a field, at any depth."""
    if isinstance(part, dict):
        yield from part.get("properties", {}).values()
        for inner in part.values():
            yield from properties(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from properties(inner)


def body_of(openapi: Json, method: str, path: str) -> Json:
    content = openapi["paths"][path][method]["requestBody"]["content"]["application/json"]
    schema: Json = openapi["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    return schema


def test_no_body_of_any_surface_has_a_default(openapi: Json) -> None:
    schemas = openapi["components"]["schemas"]
    sent = [body for _, _, body in bodies(openapi)]

    fields = [field for name in reachable(schemas, sent) for field in properties(schemas[name])]

    assert len(fields) > 300
    assert not [field for field in fields if "default" in field]


def test_no_parameter_has_a_default_and_its_description_names_it(openapi: Json) -> None:
    parameters = [
        (path, parameter)
        for path, operations in openapi["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
    ]

    assert not [where for where in parameters if "default" in where[1]["schema"]]
    says = [
        p["description"] for path, p in parameters if (path, p["name"]) == ("/v1/orders", "limit")
    ]
    assert says == ["Entries a page; without it: 50"]


def test_the_description_of_a_field_names_its_default(openapi: Json) -> None:
    path = "/v1/events/{id}/contingents"
    new = body_of(openapi, "post", path)["properties"]
    change = body_of(openapi, "patch", path + "/{contingentid}")["properties"]
    order = body_of(openapi, "post", "/v1/orders")["properties"]

    assert new["increment"]["description"].endswith("; without it: 1")
    assert new["swappable"]["description"].endswith("; without it: true")
    assert change["increment"]["description"].endswith("; until set: 1")
    assert order["take"]["description"].endswith("; without it: []")


def test_a_new_thing_requires_what_it_cannot_be_without_and_a_change_nothing(openapi: Json) -> None:
    catalog = {
        f"/v1/catalog/{path}" for path in ("pricetypes", "saleschannels", "seatranks", "locktypes")
    }
    for path, names in (NEW | {path: ["name"] for path in catalog}).items():
        new = body_of(openapi, "post", path)

        assert new["required"] == names, path
        for name in names:
            assert {"type": "null"} not in new["properties"][name].get("anyOf", []), (path, name)
    changes = [path for method, path, _ in bodies(openapi) if method == "patch" and "/v1/" in path]
    assert len(changes) == len(CATALOG) + 6
    for path in changes:
        schema = body_of(openapi, "patch", path)
        assert "required" not in schema or path.endswith("/tickets"), path


def test_what_a_new_event_is_made_with_is_new_as_well(openapi: Json) -> None:
    fields = body_of(openapi, "post", "/v1/events")["properties"]
    changed = body_of(openapi, "patch", "/v1/events/{id}")["properties"]

    for name, component in (("contingents", "NewContingent"), ("dates", "NewDate")):
        assert fields[name]["anyOf"][0]["items"] == {"$ref": f"#/components/schemas/{component}"}
    assert changed["contingents"]["anyOf"][0]["items"]["$ref"].endswith("/ContingentBody")


@pytest.mark.parametrize("path", [path for path in NEW if "{" not in path])
def test_what_is_required_is_refused_when_it_is_missing(web: TestClient, path: str) -> None:
    refusal = web.post(path, json={})

    assert refusal.status_code == 422
    assert refusal.json()["errors"][0]["path"] == NEW[path][0]


def test_every_field_of_a_body_of_v1_has_a_description(openapi: Json) -> None:
    schemas = openapi["components"]["schemas"]
    sent = [body for _, path, body in bodies(openapi) if path.startswith("/v1/")]

    for name in reachable(schemas, sent):
        for field, schema in schemas[name].get("properties", {}).items():
            assert schema.get("description"), (name, field)
