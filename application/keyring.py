"""Keys: who may act for which account. Tokens are shown once and only their hashes are kept."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from application.catalog import open_catalog
from application.group_commit import Work
from application.history import load
from application.ports import Store
from domain.base import State
from domain.ids import account_number
from domain.money import DEFAULT_CURRENCY
from domain.registry import Registry, Role

REGISTRY_ID = Registry.id_of(0, 1)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: the key's name is the actor in the facts."""

    account: int
    account_name: str
    language: str
    currency: str
    actor: str
    role: Role


class Keyring:
    """The keys in memory, refreshed from the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._registry = Registry(REGISTRY_ID)
        self._principals: dict[str, Principal] = {}
        self.refresh()

    def refresh(self) -> None:
        """Reads what was added or revoked since, here or in another process."""
        registry = self._registry
        if registry.version == 0:
            registry = self._registry = load(self._store, Registry, REGISTRY_ID)
        else:
            following = self._store.stream(REGISTRY_ID, after=registry.version)
            if not following:
                return
            for recorded in following:
                registry.apply(recorded.fact)
        self._principals = {
            key["hash"]: Principal(
                key["account"],
                key["account_name"],
                account["language"],
                account["currency"],
                key["name"],
                Role(key["role"]),
            )
            for key in registry.key_list()
            if key["revokedts"] is None and (account := registry.opened(key["account"]))
        }

    def every_key(self) -> list[dict[str, Any]]:
        """Every key there ever was, without its token."""
        return self._registry.key_list()

    def account(self, name: str) -> State | None:
        """The account of that name, if it is open."""
        return self._registry.opened(account_number(name))

    def currency(self, account: int) -> str:
        """What the account's money is in."""
        if self._registry.opened(account) is None:
            self.refresh()
        held = self._registry.opened(account)
        return held["currency"] if held else DEFAULT_CURRENCY

    def find(self, token: str) -> Principal | None:
        return self._principals.get(hash_of(token))


def hash_of(token: str) -> str:
    """A token is 256 random bits, so a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    return f"sb_{secrets.token_urlsafe(32)}"


def adding_key(
    account: str,
    name: str | None,
    role: Role,
    language: str,
    token: str,
    *,
    currency: str | None = None,
) -> Callable[[Work], str]:
    """The command that adds a key, and opens its account when it is the first. Answers its name.

    Without a currency it is the one that the account has."""

    def decide(work: Work) -> str:
        registry = work.load_id(Registry, REGISTRY_ID)
        held = registry.opened(account_number(account)) or {"currency": DEFAULT_CURRENCY}
        opening_account(account, language, currency or held["currency"])(work)
        key_name = name or f"{role}-{len(registry.key_list()) + 1}"
        registry.add_key(account, key_name, role, hash_of(token), work.by)
        return key_name

    return decide


def opening_account(name: str, language: str, currency: str) -> Callable[[Work], None]:
    """The command that opens an account with its starting catalog, unless it is open."""

    def decide(work: Work) -> None:
        work.load_id(Registry, REGISTRY_ID).open_account(name, language, currency, work.by)
        open_catalog(work, account_number(name))

    return decide


def revoking_key(key_id: int) -> Callable[[Work], str]:
    """The command that revokes a key; at once here, within a second in other processes."""

    def decide(work: Work) -> str:
        work.load_id(Registry, REGISTRY_ID).revoke_key(key_id, work.by)
        return str(key_id)

    return decide
