"""Which store, and which history, something belongs to."""

from hashlib import blake2b
from typing import NamedTuple

from domain.base import DomainEvent


class Identity(NamedTuple):
    """Which store it is, and which of its epochs: one begins whenever the store may lack facts
    that somebody has seen of it, because it was imported or an older copy was put back."""

    id: str
    """16 hexadecimal digits, random; a copy has those of its original."""
    epoch: int
    """When it began, in milliseconds since 1970; later than every epoch before."""

    def __str__(self) -> str:
        return f"{self.id}.{self.epoch}"

    @classmethod
    def parse(cls, text: str) -> "Identity | None":
        """The inverse of `str`; None: it is none."""
        id_, _, epoch = text.partition(".")
        if not (id_ and epoch.isascii() and epoch.isdigit()):
            return None
        return cls(id_, int(epoch))


def mark_of(fact: DomainEvent) -> str:
    """Tells a fact from any other at its position: 32 hexadecimal digits. The command that a fact
    came of has a random id, so the newest fact of a history tells it from every other history."""
    named = f"{fact.originator_id} {fact.originator_version} {fact.time} {fact.causation}"
    return blake2b(named.encode(), digest_size=16).hexdigest()
