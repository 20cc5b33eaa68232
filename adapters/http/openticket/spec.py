"""What OpenAPI says of this surface. Documentation only."""

from typing import Annotated, Any

from fastapi import Path

from adapters.http.components import described
from adapters.http.openticket import fields as tables
from adapters.http.openticket.wire import FORM, boolean, decimal, integer, text, texts

Guid = Annotated[
    str, Path(description="Its guid", examples=["2a97516c-354b-8003-8000-00000000007d"])
]
ERROR_SCHEMA = {
    "type": "object",
    "description": "An error; a refusal may say more",
    "required": ["error_code", "error_description", "status_code"],
    "properties": {
        "error_code": {"type": "string", "description": "One per refusal"},
        "error_description": {"type": "string", "description": "What it was"},
        "status_code": {"type": "integer", "description": "The answer's status"},
        "fields": {"type": "object", "description": "What was wrong, by field"},
    },
}
TEXT, WHOLE, GUID = {"type": "string"}, {"type": "integer"}, {"type": "string", "format": "uuid"}
READ_AS: dict[Any, dict[str, Any]] = {
    text: TEXT,
    tables.code: TEXT,
    tables.folded: TEXT,
    tables.time: {"type": "string", "format": "date-time"},
    texts: {"type": "array", "items": TEXT},
    integer: WHOLE,
    decimal: {"type": "number"},
    boolean: {"type": "boolean"},
}
TABLES = (tables.LOCATION, tables.EVENT, tables.DATE, tables.TICKET, tables.SHOP, tables.TRACKER)
FIELDS: dict[str, dict[str, Any]] = {
    **{name: READ_AS[read] for table in TABLES for name, (_, read) in table.items()},
    **dict.fromkeys(("location_id", "event_id", "shop_id"), GUID),
    **dict.fromkeys(("currency", "url", "resource", "trigger", "identifier"), TEXT),
    **dict.fromkeys(("reservation_time", "min_price", "retries"), WHOLE),
    "enabled": {"type": "boolean"},
}
"""What is sent, by its name: the same everywhere. As a text it is understood as well."""


def answers(
    model: Any,
    *,
    fields: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    body: Any = None,
    status: int = 200,
    public: bool = False,
) -> dict[str, Any]:
    """What documents a route. `model`: of the answer, None for none; `fields`: of the body, and
    those that it needs; `body`: a model of it; `public`: asked for without a token."""
    extra: dict[str, Any] = {"security": [] if public else [{"token": []}]}
    if fields or body:
        schema = described(body) if body else _object(fields, needs)
        kinds = ("application/json", *(() if body else FORM))
        extra["requestBody"] = {
            "required": bool(needs or body),
            "content": {kind: {"schema": schema} for kind in kinds},
        }
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    shown: dict[str, Any] = {"description": "Done"} | ({"model": model} if model else {})
    return {
        "status_code": status,
        "responses": {
            status: shown,
            "4XX": {"description": "Refused", **error},
            "5XX": {"description": "Not now", **error},
        },
        "openapi_extra": extra,
        "response_model": None,
    }


def _object(fields: tuple[str, ...], needs: tuple[str, ...]) -> dict[str, Any]:
    properties = {name: FIELDS[name] for name in fields}
    return {"type": "object", "properties": properties} | ({"required": [*needs]} if needs else {})
