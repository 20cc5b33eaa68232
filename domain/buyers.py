"""Who may order on a sales channel: whose e-mail address fits its rule, and ordered there only
once, where the channel asks for that."""

import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, StringConstraints, TypeAdapter

from domain.base import Aggregate, CommandMetadata, DomainEvent, State
from domain.errors import BuyerRefused
from domain.ids import Kind
from domain.values import Line

TIMES_SMALLER = 3
"""A compiled rule has at most this part of the 10 MiB that the library lets one have: of a few
characters, such as `\\w{300}`, comes as much."""


@lru_cache(16)
def _pattern(rule: str) -> TypeAdapter[str]:
    """A regular expression whose time is linear in the text, whoever wrote it."""
    kind: Any = Annotated[str, StringConstraints(pattern=f"(?i){rule}")]
    return TypeAdapter(kind)


def usable_rule(rule: str) -> str:
    try:
        _pattern.__wrapped__(f"(?:{rule}\n){{{TIMES_SMALLER}}}")  # so many of them fit
        _pattern(rule)
    except Exception:  # noqa: BLE001 - pydantic exports no name for what it raises here
        message = (
            "expected a regular expression without look-around and back references, and without"
            " large repetitions"
        )
        raise ValueError(message) from None
    return rule


EmailRule = Annotated[Line, AfterValidator(usable_rule)]


def check_buyer(channel: State, email: str | None) -> None:
    """Refuses a buyer whose address is not known, or does not fit, where the channel has a rule."""
    number, rule = channel["number"], channel.get("email_validation_rule")
    if not rule and not channel.get("email_must_be_unique"):
        return
    if not email:
        message = f"sales channel {number} needs the e-mail address of the buyer"
        raise BuyerRefused(message, saleschannelid=number, rule="email")
    if rule and not fits(rule, email):
        message = f"the e-mail address does not fit the rule of sales channel {number}: {rule}"
        raise BuyerRefused(message, saleschannelid=number, rule="email_validation_rule")


def fits(rule: str, email: str) -> bool:
    """Whether the rule is found in the address, in any case."""
    try:
        _pattern(rule).validate_python(email)
    except Exception:  # noqa: BLE001 - likewise; a rule of before that is none lets nobody in
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyersKeyed(DomainEvent, topic="buyers.keyed"):
    """What the addresses of a channel's buyers are digested with: random, and made once. So nobody
    can tell by a digest from elsewhere, or from a list of those of known addresses, who ordered."""

    SECRET: ClassVar[frozenset[str]] = frozenset({"key"})
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerRecorded(DomainEvent, topic="buyers.recorded"):
    """An order of an e-mail address, which is kept as a digest with the channel's key."""

    SECRET: ClassVar[frozenset[str]] = frozenset({"buyer"})
    buyer: str
    orderid: int


class Buyers(Aggregate):
    """The buyers of a sales channel that takes one order of each: its number is the channel's.
    `state["orders"]` is the latest order by the digest of an address."""

    KIND = Kind.BUYERS

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        match fact:
            case BuyersKeyed():
                state["key"] = fact.key
            case BuyerRecorded():
                state.setdefault("orders", {})[fact.buyer] = fact.orderid

    def order_of(self, email: str) -> int | None:
        if "key" not in self.state:
            return None
        found: int | None = self.state.get("orders", {}).get(self._digest(email))
        return found

    def record(self, email: str, order: int, key: str, metadata: CommandMetadata) -> None:
        """`key` is what addresses are digested with from the first one on."""
        if "key" not in self.state:
            self.trigger(BuyersKeyed, metadata, key=key)
        if self.order_of(email) != order:
            self.trigger(BuyerRecorded, metadata, buyer=self._digest(email), orderid=order)

    def _digest(self, email: str) -> str:
        address, key = email.strip().casefold().encode(), self.state["key"].encode()
        return hmac.digest(key, address, "sha256").hex()[:32]
