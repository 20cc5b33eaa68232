"""Many orders at once: each is changed or refused by itself, all in one commit."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from adapters.http.ticketmatic import wire
from adapters.http.validation import message
from application import orders, sales
from application.unit_of_work import UnitOfWork
from domain.errors import Invalid, Refusal
from domain.order import Order
from domain.order_fields import OrderFields

Update = tuple[str, str, Any]
"""A field, `set`, `add` or `remove`, and a value."""


class DoneOne(BaseModel):
    """What came of one order."""

    id: int = Field(description="The order")
    succeeded: bool = Field(description="Whether it was done")
    msg: str = Field(description="Why not")


class Done(BaseModel):
    """What came of all of them."""

    nbrsucceeded: int = Field(ge=0, description="For how many it was done")
    results: list[DoneOne] = Field(description="One by one")


def cancel_all(work: UnitOfWork, ids: Sequence[int]) -> dict[str, Any]:
    work.load_all(Order, ids)
    return _each(ids, lambda number: sales.cancel_order(work, number))


def update_all(work: UnitOfWork, ids: Sequence[int], updates: Sequence[Update]) -> dict[str, Any]:
    def update(number: int) -> None:
        state = work.load(Order, number).require().state
        said: dict[str, Any] = {}
        for name, how, value in updates:
            said[name] = _value(said.get(name, state.get(name)), how, value)
        orders.change_order(work, number, wire.lenient(OrderFields, said))

    work.load_all(Order, ids)
    return _each(ids, update)


def _each(ids: Sequence[int], do: Callable[[int], object]) -> dict[str, Any]:
    """A command on one order checks first and then records, so what is refused changes nothing."""
    results = []
    for number in dict.fromkeys(ids):
        refused = ""
        try:
            do(number)
        except Refusal as refusal:
            refused = refusal.detail
        except ValidationError as error:
            refused = "; ".join(f"{wire.path(e)}: {message(dict(e))}" for e in error.errors())
        results.append({"id": number, "succeeded": not refused, "msg": refused})
    done = sum(1 for result in results if result["succeeded"])
    return {"nbrsucceeded": done, "results": results}


def _value(current: Any, how: str, value: Any) -> Any:
    """Of a field with many values some may be added, or taken out."""
    if how == "set":
        return value
    had = current if isinstance(current, list) else [] if current is None else [current]
    said = value if isinstance(value, list) else [value]
    if how == "add":
        return [*had, *(one for one in said if one not in had)]
    if how == "remove":
        return [one for one in had if one not in said]
    raise Invalid("updatetype", "expected set, add or remove")
