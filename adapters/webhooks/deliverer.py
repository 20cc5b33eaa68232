"""The deliverer: hears every fact in the order of commits, and posts it to who wants to hear it.

At least once, and in order for each aggregate and webhook: a delivery that fails holds back the
later ones of its queue, and nothing else. One process of all delivers; should it die, another one
goes on where the ledger stands.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from structlog import get_logger

from adapters.webhooks import message
from adapters.webhooks.message import Delivery, Render, Reply, Show
from adapters.webhooks.outbox import DELIVERED, FAILED, GIVEN_UP, Invocation, LeaseLost, Outbox
from adapters.webhooks.subscriptions import Subscriptions
from application.ports import Store, StoreDamaged
from domain.base import State
from domain.lineage import mark_of
from domain.values import stamp
from projections.lineage import foreign

POLL_SECONDS = 0.1
RETRY_SECONDS = 1.0
SAVE_SECONDS = 5.0
"""How often it is noted how far the facts were heard, when none of them is for anybody."""
STOP_SECONDS = 3.0
"""How long deliveries under way are waited for at the end."""
FORGET_SECONDS = 60.0
FIRST_DELAY = 10.0
"""Seconds before a delivery is tried again; then twice as long each time."""
KEPT = timedelta(days=7)
"""How long attempts are remembered, and how old a fact may be to be worth telling."""
PAGE = 500
AT_ONCE, AT_ONCE_ACCOUNT, AT_ONCE_EACH = 64, 16, 4
"""Deliveries under way: of all, of one account and of one webhook; of one that fails only one."""
AT_ONCE_FAILING = 32
"""Of all webhooks that fail together: receivers that hang leave room for those that answer."""

log = get_logger()


class Post(Protocol):
    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Reply: ...


class Deliverer:
    """A thread with an event loop."""

    def __init__(
        self,
        store: Store,
        ledger: Outbox,
        post: Post,
        *,
        since: Callable[[], int],
        render: Render | None = None,
        show: Show = message.named,
        first_delay: float = FIRST_DELAY,
    ) -> None:
        self._store, self._ledger, self._post = store, ledger, post
        self._render, self._show = render or message.saying(store), show
        self._since, self._first_delay = since, first_delay
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._subscriptions = Subscriptions(store)
        self._term = self._position = 0
        self._mark: str | None = None
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._failing: set[str] = set()
        self._served: dict[str, float] = {}
        self._save_at = self._forget_at = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(2 * STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._ledger.leading() as ours:
                    if ours:
                        asyncio.run(self._lead())
            except Exception as error:  # a lost database passes; go on then
                log.exception("webhooks are not delivered", error=repr(error))
            self._stopping.wait(RETRY_SECONDS)

    async def _lead(self) -> None:
        """One term: until it is stopped, something fails, or another one takes over."""
        self._term = self._ledger.begin()
        store = self._store.identity()
        if found := foreign(self._store, store, *self._ledger.lineage()):
            waiting = self._ledger.reset(self._term)
            message = "deliveries of another history set aside"
            log.warning(message, reason=found.reason, deliveries=waiting)
        self._ledger.belongs(self._term, store)
        position, webhooks = self._ledger.standing()
        _, _, self._mark = self._ledger.lineage()
        self._position = self._since() if position is None else position
        self._subscriptions.restore(webhooks)
        self._under_way.clear()
        try:
            while not self._stopping.is_set():
                full = self._hear()
                self._start_due()
                self._forget()
                await self._wait(0 if full else POLL_SECONDS)
        finally:
            await self._end()

    # -- hearing

    def _hear(self) -> bool:
        """Notes what the next facts are for whom; whether there are more of them."""
        page = self._store.read(self._position, PAGE)
        if not page:
            return False
        now = datetime.now(UTC)
        oldest, position, mark = stamp(now - KEPT), page[-1].position, mark_of(page[-1].fact)
        deliveries = [d for recorded in page for d in self._subscriptions.hear(recorded, oldest)]
        changed = self._subscriptions.changed()
        if deliveries or changed or time.monotonic() >= self._save_at:
            self._ledger.hear(self._term, position, deliveries, changed, stamp(now), mark)
            self._save_at = time.monotonic() + SAVE_SECONDS
        self._position, self._mark = position, mark
        return len(page) == PAGE

    # -- delivering

    def _start_due(self) -> None:
        """First those of the account, and of it the webhook, that was served longest ago."""
        now = time.time()
        for webhook in sorted(self._ledger.due_webhooks(now), key=self._turn):
            if not self._subscriptions.enabled(webhook):
                continue
            busy = [stream for of, stream in self._under_way if of == webhook]
            free = self._room(webhook, len(busy))
            if free <= 0:
                continue
            due = self._ledger.due(webhook, now, free + len(busy))
            for delivery in [d for d in due if d.stream not in busy][:free]:
                to = self._subscriptions.webhooks[webhook]
                task = asyncio.create_task(self._deliver(delivery, to))
                self._under_way[webhook, delivery.stream] = task
                self._served[webhook] = self._served[account_of(webhook)] = time.monotonic()

    def _turn(self, webhook: str) -> tuple[float, float]:
        served = self._served.get
        return served(account_of(webhook), 0.0), served(webhook, 0.0)

    def _room(self, webhook: str, busy: int) -> int:
        """How many more deliveries of it may be under way."""
        account = account_of(webhook)
        of_account = sum(account_of(other) == account for other, _ in self._under_way)
        free = min(AT_ONCE - len(self._under_way), AT_ONCE_ACCOUNT - of_account)
        if webhook not in self._failing:
            return min(free, AT_ONCE_EACH - busy)
        failing = sum(other in self._failing for other, _ in self._under_way)
        return min(free, AT_ONCE_FAILING - failing, 1 - busy)

    async def _deliver(self, delivery: Delivery, webhook: State) -> None:
        began = time.monotonic()
        reply = await self._attempt(delivery, webhook)
        took = int((time.monotonic() - began) * 1_000)
        outcome, retry_at = DELIVERED, None
        self._failing.discard(delivery.webhook)
        if not reply.good:
            self._failing.add(delivery.webhook)
            outcome = GIVEN_UP
            if delivery.attempts + 1 < webhook["retries"]:
                outcome = FAILED
                retry_at = time.time() + self._first_delay * 2**delivery.attempts
            log.warning(
                "a webhook was not delivered",
                webhook=delivery.webhook,
                thing=delivery.thing,
                attempt=delivery.attempts + 1,
                given_up=outcome == GIVEN_UP,
                status=reply.status,
                error=reply.error,
            )
        now = stamp(datetime.now(UTC))
        made = Invocation(delivery, now, outcome, reply.status, reply.error, took)
        self._ledger.settle(self._term, made, retry_at)

    async def _attempt(self, delivery: Delivery, webhook: State) -> Reply:
        stream, after = UUID(delivery.stream), delivery.version - 1
        try:
            recorded = next(iter(self._store.stream(stream, after=after, limit=1)), None)
        except StoreDamaged as error:  # one thing that cannot be read holds back nothing else
            log.warning("a fact of a webhook is damaged", exc_info=error)
            return Reply(None, "its fact cannot be read")
        if recorded is None or delivery.mark not in ("", mark_of(recorded.fact)):
            return Reply(None, "the store lacks its fact")
        try:
            body = message.body(delivery, recorded.fact, self._render, self._show)
        except Exception as error:  # one thing that cannot be shown holds back nothing else
            log.exception("a webhook has no body", thing=delivery.thing, error=repr(error))
            return Reply(None, "the body could not be made")
        headers = message.headers(delivery, webhook, body, int(time.time()))
        return await self._post.post(webhook["url"], headers, body)

    async def _wait(self, seconds: float) -> None:
        """Until a delivery is done, or so long; what went wrong in one is raised."""
        if not self._under_way:
            await asyncio.sleep(seconds)
            return
        tasks = self._under_way.values()
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        done = {place: task for place, task in self._under_way.items() if task.done()}
        for place, task in done.items():
            del self._under_way[place]
            task.result()

    async def _end(self) -> None:
        tasks = list(self._under_way.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(LeaseLost):
            self._ledger.hear(self._term, self._position, (), {}, "", self._mark)

    def _forget(self) -> None:
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + FORGET_SECONDS
            forgotten = self._ledger.forget(self._term, stamp(datetime.now(UTC) - KEPT))
            if forgotten:
                log.warning("deliveries of webhooks were a week old", forgotten=forgotten)


def account_of(webhook: str) -> str:
    """The digits of the account in a webhook's guid."""
    return webhook[:13]
