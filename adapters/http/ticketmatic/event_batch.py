"""`/events/batch`: one operation on many Events, each of them all or nothing by itself.

The vendor answers nothing; here the answer says how it went, one by one.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json, to_json
from starlette.responses import Response

from adapters.http import commands
from adapters.http.auth import Permission
from adapters.http.ticketmatic import times, wire
from adapters.http.ticketmatic.events import tidy
from adapters.http.ticketmatic.forms import places_of
from adapters.http.ticketmatic.signing import caller
from adapters.http.ticketmatic.spec import Account, answers
from adapters.http.ticketmatic.wire import PREFIX, TicketmaticRoute
from adapters.http.validation import message
from application import events
from application.keyring import Principal
from application.ports import CommandResult
from application.unit_of_work import UnitOfWork
from domain.base import State
from domain.errors import Invalid, Refusal
from domain.event import TRANSITIONS, Event
from domain.event_fields import EventBody
from domain.values import MAX_ID

router = APIRouter(prefix=PREFIX, tags=["Ticketmatic"], route_class=TicketmaticRoute)

MOST = 1_000
FIELDS = frozenset(
    [
        "name",
        "subtitle",
        "webremark",
        "startts",
        "endts",
        "locationid",
        "ticketlayoutid",
        "seatselection",
    ]
)
Change = Callable[[UnitOfWork, int], Any]


class UpdateField(BaseModel):
    """A field to change."""

    model_config = ConfigDict(strict=True)

    key: str = Field(description="One of the eight fields of a batch, or c_…")
    value: Any = Field(None, description="Its value")
    updatetype: Literal["set", "add", "remove", ""] | None = Field(
        "set", description="set; add and remove change a list"
    )


class BatchParameters(BaseModel):
    """What an operation needs."""

    updatefields: list[UpdateField] | None = Field(None, max_length=200, description="For update")


class Batch(BaseModel):
    """An operation on Events."""

    model_config = ConfigDict(strict=True)

    ids: list[int] = Field(min_length=1, max_length=MOST, description="The Events")
    operation: Literal["duplicate", "publish", "redraft", "close", "reopen", "delete", "update"] = (
        Field(description="What is done to each")
    )
    parameters: BatchParameters | None = Field(None, description="What it needs")


class Result(BaseModel):
    """How it went with one of them."""

    id: int = Field(description="The Event")
    succeeded: bool = Field(description="Whether it was done")
    msg: str | None = Field(None, description="Why not")
    newid: int | None = Field(None, description="The duplicate")


class Results(BaseModel):
    """How it went, one by one."""

    nbrsucceeded: int = Field(ge=0, description="How many it was done to")
    results: list[Result] = Field(description="In the order of the ids")


@router.post("/{accountname}/events/batch", name="tm_batch_events", **answers(Results, body=Batch))
async def batch(request: Request, accountname: Account) -> Response:
    """Duplicates, publishes, redrafts, closes, reopens, deletes or updates Events."""
    principal = caller(request, accountname, Permission.COMMAND)
    asked = Batch.model_validate(await wire.sent_object(request, principal))
    change = _change(asked, principal)
    ids = list(dict.fromkeys(asked.ids))
    results = await asyncio.gather(*(_one(request, principal, number, change) for number in ids))
    done = sum(result["succeeded"] for result in results)
    return wire.json_response(to_json({"nbrsucceeded": done, "results": results}))


def _change(asked: Batch, principal: Principal) -> Change:
    match asked.operation:
        case "delete":
            return events.delete_event
        case "duplicate":
            return events.duplicate_event
        case "update":
            return _updating(asked, principal)
        case _:
            assert asked.operation in TRANSITIONS  # noqa: S101 - by its model
            return partial(events.change_status, transition=asked.operation)


def _updating(asked: Batch, principal: Principal) -> Change:
    fields = (asked.parameters and asked.parameters.updatefields) or []
    if not fields:
        raise Invalid("parameters.updatefields", "expected the fields to change")
    for index, one in enumerate(fields):
        if one.key not in FIELDS and not one.key.startswith("c_"):
            names = ", ".join(sorted(FIELDS))
            raise Invalid(f"parameters.updatefields.{index}.key", f"expected c_… or one of {names}")
    simple = {one.key: one.value for one in fields if one.updatetype in ("set", "", None)}
    simple = tidy(times.understood(simple, places_of(EventBody), principal.timezone))
    EventBody.model_validate(simple)

    def update(work: UnitOfWork, number: int) -> Any:
        state = work.load(Event, number).require().state
        said = dict(simple)
        for one in fields:
            if one.updatetype in ("add", "remove"):
                said[one.key] = _several(one, said.get(one.key, state.get(one.key)))
        return events.change_event(work, number, _valid(said))

    return update


def _valid(said: State) -> EventBody:
    """What makes no sense for one Event is a refusal of that one: others may be changed already."""
    try:
        return EventBody.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(wire.path(first), message(dict(first))) from None


def _several(field: UpdateField, held: Any) -> Any:
    """A list with values added, or taken out."""
    held = held or []
    if not isinstance(held, list):
        raise Invalid(field.key, f"holds no list that one could {field.updatetype} to")
    given = field.value if isinstance(field.value, list) else [field.value]
    if field.updatetype == "remove":
        return [one for one in held if one not in given]
    return [*held, *(one for one in given if one not in held)]


async def _one(
    request: Request, principal: Principal, number: int, change: Change
) -> dict[str, Any]:
    result = {"id": number, "succeeded": False, "msg": None, "newid": None}
    if not 1 <= number <= MAX_ID:
        return result | {"msg": f"expected an id from 1 to {MAX_ID}"}

    def answer(shown: Any) -> CommandResult:
        new = shown.event.number
        return CommandResult(200, {}, to_json({"newid": None if new == number else new}))

    try:
        done = await commands.execute(
            request,
            lambda work: change(work, number),
            answer,
            principal=principal,
            part=f"event {number}",
        )
    except Refusal as refusal:
        return result | {"msg": refusal.detail}
    return result | {"succeeded": True, **from_json(bytes(done.body))}
