"""`/webhook`: who is told of what. Making and changing them needs an admin, looking an auditor."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from pydantic_core import from_json
from starlette.responses import Response

from adapters.bootstrap import WEBHOOKS
from adapters.http import reads
from adapters.http.auth import Permission, stagebook
from adapters.http.openticket.documents import company_id, time_in
from adapters.http.openticket.lookup import number_in
from adapters.http.openticket.spec import Guid, answers
from adapters.http.openticket.wire import (
    OpenTicketRoute,
    Typed,
    boolean,
    caller,
    command,
    integer,
    json_response,
    sent,
    text,
    typed,
)
from adapters.http.order_guids import with_guids
from adapters.views.select import Select
from application.keyring import Principal
from application.webhooks import change_webhook, create_webhook, delete_webhook
from domain.base import State
from domain.errors import NotFound
from domain.ids import Kind, key
from domain.webhook import Webhook, WebhookFields
from projections.webhooks import webhook_document

MOST = 10_000
"""Webhooks in a list: it has no pages."""


def identifier(path: str, value: Any) -> str | None:
    return text(path, value) or None


FIELDS: dict[str, Typed] = {
    **dict.fromkeys(("name", "url", "resource", "trigger"), text),
    "retries": integer,
    "identifier": identifier,
    "enabled": boolean,
}

router = APIRouter(tags=["OpenTicket"], route_class=OpenTicketRoute)


class WebhookDocument(BaseModel):
    name: str
    url: str
    resource: str
    trigger: str
    retries: int
    identifier: str | None = Field(description="The one thing that it hears of")
    enabled: bool
    company_id: str
    guid: str
    updated_at: str
    created_at: str


class CreatedWebhook(WebhookDocument):
    nonce: str = Field(description="Sent as OpenTicket-Identifier; told this once")
    secret: str = Field(description="What Stagebook-Signature is made with; told this once")


class ListedWebhook(WebhookDocument):
    failing_since: str | None = Field(description="Its first failure since it last succeeded")
    waiting_count: int = Field(description="Deliveries that are still to be made")
    failed_count: int = Field(description="Deliveries that were given up in the last week")


class InvocationDocument(BaseModel):
    time: str
    position: int
    dedupekey: str = Field(description="Sent as OpenTicket-Dedupe-Key")
    trigger: str
    guid: str = Field(description="Of what was changed")
    attempt: int
    outcome: Literal["delivered", "failed", "given up"]
    status: int | None
    error: str | None
    milliseconds: int


class Retried(BaseModel):
    retried: int = Field(description="Deliveries that had been given up")


@router.post(
    "/webhook",
    name="ot_create_webhook",
    **answers(CreatedWebhook, fields=tuple(FIELDS), needs=WebhookFields.REQUIRED),
)
@router.put("/webhook", include_in_schema=False)
async def create(request: Request) -> Response:
    """Subscribes. `nonce` and `secret` are told in this answer and never again."""
    principal = caller(request, Permission.ADMINISTER)
    fields = await _fields(request)
    return await command(
        request,
        principal,
        lambda work: create_webhook(work, fields),
        lambda made: {
            **_document(_shown(made), principal),
            **{name: made.state[name] for name in ("nonce", "secret")},
        },
    )


@router.get("/webhook", name="ot_list_webhooks", **answers(list[ListedWebhook]))
async def list_all(request: Request) -> Response:
    """All webhooks, with how they fare."""
    principal = caller(request, Permission.AUDIT)
    await reads.fresh(request, WEBHOOKS)
    select = Select(principal.account, limit=MOST, counted=False)
    page = await reads.blocking(stagebook(request).view(WEBHOOKS).page, select)
    return json_response(
        [await _faring(request, principal, from_json(body)) for body in page.bodies]
    )


@router.get("/webhook/{guid}", name="ot_webhook", **answers(ListedWebhook))
async def read(request: Request, guid: Guid) -> Response:
    """One webhook, with how it fares."""
    principal = caller(request, Permission.AUDIT)
    found = await _found(request, principal, number_in(guid, Kind.WEBHOOK, principal))
    return json_response(await _faring(request, principal, found))


@router.put(
    "/webhook/{guid}",
    name="ot_change_webhook",
    **answers(WebhookDocument, fields=tuple(FIELDS)),
)
async def change(request: Request, guid: Guid) -> Response:
    """Changes what is sent: for what is committed from then on."""
    principal = caller(request, Permission.ADMINISTER)
    number, fields = number_in(guid, Kind.WEBHOOK, principal), await _fields(request)
    return await command(
        request,
        principal,
        lambda work: change_webhook(work, number, fields),
        lambda changed: _document(_shown(changed), principal),
    )


@router.delete("/webhook/{guid}", name="ot_delete_webhook", **answers(None, status=204))
async def delete(request: Request, guid: Guid) -> Response:
    """Unsubscribes: nothing more is delivered."""
    principal = caller(request, Permission.ADMINISTER)
    number = number_in(guid, Kind.WEBHOOK, principal)
    return await command(request, principal, lambda work: delete_webhook(work, number))


@router.get(
    "/webhook/{guid}/invocations",
    name="ot_webhook_invocations",
    **answers(list[InvocationDocument]),
)
async def invocations(request: Request, guid: Guid) -> Response:
    """The attempts of the last week, newest first; at most 1,000."""
    principal = caller(request, Permission.AUDIT)
    webhook = (await _found(request, principal, number_in(guid, Kind.WEBHOOK, principal)))["guid"]
    ledger = await reads.blocking(stagebook(request).ledger)
    told = await reads.blocking(ledger.invocations, webhook)
    made = await reads.blocking(with_guids, stagebook(request), told)
    return json_response([one | {"time": time_in(one["time"], principal.timezone)} for one in made])


@router.post("/webhook/{guid}/retry", name="ot_retry_webhook", **answers(Retried))
async def retry(request: Request, guid: Guid) -> Response:
    """Tries again what was given up, and what waits for its next attempt."""
    principal = caller(request, Permission.ADMINISTER)
    webhook = (await _found(request, principal, number_in(guid, Kind.WEBHOOK, principal)))["guid"]
    ledger = await reads.blocking(stagebook(request).ledger)
    return json_response({"retried": await reads.blocking(ledger.retry, webhook)})


async def _fields(request: Request) -> WebhookFields:
    """What is sent; its address is one that an admin allowed."""
    fields = WebhookFields.model_validate(typed(await sent(request), FIELDS))
    if fields.url is not None:
        await stagebook(request).doorman().addresses(fields.url)
    return fields


async def _found(request: Request, principal: Principal, number: int) -> State:
    await reads.fresh(request, WEBHOOKS)
    view, at = stagebook(request).view(WEBHOOKS), key(principal.account, Kind.WEBHOOK, number)
    await reads.blocking(reads.require_moving, view, at)
    stored = await reads.blocking(view.document, at)
    if stored is None:
        raise NotFound("there is no such webhook")
    return from_json(stored[0])  # type: ignore[no-any-return]


def _shown(webhook: Webhook) -> State:
    return webhook_document(webhook.state, webhook.account)


async def _faring(request: Request, principal: Principal, webhook: State) -> dict[str, Any]:
    ledger = await reads.blocking(stagebook(request).ledger)
    health = await reads.blocking(ledger.health, webhook["guid"])
    since = time_in(health["failing_since"], principal.timezone)
    return {**_document(webhook, principal), **health, "failing_since": since}


def _document(webhook: State, principal: Principal) -> dict[str, Any]:
    return {
        **{name: webhook[name] for name in WebhookFields.model_fields},
        "company_id": company_id(principal.account),
        "guid": webhook["guid"],
        "updated_at": time_in(webhook["lastupdatets"], principal.timezone),
        "created_at": time_in(webhook["createdts"], principal.timezone),
    }
