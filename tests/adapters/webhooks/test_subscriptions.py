"""Who hears of which fact, and from where on facts are heard at all."""

from contextlib import closing
from typing import Any

from adapters.stores.memory import MemoryStore
from adapters.webhooks.subscriptions import Subscriptions
from application.keyring import NewKey, adding_key
from application.locations import create_location
from application.webhooks import before_the_first, create_webhook
from domain.base import DomainEvent
from domain.ids import Kind, account_number, guid
from domain.location import LocationCreated, LocationFields
from domain.order_facts import OrderConfirmed, OrderCreated, PaymentAdded
from domain.registry import Role
from domain.webhook import WebhookCreated, WebhookFields
from tests.application.desk import Desk
from tests.spec import ACCOUNT, at

ORDER = {
    "number": 5,
    "saleschannelid": 2,
    "currency": "EUR",
    "expiryts": at(99),
    "heldsince": at(1),
    "root": 5,
    "splitfrom": None,
    "lines": [{"price": 1_000, "tickets": [[1, 2]], "complimentary": False}],
}


def payment(number: int, amount: int) -> dict[str, Any]:
    return {"paymentid": number, "amount": amount, "paymentmethodid": None}


class Log:
    """Facts as they are recorded, and what is heard of them."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.subscriptions = Subscriptions(self.store)
        self._versions: dict[Any, int] = {}

    def hears(
        self, cls: type[DomainEvent], kind: Kind = Kind.ORDER, oldest: str = "", **says: Any
    ) -> list[str]:
        """What is heard of a new fact, by the name of the webhook."""
        account = says.pop("account", ACCOUNT)
        place = guid(account, kind, says.pop("of", 5))
        version = self._versions[place] = self._versions.get(place, 0) + 1
        cause = {"actor": "ann", "correlation": "", "causation": None, "reason": None}
        self.store.append(
            [
                cls(
                    originator_id=place,
                    originator_version=version,
                    time=at(version),
                    **cause,
                    **says,
                )
            ]
        )
        (recorded,) = self.store.read(self.store.position() - 1, 1)
        heard = list(self.subscriptions.hear(recorded, oldest))
        return [self.subscriptions.webhooks[made.webhook]["name"] for made in heard]

    def subscribed(self, name: str, resource: str, trigger: str, number: int = 1) -> None:
        fields = {"name": name, "url": "https://a.com", "resource": resource, "trigger": trigger}
        secrets = {"nonce": "", "secret": ""}
        made = {"number": number, "fields": fields, **secrets}
        self.hears(WebhookCreated, Kind.WEBHOOK, of=number, **made)


def test_an_order_is_paid_by_the_payment_that_makes_it_so() -> None:
    log = Log()
    log.subscribed("paid", "order", "paid", 1)
    log.subscribed("placed", "order", "placed", 2)

    assert log.hears(OrderCreated, **ORDER) == []
    assert log.hears(OrderConfirmed) == ["placed"]
    assert log.hears(PaymentAdded, **payment(1, 1_999)) == []
    assert log.hears(PaymentAdded, **payment(2, 1)) == ["paid"]
    assert log.hears(PaymentAdded, **payment(3, 1)) == []


def test_an_order_that_costs_nothing_is_paid_when_it_is_placed() -> None:
    log = Log()
    log.subscribed("paid", "order", "paid")
    free = [{"price": 0, "tickets": [[1, 2]], "complimentary": True}]

    log.hears(OrderCreated, **ORDER | {"lines": free})

    assert log.hears(OrderConfirmed) == ["paid"]


def test_accounts_do_not_hear_of_each_other() -> None:
    log = Log()
    log.subscribed("mine", "location", "create")
    theirs = {"number": 5, "fields": {}}

    assert log.hears(LocationCreated, Kind.LOCATION, account=ACCOUNT + 1, **theirs) == []
    assert log.hears(LocationCreated, Kind.LOCATION, **theirs) == ["mine"]


def test_a_fact_that_is_too_old_is_no_news() -> None:
    log = Log()
    log.subscribed("mine", "location", "create")
    hall: dict[str, Any] = {"number": 5, "fields": {}}

    assert log.hears(LocationCreated, Kind.LOCATION, oldest=at(2), **hall) == []


def test_there_is_nothing_to_hear_before_the_first_webhook() -> None:
    account = account_number("demo")
    store = MemoryStore()
    with closing(Desk(store, account)) as desk:
        desk.do(adding_key(NewKey("demo", Role.ADMIN), "a token"))
        desk.do(lambda work: create_location(work, LocationFields(name="Hall")))
        assert before_the_first(store) == store.position()

        position = store.position()
        says = {"name": "A", "url": "https://a.com", "resource": "event", "trigger": "create"}
        for _ in range(2):
            desk.do(lambda work: create_webhook(work, WebhookFields(**says)).number)

        assert before_the_first(store) == position
