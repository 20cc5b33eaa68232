"""`/tools/queries`: questions in SQL about what the account has now."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from adapters.bootstrap import PROJECTIONS
from adapters.http import questions, reads
from adapters.http.auth import Permission, stagebook
from adapters.http.ticketmatic import wire
from adapters.http.ticketmatic.signing import caller
from adapters.http.ticketmatic.spec import Account, answers
from adapters.http.ticketmatic.wire import PREFIX, TicketmaticRoute
from adapters.http.v1.spec import Lines, in_chunks

router = APIRouter(prefix=PREFIX, tags=["Ticketmatic"], route_class=TicketmaticRoute)

QUERIES = "/{accountname}/tools/queries"
PAGE, MOST, MAX_OFFSET = 100, 10_000, 2**31


class QueryRequest(BaseModel):
    """A question, and which of its rows are asked for."""

    model_config = ConfigDict(strict=True)

    query: str = Field(description="One SELECT over the schemas tm and conf")
    limit: int | None = Field(None, ge=0, description="Rows that are shown; 100 unless said")
    offset: int | None = Field(None, ge=0, description="Rows to pass over")


class QueryResult(BaseModel):
    """A page of rows, and how many there are in all."""

    nbrofresults: int = Field(description="All rows")
    results: list[dict[str, Any]] = Field(description="Rows by the names of their columns")


class ExportedRow(BaseModel):
    """A row by the names of its columns."""

    model_config = ConfigDict(extra="allow")


class ExportRequest(BaseModel):
    """A question."""

    model_config = ConfigDict(strict=True)

    query: str = Field(description="One SELECT over the schemas tm and conf")


@router.post(QUERIES, name="tm_queries", **answers(QueryResult, body=QueryRequest))
async def query(request: Request, accountname: Account) -> Response:
    """A page of what is found."""
    principal = caller(request, accountname, Permission.READ)
    wire.may_ask(principal)
    asked = wire.lenient(QueryRequest, await wire.sent_object(request, principal))
    await reads.fresh(request, *PROJECTIONS)
    ask = partial(stagebook(request).queries.rows, sells=wire.sells(principal))
    limit = min(PAGE if asked.limit is None else asked.limit, MOST)
    offset = min(asked.offset or 0, MAX_OFFSET)
    total, rows = await questions.answered(ask, principal.account, asked.query, limit, offset)
    return wire.json_response(b'{"nbrofresults":%d,"results":[%b]}' % (total, b",".join(rows)))


@router.post("/{accountname}/tools/export", include_in_schema=False)  # as one client has it
@router.post(
    f"{QUERIES}/export",
    name="tm_export_query",
    **answers(ExportedRow, body=ExportRequest, lines=True),
)
async def export(request: Request, accountname: Account) -> Response:
    """Everything that is found, one JSON object a line."""
    principal = caller(request, accountname, Permission.READ)
    wire.may_ask(principal)
    asked = wire.lenient(ExportRequest, await wire.sent_object(request, principal))
    await reads.fresh(request, *PROJECTIONS)
    ask = partial(stagebook(request).queries.export, sells=wire.sells(principal))
    rows = await questions.answered(ask, principal.account, asked.query)
    return Lines(lines(rows))


def lines(rows: list[bytes]) -> Iterator[bytes]:
    return in_chunks(row + b"\n" for row in rows)
