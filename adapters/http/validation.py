"""Bad values of a body or a query as a client reads them: where they are, and what was expected.

At most 100 are built, whatever was sent: the work follows what is reported.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

MOST, SUGGESTED = 100, 10
"""Bad values that are reported, and those of them that say which field may be meant."""
NUMBERS = ("int_type", "float_type")
NUMERIC = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)
UNKNOWN = "unknown field"
WORD = 4
"""Letters from which on a name may be meant by its end alone."""

Loc = tuple[int | str, ...]
Bad = dict[str, str]


def bad_values(error: ValidationError, model: type[BaseModel], body: Any) -> list[Bad]:
    """The first bad values of a body, with the fields that may be meant by unknown ones."""
    bad = []
    for index, found in enumerate(error.errors(include_url=False)[:MOST]):
        loc, text = found["loc"], message(dict(found))
        if loc and loc[-1] == "[key]":
            loc = loc[:-1]
        if text.startswith(UNKNOWN) and index < SUGGESTED and loc:
            text = _meant(str(loc[-1]), names_at(model, loc[:-1])) or text
        bad.append({"path": path(loc, found["type"], body) or "body", "message": text})
    return bad


def _meant(name: str, names: Sequence[str]) -> str | None:
    meant = closest(name, names)
    return f"{UNKNOWN}: did you mean {meant}?" if meant else None


def closest(name: str, names: Sequence[str]) -> str | None:
    """The one of the names that a misspelt one may stand for; a name that ends with all of it is
    meant rather than one that looks like it: `currentstatus` by `status`, not `startts`."""
    spelled = {known.lower(): known for known in names}
    ending = [known for known in spelled if len(name) >= WORD and known.endswith(name.lower())]
    if len(ending) == 1:
        return spelled[ending[0]]
    found = get_close_matches(name[:60].lower(), [*spelled], 1, 0.7)
    return spelled[found[0]] if found else None


def names_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The fields that are known at that place; names of union members lead nowhere."""
    models = [model]
    for part in loc:
        inner = [
            nested
            for outer in models
            if part in outer.model_fields
            for nested in models_in(outer, str(part))
        ]
        models = inner or models
    return sorted({name for each in models for name in each.model_fields})


@cache
def models_in(model: type[BaseModel], field: str) -> tuple[type[BaseModel], ...]:
    """The models that a field's values are made of."""
    return tuple(_models(model.model_fields[field].annotation))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def path(loc: Loc, kind: str, body: Any) -> str:
    """Where in the body it is: without the names of union members, which are no fields."""
    parts = []
    for index, part in enumerate(loc):
        fits = part in body if isinstance(body, dict) else isinstance(body, list)
        if fits and (isinstance(body, dict) or isinstance(part, int)):
            body = body[part]
        elif kind != "missing" or index < len(loc) - 1:
            continue
        parts.append(printable(str(part)))
    return ".".join(parts)


def message(error: dict[str, Any]) -> str:
    if error["type"] in ("model_type", "model_attributes_type"):
        sent = ", sent as application/json" if not error["loc"] else ""
        return f"expected a JSON object{sent}"
    if error["type"] == "extra_forbidden":
        return UNKNOWN
    text = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] in NUMBERS and NUMERIC.fullmatch(str(error.get("input"))):
        text += ", without quotes"
    return printable(text[:1].lower() + text[1:])


def printable(text: str) -> str:
    """What a client sent may not be encodable; what it is told must be."""
    return text.encode(errors="replace").decode()[:300]
