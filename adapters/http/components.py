"""Schemas of bodies that routes read by hand: no model of a route brings them into OpenAPI."""

from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

AT = "#/components/schemas/"
COMPONENTS: dict[str, Any] = {}


@cache
def described(kind: Any) -> dict[str, Any]:
    """The schema of a type, or of the component of that name; models in it become components."""
    if isinstance(kind, str):
        return {"$ref": AT + kind}
    schema = TypeAdapter(kind).json_schema(ref_template=AT + "{model}")
    COMPONENTS.update(schema.pop("$defs", {}))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        COMPONENTS[kind.__name__] = schema
        return {"$ref": AT + kind.__name__}
    return schema
