"""Ids: one integer a person can read, one UUID a machine can keep, each computed from the other.

A guid is a version-8 UUID (RFC 9562) with three numbers packed into its free bits:

    48 bits account | 4 version | 12 bits kind | 2 variant | 62 bits number

So an id leads to its aggregate without a look-up, the store's primary key refuses doubles,
and a guid of another account can be told by looking at it.
"""

import hashlib
from collections.abc import Callable, Iterator
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple
from uuid import RFC_4122, UUID

VERSION = 8

MAX_ACCOUNT = 2**48 - 1
MAX_NUMBER = 2**62 - 1


class Kind(IntEnum):
    """What a guid stands for. The values are stored for ever: add, never renumber."""

    REGISTRY = 1
    LOCATION = 2
    EVENT = 3
    DATE = 4
    CONTINGENT = 5
    INVENTORY = 6
    HOSTING = 7
    PRICE_TYPE = 8
    PRICE_LIST = 9
    SALES_CHANNEL = 10
    LOCK_TYPE = 11
    CUSTOM_FIELD = 12
    SEAT_RANK = 13
    ORDER = 14
    CONTACT = 15
    SEATING_PLAN = 16
    CUSTOM_FIELD_VALUE = 17
    PAYMENT_SCENARIO = 18
    TRACKER = 19
    WEBHOOK = 20
    USAGE = 21
    CUSTOMKEYS = 22
    BUYERS = 23
    PAYMENT_METHOD = 24
    DELIVERY_SCENARIO = 25
    RELATION_TYPE = 26
    CONTACT_TITLE = 27
    CONTACT_ADDRESS_TYPE = 28
    PHONE_NUMBER_TYPE = 29

    @property
    def title(self) -> str:
        """Its name in a sentence."""
        return self.name.replace("_", " ").capitalize()


class Id(NamedTuple):
    """The three numbers in a guid."""

    account: int
    kind: int
    number: int


class Span(NamedTuple):
    """The aggregates of one kind of an account, from the first number to the last, and how many
    facts they have."""

    account: int
    kind: int
    first: int
    last: int
    facts: int


@lru_cache(16_384)
def guid(account: int, kind: int, number: int) -> UUID:
    """Packs the three numbers; the inverse of `unpack`."""
    return UUID(bytes=key(account, kind, number))


def key(account: int, kind: int, number: int) -> bytes:
    """The sixteen bytes of the guid: what documents are kept under."""
    value = (account << 80) | (VERSION << 76) | (kind << 64) | (0b10 << 62) | number
    return value.to_bytes(16)


def account_of(key: bytes) -> int:
    """The account in a guid's bytes."""
    return int.from_bytes(key[:6])


@lru_cache(16_384)
def unpack(guid: UUID) -> Id:
    """Reads the three numbers back; `ValueError` for a UUID that is not one of ours."""
    value = guid.int
    if guid.version != VERSION or guid.variant != RFC_4122:
        message = f"{guid} is not a version-8 UUID"
        raise ValueError(message)
    return Id(value >> 80, (value >> 64) & 0xFFF, value & MAX_NUMBER)


def spans(
    first_behind: Callable[[UUID], UUID | None], counted: Callable[[UUID, UUID], tuple[UUID, int]]
) -> Iterator[Span]:
    """All spans of a store that tells its first aggregate behind one, and of a range of them the
    last and the number of facts: a few looks at an index for each, however many facts there are."""
    found = first_behind(UUID(int=0))
    while found:
        account, kind, first = unpack(found)
        end = guid(account, kind, MAX_NUMBER)
        last, facts = counted(found, end)
        yield Span(account, kind, first, unpack(last).number, facts)
        found = first_behind(end)


def account_number(name: str) -> int:
    """The account's number: 48 bits of its name's hash.

    The same name has the same number, and so the same guids, in every store: an account that
    is exported and imported elsewhere keeps its ids. The registry refuses a colliding name.
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) or 1
