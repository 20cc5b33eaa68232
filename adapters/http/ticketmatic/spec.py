"""What OpenAPI says of this surface. Documentation only."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, Field

Account = Annotated[str, Path(description="The account's name", examples=["demo"])]
Id = Annotated[str, Path(description="Its number", examples=["125"])]


class Failure(BaseModel):
    """An error, as JSON in text/plain."""

    code: int = Field(description="The answer's status", examples=[400])
    message: str = Field(description="What it was")
    applicationcode: int | None = Field(None, description="The native surface's status")
    applicationdata: Any = Field(None, description="What a program can read of it")


def answers(
    model: Any,
    *,
    body: str | None = None,
    parameters: tuple[str, ...] = (),
    lines: bool = False,
) -> dict[str, Any]:
    """The documentation of a route. `model`: of the answer, None for `null`; `body`: the name of
    the component that the body is like, or its type; `parameters`: of the query; `lines`: one JSON
    object a line."""
    extra: dict[str, Any] = {
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in parameters
        ],
        "security": [{"signature": []}, {"basic": []}],
    }
    if body:
        schema = {"$ref": f"#/components/schemas/{body}"} if body[0].isupper() else {"type": body}
        extra["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    failed = {"schema": {"$ref": "#/components/schemas/Failure"}}
    shown: dict[str, Any] = {"description": "Done"}
    if lines:
        shown["content"] = {"application/x-ndjson": {"schema": {"type": "string"}}}
    elif model is None:
        shown["content"] = {"application/json": {"schema": {"type": "null"}}}
    else:
        shown["model"] = model
    return {
        "responses": {
            200: shown,
            "4XX": {"description": "Refused", "content": {"text/plain": failed}},
            "5XX": {"description": "Not now", "content": {"text/plain": failed}},
        },
        "openapi_extra": extra,
        "response_model": None,
    }
