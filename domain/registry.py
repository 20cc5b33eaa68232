"""The registry: which accounts there are, and which keys may act for them.

One aggregate for the whole store. A key's token is never here, only its hash.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.base import Aggregate, Cause, DomainEvent, State
from domain.errors import Invalid, NameTaken, NotFound
from domain.ids import Kind, account_number
from domain.money import DEFAULT_CURRENCY, known_currency
from domain.translations import LANGUAGE

MAX_NAME = 100


class Role(StrEnum):
    """What a key may do: viewer reads documents, seller also takes orders and locks tickets,
    editor also makes every other command, auditor reads history, too; admin does it all."""

    VIEWER = "viewer"
    SELLER = "seller"
    EDITOR = "editor"
    AUDITOR = "auditor"
    ADMIN = "admin"


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
class KeyAdded(DomainEvent, topic="registry.key-added"):
    keyid: int
    account: int
    keyname: str
    role: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(DomainEvent, topic="registry.key-revoked"):
    keyid: int


class Registry(Aggregate):
    """`state["accounts"]` by account number, `state["keys"]` by key id."""

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
            case KeyAdded():
                keys[str(fact.keyid)] = {
                    "id": fact.keyid,
                    "account": fact.account,
                    "name": fact.keyname,
                    "role": fact.role,
                    "hash": fact.hash,
                    "createdts": fact.time,
                    "revokedts": None,
                }
            case KeyRevoked():
                key = str(fact.keyid)
                keys[key] = keys[key] | {"revokedts": fact.time}

    def opened(self, number: int) -> State | None:
        """The account of that number, if it is open."""
        accounts: dict[str, State] = self.state.get("accounts", {})
        held = accounts.get(str(number))
        return held and {"currency": DEFAULT_CURRENCY} | held

    def key_list(self) -> list[dict[str, Any]]:
        accounts = self.state.get("accounts", {})
        return [
            key | {"account_name": accounts[str(key["account"])]["name"]}
            for key in self.state.get("keys", {}).values()
        ]

    def open_account(self, name: str, language: str, currency: str, by: Cause) -> None:
        """Opens the account unless it is open."""
        if not self.has_open(name, language, currency):
            number = account_number(name)
            self.trigger(AccountOpened, by, accountname=name, account=number, language=language)
            self.trigger(CurrencyChosen, by, account=number, currency=currency)

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

    def add_key(self, account: str, keyname: str, role: Role, token_hash: str, by: Cause) -> int:
        check_name("name", keyname)
        if any(
            k["name"] == keyname and k["account_name"] == account and not k["revokedts"]
            for k in self.key_list()
        ):
            raise Invalid("name", f"account {account} has a key {keyname!r} already")
        key_id = len(self.state.get("keys", {})) + 1
        self.trigger(
            KeyAdded,
            by,
            keyid=key_id,
            account=account_number(account),
            keyname=keyname,
            role=role,
            hash=token_hash,
        )
        return key_id

    def revoke_key(self, key_id: int, by: Cause) -> None:
        key = self.state.get("keys", {}).get(str(key_id))
        if key is None:
            raise NotFound(f"there is no key {key_id}", id=key_id)
        if key["revokedts"] is None:
            self.trigger(KeyRevoked, by, keyid=key_id)


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
