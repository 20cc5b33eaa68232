"""What OpenAPI says of this surface. Documentation only."""

from typing import Annotated, Any

from fastapi import Path

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


def answers(
    model: Any, *, fields: tuple[str, ...] = (), status: int = 200, public: bool = False
) -> dict[str, Any]:
    """What documents a route. `model`: of the answer, None for none; `fields`: of the body."""
    extra: dict[str, Any] = {"security": [] if public else [{"token": []}]}
    if fields:
        schema = {"type": "object", "properties": {name: {} for name in fields}}
        kinds = ("application/json", "multipart/form-data", "application/x-www-form-urlencoded")
        extra["requestBody"] = {"content": {kind: {"schema": schema} for kind in kinds}}
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
