"""`/eventstream`: the account's facts in the order of commits, in the vendor's envelope."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.responses import Response

from adapters.bootstrap import CHANGES
from adapters.http import reads
from adapters.http.auth import Permission, stagebook
from adapters.http.feed import part
from adapters.http.personal import outside
from adapters.http.ticketmatic import wire
from adapters.http.ticketmatic.forms import Form
from adapters.http.ticketmatic.signing import caller
from adapters.http.ticketmatic.spec import Account, answers
from adapters.http.ticketmatic.wire import PREFIX, TicketmaticRoute
from adapters.http.v1.documents import Moment
from adapters.views.select import Condition, Select
from domain.errors import Invalid
from domain.values import microseconds

router = APIRouter(prefix=PREFIX, tags=["Ticketmatic"], route_class=TicketmaticRoute)

AT_ONCE = 500


class StreamedEvent(BaseModel):
    """A fact."""

    id: str = Field(description="Its position")
    type: str = Field(description="Its name", examples=["OrderConfirmed"])
    ts: Moment = Field(description="When it was recorded")
    data: dict[str, Any] = Field(description="As the changes of the native surface have it")


class Stream(BaseModel):
    """Facts, in the order of commits."""

    moreresults: bool = Field(description="Whether there are more now")
    nextid: str = Field(description="The `id` to go on with")
    results: list[StreamedEvent] = Field(description="The facts")


STREAM_FORM = Form(Stream)


@router.get(
    "/{accountname}/eventstream",
    name="tm_eventstream",
    **answers(Stream, parameters=("id", "ts", "eventtypes")),
)
async def eventstream(request: Request, accountname: Account) -> Response:
    """What happened behind `id`, or since `ts` (then with what happened at that very time)."""
    principal = caller(request, accountname, Permission.AUDIT)
    since, said = wire.since(request, principal, "ts"), wire.parameter(request, "id")
    if since and said:
        raise Invalid("ts", "expected id or ts, not both")
    if said is not None and not (said.isascii() and said.isdecimal() and len(said) < 19):
        raise Invalid("id", "expected a nextid, as it was answered")
    where: list[Condition] = [("time", ">=", microseconds(since))] if since else []
    if types := wire.parameter(request, "eventtypes"):
        where.append(("fact", "in", tuple(t.strip() for t in types.split(",") if t.strip())))
    await reads.fresh(request, CHANGES)
    select = Select(
        principal.account,
        tuple(where),
        order="position",
        then="position",
        after=(int(said or 0),),
        limit=AT_ONCE,
        counted=False,
    )
    found = await reads.blocking(part, stagebook(request), select, outside(principal))
    results = [
        {"id": str(f["position"]), "type": f["fact"], "ts": f["time"], "data": f}
        for f in found.entries
    ]
    body = {"moreresults": found.more, "nextid": str(found.following), "results": results}
    reader = wire.reader_of(request, principal)
    return wire.json_response(to_json(STREAM_FORM.show(body, reader)))
