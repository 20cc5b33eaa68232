"""Quotas: how many things an account may have, and how many bytes.

What an account has is counted by the store, in the transaction of the facts that change it. A
writer counts from what the store says, and counts its own commands along. So things are exact in
one process; each other process that writes at the same moment may add one batch more. Bytes are
looked up once a second: what is recorded within that second may be too much.

Over its bytes an account can still do what is small and makes nothing new: a scan, a payment, a
cancellation, the end of an order that was not confirmed.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

from pydantic_core import to_json

from application.ports import Blob
from domain.base import DomainEvent, payload_fields
from domain.catalog import CATALOG
from domain.errors import Quota
from domain.ids import Kind, unpack

BYTES, KEYS = "bytes", "keys"


class Limit(NamedTuple):
    """What may be limited: what it is in a sentence, and what an account has where nothing else is
    set."""

    what: str
    default: int


LIMITS: Mapping[str, Limit] = {
    BYTES: Limit("bytes of facts and images", 50 * 2**30),
    "events": Limit("Events that are not deleted", 200_000),
    "locations": Limit("Locations that are not deleted", 200_000),
    "catalog": Limit("catalog items, contacts among them", 10_000_000),
    "orders": Limit("orders", 0),
    "webhooks": Limit("webhook subscriptions", 200),
    KEYS: Limit("access keys that are not revoked", 2_000),
}
"""Every quota. The setting of each is `STAGEBOOK_QUOTA_` and its name; 0: none."""
COUNTED: Mapping[int, str] = {
    Kind.EVENT: "events",
    Kind.LOCATION: "locations",
    Kind.ORDER: "orders",
    Kind.WEBHOOK: "webhooks",
    **dict.fromkeys(CATALOG, "catalog"),
}
CHANGES: Mapping[str, int] = {
    "event.deleted": -1,
    "event.restored": 1,
    "location.deleted": -1,
    "location.restored": 1,
    "webhook.deleted": -1,
}
SMALL = 4_096
"""Bytes that a command may record though the account is over its bytes."""
SECONDS = 1.0

Usage = Counter[tuple[int, str]]
"""By account and name of a quota."""


Row = tuple[UUID, int, str, int]
"""A fact as it is stored: aggregate, version, topic, bytes."""


def usage_of(rows: Iterable[Row]) -> Usage:
    """What these facts add."""
    usage: Usage = Counter()
    sizes: dict[int, int] = {}
    for aggregate, version, topic, size in rows:
        head = aggregate.int >> 64  # as `unpack` does it: this is done for every fact
        account = head >> 16
        sizes[account] = sizes.get(account, 0) + size
        change = 1 if version == 1 else CHANGES.get(topic)
        if change and (name := COUNTED.get(head & 0xFFF)):
            usage[account, name] += change
    for account, size in sizes.items():
        usage[account, BYTES] = size
    return usage


class UsageStore(Protocol):
    def usage(self, account: int) -> dict[str, int]: ...


@dataclass(slots=True)
class Current:
    """What an account has, and when it was looked up."""

    amounts: Counter[str]
    since: float


class Quotas:
    """The quotas of one writer."""

    def __init__(self, store: UsageStore, limits: Mapping[str, int]) -> None:
        self._store = store
        self.limits = {name: limit for name, limit in limits.items() if limit}
        self._current: dict[int, Current] = {}

    def begin(self) -> None:
        """A batch begins: what was looked up a while ago is looked up when it is needed."""
        if self._current:
            before = time.monotonic() - SECONDS
            self._current = {a: c for a, c in self._current.items() if c.since > before}

    def forget(self) -> None:
        """Another process has written, or nothing was recorded of what was counted along."""
        self._current = {}

    def require(self, account: int, name: str, more: int = 1) -> None:
        """Refuses more of these things than the account may have."""
        limit = self.limits.get(name)
        if limit:
            self._check(name, limit, self._amounts(account)[name], more)

    def require_keys(self, current: int) -> None:
        """The same of access keys, which the registry counts."""
        if limit := self.limits.get(KEYS):
            self._check(KEYS, limit, current, 1)

    def require_bytes(
        self, account: int, facts: Sequence[DomainEvent], blobs: Sequence[Blob]
    ) -> None:
        """Refuses what is not small, or makes something new, over the account's bytes."""
        limit = self.limits.get(BYTES)
        if not limit or not (facts or blobs):
            return
        current, images = self._amounts(account)[BYTES], sum(len(blob.data) for blob in blobs)
        if current + images < limit:
            return
        more = images + sum(map(size_of, facts))
        new = any(fact.originator_version == 1 for fact in facts)
        if new or more > SMALL:
            self._check(BYTES, limit, current, more)

    def took(self, facts: Iterable[DomainEvent]) -> None:
        """A command of this batch was accepted."""
        for fact in facts:
            more = 1 if fact.originator_version == 1 else CHANGES.get(fact.TOPIC)
            if more:
                account, kind, _ = unpack(fact.originator_id)
                current, name = self._current.get(account), COUNTED.get(kind)
                if current and name:
                    current.amounts[name] += more

    def _amounts(self, account: int) -> Counter[str]:
        current = self._current.get(account)
        if current is None:
            amounts = Counter(self._store.usage(account))
            current = self._current[account] = Current(amounts, time.monotonic())
        return current.amounts

    def _check(self, name: str, limit: int, current: int, more: int) -> None:
        if current + more > limit:
            setting = f"STAGEBOOK_QUOTA_{name.upper()}"
            raise Quota(
                f"the account has {current} of at most {limit} {LIMITS[name].what} ({setting})",
                quota=name,
                limit=limit,
                current=current,
                setting=setting,
            )


def size_of(fact: DomainEvent) -> int:
    """The bytes that a fact is stored in."""
    fact_class: type = type(fact)
    return len(to_json({name: getattr(fact, name) for name in payload_fields(fact_class)}))
