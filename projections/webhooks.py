"""The webhooks of an account, as they are listed: without what they sign with."""

from typing import Any, ClassVar

from pydantic_core import to_json

from domain.base import DomainEvent, State
from domain.ids import Kind, guid, unpack
from domain.webhook import Webhook, WebhookFields
from projections.base import Column, Columns, Documents, Indexes, RecordedFact, Row


def webhook_document(state: State, account: int) -> dict[str, Any]:
    """A webhook as it is shown to whoever did not make it."""
    number = state["number"]
    return {
        "id": number,
        "guid": str(guid(account, Kind.WEBHOOK, number)),
        "version": state["version"],
        **{name: state[name] for name in WebhookFields.model_fields},
        "createdts": state["createdts"],
        "lastupdatets": state["lastupdatets"],
    }


class Webhooks:
    name: ClassVar = "webhooks"
    version: ClassVar = 1
    kinds: ClassVar[frozenset[int]] = frozenset({Kind.WEBHOOK})
    beside: ClassVar[frozenset[int]] = frozenset()
    columns: ClassVar[Columns] = (Column("number", "int"),)
    indexes: ClassVar[Indexes] = (("account", "number"),)

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        identity = unpack(fact.originator_id)
        return (fact.originator_id.bytes,) if identity.kind == Kind.WEBHOOK else ()

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        fact = recorded.fact
        key = fact.originator_id.bytes
        state = documents.get(key) or {}
        Webhook.evolve(state, fact)
        for secret in ("nonce", "secret"):
            state.pop(secret, None)
        state["version"] = fact.originator_version
        documents.put(key, state)

    def row(self, key: bytes, state: State) -> Row:
        account, stored = int.from_bytes(key[:6]), to_json(state)
        if state.get("deleted"):
            return Row(key, None, stored, None, columns=(None,))
        document = to_json(webhook_document(state, account))
        etag = f'"{state["version"]}"'
        return Row(key, account, stored, document, etag, (state["number"],))
