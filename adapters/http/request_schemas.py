"""Schemas of requests, as programs that are generated from OpenAPI need them.

A `default` makes a generated client send what its caller did not name, and a change would reset
it: no body and no parameter has one, its description names it. A new thing has a schema of its
own, `New…`, with what it cannot be without; the schema of a change requires nothing. Custom fields
are additional properties with a rule for their names: generators know no `patternProperties`.
"""

import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from adapters.http.components import AT
from domain.base import Fields

Schema = dict[str, Any]
NULL = {"type": "null"}
SUFFIXES = ("Fields", "Body")


def prepare(document: Schema, routes: Iterable[BaseRoute]) -> None:
    """Gives every request body and parameter of the document its final schema."""
    for parameter in _parameters(document):
        _describe_parameter(parameter)
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        _name_custom_fields(schema)
    new = dict(_creations(document, routes))
    for name in new.values():  # what a new thing is made with is new as well
        _renamed(schemas[name], {AT + patch: AT + other for patch, other in new.items()})
    for name in reachable(schemas, (body for body in _bodies(document))):
        for part in _properties(schemas[name]):
            _describe_default(part, without="without it" if name in new.values() else "until set")


def reachable(schemas: Schema, parts: Iterable[Any]) -> set[str]:
    """The names of all components that the parts lead to."""
    names: set[str] = set()
    waiting = [*parts]
    while waiting:
        for reference in references(waiting.pop()):
            name = reference.removeprefix(AT)
            if name not in names:
                names.add(name)
                waiting.append(schemas[name])
    return names


def references(part: Any) -> Iterator[str]:
    """Every `$ref` in a part of a document."""
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            yield reference
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def _name_custom_fields(schema: Schema) -> None:
    """Says the same of custom fields in words that generators read."""
    patterns = schema.pop("patternProperties", None)
    if patterns is None:
        return
    named = [{"enum": [*schema["properties"]]}, *({"pattern": pattern} for pattern in patterns)]
    schema["propertyNames"] = {"anyOf": named}
    schema["additionalProperties"] = {"description": "A custom field, `c_…`: any JSON value"}


def _creations(document: Schema, routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    """The components of patches that are posted, and those of the new things that they make, which
    are put in here."""
    schemas = document["components"]["schemas"]
    for route in routes:
        model = _body_model(route)
        if model is None or "POST" not in route.methods or not route.include_in_schema:  # type: ignore[attr-defined]
            continue
        content = document["paths"][route.path]["post"]["requestBody"]["content"]  # type: ignore[attr-defined]
        schema = content["application/json"]["schema"]
        patch = schema["$ref"].removeprefix(AT)
        name = _name_of_new(patch)
        schemas[name] = _required(schemas[patch], model.REQUIRED) | {"title": name}
        schema["$ref"] = AT + name
        yield patch, name


def _renamed(part: Any, names: dict[str, str]) -> None:
    """Leads every reference of a part elsewhere."""
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            part["$ref"] = names.get(reference, reference)
        for inner in part.values():
            _renamed(inner, names)
    elif isinstance(part, list):
        for inner in part:
            _renamed(inner, names)


def _body_model(route: BaseRoute) -> type[Fields] | None:
    if isinstance(route, APIRoute) and route.dependant.body_params:
        model = route.dependant.body_params[0].field_info.annotation
        if isinstance(model, type) and issubclass(model, Fields):
            return model
    return None


def _name_of_new(patch: str) -> str:
    name = patch.removesuffix("-Input")
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name if name.startswith("New") else f"New{name}"


def _required(patch: Schema, names: tuple[str, ...]) -> Schema:
    """The schema of a patch, for what cannot be without those fields."""
    schema = deepcopy(patch)
    if names:
        schema["required"] = [*names]
    for name in names:
        field = schema["properties"][name]
        kinds = [kind for kind in field.pop("anyOf", []) if kind != NULL]
        field |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}
        field.pop("default", None)
    return schema


def _bodies(document: Schema) -> Iterator[Any]:
    for operations in document["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                yield operation["requestBody"]


def _parameters(document: Schema) -> Iterator[Schema]:
    for operations in document["paths"].values():
        for operation in operations.values():
            yield from operation.get("parameters", ())


def _describe_parameter(parameter: Schema) -> None:
    if (value := parameter["schema"].pop("default", None)) is not None:
        parameter["description"] += f"; without it: {json.dumps(value)}"


def _properties(schema: Schema) -> Iterator[Schema]:
    """Every property at any depth of one component."""
    for part in schema.get("properties", {}).values():
        yield part
        yield from _properties(part)
    for part in (schema.get("items"), *schema.get("anyOf", ())):
        if isinstance(part, dict):
            yield from _properties(part)


def _describe_default(field: Schema, *, without: str) -> None:
    """Moves the default of a field into its description."""
    if (value := field.pop("default", None)) is None:
        return
    word = without if NULL in field.get("anyOf", ()) else "without it"
    field["description"] = f"{field.get('description', 'Optional')}; {word}: {json.dumps(value)}"
