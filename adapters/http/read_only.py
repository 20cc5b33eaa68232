"""Values of a body that only Stagebook sets: one that differs from the present one is refused with
where it is changed, an equal one passes, so that a document that was read can be sent back."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from adapters.http.validation import MOST, models_in
from application.unit_of_work import UnitOfWork
from domain.base import Value
from domain.contingents import Lot
from domain.errors import Invalid
from domain.values import parse_time

T = TypeVar("T")
SCOPE = "stagebook.read_only"
"""Where a request's scope has those that its body holds."""
Present = Callable[[UnitOfWork], Mapping[str, Any]]
"""The document as it is before the command."""
PARENTS = frozenset({"eventid", "tickettypeid"})
"""Fields that name what they are part of, by its id."""
PARTS = frozenset({"contingents", "seated_contingents"})
"""What has ids of its own in a body, which the command judges."""
ORDER = "use POST /v1/orders/{id}"
CHANGED = {
    "dates": "use /v1/events/{id}/dates",
    "image": "use PUT /v1/events/{id}/image",
    "prices": "they are those of its contingents and price lists",
    "availability": "it follows contingents, locks and orders",
    "publishedts": "use POST /v1/events/{id}/publish",
    "locationname": "use PATCH /v1/locations/{id}",
    "status": f"{ORDER}/confirm or /cancel",
    "ended": f"{ORDER}/cancel",
    "confirmedts": f"{ORDER}/confirm",
    "tickets": f"{ORDER}/tickets",
    "holders": f"{ORDER}/tickets/holders",
    "totalamount": f"{ORDER}/tickets/pricetype",
    "amountpaid": f"{ORDER}/payments or /refunds",
    "payments": f"{ORDER}/payments or /refunds",
    "paymentstatus": f"{ORDER}/payments or /refunds",
    "splitfrom": f"{ORDER}/split",
    "isarchived": "use POST …/archive or …/restore",
}


class Sent(NamedTuple):
    """A value, where it is, and the id of what it is part of, if that has one in the body."""

    path: tuple[str | int, ...]
    value: Any
    parent: Any


def sent(model: type[BaseModel], body: Any) -> list[Sent]:
    """The read-only values of a body, at any depth, in a body that its model has taken."""
    found: list[Sent] = []
    _look(model, body, (), None, found)
    return found


def _look(
    model: type[BaseModel],
    body: Any,
    path: tuple[str | int, ...],
    parent: Any,
    found: list[Sent],
) -> None:
    if isinstance(body, list):
        for index, item in enumerate(body):
            _look(model, item, (*path, index), parent, found)
    if not isinstance(body, dict):
        return
    shape = _shape(model)
    if not shape.read_only.isdisjoint(body):
        names = sorted(shape.read_only & body.keys())
        found += (Sent((*path, name), body[name], parent) for name in names)
    if shape.is_part and path and "id" in body:
        found.append(Sent((*path, "id"), body["id"], None))
    for name, inner in shape.parts:
        if body.get(name):
            _look(inner, body[name], (*path, name), body.get("id"), found)


class Shape(NamedTuple):
    """What there is to look for in a body of a model."""

    read_only: frozenset[str]
    is_part: bool
    """Whether it has an id of its own in a body."""
    parts: list[tuple[str, type[Value]]]
    """The fields that are made of models, and those."""


@cache
def _shape(model: type[BaseModel]) -> Shape:
    if not issubclass(model, Value):
        return Shape(frozenset(), is_part=False, parts=[])
    fields = [(name, inner) for name in model.model_fields for inner in models_in(model, name)]
    parts = [(name, inner) for name, inner in fields if issubclass(inner, Value)]
    return Shape(model.READ_ONLY, issubclass(model, Lot), parts)


def keeping(
    decide: Callable[[UnitOfWork], T], values: list[Sent], present: Present | None
) -> Callable[[UnitOfWork], T]:
    """The command, refused where it would leave a value aside. A version that has moved on is
    refused first."""

    def decided(work: UnitOfWork) -> T:
        document = present and present(work)
        decision = decide(work)
        check(values, document)
        return decision

    return decided


def check(values: list[Sent], present: Mapping[str, Any] | None) -> None:
    """Refuses those that differ; of a new thing, all that are not null."""
    bad = [
        {"path": ".".join(map(str, one.path)), "message": _message(one.path[-1], present)}
        for one in values
        if not _as_present(one, present)
    ]
    if bad:
        raise Invalid.several(bad[:MOST])


def _as_present(one: Sent, present: Mapping[str, Any] | None) -> bool:
    if present is None:
        return one.value is None
    *places, name = one.path
    if not places:
        return alike(one.value, present.get(str(name)))
    if name not in PARENTS:
        return one.value is None or (name == "id" and places[0] in PARTS)
    return alike(one.value, present["id"] if one.parent is None else one.parent)


def _message(name: str | int, present: Mapping[str, Any] | None) -> str:
    where = CHANGED.get(str(name), "Stagebook sets it")
    if present is None:
        return f"not set here: {where}"
    return f"not changed here: {where}; leave it out or send it as it is"


def alike(one: Any, other: Any) -> bool:
    """Equal as JSON values, however numbers and times are written."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(v, other[k]) for k, v in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, str) and isinstance(other, str) and one != other:
        try:
            return parse_time(one) == parse_time(other)
        except ValueError:
            return False
    return bool(one == other)
