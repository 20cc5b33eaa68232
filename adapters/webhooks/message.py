"""What a receiver gets: one JSON body, and headers that say what it is and prove from whom."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from application.as_of import replay
from application.keyring import REGISTRY_ID
from application.ports import Store
from domain.base import DomainEvent, State
from domain.ids import guid, unpack
from domain.money import DEFAULT_CURRENCY
from domain.outside import Outside, said_of
from domain.registry import Registry

Render = Callable[[int, int, int, DomainEvent], Any]
"""Account, kind and number of the thing, and the fact: what the body has under `stagebook.data`."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One fact for one webhook, as one thing's change."""

    webhook: str
    stream: str
    """The guid of the aggregate whose fact it is: what order is kept by."""
    position: int
    part: int
    version: int
    resource: str
    trigger: str
    kind: int
    number: int
    mark: str = ""
    """Of the fact."""
    attempts: int = 0

    @property
    def thing(self) -> str:
        return str(guid(unpack(UUID(self.stream)).account, self.kind, self.number))

    @property
    def key(self) -> str:
        """The same at every attempt, in every copy of the book; another for another fact that has
        the place of one that was lost."""
        said = f"{self.webhook} {self.stream} {self.version} {self.mark} {self.thing}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]


Show = Callable[[Delivery, DomainEvent], State]
"""The resource that a delivery is about, as its receiver reads it; it has a `guid`."""


def named(delivery: Delivery, _fact: DomainEvent) -> State:
    """The resource by its guid alone."""
    return {"guid": delivery.thing}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it: a status, or why there is none."""

    status: int | None
    error: str | None = None

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - as HTTP says


def saying(store: Store) -> Render:
    """What the fact says, as an admin may see it: it is an admin who has it delivered."""
    currencies: dict[int, str] = {}

    def said(account: int, _kind: int, _number: int, fact: DomainEvent) -> dict[str, Any]:
        if account not in currencies:
            opened = replay(store, Registry, REGISTRY_ID).opened(account)
            currencies[account] = opened["currency"] if opened else DEFAULT_CURRENCY
        return said_of(fact, Outside(currencies[account], personal=True))

    return said


def body(delivery: Delivery, fact: DomainEvent, render: Render, show: Show) -> bytes:
    """The resource itself, and under `stagebook` what happened to it."""
    account = unpack(fact.originator_id).account
    resource = show(delivery, fact)
    happened = {
        "event": delivery.trigger,
        "resource": delivery.resource,
        "guid": resource["guid"],
        "time": fact.time,
        "actor": fact.actor,
        "version": fact.originator_version,
        "position": delivery.position,
        "data": render(account, delivery.kind, delivery.number, fact),
    }
    return to_json({**resource, "stagebook": happened})


def headers(delivery: Delivery, webhook: State, body: bytes, now: int) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "OpenTicket/Webhook",
        "OpenTicket-Trigger": f"{delivery.resource}.{delivery.trigger}",
        "OpenTicket-Identifier": webhook["nonce"],
        "OpenTicket-Dedupe-Key": delivery.key,
        "Stagebook-Signature": signature(webhook["secret"], body, now),
    }


def signature(secret: str, body: bytes, now: int) -> str:
    signed = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={now},v1={signed}"
