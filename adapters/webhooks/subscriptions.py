"""Who is subscribed, as of a position: webhooks are facts, and change in order with the rest."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from adapters.webhooks.message import Delivery
from application.as_of import replay
from application.ports import Recorded, Store
from domain.base import State, UnknownFact
from domain.ids import Kind, guid, unpack
from domain.lineage import mark_of
from domain.order import Order
from domain.webhook import Webhook
from domain.webhook_triggers import Occasion, becomes_paid, occasions

HELD = "held"
"""In the state of a webhook with a fact that is not known here: nobody can tell what it wants."""


class Subscriptions:
    """Folds the facts of webhooks, and says who is to hear of each other fact."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.webhooks: dict[str, State] = {}
        self._changed: set[str] = set()
        self._listening: dict[tuple[int, str, str], list[str]] = {}
        self._accounts: set[int] = set()

    def restore(self, webhooks: Mapping[str, State]) -> None:
        """Goes on from there; one with a fact that was not known then is looked at again."""
        self.webhooks = dict(webhooks)
        self._changed.clear()
        for webhook in [webhook for webhook, state in webhooks.items() if HELD in state]:
            again = replay(self._store, Webhook, UUID(webhook))
            if again.gap is None:
                self.webhooks[webhook] = again.state
                self._settle(webhook)
        self._index()

    def enabled(self, webhook: str) -> bool:
        return _enabled(self.webhooks.get(webhook, {}))

    def changed(self) -> dict[str, State | None]:
        """The webhooks that changed since this was asked for; None: it was deleted."""
        changed = {webhook: self.webhooks.get(webhook) for webhook in self._changed}
        self._changed.clear()
        return changed

    def hear(self, recorded: Recorded, oldest: str) -> Iterator[Delivery]:
        """What a fact is to be delivered as; nothing, if it is older than that."""
        fact = recorded.fact
        account, kind, _ = unpack(fact.originator_id)
        if kind == Kind.WEBHOOK:
            self._fold(recorded)
        elif account in self._accounts and fact.time >= oldest:
            yield from self._deliveries(recorded, account)

    def _deliveries(self, recorded: Recorded, account: int) -> Iterator[Delivery]:
        fact, part = recorded.fact, 0
        for occasion in occasions(fact):
            listening = self._listening.get((account, occasion.resource, occasion.trigger), ())
            if listening and occasion.trigger == "paid" and not self._paid_by(recorded):
                continue
            thing = self._guid(recorded, account, occasion) if listening else ""
            for webhook in listening:
                if self.webhooks[webhook]["identifier"] in (None, thing):
                    yield Delivery(
                        webhook=webhook,
                        stream=str(fact.originator_id),
                        position=recorded.position,
                        part=part,
                        version=fact.originator_version,
                        mark=mark_of(fact),
                        **occasion._asdict(),
                    )
                    part += 1

    def _guid(self, recorded: Recorded, account: int, occasion: Occasion) -> str:
        """What the thing is known by."""
        if occasion.kind != Kind.ORDER:
            return str(guid(account, occasion.kind, occasion.number))
        return str(replay(self._store, Order, recorded.fact.originator_id, 1).state["guid"])

    def _paid_by(self, recorded: Recorded) -> bool:
        """Whether it is this fact that makes the order fully paid."""
        fact = recorded.fact
        order = replay(self._store, Order, fact.originator_id, fact.originator_version - 1)
        before = order.capture()
        order.apply(fact)
        return becomes_paid(before.state, order.state)

    def _fold(self, recorded: Recorded) -> None:
        fact = recorded.fact
        webhook = str(fact.originator_id)
        state = self.webhooks.setdefault(webhook, {})
        if isinstance(fact, UnknownFact):
            state[HELD] = True
        elif HELD not in state:
            Webhook.evolve(state, fact)
        self._settle(webhook)

    def _settle(self, webhook: str) -> None:
        if self.webhooks[webhook].get("deleted"):
            del self.webhooks[webhook]
        self._changed.add(webhook)
        self._index()

    def _index(self) -> None:
        self._listening, self._accounts = {}, set()
        for webhook, state in self.webhooks.items():
            if _enabled(state):
                account = unpack(UUID(webhook)).account
                self._accounts.add(account)
                of = (account, state["resource"], state["trigger"])
                self._listening.setdefault(of, []).append(webhook)


def _enabled(webhook: State) -> bool:
    return bool(webhook.get("enabled")) and HELD not in webhook
