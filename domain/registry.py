"""The registry: which accounts there are, and which keys may act for them.

One aggregate for the whole store. A key's token is never here, only its hash; the secret that a
signing key signs with is here sealed, as only the running program can open it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from domain.base import (
    Aggregate,
    AnyFact,
    CommandMetadata,
    DomainEvent,
    State,
    UnknownFact,
    type_of_topic,
)
from domain.errors import FactUnknown, Invalid, NameTaken, NotFound
from domain.ids import Kind, account_number
from domain.money import DEFAULT_CURRENCY, known_currency
from domain.translations import LANGUAGE
from domain.values import known_time_zone

MAX_NAME = 100
MAX_REASON = 1_000
DEFAULT_TIMEZONE = "UTC"
RESERVED = frozenset({"storefront", "command line", "stagebook"})
"""Whom facts name that no key made: visitors of a shop, the command line, and the program."""
ACCESS_KEY = re.compile(r"[!-~]{1,100}", re.ASCII)


class Stopped(NamedTuple):
    """A document that stopped at a fact, and why."""

    view: str
    key: UUID
    error: str


class Role(StrEnum):
    """What a key may do: viewer reads documents, seller also takes orders and locks tickets,
    editor also makes every other command, auditor reads history, too; admin does it all in its
    account. An operator looks after the whole store: it sees how the views are and has them
    rebuilt, and sees and changes nothing of an account."""

    VIEWER = "viewer"
    SELLER = "seller"
    EDITOR = "editor"
    AUDITOR = "auditor"
    ADMIN = "admin"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened(DomainEvent, topic="registry.account-opened"):
    accountname: str
    account: int
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyChosen(DomainEvent, topic="registry.currency-chosen"):
    account: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimezoneChosen(DomainEvent, topic="registry.timezone-chosen"):
    account: int
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdded(DomainEvent, topic="registry.key-added"):
    keyid: int
    account: int
    keyname: str
    role: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyAdded(DomainEvent, topic="registry.signing-key-added"):
    """`sealed`: its access key and its secret, encrypted."""

    keyid: int
    account: int
    keyname: str
    role: str
    accesskey: str
    sealed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGranted(DomainEvent, topic="registry.key-granted"):
    """The key may act for this account, too."""

    keyid: int
    account: int
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(DomainEvent, topic="registry.key-revoked"):
    keyid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FactDiscarded(DomainEvent, topic="registry.fact-discarded"):
    """A fact that one document of a view could not digest is skipped for it. `key`: the document's,
    as a guid; `aggregateid` and `aggregateversion`: the fact's."""

    view: str
    key: str
    aggregateid: str
    aggregateversion: int
    position: int
    error: str


class Registry(Aggregate):
    """`state["accounts"]` by account number, `state["keys"]` by key id, `state["discarded"]`: the
    positions that are skipped, by view and key."""

    KIND = Kind.REGISTRY

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        accounts, keys = state.setdefault("accounts", {}), state.setdefault("keys", {})
        match fact:
            case AccountOpened():
                accounts[str(fact.account)] = {
                    "name": fact.accountname,
                    "language": fact.language,
                    "openedts": fact.time,
                }
            case CurrencyChosen():
                account = str(fact.account)
                accounts[account] = accounts[account] | {"currency": fact.currency}
            case TimezoneChosen():
                account = str(fact.account)
                accounts[account] = accounts[account] | {"timezone": fact.timezone}
            case KeyAdded():
                keys[str(fact.keyid)] = _key(fact) | {"hash": fact.hash}
            case SigningKeyAdded():
                signs = {"accesskey": fact.accesskey, "sealed": fact.sealed}
                keys[str(fact.keyid)] = _key(fact) | signs
            case KeyGranted():
                key = str(fact.keyid)
                granted = keys[key].get("granted", {}) | {str(fact.account): fact.role}
                keys[key] = keys[key] | {"granted": granted}
            case KeyRevoked():
                key = str(fact.keyid)
                keys[key] = keys[key] | {"revokedts": fact.time}
            case FactDiscarded():
                discarded = state.setdefault("discarded", {})
                of = f"{fact.view} {fact.key}"
                discarded[of] = [*discarded.get(of, ()), fact.position]

    def apply(self, fact: AnyFact) -> None:
        """Behind a fact that is not known here, what takes a key's rights away still does."""
        super().apply(fact)
        known = self.state.get("keys", {})
        if self.gap is not None and isinstance(fact, KeyRevoked) and str(fact.keyid) in known:
            self.evolve(self.state, fact)

    def opened(self, number: int) -> State | None:
        """The account of that number, if it is open."""
        accounts: dict[str, State] = self.state.get("accounts", {})
        held = accounts.get(str(number))
        return held and {"currency": DEFAULT_CURRENCY, "timezone": DEFAULT_TIMEZONE} | held

    def key_list(self) -> list[dict[str, Any]]:
        """Every key there ever was, with the names of its accounts."""
        accounts = self.state.get("accounts", {})
        return [
            {
                **key,
                "account_name": accounts[str(key["account"])]["name"],
                "granted_names": {
                    accounts[number]["name"]: role
                    for number, role in key.get("granted", {}).items()
                },
            }
            for key in self.state.get("keys", {}).values()
        ]

    def open_account(
        self, name: str, language: str, currency: str, metadata: CommandMetadata
    ) -> None:
        """Opens the account unless it is open."""
        if not self.has_open(name, language, currency):
            number = account_number(name)
            self.trigger(
                AccountOpened, metadata, accountname=name, account=number, language=language
            )
            self.trigger(CurrencyChosen, metadata, account=number, currency=currency)

    def has_open(self, name: str, language: str, currency: str) -> bool:
        """Whether the account is open; refused when it could not be opened so."""
        check_name("account", name)
        check_language(language)
        check_currency(currency)
        held = self.opened(account_number(name))
        if held is None:
            return False
        if held["name"] != name:
            raise NameTaken(f"{name!r} has the same number as {held['name']!r}: choose another")
        if held["currency"] != currency:
            raise Invalid("currency", f"account {name} has {held['currency']}, for ever")
        return True

    def choose_timezone(self, account: str, timezone: str, metadata: CommandMetadata) -> None:
        """Where the account's times without an offset are meant, and shown by those who ask so."""
        check_timezone(timezone)
        number = account_number(account)
        held = self.opened(number)
        if held is None:
            raise NotFound(f"there is no account {account}", id=account)
        if held["timezone"] != timezone:
            self.trigger(TimezoneChosen, metadata, account=number, timezone=timezone)

    def add_key(
        self, account: str, keyname: str, role: Role, token_hash: str, metadata: CommandMetadata
    ) -> int:
        said = self._new_key(account, keyname, role)
        self.trigger(KeyAdded, metadata, hash=token_hash, **said)
        return int(said["keyid"])

    def add_signing_key(
        self,
        account: str,
        keyname: str,
        role: Role,
        accesskey: str,
        sealed: str,
        metadata: CommandMetadata,
    ) -> int:
        if not ACCESS_KEY.fullmatch(accesskey):
            raise Invalid("access-key", "expected 1 to 100 printable ASCII characters, no spaces")
        if role is Role.OPERATOR:
            raise Invalid("role", "an operator's key is a token: nothing that is signed is for it")
        said = self._new_key(account, keyname, role)
        if any(k.get("accesskey") == accesskey and not k["revokedts"] for k in self.key_list()):
            raise Invalid("access-key", "another key has it")
        self.trigger(SigningKeyAdded, metadata, accesskey=accesskey, sealed=sealed, **said)
        return int(said["keyid"])

    def grant_key(self, key_id: int, account: str, role: Role, metadata: CommandMetadata) -> None:
        """Lets a key act for one more account, or in another role there."""
        key, number = self._key(key_id), account_number(account)
        if key["revokedts"]:
            raise Invalid("id", f"key {key_id} is revoked")
        if self.opened(number) is None:
            raise NotFound(f"there is no account {account}", id=account)
        if number == key["account"]:
            raise Invalid("account", f"key {key_id} is of account {account}")
        if Role.OPERATOR in (role, key["role"]):
            raise Invalid("role", "an operator's key is for the whole store, not for one account")
        if key.get("granted", {}).get(str(number)) != role:
            self.trigger(KeyGranted, metadata, keyid=key_id, account=number, role=role)

    def revoke_key(self, key_id: int, metadata: CommandMetadata) -> None:
        if self._key(key_id)["revokedts"] is None:
            self.trigger(KeyRevoked, metadata, keyid=key_id)

    def discard(
        self, fact: DomainEvent, position: int, stopped: Stopped, metadata: CommandMetadata
    ) -> None:
        """Skips a fact, at that position, for the document that it stopped."""
        if not metadata.reason or not metadata.reason.strip():
            raise Invalid("reason", "expected why the fact is skipped for good")
        if len(metadata.reason) > MAX_REASON or not metadata.reason.isprintable():
            raise Invalid("reason", f"expected at most {MAX_REASON} printable characters")
        if isinstance(fact, UnknownFact) and fact.topic not in type_of_topic:
            raise FactUnknown(f"{fact.topic} is {fact.why}: it waits for that", topic=fact.topic)
        of = f"{stopped.view} {stopped.key}"
        if position not in self.state.get("discarded", {}).get(of, ()):
            self.trigger(
                FactDiscarded,
                metadata,
                view=stopped.view,
                key=str(stopped.key),
                aggregateid=str(fact.originator_id),
                aggregateversion=fact.originator_version,
                position=position,
                error=stopped.error,
            )

    def _key(self, key_id: int) -> State:
        key: State | None = self.state.get("keys", {}).get(str(key_id))
        if key is None:
            raise NotFound(f"there is no key {key_id}", id=key_id)
        return key

    def _new_key(self, account: str, keyname: str, role: Role) -> State:
        """What every sort of key says of itself."""
        check_name("name", keyname)
        if " ".join(re.split(r"[\s_-]+", keyname.casefold())) in RESERVED:
            raise Invalid("name", f"{keyname!r} is the name of what acts without a key")
        if any(
            k["name"] == keyname and k["account_name"] == account and not k["revokedts"]
            for k in self.key_list()
        ):
            raise Invalid("name", f"account {account} has a key {keyname!r} already")
        key_id = len(self.state.get("keys", {})) + 1
        number = account_number(account)
        return {"keyid": key_id, "account": number, "keyname": keyname, "role": role}


def _key(fact: KeyAdded | SigningKeyAdded) -> State:
    return {
        "id": fact.keyid,
        "account": fact.account,
        "name": fact.keyname,
        "role": fact.role,
        "createdts": fact.time,
        "revokedts": None,
    }


def check_name(path: str, name: str) -> None:
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or name != name.strip():
        raise Invalid(path, f"expected 1 to {MAX_NAME} printable characters")


def check_language(language: str) -> None:
    if not LANGUAGE.fullmatch(language):
        raise Invalid("language", "expected a language of two small letters, such as en")


def check_currency(currency: str) -> None:
    try:
        known_currency(currency)
    except ValueError as error:
        raise Invalid("currency", str(error)) from None


def check_timezone(timezone: str) -> None:
    try:
        known_time_zone(timezone)
    except ValueError as error:
        raise Invalid("timezone", str(error)) from None
