"""What OpenAPI says of this surface. Documentation only."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, Field

from adapters.http.components import described
from adapters.http.v1.spec import Lines

Account = Annotated[str, Path(description="The account's name", examples=["demo"])]
Id = Annotated[str, Path(description="Its number", examples=["125"])]

TEXT, WHOLE, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "string", "enum": ["1", "0"]}
OUTPUT = {"type": "string", "enum": ["ids", "default", "withlookup"]}
PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "filter": ("A SELECT of ids: only what it finds", TEXT),
    "simplefilter": ("A JSON object: only what has these values", TEXT),
    "context": ("A JSON object: as this sales channel has it", TEXT),
    "lastupdatesince": ("Only what was changed since", TEXT),
    "includearchived": ("Archived ones, too", FLAG),
    "typeid": ("Only those of this type", WHOLE),
    "limit": ("At most so many", WHOLE),
    "offset": ("Without the first so many", WHOLE),
    "orderby": ("The field that they are ordered by", TEXT),
    "orderby_asc": ("Ascending", FLAG),
    "output": ("How much of each", OUTPUT),
    "searchterm": ("Only what has these words", TEXT),
    "email": ("The contact's address", TEXT),
    "id": ("Everything after this one", TEXT),
    "ts": ("Everything since", TEXT),
    "eventtypes": ("Only of these types, with commas between", TEXT),
}


class Failure(BaseModel):
    """An error, as JSON in text/plain."""

    code: int = Field(description="The answer's status", examples=[400])
    message: str = Field(description="What it was")
    applicationcode: int | None = Field(None, description="The native surface's status")
    applicationdata: Any = Field(None, description="What a program can read of it")


def answers(
    model: Any,
    *,
    body: Any = None,
    kinds: tuple[str, ...] = ("application/json",),
    parameters: tuple[str, ...] = (),
    lines: bool = False,
    public: bool = False,
) -> dict[str, Any]:
    """The documentation of a route. `model`: of the answer, None for `null`; `body`: its type, or
    the name of the component that it is like; `kinds`: how it is sent; `parameters`: of the query;
    `lines`: one JSON object a line; `public`: asked for without a key."""
    extra: dict[str, Any] = {
        "parameters": [_parameter(name) for name in parameters],
        "security": [] if public else [{"signature": []}, {"basic": []}],
    }
    if body is not None:
        schema = described(body)
        extra["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": schema} for kind in kinds},
        }
    failed = {"schema": described(Failure)}
    shown: dict[str, Any] = {"description": "Done"}
    if model is None:
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
        **({"response_class": Lines} if lines else {}),
    }


def _parameter(name: str) -> dict[str, Any]:
    says, schema = PARAMETERS[name]
    return {"name": name, "in": "query", "required": False, "description": says, "schema": schema}
