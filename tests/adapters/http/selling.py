"""Selling in tests over HTTP: an Event that is on sale, orders of its tickets, and counters."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from tests.adapters.http.talk import Json, an_event, book_of, made, moved, now, position

DESK, WEB, EXTERNAL = 1, 2, 3
NORMAL, REDUCTION, FREE = 1, 2, 3
HARD, SOFT = 1, 2
UNCONFIRMED, CONFIRMED, ARCHIVED = 21001, 21002, 21003
INCOMPLETE, PAID, OVERPAID = 0, 1, 2
OTHER = {"Authorization": "Bearer sb_admin-token-other"}
JSON = {"Content-Type": "application/json"}
PLACES = 100_000_000


def price(price_type: int, amount: float, *channels: int, **conditions: Any) -> Json:
    """A price as a contingent has it; a condition by its type."""
    return {
        "pricetypeid": price_type,
        "prices": [amount],
        "saleschannels": list(channels) or None,
        "conditions": [{"type": kind, "value": value} for kind, value in conditions.items()],
    }


def prices(*entries: Json) -> Json:
    return {"eventspecificprices": {"prices": list(entries)}}


def ok(response: Response) -> Json:
    assert response.status_code in (200, 201), response.text
    document: Json = response.json()
    return document


@contextmanager
def nothing_recorded(client: TestClient) -> Iterator[None]:
    before = position(client)
    yield
    assert [r.fact.name for r in book_of(client).store.read(before, 10)] == []


@dataclass(frozen=True)
class Sale:
    """An Event that is on sale, and one of its contingents."""

    client: TestClient
    event: int
    contingent: int

    def url(self, path: str = "") -> str:
        return f"/v1/events/{self.event}{path}"

    def ticket(self, place: int) -> int:
        """The id of the contingent's ticket at that place, from 1."""
        return self.contingent * PLACES + place

    def takes(self, amount: int = 1, **more: Any) -> Json:
        return {"eventid": self.event, "contingentid": self.contingent, "amount": amount, **more}

    def ask(self, *takes: Json, headers: Any = None, **body: Any) -> Response:
        """A new order that takes these, one ticket when nothing is said."""
        body = {"saleschannelid": WEB, "take": takes or [self.takes()], **body}
        return self.client.post("/v1/orders", json=body, headers=headers)

    def order(self, amount: int = 1, *steps: str, **take: Any) -> "Bought":
        """An order of so many tickets after `confirm`, `pay`, …"""
        bought = Bought(self.client, ok(self.ask(self.takes(amount, **take)))["id"])
        for step in steps:
            paid = {"amount": bought.shown()["totalamount"]} if step == "payments" else None
            bought.did(step, paid)
        return bought

    def contingent_of(self, amount: int | None, **fields: Any) -> "Sale":
        """Another contingent of the same Event."""
        if "eventspecificprices" not in fields:
            fields.setdefault("price", 25.0)
        lot = made(self.client, self.url("/contingents"), amount=amount, **fields)
        return Sale(self.client, self.event, lot["id"])

    def availability(self, query: str = "") -> Json:
        return ok(now(self.client, self.url(f"/availability{query}")))

    def counted(self) -> Json:
        """How many tickets of the contingent are where; what is empty is left out."""
        lots = {lot["tickettypeid"]: lot for lot in self.availability()["contingents"]}
        return filled(lots[self.contingent])

    def tickets(self, query: str = "") -> list[Json]:
        response = now(self.client, self.url(f"/tickets{query}"))
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/x-ndjson"
        assert response.text.endswith("\n") or not response.text
        return [json.loads(line) for line in response.text.splitlines()]


@dataclass(frozen=True)
class Bought:
    """An order, by its number."""

    client: TestClient
    number: int

    def url(self, path: str = "") -> str:
        return f"/v1/orders/{self.number}{path}"

    def do(
        self, step: str, body: Any = None, headers: Any = None, method: str = "POST"
    ) -> Response:
        path = self.url(f"/{step}")
        return self.client.request(method, path, json=body, headers=headers)

    def did(self, step: str, body: Any = None, method: str = "POST") -> Json:
        return ok(self.do(step, body, method=method))

    def shown(self, query: str = "") -> Json:
        return ok(now(self.client, self.url(query)))

    def ticket_ids(self) -> list[int]:
        return [ticket["id"] for ticket in self.shown()["tickets"]]


def on_sale(
    client: TestClient, amount: int | None = 10, *, event: Json | None = None, **fields: Any
) -> Sale:
    """A fresh Event, published, with a contingent of so many tickets at 25.00."""
    draft = an_event(client, **(event or {}))
    sale = Sale(client, draft["id"], 0).contingent_of(amount, name="Standing", **fields)
    moved(client, draft, "publish")
    return sale


def filled(counters: Json) -> Json:
    """The counters that are not 0. The seven always sum to the total."""
    seven = {
        name: counters[name]
        for name in (
            "free",
            "locked_hard",
            "locked_soft",
            "reserved",
            "sold_unpaid",
            "sold_paid",
            "complimentary",
        )
    }
    assert sum(seven.values()) == counters["total"]
    assert min(seven.values()) >= 0
    return {name: count for name, count in seven.items() if count}
