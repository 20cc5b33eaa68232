"""The OpenAPI document: complete, and true to what the routes do."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel, TypeAdapter
from pydantic_core import from_json

from adapters import bootstrap
from adapters.http.auth import Permission
from adapters.http.errors import STATUS, Blocked, MethodNotAllowed, NoSuchPath, slug
from adapters.http.v1 import catalog_documents, documents, order_documents, settings_documents
from application.ports import StoreUnavailable
from domain import errors
from domain.event_fields import EventBody
from domain.location import LocationFields
from domain.registry import Role
from tests.adapters.http.talk import (
    ALIKE,
    AS,
    AUDITS,
    CATALOG,
    COMMANDS,
    FLOOR,
    IMAGES,
    MOVES,
    PROJECTIONS,
    READS,
    ROUTES,
    SALES,
    SALES_AUDITS,
    SALES_READS,
    Json,
    Route,
    Scene,
    moved,
    now,
)

EVERY = [*ROUTES, *IMAGES, *SALES, *MOVES, *SALES_READS, *SALES_AUDITS, *PROJECTIONS, *ALIKE]
ONLY_ELSEWHERE = {
    errors.AccountNotEmpty,
    errors.NameTaken,
    Blocked,
    NoSuchPath,
    MethodNotAllowed,
}
"""At the command line, in another dialect, or where no operation is."""


@pytest.fixture(scope="module")
def openapi(web: TestClient) -> Json:
    document: Json = web.get("/openapi.json").json()
    return document


def operations(openapi: Json) -> Iterator[tuple[str, str, Json]]:
    """Those of the native surface."""
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            if path.startswith(("/v1/", "/health/", "/images/")):
                yield method.upper(), path, operation


def of(openapi: Json, route: Route) -> Json:
    """The operation of a route of the tests."""
    path = route.path.split("?")[0].replace("{date}", "{dateid}")
    path = path.replace("{contingent}", "{contingentid}").replace("{view}", "{name}")
    named = "|".join(("location", "empty", "event", "order", *CATALOG))
    operation: Json = openapi["paths"][re.sub(f"{{({named})}}", "{id}", path)][route.method.lower()]
    return operation


def within(part: Any) -> Iterator[Any]:
    yield part
    for inner in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from within(inner)


def test_the_tests_have_an_example_of_every_operation(openapi: Json) -> None:
    described = {(method, path) for method, path, _ in operations(openapi)}

    known = {id(of(openapi, route)) for route in EVERY}

    assert len(known) == len(described) - len({"live", "ready", "image"})


def test_every_operation_says_what_it_takes_and_gives(openapi: Json) -> None:
    assert openapi["openapi"].startswith("3.1")
    assert openapi["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for method, path, operation in operations(openapi):
        where = f"{method} {path}"
        assert operation["description"], where
        assert operation["tags"], where
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (where, parameter["name"])
        shown = [status for status in operation["responses"] if status.startswith("2")]
        assert len(shown) == 1, where
        if shown != ["204"]:
            content = next(iter(operation["responses"][shown[0]]["content"].items()))
            if path.startswith("/images"):
                assert content[0] == "image/jpeg"
                continue
            assert content[0] in ("application/json", "application/x-ndjson"), where
            assert content[1]["schema"]["$ref"].startswith("#/components/schemas/"), where
        if path.startswith("/v1"):
            assert operation["security"] == [{"token": []}], where
            assert {"401", "403", "503"} <= operation["responses"].keys(), where


def test_every_operation_has_one_tag_of_its_surface(openapi: Json) -> None:
    described = {tag["name"]: tag["description"] for tag in openapi["tags"]}

    used = {(path, *operation["tags"]) for path, operation in every_operation(openapi)}

    assert {len(one) for one in used} == {2}
    for path, tag in used:
        native = path.startswith(("/v1/", "/health/", "/images/"))
        assert (tag == "Ticketmatic") == path.startswith("/api/1/"), path
        assert (tag in ("Ticketmatic", "OpenTicket")) == (not native), path
    assert {tag for _, tag in used} == described.keys()
    assert all(described.values())


def test_operations_stand_in_the_order_of_the_tour(openapi: Json) -> None:
    tags = [tag["name"] for tag in openapi["tags"]]
    tour = ["Locations", "Events", "Dates", "Tickets", "Orders", "Availability"]

    order = list(dict.fromkeys(one["tags"][0] for _, one in every_operation(openapi)))

    assert tags[: len(tour)] == tour
    assert [tag for tag in order if tag in tour] == tour


def test_a_summary_is_the_first_clause_of_the_description(openapi: Json) -> None:
    paths = openapi["paths"]

    summaries = {one["operationId"]: one["summary"] for _, one in every_operation(openapi)}

    assert summaries["create_location"] == "Creates a Location"
    assert summaries["publish_event"] == "Publishes an Event"
    assert summaries["list_events"] == "The Events of the account"
    native = [one["summary"] for _, _, one in operations(openapi)]
    assert len({*native}) == len(native)
    for path, operation in every_operation(openapi):
        assert 3 < len(operation["summary"]) < 100, path
        assert " ".join(operation["description"].replace("`", "").split()).startswith(
            operation["summary"]
        ), path
    assert paths["/v1/locations"]["post"]["description"].startswith("Creates a Location")


PUBLIC = ("/api/1/{accountname}/diagnostics/time", "/storefront/", "/order/")


def test_every_operation_of_a_dialect_says_what_it_takes_and_gives(openapi: Json) -> None:
    keys = {"Ticketmatic": [{"signature": []}, {"basic": []}], "OpenTicket": [{"token": []}]}
    for path, operation in every_operation(openapi):
        if operation["tags"][0] not in keys:
            continue
        where = f"{operation['operationId']} {path}"
        (tag,) = operation["tags"]
        assert operation["description"], where
        assert operation["security"] == ([] if path.startswith(PUBLIC) else keys[tag]), where
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (where, parameter["name"])
        for body in operation.get("requestBody", {"content": {}})["content"].values():
            assert body["schema"] not in ({}, {"type": "object"}), where
        (status,) = {*operation["responses"]} - {"4XX", "5XX"}
        assert status in ("200", "204", "302"), where
        for status, answer in operation["responses"].items():
            if status not in ("204", "302"):
                ((kind, content),) = answer["content"].items()
                assert kind in ("application/json", "application/x-ndjson", "text/plain"), where
                assert content["schema"], where
                assert len(content["schema"]) == 1 or "$ref" not in content["schema"], where


def every_operation(openapi: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in openapi["paths"].items():
        for operation in methods.values():
            yield path, operation


def test_operation_ids_are_unique(openapi: Json) -> None:
    every = [one for methods in openapi["paths"].values() for one in methods.values()]
    ids = [operation["operationId"] for operation in every]

    assert len(set(ids)) == len(ids)
    assert {"create_event", "publish_event", "list_locations", "event_diff", "changes"} <= {*ids}


def test_every_reference_leads_somewhere(openapi: Json) -> None:
    schemas = openapi["components"]["schemas"]
    refs = {part["$ref"] for part in within(openapi) if isinstance(part, dict) and "$ref" in part}

    assert refs
    assert {ref.rpartition("/")[2] for ref in refs} <= schemas.keys()
    assert "HTTPValidationError" not in schemas


def test_every_refusal_is_a_problem_with_its_own_type(openapi: Json) -> None:
    told = set()
    for method, path, operation in operations(openapi):
        for status, answer in operation["responses"].items():
            if status[0] in "45" and path.startswith("/v1"):
                problem = answer["content"]["application/problem+json"]
                assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
                for kind, example in problem["examples"].items():
                    assert example["value"]["status"] == int(status), (method, path, kind)
                    assert example["value"]["type"].endswith(kind)
                    told.add(kind)

    assert told == {slug(refusal) for refusal in STATUS.keys() - ONLY_ELSEWHERE}
    assert slug(StoreUnavailable) in told


@pytest.mark.parametrize(
    ("number", "kinds"),
    [
        (2, {"location-in-use", "not-found", "version-mismatch"}),
        (4, {"unknown-location", "malformed", "too-large", "key-reused", "not-publishable"}),
        (5, {"event-closed", "unknown-location", "wrong-status", "version-mismatch"}),
        (6, {"event-active"}),
        (7, {"not-publishable", "wrong-status"}),
        (12, {"too-many-dates", "event-closed", "not-found", "version-mismatch"}),
        (14, {"not-publishable", "event-closed"}),
    ],
)
def test_an_operation_tells_its_refusals(openapi: Json, number: int, kinds: set[str]) -> None:
    answers = of(openapi, COMMANDS[number])["responses"].values()

    told = {
        kind
        for answer in answers
        for content in answer.get("content", {}).values()
        for kind in content.get("examples", {})
    }

    assert kinds <= told


@pytest.mark.parametrize("route", [r for r in EVERY if r.body], ids=str)
def test_a_body_is_described_field_by_field(openapi: Json, route: Route) -> None:
    body = of(openapi, route)["requestBody"]["content"]["application/json"]["schema"]
    schema = openapi["components"]["schemas"][body["$ref"].rpartition("/")[2]]

    if schema["additionalProperties"] is not False:
        known, custom = schema["propertyNames"]["anyOf"]
        assert known["enum"] == [*schema["properties"]]
        assert custom["pattern"].startswith("^c_")
    for name, field in schema["properties"].items():
        assert field["description"], name
        kind = field["anyOf"][0] if "anyOf" in field else field
        if kind.get("type") in ("string", "array", "integer", "number"):
            limited = {"maxLength", "maxItems", "maximum", "enum", "pattern", "format"}
            assert limited & kind.keys(), name


def test_the_bodies_are_the_domain_s(openapi: Json) -> None:
    schemas = openapi["components"]["schemas"]

    for name, model in (("EventBody", EventBody), ("LocationFields", LocationFields)):
        assert schemas[name]["properties"].keys() == model.model_fields.keys()
        names = schemas[name]["propertyNames"]["anyOf"]
        assert {"pattern": "^c_[A-Za-z0-9_]{1,30}$"} in names
    assert len(EventBody.model_fields) == 51


def test_commands_take_the_headers_that_they_read(openapi: Json) -> None:
    for route in [*COMMANDS, *SALES, *MOVES]:
        names = {p["name"] for p in of(openapi, route)["parameters"] if p["in"] == "header"}

        assert {"Idempotency-Key", "Stagebook-Reason", "X-Correlation-ID"} <= names, route
        assert ("If-Match" in names) == ("{" in route.path and route not in MOVES), route
    for route in [*READS, *AUDITS, *SALES_READS, *SALES_AUDITS]:
        names = {p["name"] for p in of(openapi, route)["parameters"]}

        assert "Stagebook-After" in names, route


@pytest.mark.parametrize("route", EVERY, ids=str)
def test_the_answer_is_what_its_schema_says(web: TestClient, openapi: Json, route: Route) -> None:
    scene = Scene(web, *route.steps)
    if not route.steps and route.method != "DELETE":
        lots = [{"id": scene.contingent["id"], "locks": [{"amount": 1, "locktypeid": 1}]}, FLOOR]
        channels = [{"saleschannelid": 1, "isactive": True}]
        body = {"contingents": lots, "saleschannels": channels, "c_x": [1]}
        assert web.patch(f"/v1/events/{scene.event['id']}", json=body).status_code == 200

    answer = scene.ask(route, AS[Role.OPERATOR] if route.need is Permission.OPERATE else None)

    described = of(openapi, route)["responses"][str(answer.status_code)]
    for name in described.get("headers", {}):
        if name not in ("Content-Language", "Stagebook-As-Of", "Stagebook-Lag"):
            assert name in answer.headers
    if answer.status_code != 204:
        kind = answer.headers["content-type"]
        reference = described["content"][kind]["schema"]["$ref"].rpartition("/")[2]
        shown = answer.content.splitlines() if kind == "application/x-ndjson" else [answer.content]
        assert shown
        for document in shown:
            TypeAdapter(model(reference)).validate_json(document)
            schema = openapi["components"]["schemas"][reference]
            named = {name for name in from_json(document) if not name.startswith("c_")}
            assert named == {*schema["required"]}
            assert named == schema["properties"].keys()


def model(name: str) -> type[BaseModel]:
    """The documented model of that name."""
    modules = (documents, catalog_documents, order_documents, settings_documents)
    found: type[BaseModel] = next(vars(m)[name] for m in modules if name in vars(m))
    return found


SHOWN = ("Event", "Location", "Date", "Contingent", "Order", "Ticket", "Availability")


def test_a_document_shows_all_its_fields_with_a_description(openapi: Json) -> None:
    for name in (f"{thing}Document" for thing in SHOWN):
        schema = openapi["components"]["schemas"][name]

        assert {*schema["required"]} == schema["properties"].keys()
        for field, says in schema["properties"].items():
            assert says["description"], f"{name}.{field}"
    event = openapi["components"]["schemas"]["EventDocument"]["properties"]
    assert {"type": "null"} not in event["tags"]["anyOf"]
    assert {"type": "null"} in event["name"]["anyOf"]


def test_the_health_routes_answer_as_described(client: TestClient) -> None:
    scene = Scene(client)
    moved(client, scene.event, "publish")
    now(client, "/v1/changes")
    availability = f"/v1/events/{scene.event['id']}/availability"
    lists = ("/v1/events", "/v1/locations", "/v1/catalog/pricetypes", "/v1/orders")
    for path in (*lists, availability):
        now(client, path)
    del client.headers["Authorization"]

    live, ready = client.get("/health/live"), client.get("/health/ready")

    assert (live.status_code, live.json()["status"]) == (200, "live")
    documents.Liveness.model_validate(live.json())
    assert ready.status_code == 200
    report = documents.Readiness.model_validate(ready.json())
    assert report.status == "ready"
    assert report.views.keys() == {projection.name for projection in bootstrap.PROJECTIONS}
    assert {view.lag for view in report.views.values()} == {0}
    assert {view.position for view in report.views.values()} == {report.position}
    assert {view.lagseconds for view in report.views.values()} == {0}
    assert {view.state for view in report.views.values()} == {"current"}
    assert all(0 <= (view.heartbeat or 0) < 5 for view in report.views.values())
    assert client.get("/v1/health/ready").json().keys() == ready.json().keys()
