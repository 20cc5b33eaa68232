"""What the soak begins with: accounts with their keys, Events that sell, and webhooks."""

import base64
import random
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from adapters.bootstrap import Stagebook, bootstrap
from adapters.sealing import Seal
from adapters.settings import Settings
from application.keyring import NewKey, adding_key, adding_signing_key
from application.webhooks import create_webhook
from domain.ids import Kind, account_number, guid
from domain.registry import Role
from domain.webhook import WebhookFields
from tests.bench.filling import SECRET, SECRET_KEY, WORDS, ZONE
from tests.bench.soak.asking import Client

WEB, NORMAL = 2, 1
TRIGGERS = ("event.update", "order.placed", "order.paid", "order.revision")
KEPT = 200
"""Orders and Events of each account that are asked for again."""


@dataclass(slots=True)
class Account:
    """What clients know of one account."""

    name: str
    events: list[dict[str, Any]] = field(default_factory=list)
    """Events that are on sale, hot: everybody buys of them."""
    crowded: list[int] = field(default_factory=list)
    """Events with as many contingents and dates as there may be."""
    large: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))
    """Events of nearly 1 MiB."""
    small: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))
    orders: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))
    images: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))

    @property
    def token(self) -> str:
        return f"sb_soak-{self.name}"

    @property
    def bearer(self) -> str:
        return f"Bearer {self.token}"

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"key-{self.name}:{SECRET}".encode()).decode()

    def guid(self, kind: Kind, number: int) -> str:
        return str(guid(account_number(self.name), kind, number))


def open_accounts(store: str, count: int, receivers: Sequence[str]) -> list[Account]:
    """Accounts with a token and a signing key each, and a webhook of each trigger at every
    receiver."""
    accounts = [Account(f"house{number}") for number in range(count)]
    with closing(bootstrap(Settings(store=store, secret_key=SECRET_KEY))) as book:
        book.start_writer()
        for account in accounts:
            _open(book, account, receivers)
    return accounts


def _open(book: Stagebook, account: Account, receivers: Sequence[str]) -> None:
    key = NewKey(account.name, Role.ADMIN, timezone=ZONE)
    book.execute(adding_key(key, account.token), account=0, actor="soak")
    accesskey = f"key-{account.name}"
    sealed = Seal(book.settings).seal(accesskey, SECRET)
    book.execute(adding_signing_key(key, accesskey, sealed), account=0, actor="soak")
    for url in receivers:
        for of in TRIGGERS:
            resource, trigger = of.split(".")
            fields = WebhookFields(name=of, url=url, resource=resource, trigger=trigger)
            book.execute(
                partial(create_webhook, fields=fields),
                account=account_number(account.name),
                actor="soak",
            )


async def put_on_sale(client: Client, account: Account, tickets: int, crowd: int) -> None:
    """Three hot Events of so many tickets, and one with `crowd` contingents and four times as many
    dates."""
    hall = await client.ask(
        "open", "POST", "/v1/locations", account.bearer, {"name": "Grounds", "capacity": 0}
    )
    place = hall.json()["id"]
    lot = {"name": "Standing", "amount": tickets, "price": 25}
    for number in range(3):
        body = event_body(f"Hot {number}", place) | {"contingents": [lot, lot]}
        event = await client.ask("open", "POST", "/v1/events", account.bearer, body)
        account.events.append(event.json())
    lots = [{"name": f"Box {n}", "amount": 40, "price": 10 + n} for n in range(crowd)]
    dates = [
        {
            "start": f"2031-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}T20:00:00Z",
            "end": f"2031-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}T23:00:00Z",
        }
        for n in range(4 * crowd)
    ]
    body = event_body("Crowded", place) | {"contingents": lots, "dates": dates}
    event = await client.ask("open", "POST", "/v1/events", account.bearer, body)
    account.crowded.append(event.json()["id"])


def event_body(name: str, place: int) -> dict[str, Any]:
    return {
        "name": name,
        "locationid": place,
        "startts": "2031-06-01T19:00:00Z",
        "endts": "2031-06-01T23:00:00Z",
        "currentstatus": 19002,
        "maxnbrofticketsperbasket": 0,
    }


def large_body(rng: random.Random, size: int) -> dict[str, Any]:
    """An Event of about so many bytes: texts in many languages."""
    text = " ".join(rng.choices(WORDS, k=min(8_000, size // 7)))
    languages = max(1, size // len(text))
    letters = "abcdefghijklmnopqrstuvwxyz"
    translations = {f"description{letters[n]}{letters[25 - n]}": text for n in range(languages)}
    return {
        "name": f"Programme of {rng.choice(WORDS)}",
        "locationid": 1,
        "translations": translations,
    }


def picture(size: int, seed: int) -> bytes:
    """A PNG of so many bytes."""
    from tests.adapters.http.talk import PNG  # noqa: PLC0415 - brings the test client with it

    return (PNG + seed.to_bytes(4)).ljust(size, b"\0")
