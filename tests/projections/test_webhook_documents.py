"""The list of webhooks: everything but what they sign with."""

from typing import Any

from pydantic_core import from_json

from adapters.views.select import Select
from domain.ids import Kind
from domain.webhook import (
    Webhook,
    WebhookChanged,
    WebhookCreated,
    WebhookDeleted,
)
from projections.changes import Changes
from projections.webhooks import Webhooks
from tests.projections.conftest import MakeView
from tests.projections.facts import Facts
from tests.spec import ACCOUNT, at, given_facts

SECRETS = {"nonce": "the nonce", "secret": "the secret"}
SAID = {"name": "A", "url": "https://a.com", "resource": "event", "trigger": "create"}
FIELDS = {**SAID, "retries": 3, "identifier": None, "enabled": True}


def facts() -> Facts:
    made = Facts()
    for number in (1, 2):
        says: dict[str, Any] = {"number": number, "fields": SAID, **SECRETS}
        made.add(WebhookCreated, number, kind=Kind.WEBHOOK, **says)
    made.add(WebhookChanged, 1, kind=Kind.WEBHOOK, changed={"retries": 5})
    return made.add(WebhookDeleted, 2, kind=Kind.WEBHOOK)


def test_a_webhook_is_shown_without_its_secrets(make_view: MakeView) -> None:
    projected = given_facts(Webhooks(), make_view(Webhooks()), facts())

    page = projected.view.page(Select(ACCOUNT))

    assert [from_json(body) for body in page.bodies] == [
        {
            "id": 1,
            "guid": str(Webhook.id_of(ACCOUNT, 1)),
            "version": 2,
            **FIELDS,
            "retries": 5,
            "createdts": at(1),
            "lastupdatets": at(3),
        }
    ]
    assert projected.body(Webhook.id_of(ACCOUNT, 2)) is None
    assert not any(secret in repr(list(projected.rows())) for secret in SECRETS.values())


def test_the_index_of_changes_has_no_secrets(make_view: MakeView) -> None:
    projected = given_facts(Changes(), make_view(Changes()), facts())

    entries = projected.entries(Select(ACCOUNT, order="position", then="position"))

    assert [entry["kind"] for entry in entries] == ["webhook"] * 4
    shown = repr((entries, list(projected.rows())))
    assert not any(secret in shown for secret in SECRETS.values())
