"""Commands on webhooks, and what a copy of the book knows of them."""

from contextlib import closing
from functools import partial
from typing import Any

import pytest

from application.keyring import NewKey, adding_key
from application.transfer import export_lines, import_lines
from application.unit_of_work import UnitOfWork
from application.webhooks import change_webhook, create_webhook, delete_webhook
from domain.errors import NotFound, VersionMismatch
from domain.ids import account_number
from domain.registry import Role
from domain.webhook import Webhook, WebhookFields
from tests.application.desk import Desk
from tests.spec import metadata

SAID = WebhookFields(name="A", url="https://a.com", resource="event", trigger="create")


def created(work: UnitOfWork) -> dict[str, Any]:
    return dict(create_webhook(work, SAID).state)


def test_each_webhook_has_secrets_of_its_own(desk: Desk) -> None:
    first, second = desk.decided(created), desk.decided(created)

    assert len({first["secret"], second["secret"], first["nonce"], second["nonce"]}) == 4
    assert (len(first["secret"]), len(first["nonce"])) == (64, 32)


def test_who_decided_on_an_older_version_is_refused(desk: Desk) -> None:
    desk.decided(created)
    change = partial(change_webhook, number=1, fields=WebhookFields(name="B"))

    assert desk.decided(lambda work: change(work, version=1).state["name"]) == "B"
    with pytest.raises(VersionMismatch):
        desk.do(lambda work: delete_webhook(work, 1, version=1).number)
    assert desk.decided(lambda work: delete_webhook(work, 1, version=2).number) == 1
    with pytest.raises(NotFound):
        desk.do(lambda work: change(work).number)


def test_a_copy_of_the_book_signs_as_the_book_does() -> None:
    account = account_number("demo")
    held = {"name": "demo", "language": "en", "currency": "EUR", "timezone": "UTC"}
    with closing(Desk(account=account)) as desk:
        desk.do(adding_key(NewKey("demo", Role.ADMIN), "a token"))
        first = desk.decided(created)
        lines = list(export_lines(desk.store, [held]))

    with closing(Desk(account=account)) as copy:
        import_lines(copy.store, lines, metadata())

        assert copy.decided(lambda work: work.load(Webhook, 1).state) == first
        assert copy.decided(lambda work: create_webhook(work, SAID).number) > 1
