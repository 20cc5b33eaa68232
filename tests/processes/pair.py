"""A pair of server processes on one store, with crowds of buyers before them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import count
from threading import Barrier
from time import sleep
from typing import Any, TypeVar

from adapters.bootstrap import Stagebook, bootstrap
from tests.processes.ledger import Bought, Ledger, Sale
from tests.processes.program import BOUND, Answer, Client, Place

T = TypeVar("T")
TIMES = {"startts": "2036-11-21T20:00:00Z", "endts": "2036-11-21T22:00:00Z"}
CROWD = 64
"""Clients of each server."""
WEB = 2
"""A sales channel that every account starts with."""


class Pair:
    """What a test does to it ends with a look at the facts: none may have broken a rule."""

    def __init__(self, place: Place, **settings: object) -> None:
        self.place = place
        self.servers = [place.launch(**settings), place.launch(**settings)]
        for server in self.servers:
            server.ready()

    @cached_property
    def book(self) -> Stagebook:
        """The store and the views, seen from this process."""
        return bootstrap(self.place.settings)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.book.store)

    def close(self) -> None:
        self.book.close()

    def client(self, number: int = 0) -> Client:
        """A client of one of the servers. It is closed by the caller: servers hang up on who is
        silent for some seconds."""
        return Client(self.servers[number % len(self.servers)].port)

    # -- asking

    def ask(self, method: str, path: str, body: Any = None, *, server: int = 0) -> Answer:
        with closing(self.client(server)) as client:
            return client(method, path, body)

    def made(self, path: str, **body: Any) -> Any:
        with closing(self.client()) as client:
            return client.made(path, **body)

    def rush(
        self, ask: Callable[[Client, int], Answer], *, crowd: int = CROWD, each: int = 1
    ) -> list[Answer]:
        """What so many clients of each server are answered, who come at the same moment and ask
        so often, each time with another number."""
        numbers = count()

        def visit(client: Client) -> list[Answer]:
            return [ask(client, next(numbers)) for _ in range(each)]

        clients = [self.client(number) for number in range(2 * crowd)]
        try:
            return [a for answers in at_once([partial(visit, c) for c in clients]) for a in answers]
        finally:
            for client in clients:
                client.close()

    def cut(self, path: str, body: Any, *, server: int, key: str) -> None:
        """Asks with an Idempotency-Key, and hangs up without waiting for the answer."""
        with closing(self.client(server)) as client:
            client.send("POST", path, body, Idempotency_Key=key)

    # -- selling

    def on_sale(self, *amounts: int | None, **fields: Any) -> tuple[int, list[int]]:
        """An Active Event, and contingents of these amounts, each at 25.00."""
        if "locationid" not in fields:
            fields["locationid"] = self.made("/v1/locations", name="Hall")["id"]
        event = self.made("/v1/events", name="Live", **{**TIMES, **fields})["id"]
        lots = [self.contingent(event, amount) for amount in amounts]
        answer = self.ask("POST", f"/v1/events/{event}/publish")
        assert answer.status == 200, answer
        return event, lots

    def contingent(self, event: int, amount: int | None, **fields: Any) -> int:
        body = {"name": "Standing", "amount": amount, "price": 25.00, **fields}
        return int(self.made(f"/v1/events/{event}/contingents", **body)["id"])

    def channel(self, seconds: int) -> int:
        """A sales channel whose orders are held so long."""
        body = {"typeid": 3002, "name": "Short", "basketseconds": seconds}
        return int(self.made("/v1/catalog/saleschannels", **body)["id"])

    def order(self, *take: dict[str, int], channel: int = WEB) -> Any:
        return self.made("/v1/orders", saleschannelid=channel, take=take)

    def confirmed(self, *take: dict[str, int], channel: int = WEB) -> Any:
        number = self.order(*take, channel=channel)["id"]
        answer = self.ask("POST", f"/v1/orders/{number}/confirm")
        assert answer.status == 200, answer
        return answer.json()

    # -- looking

    def check(self) -> Ledger:
        """The ledger, up to date and without a fault."""
        ledger = self.ledger.follow()
        assert not ledger.faults, ledger.faults
        return ledger

    def sale(self, event: int) -> Sale:
        """An Event as the facts tell it, which is what its availability shows."""
        sale = self.check().sales[event]
        shown = self.read(f"/v1/events/{event}/availability")["total"]
        counters = sale.counters()
        assert {name: shown[name] for name in counters} == counters
        assert sum(shown[name] for name in HELD) == sale.held.total() == len(sale.tickets)
        assert shown["free"] == shown["total"] - len(sale.tickets)
        return sale

    def bought(self, order: int) -> Bought:
        """An order as the facts tell it."""
        return self.check().orders[order]

    def read(self, path: str) -> Any:
        """A document with everything that is committed by now."""
        with closing(self.client()) as client:
            return client.read(path, after=self.book.store.position())


HELD = ("reserved", "sold_unpaid", "sold_paid", "complimentary")


def taking(event: int, contingent: int, amount: int = 1) -> dict[str, int]:
    """What an order takes."""
    return {"eventid": event, "contingentid": contingent, "amount": amount}


def buying(*take: dict[str, int], channel: int = WEB) -> dict[str, Any]:
    """The body of a new order."""
    return {"saleschannelid": channel, "take": list(take)}


def problem(answer: Answer) -> str:
    """Why it was refused."""
    return str(answer.json()["type"]).rpartition(":")[2]


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What they return, called at the same moment."""
    start = Barrier(len(calls))

    def call(one: Callable[[], T]) -> T:
        start.wait(BOUND)
        return one()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))


def moment(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


def wait_until(time: float) -> None:
    """Comes at a moment of the clock, which is not a way to wait for somebody."""
    with suppress(ValueError):  # it is over
        sleep(time - datetime.now(UTC).timestamp())
