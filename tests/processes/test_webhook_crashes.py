"""Webhooks through kill -9: what was posted and not noted is posted again, by who comes next."""

import threading
from collections.abc import Iterator
from functools import partial
from subprocess import Popen
from typing import Any

import pytest

from application.locations import create_location
from application.webhooks import create_webhook
from domain.ids import account_number
from domain.location import LocationFields
from domain.webhook import WebhookFields
from tests.adapters.webhooks.receiver import Heard, Receiver
from tests.conftest import ACCOUNT
from tests.processes.program import BOUND, Place, environment, eventually, start

pytestmark = pytest.mark.slow


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as made:
        yield made


def work(place: Place) -> Popen[bytes]:
    environ = environment(place.store, settings={"webhook_hosts": "127.0.0.0/8"})
    made: Popen[bytes] = start("work", store=place.store, environ=environ)
    return made


def test_a_delivery_that_was_not_noted_is_made_again(place: Place, receiver: Receiver) -> None:
    held = threading.Event()

    def hold_back(_: Heard) -> int:
        held.wait(BOUND)
        return 200

    receiver.answering = hold_back
    workers = [work(place)]
    try:
        with place.book() as book:
            book.start_writer()
            do = partial(book.execute, account=account_number(ACCOUNT), actor="ann")
            says: dict[str, Any] = {"name": "A", "url": receiver.url, "resource": "location"}
            fields = WebhookFields(**says, trigger="create")
            webhook = str(do(lambda work: create_webhook(work, fields)).id)
            do(lambda work: create_location(work, LocationFields(name="Hall")))
            eventually(lambda: len(receiver.heard) == 1)
            assert book.ledger().invocations(webhook) == []

            workers.append(work(place))
            workers[0].kill()
            workers[0].wait(BOUND)
            eventually(lambda: len(receiver.heard) == 2)
            held.set()
            eventually(lambda: bool(book.ledger().invocations(webhook)))

            first, second = receiver.heard
            assert first.key == second.key
            assert first.raw == second.raw
            (noted,) = book.ledger().invocations(webhook)
            assert (noted["dedupekey"], noted["outcome"]) == (first.key, "delivered")
    finally:
        held.set()
        for worker in workers:
            worker.kill()
            worker.wait(BOUND)
