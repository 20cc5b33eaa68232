"""A Stagebook whose webhooks are delivered in this process, to a receiver on the loopback."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from adapters.bootstrap import Stagebook, bootstrap
from adapters.http.openticket.webhook_documents import Resources
from adapters.settings import Settings
from adapters.webhooks.deliverer import Deliverer
from adapters.webhooks.egress import EgressPolicy, HostAllowlist, Resolve
from adapters.webhooks.posting import WebhookSender
from application.unit_of_work import UnitOfWork
from application.webhooks import before_the_first, create_webhook
from domain.ids import account_number
from domain.webhook import Webhook, WebhookFields
from tests.adapters.webhooks.receiver import Receiver
from tests.conftest import ACCOUNT, add_keys

NUMBER = account_number(ACCOUNT)
BOUND = 20.0
"""Seconds that anything may take here: far more than it does."""
LOOPBACK = "127.0.0.0/8"


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOUND
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.005)


class House:
    """One book, and deliverers over it as processes have them."""

    def __init__(self, settings: Settings, *, keys: bool = True) -> None:
        self.settings = settings.model_copy(update={"webhook_hosts": LOOPBACK})
        self.book: Stagebook = bootstrap(self.settings)
        self.book.start_writer()
        if keys:
            add_keys(self.book)
        self._deliverers: list[tuple[Deliverer, Stagebook]] = []
        self._numbers = count(1)

    def do(self, decide: Callable[[UnitOfWork], Any], account: int = NUMBER) -> Any:
        return self.book.execute(decide, account=account, actor="ann")

    def subscribe(self, url: str, of: str, account: int = NUMBER, **fields: Any) -> Webhook:
        """A webhook of `resource.trigger`."""
        resource, trigger = of.split(".")
        says = {"name": of, "url": url, "resource": resource, "trigger": trigger, **fields}
        made: Webhook = self.do(lambda work: create_webhook(work, WebhookFields(**says)), account)
        return made

    def deliver(
        self, resolve: Resolve | None = None, hosts: str = LOOPBACK, **options: Any
    ) -> Deliverer:
        """A deliverer on connections of its own."""
        book = bootstrap(self.settings)
        options.setdefault("first_delay", 0.02)
        post = options.pop("post", None) or WebhookSender(
            EgressPolicy(HostAllowlist(hosts), resolve)
        )
        ledger = options.pop("ledger", None) or book.ledger()
        options.setdefault("show", Resources(book.store, book.owner))
        deliverer = Deliverer(
            book.store, ledger, post, since=lambda: before_the_first(book.store), **options
        )
        deliverer.start()
        self._deliverers.append((deliverer, book))
        return deliverer

    def log(self, webhook: Webhook) -> list[dict[str, Any]]:
        """Its attempts, the oldest first."""
        return self.book.ledger().invocations(str(webhook.id))[::-1]

    def outcomes(self, webhook: Webhook) -> list[str]:
        return [made["outcome"] for made in self.log(webhook)]

    def close(self) -> None:
        for deliverer, book in self._deliverers:
            deliverer.stop()
            book.close()
        self.book.close()


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    with closing(House(settings)) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as made:
        yield made


def seconds(time: str) -> float:
    return datetime.fromisoformat(time).astimezone(UTC).timestamp()
