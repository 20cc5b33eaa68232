"""Commands on webhooks. Each returns the aggregate it changed.

Whether an address may be posted to is for the adapter to say, before a command is given: that
takes a look at the network.
"""

import secrets

from application.as_of import replay
from application.keyring import REGISTRY_ID
from application.ports import Store
from application.unit_of_work import UnitOfWork
from domain.ids import Kind
from domain.registry import Registry
from domain.webhook import Webhook, WebhookFields


def create_webhook(work: UnitOfWork, fields: WebhookFields) -> Webhook:
    webhook = work.new(Webhook)
    webhook.create(fields, secrets.token_hex(16), secrets.token_hex(32), work.metadata)
    return webhook


def change_webhook(
    work: UnitOfWork, number: int, fields: WebhookFields, version: int | None = None
) -> Webhook:
    webhook = work.load(Webhook, number).require(version)
    webhook.change(fields, work.metadata)
    return webhook


def delete_webhook(work: UnitOfWork, number: int, version: int | None = None) -> Webhook:
    webhook = work.load(Webhook, number).require(version)
    webhook.delete(work.metadata)
    return webhook


def before_the_first(store: Store) -> int:
    """A position that no webhook was made before: there is nothing to hear up to it."""
    position = store.position()
    for account in map(int, replay(store, Registry, REGISTRY_ID).state.get("accounts", {})):
        for number in range(1, store.numbers_given(account).get(Kind.WEBHOOK, 0) + 1):
            for first in store.stream(Webhook.id_of(account, number), limit=1):
                position = min(position, first.position - 1)
    return position
